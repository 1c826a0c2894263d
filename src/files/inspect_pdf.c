/* What a PDF may not hold. The whole file is read from its first byte to its last as a row of objects, cross
 * references and trailers with nothing between them, and the cross references must point at exactly these
 * objects: so no viewer has a reason to look elsewhere, and what is not refused here is not there. */
#include <ctype.h>
#include <stdlib.h>

#include "files/inspect.h"
#include "files/pdf.h"

enum { ARENA_LASTING = 192 * 1024 * 1024, ARENA_OBJECT = 64 * 1024 * 1024, PAGE_NODES_MAX = 2000,
       PAGE_DEPTH_MAX = 32 };

struct scan {
    struct pdf *pdf;
    struct arena *scratch; /* one object at a time */
    struct start {
        size_t at;
        int64_t number, generation;
    } *starts; /* objects in the order of the file */
    size_t start_count;
    size_t tables[PDF_SECTIONS_MAX * 2], table_count;
};

/* ---- what names tell ---- */

enum where { AS_KEY = 1, AS_VALUE = 2, AS_KIND = 4 /* under /S, /Subtype or as an object of its own */ };

static const struct forbidden {
    const char *name;
    int where;
    enum error error;
} forbidden[] = {
    { "JavaScript", AS_KEY | AS_VALUE, ERROR_FILE_PDF_SCRIPT },
    { "JS", AS_KEY, ERROR_FILE_PDF_SCRIPT },
    { "AA", AS_KEY, ERROR_FILE_PDF_ACTION },
    { "Launch", AS_VALUE, ERROR_FILE_PDF_ACTION },
    { "SubmitForm", AS_VALUE, ERROR_FILE_PDF_ACTION },
    { "ImportData", AS_VALUE, ERROR_FILE_PDF_ACTION },
    { "GoToE", AS_VALUE, ERROR_FILE_PDF_ACTION },
    { "GoToR", AS_VALUE, ERROR_FILE_PDF_ACTION },
    { "EmbeddedFile", AS_VALUE, ERROR_FILE_PDF_EMBEDDED },
    { "EmbeddedFiles", AS_KEY | AS_VALUE, ERROR_FILE_PDF_EMBEDDED },
    { "EF", AS_KEY, ERROR_FILE_PDF_EMBEDDED },
    { "Collection", AS_KEY, ERROR_FILE_PDF_EMBEDDED },
    { "FileAttachment", AS_KIND, ERROR_FILE_PDF_EMBEDDED },
    { "RichMedia", AS_KEY | AS_VALUE, ERROR_FILE_PDF_MEDIA },
    { "RichMediaContent", AS_KEY | AS_VALUE, ERROR_FILE_PDF_MEDIA },
    { "RichMediaExecute", AS_VALUE, ERROR_FILE_PDF_MEDIA },
    { "Rendition", AS_KIND, ERROR_FILE_PDF_MEDIA },
    { "Screen", AS_KIND, ERROR_FILE_PDF_MEDIA },
    { "Movie", AS_KIND, ERROR_FILE_PDF_MEDIA },
    { "Sound", AS_KIND, ERROR_FILE_PDF_MEDIA },
    { "3D", AS_KIND, ERROR_FILE_PDF_MEDIA },
    { "XFA", AS_KEY, ERROR_FILE_PDF_XFA },
    { "Encrypt", AS_KEY, ERROR_FILE_PDF_ENCRYPTED },
    { "Crypt", AS_VALUE, ERROR_FILE_PDF_ENCRYPTED },
    { "PS", AS_KIND, ERROR_FILE_PDF_OPAQUE }, /* a program in PostScript */
};

static struct result check_name(struct scan *s, struct bytes name, int where)
{
    for (size_t i = 0; i < COUNT(forbidden); i++)
        if ((forbidden[i].where & where) && bytes_equal(name, bytes_text(forbidden[i].name)))
            return diag_log(s->pdf->diag, forbidden[i].error, "/%s", forbidden[i].name);
    return OK;
}

/* ---- dictionaries and streams ---- */

/* What is done when the file is opened may only be to show a place in it. */
static struct result check_open_action(struct scan *s, const struct pdf_value *value)
{
    const struct pdf_value *action;
    TRY(pdf_resolve(s->pdf, value, s->scratch, &action));
    if (action->kind == PDF_ARRAY || action->kind == PDF_NULL) return OK;
    const struct pdf_value *verb = pdf_get(action, "S");
    if (pdf_is_name(verb, "GoTo") && !pdf_get(action, "Next")) return OK;
    if (verb && verb->kind == PDF_NAME) TRY(check_name(s, verb->text, AS_VALUE | AS_KIND)); /* says more */
    return diag_log(s->pdf->diag, ERROR_FILE_PDF_ACTION, "/OpenAction");
}

static struct result check_image(struct scan *s, const struct pdf_value *dictionary)
{
    const struct pdf_value *width = pdf_get(dictionary, "Width"), *height = pdf_get(dictionary, "Height");
    TRY(pdf_resolve(s->pdf, width, s->scratch, &width));
    TRY(pdf_resolve(s->pdf, height, s->scratch, &height));
    bool numbers = width && height && width->kind == PDF_INTEGER && height->kind == PDF_INTEGER;
    if (!numbers || width->number < 0 || height->number < 0)
        return diag_log(s->pdf->diag, ERROR_FILE_PDF_STRUCTURE, "image without size");
    return inspect_pixels(width->number, height->number, s->pdf->diag);
}

static struct result check_value(struct scan *s, const struct pdf_value *value, bool alone)
{
    bool kind = alone || bytes_equal(value->key, bytes_text("S")) || bytes_equal(value->key, bytes_text("Subtype"));
    if (value->key.len) TRY(check_name(s, value->key, AS_KEY));
    if (value->kind == PDF_NAME) TRY(check_name(s, value->text, AS_VALUE | (kind ? AS_KIND : 0)));
    if (bytes_equal(value->key, bytes_text("OpenAction"))) TRY(check_open_action(s, value));
    for (const struct pdf_value *v = value->first; v; v = v->next) TRY(check_value(s, v, false));
    return OK;
}

static struct result check_filter(struct scan *s, const struct pdf_value *filter)
{
    static const char *const known[] = { "FlateDecode",    "DCTDecode",       "CCITTFaxDecode", "JBIG2Decode",
                                         "JPXDecode",      "ASCIIHexDecode",  "ASCII85Decode",  "LZWDecode",
                                         "RunLengthDecode", "Fl", "DCT", "CCF", "AHx", "A85", "LZW", "RL" };
    TRY(pdf_resolve(s->pdf, filter, s->scratch, &filter));
    if (!filter || filter->kind == PDF_NULL) return OK;
    if (filter->kind == PDF_ARRAY) {
        for (const struct pdf_value *v = filter->first; v; v = v->next) {
            if (v->kind == PDF_ARRAY) return FAIL(ERROR_FILE_PDF_STRUCTURE);
            TRY(check_filter(s, v));
        }
        return OK;
    }
    if (filter->kind == PDF_NAME) TRY(check_name(s, filter->text, AS_VALUE));
    for (size_t i = 0; i < COUNT(known); i++)
        if (pdf_is_name(filter, known[i])) return OK;
    return diag_log(s->pdf->diag, ERROR_FILE_PDF_OPAQUE, "unknown filter");
}

static struct result check_stream(struct scan *s, const struct pdf_object *object)
{
    const struct pdf_value *type = pdf_get(object->value, "Type");
    if (type && type->kind != PDF_NAME)
        return diag_log(s->pdf->diag, ERROR_FILE_PDF_STRUCTURE, "stream's type is no name");
    if (pdf_get(object->value, "F"))
        return diag_log(s->pdf->diag, ERROR_FILE_PDF_ACTION, "stream in another file");
    TRY(check_filter(s, pdf_get(object->value, "Filter")));
    if (pdf_is_name(pdf_get(object->value, "Subtype"), "Image")) TRY(check_image(s, object->value));
    if (!pdf_is_name(type, "ObjStm")) return OK;
    const struct pdf_packed *packed;
    TRY(pdf_unpack(s->pdf, object, &packed));
    for (size_t i = 0; i < packed->count; i++) {
        struct pdf_value *value;
        TRY(pdf_packed_value(s->pdf, packed, i, s->scratch, &value));
        TRY(check_value(s, value, true));
    }
    return OK;
}

/* ---- from the first byte to the last ---- */

static struct result note_start(struct scan *s, const struct pdf_object *object)
{
    ENSURE(s->start_count < PDF_OBJECTS_MAX, ERROR_FILE_PDF_COMPLEX);
    s->starts[s->start_count++] = (struct start){ object->start, object->number, object->generation };
    return OK;
}

static struct result scan_object(struct scan *s, struct pdf_reader *r)
{
    struct pdf_object object;
    TRY(pdf_object_at(s->pdf, r->at, s->scratch, &object));
    TRY(note_start(s, &object));
    TRY(check_value(s, object.value, true));
    if (object.is_stream) TRY(check_stream(s, &object));
    r->at = object.end;
    arena_reset(s->scratch);
    return OK;
}

static struct result scan_piece(struct scan *s, struct pdf_reader *r)
{
    if (isdigit(r->data.ptr[r->at])) return scan_object(s, r);
    size_t at = r->at;
    if (pdf_word(r, "startxref")) {
        int64_t place;
        TRY(pdf_skip(r));
        return pdf_unsigned(r, &place);
    }
    struct pdf_value *trailer;
    TRY(pdf_table(s->pdf, r, false, &trailer));
    ENSURE(s->table_count < COUNT(s->tables), ERROR_FILE_PDF_COMPLEX);
    s->tables[s->table_count++] = at;
    TRY(check_value(s, trailer, true));
    arena_reset(s->scratch);
    return OK;
}

static struct result scan_all(struct scan *s)
{
    struct pdf_reader r = { s->pdf->file, 0, s->scratch, s->pdf->diag };
    for (;;) {
        TRY(pdf_skip(&r)); /* the header and every %%EOF are comments */
        if (r.at == r.data.len) return OK;
        TRY(scan_piece(s, &r));
    }
}

static const struct start *start_at(const struct scan *s, size_t at)
{
    size_t low = 0, high = s->start_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->starts[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->start_count && s->starts[low].at == at ? &s->starts[low] : NULL;
}

/* Every cross reference leads to an object that the scan has seen. */
static struct result check_references(struct scan *s)
{
    struct pdf *pdf = s->pdf;
    for (size_t n = 0; n < PDF_OBJECTS_MAX; n++) {
        const struct pdf_entry *e = &pdf->entries[n];
        if (e->kind == PDF_ENTRY_OFFSET) {
            size_t at = e->place;
            while (at < pdf->file.len && pdf_is_space(pdf->file.ptr[at])) at++;
            const struct start *start = start_at(s, at);
            if (!start || start->number != (int64_t)n || start->generation != e->generation)
                return diag_log(pdf->diag, ERROR_FILE_PDF_STRUCTURE, "object %zu is not where it should be", n);
        } else if (e->kind == PDF_ENTRY_PACKED) {
            const struct pdf_packed *packed;
            TRY(pdf_packed_of(pdf, e->place, &packed));
            if (e->generation >= packed->count || packed->numbers[e->generation] != (int64_t)n)
                return diag_log(pdf->diag, ERROR_FILE_PDF_STRUCTURE, "object %zu is not in its stream", n);
        }
    }
    for (size_t i = 0; i < pdf->section_count; i++) {
        bool seen = start_at(s, pdf->sections[i]) != NULL;
        for (size_t k = 0; k < s->table_count; k++) seen |= s->tables[k] == pdf->sections[i];
        if (!seen) return diag_log(pdf->diag, ERROR_FILE_PDF_STRUCTURE, "cross reference inside something else");
    }
    return OK;
}

/* ---- pages, §7.7.3 ---- */

struct page_count {
    int64_t pages;
    int nodes;
};

static struct result count_pages(struct scan *s, const struct pdf_value *ref, int depth, struct page_count *count)
{
    const struct pdf_value *node, *kids;
    ENSURE(depth <= PAGE_DEPTH_MAX && ++count->nodes <= PAGE_NODES_MAX, ERROR_FILE_PDF_COMPLEX);
    TRY(pdf_resolve(s->pdf, ref, s->scratch, &node));
    if (pdf_is_name(pdf_get(node, "Type"), "Page")) {
        ENSURE(++count->pages <= FILES_PAGES_MAX, ERROR_FILE_PDF_PAGES_MANY);
        return OK;
    }
    if (!pdf_is_name(pdf_get(node, "Type"), "Pages"))
        return diag_log(s->pdf->diag, ERROR_FILE_PDF_STRUCTURE, "node of the page tree");
    TRY(pdf_resolve(s->pdf, pdf_get(node, "Kids"), s->scratch, &kids));
    if (!kids || kids->kind != PDF_ARRAY) return diag_log(s->pdf->diag, ERROR_FILE_PDF_STRUCTURE, "/Kids");
    for (const struct pdf_value *v = kids->first; v; v = v->next) {
        if (v->kind != PDF_REFERENCE) return diag_log(s->pdf->diag, ERROR_FILE_PDF_STRUCTURE, "kid of a page");
        TRY(count_pages(s, v, depth + 1, count));
    }
    return OK;
}

static struct result check_pages(struct scan *s, int64_t *ret_pages)
{
    const struct pdf_value *root = pdf_get(s->pdf->trailer, "Root"), *catalog, *pages;
    if (!root || root->kind != PDF_REFERENCE) return diag_log(s->pdf->diag, ERROR_FILE_PDF_STRUCTURE, "no root");
    TRY(pdf_resolve(s->pdf, root, s->scratch, &catalog));
    if (!pdf_is_name(pdf_get(catalog, "Type"), "Catalog"))
        return diag_log(s->pdf->diag, ERROR_FILE_PDF_STRUCTURE, "no catalogue");
    pages = pdf_get(catalog, "Pages");
    if (!pages) return FAIL(ERROR_FILE_PDF_PAGES_NONE);
    struct page_count count = { 0 };
    TRY(count_pages(s, pages, 0, &count));
    ENSURE(count.pages > 0, ERROR_FILE_PDF_PAGES_NONE);
    *ret_pages = count.pages;
    return OK;
}

/* ---- beginning and end ---- */

static struct result check_header(struct bytes file, struct diag *diag)
{
    bool version = file.len > 8 && ((file.ptr[5] == '1' && file.ptr[7] >= '0' && file.ptr[7] <= '7') ||
                                    (file.ptr[5] == '2' && file.ptr[7] == '0'));
    if (version && file.ptr[6] == '.' && pdf_is_space(file.ptr[8])) return OK;
    return diag_log(diag, ERROR_FILE_PDF_STRUCTURE, "version in the header");
}

/* Where WORD stands last before END. */
static bool last_word(struct bytes file, size_t end, const char *word, size_t *ret_at)
{
    size_t len = strlen(word);
    for (size_t at = end < len ? 0 : end - len + 1; at-- > 0;)
        if (memcmp(file.ptr + at, word, len) == 0) {
            *ret_at = at;
            return true;
        }
    return false;
}

static struct result find_end(struct pdf *pdf, struct arena *scratch, size_t *ret_startxref)
{
    size_t end, at;
    int64_t place;
    ENSURE(last_word(pdf->file, pdf->file.len, "%%EOF", &end), ERROR_FILE_TRUNCATED);
    for (at = end + 5; at < pdf->file.len && pdf_is_space(pdf->file.ptr[at]); at++) {}
    if (at < pdf->file.len) {
        /* A file made for the web or saved again has an end in its middle: cut after it, it goes on with
         * objects. Anything else was put there. */
        struct pdf_reader after = { pdf->file, at, scratch, NULL };
        int64_t number;
        bool object = !failed(pdf_unsigned(&after, &number)) && !failed(pdf_skip(&after)) &&
                      !failed(pdf_unsigned(&after, &number));
        return diag_log(pdf->diag, object ? ERROR_FILE_TRUNCATED : ERROR_FILE_TRAILING,
                        "%zu bytes after %%%%EOF", pdf->file.len - at);
    }
    ENSURE(last_word(pdf->file, end, "startxref", &at), ERROR_FILE_TRUNCATED);
    struct pdf_reader r = { pdf->file, at, scratch, pdf->diag };
    if (!pdf_word(&r, "startxref")) return pdf_broken(&r, "startxref");
    TRY(pdf_skip(&r));
    TRY(pdf_unsigned(&r, &place));
    while (r.at < end && pdf_is_space(pdf->file.ptr[r.at])) r.at++;
    if (r.at != end) return pdf_broken(&r, "between startxref and the end");
    *ret_startxref = (size_t)place;
    return OK;
}

static struct result inspect(struct scan *s, int64_t *ret_pages)
{
    size_t startxref = 0;
    TRY(find_end(s->pdf, s->scratch, &startxref));
    TRY(pdf_open(s->pdf, startxref));
    /* Before the objects: encrypted ones look like broken ones. */
    ENSURE(!pdf_get(s->pdf->trailer, "Encrypt"), ERROR_FILE_PDF_ENCRYPTED);
    TRY(scan_all(s));
    TRY(check_references(s));
    return check_pages(s, ret_pages);
}

struct result inspect_pdf(struct bytes file, struct diag *diag, struct files_inspected *ret_inspected)
{
    TRY(check_header(file, diag));
    struct arena *lasting CLEANUP(arena_free_p) = arena_new(ARENA_LASTING);
    struct arena *scratch CLEANUP(arena_free_p) = arena_new(ARENA_OBJECT);
    struct pdf pdf = { .file = file, .arena = lasting, .diag = diag };
    struct scan s = { .pdf = &pdf, .scratch = scratch };
    pdf.entries = arena_array(lasting, PDF_OBJECTS_MAX, sizeof *pdf.entries);
    s.starts = arena_array(lasting, PDF_OBJECTS_MAX, sizeof *s.starts);
    ENSURE(pdf.entries && s.starts, ERROR_FILE_PDF_COMPLEX);
    int64_t pages = 0;
    TRY(inspect(&s, &pages));
    *ret_inspected = (struct files_inspected){ "pdf", pages, 0, 0 };
    return OK;
}
