/* What each test of the store stands on: a fresh database of either engine, the store over it, and a way around the
 * store to look and to hinder. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "server.h"
#include "store/store.h"

enum { URL_ROOM = 400, FOLDER_ROOM = 200 };

struct world {
    struct server *server; /* NULL: SQLite */
    char folder[FOLDER_ROOM];
    char url[URL_ROOM];
    struct store *store;
    struct arena *arena;
};

/* cmocka's setup and teardown; the initial state is a struct server * or NULL for SQLite. */
int world_set_up(void **state);
int world_tear_down(void **state);
struct store *world_open(const struct world *world);

/* SQL past the store, on a connection of its own; what fails ends the test. */
void world_sql(const struct world *world, const char *sql);
/* The one number that SQL answers. */
int64_t world_number(const struct world *world, const char *sql);

struct thing {
    struct id id;
    const char *name, *note;
    struct bytes data;
    int64_t count;
    struct id parent;
    int64_t version;
};
extern const struct shape thing_shape;

struct event {
    struct id id, thing;
    int64_t at;
    const char *kind;
};
extern const struct shape event_shape;

struct page {
    struct bytes after;
    const char *key;
    int64_t limit_count;
};
extern const struct shape page_shape;

#define THING(thing) RECORD(thing_shape, thing)

/* A thing of that name in the database. */
struct thing world_thing(struct world *world, const char *name);
struct thing world_get(struct world *world, const struct id *id);

#define assert_ok(result) assert_int_equal((result).code, ERROR_NONE)
#define assert_error(result, error) assert_int_equal((result).code, (error))
