#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/fault.h"
#include "base/random.h"
#include "store/engine.h"

enum {
    READERS_MAX = 64,
    READER_WAIT_S = 10,       /* for a free connection */
    READ_TRIES_MAX = 3,       /* of a read whose connection was lost or whose snapshot was cancelled */
    GATHER_NS = 2000000,      /* while a batch is younger, what comes in joins it */
    BACK_OFF_FIRST_US = 2000, /* doubled for each retry */
    BACK_OFF_MAX_US = 1000000,
};

/* A closure waiting for its commit; lies on the stack of its caller. */
struct job {
    struct job *next;
    store_fn *fn;
    void *context;
    struct result result;
    bool done;
    pthread_cond_t finished;
};

struct batch {
    struct job *jobs[STORE_BATCH_MAX];
    size_t count, done; /* gathered; told their result */
    struct timespec began;
};

struct tx {
    struct connection *c;
};

struct store {
    const struct engine *engine;
    char *url;
    pthread_t thread; /* the writer */
    /* The writer thread's own. */
    struct connection *writer; /* NULL while it cannot be opened */
    bool down;                 /* the last batch could not reach the database */

    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t filled;
    struct job *first, **last;
    unsigned waiting, waiting_max;
    bool closing;
    pthread_cond_t freed;
    struct connection *readers[READERS_MAX]; /* the free ones come first; NULL: must be opened */
    unsigned readers_count, readers_free;
    struct store_counts counts;
    char failure[DIAG_TEXT_MAX];
};

static const struct engine *const engines[] = { &engine_sqlite, &engine_postgresql };

static struct result open_connection(struct store *store, enum engine_role role, struct diag *diag,
                                     struct connection **ret_connection);
static struct result open_all(struct store *store, struct diag *diag);
static void free_store(struct store *store);
static void *writer_main(void *closure);
static void note_failure(struct store *store, struct connection *c);

/* ---- opening and closing ---- */

static const struct engine *engine_of(const char *url)
{
    for (size_t i = 0; i < COUNT(engines); i++)
        if (text_starts(url, engines[i]->prefix)) return engines[i];
    return NULL;
}

struct result store_open(const struct store_options *options, struct diag *diag, struct store **ret_store)
{
    const struct engine *engine = engine_of(options->url);
    if (!engine) return diag_log(diag, ERROR_STORE_URL, "the URL begins with none of: sqlite: postgresql://");
    if (options->readers < 1 || options->readers > READERS_MAX)
        return diag_log(diag, ERROR_STORE_URL, "1 to %d connections for reading, not %u", READERS_MAX,
                        options->readers);
    struct store *store = calloc(1, sizeof *store);
    char *url = strdup(options->url);
    if (!store || !url) abort();
    store->engine = engine;
    store->url = url;
    store->readers_count = store->readers_free = options->readers;
    store->waiting_max = options->queue ? options->queue : STORE_QUEUE_MAX;
    store->last = &store->first;
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->filled, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&store->freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    struct result r = open_all(store, diag);
    if (failed(r)) {
        free_store(store);
        return r;
    }
    *ret_store = store;
    return OK;
}

static struct result open_all(struct store *store, struct diag *diag)
{
    TRY(store->engine->open(store->url, ENGINE_WRITES, diag, &store->writer));
    TRY(schema_bring_up(store->writer, diag));
    store->engine->lock(store->writer);
    for (unsigned i = 0; i < store->readers_count; i++)
        TRY(open_connection(store, ENGINE_READS, diag, &store->readers[i]));
    /* Signals are for the threads of whoever opened the store. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&store->thread, NULL, writer_main, store)) abort();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return OK;
}

static struct result open_connection(struct store *store, enum engine_role role, struct diag *diag,
                                     struct connection **ret_connection)
{
    struct connection *c;
    TRY(store->engine->open(store->url, role, diag, &c));
    store->engine->lock(c);
    *ret_connection = c;
    return OK;
}

void store_close(struct store *store)
{
    if (!store) return;
    pthread_mutex_lock(&store->lock);
    store->closing = true;
    pthread_cond_signal(&store->filled);
    pthread_mutex_unlock(&store->lock);
    pthread_join(store->thread, NULL);
    assert(store->readers_free == store->readers_count); /* nobody is reading */
    free_store(store);
}

static void free_store(struct store *store)
{
    for (unsigned i = 0; i < store->readers_count; i++)
        if (store->readers[i]) store->engine->close(store->readers[i]);
    if (store->writer) store->engine->close(store->writer);
    pthread_mutex_destroy(&store->lock);
    pthread_cond_destroy(&store->filled);
    pthread_cond_destroy(&store->freed);
    free(store->url);
    free(store);
}

/* ---- writing: callers ---- */

struct result store_write(struct store *store, store_fn *fn, void *context)
{
    assert(!pthread_equal(pthread_self(), store->thread)); /* a closure within a closure would wait for itself */
    struct job job = { .fn = fn, .context = context, .finished = PTHREAD_COND_INITIALIZER };
    pthread_mutex_lock(&store->lock);
    assert(!store->closing);
    bool taken = store->waiting < store->waiting_max;
    if (taken) {
        *store->last = &job;
        store->last = &job.next;
        store->waiting++;
        pthread_cond_signal(&store->filled);
        while (!job.done) pthread_cond_wait(&job.finished, &store->lock);
    }
    pthread_mutex_unlock(&store->lock);
    pthread_cond_destroy(&job.finished);
    return taken ? job.result : FAIL(ERROR_STORE_BUSY);
}

/* ---- writing: the writer thread ---- */

/* Takes from the queue what the batch has room for. The lock is held. */
static size_t gather(struct store *store, struct batch *batch)
{
    size_t before = batch->count;
    while (store->first && batch->count < STORE_BATCH_MAX) {
        struct job *job = store->first;
        store->first = job->next;
        if (!store->first) store->last = &store->first;
        store->waiting--;
        batch->jobs[batch->count++] = job;
    }
    return batch->count - before;
}

/* What came in while a young batch ran joins it; nothing is waited for. */
static size_t gather_late(struct store *store, struct batch *batch)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t age_ns = (now.tv_sec - batch->began.tv_sec) * 1000000000LL + now.tv_nsec - batch->began.tv_nsec;
    if (age_ns >= GATHER_NS || batch->count == STORE_BATCH_MAX) return 0;
    pthread_mutex_lock(&store->lock);
    size_t count = gather(store, batch);
    pthread_mutex_unlock(&store->lock);
    return count;
}

static struct result run_closure(struct connection *c, struct job *job)
{
    TRY(c->engine->mark(c));
    struct tx tx = { c };
    job->result = job->fn(&tx, job->context);
    /* Whatever the closure made of it: with the transaction gone it did not happen. */
    if (c->fate != FATE_FINE) return FAIL(c->code);
    return failed(job->result) ? c->engine->undo(c) : c->engine->keep(c);
}

static struct result run_part(struct store *store, struct batch *batch, bool grows, size_t *take)
{
    struct connection *c = store->writer;
    struct result r = c->engine->begin(c);
    for (size_t i = 0; !failed(r) && i < *take; i++) {
        r = run_closure(c, batch->jobs[batch->done + i]);
        if (!failed(r) && grows && i + 1 == *take) *take += gather_late(store, batch);
    }
    if (!failed(r)) FAULT("store:before-commit");
    if (!failed(r)) r = c->engine->commit(c);
    if (failed(r)) c->engine->rollback(c);
    if (!failed(r)) FAULT("store:committed");
    return r;
}

/* Runs TAKE closures of the batch as one transaction; RET_FATE says what to do when it failed. */
static struct result try_part(struct store *store, struct batch *batch, bool grows, size_t *take,
                              enum fate *ret_fate)
{
    *ret_fate = FATE_LOST;
    if (!store->writer) {
        struct diag diag = { 0 };
        struct result r = open_connection(store, ENGINE_WRITES, &diag, &store->writer);
        if (failed(r)) {
            pthread_mutex_lock(&store->lock);
            memcpy(store->failure, diag.log, sizeof store->failure);
            pthread_mutex_unlock(&store->lock);
            return r;
        }
    }
    struct result r = run_part(store, batch, grows, take);
    *ret_fate = failed(r) ? store->writer->fate : FATE_FINE;
    note_failure(store, store->writer);
    if (*ret_fate == FATE_LOST || *ret_fate == FATE_UNKNOWN) {
        store->engine->close(store->writer);
        store->writer = NULL;
    }
    return r;
}

static void back_off(unsigned tries)
{
    int64_t us = (int64_t)BACK_OFF_FIRST_US << (tries < 16 ? tries : 16);
    if (us > BACK_OFF_MAX_US) us = BACK_OFF_MAX_US;
    /* Between half and all of it, so that two who hindered each other do not meet again. */
    uint8_t r;
    random_fill(&r, 1);
    us = us / 2 + us / 2 * r / 255;
    struct timespec t = { us / 1000000, us % 1000000 * 1000 };
    nanosleep(&t, NULL);
}

/* Tells COUNT closures how it went: R if the transaction failed, else each its own result. */
static void settle(struct store *store, struct batch *batch, size_t count, struct result r)
{
    pthread_mutex_lock(&store->lock);
    if (!failed(r)) store->counts.commits++;
    for (size_t i = 0; i < count; i++) {
        struct job *job = batch->jobs[batch->done++];
        if (failed(r)) job->result = r;
        if (!failed(job->result)) store->counts.writes++;
        job->done = true;
        pthread_cond_signal(&job->finished);
    }
    pthread_mutex_unlock(&store->lock);
}

static void count_retry(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    store->counts.retries++;
    pthread_mutex_unlock(&store->lock);
}

static void write_batch(struct store *store, struct batch *batch)
{
    size_t take = batch->count;
    unsigned tries = 0;
    bool alone = false;
    while (batch->done < batch->count) {
        enum fate fate;
        struct result r = try_part(store, batch, tries == 0 && !alone, &take, &fate);
        /* While the database is away each batch tries once, so that the queue does not wait for nothing. */
        bool again = fate == FATE_AGAIN || (fate == FATE_LOST && !store->down);
        if (again && tries < STORE_RETRIES_MAX) {
            count_retry(store);
            back_off(tries++);
            /* Fewer rows in a transaction meet fewer of those of others. */
            if (fate == FATE_AGAIN) take = (take + 1) / 2;
            continue;
        }
        if (fate == FATE_BROKEN && take > 1) {
            /* One of them did it: one by one, so that the others do not pay for it. */
            alone = true;
            take = 1;
            continue;
        }
        store->down = fate == FATE_LOST;
        settle(store, batch, take, r);
        tries = 0;
        take = alone ? 1 : batch->count - batch->done;
    }
}

static void *writer_main(void *closure)
{
    struct store *store = closure;
    for (;;) {
        struct batch batch = { .count = 0 };
        pthread_mutex_lock(&store->lock);
        while (!store->first && !store->closing) pthread_cond_wait(&store->filled, &store->lock);
        gather(store, &batch);
        pthread_mutex_unlock(&store->lock);
        if (!batch.count) return NULL; /* closing, and nothing is left */
        clock_gettime(CLOCK_MONOTONIC, &batch.began);
        write_batch(store, &batch);
        if (store->writer) store->engine->tend(store->writer);
    }
}

/* ---- reading ---- */

static bool take_reader(struct store *store, struct connection **ret_connection)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += READER_WAIT_S;
    int timed_out = 0;
    pthread_mutex_lock(&store->lock);
    while (!store->readers_free && timed_out != ETIMEDOUT)
        timed_out = pthread_cond_timedwait(&store->freed, &store->lock, &until);
    bool free_one = store->readers_free > 0;
    if (free_one) {
        *ret_connection = store->readers[--store->readers_free];
        store->readers[store->readers_free] = NULL;
    }
    pthread_mutex_unlock(&store->lock);
    return free_one;
}

static void give_reader(struct store *store, struct connection *c)
{
    pthread_mutex_lock(&store->lock);
    store->readers[store->readers_free++] = c;
    pthread_cond_signal(&store->freed);
    pthread_mutex_unlock(&store->lock);
}

/* A single statement sees one snapshot without a transaction around it. */
static struct result read_once(struct connection *c, store_fn *fn, void *context, bool single)
{
    c->fate = FATE_FINE;
    struct tx tx = { c };
    if (!single) TRY(c->engine->begin(c));
    struct result r = fn(&tx, context);
    if (c->fate != FATE_FINE) r = FAIL(c->code);
    if (single) return r;
    if (failed(r)) {
        c->engine->rollback(c);
        return r;
    }
    return c->engine->commit(c);
}

static struct result read_with(struct store *store, store_fn *fn, void *context, bool single)
{
    struct connection *c;
    ENSURE(take_reader(store, &c), ERROR_STORE_BUSY);
    struct result r = OK;
    for (unsigned tries = 0; tries < READ_TRIES_MAX; tries++) {
        if (tries) back_off(tries);
        if (!c) {
            struct diag diag = { 0 };
            r = open_connection(store, ENGINE_READS, &diag, &c);
            if (failed(r)) break;
        }
        r = read_once(c, fn, context, single);
        enum fate fate = failed(r) ? c->fate : FATE_FINE;
        note_failure(store, c);
        if (fate == FATE_LOST || fate == FATE_UNKNOWN) {
            store->engine->close(c);
            c = NULL;
        }
        if (fate == FATE_FINE || fate == FATE_BROKEN) break;
    }
    give_reader(store, c);
    return r;
}

struct result store_read(struct store *store, store_fn *fn, void *context)
{
    return read_with(store, fn, context, false);
}

/* ---- inside a closure ---- */

static struct result run(struct tx *tx, enum statement statement, struct record params, struct rows *rows,
                         int64_t *ret_changed)
{
    assert((size_t)statement < store_statements_count);
    const struct statement_entry *entry = &store_statements[statement];
    struct connection *c = tx->c;
    assert(entry->reads || c->role == ENGINE_WRITES); /* a read must not write */
    if (c->fate != FATE_FINE) return FAIL(c->code);
    struct value values[VALUES_MAX];
    TRY(record_params(entry, params, values));
    return c->engine->run(c, statement, values, rows, ret_changed);
}

struct result tx_run(struct tx *tx, enum statement statement, struct record params, int64_t *ret_changed)
{
    int64_t changed = 0;
    TRY(run(tx, statement, params, NULL, &changed));
    if (ret_changed) *ret_changed = changed;
    return OK;
}

struct result tx_change(struct tx *tx, enum statement statement, struct record params)
{
    int64_t changed = 0;
    TRY(run(tx, statement, params, NULL, &changed));
    ENSURE(changed == 1, ERROR_STORE_CONFLICT);
    return OK;
}

struct result tx_one(struct tx *tx, enum statement statement, struct record params, struct arena *arena,
                     const struct shape *shape, void *ret_row)
{
    struct rows rows CLEANUP(rows_done);
    rows_init(&rows, shape, arena, 2);
    TRY(run(tx, statement, params, &rows, NULL));
    assert(rows.count <= 1); /* the statement asks by something that is not unique */
    ENSURE(rows.count == 1, ERROR_NOT_FOUND);
    memcpy(ret_row, rows.at, shape->size);
    return OK;
}

struct result tx_list(struct tx *tx, enum statement statement, struct record params, struct arena *arena,
                      const struct shape *shape, size_t max, void **ret_rows, size_t *ret_count)
{
    assert(max <= STORE_LIST_MAX);
    struct rows rows CLEANUP(rows_done);
    rows_init(&rows, shape, arena, max);
    TRY(run(tx, statement, params, &rows, NULL));
    void *list = arena_array(arena, rows.count, shape->size);
    ENSURE(list, ERROR_OUT_OF_ROOM);
    if (rows.count) memcpy(list, rows.at, rows.count * shape->size);
    *ret_rows = list;
    *ret_count = rows.count;
    return OK;
}

/* ---- single statements ---- */

struct single {
    enum statement statement;
    struct record params;
    struct arena *arena;
    const struct shape *shape;
    void *row;
    size_t max;
    void *rows;
    size_t count;
};

static struct result change_single(struct tx *tx, void *context)
{
    struct single *s = context;
    return tx_change(tx, s->statement, s->params);
}

static struct result one_single(struct tx *tx, void *context)
{
    struct single *s = context;
    return tx_one(tx, s->statement, s->params, s->arena, s->shape, s->row);
}

static struct result list_single(struct tx *tx, void *context)
{
    struct single *s = context;
    return tx_list(tx, s->statement, s->params, s->arena, s->shape, s->max, &s->rows, &s->count);
}

struct result store_change(struct store *store, enum statement statement, struct record params)
{
    struct single s = { statement, params };
    return store_write(store, change_single, &s);
}

struct result store_one(struct store *store, enum statement statement, struct record params, struct arena *arena,
                        const struct shape *shape, void *ret_row)
{
    struct single s = { statement, params, arena, shape, ret_row };
    return read_with(store, one_single, &s, true);
}

struct result store_list(struct store *store, enum statement statement, struct record params, struct arena *arena,
                         const struct shape *shape, size_t max, void **ret_rows, size_t *ret_count)
{
    struct single s = { statement, params, arena, shape, NULL, max };
    TRY(read_with(store, list_single, &s, true));
    *ret_rows = s.rows;
    *ret_count = s.count;
    return OK;
}

/* ---- the rest ---- */

struct result store_backup(struct store *store, const char *path)
{
    return store->engine->backup(store->url, path);
}

/* Not locked: there are no statements but those of a copy, which may take as long as it takes. */
static struct result open_alone(const char *url, enum engine_role role, struct diag *diag,
                                struct connection **ret_connection)
{
    const struct engine *engine = engine_of(url);
    if (!engine) return diag_log(diag, ERROR_STORE_URL, "the URL begins with none of: sqlite: postgresql://");
    return engine->open(url, role, diag, ret_connection);
}

static struct result copy_between(const char *from, const char *to, struct diag *diag, struct connection **ret_from,
                                  struct connection **ret_to, int64_t *ret_rows)
{
    TRY(open_alone(from, ENGINE_READS, diag, ret_from));
    TRY(to ? open_alone(to, ENGINE_WRITES, diag, ret_to) : engine_sqlite_memory(ret_to));
    return copy_rows(*ret_from, *ret_to, diag, ret_rows);
}

struct result store_image(const char *url, struct diag *diag, store_image_fn *fn, void *context)
{
    const struct engine *engine = engine_of(url);
    struct connection *from = NULL, *to = NULL;
    int64_t rows;
    if (engine == &engine_sqlite) return engine_sqlite_copy(url, fn, context);
    struct result r = copy_between(url, NULL, diag, &from, &to, &rows);
    if (!failed(r)) r = engine_sqlite_image(to, fn, context);
    if (from) from->engine->close(from);
    if (to) to->engine->close(to);
    return r;
}

struct result store_copy(const char *from_url, const char *to_url, struct diag *diag, int64_t *ret_rows)
{
    struct connection *from = NULL, *to = NULL;
    struct result r = copy_between(from_url, to_url, diag, &from, &to, ret_rows);
    if (from) from->engine->close(from);
    if (to) to->engine->close(to);
    return r;
}

void store_counts(struct store *store, struct store_counts *ret_counts)
{
    pthread_mutex_lock(&store->lock);
    *ret_counts = store->counts;
    pthread_mutex_unlock(&store->lock);
}

void store_failure(struct store *store, struct diag *diag)
{
    pthread_mutex_lock(&store->lock);
    if (store->failure[0]) IGNORE(diag_log(diag, ERROR_INTERNAL, "%s", store->failure));
    pthread_mutex_unlock(&store->lock);
}

static void note_failure(struct store *store, struct connection *c)
{
    if (!c->failure[0]) return;
    pthread_mutex_lock(&store->lock);
    memcpy(store->failure, c->failure, sizeof store->failure);
    pthread_mutex_unlock(&store->lock);
    c->failure[0] = '\0';
}

struct result engine_failed(struct connection *c, enum fate fate, enum error code, const char *words)
{
    if (fate != FATE_FINE) {
        c->fate = fate;
        c->code = code;
    }
    if (code != ERROR_STORE_EXISTS) snprintf(c->failure, sizeof c->failure, "%.*s", (int)strcspn(words, "\n"), words);
    return FAIL(code);
}
