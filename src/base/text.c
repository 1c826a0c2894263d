#include "base/text.h"

/* The length of the well-formed sequence at P, 0 if there is none (Unicode 15, table 3-7). */
static size_t sequence(const uint8_t *p, size_t left, uint32_t *ret_point)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC0 ? 2 : 0;
    if (n == 0 || n > left || p[0] > 0xF4) return 0;
    uint32_t point = n == 1 ? p[0] : p[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
        point = point << 6 | (p[i] & 0x3Fu);
    }
    if (point < least[n] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return 0;
    *ret_point = point;
    return n;
}

static bool well_formed(struct bytes text, bool lines)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t point;
        size_t n = sequence(text.ptr + i, text.len - i, &point);
        if (n == 0) return false;
        bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
        if (control && !(lines && point == '\n')) return false;
        i += n;
    }
    return true;
}

bool text_plain(struct bytes text)
{
    return well_formed(text, false);
}

bool text_lines(struct bytes text)
{
    return well_formed(text, true);
}

size_t text_length(const char *text)
{
    size_t n = 0;
    for (; *text; text++) n += ((uint8_t)*text & 0xC0) != 0x80;
    return n;
}

bool text_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- groups of BITS bits, most significant first: hex, base32 and base64 are one loop ---- */

static const char hex[] = "0123456789abcdef";
static const char base32[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t encode(const char *alphabet, unsigned bits, struct bytes b, char *into)
{
    uint32_t held = 0;
    unsigned n = 0;
    size_t len = 0;
    for (size_t i = 0; i < b.len; i++) {
        held = held << 8 | b.ptr[i];
        for (n += 8; n >= bits; n -= bits) into[len++] = alphabet[held >> (n - bits) & ((1u << bits) - 1)];
    }
    if (n > 0) into[len++] = alphabet[held << (bits - n) & ((1u << bits) - 1)];
    return len;
}

/* Fails on foreign characters and on left-over bits that are not zero, so that there is one writing. */
static bool decode(const char *alphabet, unsigned bits, const char *text, size_t len, uint8_t *into)
{
    uint32_t held = 0;
    unsigned n = 0;
    for (size_t i = 0; i < len; i++) {
        const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;
        if (!at) return false;
        held = held << bits | (uint32_t)(at - alphabet);
        n += bits;
        if (n >= 8) {
            n -= 8;
            *into++ = (uint8_t)(held >> n);
        }
    }
    return n < bits && (held & ((1u << n) - 1)) == 0;
}

static char *encode_new(struct arena *arena, const char *alphabet, unsigned bits, struct bytes b, char pad)
{
    if (b.len > SIZE_MAX / 8) return NULL;
    char *text = arena_take(arena, (b.len * 8 + bits - 1) / bits + 4);
    if (!text) return NULL;
    size_t len = encode(alphabet, bits, b, text);
    for (; pad && len % 4; len++) text[len] = pad;
    return text;
}

char *text_hex(struct arena *arena, struct bytes b)
{
    return encode_new(arena, hex, 4, b, 0);
}

char *text_base64(struct arena *arena, struct bytes b)
{
    return encode_new(arena, base64, 6, b, '=');
}

char *text_base64url(struct arena *arena, struct bytes b)
{
    return encode_new(arena, base64url, 6, b, 0);
}

static struct result decode_new(struct arena *arena, const char *alphabet, unsigned bits, const char *text,
                                size_t len, struct bytes *ret_bytes)
{
    uint8_t *into = arena_take(arena, len * bits / 8 + 1);
    ENSURE(into, ERROR_OUT_OF_ROOM);
    ENSURE(decode(alphabet, bits, text, len, into), ERROR_MALFORMED);
    *ret_bytes = bytes_of(into, len * bits / 8);
    return OK;
}

struct result text_from_hex(struct arena *arena, const char *text, struct bytes *ret_bytes)
{
    size_t len = strlen(text);
    ENSURE(len % 2 == 0, ERROR_MALFORMED);
    return decode_new(arena, hex, 4, text, len, ret_bytes);
}

struct result text_from_base64(struct arena *arena, const char *text, struct bytes *ret_bytes)
{
    size_t len = strlen(text);
    ENSURE(len % 4 == 0, ERROR_MALFORMED);
    for (int i = 0; i < 2 && len > 0 && text[len - 1] == '='; i++) len--;
    return decode_new(arena, base64, 6, text, len, ret_bytes);
}

struct result text_from_base64url(struct arena *arena, const char *text, struct bytes *ret_bytes)
{
    return decode_new(arena, base64url, 6, text, strlen(text), ret_bytes);
}

struct result text_number(const char *text, uint64_t max, uint64_t *ret_number)
{
    uint64_t v = 0;
    ENSURE(text[0] && (text[0] != '0' || text[1] == '\0'), ERROR_MALFORMED);
    for (; *text; text++) {
        ENSURE(*text >= '0' && *text <= '9', ERROR_MALFORMED);
        ENSURE(!__builtin_mul_overflow(v, 10, &v), ERROR_MALFORMED);
        ENSURE(!__builtin_add_overflow(v, (uint64_t)(*text - '0'), &v), ERROR_MALFORMED);
    }
    ENSURE(v <= max, ERROR_MALFORMED);
    *ret_number = v;
    return OK;
}

bool id_equal(const struct id *a, const struct id *b)
{
    return memcmp(a->b, b->b, ID_SIZE) == 0;
}

bool id_empty(const struct id *id)
{
    static const struct id none;
    return id_equal(id, &none);
}

void id_text(const struct id *id, char into[ID_TEXT_LEN + 1])
{
    into[encode(base32, 5, BYTES(id->b), into)] = '\0';
}

char *text_id(struct arena *arena, const struct id *id)
{
    return encode_new(arena, base32, 5, BYTES(id->b), 0);
}

struct result id_parse(const char *text, struct id *ret_id)
{
    struct id id;
    ENSURE(strlen(text) == ID_TEXT_LEN && decode(base32, 5, text, ID_TEXT_LEN, id.b), ERROR_MALFORMED);
    *ret_id = id;
    return OK;
}
