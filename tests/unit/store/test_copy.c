/* store_copy and store_image: every row, from either engine into either, whole or not at all. */
#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests.h"

enum { MANY = 1200 }; /* more than what is fetched or sent at a time */

static const uint8_t every[] = { 0, 1, 0x7F, 0x80, 0xFF, 0, '\'' };

static void put(struct world *w, const struct thing *thing)
{
    assert_ok(store_change(w->store, STATEMENT_THING_INSERT, THING(thing)));
}

/* Values of all kinds, and many rows. */
static struct id fill(struct world *w)
{
    struct thing full = { random_id(), "虎符 𠮷\n'--", "n", BYTES(every), INT64_MAX, { { 0 } }, INT64_MIN };
    struct thing empty = { random_id(), "", "", bytes_of("", 0), 0, full.id, -1 };
    put(w, &full);
    put(w, &empty);
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        struct thing thing = { .id = random_id(), .name = name };
        put(w, &thing);
    }
    struct event event = { random_id(), empty.id, 7, NULL };
    assert_ok(store_change(w->store, STATEMENT_EVENT_INSERT, RECORD(event_shape, &event)));
    return full.id;
}

static int64_t copied(const struct world *from, const struct world *to)
{
    int64_t rows = 0;
    struct diag diag = { 0 };
    struct result r = store_copy(from->url, to->url, &diag, &rows);
    if (failed(r)) print_error("%s\n", diag.log);
    assert_ok(r);
    return rows;
}

static void check(struct world *w, const struct id *full)
{
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM thing"), MANY + 2);
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM event WHERE kind IS NULL AND at = 7"), 1);
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM thing WHERE note = '' AND length(data) = 0"), 1);
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM thing WHERE note IS NULL AND data IS NULL"), MANY);
    w->store = world_open(w); /* nothing is left to migrate, and it can be written */
    struct thing back = world_get(w, full);
    assert_string_equal(back.name, "虎符 𠮷\n'--");
    assert_true(bytes_equal(back.data, BYTES(every)));
    assert_int_equal(back.count, INT64_MAX);
    assert_int_equal(back.version, INT64_MIN);
    world_thing(w, "one more");
    store_close(w->store);
}

static void place(struct world *at, struct server *server, const char *name)
{
    const struct world w = *at;
    at->server = server;
    if (server) server_fresh(server, at->url, sizeof at->url);
    else snprintf(at->url, sizeof at->url, "sqlite:%s/%s", w.folder, name);
}

static void rows_go_from_either_engine_into_either(void **state)
{
    struct world *w = *state, file = *w, again = *w, third = *w;
    struct id full = fill(w);
    place(&file, NULL, "copy.db");
    place(&again, w->server, NULL);
    place(&third, w->server, NULL);
    int64_t rows = copied(w, &file);
    assert_true(rows > MANY + 3); /* and the steps of the schema */
    assert_int_equal(copied(&file, &again), rows);
    assert_int_equal(copied(&again, &third), rows);
    check(&file, &full);
    check(&again, &full);
    check(&third, &full);
}

static struct result write_down(struct bytes image, void *context)
{
    int fd = open(context, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, image.ptr, image.len) == (ssize_t)image.len && close(fd) == 0);
    return OK;
}

static void an_image_is_an_embedded_database(void **state)
{
    struct world *w = *state, file = *w;
    struct id full = fill(w);
    struct diag diag = { 0 };
    place(&file, NULL, "copy.db");
    assert_ok(store_image(w->url, &diag, write_down, file.url + strlen("sqlite:")));
    check(&file, &full);
}

static void refused(const struct world *from, const struct world *to, enum error error, const char *words)
{
    int64_t rows = -1;
    struct diag diag = { 0 };
    assert_error(store_copy(from->url, to->url, &diag, &rows), error);
    if (!strstr(diag.log, words)) fail_msg("%s: not %s", diag.log, words);
    assert_int_equal(rows, -1);
}

static const char tables_sql[] = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'";

static void what_is_not_empty_stays(void **state)
{
    struct world *w = *state, file = *w, other = *w;
    fill(w);
    place(&file, NULL, "copy.db");
    place(&other, w->server, NULL);
    copied(w, &file);
    refused(&file, w, ERROR_STORE_NOT_EMPTY, "");
    refused(w, &file, ERROR_STORE_NOT_EMPTY, "");
    world_sql(&other, "CREATE TABLE somebody_elses (n INTEGER)");
    refused(w, &other, ERROR_STORE_NOT_EMPTY, "");
    assert_int_equal(world_number(&other, tables_sql), 1);
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM thing"), MANY + 2);
}

/* The last table fails, and of those before it nothing is there. */
static void what_fails_leaves_nothing(void **state)
{
    struct world *w = *state, file = *w, other = *w;
    fill(w);
    place(&file, NULL, "copy.db");
    place(&other, w->server, NULL);
    copied(w, &file);
    world_sql(&file, "UPDATE event SET at = 'a text where a number belongs'");
    refused(&file, &other, ERROR_STORE_DAMAGED, "event");
    assert_int_equal(world_number(&other, tables_sql), 0);
    world_sql(&file, "UPDATE event SET at = 7, thing = x'00'"); /* refers to nothing: the engine refuses it */
    refused(&file, &other, ERROR_STORE_CONSTRAINT, "event");
    assert_int_equal(world_number(&other, tables_sql), 0);
    world_sql(&file, "DELETE FROM event");
    world_sql(&file, "DELETE FROM schema_step WHERE step = (SELECT MAX(step) FROM schema_step)");
    refused(&file, &other, ERROR_STORE_SCHEMA, "lacks step");
    world_sql(&file, "INSERT INTO schema_step (step, name, applied_s) VALUES (9999001, '9999-future/1', 0)");
    refused(&file, &other, ERROR_STORE_SCHEMA, "9999-future/1");
    assert_int_equal(world_number(&other, tables_sql), 0);
}

int run_copy_tests(struct server *server)
{
#define POSTGRESQL(test) { #test, test, world_set_up, world_tear_down, server }
    const struct CMUnitTest tests[] = {
        POSTGRESQL(rows_go_from_either_engine_into_either),
        POSTGRESQL(an_image_is_an_embedded_database),
        POSTGRESQL(what_is_not_empty_stays),
        POSTGRESQL(what_fails_leaves_nothing),
    };
    return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
