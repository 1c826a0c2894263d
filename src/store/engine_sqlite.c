/* SQLite: a file, one connection that writes, some that read. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/engine.h"

enum {
    BUSY_MS = 1000, /* then the store tries again */
    LENGTH_MAX = 16 << 20, /* of a value */
    TEND_PAGES = 1000,     /* of the log before it is copied back; 4 MB */
    TEND_HARD_PAGES = 16384, /* before readers are waited for, so that the log starts over; 64 MB */
};

enum control { BEGIN_WRITE, BEGIN_READ, COMMIT, ROLLBACK, MARK, KEEP, UNDO, CONTROL_COUNT };
static const char *const control_sql[] = { "BEGIN IMMEDIATE", "BEGIN",     "COMMIT",       "ROLLBACK",
                                           "SAVEPOINT c",     "RELEASE c", "ROLLBACK TO c" };

struct sqlite {
    struct connection base;
    sqlite3 *db;
    int log_pages; /* of the write-ahead log after the last commit */
    sqlite3_stmt *filling; /* inserts into FILLED */
    const struct store_table *filled;
    sqlite3_stmt *control[CONTROL_COUNT];
    sqlite3_stmt *statements[]; /* by enum statement; NULL: not used yet */
};

static struct sqlite *of(struct connection *c)
{
    return (struct sqlite *)c;
}

static const char *path_of(const char *url)
{
    return url + strlen(engine_sqlite.prefix);
}

/* ---- failures ---- */

static struct result sqlite_failed(struct sqlite *s, int rc, bool committing)
{
    struct connection *c = &s->base;
    const char *words = sqlite3_errmsg(s->db);
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_SCHEMA:
        return engine_failed(c, FATE_AGAIN, ERROR_STORE_BUSY, words);
    case SQLITE_CONSTRAINT:
        if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_ROWID)
            return engine_failed(c, FATE_FINE, ERROR_STORE_EXISTS, words);
        return engine_failed(c, FATE_FINE, ERROR_STORE_CONSTRAINT, words);
    case SQLITE_TOOBIG:
        return engine_failed(c, FATE_FINE, ERROR_TOO_LARGE, words);
    case SQLITE_NOMEM:
        abort();
    case SQLITE_FULL:
        return engine_failed(c, FATE_BROKEN, ERROR_STORE_FULL, words);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return engine_failed(c, FATE_BROKEN, ERROR_STORE_DAMAGED, words);
    case SQLITE_IOERR:
        /* The log may have been written, only not synced: after a crash the commit may turn out to stand. */
        if (committing) return engine_failed(c, FATE_UNKNOWN, ERROR_STORE_UNKNOWN, words);
        return engine_failed(c, FATE_BROKEN, ERROR_IO, words);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
        return engine_failed(c, FATE_BROKEN, ERROR_IO, words);
    default:
        return engine_failed(c, FATE_BROKEN, ERROR_STORE_STATEMENT, words);
    }
}

/* ---- opening ---- */

/* The database's other files take their mode from it. No descriptor of an existing one is opened and closed here:
 * that would drop the locks that other connections of the process hold. */
static struct result make_file(const char *path, struct diag *diag)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) {
        char *copy = strdup(path);
        if (!copy) abort();
        int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool synced = folder >= 0 && fsync(folder) == 0;
        if (folder >= 0) close(folder);
        close(fd);
        free(copy);
        return synced ? OK : diag_log(diag, ERROR_IO, "%s: its folder cannot be synced", path);
    }
    struct stat st;
    if (errno != EEXIST || stat(path, &st) != 0) return diag_log(diag, ERROR_IO, "%s: %m", path);
    if (!S_ISREG(st.st_mode)) return diag_log(diag, ERROR_STORE_URL, "%s is not a file", path);
    if ((st.st_mode & 077) && chmod(path, 0600) != 0) return diag_log(diag, ERROR_IO, "%s: mode 0600: %m", path);
    return OK;
}

static int note_log(void *closure, sqlite3 *db, const char *name, int pages)
{
    struct sqlite *s = closure;
    s->log_pages = pages;
    return SQLITE_OK;
}

static bool set_up(struct sqlite *s)
{
    static const char pragmas[] = "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
                                  "PRAGMA cell_size_check=ON; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;"
                                  "PRAGMA journal_size_limit=67108864; PRAGMA wal_autocheckpoint=0;";
    bool reads = s->base.role == ENGINE_READS;
    sqlite3_busy_timeout(s->db, BUSY_MS);
    sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)NULL);
    sqlite3_stmt *mode = NULL;
    bool wal = sqlite3_prepare_v2(s->db, "PRAGMA journal_mode=WAL", -1, &mode, NULL) == SQLITE_OK &&
               sqlite3_step(mode) == SQLITE_ROW &&
               text_equal((const char *)sqlite3_column_text(mode, 0), "wal");
    sqlite3_finalize(mode);
    return wal && sqlite3_exec(s->db, pragmas, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_exec(s->db, reads ? "PRAGMA query_only=ON; PRAGMA cache_size=-8000" : "PRAGMA cache_size=-64000",
                        NULL, NULL, NULL) == SQLITE_OK;
}

static void sqlite_close(struct connection *c)
{
    struct sqlite *s = of(c);
    for (size_t i = 0; i < CONTROL_COUNT; i++) sqlite3_finalize(s->control[i]);
    for (size_t i = 0; i < store_statements_count; i++) sqlite3_finalize(s->statements[i]);
    sqlite3_finalize(s->filling);
    sqlite3_close(s->db);
    free(s);
}

static struct result sqlite_open(const char *url, enum engine_role role, struct diag *diag,
                                 struct connection **ret_connection)
{
    const char *path = path_of(url);
    if (role == ENGINE_WRITES) TRY(make_file(path, diag));
    struct sqlite *s = calloc(1, sizeof *s + store_statements_count * sizeof s->statements[0]);
    if (!s) abort();
    s->base.engine = &engine_sqlite;
    s->base.role = role;
    int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc == SQLITE_OK && set_up(s)) {
        sqlite3_wal_hook(s->db, note_log, s);
        *ret_connection = &s->base;
        return OK;
    }
    if (rc == SQLITE_OK) rc = sqlite3_extended_errcode(s->db);
    struct result r = sqlite_failed(s, rc, false);
    r = diag_log(diag, r.code, "%s: %s", path, sqlite3_errmsg(s->db));
    sqlite_close(&s->base);
    return r;
}

/* What a statement may do; asked when it is prepared. */
static int authorize(void *closure, int action, const char *a, const char *b, const char *database,
                     const char *trigger)
{
    const struct sqlite *s = closure;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
        return SQLITE_OK;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
        return s->base.role == ENGINE_WRITES && !text_starts(a, "sqlite_") ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY; /* DDL, ATTACH, PRAGMA … */
    }
}

static void sqlite_lock(struct connection *c)
{
    sqlite3_set_authorizer(of(c)->db, authorize, of(c));
}

/* ---- transactions ---- */

static int control(struct sqlite *s, enum control which)
{
    int rc = SQLITE_OK;
    if (!s->control[which])
        rc = sqlite3_prepare_v3(s->db, control_sql[which], -1, SQLITE_PREPARE_PERSISTENT, &s->control[which], NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(s->control[which]);
    sqlite3_reset(s->control[which]);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static struct result check(struct sqlite *s, int rc)
{
    return rc == SQLITE_OK ? OK : sqlite_failed(s, rc, false);
}

static struct result sqlite_begin(struct connection *c)
{
    c->fate = FATE_FINE;
    return check(of(c), control(of(c), c->role == ENGINE_WRITES ? BEGIN_WRITE : BEGIN_READ));
}

static struct result sqlite_commit(struct connection *c)
{
    int rc = control(of(c), COMMIT);
    return rc == SQLITE_OK ? OK : sqlite_failed(of(c), rc, true);
}

static void sqlite_rollback(struct connection *c)
{
    /* After some failures SQLite has rolled back by itself. */
    if (!sqlite3_get_autocommit(of(c)->db)) control(of(c), ROLLBACK);
}

static struct result sqlite_mark(struct connection *c)
{
    return check(of(c), control(of(c), MARK));
}

static struct result sqlite_keep(struct connection *c)
{
    return check(of(c), control(of(c), KEEP));
}

static struct result sqlite_undo(struct connection *c)
{
    TRY(check(of(c), control(of(c), UNDO)));
    return sqlite_keep(c);
}

/* ---- statements ---- */

static int bind(sqlite3_stmt *stmt, int at, const struct value *v)
{
    if (v->null) return sqlite3_bind_null(stmt, at);
    if (v->kind == SHAPE_KIND_INT) return sqlite3_bind_int64(stmt, at, v->number);
    const void *ptr = v->bytes.ptr;
    if (v->kind == SHAPE_KIND_TEXT)
        return sqlite3_bind_text64(stmt, at, ptr, v->bytes.len, SQLITE_STATIC, SQLITE_UTF8);
    return sqlite3_bind_blob64(stmt, at, ptr, v->bytes.len, SQLITE_STATIC);
}

static struct result column(sqlite3_stmt *stmt, int at, struct value *ret_value)
{
    struct value v = { 0 };
    switch (sqlite3_column_type(stmt, at)) {
    case SQLITE_NULL:
        v.null = true;
        break;
    case SQLITE_INTEGER:
        v.kind = SHAPE_KIND_INT;
        v.number = sqlite3_column_int64(stmt, at);
        break;
    case SQLITE_TEXT:
        v.kind = SHAPE_KIND_TEXT;
        v.bytes.ptr = sqlite3_column_text(stmt, at);
        v.bytes.len = (size_t)sqlite3_column_bytes(stmt, at);
        break;
    case SQLITE_BLOB:
        v.kind = SHAPE_KIND_BYTES;
        v.bytes.ptr = sqlite3_column_blob(stmt, at);
        if (!v.bytes.ptr) v.bytes.ptr = (const uint8_t *)""; /* empty is not absent */
        v.bytes.len = (size_t)sqlite3_column_bytes(stmt, at);
        break;
    default:
        return FAIL(ERROR_STORE_DAMAGED); /* no column holds fractions */
    }
    *ret_value = v;
    return OK;
}

static struct result take_row(sqlite3_stmt *stmt, struct rows *rows)
{
    if (!rows->columns) {
        const char *names[VALUES_MAX];
        int count = sqlite3_column_count(stmt);
        for (int i = 0; i < count && i < VALUES_MAX; i++) names[i] = sqlite3_column_name(stmt, i);
        TRY(rows_columns(rows, names, (size_t)count));
    }
    struct value values[VALUES_MAX];
    for (size_t i = 0; i < rows->columns; i++) TRY(column(stmt, (int)i, &values[i]));
    return rows_add(rows, values);
}

static struct result step_all(struct sqlite *s, sqlite3_stmt *stmt, struct rows *rows)
{
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (!rows) continue;
        if (rows_full(rows)) return OK;
        TRY(take_row(stmt, rows));
    }
    return rc == SQLITE_DONE ? OK : sqlite_failed(s, rc, false);
}

static struct result sqlite_run(struct connection *c, enum statement statement, const struct value *params,
                                struct rows *rows, int64_t *ret_changed)
{
    struct sqlite *s = of(c);
    const struct statement_entry *entry = &store_statements[statement];
    sqlite3_stmt **stmt = &s->statements[statement];
    int rc = SQLITE_OK;
    if (!*stmt)
        rc = sqlite3_prepare_v3(s->db, entry->sql[ENGINE_SQLITE], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    for (size_t i = 0; rc == SQLITE_OK && i < entry->params_count; i++) rc = bind(*stmt, (int)i + 1, &params[i]);
    struct result r = rc == SQLITE_OK ? step_all(s, *stmt, rows) : sqlite_failed(s, rc, false);
    sqlite3_reset(*stmt);
    if (*stmt) sqlite3_clear_bindings(*stmt); /* they are views of the caller's */
    if (failed(r)) return r;
    if (ret_changed) *ret_changed = entry->reads ? 0 : sqlite3_changes64(s->db);
    return OK;
}

static struct result sqlite_define(struct connection *c, const char *sql)
{
    if (sqlite3_get_autocommit(of(c)->db)) c->fate = FATE_FINE;
    int rc = sqlite3_exec(of(c)->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? OK : sqlite_failed(of(c), rc, false);
}

static void sqlite_tend(struct connection *c)
{
    struct sqlite *s = of(c);
    if (s->log_pages < TEND_PAGES) return;
    /* What fails now is tried again after the next commit. */
    sqlite3_wal_checkpoint_v2(s->db, NULL,
                              s->log_pages < TEND_HARD_PAGES ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART,
                              NULL, NULL);
}

/* ---- backup ---- */

static int copy_all(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup) return sqlite3_extended_errcode(to);
    /* In one step, which is one snapshot: those who write go on beside it. */
    int rc = sqlite3_backup_step(backup, -1);
    sqlite3_backup_finish(backup);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static struct result copy_into(const char *from_path, const char *to_path)
{
    sqlite3 *from = NULL, *to = NULL;
    int rc = sqlite3_open_v2(from_path, &from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_open_v2(to_path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(from, BUSY_MS);
        rc = copy_all(from, to);
    }
    sqlite3_close(from);
    sqlite3_close(to);
    if (rc == SQLITE_OK) return OK;
    return FAIL((rc & 0xff) == SQLITE_FULL ? ERROR_STORE_FULL : ERROR_IO);
}

/* Under another name until it is whole, so that what stands under PATH is a backup. */
static struct result sqlite_backup(const char *url, const char *path)
{
    char *part = NULL;
    if (asprintf(&part, "%s.part", path) < 0) abort();
    struct result r = OK;
    unlink(part); /* of a backup that was cut off */
    int fd = open(part, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) r = FAIL(ERROR_IO);
    if (fd >= 0) r = copy_into(path_of(url), part);
    if (!failed(r) && fsync(fd) != 0) r = FAIL(ERROR_IO);
    if (fd >= 0) close(fd);
    if (!failed(r) && renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) != 0)
        r = FAIL(errno == EEXIST ? ERROR_STORE_BACKUP_EXISTS : ERROR_IO);
    if (failed(r)) unlink(part);
    int folder = failed(r) ? -1 : open(dirname(part), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!failed(r) && (folder < 0 || fsync(folder) != 0)) r = FAIL(ERROR_IO);
    if (folder >= 0) close(folder);
    free(part);
    return r;
}

static struct result hand_over(sqlite3 *memory, store_image_fn *fn, void *context)
{
    sqlite3_int64 size = 0;
    unsigned char *image = memory ? sqlite3_serialize(memory, "main", &size, 0) : NULL;
    struct result r = image ? fn(bytes_of(image, (size_t)size), context) : FAIL(ERROR_IO);
    sqlite3_free(image);
    return r;
}

struct result engine_sqlite_copy(const char *url, store_image_fn *fn, void *context)
{
    sqlite3 *from = NULL, *to = NULL;
    int rc = sqlite3_open_v2(path_of(url), &from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_open_v2(":memory:", &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(from, BUSY_MS);
        rc = copy_all(from, to);
    }
    sqlite3_close(from);
    struct result r = hand_over(rc == SQLITE_OK ? to : NULL, fn, context);
    sqlite3_close(to);
    return r;
}

struct result engine_sqlite_memory(struct connection **ret_connection)
{
    struct sqlite *s = calloc(1, sizeof *s + store_statements_count * sizeof s->statements[0]);
    if (!s) abort();
    s->base.engine = &engine_sqlite;
    s->base.role = ENGINE_WRITES;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(":memory:", &s->db, flags, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_exec(s->db, "PRAGMA foreign_keys=ON", NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        *ret_connection = &s->base;
        return OK;
    }
    struct result r = sqlite_failed(s, rc, false);
    sqlite_close(&s->base);
    return r;
}

struct result engine_sqlite_image(struct connection *c, store_image_fn *fn, void *context)
{
    return hand_over(of(c)->db, fn, context);
}

/* ---- whole tables ---- */

static struct result sqlite_empty(struct connection *c, bool *ret_empty)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(of(c)->db, "SELECT 1 FROM sqlite_schema LIMIT 1", -1, &stmt, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    sqlite3_finalize(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return sqlite_failed(of(c), rc, false);
    *ret_empty = rc == SQLITE_DONE;
    return OK;
}

static struct result scan_rows(struct sqlite *s, sqlite3_stmt *stmt, size_t columns, row_fn *fn, void *context)
{
    struct value values[VALUES_MAX];
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        for (size_t i = 0; i < columns; i++) TRY(column(stmt, (int)i, &values[i]));
        TRY(fn(values, context));
    }
    return rc == SQLITE_DONE ? OK : sqlite_failed(s, rc, false);
}

static struct result sqlite_scan(struct connection *c, const struct store_table *table, row_fn *fn, void *context)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(of(c)->db, table->select, -1, &stmt, NULL);
    struct result r = rc == SQLITE_OK ? scan_rows(of(c), stmt, table->columns, fn, context)
                                      : sqlite_failed(of(c), rc, false);
    sqlite3_finalize(stmt);
    return r;
}

static struct result sqlite_insert(struct connection *c, const struct store_table *table, const struct value *values)
{
    struct sqlite *s = of(c);
    int rc = SQLITE_OK;
    if (s->filled != table) {
        sqlite3_finalize(s->filling);
        s->filling = NULL;
        s->filled = table;
        rc = sqlite3_prepare_v2(s->db, table->insert[ENGINE_SQLITE], -1, &s->filling, NULL);
    }
    for (size_t i = 0; rc == SQLITE_OK && i < table->columns; i++) rc = bind(s->filling, (int)i + 1, &values[i]);
    if (rc == SQLITE_OK) rc = sqlite3_step(s->filling);
    struct result r = rc == SQLITE_DONE ? OK : sqlite_failed(s, rc, false);
    sqlite3_reset(s->filling);
    return r;
}

static struct result sqlite_inserted(struct connection *c)
{
    return OK;
}

const struct engine engine_sqlite = {
    .kind = ENGINE_SQLITE,
    .prefix = "sqlite:",
    .ddl_in_transaction = true,
    .open = sqlite_open,
    .close = sqlite_close,
    .lock = sqlite_lock,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .mark = sqlite_mark,
    .keep = sqlite_keep,
    .undo = sqlite_undo,
    .run = sqlite_run,
    .define = sqlite_define,
    .tend = sqlite_tend,
    .backup = sqlite_backup,
    .empty = sqlite_empty,
    .scan = sqlite_scan,
    .insert = sqlite_insert,
    .inserted = sqlite_inserted,
};
