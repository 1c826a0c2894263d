/* From requests to handlers: the table of operations that script/gen-api.py makes from api/openapi.json, who
 * may call them, and the answers to what may not be. */
#pragma once

#include "base/clock.h"
#include "web/call.h"
#include "web/sse.h"

enum { ROUTER_JSON_MAX = 64 * 1024, ROUTER_PARAMS_MAX = 8, ROUTER_KEPT_MAX = 65536, ROUTER_HOSTS_MAX = 16 };

enum api_access { API_ACCESS_PUBLIC, API_ACCESS_ANY, API_ACCESS_HOLDER, API_ACCESS_OPERATOR, API_ACCESS_PLATFORM };
enum api_body { API_BODY_NONE, API_BODY_JSON, API_BODY_RAW, API_BODY_UPLOAD };

enum api_place { API_IN_QUERY, API_IN_PATH, API_IN_HEADER };

struct api_param {
    const char *name;
    enum api_place place;
    struct json_check check;
};

typedef struct result api_handler(struct call *call);

/* A row of the generated table. */
struct api_operation {
    const char *id;
    enum http_method method;
    const char *path; /* "/api/v1/applications/{number}" */
    unsigned hosts;   /* enum call_host_kind, or-ed */
    enum api_access access;
    const char *roles; /* joined by commas, one is enough; NULL: any */
    enum api_body body;
    uint64_t limit;
    bool idempotent;
    int status; /* of success */
    const struct json_type *asks, *answers; /* NULL: none, or no record */
    bool answers_list;
    const struct api_param *params; /* those of the path first, in its order */
    size_t param_count;
    api_handler *handler;
};

/* A write that may come twice, by its Idempotency-Key: KEY is the SM3 hash of operation, principal and
 * the client's key, CONTENT of what it asks. */
struct call_repeat {
    uint8_t key[32], content[32];
};
/* Its answer, kept: a success without cookies of at most ROUTER_KEPT_MAX bytes. */
struct call_kept {
    uint8_t content[32];
    int status;
    const char *answer; /* JSON; "" if it was empty */
};

struct router_options {
    void *app;
    const struct clock *clock;
    const struct api_operation *operations;
    size_t operation_count;
    const struct call_host *hosts;
    size_t host_count;
    struct sse *sse; /* may be NULL: answer_sse then fails with ERROR_NOT_SUPPORTED */
    /* Who asks, by the call's cookies. PRINCIPAL_NONE: nobody. A failure is the answer, with its words. */
    struct result (*identify)(struct call *call, struct principal *ret_principal);
    /* The answer kept for REPEAT->key. ERROR_NOT_FOUND: none. NULL: repeats are not looked for. */
    struct result (*repeat_find)(struct call *call, const struct call_repeat *repeat, struct call_kept *ret_kept);
    struct result (*repeat_keep)(struct call *call, const struct call_repeat *repeat, const struct call_kept *kept);
    bool quiet; /* no line in the log for each request */
};

/* Everything pointed to outlives the router. A table or host that makes no sense is a bug (assert). */
struct router *router_new(const struct router_options *options);
/* After http_stop. */
void router_free(struct router *router);
/* For http_start. */
struct http_handler router_handler(struct router *router);
