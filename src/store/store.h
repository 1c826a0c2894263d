/* The database behind one header: SQLite (WAL, synchronous=FULL) or PostgreSQL, told apart only in here.
 * All SQL text stands in src/store/sql; outside there are only the names of statements (statements.h,
 * generated) and records with shapes.
 *
 * Writes are closures, run by the one writer thread, many to a commit (group commit); a closure may run
 * again when the engine asks for it (40001, 40P01, SQLITE_BUSY), so it has no effect but on the database
 * and its own context, which it sets anew each time it runs. store_write returns when its commit is durable.
 * A closure that fails is undone alone (savepoint); its neighbours in the commit stay.
 * Reads run in the caller's thread on a connection of a small pool, each in one snapshot. */
#pragma once

#include "base/clock.h"
#include "base/diag.h"
#include "base/shape.h"
#include "statements.h" /* generated: enum statement, STATEMENT_ACCOUNT_INSERT … */

enum {
    STORE_LIST_MAX = 1000,  /* rows a list may ask for */
    STORE_BATCH_MAX = 100,  /* closures in a commit */
    STORE_QUEUE_MAX = 4096, /* closures waiting; more get ERROR_STORE_BUSY */
    STORE_RETRIES_MAX = 10
};

struct store;
struct tx; /* valid inside the closure only */

struct store_options {
    const char *url;  /* "sqlite:/path/hufu.db" or "postgresql://…", libpq's own form */
    unsigned readers; /* connections for reading, 1 … 64 */
    unsigned queue;   /* closures that may wait, at most; 0 for STORE_QUEUE_MAX */
};

/* Opens and brings the schema up to date, step by step; a schema newer than this build is refused
 * (ERROR_STORE_SCHEMA). DIAG's log text says which step failed. */
RESULT store_open(const struct store_options *options, struct diag *diag, struct store **ret_store);
/* Waits for what is queued, then closes. */
void store_close(struct store *store);

typedef struct result store_fn(struct tx *tx, void *context);
RESULT store_write(struct store *store, store_fn *fn, void *context);
RESULT store_read(struct store *store, store_fn *fn, void *context);

/* ---- inside a closure ----
 * A statement that fails leaves nothing behind, and the closure may go on (insert; on ERROR_STORE_EXISTS
 * update). :name in a statement takes the field NAME of PARAMS; a name the shape does not have is a bug
 * (assert). Columns of the answer fill the fields of the same name of ROW's shape; fields without a column
 * stay zero. ERROR_TOO_LARGE when a text or bytes of PARAMS is over the limit in its shape;
 * ERROR_STORE_DAMAGED when a column does not hold what its field is. What a row points to lives in ARENA. A
 * unique constraint broken gives ERROR_STORE_EXISTS, a foreign key or check broken ERROR_STORE_CONSTRAINT. */
struct record {
    const struct shape *shape;
    const void *at;
};
#define RECORD(shape, at) ((struct record){ &(shape), (at) })
/* For statements without parameters. */
#define NO_PARAMS ((struct record){ NULL, NULL })

/* Runs; RET_CHANGED (may be NULL) gets the number of rows changed. */
RESULT tx_run(struct tx *tx, enum statement statement, struct record params, int64_t *ret_changed);
/* Runs and asks that exactly one row changed: ERROR_STORE_CONFLICT otherwise. For guarded updates
 * (WHERE id = :id AND version = :version). */
RESULT tx_change(struct tx *tx, enum statement statement, struct record params);
/* The one row; ERROR_NOT_FOUND when there is none. More than one is a bug (assert). */
RESULT tx_one(struct tx *tx, enum statement statement, struct record params, struct arena *arena,
              const struct shape *shape, void *ret_row);
/* Up to MAX rows as an array in ARENA. */
RESULT tx_list(struct tx *tx, enum statement statement, struct record params, struct arena *arena,
               const struct shape *shape, size_t max, void **ret_rows, size_t *ret_count);

/* ---- for single statements: a write or read of its own ---- */
RESULT store_change(struct store *store, enum statement statement, struct record params);
RESULT store_one(struct store *store, enum statement statement, struct record params, struct arena *arena,
                 const struct shape *shape, void *ret_row);
RESULT store_list(struct store *store, enum statement statement, struct record params, struct arena *arena,
                  const struct shape *shape, size_t max, void **ret_rows, size_t *ret_count);

/* A consistent copy of the whole database into a new file at PATH while others go on (SQLite only;
 * ERROR_NOT_SUPPORTED for PostgreSQL, whose own tools do it). */
RESULT store_backup(struct store *store, const char *path);

/* The whole database, in one snapshot while others go on, as the bytes of a file of the embedded one, whatever its own
 * engine is; in memory and nowhere else, handed to FN once. URL: of store_options; the store need not be open.
 * ERROR_STORE_SCHEMA when its schema is not this build's (PostgreSQL only). */
typedef struct result store_image_fn(struct bytes image, void *context);
RESULT store_image(const char *url, struct diag *diag, store_image_fn *fn, void *context);

/* Every row of the database at FROM, in one snapshot, into the one at TO, of whatever engines: in one transaction,
 * committed after what is in TO was read back and was the same. Tables are made in it; TO holds none before
 * (ERROR_STORE_NOT_EMPTY), and FROM has the schema of this build (ERROR_STORE_SCHEMA). RET_ROWS: how many it were. */
RESULT store_copy(const char *from, const char *to, struct diag *diag, int64_t *ret_rows);

/* How much was committed since it was opened. */
struct store_counts {
    uint64_t writes;  /* closures */
    uint64_t commits; /* for them; fewer where they shared one */
    uint64_t retries;
};
void store_counts(struct store *store, struct store_counts *ret_counts);

/* The engine's own words for its last failure, as DIAG's log text; they hold no values. For whoever logs a
 * failure with a code of this module. */
void store_failure(struct store *store, struct diag *diag);
