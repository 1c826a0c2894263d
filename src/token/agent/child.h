/* Programs of our own set that the agent starts and talks to over their standard input and output: the helper that
 * loads an SKF library, the window. child_linux.c, child_windows.c. One thread at a time uses a child. */
#pragma once

#include "base/bytes.h"
#include "base/result.h"

struct child;

/* Starts ARGV[0] (absolute) with a short list of environment variables of ours. ERROR_IO. */
RESULT child_start(const char *const argv[], struct child **ret_child);
/* Kills it if it still runs. NULL is nothing. */
void child_end(struct child *child);

/* Whether the waiting has lost its sense (the page has gone). */
struct child_watch {
    bool (*gave_up)(void *context);
    void *context;
};

/* ERROR_IPC_CLOSED when it has ended, ERROR_IPC_TIMEOUT at the deadline (system_now_ms), ERROR_AGENT_CANCELLED when
 * WATCH (may be NULL) gave up. */
RESULT child_write(struct child *child, struct bytes data, int64_t deadline_ms);
RESULT child_read(struct child *child, void *into, size_t len, int64_t deadline_ms, const struct child_watch *watch);
