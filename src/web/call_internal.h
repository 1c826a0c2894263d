/* What call.c and router*.c share. */
#pragma once

#include <pthread.h>

#include "web/router.h"

struct call_cookie {
    struct call_cookie *next;
    const char *text; /* of Set-Cookie */
};

/* Whether WORD is in LIST, which is joined by commas or NULL. */
bool call_listed(const char *list, const char *word);

struct router {
    struct router_options options;
    /* Keys of the writes that run now; all zero: free. Under running_lock. */
    pthread_mutex_t running_lock;
    uint8_t running[HTTP_WORKERS_MAX][32];
};

struct sse *router_sse(const struct router *router);

/* ---- router_repeat.c: Idempotency-Key ---- */
/* Runs the operation's handler, or answers with what it answered to the same request before. */
RESULT router_run(struct call *call);

/* ---- router_error.c ---- */
/* Answers with CODE. CALL is NULL where there is none yet. */
void router_answer_error(struct http_request *request, struct call *call, enum error code);
/* Whether the client wants English. */
bool router_english(const struct http_request *request);

/* ---- router_match.c ---- */
/* The operation of the table for this method, path and kind of host, its path's texts in RET_PARAMS (of
 * ROUTER_PARAMS_MAX). ERROR_ROUTE_UNKNOWN; ERROR_METHOD_REFUSED with the methods there are in RET_ALLOW. */
RESULT router_match(const struct router *router, const struct http_request *request, unsigned host,
                    const struct api_operation **ret_operation, const char **ret_params, const char **ret_allow);
/* The texts of query and header, and the checks of all parameters. */
RESULT router_params(struct call *call);
