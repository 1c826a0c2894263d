#include "web/json.h"

#include <jansson.h>

/* ---- reading ---- */

static struct result wrong(struct diag *diag, enum error code, const char *field)
{
    return diag_field(diag, code, field, "%s", "");
}

/* A name that a client sent, as far as it can be told without repeating whatever it holds. */
static const char *tellable(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return name[len] == '\0' && len < DIAG_FIELD_MAX ? name : "?";
}

/* jansson does not say which key came twice, but where it had read it: its closing quote is the last before. */
static struct result not_json(const json_error_t *error, struct bytes text, struct diag *diag)
{
    if (json_error_code(error) != json_error_duplicate_key)
        return diag_detail(diag, ERROR_JSON_MALFORMED, "%d:%d", error->line, error->column);
    char name[DIAG_FIELD_MAX] = "";
    size_t end = error->position > 0 && (size_t)error->position <= text.len ? (size_t)error->position : 0;
    while (end > 0 && text.ptr[end - 1] != '"') end--;
    size_t from = end > 0 ? end - 1 : 0;
    while (from > 0 && text.ptr[from - 1] != '"') from--;
    if (end > from && end - from - 1 < sizeof name) memcpy(name, text.ptr + from, end - from - 1);
    return wrong(diag, ERROR_FIELD_REPEATED, tellable(name));
}

static struct result read_text(const struct json_check *check, const char *field, const json_t *value,
                               struct arena *arena, struct diag *diag, const char **ret_text)
{
    if (!json_is_string(value)) return wrong(diag, ERROR_FIELD_TYPE, field);
    struct bytes text = bytes_of(json_string_value(value), json_string_length(value));
    TRY(json_check_text(check, field, text, diag));
    const char *copy = arena_text(arena, text);
    ENSURE(copy, ERROR_OUT_OF_ROOM);
    *ret_text = copy;
    return OK;
}

/* An array of texts as one text, joined by line feeds. */
static struct result read_texts(const struct json_check *check, const char *field, const json_t *value,
                                struct arena *arena, struct diag *diag, const char **ret_text)
{
    if (!json_is_array(value)) return wrong(diag, ERROR_FIELD_TYPE, field);
    size_t count = json_array_size(value), room = 1;
    if (count < check->items_min || count > check->items_max)
        return diag_field(diag, ERROR_FIELD_LENGTH, field, "%zu…%zu", check->items_min, check->items_max);
    for (size_t i = 0; i < count; i++) room += json_string_length(json_array_get(value, i)) + 1;
    char *joined = arena_take(arena, room), *to = joined;
    ENSURE(joined, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_string(item)) return wrong(diag, ERROR_FIELD_TYPE, field);
        struct bytes text = bytes_of(json_string_value(item), json_string_length(item));
        TRY(json_check_text(check, field, text, diag));
        if (i > 0) *to++ = '\n';
        memcpy(to, text.ptr, text.len);
        to += text.len;
    }
    *ret_text = joined;
    return OK;
}

static struct result read_int(const struct json_check *check, const char *field, const json_t *value,
                              struct diag *diag, int64_t *ret_int)
{
    if (check->boolean) {
        if (!json_is_boolean(value)) return wrong(diag, ERROR_FIELD_TYPE, field);
        *ret_int = json_is_true(value);
        return OK;
    }
    if (!json_is_integer(value)) return wrong(diag, ERROR_FIELD_TYPE, field);
    int64_t number = json_integer_value(value);
    if (number < check->min || number > check->max)
        return diag_field(diag, ERROR_FIELD_RANGE, field, "%lld…%lld", (long long)check->min, (long long)check->max);
    *ret_int = number;
    return OK;
}

static struct result read_field(const struct shape_field *f, const struct json_check *check, const json_t *value,
                                struct arena *arena, struct diag *diag, void *at)
{
    const char *text = NULL;
    if (f->kind == SHAPE_KIND_INT) return read_int(check, f->name, value, diag, at);
    if (check->items_max) return read_texts(check, f->name, value, arena, diag, at);
    TRY(read_text(check, f->name, value, arena, diag, &text));
    if (f->kind == SHAPE_KIND_TEXT) *(const char **)at = text;
    if (f->kind == SHAPE_KIND_ID && failed(id_parse(text, at))) return wrong(diag, ERROR_FIELD_FORMAT, f->name);
    if (f->kind == SHAPE_KIND_BYTES) {
        struct result r = text_from_base64(arena, text, at);
        if (failed(r)) return r.code == ERROR_MALFORMED ? wrong(diag, ERROR_FIELD_FORMAT, f->name) : r;
    }
    return OK;
}

static struct result read_object(const struct json_type *type, json_t *object, struct arena *arena,
                                 struct diag *diag, uint8_t *record)
{
    const struct shape *shape = type->shape;
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        size_t i = 0;
        while (i < shape->count && strcmp(shape->fields[i].name, name) != 0) i++;
        if (i == shape->count) return wrong(diag, ERROR_FIELD_UNKNOWN, tellable(name));
    }
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *f = &shape->fields[i];
        value = json_object_get(object, f->name);
        if (value)
            TRY(read_field(f, &type->checks[i], value, arena, diag, shape_at(f, record)));
        else if (type->checks[i].required)
            return wrong(diag, ERROR_FIELD_MISSING, f->name);
    }
    return OK;
}

struct result json_read(const struct json_type *type, struct bytes text, struct arena *arena, struct diag *diag,
                        void *ret_record)
{
    ENSURE(text.len <= JSON_TEXT_MAX, ERROR_BODY_TOO_LARGE);
    uint8_t *record = arena_take(arena, type->shape->size);
    ENSURE(record, ERROR_OUT_OF_ROOM);
    json_error_t error;
    json_t *object = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!object) return not_json(&error, text, diag);
    struct result r = json_is_object(object) ? read_object(type, object, arena, diag, record)
                                             : diag_detail(diag, ERROR_JSON_MALFORMED, "%s", "{…}");
    json_decref(object);
    TRY(r);
    memcpy(ret_record, record, type->shape->size);
    return OK;
}

/* ---- writing: straight into the arena, for lists of many rows ---- */

struct output {
    struct arena *arena;
    uint8_t *ptr;
    size_t len, room;
    bool full;
};

static void put(struct output *o, const void *from, size_t len)
{
    if (o->full) return;
    if (o->room - o->len < len) {
        size_t room = (o->len + len) * 2 + 512;
        uint8_t *more = arena_take(o->arena, room);
        o->full = !more;
        if (!more) return;
        if (o->len) memcpy(more, o->ptr, o->len);
        o->ptr = more;
        o->room = room;
    }
    memcpy(o->ptr + o->len, from, len);
    o->len += len;
}

static void put_text(struct output *o, const char *text)
{
    put(o, text, strlen(text));
}

/* A string of JSON. Quotes, backslashes and control characters are escaped, all else is UTF-8 already. */
static void put_string(struct output *o, const char *text, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    put(o, "\"", 1);
    size_t from = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
        put(o, text + from, i - from);
        from = i + 1;
        if (c == '\n') put(o, "\\n", 2);
        else if (c == '"' || c == '\\') put(o, (const char[]){ '\\', (char)c }, 2);
        else put(o, (const char[]){ '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] }, 6);
    }
    put(o, text + from, len - from);
    put(o, "\"", 1);
}

static void put_number(struct output *o, int64_t value)
{
    char text[24];
    struct writer w = writer_of(text, sizeof text);
    write_format(&w, "%lld", (long long)value);
    put(o, text, w.len);
}

static void put_texts(struct output *o, const char *joined)
{
    put(o, "[", 1);
    for (const char *from = joined; *from;) {
        size_t len = strcspn(from, "\n");
        if (from != joined) put(o, ",", 1);
        put_string(o, from, len);
        from += len + (from[len] == '\n');
    }
    put(o, "]", 1);
}

/* Whether the field has nothing to say. */
static bool absent(const struct shape_field *f, const struct json_check *check, const void *at)
{
    switch (f->kind) {
    case SHAPE_KIND_INT: return check->time && !check->required && *(const int64_t *)at == 0;
    case SHAPE_KIND_TEXT: return *(const char *const *)at == NULL;
    case SHAPE_KIND_BYTES: return ((const struct bytes *)at)->ptr == NULL;
    case SHAPE_KIND_ID: return id_empty(at);
    }
    return true;
}

static struct result put_value(struct output *o, const struct shape_field *f, const struct json_check *check,
                               const void *at)
{
    char id[ID_TEXT_LEN + 1];
    const char *text;
    switch (f->kind) {
    case SHAPE_KIND_INT:
        if (check->boolean) put_text(o, *(const int64_t *)at ? "true" : "false");
        else put_number(o, *(const int64_t *)at);
        break;
    case SHAPE_KIND_TEXT:
        text = *(const char *const *)at;
        if (check->items_max) put_texts(o, text);
        else put_string(o, text, strlen(text));
        break;
    case SHAPE_KIND_BYTES:
        text = text_base64(o->arena, *(const struct bytes *)at);
        ENSURE(text, ERROR_OUT_OF_ROOM);
        put_string(o, text, strlen(text));
        break;
    case SHAPE_KIND_ID:
        id_text(at, id);
        put_string(o, id, ID_TEXT_LEN);
        break;
    }
    return OK;
}

static struct result put_record(struct output *o, const struct json_type *type, const void *record, struct diag *diag)
{
    bool first = true;
    put(o, "{", 1);
    for (size_t i = 0; i < type->shape->count; i++) {
        const struct shape_field *f = &type->shape->fields[i];
        const void *at = shape_at_const(f, record);
        if (absent(f, &type->checks[i], at)) {
            if (type->checks[i].required)
                return diag_log(diag, ERROR_INTERNAL, "answer %s lacks %s", type->shape->name, f->name);
            continue;
        }
        if (!first) put(o, ",", 1);
        first = false;
        put_string(o, f->name, strlen(f->name));
        put(o, ":", 1);
        TRY(put_value(o, f, &type->checks[i], at));
    }
    put(o, "}", 1);
    return OK;
}

static struct result end(const struct output *o, struct bytes *ret_text)
{
    ENSURE(!o->full, ERROR_OUT_OF_ROOM);
    *ret_text = bytes_of(o->ptr, o->len);
    return OK;
}

struct result json_write(const struct json_type *type, const void *record, struct arena *arena, struct diag *diag,
                         struct bytes *ret_text)
{
    struct output o = { .arena = arena };
    TRY(put_record(&o, type, record, diag));
    return end(&o, ret_text);
}

struct result json_write_list(const struct json_type *type, const void *records, size_t count, const char *next,
                              struct arena *arena, struct diag *diag, struct bytes *ret_text)
{
    struct output o = { .arena = arena };
    put_text(&o, "{\"items\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) put(&o, ",", 1);
        TRY(put_record(&o, type, (const char *)records + i * type->shape->size, diag));
    }
    put_text(&o, "]");
    if (next) {
        put_text(&o, ",\"next\":");
        put_string(&o, next, strlen(next));
    }
    put_text(&o, "}");
    return end(&o, ret_text);
}
