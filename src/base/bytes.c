#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

struct bytes read_bytes(struct reader *r, size_t len)
{
    if (r->bad || len > r->left) {
        r->bad = true;
        return (struct bytes){ 0 };
    }
    struct bytes view = { r->ptr, len };
    r->ptr += len;
    r->left -= len;
    return view;
}

static uint64_t read_number(struct reader *r, size_t size)
{
    struct bytes b = read_bytes(r, size);
    uint64_t v = 0;
    for (size_t i = 0; i < b.len; i++) v = v << 8 | b.ptr[i];
    return v;
}

uint8_t read_u8(struct reader *r)
{
    return (uint8_t)read_number(r, 1);
}

uint16_t read_u16(struct reader *r)
{
    return (uint16_t)read_number(r, 2);
}

uint32_t read_u32(struct reader *r)
{
    return (uint32_t)read_number(r, 4);
}

uint64_t read_u64(struct reader *r)
{
    return read_number(r, 8);
}

struct bytes read_block(struct reader *r, size_t max)
{
    size_t len = read_u32(r);
    if (len > max) r->bad = true;
    return read_bytes(r, len);
}

void read_copy(struct reader *r, void *into, size_t len)
{
    struct bytes b = read_bytes(r, len);
    if (b.ptr)
        memcpy(into, b.ptr, len);
    else
        memset(into, 0, len);
}

struct result reader_end(const struct reader *r)
{
    ENSURE(!r->bad && r->left == 0, ERROR_MALFORMED);
    return OK;
}

void write_bytes(struct writer *w, struct bytes b)
{
    if (w->full || b.len > w->room - w->len) {
        w->full = true;
        return;
    }
    if (b.len) memcpy(w->ptr + w->len, b.ptr, b.len);
    w->len += b.len;
}

static void write_number(struct writer *w, uint64_t v, size_t size)
{
    uint8_t b[8];
    for (size_t i = 0; i < size; i++) b[i] = (uint8_t)(v >> 8 * (size - 1 - i));
    write_bytes(w, bytes_of(b, size));
}

void write_u8(struct writer *w, uint8_t v)
{
    write_number(w, v, 1);
}

void write_u16(struct writer *w, uint16_t v)
{
    write_number(w, v, 2);
}

void write_u32(struct writer *w, uint32_t v)
{
    write_number(w, v, 4);
}

void write_u64(struct writer *w, uint64_t v)
{
    write_number(w, v, 8);
}

void write_text(struct writer *w, const char *text)
{
    write_bytes(w, bytes_text(text));
}

void write_block(struct writer *w, struct bytes b)
{
    if (b.len > UINT32_MAX) w->full = true;
    write_u32(w, (uint32_t)b.len);
    write_bytes(w, b);
}

void write_format(struct writer *w, const char *format, ...)
{
    if (w->full) return;
    size_t room = w->room - w->len;
    va_list ap;
    va_start(ap, format);
    /* One byte is kept for the NUL that vsnprintf wants and the view does not count. */
    int n = vsnprintf((char *)w->ptr + w->len, room, format, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= room)
        w->full = true;
    else
        w->len += (size_t)n;
}

struct result writer_end(const struct writer *w, struct bytes *ret_written)
{
    ENSURE(!w->full, ERROR_TOO_LARGE);
    *ret_written = bytes_of(w->ptr, w->len);
    return OK;
}
