#include "base/shape.h"

/* Absent is told apart from empty by a length that no limit reaches. */
static const uint32_t ABSENT = UINT32_MAX;

static void write_optional(struct writer *w, struct bytes b, bool absent, size_t max)
{
    if (b.len > max) w->full = true;
    if (absent)
        write_u32(w, ABSENT);
    else
        write_block(w, b);
}

void shape_write(const struct shape *shape, const void *record, struct writer *w)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *f = &shape->fields[i];
        const void *at = shape_at_const(f, record);
        switch (f->kind) {
        case SHAPE_KIND_INT: write_u64(w, (uint64_t) * (const int64_t *)at); break;
        case SHAPE_KIND_ID: write_bytes(w, bytes_of(at, ID_SIZE)); break;
        case SHAPE_KIND_TEXT: {
            const char *text = *(const char *const *)at;
            write_optional(w, bytes_text(text), !text, f->max);
            break;
        }
        case SHAPE_KIND_BYTES: {
            struct bytes b = *(const struct bytes *)at;
            write_optional(w, b, !b.ptr, f->max);
            break;
        }
        }
    }
}

/* The block that comes next; ptr NULL when it is absent. An empty one points somewhere. */
static struct bytes read_optional(struct reader *r, size_t max)
{
    struct reader ahead = *r;
    if (read_u32(&ahead) == ABSENT && !ahead.bad) {
        *r = ahead;
        return (struct bytes){ 0 };
    }
    return read_block(r, max);
}

static struct result read_field(const struct shape_field *f, struct reader *r, struct arena *arena, void *at)
{
    switch (f->kind) {
    case SHAPE_KIND_INT: *(int64_t *)at = (int64_t)read_u64(r); break;
    case SHAPE_KIND_ID: read_copy(r, at, ID_SIZE); break;
    case SHAPE_KIND_BYTES: *(struct bytes *)at = read_optional(r, f->max); break;
    case SHAPE_KIND_TEXT: {
        struct bytes b = read_optional(r, f->max);
        char *text = NULL;
        if (b.ptr) {
            ENSURE(text_lines(b), ERROR_MALFORMED);
            text = arena_text(arena, b);
            ENSURE(text, ERROR_OUT_OF_ROOM);
        }
        *(const char **)at = text;
        break;
    }
    }
    ENSURE(!r->bad, ERROR_MALFORMED);
    return OK;
}

struct result shape_read(const struct shape *shape, struct reader *r, struct arena *arena, void *record)
{
    uint8_t *into = arena_take(arena, shape->size);
    ENSURE(into, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < shape->count; i++)
        TRY(read_field(&shape->fields[i], r, arena, into + shape->fields[i].offset));
    memcpy(record, into, shape->size);
    return OK;
}
