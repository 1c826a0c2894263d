/* PNG (ISO/IEC 15948): every chunk's place, length and checksum; nothing is inflated. */
#include <zlib.h>

#include "files/inspect.h"

enum { SIGNATURE = 8, CHUNK_MAX = 0x7FFFFFFF, CHUNKS_MAX = 200 * 1000 };

#define TYPE(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

struct png {
    struct diag *diag;
    struct reader r;
    int64_t width, height;
    int color, depth;
    bool palette, data, data_over, end;
};

static struct result broken(struct png *p, const char *why)
{
    return diag_log(p->diag, ERROR_FILE_PNG_STRUCTURE, "%s, %zu bytes before the end", why, p->r.left);
}

/* Table 11.1: which bit depths a colour type may have, as a set of bits. */
static bool depth_allowed(int color, int depth)
{
    static const uint32_t allowed[7] = { [0] = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8 | 1 << 16,
                                         [2] = 1 << 8 | 1 << 16,
                                         [3] = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8,
                                         [4] = 1 << 8 | 1 << 16,
                                         [6] = 1 << 8 | 1 << 16 };
    return color <= 6 && depth <= 16 && (allowed[color] >> depth & 1);
}

static struct result header(struct png *p, struct bytes body)
{
    if (body.len != 13) return broken(p, "length of IHDR");
    struct reader r = reader_of(body);
    p->width = read_u32(&r);
    p->height = read_u32(&r);
    p->depth = read_u8(&r);
    p->color = read_u8(&r);
    bool known = read_u8(&r) == 0 && read_u8(&r) == 0 && read_u8(&r) <= 1;
    if (p->width < 1 || p->height < 1 || p->width > CHUNK_MAX || p->height > CHUNK_MAX)
        return broken(p, "width or height");
    if (!known || !depth_allowed(p->color, p->depth)) return broken(p, "colour type, depth or method");
    return inspect_pixels(p->width, p->height, p->diag);
}

static struct result critical(struct png *p, uint32_t type, struct bytes body)
{
    switch (type) {
    case TYPE('I', 'H', 'D', 'R'): return broken(p, "second IHDR");
    case TYPE('P', 'L', 'T', 'E'):
        if (p->palette || p->data || p->color == 0 || p->color == 4) return broken(p, "PLTE not allowed here");
        if (body.len == 0 || body.len % 3 || body.len > 3 * 256) return broken(p, "length of PLTE");
        p->palette = true;
        return OK;
    case TYPE('I', 'D', 'A', 'T'):
        if (p->data_over) return broken(p, "IDAT chunks apart");
        if (p->color == 3 && !p->palette) return broken(p, "no PLTE");
        p->data = true;
        return OK;
    case TYPE('I', 'E', 'N', 'D'):
        if (body.len) return broken(p, "length of IEND");
        if (!p->data) return broken(p, "no IDAT");
        p->end = true;
        return OK;
    default: return broken(p, "unknown critical chunk");
    }
}

static bool letters(uint32_t type)
{
    for (int shift = 0; shift < 32; shift += 8) {
        uint32_t c = (type >> shift & 0xFF) | 0x20;
        if (c < 'a' || c > 'z') return false;
    }
    return true;
}

static struct result chunk(struct png *p, bool first)
{
    uint32_t len = read_u32(&p->r);
    struct bytes tagged = read_bytes(&p->r, len <= CHUNK_MAX ? (size_t)len + 4 : p->r.left);
    uint32_t sum = read_u32(&p->r);
    ENSURE(!p->r.bad, ERROR_FILE_TRUNCATED);
    struct bytes body = bytes_of(tagged.ptr + 4, len);
    uint32_t type = TYPE(tagged.ptr[0], tagged.ptr[1], tagged.ptr[2], tagged.ptr[3]);
    if (!letters(type)) return broken(p, "chunk type");
    if (crc32(0, tagged.ptr, (uInt)tagged.len) != sum)
        return diag_log(p->diag, ERROR_FILE_PNG_CHECKSUM, "chunk %.4s", (const char *)tagged.ptr);
    if (first) return type == TYPE('I', 'H', 'D', 'R') ? header(p, body) : broken(p, "IHDR is not first");
    if (p->data && type != TYPE('I', 'D', 'A', 'T')) p->data_over = true;
    bool ancillary = type & 0x20000000;
    if (!ancillary) return critical(p, type, body);
    return inspect_text(body, p->diag);
}

struct result inspect_png(struct bytes file, struct diag *diag, struct files_inspected *ret_inspected)
{
    struct png p = { .diag = diag, .r = reader_of(file) };
    read_bytes(&p.r, SIGNATURE);
    for (int count = 0; !p.end; count++) {
        if (count == CHUNKS_MAX) return broken(&p, "too many chunks");
        TRY(chunk(&p, count == 0));
    }
    if (p.r.left) return diag_log(diag, ERROR_FILE_TRAILING, "%zu bytes after IEND", p.r.left);
    *ret_inspected = (struct files_inspected){ "png", 1, p.width, p.height };
    return OK;
}
