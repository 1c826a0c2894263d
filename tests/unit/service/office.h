/* What the tests of the rules stand on: a fresh database of either engine with the service over it, a clock that is
 * set by hand, and in the relay's place a thread that keeps what it is told to send. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../store/server.h"
#include "service/authority.h"
#include "service/directory.h"

enum { OFFICE_NOW = 1795500000, OFFICE_SENT_MAX = 64 }; /* 2026-11-24T06:00:00Z, 14:00 in Shanghai, a Tuesday */

/* A message that the relay was told to send. */
struct sent {
    enum { SENT_SMS, SENT_EMAIL } channel;
    struct id id;
    char to[256], subject[256], text[4096];
};

struct relay_thread;

struct office {
    char folder[200];
    struct clock clock; /* offset_s is the time */
    struct service service;
    struct arena *arena;
    struct diag diag;
    struct relay_thread *relay, *files;
    struct calendar *calendar;
    const char *client;
    struct id ended; /* the last that service->end was called with */
    char woken[64];  /* the last that service->wake was */
};

/* cmocka's setup and teardown; the initial state is a struct server * or NULL for SQLite. */
int office_set_up(void **state);
int office_tear_down(void **state);

/* Hands web the socket to the peer NAME, as hufu serve does; SOCKET is closed here. */
void office_peer(struct office *office, const char *name, int socket);

/* An act of an administrator, now; DIAG emptied. */
struct act office_act(struct office *office);
void office_pass(struct office *office, int64_t seconds);

/* What was sent, oldest first; COUNT of them. */
size_t office_sent(struct office *office, const struct sent **ret_sent);
/* Puts a thread in hufu-files' place that finds every file to be a PDF of one page. */
void office_start_files(struct office *office);
/* From now on the relay answers CHANNEL's messages with ERROR; ERROR_NONE: they are sent again. */
void office_relay_fails(struct office *office, int channel, enum error error);
/* While it holds, the relay has taken a message and does not answer. */
void office_relay_holds(struct office *office, bool holds);
/* Runs the jobs until there is nothing left to do now. */
void office_run_jobs(struct office *office);

/* An organization and an account in it; MOBILE and NUMBER (of an identity card) are its own. */
struct organization_row office_organization(struct office *office);
struct account_row office_account(struct office *office, const char *mobile, const char *number);
/* Identity card numbers that pass. */
extern const char *const office_numbers[4];

/* Whether a file of its folder (the database of SQLite, uploads) has TEXT in it; how many uploads there are. */
bool office_folder_holds(struct office *office, const char *text);
size_t office_uploads(struct office *office);

/* The number of rows that a list has. */
size_t office_notices(struct office *office, struct notice_row **ret_rows);
size_t office_audits(struct office *office, struct audit_row **ret_rows);

#define assert_ok(result) assert_int_equal((result).code, ERROR_NONE)
#define assert_error(result, error) assert_int_equal((result).code, (error))
