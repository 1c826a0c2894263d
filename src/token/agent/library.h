/* The SKF libraries of the allow-list, each behind a helper process of its own (helper_api.h). A helper is started at
 * its first question, killed when it does not answer in time, and started again at the next one; after it crashed or
 * hung, there is a pause in which its library counts as absent, so that it slows nothing else down. Questions to one
 * library are asked one after another; libraries do not wait for each other. */
#pragma once

#include <pthread.h>

#include "base/diag.h"
#include "token/agent/helper_api.h"
#include "token/agent/system.h"

enum { LIBRARIES_MAX = 8, LIBRARY_PAUSE_MS = 10 * 1000, LIBRARY_LIST_MS = 8 * 1000, LIBRARY_TIME_MS = 30 * 1000 };

struct child;

struct library {
    char path[SYSTEM_PATH_MAX];
    char helper[SYSTEM_PATH_MAX]; /* hufu-agent-helper */
    bool loud;                    /* what it prints to standard error is let through (development) */
    pthread_mutex_t lock;
    struct child *child;
    int64_t not_before_ms;
    uint8_t *room;                /* the message on its way; locked memory, wiped after each */
};

struct libraries {
    size_t count;
    struct library of[LIBRARIES_MAX];
};

/* PATHS: absolute, ';' between them; HELPER the program. ERROR_CONFIG with the reason in DIAG's log: not there, or
 * others than its owner may change it. */
RESULT libraries_init(struct libraries *libraries, const char *paths, const char *helper, bool loud, struct diag *diag);

/* A question as it is put together and answered; begin, write blocks, ask, read, end: in this order, on one thread.
 * The library is taken from begin to end. */
struct library_call {
    struct library *library;
    struct writer out;   /* what follows the operation's number */
    struct reader in;    /* of the answer */
    int tries;           /* HELPER_NO_TRIES: not told */
    uint32_t sar;
};

void library_begin(struct library *library, enum helper_op op, struct library_call *ret_call);
/* What the helper answered: its own codes, or ERROR_AGENT_LIBRARY_CRASHED, ERROR_AGENT_LIBRARY_TIMEOUT (after
 * TIME_MS), with the library's number in DIAG. ERROR_AGENT_NO_KEY during the pause after a crash. */
RESULT library_ask(struct library_call *call, int time_ms, struct diag *diag);
void library_end(struct library_call *call);
