/* What store.h promises, on both engines. */
#include "world.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/engine.h"
#include "tests.h"

/* ---- values ---- */

static void check_round_trip(struct world *w, const struct thing *thing)
{
    assert_ok(store_change(w->store, STATEMENT_THING_INSERT, THING(thing)));
    struct thing back = world_get(w, &thing->id);
    assert_true(id_equal(&back.id, &thing->id));
    assert_string_equal(back.name, thing->name);
    assert_true(text_equal(back.note, thing->note)); /* NULL equals NULL only */
    assert_true(bytes_equal(back.data, thing->data));
    assert_int_equal(!back.data.ptr, !thing->data.ptr);
    assert_int_equal(back.count, thing->count);
    assert_true(id_equal(&back.parent, &thing->parent));
    assert_int_equal(back.version, thing->version);
}

static void values_come_back_as_they_were(void **state)
{
    struct world *w = *state;
    static const uint8_t every[] = { 0, 1, 0x7F, 0x80, 0xFF, 0, '\'' };
    struct thing full = { random_id(), "虎符 𠮷\n'--", "n", BYTES(every), INT64_MAX, { { 0 } }, INT64_MIN };
    struct thing empty = { random_id(), "", "", bytes_of("", 0), 0, full.id, -1 };
    struct thing absent = { .id = random_id(), .name = "absent" };
    check_round_trip(w, &full);
    check_round_trip(w, &empty);
    check_round_trip(w, &absent);
    /* Absent is NULL to the database too, empty is not. */
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM thing WHERE note IS NULL AND data IS NULL AND"
                                     " parent IS NULL AND name = 'absent'"), 1);
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM thing WHERE note = '' AND length(data) = 0"), 1);
}

static void columns_find_their_fields_by_name(void **state)
{
    struct world *w = *state;
    struct thing thing = { .id = random_id(), .name = "a", .note = "kept back", .count = 21, .version = 7 }, back;
    assert_ok(store_change(w->store, STATEMENT_THING_INSERT, THING(&thing)));
    assert_ok(store_one(w->store, STATEMENT_THING_BY_NAME, THING(&thing), w->arena, &thing_shape, &back));
    assert_true(id_equal(&back.id, &thing.id));
    assert_int_equal(back.count, 42);
    assert_int_equal(back.version, 7);
    assert_null(back.note); /* has no column here */
    assert_null(back.name);
    assert_ok(store_one(w->store, STATEMENT_THING_LITERAL, THING(&thing), w->arena, &thing_shape, &back));
    assert_string_equal(back.note, "it's :no -- parameter;");
    assert_ok(store_one(w->store, STATEMENT_THING_NUMBERS, NO_PARAMS, w->arena, &thing_shape, &back));
    assert_int_equal(back.count, 1);
    assert_int_equal(back.version, 21);
    assert_ok(store_one(w->store, STATEMENT_WHERE_FROM, NO_PARAMS, w->arena, &thing_shape, &back));
    assert_string_equal(back.note, w->server ? "PostgreSQL" : "common");
}

static void parameters_beside_literals_are_64_bit(void **state)
{
    struct world *w = *state;
    struct thing thing = world_thing(w, "a");
    thing.version = (int64_t)1 << 40;
    world_sql(w, "UPDATE thing SET version = 1099511627775"); /* 2^40 - 1 */
    thing.count = (int64_t)1 << 50;
    assert_ok(store_change(w->store, STATEMENT_THING_SET_FROM, THING(&thing)));
    assert_int_equal(world_get(w, &thing.id).count, (int64_t)1 << 50);
}

static void over_long_values_are_refused(void **state)
{
    struct world *w = *state;
    char name[102];
    memset(name, 'a', 101);
    name[101] = '\0';
    struct thing thing = { .id = random_id(), .name = name };
    assert_error(store_change(w->store, STATEMENT_THING_INSERT, THING(&thing)), ERROR_TOO_LARGE);
    name[100] = '\0';
    assert_ok(store_change(w->store, STATEMENT_THING_INSERT, THING(&thing)));
}

static void values_of_another_kind_are_damage(void **state)
{
    struct world *w = *state;
    struct thing thing = world_thing(w, "a"), back = { .name = "untouched" };
    world_sql(w, w->server ? "UPDATE thing SET parent = NULL, id = '\\x0102'" : "UPDATE thing SET id = x'0102'");
    struct page page = { .key = "", .limit_count = 10 };
    void *rows;
    size_t count;
    assert_error(store_list(w->store, STATEMENT_THING_BY_NAME_PAGE, RECORD(page_shape, &page), w->arena, &thing_shape,
                            10, &rows, &count), ERROR_STORE_DAMAGED);
    assert_error(store_one(w->store, STATEMENT_THING_BY_NAME, THING(&thing), w->arena, &thing_shape, &back),
                 ERROR_STORE_DAMAGED);
    assert_string_equal(back.name, "untouched");
}

static void a_full_arena_is_an_error(void **state)
{
    struct world *w = *state;
    struct thing thing = world_thing(w, "a"), back;
    struct arena *small CLEANUP(arena_free_p) = arena_new(1);
    assert_error(store_one(w->store, STATEMENT_THING_GET, THING(&thing), small, &thing_shape, &back),
                 ERROR_OUT_OF_ROOM);
}

/* ---- what the database refuses ---- */

static void broken_rules_have_their_errors(void **state)
{
    struct world *w = *state;
    struct thing a = world_thing(w, "a");
    struct thing same_name = { .id = random_id(), .name = "a" };
    struct thing same_id = { .id = a.id, .name = "b" };
    struct thing orphan = { .id = random_id(), .name = "c", .parent = random_id() };
    struct thing negative = { .id = random_id(), .name = "d", .count = -1 };
    struct thing nameless = { .id = random_id() };
    struct thing no_id = { .name = "e" };
    assert_error(store_change(w->store, STATEMENT_THING_INSERT, THING(&same_name)), ERROR_STORE_EXISTS);
    assert_error(store_change(w->store, STATEMENT_THING_INSERT, THING(&same_id)), ERROR_STORE_EXISTS);
    assert_error(store_change(w->store, STATEMENT_THING_INSERT, THING(&orphan)), ERROR_STORE_CONSTRAINT);
    assert_error(store_change(w->store, STATEMENT_THING_INSERT, THING(&negative)), ERROR_STORE_CONSTRAINT);
    assert_error(store_change(w->store, STATEMENT_THING_INSERT, THING(&nameless)), ERROR_STORE_CONSTRAINT);
    assert_error(store_change(w->store, STATEMENT_THING_INSERT, THING(&no_id)), ERROR_STORE_CONSTRAINT);
    struct thing child = { .id = random_id(), .name = "f", .parent = a.id };
    assert_ok(store_change(w->store, STATEMENT_THING_INSERT, THING(&child)));
    assert_error(store_change(w->store, STATEMENT_THING_DELETE, THING(&a)), ERROR_STORE_CONSTRAINT);
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM thing"), 2);
}

static void a_guarded_update_meets_a_newer_version(void **state)
{
    struct world *w = *state;
    struct thing thing = world_thing(w, "a");
    thing.note = "first";
    assert_ok(store_change(w->store, STATEMENT_THING_UPDATE, THING(&thing)));
    thing.note = "second";
    assert_error(store_change(w->store, STATEMENT_THING_UPDATE, THING(&thing)), ERROR_STORE_CONFLICT);
    assert_string_equal(world_get(w, &thing.id).note, "first");
    struct thing nobody = { .id = random_id() }, back;
    assert_error(store_change(w->store, STATEMENT_THING_DELETE, THING(&nobody)), ERROR_STORE_CONFLICT);
    assert_error(store_one(w->store, STATEMENT_THING_GET, THING(&nobody), w->arena, &thing_shape, &back),
                 ERROR_NOT_FOUND);
}

/* Insert; if it is there already, update: the closure goes on after the failure, and what it did before stays. */
static struct result insert_or_update(struct tx *tx, void *context)
{
    const struct thing *things = context;
    TRY(tx_change(tx, STATEMENT_THING_INSERT, THING(&things[0])));
    struct result r = tx_run(tx, STATEMENT_THING_INSERT, THING(&things[1]), NULL);
    if (r.code != ERROR_STORE_EXISTS) return FAIL(ERROR_INTERNAL);
    int64_t changed;
    TRY(tx_run(tx, STATEMENT_THING_COUNT_UP, THING(&things[1]), &changed));
    ENSURE(changed == 1, ERROR_INTERNAL);
    return tx_change(tx, STATEMENT_THING_INSERT, THING(&things[2]));
}

static void a_closure_goes_on_after_a_refused_statement(void **state)
{
    struct world *w = *state;
    struct thing there = world_thing(w, "there");
    struct thing things[] = { { .id = random_id(), .name = "a" }, there, { .id = random_id(), .name = "b" } };
    assert_ok(store_write(w->store, insert_or_update, things));
    assert_int_equal(world_get(w, &there.id).count, 1);
    assert_string_equal(world_get(w, &things[0].id).name, "a");
    assert_string_equal(world_get(w, &things[2].id).name, "b");
    /* The refused statement may be the first one as well. */
    struct thing first[] = { { .id = random_id(), .name = "c" }, there, { .id = random_id(), .name = "d" } };
    struct result r = store_write(w->store, insert_or_update, first);
    assert_ok(r);
    assert_int_equal(world_get(w, &there.id).count, 2);
}

/* ---- closures ---- */

struct fails {
    struct thing thing;
    enum error with;
};

static struct result insert_and_fail(struct tx *tx, void *context)
{
    struct fails *f = context;
    TRY(tx_change(tx, STATEMENT_THING_INSERT, THING(&f->thing)));
    return f->with ? FAIL(f->with) : OK;
}

static struct result run_wrong(struct tx *tx, void *context)
{
    struct fails *f = context;
    struct thing row;
    struct arena *arena CLEANUP(arena_free_p) = arena_new(1000);
    TRY(tx_change(tx, STATEMENT_THING_INSERT, THING(&f->thing)));
    struct result r = tx_one(tx, STATEMENT_WRONG_TABLE, THING(&f->thing), arena, &thing_shape, &row);
    return failed(r) ? OK : r; /* wrongly believes that nothing happened */
}

/* One closure holds the writer while others gather behind it, so that those share a commit. */
struct gate {
    sem_t entered, open;
};

static struct result wait_at_gate(struct tx *tx, void *context)
{
    struct gate *gate = context;
    sem_post(&gate->entered);
    while (sem_wait(&gate->open)) continue;
    return OK;
}

struct caller {
    pthread_t thread;
    struct store *store;
    store_fn *fn;
    void *context;
    struct result result;
};

static void *write_one(void *closure)
{
    struct caller *w = closure;
    w->result = store_write(w->store, w->fn, w->context);
    return NULL;
}

static void start_caller(struct caller *caller, struct store *store, store_fn *fn, void *context)
{
    *caller = (struct caller){ .store = store, .fn = fn, .context = context };
    assert_int_equal(pthread_create(&caller->thread, NULL, write_one, caller), 0);
}

static void let_gather(void)
{
    nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
}

static void a_failing_closure_leaves_its_neighbours(void **state)
{
    struct world *w = *state;
    struct gate gate;
    sem_init(&gate.entered, 0, 0);
    sem_init(&gate.open, 0, 0);
    struct caller at_gate, callers[20];
    struct fails contexts[20];
    char names[20][8];
    start_caller(&at_gate, w->store, wait_at_gate, &gate);
    sem_wait(&gate.entered);
    for (int i = 0; i < 20; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        contexts[i] = (struct fails){ { .id = random_id(), .name = names[i] }, i % 4 == 1 ? ERROR_NOT_TEXT : ERROR_NONE };
        start_caller(&callers[i], w->store, i == 10 ? run_wrong : insert_and_fail, &contexts[i]);
    }
    let_gather();
    sem_post(&gate.open);
    pthread_join(at_gate.thread, NULL);
    for (int i = 0; i < 20; i++) {
        pthread_join(callers[i].thread, NULL);
        enum error expected = i == 10 ? ERROR_STORE_STATEMENT : i % 4 == 1 ? ERROR_NOT_TEXT : ERROR_NONE;
        assert_error(callers[i].result, expected);
        struct thing back;
        assert_error(store_one(w->store, STATEMENT_THING_GET, THING(&contexts[i].thing), w->arena, &thing_shape, &back),
                     expected ? ERROR_NOT_FOUND : ERROR_NONE);
    }
    struct diag diag = { 0 };
    store_failure(w->store, &diag);
    assert_non_null(strstr(diag.log, "no_such_table")); /* operators are told why */
}

static void a_full_queue_is_said_at_once(void **state)
{
    struct world *w = *state;
    struct store_options options = { .url = w->url, .readers = 1, .queue = 4 };
    struct store *small;
    assert_ok(store_open(&options, NULL, &small));
    struct gate gate;
    sem_init(&gate.entered, 0, 0);
    sem_init(&gate.open, 0, 0);
    struct caller at_gate, callers[4];
    struct fails contexts[5];
    static const char *const names[] = { "a", "b", "c", "d", "e" };
    for (int i = 0; i < 5; i++) contexts[i] = (struct fails){ { .id = random_id(), .name = names[i] }, ERROR_NONE };
    start_caller(&at_gate, small, wait_at_gate, &gate);
    sem_wait(&gate.entered);
    for (int i = 0; i < 4; i++) start_caller(&callers[i], small, insert_and_fail, &contexts[i]);
    let_gather();
    assert_error(store_write(small, insert_and_fail, &contexts[4]), ERROR_STORE_BUSY);
    sem_post(&gate.open);
    pthread_join(at_gate.thread, NULL);
    for (int i = 0; i < 4; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_ok(callers[i].result);
    }
    assert_ok(store_write(small, insert_and_fail, &contexts[4])); /* there is room again */
    store_close(small);
}

enum { CROWD = 200, CROWD_WRITES = 5 };

struct crowd {
    struct store *store;
    struct id thing;
    pthread_t thread;
    int ok;
};

static struct result add_event(struct tx *tx, void *context)
{
    struct event *event = context;
    TRY(tx_change(tx, STATEMENT_EVENT_INSERT, RECORD(event_shape, event)));
    struct thing thing = { .id = event->thing };
    return tx_change(tx, STATEMENT_THING_COUNT_UP, THING(&thing));
}

static void *write_some(void *closure)
{
    struct crowd *c = closure;
    for (int i = 0; i < CROWD_WRITES; i++) {
        struct event event = { random_id(), c->thing, i, NULL };
        c->ok += !failed(store_write(c->store, add_event, &event));
    }
    return NULL;
}

static void concurrent_writers_share_commits(void **state)
{
    struct world *w = *state;
    static struct crowd crowd[CROWD];
    struct thing thing = world_thing(w, "a");
    struct store_counts before, after;
    store_counts(w->store, &before);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = (struct crowd){ .store = w->store, .thing = thing.id };
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, write_some, &crowd[i]), 0);
    }
    for (int i = 0; i < CROWD; i++) {
        pthread_join(crowd[i].thread, NULL);
        assert_int_equal(crowd[i].ok, CROWD_WRITES);
    }
    store_counts(w->store, &after);
    uint64_t writes = after.writes - before.writes, commits = after.commits - before.commits;
    print_message("%d writes in %d commits\n", (int)writes, (int)commits);
    assert_int_equal(writes, CROWD * CROWD_WRITES);
    assert_true(commits >= writes / STORE_BATCH_MAX);
    assert_true(commits < writes / 4);
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM event"), CROWD * CROWD_WRITES);
    assert_int_equal(world_get(w, &thing.id).count, CROWD * CROWD_WRITES);
}

static void a_lone_writer_waits_for_nobody(void **state)
{
    struct world *w = *state;
    struct thing thing = world_thing(w, "a");
    struct store_counts before, after;
    store_counts(w->store, &before);
    for (int i = 0; i < 50; i++) assert_ok(store_change(w->store, STATEMENT_THING_COUNT_UP, THING(&thing)));
    store_counts(w->store, &after);
    assert_int_equal(after.commits - before.commits, 50);
    assert_int_equal(world_get(w, &thing.id).count, 50);
}

struct two_looks {
    struct world *w;
    const struct thing *thing;
    int64_t first, second;
};

static struct result look_twice(struct tx *tx, void *context)
{
    struct two_looks *l = context;
    struct thing row;
    TRY(tx_one(tx, STATEMENT_THING_GET, THING(l->thing), l->w->arena, &thing_shape, &row));
    l->first = row.count;
    TRY(store_change(l->w->store, STATEMENT_THING_COUNT_UP, THING(l->thing)));
    TRY(tx_one(tx, STATEMENT_THING_GET, THING(l->thing), l->w->arena, &thing_shape, &row));
    l->second = row.count;
    return OK;
}

static void a_read_sees_one_snapshot(void **state)
{
    struct world *w = *state;
    struct thing thing = world_thing(w, "a");
    struct two_looks l = { w, &thing, -1, -1 };
    assert_ok(store_read(w->store, look_twice, &l));
    assert_int_equal(l.first, 0);
    assert_int_equal(l.second, 0);
    assert_int_equal(world_get(w, &thing.id).count, 1); /* the next one sees what was confirmed */
}

static struct result do_nothing(struct tx *tx, void *context)
{
    return context ? FAIL(ERROR_NOT_FOUND) : OK;
}

static void closures_may_do_nothing(void **state)
{
    struct world *w = *state;
    assert_ok(store_write(w->store, do_nothing, NULL));
    assert_error(store_write(w->store, do_nothing, w), ERROR_NOT_FOUND);
    assert_ok(store_read(w->store, do_nothing, NULL));
    assert_error(store_read(w->store, do_nothing, w), ERROR_NOT_FOUND);
    world_thing(w, "a"); /* and leave nothing behind */
}

/* ---- lists ---- */

static void make_things(struct world *w, int count)
{
    for (int i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        world_thing(w, name);
    }
}

static void lists_stop_at_their_limit(void **state)
{
    struct world *w = *state;
    make_things(w, 7);
    void *rows = NULL;
    size_t count = 99;
    assert_ok(store_list(w->store, STATEMENT_THING_ALL, NO_PARAMS, w->arena, &thing_shape, 5, &rows, &count));
    assert_int_equal(count, 5);
    assert_ok(store_list(w->store, STATEMENT_THING_ALL, NO_PARAMS, w->arena, &thing_shape, STORE_LIST_MAX, &rows,
                         &count));
    assert_int_equal(count, 7);
    assert_ok(store_list(w->store, STATEMENT_THING_ALL, NO_PARAMS, w->arena, &thing_shape, 0, &rows, &count));
    assert_int_equal(count, 0);
    struct page page = { .after = bytes_of("\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377", 16),
                         .limit_count = 3 };
    assert_ok(store_list(w->store, STATEMENT_THING_PAGE, RECORD(page_shape, &page), w->arena, &thing_shape, 3, &rows,
                         &count));
    assert_int_equal(count, 0);
}

static void pages_by_key_miss_and_repeat_nothing(void **state)
{
    struct world *w = *state;
    make_things(w, 57);
    struct page page = { .after = bytes_of("", 0), .limit_count = 10 };
    struct id last = { { 0 } };
    size_t seen = 0, count;
    do {
        void *rows;
        assert_ok(store_list(w->store, STATEMENT_THING_PAGE, RECORD(page_shape, &page), w->arena, &thing_shape, 10,
                             &rows, &count));
        for (size_t i = 0; i < count; i++) {
            const struct thing *thing = &((const struct thing *)rows)[i];
            assert_true(memcmp(last.b, thing->id.b, ID_SIZE) < 0);
            last = thing->id;
        }
        seen += count;
        page.after = BYTES(last.b);
    } while (count == 10);
    assert_int_equal(seen, 57);
}

/* Whatever locale the server was made with: it is told apart from bytes by "B" < "a". */
static void texts_are_ordered_by_their_bytes(void **state)
{
    struct world *w = *state;
    static const char *const names[] = { "B", "Z", "a", "ä", "虎" };
    for (size_t i = 0; i < COUNT(names); i++) world_thing(w, names[(i * 2) % COUNT(names)]);
    struct page page = { .key = "A", .limit_count = 10 };
    void *rows;
    size_t count;
    assert_ok(store_list(w->store, STATEMENT_THING_BY_NAME_PAGE, RECORD(page_shape, &page), w->arena, &thing_shape, 10,
                         &rows, &count));
    assert_int_equal(count, COUNT(names));
    for (size_t i = 0; i < count; i++) assert_string_equal(((const struct thing *)rows)[i].name, names[i]);
}

/* ---- opening ---- */

static void a_newer_schema_is_refused(void **state)
{
    struct world *w = *state;
    store_close(TAKE(w->store));
    world_sql(w, "INSERT INTO schema_step (step, name, applied_s) VALUES (9999001, '9999-future/1', 0)");
    struct store_options options = { .url = w->url, .readers = 1 };
    struct diag diag = { 0 };
    struct store *store = NULL;
    assert_error(store_open(&options, &diag, &store), ERROR_STORE_SCHEMA);
    assert_non_null(strstr(diag.log, "9999-future/1"));
    assert_null(store);
    world_sql(w, "DELETE FROM schema_step WHERE step = 9999001");
    w->store = world_open(w);
}

/* A build that was stopped between a step and its record, or before the step. */
static void an_interrupted_migration_goes_on(void **state)
{
    struct world *w = *state;
    world_thing(w, "kept");
    store_close(TAKE(w->store));
    int64_t steps = world_number(w, "SELECT COUNT(*) FROM schema_step");
    assert_int_equal(steps, 6);
    world_sql(w, "DELETE FROM schema_step WHERE step = 1002"); /* an index that is there already */
    world_sql(w, "DROP TABLE event");
    world_sql(w, "DELETE FROM schema_step WHERE step >= 2001");
    w->store = world_open(w);
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM schema_step"), steps);
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM thing"), 1);
    assert_int_equal(world_number(w, "SELECT COUNT(kind) FROM event"), 0);
}

static void *open_and_close(void *closure)
{
    struct store_options options = { .url = closure, .readers = 1 };
    struct diag diag = { 0 };
    struct store *store;
    struct result r = store_open(&options, &diag, &store);
    if (failed(r)) {
        print_error("%s\n", diag.log);
        return closure;
    }
    store_close(store);
    return NULL;
}

static void many_may_open_a_new_database_at_once(void **state)
{
    struct world *w = *state;
    store_close(TAKE(w->store));
    world_sql(w, "DROP TABLE event");
    world_sql(w, "DROP TABLE thing");
    world_sql(w, "DROP TABLE schema_step");
    pthread_t threads[6];
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, w->url), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *failure;
        pthread_join(threads[i], &failure);
        assert_null(failure);
    }
    w->store = world_open(w);
    assert_int_equal(world_number(w, "SELECT COUNT(*) FROM schema_step"), 6);
}

static void wrong_options_are_refused(void **state)
{
    struct world *w = *state;
    static const char *const urls[] = { "", "mysql://x", "/hufu.db", "sqlite:/", "sqlite:/nowhere/at/all/hufu.db",
                                        "postgresql:///x?host=/nowhere", "postgresql://?nonsense=1" };
    struct store *store = NULL;
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct store_options options = { .url = urls[i], .readers = 1 };
        struct diag diag = { 0 };
        assert_true(failed(store_open(&options, &diag, &store)));
        assert_true(diag.log[0]);
    }
    struct store_options none = { .url = w->url, .readers = 0 }, many = { .url = w->url, .readers = 65 };
    assert_error(store_open(&none, NULL, &store), ERROR_STORE_URL);
    assert_error(store_open(&many, NULL, &store), ERROR_STORE_URL);
    assert_null(store);
}

/* ---- SQLite alone ---- */

static void the_file_is_for_its_owner(void **state)
{
    struct world *w = *state;
    static const char *const files[] = { "hufu.db", "hufu.db-wal", "hufu.db-shm" };
    struct stat st;
    char path[FOLDER_ROOM + 20];
    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(path, sizeof path, "%s/%s", w->folder, files[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    store_close(TAKE(w->store));
    snprintf(path, sizeof path, "%s/hufu.db", w->folder);
    assert_int_equal(chmod(path, 0644), 0);
    w->store = world_open(w);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void only_statements_run_after_opening(void **state)
{
    struct world *w = *state;
    static const char *const refused[] = { "ATTACH ':memory:' AS x",
                                           "CREATE TABLE x (a INTEGER)",
                                           "DROP TABLE thing",
                                           "ALTER TABLE thing ADD COLUMN x TEXT",
                                           "CREATE TEMP TABLE x (a INTEGER)",
                                           "PRAGMA synchronous=OFF",
                                           "PRAGMA writable_schema=ON",
                                           "PRAGMA foreign_keys=OFF",
                                           "DELETE FROM sqlite_schema",
                                           "CREATE TRIGGER x AFTER INSERT ON thing BEGIN DELETE FROM thing; END" };
    static const enum engine_role roles[] = { ENGINE_WRITES, ENGINE_READS };
    for (size_t r = 0; r < COUNT(roles); r++) {
        struct connection *c;
        assert_ok(engine_sqlite.open(w->url, roles[r], NULL, &c));
        engine_sqlite.lock(c);
        for (size_t i = 0; i < COUNT(refused); i++)
            assert_error(engine_sqlite.define(c, refused[i]), ERROR_STORE_STATEMENT);
        struct result written = engine_sqlite.define(c, "UPDATE thing SET note = 'x'");
        assert_int_equal(failed(written), roles[r] == ENGINE_READS);
        engine_sqlite.close(c);
    }
}

static void *keep_writing(void *closure)
{
    struct world *w = closure;
    struct thing thing = { .id = random_id(), .name = "busy" };
    struct result r = store_change(w->store, STATEMENT_THING_INSERT, THING(&thing));
    for (int i = 0; i < 300 && !failed(r); i++) r = store_change(w->store, STATEMENT_THING_COUNT_UP, THING(&thing));
    return failed(r) ? w : NULL;
}

static void a_backup_opens_and_equals(void **state)
{
    struct world *w = *state;
    make_things(w, 300);
    char path[FOLDER_ROOM + 20];
    snprintf(path, sizeof path, "%s/copy.db", w->folder);
    pthread_t busy;
    assert_int_equal(pthread_create(&busy, NULL, keep_writing, w), 0);
    assert_ok(store_backup(w->store, path));
    assert_error(store_backup(w->store, path), ERROR_STORE_BACKUP_EXISTS);
    void *failure;
    pthread_join(busy, &failure);
    assert_null(failure); /* writing went on beside it */
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);

    struct world copy = *w;
    snprintf(copy.url, sizeof copy.url, "sqlite:%s", path);
    copy.store = world_open(&copy);
    assert_int_equal(world_number(&copy, "PRAGMA quick_check"), 0); /* says "ok", not a row number */
    struct page page = { .key = "n", .limit_count = 1000 };
    void *rows[2];
    size_t count[2];
    for (int i = 0; i < 2; i++)
        assert_ok(store_list(i ? copy.store : w->store, STATEMENT_THING_BY_NAME_PAGE, RECORD(page_shape, &page),
                             w->arena, &thing_shape, 1000, &rows[i], &count[i]));
    assert_int_equal(count[0], 300);
    assert_int_equal(count[1], 300);
    for (size_t i = 0; i < 300; i++) {
        const struct thing *a = &((const struct thing *)rows[0])[i], *b = &((const struct thing *)rows[1])[i];
        assert_string_equal(a->name, b->name);
        assert_true(id_equal(&a->id, &b->id));
    }
    store_close(copy.store);
}

static void the_log_does_not_grow_for_ever(void **state)
{
    struct world *w = *state;
    struct thing thing = world_thing(w, "a");
    char path[FOLDER_ROOM + 20];
    snprintf(path, sizeof path, "%s/hufu.db-wal", w->folder);
    for (int i = 0; i < 3000; i++) assert_ok(store_change(w->store, STATEMENT_THING_COUNT_UP, THING(&thing)));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 6 << 20); /* 3000 commits are 12 MB of log */
}

/* ---- PostgreSQL alone ---- */

static void postgresql_makes_its_own_backups(void **state)
{
    struct world *w = *state;
    char path[FOLDER_ROOM + 20];
    snprintf(path, sizeof path, "%s/copy.db", w->folder);
    assert_error(store_backup(w->store, path), ERROR_NOT_SUPPORTED);
}

int run_store_tests(struct server *server)
{
#define SQLITE(test) { "sqlite: " #test, test, world_set_up, world_tear_down, NULL }
#define POSTGRESQL(test) { "postgresql: " #test, test, world_set_up, world_tear_down, server }
#define BOTH(test) SQLITE(test), POSTGRESQL(test)
    const struct CMUnitTest tests[] = {
        BOTH(values_come_back_as_they_were),
        BOTH(columns_find_their_fields_by_name),
        BOTH(parameters_beside_literals_are_64_bit),
        BOTH(over_long_values_are_refused),
        BOTH(values_of_another_kind_are_damage),
        BOTH(a_full_arena_is_an_error),
        BOTH(broken_rules_have_their_errors),
        BOTH(a_guarded_update_meets_a_newer_version),
        BOTH(a_closure_goes_on_after_a_refused_statement),
        BOTH(a_failing_closure_leaves_its_neighbours),
        BOTH(a_full_queue_is_said_at_once),
        BOTH(concurrent_writers_share_commits),
        BOTH(a_lone_writer_waits_for_nobody),
        BOTH(a_read_sees_one_snapshot),
        BOTH(closures_may_do_nothing),
        BOTH(lists_stop_at_their_limit),
        BOTH(pages_by_key_miss_and_repeat_nothing),
        BOTH(texts_are_ordered_by_their_bytes),
        BOTH(a_newer_schema_is_refused),
        BOTH(an_interrupted_migration_goes_on),
        BOTH(many_may_open_a_new_database_at_once),
        BOTH(wrong_options_are_refused),
        SQLITE(the_file_is_for_its_owner),
        SQLITE(only_statements_run_after_opening),
        SQLITE(a_backup_opens_and_equals),
        SQLITE(the_log_does_not_grow_for_ever),
        POSTGRESQL(postgresql_makes_its_own_backups),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
