#include "store/record.h"

#include <assert.h>
#include <stdlib.h>

static const struct shape_field *find_field(const struct shape *shape, const char *name, size_t *next);
static struct result take_value(const struct shape_field *field, const void *at, struct value *ret_value);
static struct result put_value(const struct shape_field *field, const struct value *value, struct arena *arena,
                               void *at);

struct result record_params(const struct statement_entry *entry, struct record params, struct value *ret_values)
{
    size_t next = 0;
    for (size_t i = 0; i < entry->params_count; i++) {
        assert(params.shape);
        const struct shape_field *field = find_field(params.shape, entry->params[i], &next);
        assert(field); /* the statement names what the record does not have */
        TRY(take_value(field, shape_at_const(field, params.at), &ret_values[i]));
    }
    return OK;
}

void rows_init(struct rows *rows, const struct shape *shape, struct arena *arena, size_t max)
{
    memset(rows, 0, sizeof *rows);
    rows->shape = shape;
    rows->arena = arena;
    rows->max = max;
}

void rows_done(struct rows *rows)
{
    free(rows->at);
    rows->at = NULL;
}

struct result rows_columns(struct rows *rows, const char *const *names, size_t count)
{
    ENSURE(count <= VALUES_MAX, ERROR_STORE_STATEMENT);
    size_t next = 0;
    for (size_t i = 0; i < count; i++) rows->field_of[i] = find_field(rows->shape, names[i], &next);
    rows->columns = count;
    return OK;
}

struct result rows_add(struct rows *rows, const struct value *values)
{
    assert(!rows_full(rows));
    if (rows->count == rows->room) {
        rows->room = rows->room ? rows->room * 2 : 4;
        rows->at = reallocarray(rows->at, rows->room, rows->shape->size);
        if (!rows->at) abort();
    }
    char *row = (char *)rows->at + rows->count * rows->shape->size;
    memset(row, 0, rows->shape->size);
    for (size_t i = 0; i < rows->columns; i++) {
        const struct shape_field *field = rows->field_of[i];
        if (field && !values[i].null) TRY(put_value(field, &values[i], rows->arena, shape_at(field, row)));
    }
    rows->count++;
    return OK;
}

/* Statements mostly name fields in the order of the shape: the search begins at NEXT, behind the last find. */
static const struct shape_field *find_field(const struct shape *shape, const char *name, size_t *next)
{
    for (size_t n = 0; n < shape->count; n++) {
        size_t i = (*next + n) % shape->count;
        if (!text_equal(shape->fields[i].name, name)) continue;
        *next = i + 1;
        return &shape->fields[i];
    }
    return NULL;
}

static struct result take_value(const struct shape_field *field, const void *at, struct value *ret_value)
{
    struct value v = { .kind = field->kind };
    switch (field->kind) {
    case SHAPE_KIND_INT:
        v.number = *(const int64_t *)at;
        break;
    case SHAPE_KIND_TEXT:
        v.bytes = bytes_text(*(const char *const *)at);
        v.null = !v.bytes.ptr;
        break;
    case SHAPE_KIND_BYTES:
        v.bytes = *(const struct bytes *)at;
        v.null = !v.bytes.ptr;
        break;
    case SHAPE_KIND_ID:
        v.bytes = bytes_of(at, ID_SIZE);
        v.null = id_empty(at);
        break;
    }
    if (field->kind != SHAPE_KIND_ID) ENSURE(v.bytes.len <= field->max, ERROR_TOO_LARGE);
    *ret_value = v;
    return OK;
}

static struct result put_value(const struct shape_field *field, const struct value *value, struct arena *arena,
                               void *at)
{
    enum shape_kind stored = field->kind == SHAPE_KIND_ID ? SHAPE_KIND_BYTES : field->kind;
    ENSURE(value->kind == stored, ERROR_STORE_DAMAGED);
    switch (field->kind) {
    case SHAPE_KIND_INT:
        *(int64_t *)at = value->number;
        return OK;
    case SHAPE_KIND_TEXT: {
        const char *text = arena_text(arena, value->bytes);
        ENSURE(text, ERROR_OUT_OF_ROOM);
        *(const char **)at = text;
        return OK;
    }
    case SHAPE_KIND_BYTES: {
        struct bytes b = arena_bytes(arena, value->bytes);
        ENSURE(b.ptr, ERROR_OUT_OF_ROOM);
        *(struct bytes *)at = b;
        return OK;
    }
    case SHAPE_KIND_ID:
        ENSURE(value->bytes.len == ID_SIZE, ERROR_STORE_DAMAGED);
        memcpy(at, value->bytes.ptr, ID_SIZE);
        return OK;
    }
    return FAIL(ERROR_STORE_DAMAGED);
}
