/* One job of the relay as its gateway sees it. */
#pragma once

#include <curl/curl.h>

#include "base/arena.h"
#include "base/clock.h"
#include "ipc/relay_api.h"

struct work {
    CURL *curl;          /* the worker's own, kept so that connections live on */
    struct arena *arena; /* for this job */
    struct diag *diag;
    const struct clock *clock;
    int fd;          /* the descriptor that came with the job; -1: none. The lane closes it */
    long timeout_ms; /* for one exchange with a gateway, from connecting to the last byte */
};
