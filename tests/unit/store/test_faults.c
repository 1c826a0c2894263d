/* What hinders the store: other writers, lost connections, a server that dies, a disk that does not take it, and its own
 * death. Nothing confirmed is lost, nothing happens twice, and what is not known is not called a failure. */
#include "world.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proxy.h"
#include "tests.h"

static void wait_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static struct store_counts counts(const struct world *w)
{
    struct store_counts c;
    store_counts(w->store, &c);
    return c;
}

/* ---- other writers ---- */

struct conflict {
    struct world *w;
    struct thing thing;
    int runs;
    int disturbed; /* this many runs, from the first */
};

/* Adds to what it has read; another transaction changes that in between. */
static struct result add_while_disturbed(struct tx *tx, void *context)
{
    struct conflict *c = context;
    struct thing row;
    TRY(tx_one(tx, STATEMENT_THING_GET, THING(&c->thing), c->w->arena, &thing_shape, &row));
    if (c->runs++ < c->disturbed) world_sql(c->w, "UPDATE thing SET count = count + 100");
    row.count++;
    return tx_change(tx, STATEMENT_THING_UPDATE, THING(&row));
}

static void a_serialization_failure_runs_again(void **state)
{
    struct world *w = *state;
    struct conflict c = { w, world_thing(w, "a"), 0, 2 };
    struct store_counts before = counts(w);
    assert_ok(store_write(w->store, add_while_disturbed, &c));
    assert_int_equal(c.runs, 3);
    assert_int_equal(counts(w).retries - before.retries, 2);
    struct thing after = world_get(w, &c.thing.id);
    assert_int_equal(after.count, 201); /* 1 was added to what the others had made of it */
    assert_int_equal(after.version, 1);
}

static void retries_have_an_end(void **state)
{
    struct world *w = *state;
    struct conflict c = { w, world_thing(w, "a"), 0, 1000 };
    assert_error(store_write(w->store, add_while_disturbed, &c), ERROR_STORE_BUSY);
    assert_int_equal(c.runs, STORE_RETRIES_MAX + 1);
    assert_int_equal(world_get(w, &c.thing.id).count, 100 * c.runs);
    world_thing(w, "b"); /* and the next one is not held up */
}

struct deadlock {
    struct world *w;
    struct thing first, second;
    PGconn *other; /* has changed the second */
    char seen[DIAG_TEXT_MAX];
    int runs;
};

static struct result change_both(struct tx *tx, void *context)
{
    struct deadlock *d = context;
    TRY(tx_change(tx, STATEMENT_THING_COUNT_UP, THING(&d->first)));
    if (d->runs++ == 0) {
        assert_int_equal(PQsendQuery(d->other, "UPDATE thing SET count = count + 1 WHERE name = 'first'; COMMIT"), 1);
        wait_ms(100); /* until it waits for this one */
    } else if (d->runs == 2) {
        struct diag diag = { 0 };
        store_failure(d->w->store, &diag);
        memcpy(d->seen, diag.log, sizeof d->seen);
    }
    return tx_change(tx, STATEMENT_THING_COUNT_UP, THING(&d->second));
}

static void a_deadlock_runs_again(void **state)
{
    struct world *w = *state;
    struct deadlock d = { w, world_thing(w, "first"), world_thing(w, "second"), PQconnectdb(w->url) };
    /* The other one is patient, so that the store is the one to give in. */
    PGresult *r = PQexec(d.other, "SET deadlock_timeout = '60s'; BEGIN;"
                                  "UPDATE thing SET count = count + 1 WHERE name = 'second'");
    assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
    PQclear(r);
    assert_ok(store_write(w->store, change_both, &d));
    while ((r = PQgetResult(d.other)) != NULL) {
        assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
        PQclear(r);
    }
    PQfinish(d.other);
    assert_true(d.runs >= 2);
    assert_memory_equal(d.seen, "40P01", 5);
    assert_int_equal(world_get(w, &d.first.id).count, 2);
    assert_int_equal(world_get(w, &d.second.id).count, 2);
}

static void *hold_the_file(void *closure)
{
    const struct world *w = closure;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(w->url + strlen("sqlite:"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    wait_ms(1500); /* longer than the store waits at a time */
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    return NULL;
}

static void a_busy_file_is_tried_again(void **state)
{
    struct world *w = *state;
    pthread_t holder;
    struct store_counts before = counts(w);
    assert_int_equal(pthread_create(&holder, NULL, hold_the_file, w), 0);
    wait_ms(100);
    struct thing thing = world_thing(w, "a");
    pthread_join(holder, NULL);
    assert_true(counts(w).retries > before.retries);
    assert_int_equal(world_get(w, &thing.id).count, 0);
}

/* ---- lost connections ---- */

struct through {
    struct proxy *proxy;
    struct world by; /* as the world, by way of the proxy */
};

static struct through go_through_proxy(struct world *w)
{
    struct through t = { proxy_start(w->folder, server_folder(w->server)), *w };
    const char *query = strchr(w->url, '?');
    snprintf(t.by.url, sizeof t.by.url, "%.*s?host=%s&user=hufu", (int)(query - w->url), w->url, w->folder);
    t.by.store = world_open(&t.by);
    return t;
}

static void end_proxy(struct through *t)
{
    store_close(t->by.store);
    proxy_stop(t->proxy);
}

static void a_connection_lost_before_the_commit_is_made_good(void **state)
{
    struct world *w = *state;
    struct through t = go_through_proxy(w);
    struct thing thing = world_thing(&t.by, "a");
    static const char *const words[] = { "BEGIN", "SAVEPOINT c" };
    static const enum proxy_cut hows[] = { PROXY_CUT_BEFORE, PROXY_CUT_AFTER };
    int64_t count = 0;
    for (size_t i = 0; i < COUNT(words); i++) {
        for (size_t j = 0; j < COUNT(hows); j++) {
            proxy_cut(t.proxy, words[i], hows[j]);
            assert_ok(store_change(t.by.store, STATEMENT_THING_COUNT_UP, THING(&thing)));
            assert_true(proxy_has_cut(t.proxy));
            assert_int_equal(world_get(w, &thing.id).count, ++count);
        }
    }
    /* Reading too: the statement is sent again on another connection. */
    proxy_cut(t.proxy, "thing", PROXY_CUT_AFTER); /* by its text: not prepared there yet */
    assert_int_equal(world_get(&t.by, &thing.id).count, count);
    assert_true(proxy_has_cut(t.proxy));
    end_proxy(&t);
}

static void a_connection_lost_in_the_commit_leaves_it_unknown(void **state)
{
    struct world *w = *state;
    struct through t = go_through_proxy(w);
    struct thing thing = world_thing(&t.by, "a");
    proxy_cut(t.proxy, "COMMIT", PROXY_CUT_AFTER);
    assert_error(store_change(t.by.store, STATEMENT_THING_COUNT_UP, THING(&thing)), ERROR_STORE_UNKNOWN);
    assert_int_equal(world_get(w, &thing.id).count, 1); /* it did happen */
    proxy_cut(t.proxy, "COMMIT", PROXY_CUT_BEFORE);
    assert_error(store_change(t.by.store, STATEMENT_THING_COUNT_UP, THING(&thing)), ERROR_STORE_UNKNOWN);
    assert_int_equal(world_get(w, &thing.id).count, 1); /* it did not */
    assert_ok(store_change(t.by.store, STATEMENT_THING_COUNT_UP, THING(&thing)));
    assert_int_equal(world_get(w, &thing.id).count, 2);
    end_proxy(&t);
}

static void sessions_ended_by_the_server_are_opened_again(void **state)
{
    struct world *w = *state;
    struct thing thing = world_thing(w, "a");
    for (int i = 0; i < 3; i++) {
        world_sql(w, "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
                     " WHERE datname = current_database() AND pid <> pg_backend_pid()");
        assert_int_equal(world_get(w, &thing.id).count, i);
        assert_ok(store_change(w->store, STATEMENT_THING_COUNT_UP, THING(&thing)));
    }
    assert_int_equal(world_get(w, &thing.id).count, 3);
}

/* A newer build on another host adds a column: SELECT * of this one was prepared without it. */
static void a_migration_beside_it_is_survived(void **state)
{
    struct world *w = *state;
    struct thing thing = world_thing(w, "a");
    assert_int_equal(world_get(w, &thing.id).count, 0);
    world_sql(w, "ALTER TABLE thing ADD COLUMN later TEXT");
    for (int i = 0; i < 5; i++) assert_int_equal(world_get(w, &thing.id).count, 0);
    struct conflict c = { w, thing, 0, 0 };
    assert_ok(store_write(w->store, add_while_disturbed, &c));
}

/* ---- a server that dies ---- */

enum { LINES = 8, EVENTS_MAX = 20000, EVENTS_BETWEEN = 200 };

enum outcome { UNTRIED, CONFIRMED, REFUSED, NOT_KNOWN };

struct line {
    pthread_t thread;
    struct store *store;
    struct id thing;
    struct id ids[EVENTS_MAX];
    enum outcome outcomes[EVENTS_MAX];
    int tried;
};

static atomic_int confirmed;
static atomic_bool stop;

static struct result add_event(struct tx *tx, void *context)
{
    const struct event *event = context;
    struct thing thing = { .id = event->thing };
    TRY(tx_change(tx, STATEMENT_EVENT_INSERT, RECORD(event_shape, event)));
    return tx_change(tx, STATEMENT_THING_COUNT_UP, THING(&thing));
}

static void *write_until_stopped(void *closure)
{
    struct line *line = closure;
    while (!stop && line->tried < EVENTS_MAX) {
        int i = line->tried++;
        line->ids[i] = random_id();
        struct event event = { line->ids[i], line->thing, i, NULL };
        enum error error = store_write(line->store, add_event, &event).code;
        line->outcomes[i] = error == ERROR_NONE ? CONFIRMED : error == ERROR_STORE_UNKNOWN ? NOT_KNOWN : REFUSED;
        confirmed += error == ERROR_NONE;
        if (error) wait_ms(5);
    }
    return NULL;
}

static void wait_for_confirmed(int count)
{
    for (int i = 0; confirmed < count && i < 3000; i++) wait_ms(10);
    assert_true(confirmed >= count);
}

/* Every event that there is, in the order of their ids. */
static size_t all_events(struct world *w, struct id **ret_ids)
{
    struct id *ids = calloc(LINES * EVENTS_MAX, sizeof *ids);
    size_t total = 0, count;
    struct page page = { .after = bytes_of("", 0), .limit_count = 1000 };
    do {
        void *rows;
        arena_reset(w->arena);
        assert_ok(store_list(w->store, STATEMENT_EVENT_PAGE, RECORD(page_shape, &page), w->arena, &event_shape, 1000,
                             &rows, &count));
        for (size_t i = 0; i < count; i++) ids[total++] = ((const struct event *)rows)[i].id;
        if (total) page.after = BYTES(ids[total - 1].b);
    } while (count == 1000);
    *ret_ids = ids;
    return total;
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, ID_SIZE);
}

static void check_line(struct world *w, const struct line *line, const struct id *ids, size_t total, int *unknown)
{
    int64_t there = 0;
    for (int i = 0; i < line->tried; i++) {
        bool found = bsearch(&line->ids[i], ids, total, sizeof *ids, compare_ids) != NULL;
        there += found;
        if (line->outcomes[i] == CONFIRMED) assert_true(found);
        if (line->outcomes[i] == REFUSED) assert_false(found);
        *unknown += line->outcomes[i] == NOT_KNOWN;
    }
    assert_int_equal(world_get(w, &line->thing).count, there);
}

static void a_server_that_dies_takes_nothing_confirmed_along(void **state)
{
    struct world *w = *state;
    struct line *lines = calloc(LINES, sizeof *lines);
    confirmed = 0;
    stop = false;
    for (int i = 0; i < LINES; i++) {
        char name[8];
        snprintf(name, sizeof name, "l%d", i);
        lines[i].store = w->store;
        lines[i].thing = world_thing(w, name).id;
        assert_int_equal(pthread_create(&lines[i].thread, NULL, write_until_stopped, &lines[i]), 0);
    }
    for (int crash = 0; crash < 3; crash++) {
        wait_for_confirmed(confirmed + EVENTS_BETWEEN);
        server_crash(w->server);
        wait_ms(100);
        server_again(w->server);
    }
    wait_for_confirmed(confirmed + EVENTS_BETWEEN);
    stop = true;
    for (int i = 0; i < LINES; i++) pthread_join(lines[i].thread, NULL);
    struct id *ids;
    size_t total = all_events(w, &ids);
    int unknown = 0;
    for (int i = 0; i < LINES; i++) check_line(w, &lines[i], ids, total, &unknown);
    print_message("%d confirmed, %d there, %d not known\n", (int)confirmed, (int)total, unknown);
    assert_true(total <= (size_t)(confirmed + unknown));
    free(ids);
    free(lines);
}

static void a_server_that_stays_away_is_told_soon(void **state)
{
    struct world *w = *state;
    struct thing thing = world_thing(w, "a"), back;
    server_crash(w->server);
    assert_error(store_change(w->store, STATEMENT_THING_COUNT_UP, THING(&thing)), ERROR_STORE_UNAVAILABLE);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < 20; i++)
        assert_error(store_change(w->store, STATEMENT_THING_COUNT_UP, THING(&thing)), ERROR_STORE_UNAVAILABLE);
    assert_error(store_one(w->store, STATEMENT_THING_GET, THING(&thing), w->arena, &thing_shape, &back),
                 ERROR_STORE_UNAVAILABLE);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(after.tv_sec - before.tv_sec < 2);
    struct diag diag = { 0 };
    store_failure(w->store, &diag);
    assert_true(diag.log[0]);
    server_again(w->server);
    assert_ok(store_change(w->store, STATEMENT_THING_COUNT_UP, THING(&thing)));
    assert_int_equal(world_get(w, &thing.id).count, 1);
}

/* ---- a disk that does not take it ---- */

static void a_commit_that_the_disk_refuses_is_unknown(void **state)
{
    struct world *w = *state;
    struct thing thing = world_thing(w, "a");
    struct rlimit limit, before;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum error error = store_change(w->store, STATEMENT_THING_COUNT_UP, THING(&thing)).code;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(error, ERROR_STORE_UNKNOWN);
    int64_t count = world_get(w, &thing.id).count;
    assert_true(count == 0 || count == 1);
    assert_ok(store_change(w->store, STATEMENT_THING_COUNT_UP, THING(&thing)));
    assert_int_equal(world_get(w, &thing.id).count, count + 1);
}

/* ---- the store's own death ---- */

enum { KILLED_LINES = 16, KILLS = 3, CONFIRMED_BEFORE_KILL = 1500 };

static const char *writer_path;

/* Runs store-writer until enough is confirmed, kills it, and keeps in LAST the last confirmed event of each thing. */
static void write_and_kill(const struct world *w, int last[])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    const char *const arguments[] = { writer_path, w->url, NULL };
    pid_t pid;
    assert_int_equal(posix_spawn(&pid, writer_path, &actions, NULL, (char *const *)arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *said = fdopen(ends[0], "r");
    int line, event, count = 0;
    while (fscanf(said, "%d %d", &line, &event) == 2) {
        assert_true(line >= 0 && line < KILLED_LINES);
        last[line] = event;
        if (++count == CONFIRMED_BEFORE_KILL) assert_int_equal(kill(pid, SIGKILL), 0);
    }
    fclose(said);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(count >= CONFIRMED_BEFORE_KILL);
}

static void a_kill_loses_nothing_and_doubles_nothing(void **state)
{
    struct world *w = *state;
    struct thing things[KILLED_LINES];
    int last[KILLED_LINES];
    for (int i = 0; i < KILLED_LINES; i++) {
        char name[8];
        snprintf(name, sizeof name, "w%d", i);
        things[i] = world_thing(w, name);
        last[i] = -1;
    }
    for (int k = 0; k < KILLS; k++) {
        store_close(TAKE(w->store));
        write_and_kill(w, last);
        w->store = world_open(w);
        int64_t total = 0;
        for (int i = 0; i < KILLED_LINES; i++) {
            /* What was under way may have come through, and only that. */
            int64_t count = world_get(w, &things[i].id).count;
            assert_true(count == last[i] + 1 || count == last[i] + 2);
            total += count;
        }
        assert_int_equal(world_number(w, "SELECT COUNT(*) FROM event"), total);
        assert_int_equal(world_number(w, "SELECT COUNT(*) FROM (SELECT DISTINCT thing, at FROM event) x"), total);
    }
}

int run_fault_tests(struct server *server, const char *writer)
{
    writer_path = writer;
#define SQLITE(test) { "sqlite: " #test, test, world_set_up, world_tear_down, NULL }
#define POSTGRESQL(test) { "postgresql: " #test, test, world_set_up, world_tear_down, server }
    const struct CMUnitTest tests[] = {
        POSTGRESQL(a_serialization_failure_runs_again),
        POSTGRESQL(retries_have_an_end),
        POSTGRESQL(a_deadlock_runs_again),
        SQLITE(a_busy_file_is_tried_again),
        POSTGRESQL(a_connection_lost_before_the_commit_is_made_good),
        POSTGRESQL(a_connection_lost_in_the_commit_leaves_it_unknown),
        POSTGRESQL(sessions_ended_by_the_server_are_opened_again),
        SQLITE(a_migration_beside_it_is_survived),
        POSTGRESQL(a_migration_beside_it_is_survived),
        POSTGRESQL(a_server_that_dies_takes_nothing_confirmed_along),
        POSTGRESQL(a_server_that_stays_away_is_told_soon),
        SQLITE(a_commit_that_the_disk_refuses_is_unknown),
        SQLITE(a_kill_loses_nothing_and_doubles_nothing),
        POSTGRESQL(a_kill_loses_nothing_and_doubles_nothing),
    };
    return cmocka_run_group_tests_name("store faults", tests, NULL, NULL);
}
