/* Every statement of the service fits the schema of the service, on both engines. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server.h"
#include "store/store.h"
#include "store/tables.h"

enum { ROOM = 400 };

static void make_schema(const char *url)
{
    struct store_options options = { .url = url, .readers = 1 };
    struct diag diag = { 0 };
    struct store *store;
    struct result r = store_open(&options, &diag, &store);
    if (failed(r)) fail_msg("%s", diag.log);
    store_close(store);
}

static void statements_fit_sqlite(void **state)
{
    char folder[] = "/tmp/hufu-statements-XXXXXX", path[ROOM], url[ROOM + 8];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/hufu.db", folder);
    snprintf(url, sizeof url, "sqlite:%s", path);
    make_schema(url);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < store_statements_count; i++) {
        const struct statement_entry *entry = &store_statements[i];
        sqlite3_stmt *stmt;
        if (sqlite3_prepare_v2(db, entry->sql[ENGINE_SQLITE], -1, &stmt, NULL) != SQLITE_OK)
            fail_msg("%s: %s", entry->name, sqlite3_errmsg(db));
        assert_int_equal(sqlite3_bind_parameter_count(stmt), entry->params_count);
        assert_int_equal(sqlite3_stmt_readonly(stmt) != 0, entry->reads);
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void check_type(const struct statement_entry *entry, const char *what, Oid type)
{
    static const Oid types[] = { 17 /* bytea */, 20 /* int8 */, 23 /* int4 */, 25 /* text */ };
    for (size_t i = 0; i < COUNT(types); i++)
        if (types[i] == type) return;
    fail_msg("%s: %s has type %u", entry->name, what, type);
}

static void statements_fit_postgresql(void **state)
{
    char url[ROOM];
    server_fresh(*state, url, sizeof url);
    make_schema(url);
    PGconn *c = PQconnectdb(url);
    for (size_t i = 0; i < store_statements_count; i++) {
        const struct statement_entry *entry = &store_statements[i];
        PGresult *r = PQprepare(c, entry->name, entry->sql[ENGINE_POSTGRESQL], 0, NULL);
        if (PQresultStatus(r) != PGRES_COMMAND_OK) fail_msg("%s: %s", entry->name, PQerrorMessage(c));
        PQclear(r);
        r = PQdescribePrepared(c, entry->name);
        assert_int_equal(PQnparams(r), entry->params_count);
        for (int p = 0; p < PQnparams(r); p++) check_type(entry, entry->params[p], PQparamtype(r, p));
        for (int f = 0; f < PQnfields(r); f++) check_type(entry, PQfname(r, f), PQftype(r, f));
        PQclear(r);
    }
    PQfinish(c);
}

int main(void)
{
    struct server *server = server_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_fit_sqlite),
        cmocka_unit_test_prestate(statements_fit_postgresql, server),
    };
    int failures = cmocka_run_group_tests_name("statements", tests, NULL, NULL);
    server_stop(server);
    return failures;
}
