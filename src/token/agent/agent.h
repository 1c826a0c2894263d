/* hufu-agent: everything that its parts share, and one request on its way. */
#pragma once

#include "token/agent/http.h"
#include "token/agent/json.h"
#include "token/agent/keys.h"
#include "token/agent/net.h"
#include "token/agent/origins.h"
#include "token/agent/pairing.h"

enum { CALL_ANSWER_MAX = 1024 * 1024, CALL_ARENA_MAX = 4 * 1024 * 1024 };

struct agent {
    uint16_t port;
    bool insecure_dev;             /* PINs from the page, localhost origins, other users, pairing without a window */
    struct origins origins;
    struct pairings pairings;
    struct libraries libraries;
    struct keys keys;
    char window[SYSTEM_PATH_MAX];  /* hufu-agent-window */
    pthread_mutex_t window_lock;   /* one window at a time */
    pthread_mutex_t count_lock;
    unsigned connections;
};

/* One request, while it is answered. */
struct call {
    struct agent *agent;
    net_socket socket;             /* to notice that the page has gone */
    struct http_request request;
    struct json_object fields;     /* texts in the buffer that was received */
    struct arena *arena;           /* no secrets */
    struct writer out;             /* the answer; begun with '{' */
    struct diag diag;
    int tries;                     /* for the error; HELPER_NO_TRIES */
};

/* The field's text; NULL where it is absent. */
static inline const char *call_field(const struct call *call, const char *name)
{
    const struct json_field *field = json_find(&call->fields, name);
    return field ? field->value : NULL;
}

/* ---- operations.c ---- */

/* Runs the operation that the request names, after Host, Origin and user were found right: pairing, mark of the
 * origin, fields, then what it is. */
RESULT operation_run(struct call *call);

/* ---- sign.c ---- */
RESULT sign_statement(struct call *call);
RESULT sign_change_pin(struct call *call);

/* ---- download.c: sign_statement is the step between the two ---- */
RESULT download_open(struct call *call);
RESULT download_write(struct call *call);

/* ---- production.c ---- */
RESULT production_inspect(struct call *call);
RESULT production_open(struct call *call);
RESULT production_prove(struct call *call);
RESULT production_write(struct call *call);
RESULT production_write_recovered(struct call *call);
RESULT production_close(struct call *call);
RESULT production_unlock_challenge(struct call *call);
RESULT production_unlock_answer(struct call *call);

/* ---- serve.c ---- */

/* Serves connections until the process is asked to end. */
void serve(struct agent *agent, const struct net_listener *listener);
