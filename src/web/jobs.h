/* What is to be done without anybody asking: a table, a thread for each row, so that one that waits holds up no
 * other. Each runs when its time has come, at once when it is woken, and again at once while it says that there is
 * more. A job may run on several machines at a time: leases in rows keep them apart. */
#pragma once

#include "service/service.h"

struct job {
    const char *name;
    unsigned every_s;
    /* RET_DONE: how much there was to do; with WHOLE or more there may be more at once. */
    struct result (*run)(struct service *service, size_t *ret_done);
    size_t whole; /* of a round; 0: never more */
};

enum { JOBS_MAX = 32 };

struct jobs;

/* JOBS outlives it. */
struct jobs *jobs_start(struct service *service, const struct job *jobs, size_t count);
/* Waits for what runs. */
void jobs_stop(struct jobs *jobs);
/* Runs NAME now. From any thread; does nothing before jobs_start and for a name that none has. */
void jobs_wake(struct jobs *jobs, const char *name);
