/* What an engine does for the store: one connection, one transaction at a time. Only in src/store.
 * A connection is used by one thread at a time; it may change hands between uses. */
#pragma once

#include "store/record.h"

/* What happened to a transaction beyond one statement that failed. */
enum fate {
    FATE_FINE,    /* nothing: the next statement may follow */
    FATE_AGAIN,   /* undone by the engine, which asks for it to be run again */
    FATE_LOST,    /* undone with its connection, which must be opened again */
    FATE_BROKEN,  /* cannot go on and would not do better the next time */
    FATE_UNKNOWN, /* the commit was under way: durable or not */
};

enum engine_role { ENGINE_WRITES, ENGINE_READS };

/* An engine's connection begins with this. */
struct connection {
    const struct engine *engine;
    enum engine_role role;
    enum fate fate;              /* of the current transaction; begin sets it anew */
    enum error code;             /* of what made the fate */
    char failure[DIAG_TEXT_MAX]; /* the engine's own words for the last failure; without values */
};

typedef struct result row_fn(const struct value *values, void *context);

struct engine {
    enum engine_kind kind;
    const char *prefix; /* of its URLs */
    /* Whether DDL and the record of it share a transaction. */
    bool ddl_in_transaction;
    RESULT (*open)(const char *url, enum engine_role role, struct diag *diag, struct connection **ret_connection);
    void (*close)(struct connection *c);
    /* The schema is up to date: from now on nothing but the named statements. */
    void (*lock)(struct connection *c);

    /* A transaction ends by commit or rollback, whatever has failed in it. Those of a connection that reads
     * see one snapshot. After a failure c->fate says whether more than the one call has failed. */
    RESULT (*begin)(struct connection *c);
    RESULT (*commit)(struct connection *c);
    void (*rollback)(struct connection *c);
    /* Around one closure: mark, then either keep or undo. */
    RESULT (*mark)(struct connection *c);
    RESULT (*keep)(struct connection *c);
    RESULT (*undo)(struct connection *c);

    /* Runs a statement, in a transaction or by itself. PARAMS as record_params made them. ROWS is NULL when
     * none are wanted. A statement that changes something and fails leaves nothing behind. */
    RESULT (*run)(struct connection *c, enum statement statement, const struct value *params, struct rows *rows,
                  int64_t *ret_changed);
    /* One DDL statement of the schema. */
    RESULT (*define)(struct connection *c, const char *sql);
    /* Upkeep after commits, while nobody waits for an answer. */
    void (*tend)(struct connection *c);
    RESULT (*backup)(const char *url, const char *path);

    /* ---- whole tables (copy.c), in a transaction ---- */
    RESULT (*empty)(struct connection *c, bool *ret_empty); /* no table is there */
    /* Every row to FN, values in the order of TABLE's columns; they last until FN returns. */
    RESULT (*scan)(struct connection *c, const struct store_table *table, row_fn *fn, void *context);
    /* It may wait for more of them; INSERTED returns when all are in, with the first failure. */
    RESULT (*insert)(struct connection *c, const struct store_table *table, const struct value *values);
    RESULT (*inserted)(struct connection *c);
};

extern const struct engine engine_sqlite, engine_postgresql;

/* Keeps the engine's words, sets what became of the transaction, returns FAIL(code). */
struct result engine_failed(struct connection *c, enum fate fate, enum error code, const char *words);

/* An embedded database in memory, and the bytes that a file of it would have. */
RESULT engine_sqlite_memory(struct connection **ret_connection);
RESULT engine_sqlite_image(struct connection *c, store_image_fn *fn, void *context);
/* The image of one in a file, page by page, while others write. */
RESULT engine_sqlite_copy(const char *url, store_image_fn *fn, void *context);

/* Brings the schema up to date on a connection that writes. */
RESULT schema_bring_up(struct connection *c, struct diag *diag);
/* Whether it is up to date: ERROR_STORE_SCHEMA with the step that is missing or not known. */
RESULT schema_check(struct connection *c, struct diag *diag);

/* Of FROM, in one snapshot, into TO, which is empty: the tables of the schema and every row, read back before the one
 * transaction is committed. RET_ROWS: how many. ERROR_STORE_NOT_EMPTY, ERROR_STORE_SCHEMA; ERROR_STORE_DAMAGED for a
 * value of another kind than its column's, or when what was read back differs. */
RESULT copy_rows(struct connection *from, struct connection *to, struct diag *diag, int64_t *ret_rows);
