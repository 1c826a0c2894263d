#include <ctype.h>

#include "files/inspect.h"
#include "files/pdf.h"

struct result pdf_broken(const struct pdf_reader *r, const char *why)
{
    return diag_log(r->diag, ERROR_FILE_PDF_STRUCTURE, "%s, offset=%zu", why, r->at);
}

bool pdf_is_space(int c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0;
}

static int peek(const struct pdf_reader *r, size_t ahead)
{
    return r->at + ahead < r->data.len ? r->data.ptr[r->at + ahead] : -1;
}

static bool ends_token(int c)
{
    return c < 0 || pdf_is_space(c) || strchr("()<>[]{}/%", c);
}

struct result pdf_skip(struct pdf_reader *r)
{
    for (;;) {
        while (peek(r, 0) >= 0 && pdf_is_space(peek(r, 0))) r->at++;
        if (peek(r, 0) != '%') return OK;
        size_t start = r->at;
        while (peek(r, 0) >= 0 && peek(r, 0) != '\n' && peek(r, 0) != '\r') r->at++;
        if (r->at - start > PDF_COMMENT_MAX) return pdf_broken(r, "long comment");
        TRY(inspect_text(bytes_of(r->data.ptr + start, r->at - start), r->diag));
    }
}

bool pdf_word(struct pdf_reader *r, const char *word)
{
    size_t len = strlen(word);
    if (r->data.len - r->at < len || memcmp(r->data.ptr + r->at, word, len) != 0) return false;
    if (!ends_token(peek(r, len))) return false;
    r->at += len;
    return true;
}

struct result pdf_unsigned(struct pdf_reader *r, int64_t *ret_number)
{
    int64_t number = 0;
    int digits = 0;
    for (; isdigit(peek(r, 0)); r->at++) {
        if (++digits > 10) return pdf_broken(r, "number too long");
        number = number * 10 + (peek(r, 0) - '0');
    }
    if (digits == 0 || !ends_token(peek(r, 0))) return pdf_broken(r, "no number");
    *ret_number = number;
    return OK;
}

static struct result number(struct pdf_reader *r, struct pdf_value *value)
{
    size_t start = r->at;
    int digits = 0, points = 0, whole = 0;
    int64_t sum = 0;
    bool minus = peek(r, 0) == '-';
    if (minus || peek(r, 0) == '+') r->at++;
    for (; isdigit(peek(r, 0)) || peek(r, 0) == '.'; r->at++) {
        if (peek(r, 0) == '.') {
            points++;
            continue;
        }
        digits++;
        if (!points && ++whole <= 15) sum = sum * 10 + (peek(r, 0) - '0');
    }
    /* "-." and a lone sign are written by some producers for nothing; a viewer reads them as 0. */
    if (r->at == start || points > 1 || whole > 15 || digits > 64 || !ends_token(peek(r, 0)))
        return pdf_broken(r, "number");
    value->kind = points ? PDF_REAL : PDF_INTEGER;
    value->number = minus ? -sum : sum;
    return OK;
}

/* "12 0 R" begins like an integer. */
static void reference(struct pdf_reader *r, struct pdf_value *value)
{
    struct pdf_reader ahead = *r;
    ahead.diag = NULL;
    int64_t generation;
    if (failed(pdf_skip(&ahead)) || failed(pdf_unsigned(&ahead, &generation))) return;
    if (failed(pdf_skip(&ahead)) || !pdf_word(&ahead, "R")) return;
    value->kind = PDF_REFERENCE;
    value->generation = generation;
    r->at = ahead.at;
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static struct result name(struct pdf_reader *r, struct bytes *ret_name)
{
    uint8_t text[PDF_NAME_MAX];
    struct writer w = writer_of(text, sizeof text);
    for (r->at++; !ends_token(peek(r, 0)); r->at++) {
        int c = peek(r, 0);
        if (c == '#') {
            int high = hex_digit(peek(r, 1)), low = hex_digit(peek(r, 2));
            if (high < 0 || low < 0 || high + low == 0) return pdf_broken(r, "escape in a name");
            c = high << 4 | low;
            r->at += 2;
        }
        write_u8(&w, (uint8_t)c);
    }
    if (w.full) return pdf_broken(r, "long name");
    struct bytes copy = arena_bytes(r->arena, bytes_of(text, w.len));
    ENSURE(copy.ptr, ERROR_FILE_PDF_COMPLEX);
    *ret_name = copy;
    return OK;
}

static struct result literal(struct pdf_reader *r, struct pdf_value *value)
{
    size_t start = r->at;
    int depth = 0;
    do {
        int c = peek(r, 0);
        if (c < 0) return pdf_broken(r, "open string");
        if (c == '\\') r->at++;
        if (c == '(') depth++;
        if (c == ')') depth--;
        r->at++;
    } while (depth);
    if (r->at > r->data.len) return pdf_broken(r, "open string");
    value->kind = PDF_STRING;
    value->text = bytes_of(r->data.ptr + start, r->at - start);
    return OK;
}

static struct result hexadecimal(struct pdf_reader *r, struct pdf_value *value)
{
    size_t start = r->at++;
    for (; peek(r, 0) != '>'; r->at++)
        if (!pdf_is_space(peek(r, 0)) && hex_digit(peek(r, 0)) < 0) return pdf_broken(r, "hexadecimal string");
    r->at++;
    value->kind = PDF_STRING;
    value->text = bytes_of(r->data.ptr + start, r->at - start);
    return OK;
}

static struct result parse(struct pdf_reader *r, int depth, struct pdf_value **ret_value);

static struct result array(struct pdf_reader *r, int depth, struct pdf_value *value)
{
    struct pdf_value **last = &value->first;
    value->kind = PDF_ARRAY;
    for (r->at++;;) {
        TRY(pdf_skip(r));
        if (peek(r, 0) == ']') break;
        TRY(parse(r, depth + 1, last));
        last = &(*last)->next;
    }
    r->at++;
    return OK;
}

static struct result dictionary(struct pdf_reader *r, int depth, struct pdf_value *value)
{
    struct pdf_value **last = &value->first;
    value->kind = PDF_DICTIONARY;
    for (r->at += 2;;) {
        TRY(pdf_skip(r));
        if (peek(r, 0) == '>' && peek(r, 1) == '>') break;
        if (peek(r, 0) != '/') return pdf_broken(r, "key of a dictionary");
        struct bytes key;
        TRY(name(r, &key));
        /* Viewers differ in which of two they take. */
        for (const struct pdf_value *v = value->first; v; v = v->next)
            if (bytes_equal(v->key, key)) return pdf_broken(r, "key stands twice");
        TRY(pdf_skip(r));
        TRY(parse(r, depth + 1, last));
        (*last)->key = key;
        last = &(*last)->next;
    }
    r->at += 2;
    return OK;
}

static struct result parse(struct pdf_reader *r, int depth, struct pdf_value **ret_value)
{
    ENSURE(depth <= PDF_DEPTH_MAX, ERROR_FILE_PDF_COMPLEX);
    struct pdf_value *value = ARENA_NEW(r->arena, struct pdf_value);
    ENSURE(value, ERROR_FILE_PDF_COMPLEX);
    int c = peek(r, 0);
    if (c == '/') {
        value->kind = PDF_NAME;
        TRY(name(r, &value->text));
    } else if (c == '(') {
        TRY(literal(r, value));
    } else if (c == '<' && peek(r, 1) == '<') {
        TRY(dictionary(r, depth, value));
    } else if (c == '<') {
        TRY(hexadecimal(r, value));
    } else if (c == '[') {
        TRY(array(r, depth, value));
    } else if (pdf_word(r, "true") || pdf_word(r, "false")) {
        value->kind = PDF_BOOLEAN;
    } else if (pdf_word(r, "null")) {
        value->kind = PDF_NULL;
    } else {
        TRY(number(r, value));
        if (value->kind == PDF_INTEGER && isdigit(c)) reference(r, value);
    }
    *ret_value = value;
    return OK;
}

struct result pdf_value_parse(struct pdf_reader *r, struct pdf_value **ret_value)
{
    TRY(pdf_skip(r));
    return parse(r, 0, ret_value);
}

const struct pdf_value *pdf_get(const struct pdf_value *dictionary, const char *key)
{
    if (!dictionary || dictionary->kind != PDF_DICTIONARY) return NULL;
    for (const struct pdf_value *v = dictionary->first; v; v = v->next)
        if (bytes_equal(v->key, bytes_text(key))) return v;
    return NULL;
}

bool pdf_is_name(const struct pdf_value *value, const char *name_text)
{
    return value && value->kind == PDF_NAME && bytes_equal(value->text, bytes_text(name_text));
}

int64_t pdf_get_integer(const struct pdf_value *dictionary, const char *key, int64_t fallback)
{
    const struct pdf_value *v = pdf_get(dictionary, key);
    return v && v->kind == PDF_INTEGER ? v->number : fallback;
}
