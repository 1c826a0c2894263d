/* Between records and SQL: the one place where a shape's fields meet parameters and columns.
 * Text and bytes that are absent (NULL) are SQL NULL, the id of zeros is too; empty is not absent. */
#pragma once

#include "store/store.h"
#include "store/tables.h"

enum { VALUES_MAX = 100 }; /* parameters or columns of a statement */

/* A parameter going in or a column coming out. KIND holds for NULL too; of a column it is never ID. */
struct value {
    enum shape_kind kind;
    bool null;
    int64_t number;
    struct bytes bytes; /* for text without the NUL */
};

/* Fills RET_VALUES (VALUES_MAX) in the order of the statement's parameters; they are views of PARAMS.
 * ERROR_TOO_LARGE for a text or bytes over its field's limit. */
RESULT record_params(const struct statement_entry *entry, struct record params, struct value *ret_values);

/* Rows as they come from an engine. */
struct rows {
    const struct shape *shape;
    struct arena *arena; /* for what rows point to */
    size_t max;          /* rows; an engine stops when as many are there */
    void *at;            /* malloc'ed; COUNT rows of shape->size bytes */
    size_t count, room;
    size_t columns;
    const struct shape_field *field_of[VALUES_MAX]; /* by column; NULL: has no field */
};

void rows_init(struct rows *rows, const struct shape *shape, struct arena *arena, size_t max);
void rows_done(struct rows *rows);
static inline bool rows_full(const struct rows *rows)
{
    return rows->count >= rows->max;
}
/* Says how the columns are called, before the first row. ERROR_STORE_STATEMENT for more than VALUES_MAX. */
RESULT rows_columns(struct rows *rows, const char *const *names, size_t count);
/* Takes a row, copying what it points to. ERROR_STORE_DAMAGED when a value is not of its field's kind. */
RESULT rows_add(struct rows *rows, const struct value *values);
