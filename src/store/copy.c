/* A database copied into another one, whatever engine either has: the tables of the schema, then all rows of each. */
#include <stdlib.h>

#include "crypto/sm3.h"
#include "store/engine.h"

enum { ARENA_MAX = 1 << 20 };

/* What a table holds, whatever the order of its rows. */
struct sum {
    uint64_t rows, words[SM3_SIZE / 8];
};

struct copying {
    struct connection *from, *to;
    const struct store_table *table;
    struct sum sum;
    int64_t rows; /* of all tables */
};

/* ---- the sum ---- */

static void add_value(struct sm3 *sm3, const struct value *v, char kind)
{
    uint8_t head[9] = { v->null ? '-' : (uint8_t)kind };
    uint64_t number = kind == 'I' ? (uint64_t)v->number : v->bytes.len;
    for (size_t i = 0; i < 8 && !v->null; i++) head[1 + i] = (uint8_t)(number >> (56 - 8 * i));
    sm3_update(sm3, bytes_of(head, sizeof head));
    if (!v->null && kind != 'I') sm3_update(sm3, v->bytes);
}

static void add_row(struct sum *sum, const struct store_table *table, const struct value *values)
{
    struct sm3 sm3;
    uint8_t hash[SM3_SIZE];
    sm3_init(&sm3);
    for (size_t i = 0; i < table->columns; i++) add_value(&sm3, &values[i], table->kinds[i]);
    sm3_final(&sm3, hash);
    struct reader r = reader_of(BYTES(hash));
    for (size_t i = 0; i < COUNT(sum->words); i++) sum->words[i] += read_u64(&r);
    sum->rows++;
}

static bool same(const struct sum *a, const struct sum *b)
{
    bool equal = a->rows == b->rows;
    for (size_t i = 0; i < COUNT(a->words); i++) equal = equal && a->words[i] == b->words[i];
    return equal;
}

/* ---- rows ---- */

/* SQLite keeps whatever it was given, also in a column of another kind. */
static struct result check_kinds(const struct store_table *table, const struct value *values)
{
    for (size_t i = 0; i < table->columns; i++) {
        const char kind = values[i].kind == SHAPE_KIND_INT ? 'I' : values[i].kind == SHAPE_KIND_TEXT ? 'T' : 'B';
        ENSURE(values[i].null || kind == table->kinds[i], ERROR_STORE_DAMAGED);
    }
    return OK;
}

static struct result take_row(const struct value *values, void *context)
{
    struct copying *c = context;
    TRY(check_kinds(c->table, values));
    add_row(&c->sum, c->table, values);
    return c->to->engine->insert(c->to, c->table, values);
}

static struct result read_back(const struct value *values, void *context)
{
    struct copying *c = context;
    TRY(check_kinds(c->table, values));
    add_row(&c->sum, c->table, values);
    return OK;
}

static struct result copy_table(struct copying *c, const struct store_table *table)
{
    c->table = table;
    c->sum = (struct sum){ 0 };
    TRY(c->from->engine->scan(c->from, table, take_row, c));
    TRY(c->to->engine->inserted(c->to));
    const struct sum taken = c->sum;
    c->sum = (struct sum){ 0 };
    TRY(c->to->engine->scan(c->to, table, read_back, c));
    c->rows += (int64_t)taken.rows;
    return same(&taken, &c->sum) ? OK : FAIL(ERROR_STORE_DAMAGED);
}

/* ---- the whole ---- */

/* Tables and indexes; what the steps do to rows has been done to those that come. */
static struct result make_tables(struct connection *to)
{
    bool empty;
    TRY(to->engine->empty(to, &empty));
    ENSURE(empty, ERROR_STORE_NOT_EMPTY);
    for (size_t i = 0; i < store_schema_count; i++)
        if (!store_schema[i].rows) TRY(to->engine->define(to, store_schema[i].sql[to->engine->kind]));
    return OK;
}

static struct result tell(const struct connection *c, const char *what, struct result r, struct diag *diag)
{
    return diag_log(diag, r.code, "%s%s%s", what, c->failure[0] ? ": " : "", c->failure);
}

static struct result fill(struct copying *c, struct diag *diag)
{
    struct result r = make_tables(c->to);
    if (failed(r)) return tell(c->to, "the tables", r, diag);
    for (size_t i = 0; i < store_tables_count; i++) {
        r = copy_table(c, &store_tables[i]);
        if (failed(r)) return tell(c->to->failure[0] ? c->to : c->from, store_tables[i].name, r, diag);
    }
    r = c->to->engine->commit(c->to);
    return failed(r) ? tell(c->to, "the commit", r, diag) : OK;
}

static struct result copy_snapshot(struct copying *c, struct diag *diag)
{
    TRY(schema_check(c->from, diag));
    struct result r = c->to->engine->begin(c->to);
    if (failed(r)) return tell(c->to, "the beginning", r, diag);
    r = fill(c, diag);
    if (failed(r)) c->to->engine->rollback(c->to);
    return r;
}

struct result copy_rows(struct connection *from, struct connection *to, struct diag *diag, int64_t *ret_rows)
{
    struct copying c = { .from = from, .to = to };
    struct result r = from->engine->begin(from);
    if (failed(r)) return tell(from, "the snapshot", r, diag);
    r = copy_snapshot(&c, diag);
    from->engine->rollback(from);
    TRY(r);
    *ret_rows = c.rows;
    return OK;
}
