/* The parts of test-signer. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "stage.h"

enum { NOW = 1795500000 }; /* 2026-11-24T06:00:00Z */

/* A signer within the test, set up and serving, with its cast. */
struct play {
    struct cast *cast;
    struct stage *stage;
    struct cast_peer *peer;
};

int play_setup(void **state);
int play_teardown(void **state);
/* Closes and opens it again, as a restart would, and greets; and a second passes. */
void play_restart(struct play *play);

#define PLAY(name) cmocka_unit_test_setup_teardown(name, play_setup, play_teardown)
#define assert_ok(expr)                                                             \
    do {                                                                            \
        struct result ok_ = (expr);                                                 \
        if (failed(ok_)) fail_msg("%s: %s", #expr, error_find(ok_.code)->name);     \
    } while (0)
#define assert_error(expr, error)                                                                          \
    do {                                                                                                   \
        struct result got_ = (expr);                                                                       \
        if (got_.code != (error))                                                                          \
            fail_msg("%s: %s instead of %s", #expr, error_find(got_.code)->name, error_find(error)->name); \
    } while (0)

int test_centre(void);
int test_issue(void);
int test_parts(void);
int test_proof(void);
int test_publish(void);
int test_state(void);
int test_time(void);
int test_trail(void);
