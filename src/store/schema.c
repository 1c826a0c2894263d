/* Migration: each step of the schema once, recorded in schema_step. */
#include "base/random.h"
#include "store/engine.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum { ARENA_MAX = 1 << 20 };

struct step_row {
    int64_t step;
    const char *name;
    int64_t applied_s;
};
static const struct shape_field step_fields[] = { SHAPE_INT(struct step_row, step),
                                                  SHAPE_TEXT(struct step_row, name, 100),
                                                  SHAPE_INT(struct step_row, applied_s) };
static const struct shape step_shape = SHAPE("schema_step", struct step_row, step_fields);

static struct result find_taken(struct connection *c, struct diag *diag, bool *taken);
static struct result take_step(struct connection *c, const struct schema_step *step);
static struct result take_in_transaction(struct connection *c, const struct schema_step *step);
static struct result record_step(struct connection *c, const struct schema_step *step);
static void wait_a_little(unsigned attempt);

struct result schema_bring_up(struct connection *c, struct diag *diag)
{
    /* The table of steps itself: making it twice does nothing. */
    struct result r = c->engine->define(c, store_schema[0].sql[c->engine->kind]);
    for (unsigned i = 0; failed(r) && c->fate == FATE_AGAIN && i < STORE_RETRIES_MAX; i++) {
        wait_a_little(i);
        r = c->engine->define(c, store_schema[0].sql[c->engine->kind]);
    }
    if (failed(r)) return diag_log(diag, r.code, "schema step %s: %s", store_schema[0].name, c->failure);
    bool *taken = calloc(store_schema_count, sizeof *taken);
    if (!taken) abort();
    r = find_taken(c, diag, taken);
    for (size_t i = 0; !failed(r) && i < store_schema_count; i++) {
        if (taken[i]) continue;
        r = take_step(c, &store_schema[i]);
        if (failed(r)) r = diag_log(diag, r.code, "schema step %s: %s", store_schema[i].name, c->failure);
    }
    free(taken);
    return r;
}

struct result schema_check(struct connection *c, struct diag *diag)
{
    bool *taken = calloc(store_schema_count, sizeof *taken);
    if (!taken) abort();
    struct result r = find_taken(c, diag, taken);
    for (size_t i = 0; i < store_schema_count && !failed(r); i++)
        if (!taken[i])
            r = diag_log(diag, ERROR_STORE_SCHEMA, "the database lacks step %s; the first start of this version takes "
                                                   "it", store_schema[i].name);
    free(taken);
    return r;
}

static struct result find_taken(struct connection *c, struct diag *diag, bool *taken)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct rows rows CLEANUP(rows_done);
    struct step_row after = { .step = -1 };
    size_t at = 0;
    do {
        arena_reset(arena);
        rows_init(&rows, &step_shape, arena, STORE_LIST_MAX);
        struct value value;
        TRY(record_params(&store_statements[STATEMENT_SCHEMA_STEP_LIST], RECORD(step_shape, &after), &value));
        struct result r = c->engine->run(c, STATEMENT_SCHEMA_STEP_LIST, &value, &rows, NULL);
        if (failed(r)) return diag_log(diag, r.code, "schema_step: %s", c->failure);
        for (size_t i = 0; i < rows.count; i++) {
            const struct step_row *row = &((const struct step_row *)rows.at)[i];
            while (at < store_schema_count && store_schema[at].step < row->step) at++;
            if (at == store_schema_count || store_schema[at].step != row->step)
                return diag_log(diag, ERROR_STORE_SCHEMA, "the database has step %s, which this build does not know",
                                row->name);
            taken[at] = true;
            after.step = row->step;
        }
        if (!rows_full(&rows)) return OK;
        rows_done(&rows);
    } while (true);
}

/* Another process may be taking the same step: then this one waits, or finds it taken. */
static struct result take_step(struct connection *c, const struct schema_step *step)
{
    struct result r = OK;
    for (unsigned i = 0; i < STORE_RETRIES_MAX; i++) {
        if (c->engine->ddl_in_transaction) {
            r = take_in_transaction(c, step);
        } else {
            r = c->engine->define(c, step->sql[c->engine->kind]);
            if (!failed(r)) r = record_step(c, step);
        }
        if (r.code == ERROR_STORE_EXISTS) return OK;
        if (!failed(r) || c->fate != FATE_AGAIN) return r;
        wait_a_little(i);
    }
    return r;
}

/* The record first: the one that comes second is stopped by it before it does anything. */
static struct result take_in_transaction(struct connection *c, const struct schema_step *step)
{
    struct result r = c->engine->begin(c);
    if (!failed(r)) r = record_step(c, step);
    if (!failed(r)) r = c->engine->define(c, step->sql[c->engine->kind]);
    if (!failed(r)) return c->engine->commit(c);
    enum fate fate = c->fate;
    c->engine->rollback(c);
    c->fate = fate;
    return r;
}

static struct result record_step(struct connection *c, const struct schema_step *step)
{
    struct clock clock = { clock_system, 0 };
    struct step_row row = { step->step, step->name, clock_now(&clock) };
    struct value values[VALUES_MAX];
    TRY(record_params(&store_statements[STATEMENT_SCHEMA_STEP_INSERT], RECORD(step_shape, &row), values));
    return c->engine->run(c, STATEMENT_SCHEMA_STEP_INSERT, values, NULL, NULL);
}

static void wait_a_little(unsigned attempt)
{
    uint8_t r;
    random_fill(&r, 1);
    struct timespec t = { 0, (attempt + 1) * 20000000L + r * 100000L };
    nanosleep(&t, NULL);
}
