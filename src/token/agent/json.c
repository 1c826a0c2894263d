#include "token/agent/json.h"


/* ---- reading ---- */

struct cursor {
    char *at, *end;
    struct diag *diag;
};

static struct result refuse(struct cursor *c, const char *why)
{
    return diag_log(c->diag, ERROR_AGENT_BODY, "json: %s", why);
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) c->at++;
}

/* Whether the next character is WANT, which is passed then. */
static bool pass(struct cursor *c, char want)
{
    if (c->at == c->end || *c->at != want) return false;
    c->at++;
    return true;
}

/* Four hex digits; -1 where they are not there. */
static int32_t read_unit(struct cursor *c)
{
    if (c->end - c->at < 4) return -1;
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        char d = *c->at++;
        int v = d >= '0' && d <= '9'   ? d - '0'
                : d >= 'a' && d <= 'f' ? d - 'a' + 10
                : d >= 'A' && d <= 'F' ? d - 'A' + 10
                                       : -1;
        if (v < 0) return -1;
        unit = unit << 4 | v;
    }
    return unit;
}

/* What follows "\u": one unit, or the two of a pair; -1 for half a pair and for U+0000. */
static int32_t read_point(struct cursor *c)
{
    int32_t high = read_unit(c);
    if (high < 0xD800 || high > 0xDFFF) return high == 0 ? -1 : high;
    if (high > 0xDBFF || !pass(c, '\\') || !pass(c, 'u')) return -1;
    int32_t low = read_unit(c);
    if (low < 0xDC00 || low > 0xDFFF) return -1;
    return 0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00);
}

/* POINT as UTF-8: never longer than the six characters it was written with. */
static char *put_point(char *into, int32_t point)
{
    if (point < 0x80) {
        *into++ = (char)point;
        return into;
    }
    int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = { 0, 0xC0, 0xE0, 0xF0 };
    *into++ = (char)(lead[more] | point >> 6 * more);
    while (more-- > 0) *into++ = (char)(0x80 | (point >> 6 * more & 0x3F));
    return into;
}

/* What follows a backslash; NULL where that is no escape. */
static char *read_escape(struct cursor *c, char *into)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (c->at == c->end) return NULL;
    char letter = *c->at++;
    if (letter == 'u') {
        int32_t point = read_point(c);
        return point < 0 ? NULL : put_point(into, point);
    }
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (!found) return NULL;
    *into++ = meant[found - letters];
    return into;
}

/* A text in quotes, unescaped where it stands; the NUL takes the closing quote's place or one before it. */
static struct result read_text(struct cursor *c, const char **ret_text, size_t *ret_len)
{
    if (!pass(c, '"')) return refuse(c, "a text is expected");
    char *begin = c->at, *into = c->at;
    for (;;) {
        if (c->at == c->end) return refuse(c, "a text has no end");
        char ch = *c->at++;
        if (ch == '"') break;
        if ((uint8_t)ch < 0x20) return refuse(c, "a control character in a text");
        if (ch != '\\') {
            *into++ = ch;
            continue;
        }
        into = read_escape(c, into);
        if (!into) return refuse(c, "an escape that is none");
    }
    *into = 0;
    *ret_len = (size_t)(into - begin);
    *ret_text = begin;
    return OK;
}

static bool is_name(const char *name, size_t len)
{
    if (len == 0 || len > JSON_NAME_MAX) return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz_") == len;
}

static struct result read_field(struct cursor *c, struct json_object *object)
{
    if (object->count == JSON_FIELDS_MAX) return refuse(c, "too many fields");
    struct json_field field;
    size_t name_len;
    TRY(read_text(c, &field.name, &name_len));
    if (!is_name(field.name, name_len)) return refuse(c, "a name that is none");
    if (json_find(object, field.name)) return refuse(c, "a name twice");
    skip_blanks(c);
    if (!pass(c, ':')) return refuse(c, "no colon behind a name");
    skip_blanks(c);
    TRY(read_text(c, &field.value, &field.len));
    if (!text_lines(bytes_of(field.value, field.len))) return refuse(c, "a value that is not plain text");
    object->fields[object->count++] = field;
    return OK;
}

static struct result read_fields(struct cursor *c, struct json_object *object)
{
    skip_blanks(c);
    if (pass(c, '}')) return OK;
    for (;;) {
        TRY(read_field(c, object));
        skip_blanks(c);
        if (pass(c, '}')) return OK;
        if (!pass(c, ',')) return refuse(c, "no comma between fields");
        skip_blanks(c);
    }
}

struct result json_read(char *text, size_t len, struct diag *diag, struct json_object *ret_object)
{
    struct cursor c = { text, text + len, diag };
    struct json_object object = { 0 };
    skip_blanks(&c);
    if (!pass(&c, '{')) return refuse(&c, "not an object");
    TRY(read_fields(&c, &object));
    skip_blanks(&c);
    if (c.at != c.end) return refuse(&c, "something behind the object");
    *ret_object = object;
    return OK;
}

const struct json_field *json_find(const struct json_object *object, const char *name)
{
    for (size_t i = 0; i < object->count; i++)
        if (strcmp(object->fields[i].name, name) == 0) return &object->fields[i];
    return NULL;
}

/* ---- writing ---- */

static void begin(struct writer *w, const char *name)
{
    char last = w->len ? (char)w->ptr[w->len - 1] : '{';
    if (last != '{' && last != '[') write_u8(w, ',');
    if (name) write_format(w, "\"%s\":", name);
}

void json_text(struct writer *w, const char *name, const char *text)
{
    begin(w, name);
    write_u8(w, '"');
    for (; *text; text++) {
        uint8_t ch = (uint8_t)*text;
        if (ch < 0x20 || ch == '"' || ch == '\\')
            write_format(w, "\\u%04x", ch);
        else
            write_u8(w, ch);
    }
    write_u8(w, '"');
}

void json_number(struct writer *w, const char *name, int64_t number)
{
    begin(w, name);
    write_format(w, "%lld", (long long)number);
}

void json_flag(struct writer *w, const char *name, bool flag)
{
    begin(w, name);
    write_text(w, flag ? "true" : "false");
}

void json_hex(struct writer *w, const char *name, struct bytes b)
{
    begin(w, name);
    write_u8(w, '"');
    for (size_t i = 0; i < b.len; i++) write_format(w, "%02x", b.ptr[i]);
    write_u8(w, '"');
}

void json_base64(struct writer *w, const char *name, struct bytes b)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    begin(w, name);
    write_u8(w, '"');
    for (size_t i = 0; i < b.len; i += 3) {
        size_t n = b.len - i < 3 ? b.len - i : 3;
        uint32_t v = 0;
        for (size_t j = 0; j < 3; j++) v = v << 8 | (j < n ? b.ptr[i + j] : 0u);
        for (size_t j = 0; j < 4; j++) write_u8(w, j <= n ? (uint8_t)letters[v >> (18 - 6 * j) & 63] : '=');
    }
    write_u8(w, '"');
}

void json_open(struct writer *w, const char *name, char bracket)
{
    begin(w, name);
    write_u8(w, (uint8_t)bracket);
}

void json_close(struct writer *w, char bracket)
{
    write_u8(w, (uint8_t)bracket);
}
