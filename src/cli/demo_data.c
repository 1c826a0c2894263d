#include "cli/demo_data.h"

#include <stdio.h>
#include <zlib.h>

#include "base/random.h"
#include "base/text.h"

/* ---- people ---- */

static uint32_t draw(uint32_t below)
{
    uint64_t n;
    random_fill(&n, sizeof n);
    return (uint32_t)(n % below); /* the remainder's bias does not matter to a made-up number */
}

static void draw_digits(char *into, size_t count)
{
    for (size_t i = 0; i < count; i++) into[i] = (char)('0' + draw(10));
}

static const char credit_alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

char demo_credit_code_check(const char *first)
{
    unsigned sum = 0, weight = 1;
    for (size_t i = 0; i < 17; i++, weight = weight * 3 % 31)
        sum += weight * (unsigned)(strchr(credit_alphabet, first[i]) - credit_alphabet);
    return credit_alphabet[(31 - sum % 31) % 31];
}

/* GB 11714, the organization's code inside of the credit code: 8 characters and this one. */
static char organization_check(const char *first)
{
    static const unsigned weights[] = { 3, 7, 9, 10, 5, 8, 4, 2 };
    unsigned sum = 0;
    for (size_t i = 0; i < COUNT(weights); i++) sum += weights[i] * (unsigned)(first[i] - '0');
    unsigned check = 11 - sum % 11;
    return check == 10 ? 'X' : check == 11 ? '0' : (char)('0' + check);
}

char demo_identity_check(const char *first)
{
    static const unsigned weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    unsigned sum = 0;
    for (size_t i = 0; i < COUNT(weights); i++) sum += weights[i] * (unsigned)(first[i] - '0');
    return "10X98765432"[sum % 11];
}

static const char *credit_code(struct arena *arena)
{
    char code[19] = "91110000"; /* a company in Beijing */
    do {
        draw_digits(code + 8, 8);
        code[16] = organization_check(code + 8);
    } while (code[16] == 'X'); /* X has another value in the outer code; such codes exist, but do not help here */
    code[17] = demo_credit_code_check(code);
    return arena_format(arena, "%s", code);
}

static const char *identity_number(struct arena *arena, const char **ret_birth_date)
{
    char number[19];
    unsigned year = 1960 + draw(40), month = 1 + draw(12), day = 1 + draw(28);
    char order[4] = "";
    draw_digits(order, 3);
    int n = snprintf(number, sizeof number, "1101%02u%04u%02u%02u%s", 1 + draw(9), year, month, day, order);
    if (n != 17) return NULL;
    number[17] = demo_identity_check(number);
    number[18] = '\0';
    *ret_birth_date = arena_format(arena, "%04u-%02u-%02u", year, month, day);
    return arena_format(arena, "%s", number);
}

enum { PIN_DIGITS = 8 };

/* A piece that comes again and again: refused as too simple. */
static bool is_repeated(const char *digits)
{
    for (size_t piece = 1; piece <= PIN_DIGITS / 2; piece++)
        if (text_starts(digits, digits + piece)) return true;
    return false;
}

/* Digits that no rule against simple PINs minds: no digit twice in a row, no run, no date, no mobile, no repetition. */
static const char *pin(struct arena *arena)
{
    char digits[PIN_DIGITS + 1] = "";
    do {
        for (size_t i = 0; i < PIN_DIGITS; i++) {
            unsigned last = i ? (unsigned)(digits[i - 1] - '0') : 0;
            digits[i] = (char)('0' + (last + 3 + draw(4)) % 10); /* 3 to 6 away from the last one */
        }
    } while (is_repeated(digits));
    return arena_format(arena, "%s", digits);
}

struct result demo_person_make(struct arena *arena, struct demo_person *ret_person)
{
    char tail[10] = "", mobile[10] = "", waybill[10] = "", card[13] = "";
    draw_digits(tail, 6);
    draw_digits(mobile, 9);
    draw_digits(waybill, 9);
    draw_digits(card, 12);
    struct demo_person p = { .address = "北京市西城区示例路 1 号", .name = "张三" };
    p.organization = arena_format(arena, "演示企业%s有限公司", tail);
    p.credit_code = credit_code(arena);
    p.document_number = identity_number(arena, &p.birth_date);
    p.mobile = arena_format(arena, "1%c%s", "35789"[draw(5)], mobile);
    p.email = arena_format(arena, "holder-%s@example.org", mobile);
    p.new_pin = pin(arena);
    p.waybill = arena_format(arena, "1%s789", waybill);
    p.card = arena_format(arena, "HFDEMO%s", card);
    ENSURE(p.organization && p.credit_code && p.document_number && p.birth_date && p.mobile && p.email && p.new_pin &&
               p.waybill && p.card, ERROR_OUT_OF_ROOM);
    *ret_person = p;
    return OK;
}

/* ---- scans ---- */

enum { WIDTH = 420, HEIGHT = 297, PIXEL = 3, ROW = 1 + WIDTH * PIXEL, PNG_MAX = 64 * 1024 };

static const uint8_t paper[PIXEL] = { 253, 252, 248 }, ink[PIXEL] = { 70, 70, 78 }, red[PIXEL] = { 200, 32, 40 };

/* A licence as one sees it from afar: a border, a title, lines of text, and the stamp's ring at the lower right. */
static const uint8_t *colour_at(int x, int y)
{
    int dx = x - 330, dy = y - 215, distance2 = dx * dx + dy * dy;
    bool ring = distance2 > 44 * 44 && distance2 < 49 * 49, star = distance2 < 13 * 13;
    if (ring || star) return red;
    int edge = x < y ? x : y, far_x = WIDTH - 1 - x, far_y = HEIGHT - 1 - y;
    if (far_x < edge) edge = far_x;
    if (far_y < edge) edge = far_y;
    if (edge >= 12 && edge < 15) return ink;
    if (y >= 40 && y < 58 && x >= 130 && x < 290) return ink;
    bool line = y >= 95 && y < 260 && (y - 95) % 24 < 6 && x >= 45 && x < 375 - (y * 7) % 90;
    return line ? ink : paper;
}

static void chunk(struct writer *w, const char *type, struct bytes data)
{
    uLong sum = crc32(crc32(0, NULL, 0), (const Bytef *)type, 4);
    if (data.len) sum = crc32(sum, data.ptr, (uInt)data.len);
    write_u32(w, (uint32_t)data.len);
    write_text(w, type);
    write_bytes(w, data);
    write_u32(w, (uint32_t)sum);
}

static struct bytes png_header(uint8_t into[13])
{
    struct writer w = writer_of(into, 13);
    write_u32(&w, WIDTH);
    write_u32(&w, HEIGHT);
    const uint8_t rest[] = { 8, 2, 0, 0, 0 }; /* 8 bits, RGB, deflate, filters, not interlaced */
    write_bytes(&w, BYTES(rest));
    return bytes_of(into, w.len);
}

struct result demo_scan_license(struct arena *arena, struct bytes *ret_png)
{
    static const uint8_t magic[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n' };
    uint8_t header[13], *rows = arena_take(arena, (size_t)ROW * HEIGHT), *packed = arena_take(arena, PNG_MAX);
    uint8_t *png = arena_take(arena, PNG_MAX);
    ENSURE(rows && packed && png, ERROR_OUT_OF_ROOM);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int i = 0; i < PIXEL; i++) rows[y * ROW + 1 + x * PIXEL + i] = colour_at(x, y)[i]; /* after filter 0 */
    uLongf len = PNG_MAX;
    ENSURE(compress2(packed, &len, rows, (uLong)ROW * HEIGHT, 6) == Z_OK, ERROR_INTERNAL);
    struct writer w = writer_of(png, PNG_MAX);
    write_bytes(&w, BYTES(magic));
    chunk(&w, "IHDR", png_header(header));
    chunk(&w, "IDAT", bytes_of(packed, len));
    chunk(&w, "IEND", (struct bytes){ 0 });
    return writer_end(&w, ret_png);
}

struct bytes demo_scan_identity(void)
{
    /* A grey card with a darker photograph, 64 × 40, baseline JPEG: an encoder would be longer than its work. */
    static const uint8_t jpeg[] = {
        0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10, 0x4A, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01, 0x00, 0x01,
        0x00, 0x00, 0xFF, 0xDB, 0x00, 0x43, 0x00, 0xA0, 0x6E, 0x78, 0x8C, 0x78, 0x64, 0xA0, 0x8C, 0x82, 0x8C, 0xB4,
        0xAA, 0xA0, 0xBE, 0xF0, 0xFF, 0xFF, 0xF0, 0xDC, 0xDC, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xC0, 0x00, 0x0B, 0x08, 0x00, 0x28, 0x00, 0x40, 0x01, 0x01, 0x11, 0x00, 0xFF, 0xC4, 0x00, 0x15, 0x00, 0x01,
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xFF,
        0xC4, 0x00, 0x14, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0xFF, 0xDA, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3F, 0x00, 0xB0, 0x00, 0x00, 0x02, 0x22,
        0xC0, 0x02, 0x22, 0xC0, 0x02, 0x22, 0xC0, 0x00, 0x0F, 0xFF, 0xD9
    };
    return BYTES(jpeg);
}
