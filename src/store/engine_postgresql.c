/* PostgreSQL by libpq, in pipeline mode: BEGIN, savepoints and their like wait for the next statement and share its
 * round trip. Parameters and columns are binary. */
#include <assert.h>
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/engine.h"

/* Of the server's catalogue. */
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_VARCHAR = 1043 };

enum { DEFERRED_MAX = 16, NAME_MAX_LEN = 16, DECLARE_MAX = 8192, INSERTS_MAX = 200 };

/* A closure lies between savepoint c and its release; its second and later changes have a savepoint of their own (w),
 * so that one that fails is undone alone, as SQLite does it. */
enum control { BEGIN_WRITE, BEGIN_READ, COMMIT, ROLLBACK, MARK, KEEP, UNDO, MARK_ONE, KEEP_ONE, UNDO_ONE };
static const char *const control_sql[] = { "BEGIN ISOLATION LEVEL SERIALIZABLE",
                                           "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                                           "COMMIT",
                                           "ROLLBACK",
                                           "SAVEPOINT c",
                                           "RELEASE SAVEPOINT c",
                                           "ROLLBACK TO SAVEPOINT c",
                                           "SAVEPOINT w",
                                           "RELEASE SAVEPOINT w",
                                           "ROLLBACK TO SAVEPOINT w" };

struct postgresql {
    struct connection base;
    PGconn *conn;
    enum control deferred[DEFERRED_MAX]; /* to be sent before the next statement */
    size_t deferred_count;
    size_t expected; /* commands sent whose answers have not been read */
    size_t prepare;  /* which of these, from 1, prepares a statement; 0: none */
    enum statement preparing;
    bool unread;     /* a commit or rollback that nobody waited for is among them */
    bool begun;      /* in a transaction, though its BEGIN may be deferred */
    bool wrote;      /* the closure has changed something */
    const struct store_table *filled; /* the statement without a name inserts into it */
    bool prepared[]; /* by enum statement */
};

static struct postgresql *of(struct connection *c)
{
    return (struct postgresql *)c;
}

/* ---- failures ---- */

struct state_row {
    const char *prefix; /* of the SQLSTATE */
    enum fate fate;
    enum error code;
};
static const struct state_row states[] = {
    { "23505", FATE_FINE, ERROR_STORE_EXISTS },
    { "23", FATE_FINE, ERROR_STORE_CONSTRAINT },
    { "22", FATE_FINE, ERROR_STORE_STATEMENT }, /* a value that the server does not take */
    { "40003", FATE_LOST, ERROR_STORE_UNAVAILABLE },
    { "40", FATE_AGAIN, ERROR_STORE_BUSY },     /* serialization, deadlock */
    { "55P03", FATE_AGAIN, ERROR_STORE_BUSY },  /* lock not available */
    { "57014", FATE_BROKEN, ERROR_STORE_BUSY }, /* took longer than statements may */
    { "57P", FATE_LOST, ERROR_STORE_UNAVAILABLE },
    { "08", FATE_LOST, ERROR_STORE_UNAVAILABLE },
    { "25006", FATE_LOST, ERROR_STORE_UNAVAILABLE }, /* became a standby */
    { "0A000", FATE_LOST, ERROR_STORE_UNAVAILABLE }, /* a prepared statement that a migration made stale */
    { "26000", FATE_LOST, ERROR_STORE_UNAVAILABLE }, /* a prepared statement that is gone */
    { "53100", FATE_BROKEN, ERROR_STORE_FULL },
    { "53", FATE_LOST, ERROR_STORE_UNAVAILABLE },
    { "58", FATE_BROKEN, ERROR_IO },
    { "XX001", FATE_BROKEN, ERROR_STORE_DAMAGED },
    { "XX002", FATE_BROKEN, ERROR_STORE_DAMAGED },
    { "", FATE_BROKEN, ERROR_STORE_STATEMENT },
};

static struct result lost(struct postgresql *p)
{
    return engine_failed(&p->base, FATE_LOST, ERROR_STORE_UNAVAILABLE, PQerrorMessage(p->conn));
}

/* libpq's messages end with a line feed. */
static struct result not_opened(const PGconn *conn, struct diag *diag)
{
    const char *words = PQerrorMessage(conn);
    return diag_log(diag, ERROR_STORE_UNAVAILABLE, "%.*s", (int)strcspn(words, "\n"), words);
}

/* ANSWER is the failure of a command; NULL: there is none, the connection is gone. Only the primary message is kept:
 * the detail has values in it. */
static struct result answer_failed(struct postgresql *p, const PGresult *answer)
{
    const char *state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(answer, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (!state || PQstatus(p->conn) != CONNECTION_OK) return lost(p);
    char words[DIAG_TEXT_MAX];
    snprintf(words, sizeof words, "%s %s", state, PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY));
    if (severity && !text_equal(severity, "ERROR"))
        return engine_failed(&p->base, FATE_LOST, ERROR_STORE_UNAVAILABLE, words);
    const struct state_row *row = states;
    while (!text_starts(state, row->prefix)) row++;
    return engine_failed(&p->base, row->fate, row->code, words);
}

/* ---- sending and reading ---- */

static void defer(struct postgresql *p, enum control what)
{
    assert(p->deferred_count < DEFERRED_MAX);
    p->deferred[p->deferred_count++] = what;
}

static bool last_deferred(const struct postgresql *p, enum control what)
{
    return p->deferred_count && p->deferred[p->deferred_count - 1] == what;
}

/* The answer of the next command; NULL when the connection is gone. */
static PGresult *read_answer(struct postgresql *p)
{
    PGresult *answer = PQgetResult(p->conn);
    p->expected--;
    if (answer && PQresultStatus(answer) != PGRES_PIPELINE_SYNC) PQclear(PQgetResult(p->conn)); /* the end: NULL */
    return answer;
}

/* Reads up to the synchronization. The last command's answer goes to RET_LAST (may be NULL); the failure is that of
 * the first command that failed. */
static struct result read_answers(struct postgresql *p, PGresult **ret_last)
{
    struct result r = OK;
    PGresult *last = NULL;
    for (size_t at = 1; p->expected; at++) {
        PGresult *answer = read_answer(p);
        ExecStatusType status = PQresultStatus(answer);
        if (!answer) {
            p->expected = 0;
            r = lost(p);
        } else if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
            /* It stays prepared even if what comes behind it fails. */
            if (at == p->prepare) p->prepared[p->preparing] = true;
            PQclear(last);
            last = TAKE(answer);
        } else if (status != PGRES_PIPELINE_SYNC && status != PGRES_PIPELINE_ABORTED && !failed(r)) {
            r = answer_failed(p, answer);
        }
        PQclear(answer);
    }
    p->prepare = 0;
    if (!failed(r) && PQstatus(p->conn) != CONNECTION_OK) r = lost(p);
    if (failed(r) || !ret_last)
        PQclear(last);
    else
        *ret_last = last;
    return r;
}

/* Before anything is sent: the end of the last transaction, if nobody waited for it, and what was put off. */
static bool send_deferred(struct postgresql *p)
{
    if (p->unread) {
        p->unread = false;
        if (failed(read_answers(p, NULL))) return false;
    }
    for (size_t i = 0; i < p->deferred_count; i++) {
        if (!PQsendQueryParams(p->conn, control_sql[p->deferred[i]], 0, NULL, NULL, NULL, NULL, 1)) return false;
        p->expected++;
    }
    p->deferred_count = 0;
    return true;
}

static bool send_sync(struct postgresql *p)
{
    if (!PQpipelineSync(p->conn)) return false;
    p->expected++;
    return true;
}

/* Values as libpq takes them. */
struct statement_values {
    Oid types[VALUES_MAX];
    const char *ptr[VALUES_MAX];
    int len[VALUES_MAX], binary[VALUES_MAX];
    uint64_t numbers[VALUES_MAX];
};

static void put_values(struct statement_values *to, const struct value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct value *v = &values[i];
        bool number = v->kind == SHAPE_KIND_INT;
        to->numbers[i] = htobe64((uint64_t)v->number);
        to->types[i] = number ? OID_INT8 : v->kind == SHAPE_KIND_TEXT ? OID_TEXT : OID_BYTEA;
        to->ptr[i] = v->null ? NULL : number ? (const char *)&to->numbers[i] : (const char *)v->bytes.ptr;
        to->len[i] = number ? (int)sizeof to->numbers[i] : (int)v->bytes.len;
        to->binary[i] = 1;
    }
}

static bool send_statement(struct postgresql *p, enum statement statement, const struct value *params)
{
    const struct statement_entry *entry = &store_statements[statement];
    struct statement_values v;
    int count = (int)entry->params_count;
    put_values(&v, params, entry->params_count);
    char name[NAME_MAX_LEN];
    snprintf(name, sizeof name, "h%d", (int)statement);
    if (!p->prepared[statement]) {
        if (!PQsendPrepare(p->conn, name, entry->sql[ENGINE_POSTGRESQL], count, v.types)) return false;
        p->prepare = ++p->expected;
        p->preparing = statement;
    }
    if (!PQsendQueryPrepared(p->conn, name, count, v.ptr, v.len, v.binary, 1)) return false;
    p->expected++;
    return true;
}

/* ---- opening ---- */

static void be_quiet(void *closure, const char *message)
{
}

static void postgresql_close(struct connection *c)
{
    PQfinish(of(c)->conn);
    free(c);
}

static struct result postgresql_open(const char *url, enum engine_role role, struct diag *diag,
                                     struct connection **ret_connection)
{
    bool writes = role == ENGINE_WRITES;
    /* Those before dbname are only proposals: the URL may say otherwise. */
    const char *const names[] = { "connect_timeout", "tcp_user_timeout", "target_session_attrs", "dbname",
                                  "client_encoding", "fallback_application_name", NULL };
    const char *const settings[] = { "5", "30000", writes ? "read-write" : "any", url, "UTF8", "hufu", NULL };
    struct postgresql *p = calloc(1, sizeof *p + store_statements_count * sizeof p->prepared[0]);
    if (!p) abort();
    p->base.engine = &engine_postgresql;
    p->base.role = role;
    p->conn = PQconnectdbParams(names, settings, 1);
    if (!p->conn) abort();
    struct result r = OK;
    const char *encoding = PQparameterStatus(p->conn, "server_encoding");
    if (PQstatus(p->conn) != CONNECTION_OK)
        r = not_opened(p->conn, diag);
    else if (!text_equal(encoding, "UTF8"))
        r = diag_log(diag, ERROR_STORE_URL, "the database's encoding is %s, not UTF8", encoding);
    PQsetNoticeProcessor(p->conn, be_quiet, NULL);
    /* What is confirmed is durable, whatever the server's default is; a stronger one stays. */
    PGresult *set = failed(r) ? NULL
                              : PQexec(p->conn, "SELECT set_config('synchronous_commit', 'on', false)"
                                                " WHERE current_setting('synchronous_commit') = 'off'");
    if (!failed(r) && (PQresultStatus(set) != PGRES_TUPLES_OK || !PQenterPipelineMode(p->conn)))
        r = not_opened(p->conn, diag);
    PQclear(set);
    if (failed(r)) {
        postgresql_close(&p->base);
        return r;
    }
    *ret_connection = &p->base;
    return OK;
}

static struct result run_sql(struct postgresql *p, const char *sql)
{
    if (!send_deferred(p) || !PQsendQueryParams(p->conn, sql, 0, NULL, NULL, NULL, NULL, 1)) return lost(p);
    p->expected++;
    if (!send_sync(p)) return lost(p);
    return read_answers(p, NULL);
}

/* The limits come after migration, which may take its time. That nothing but the named statements is allowed is the
 * matter of the role that the URL names. */
static void postgresql_lock(struct connection *c)
{
    static const char *const limits[] = { "SET statement_timeout = 30000", "SET lock_timeout = 2000",
                                          "SET idle_in_transaction_session_timeout = 60000",
                                          "SET default_transaction_read_only = on" };
    size_t count = COUNT(limits) - (c->role == ENGINE_WRITES);
    /* A connection that fails here fails at its first use, where it is told. */
    for (size_t i = 0; i < count; i++) IGNORE(run_sql(of(c), limits[i]));
}

/* ---- transactions ---- */

static struct result postgresql_begin(struct connection *c)
{
    struct postgresql *p = of(c);
    assert(!p->begun && !p->deferred_count);
    c->fate = FATE_FINE;
    p->begun = true;
    defer(p, c->role == ENGINE_WRITES ? BEGIN_WRITE : BEGIN_READ);
    return OK;
}

/* Ends the transaction without waiting for the answer: if it fails, the next use of the connection does. */
static void end_unread(struct postgresql *p, enum control how)
{
    p->begun = false;
    if (p->deferred_count && (p->deferred[0] == BEGIN_WRITE || p->deferred[0] == BEGIN_READ)) {
        p->deferred_count = 0; /* nothing has begun */
        return;
    }
    p->deferred_count = 0;
    defer(p, how);
    if (PQstatus(p->conn) == CONNECTION_OK && send_deferred(p) && send_sync(p)) {
        PQflush(p->conn);
        p->unread = true;
    }
    p->deferred_count = 0;
}

static void postgresql_rollback(struct connection *c)
{
    enum fate fate = c->fate;
    enum error code = c->code;
    if (of(c)->begun) end_unread(of(c), ROLLBACK);
    /* What failed before the rollback is what matters. */
    c->fate = fate;
    c->code = code;
}

static struct result postgresql_commit(struct connection *c)
{
    struct postgresql *p = of(c);
    bool nothing = p->deferred_count && p->deferred[0] == BEGIN_WRITE;
    if (nothing || c->role == ENGINE_READS) {
        end_unread(p, COMMIT);
        return OK;
    }
    if (PQstatus(p->conn) != CONNECTION_OK) return lost(p);
    p->begun = false;
    defer(p, COMMIT);
    PGresult *answer = NULL;
    struct result r = send_deferred(p) && send_sync(p) ? read_answers(p, &answer) : lost(p);
    /* COMMIT of a transaction that had failed rolls it back and does not call that an error. */
    bool committed = !failed(r) && text_equal(PQcmdStatus(answer), "COMMIT");
    PQclear(answer);
    if (committed) return OK;
    if (!failed(r)) return engine_failed(c, FATE_BROKEN, ERROR_STORE_STATEMENT, "the commit was a rollback");
    p->begun = PQtransactionStatus(p->conn) != PQTRANS_IDLE; /* when something before COMMIT failed */
    if (c->fate != FATE_LOST) return r;
    return engine_failed(c, FATE_UNKNOWN, ERROR_STORE_UNKNOWN, PQerrorMessage(p->conn));
}

static struct result postgresql_mark(struct connection *c)
{
    of(c)->wrote = false;
    defer(of(c), MARK);
    return OK;
}

static struct result postgresql_keep(struct connection *c)
{
    struct postgresql *p = of(c);
    if (last_deferred(p, MARK))
        p->deferred_count--; /* the closure did nothing */
    else
        defer(p, KEEP);
    return OK;
}

static struct result postgresql_undo(struct connection *c)
{
    if (!last_deferred(of(c), MARK)) defer(of(c), UNDO);
    return postgresql_keep(c);
}

/* ---- statements ---- */

static struct result column(const PGresult *answer, int row, int at, struct value *ret_value)
{
    struct value v = { .null = PQgetisnull(answer, row, at) };
    const void *ptr = PQgetvalue(answer, row, at);
    struct reader r = reader_of(bytes_of(ptr, (size_t)PQgetlength(answer, row, at)));
    switch (PQftype(answer, at)) {
    case OID_INT8:
        v.number = (int64_t)read_u64(&r);
        break;
    case OID_INT4:
        v.number = (int32_t)read_u32(&r);
        break;
    case OID_INT2:
        v.number = (int16_t)read_u16(&r);
        break;
    case OID_TEXT:
    case OID_VARCHAR:
        v.kind = SHAPE_KIND_TEXT;
        v.bytes = bytes_of(ptr, r.left);
        break;
    case OID_BYTEA:
        v.kind = SHAPE_KIND_BYTES;
        v.bytes = bytes_of(ptr, r.left);
        break;
    default:
        return FAIL(ERROR_STORE_STATEMENT); /* a type that the schema does not have */
    }
    *ret_value = v;
    return OK;
}

static struct result take_rows(const PGresult *answer, struct rows *rows)
{
    const char *names[VALUES_MAX];
    int columns = PQnfields(answer);
    for (int i = 0; i < columns && i < VALUES_MAX; i++) names[i] = PQfname(answer, i);
    TRY(rows_columns(rows, names, (size_t)columns));
    for (int row = 0; row < PQntuples(answer) && !rows_full(rows); row++) {
        struct value values[VALUES_MAX];
        for (int i = 0; i < columns; i++) TRY(column(answer, row, i, &values[i]));
        TRY(rows_add(rows, values));
    }
    return OK;
}

/* A statement failed and the transaction with it: back to where it can go on. */
static void recover(struct postgresql *p, bool reads, bool own_mark)
{
    if (!p->begun || p->base.fate != FATE_FINE) return;
    if (reads) {
        /* Undoing it would undo changes before it; a read that fails is a bug anyway. */
        p->base.fate = FATE_BROKEN;
        p->base.code = ERROR_STORE_STATEMENT;
        return;
    }
    defer(p, own_mark ? UNDO_ONE : UNDO);
    if (own_mark) defer(p, KEEP_ONE);
}

static struct result postgresql_run(struct connection *c, enum statement statement, const struct value *params,
                                    struct rows *rows, int64_t *ret_changed)
{
    struct postgresql *p = of(c);
    bool reads = store_statements[statement].reads;
    bool own_mark = p->begun && !reads && p->wrote;
    if (own_mark) defer(p, MARK_ONE);
    if (!send_deferred(p) || !send_statement(p, statement, params) || !send_sync(p)) return lost(p);
    PGresult *answer = NULL;
    struct result r = read_answers(p, &answer);
    if (failed(r)) {
        recover(p, reads, own_mark);
        return r;
    }
    if (!reads) p->wrote = true;
    if (own_mark) defer(p, KEEP_ONE);
    if (rows) r = take_rows(answer, rows);
    if (!failed(r) && ret_changed) *ret_changed = reads ? 0 : strtoll(PQcmdTuples(answer), NULL, 10);
    PQclear(answer);
    return r;
}

/* Two processes that bring one database up to date meet here: the one that comes second tries again. */
static struct result postgresql_define(struct connection *c, const char *sql)
{
    if (!of(c)->begun) c->fate = FATE_FINE;
    struct result r = run_sql(of(c), sql);
    static const char *const races[] = { "42P07", "42701", "42710", "XX000" };
    bool race = r.code == ERROR_STORE_EXISTS; /* of a row in the server's catalogue */
    for (size_t i = 0; failed(r) && i < COUNT(races); i++) race = race || text_starts(c->failure, races[i]);
    return race ? engine_failed(c, FATE_AGAIN, ERROR_STORE_BUSY, "another process is at the same step") : r;
}

static void postgresql_tend(struct connection *c)
{
}

static struct result postgresql_backup(const char *url, const char *path)
{
    return FAIL(ERROR_NOT_SUPPORTED);
}

/* ---- whole tables ---- */

/* In the transaction: the answer to one command, with what was put off before it. */
static struct result ask(struct postgresql *p, const char *sql, PGresult **ret_answer)
{
    if (!send_deferred(p) || !PQsendQueryParams(p->conn, sql, 0, NULL, NULL, NULL, NULL, 1)) return lost(p);
    p->expected++;
    return send_sync(p) ? read_answers(p, ret_answer) : lost(p);
}

static struct result postgresql_empty(struct connection *c, bool *ret_empty)
{
    PGresult *answer = NULL;
    TRY(ask(of(c), "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() LIMIT 1", &answer));
    *ret_empty = PQntuples(answer) == 0;
    PQclear(answer);
    return OK;
}

static struct result hand_rows(const PGresult *answer, size_t columns, row_fn *fn, void *context)
{
    struct value values[VALUES_MAX];
    ENSURE((size_t)PQnfields(answer) == columns, ERROR_STORE_STATEMENT);
    for (int row = 0; row < PQntuples(answer); row++) {
        for (size_t i = 0; i < columns; i++) TRY(column(answer, row, (int)i, &values[i]));
        TRY(fn(values, context));
    }
    return OK;
}

static struct result postgresql_scan(struct connection *c, const struct store_table *table, row_fn *fn, void *context)
{
    struct postgresql *p = of(c);
    char declare[DECLARE_MAX];
    int n = snprintf(declare, sizeof declare, "DECLARE scan NO SCROLL CURSOR FOR %s", table->select);
    ENSURE(n > 0 && (size_t)n < sizeof declare, ERROR_STORE_STATEMENT);
    TRY(run_sql(p, declare));
    for (bool more = true; more;) {
        PGresult *answer = NULL;
        TRY(ask(p, "FETCH 500 FROM scan", &answer));
        more = PQntuples(answer) > 0;
        struct result r = hand_rows(answer, table->columns, fn, context);
        PQclear(answer);
        TRY(r);
    }
    return run_sql(p, "CLOSE scan");
}

static struct result postgresql_inserted(struct connection *c)
{
    struct postgresql *p = of(c);
    if (!p->expected) return OK;
    return send_sync(p) ? read_answers(p, NULL) : lost(p);
}

/* Some at a time share a round trip; their answers are too short to fill what lies between. */
static struct result postgresql_insert(struct connection *c, const struct store_table *table,
                                       const struct value *values)
{
    struct postgresql *p = of(c);
    struct statement_values v;
    if (p->filled != table) {
        Oid types[VALUES_MAX];
        for (size_t i = 0; i < table->columns; i++)
            types[i] = table->kinds[i] == 'I' ? OID_INT8 : table->kinds[i] == 'T' ? OID_TEXT : OID_BYTEA;
        TRY(postgresql_inserted(c));
        const char *sql = table->insert[ENGINE_POSTGRESQL];
        if (!send_deferred(p) || !PQsendPrepare(p->conn, "", sql, (int)table->columns, types)) return lost(p);
        p->expected++;
        p->filled = table;
    }
    put_values(&v, values, table->columns);
    if (!PQsendQueryPrepared(p->conn, "", (int)table->columns, v.ptr, v.len, v.binary, 1)) return lost(p);
    p->expected++;
    return p->expected < INSERTS_MAX ? OK : postgresql_inserted(c);
}

const struct engine engine_postgresql = {
    .kind = ENGINE_POSTGRESQL,
    .prefix = "postgresql://",
    .open = postgresql_open,
    .close = postgresql_close,
    .lock = postgresql_lock,
    .begin = postgresql_begin,
    .commit = postgresql_commit,
    .rollback = postgresql_rollback,
    .mark = postgresql_mark,
    .keep = postgresql_keep,
    .undo = postgresql_undo,
    .run = postgresql_run,
    .define = postgresql_define,
    .tend = postgresql_tend,
    .backup = postgresql_backup,
    .empty = postgresql_empty,
    .scan = postgresql_scan,
    .insert = postgresql_insert,
    .inserted = postgresql_inserted,
};
