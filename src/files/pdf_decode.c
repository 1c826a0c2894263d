#include <stdlib.h>
#include <zlib.h>

#include "files/pdf.h"

/* What is needed to undo a predictor, §7.4.4.4. */
struct predictor {
    int64_t kind, columns, colors, bits;
};

static struct result opaque(const struct pdf *pdf, const struct pdf_object *object, const char *why)
{
    return diag_log(pdf->diag, ERROR_FILE_PDF_OPAQUE, "%s, object=%lld", why, (long long)object->number);
}

static struct result inflate_all(struct pdf *pdf, const struct pdf_object *object, struct bytes *ret_content)
{
    size_t room = object->stream.len * 4 + 4096, len = 0;
    if (room > PDF_INFLATED_MAX) room = PDF_INFLATED_MAX;
    z_stream z = { .next_in = (Bytef *)(uintptr_t)object->stream.ptr, .avail_in = (uInt)object->stream.len };
    ENSURE(inflateInit(&z) == Z_OK, ERROR_FILE_PDF_COMPLEX);
    uint8_t *into = NULL;
    int status = Z_OK;
    while (status == Z_OK) {
        uint8_t *wider = arena_take(pdf->arena, room);
        if (!wider) break;
        if (len) memcpy(wider, into, len);
        into = wider;
        z.next_out = into + len;
        z.avail_out = (uInt)(room - len);
        status = inflate(&z, Z_NO_FLUSH);
        len = room - z.avail_out;
        if (z.avail_out > 0 || room == PDF_INFLATED_MAX) break;
        room = room > PDF_INFLATED_MAX / 4 ? PDF_INFLATED_MAX : room * 4;
    }
    bool more = status == Z_OK && z.avail_out == 0;
    inflateEnd(&z);
    pdf->inflated += len;
    ENSURE(into && !more && pdf->inflated <= PDF_INFLATED_TOTAL_MAX, ERROR_FILE_PDF_COMPLEX);
    if (status != Z_STREAM_END) return opaque(pdf, object, "broken FlateDecode");
    *ret_content = bytes_of(into, len);
    return OK;
}

static int paeth(int a, int b, int c)
{
    int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    if (pa <= pb && pa <= pc) return a;
    return pb <= pc ? b : c;
}

/* PNG filters, in place: row by row the filter's byte goes away. */
static bool undo_png(uint8_t *data, size_t len, size_t row, size_t pixel, size_t *ret_len)
{
    if (len % (row + 1)) return false;
    for (size_t y = 0; y < len / (row + 1); y++) {
        int filter = data[y * (row + 1)];
        const uint8_t *in = data + y * (row + 1) + 1;
        uint8_t *out = data + y * row;
        if (filter > 4) return false;
        for (size_t x = 0; x < row; x++) {
            int left = x >= pixel ? out[x - pixel] : 0;
            int up = y ? data[(y - 1) * row + x] : 0;
            int corner = y && x >= pixel ? data[(y - 1) * row + x - pixel] : 0;
            int add[] = { 0, left, up, (left + up) / 2, paeth(left, up, corner) };
            out[x] = (uint8_t)(in[x] + add[filter]);
        }
    }
    *ret_len = len / (row + 1) * row;
    return true;
}

static struct result undo(struct pdf *pdf, const struct pdf_object *object, const struct predictor *p,
                          struct bytes *content)
{
    if (p->kind == 1) return OK;
    bool sane = p->columns >= 1 && p->columns <= 1 << 20 && p->colors >= 1 && p->colors <= 32 && p->bits == 8;
    if (p->kind < 10 || p->kind > 15 || !sane) return opaque(pdf, object, "predictor");
    size_t row = (size_t)(p->columns * p->colors), len;
    if (!undo_png((uint8_t *)(uintptr_t)content->ptr, content->len, row, (size_t)p->colors, &len))
        return opaque(pdf, object, "rows of the predictor");
    content->len = len;
    return OK;
}

/* The one element of an array of one; else the value itself. */
static const struct pdf_value *only(const struct pdf_value *value)
{
    return value && value->kind == PDF_ARRAY && value->first && !value->first->next ? value->first : value;
}

struct result pdf_decode(struct pdf *pdf, const struct pdf_object *object, struct bytes *ret_content)
{
    const struct pdf_value *filter = pdf_get(object->value, "Filter");
    const struct pdf_value *parms = only(pdf_get(object->value, "DecodeParms"));
    TRY(pdf_resolve(pdf, filter, pdf->arena, &filter));
    filter = only(filter);
    TRY(pdf_resolve(pdf, parms, pdf->arena, &parms));
    if (!filter || filter->kind == PDF_NULL || (filter->kind == PDF_ARRAY && !filter->first)) {
        *ret_content = object->stream;
        return OK;
    }
    if (!pdf_is_name(filter, "FlateDecode") && !pdf_is_name(filter, "Fl"))
        return opaque(pdf, object, "filter");
    struct predictor p = { pdf_get_integer(parms, "Predictor", 1), pdf_get_integer(parms, "Columns", 1),
                           pdf_get_integer(parms, "Colors", 1), pdf_get_integer(parms, "BitsPerComponent", 8) };
    struct bytes content;
    TRY(inflate_all(pdf, object, &content));
    TRY(undo(pdf, object, &p, &content));
    *ret_content = content;
    return OK;
}
