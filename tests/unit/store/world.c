#include "world.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct shape_field thing_fields[] = {
    SHAPE_ID(struct thing, id),        SHAPE_TEXT(struct thing, name, 100), SHAPE_TEXT(struct thing, note, 100),
    SHAPE_BYTES(struct thing, data, 100), SHAPE_INT(struct thing, count),   SHAPE_ID(struct thing, parent),
    SHAPE_INT(struct thing, version)
};
const struct shape thing_shape = SHAPE("thing", struct thing, thing_fields);

static const struct shape_field event_fields[] = { SHAPE_ID(struct event, id), SHAPE_ID(struct event, thing),
                                                   SHAPE_INT(struct event, at), SHAPE_TEXT(struct event, kind, 20) };
const struct shape event_shape = SHAPE("event", struct event, event_fields);

static const struct shape_field page_fields[] = { SHAPE_BYTES(struct page, after, 16),
                                                  SHAPE_TEXT(struct page, key, 100),
                                                  SHAPE_INT(struct page, limit_count) };
const struct shape page_shape = SHAPE("page", struct page, page_fields);

int world_set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->server = *state;
    const char *tmp = getenv("TMPDIR");
    snprintf(w->folder, sizeof w->folder, "%s/hufu-store-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(w->folder));
    if (w->server)
        server_fresh(w->server, w->url, sizeof w->url);
    else
        snprintf(w->url, sizeof w->url, "sqlite:%s/hufu.db", w->folder);
    w->arena = arena_new(10 << 20);
    w->store = world_open(w);
    *state = w;
    return 0;
}

int world_tear_down(void **state)
{
    struct world *w = *state;
    store_close(w->store);
    arena_free(w->arena);
    static const char *const files[] = { "hufu.db", "hufu.db-wal", "hufu.db-shm", "copy.db", "copy.db-wal",
                                         "copy.db-shm", "copy.db.part" };
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[FOLDER_ROOM + 20];
        snprintf(path, sizeof path, "%s/%s", w->folder, files[i]);
        unlink(path);
    }
    int gone = rmdir(w->folder);
    free(w);
    return gone;
}

struct store *world_open(const struct world *world)
{
    struct store_options options = { .url = world->url, .readers = 4 };
    struct diag diag = { 0 };
    struct store *store = NULL;
    struct result r = store_open(&options, &diag, &store);
    if (failed(r)) print_error("%s: %s\n", world->url, diag.log);
    assert_ok(r);
    return store;
}

static int keep_number(void *closure, int columns, char **values, char **names)
{
    int64_t *number = closure;
    *number = values[0] ? strtoll(values[0], NULL, 10) : 0;
    return 0;
}

int64_t world_number(const struct world *world, const char *sql)
{
    int64_t number = -1;
    if (!world->server) {
        sqlite3 *db;
        assert_int_equal(sqlite3_open(world->url + strlen("sqlite:"), &db), SQLITE_OK);
        sqlite3_busy_timeout(db, 10000);
        int rc = sqlite3_exec(db, sql, keep_number, &number, NULL);
        if (rc != SQLITE_OK) print_error("%s: %s\n", sql, sqlite3_errmsg(db));
        assert_int_equal(rc, SQLITE_OK);
        sqlite3_close(db);
        return number;
    }
    PGconn *c = PQconnectdb(world->url);
    PGresult *r = PQexec(c, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(c));
    if (PQntuples(r)) number = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    PQfinish(c);
    return number;
}

void world_sql(const struct world *world, const char *sql)
{
    world_number(world, sql);
}

struct thing world_thing(struct world *world, const char *name)
{
    struct thing thing = { .id = random_id(), .name = name };
    struct result r = store_change(world->store, STATEMENT_THING_INSERT, THING(&thing));
    if (failed(r)) {
        struct diag diag = { 0 };
        store_failure(world->store, &diag);
        print_error("%s\n", diag.log);
    }
    assert_ok(r);
    return thing;
}

struct thing world_get(struct world *world, const struct id *id)
{
    struct thing asked = { .id = *id }, thing;
    assert_ok(store_one(world->store, STATEMENT_THING_GET, THING(&asked), world->arena, &thing_shape, &thing));
    return thing;
}
