#include "files/pdf.h"

#include <ctype.h>

enum { RESOLVE_DEPTH_MAX = 8, PACKED_MAX = 100 * 1000 };

static struct pdf_reader reader_at(struct pdf *pdf, size_t at, struct arena *arena)
{
    return (struct pdf_reader){ pdf->file, at, arena, pdf->diag };
}

/* ---- objects ---- */

/* How long the stream is; its length may be an object of its own, which then stands plainly in the file. */
static struct result stream_length(struct pdf *pdf, const struct pdf_reader *r, const struct pdf_value *dictionary,
                                   size_t *ret_length)
{
    const struct pdf_value *length = pdf_get(dictionary, "Length");
    TRY(pdf_resolve(pdf, length, r->arena, &length));
    if (!length || length->kind != PDF_INTEGER || length->number < 0) return pdf_broken(r, "stream's length");
    if ((uint64_t)length->number > r->data.len - r->at) return pdf_broken(r, "stream longer than the file");
    *ret_length = (size_t)length->number;
    return OK;
}

static struct result stream(struct pdf *pdf, struct pdf_reader *r, struct pdf_object *object)
{
    const uint8_t *p = r->data.ptr + r->at;
    size_t left = r->data.len - r->at, len = 0;
    if (object->value->kind != PDF_DICTIONARY) return pdf_broken(r, "stream without dictionary");
    if (left >= 2 && p[0] == '\r' && p[1] == '\n')
        r->at += 2;
    else if (left >= 1 && p[0] == '\n')
        r->at += 1;
    else
        return pdf_broken(r, "line end after stream");
    TRY(stream_length(pdf, r, object->value, &len));
    object->stream = bytes_of(r->data.ptr + r->at, len);
    object->is_stream = true;
    r->at += len;
    for (int i = 0; i < 2 && r->at < r->data.len && pdf_is_space(r->data.ptr[r->at]); i++) r->at++;
    return pdf_word(r, "endstream") ? OK : pdf_broken(r, "endstream is not where the length says");
}

struct result pdf_object_at(struct pdf *pdf, size_t at, struct arena *arena, struct pdf_object *ret_object)
{
    struct pdf_object object = { .start = at };
    struct pdf_reader r = reader_at(pdf, at, arena);
    TRY(pdf_unsigned(&r, &object.number));
    TRY(pdf_skip(&r));
    TRY(pdf_unsigned(&r, &object.generation));
    TRY(pdf_skip(&r));
    if (!pdf_word(&r, "obj")) return pdf_broken(&r, "no object");
    TRY(pdf_value_parse(&r, &object.value));
    TRY(pdf_skip(&r));
    if (pdf_word(&r, "stream")) {
        TRY(stream(pdf, &r, &object));
        TRY(pdf_skip(&r));
    }
    if (!pdf_word(&r, "endobj")) return pdf_broken(&r, "no endobj");
    object.end = r.at;
    *ret_object = object;
    return OK;
}

static struct result fetch(struct pdf *pdf, const struct pdf_value *ref, struct arena *arena,
                           const struct pdf_value **ret_value)
{
    static const struct pdf_value null_value = { .kind = PDF_NULL };
    const struct pdf_entry *e = ref->number < PDF_OBJECTS_MAX ? &pdf->entries[ref->number] : NULL;
    if (e && e->kind == PDF_ENTRY_OFFSET && e->generation == ref->generation) {
        struct pdf_object object;
        TRY(pdf_object_at(pdf, e->place, arena, &object));
        if (object.number != ref->number)
            return diag_log(pdf->diag, ERROR_FILE_PDF_STRUCTURE, "object %lld is not at its offset",
                            (long long)ref->number);
        *ret_value = object.value;
    } else if (e && e->kind == PDF_ENTRY_PACKED) {
        const struct pdf_packed *packed;
        struct pdf_value *value;
        TRY(pdf_packed_of(pdf, e->place, &packed));
        TRY(pdf_packed_value(pdf, packed, e->generation, arena, &value));
        if (packed->numbers[e->generation] != ref->number)
            return diag_log(pdf->diag, ERROR_FILE_PDF_STRUCTURE, "object %lld is not at its index",
                            (long long)ref->number);
        *ret_value = value;
    } else {
        *ret_value = &null_value;
    }
    return OK;
}

struct result pdf_resolve(struct pdf *pdf, const struct pdf_value *value, struct arena *arena,
                          const struct pdf_value **ret_value)
{
    if (!value || value->kind != PDF_REFERENCE) {
        *ret_value = value;
        return OK;
    }
    ENSURE(pdf->depth < RESOLVE_DEPTH_MAX, ERROR_FILE_PDF_COMPLEX);
    pdf->depth++;
    const struct pdf_value *found = NULL;
    struct result r = fetch(pdf, value, arena, &found);
    pdf->depth--;
    TRY(r);
    if (found->kind == PDF_REFERENCE)
        return diag_log(pdf->diag, ERROR_FILE_PDF_STRUCTURE, "object %lld is a reference", (long long)value->number);
    *ret_value = found;
    return OK;
}

/* ---- object streams, §7.5.7 ---- */

struct result pdf_unpack(struct pdf *pdf, const struct pdf_object *object, const struct pdf_packed **ret_packed)
{
    for (const struct pdf_packed *p = pdf->packed; p; p = p->next)
        if (p->number == object->number) {
            *ret_packed = p;
            return OK;
        }
    int64_t count = pdf_get_integer(object->value, "N", -1), first = pdf_get_integer(object->value, "First", -1);
    struct bytes data;
    TRY(pdf_decode(pdf, object, &data));
    struct pdf_reader r = { data, 0, pdf->arena, pdf->diag };
    if (count < 0 || count > PACKED_MAX || first < 0 || (uint64_t)first > data.len)
        return pdf_broken(&r, "head of an object stream");
    struct pdf_packed *packed = ARENA_NEW(pdf->arena, struct pdf_packed);
    int64_t *numbers = arena_array(pdf->arena, (size_t)count, sizeof *numbers);
    size_t *offsets = arena_array(pdf->arena, (size_t)count, sizeof *offsets);
    ENSURE(packed && numbers && offsets, ERROR_FILE_PDF_COMPLEX);
    for (int64_t i = 0; i < count; i++) {
        int64_t offset;
        TRY(pdf_skip(&r));
        TRY(pdf_unsigned(&r, &numbers[i]));
        TRY(pdf_skip(&r));
        TRY(pdf_unsigned(&r, &offset));
        if ((uint64_t)offset > data.len - (uint64_t)first) return pdf_broken(&r, "offset in an object stream");
        offsets[i] = (size_t)(first + offset);
    }
    *packed = (struct pdf_packed){ pdf->packed, object->number, data, (size_t)count, numbers, offsets };
    pdf->packed = packed;
    *ret_packed = packed;
    return OK;
}

struct result pdf_packed_of(struct pdf *pdf, uint64_t number, const struct pdf_packed **ret_packed)
{
    for (const struct pdf_packed *p = pdf->packed; p; p = p->next)
        if (p->number == (int64_t)number) {
            *ret_packed = p;
            return OK;
        }
    const struct pdf_entry *e = number < PDF_OBJECTS_MAX ? &pdf->entries[number] : NULL;
    if (!e || e->kind != PDF_ENTRY_OFFSET)
        return diag_log(pdf->diag, ERROR_FILE_PDF_STRUCTURE, "no object stream %llu", (unsigned long long)number);
    struct pdf_object object;
    TRY(pdf_object_at(pdf, e->place, pdf->arena, &object));
    if (!object.is_stream || object.number != (int64_t)number ||
        !pdf_is_name(pdf_get(object.value, "Type"), "ObjStm"))
        return diag_log(pdf->diag, ERROR_FILE_PDF_STRUCTURE, "object %llu is no object stream",
                        (unsigned long long)number);
    return pdf_unpack(pdf, &object, ret_packed);
}

struct result pdf_packed_value(struct pdf *pdf, const struct pdf_packed *packed, size_t index, struct arena *arena,
                               struct pdf_value **ret_value)
{
    if (index >= packed->count)
        return diag_log(pdf->diag, ERROR_FILE_PDF_STRUCTURE, "index %zu of object stream %lld", index,
                        (long long)packed->number);
    struct pdf_reader r = { packed->data, packed->offsets[index], arena, pdf->diag };
    return pdf_value_parse(&r, ret_value);
}

/* ---- cross references, §7.5.4 and §7.5.8 ---- */

static struct result note_entry(struct pdf *pdf, uint64_t number, struct pdf_entry entry)
{
    ENSURE(number < PDF_OBJECTS_MAX, ERROR_FILE_PDF_COMPLEX);
    /* The newest section comes first and counts; the stream that a hybrid file's table points to tells of
     * objects that the table calls free (§7.5.8.4). */
    struct pdf_entry *e = &pdf->entries[number];
    if (e->kind == PDF_ENTRY_NONE || (pdf->hybrid && e->kind == PDF_ENTRY_FREE)) *e = entry;
    return OK;
}

static struct result table_rows(struct pdf *pdf, struct pdf_reader *r, bool note)
{
    int64_t first, count, offset, generation;
    TRY(pdf_unsigned(r, &first));
    TRY(pdf_skip(r));
    TRY(pdf_unsigned(r, &count));
    for (int64_t i = 0; i < count; i++) {
        TRY(pdf_skip(r));
        TRY(pdf_unsigned(r, &offset));
        TRY(pdf_skip(r));
        TRY(pdf_unsigned(r, &generation));
        TRY(pdf_skip(r));
        bool used = pdf_word(r, "n");
        if (!used && !pdf_word(r, "f")) return pdf_broken(r, "entry of a cross reference");
        struct pdf_entry entry = { used ? PDF_ENTRY_OFFSET : PDF_ENTRY_FREE, (uint32_t)generation,
                                   (uint64_t)offset };
        if (note) TRY(note_entry(pdf, (uint64_t)(first + i), entry));
    }
    return OK;
}

struct result pdf_table(struct pdf *pdf, struct pdf_reader *r, bool note, struct pdf_value **ret_trailer)
{
    if (!pdf_word(r, "xref")) return pdf_broken(r, "no cross reference");
    for (;;) {
        TRY(pdf_skip(r));
        if (pdf_word(r, "trailer")) break;
        TRY(table_rows(pdf, r, note));
    }
    struct pdf_value *trailer;
    TRY(pdf_value_parse(r, &trailer));
    if (trailer->kind != PDF_DICTIONARY) return pdf_broken(r, "trailer");
    *ret_trailer = trailer;
    return OK;
}

static uint64_t column(struct reader *r, int64_t width, uint64_t absent)
{
    uint64_t v = width ? 0 : absent;
    for (int64_t i = 0; i < width; i++) v = v << 8 | read_u8(r);
    return v;
}

static struct result stream_rows(struct pdf *pdf, struct reader *r, const int64_t w[3], int64_t first, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint64_t kind = column(r, w[0], 1), place = column(r, w[1], 0), last = column(r, w[2], 0);
        if (r->bad || kind > 2)
            return diag_log(pdf->diag, ERROR_FILE_PDF_STRUCTURE, "entry of a cross-reference stream");
        static const enum pdf_entry_kind kinds[] = { PDF_ENTRY_FREE, PDF_ENTRY_OFFSET, PDF_ENTRY_PACKED };
        struct pdf_entry entry = { kinds[kind], (uint32_t)last, place };
        TRY(note_entry(pdf, (uint64_t)(first + i), entry));
    }
    return OK;
}

static struct result stream_section(struct pdf *pdf, size_t at, struct pdf_value **ret_trailer)
{
    struct pdf_object object;
    TRY(pdf_object_at(pdf, at, pdf->arena, &object));
    struct pdf_reader here = reader_at(pdf, at, pdf->arena);
    if (!object.is_stream || !pdf_is_name(pdf_get(object.value, "Type"), "XRef"))
        return pdf_broken(&here, "no cross-reference stream");
    const struct pdf_value *widths = pdf_get(object.value, "W"), *index = pdf_get(object.value, "Index");
    const struct pdf_value *v = widths ? widths->first : NULL;
    int64_t w[3], size = pdf_get_integer(object.value, "Size", -1);
    for (int i = 0; i < 3; i++, v = v->next) {
        if (!v || v->kind != PDF_INTEGER || v->number < 0 || v->number > 8) return pdf_broken(&here, "widths");
        w[i] = v->number;
    }
    struct bytes content;
    TRY(pdf_decode(pdf, &object, &content));
    struct reader r = reader_of(content);
    if (size < 0 || w[0] + w[1] + w[2] == 0) return pdf_broken(&here, "size of a cross-reference stream");
    if (!index) TRY(stream_rows(pdf, &r, w, 0, size));
    for (v = index ? index->first : NULL; v; v = v->next->next) {
        if (v->kind != PDF_INTEGER || !v->next || v->next->kind != PDF_INTEGER || v->number < 0)
            return pdf_broken(&here, "index of a cross-reference stream");
        TRY(stream_rows(pdf, &r, w, v->number, v->next->number));
    }
    *ret_trailer = object.value;
    return OK;
}

static struct result section(struct pdf *pdf, int64_t at, struct pdf_value **ret_trailer)
{
    struct pdf_reader r = reader_at(pdf, 0, pdf->arena);
    if (at <= 0 || (uint64_t)at >= pdf->file.len) return pdf_broken(&r, "place of a cross reference");
    ENSURE(pdf->section_count < PDF_SECTIONS_MAX, ERROR_FILE_PDF_COMPLEX);
    r.at = (size_t)at;
    TRY(pdf_skip(&r));
    for (size_t i = 0; i < pdf->section_count; i++)
        if (pdf->sections[i] == r.at) return pdf_broken(&r, "cross references in a circle");
    pdf->sections[pdf->section_count++] = r.at;
    if (isdigit(r.data.ptr[r.at < r.data.len ? r.at : 0])) return stream_section(pdf, r.at, ret_trailer);
    return pdf_table(pdf, &r, true, ret_trailer);
}

struct result pdf_open(struct pdf *pdf, size_t startxref)
{
    int64_t at = (int64_t)startxref;
    while (at >= 0) {
        struct pdf_value *trailer, *hidden;
        TRY(section(pdf, at, &trailer));
        if (!pdf->trailer) pdf->trailer = trailer;
        int64_t extra = pdf_get_integer(trailer, "XRefStm", -1);
        pdf->hybrid = true;
        if (extra >= 0) TRY(section(pdf, extra, &hidden));
        pdf->hybrid = false;
        const struct pdf_value *previous = pdf_get(trailer, "Prev");
        if (previous && previous->kind != PDF_INTEGER)
            return diag_log(pdf->diag, ERROR_FILE_PDF_STRUCTURE, "/Prev is no number");
        at = previous ? previous->number : -1;
    }
    return OK;
}
