#include "web/router.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

#include "base/log.h"
#include "web/call_internal.h"

struct sse *router_sse(const struct router *router)
{
    return router->options.sse;
}

/* ---- before the body: on a network thread ---- */

static const struct call_host *find_host(const struct router *router, const char *host)
{
    for (size_t i = 0; i < router->options.host_count; i++)
        if (strcmp(router->options.hosts[i].host, host) == 0) return &router->options.hosts[i];
    return NULL;
}

/* Pages of other sites, and of our other hosts, change nothing here: SameSite=Strict keeps cookies from
 * them, this keeps their requests from us. Clients that are no browsers send neither field. */
static struct result check_origin(const struct call *call)
{
    enum http_method method = call->request->method;
    const char *origin = call_header(call, "Origin"), *site = call_header(call, "Sec-Fetch-Site");
    if (method == HTTP_GET || method == HTTP_HEAD) return OK;
    ENSURE(!origin || strcmp(origin, call->host->origin) == 0, ERROR_ORIGIN_REFUSED);
    ENSURE(!site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0, ERROR_ORIGIN_REFUSED);
    return OK;
}

static bool is_type(const char *sent, const char *type)
{
    size_t len = strlen(type);
    return sent && strncasecmp(sent, type, len) == 0 && (sent[len] == '\0' || sent[len] == ';' || sent[len] == ' ');
}

/* JSON says so. An upload must not have a type that a form of another site could send without asking. */
static struct result check_type(const struct call *call)
{
    static const char *const of_forms[] = { "application/x-www-form-urlencoded", "multipart/form-data", "text/plain" };
    const char *type = call_header(call, "Content-Type");
    if (call->operation->body == API_BODY_JSON) ENSURE(is_type(type, "application/json"), ERROR_CONTENT_TYPE);
    if (call->operation->body != API_BODY_UPLOAD) return OK;
    ENSURE(type, ERROR_CONTENT_TYPE);
    for (size_t i = 0; i < COUNT(of_forms); i++) ENSURE(!is_type(type, of_forms[i]), ERROR_CONTENT_TYPE);
    return OK;
}

static struct result make_plan(struct router *router, struct call *call, struct http_plan *ret_plan)
{
    static const enum http_body bodies[] = { HTTP_BODY_NONE, HTTP_BODY_MEMORY, HTTP_BODY_MEMORY, HTTP_BODY_FILE };
    struct http_request *request = call->request;
    const char *allow = NULL;
    call->host = find_host(router, request->host);
    ENSURE(call->host, ERROR_HOST_UNKNOWN);
    call->params = arena_array(call->arena, ROUTER_PARAMS_MAX, sizeof *call->params);
    ENSURE(call->params, ERROR_OUT_OF_ROOM);
    struct result r = router_match(router, request, call->host->kind, &call->operation, call->params, &allow);
    if (allow) http_answer_field(request, "Allow", allow);
    TRY(r);
    TRY(check_origin(call));
    TRY(check_type(call));
    const struct api_operation *o = call->operation;
    ENSURE(o->body == API_BODY_NONE || request->length > 0, ERROR_BODY_MISSING);
    /* An upload is admitted before it is sent: who may not, or where nothing is to be had, stops here. */
    *ret_plan = (struct http_plan){ bodies[o->body], o->limit, o->body == API_BODY_UPLOAD };
    return OK;
}

static bool plan(void *context, struct http_request *request, struct http_plan *ret_plan)
{
    struct router *router = context;
    struct call *call = ARENA_NEW(request->arena, struct call);
    if (!call) {
        router_answer_error(request, NULL, ERROR_OUT_OF_ROOM);
        return false;
    }
    *call = (struct call){ .app = router->options.app, .arena = request->arena, .diag = &request->diag,
                           .request = request, .client = request->client, .router = router,
                           .english = router_english(request), .upload = { .fd = -1 } };
    id_text(&request->id, call->request_id);
    request->own = call;
    struct result r = make_plan(router, call, ret_plan);
    if (failed(r)) router_answer_error(request, call, r.code);
    return !failed(r);
}

/* ---- on a worker ---- */

static struct result check_access(const struct call *call)
{
    static const enum principal_kind due[] = { [API_ACCESS_HOLDER] = PRINCIPAL_HOLDER,
                                               [API_ACCESS_OPERATOR] = PRINCIPAL_OPERATOR,
                                               [API_ACCESS_PLATFORM] = PRINCIPAL_PLATFORM };
    const struct api_operation *o = call->operation;
    ENSURE(call->principal.kind != PRINCIPAL_NONE, ERROR_LOGIN_NEEDED);
    if (o->access == API_ACCESS_ANY) return OK;
    ENSURE(call->principal.kind == due[o->access], ERROR_NOT_PERMITTED);
    if (!o->roles) return OK;
    for (const char *from = call->principal.roles; from && *from;) {
        size_t len = strcspn(from, ",");
        const char *role = arena_text(call->arena, bytes_of(from, len));
        ENSURE(role, ERROR_OUT_OF_ROOM);
        if (call_listed(o->roles, role)) return OK;
        from += len + (from[len] == ',');
    }
    return FAIL(ERROR_NOT_PERMITTED);
}

static struct result authorize(struct call *call)
{
    const struct router_options *o = &call->router->options;
    call->now_s = clock_now(o->clock);
    if (call->operation->access != API_ACCESS_PUBLIC) {
        TRY(o->identify(call, &call->principal));
        TRY(check_access(call));
    }
    TRY(router_params(call));
    call->authorized = true;
    return OK;
}

static struct result take_body(struct call *call)
{
    const struct json_type *asks = call->operation->asks;
    struct http_request *request = call->request;
    switch (call->operation->body) {
    case API_BODY_NONE: break;
    case API_BODY_RAW: call->raw = request->body; break;
    case API_BODY_UPLOAD: call->upload = (struct call_upload){ request->upload_fd, request->upload_size }; break;
    case API_BODY_JSON: {
        void *record = arena_take(call->arena, asks->shape->size);
        ENSURE(record, ERROR_OUT_OF_ROOM);
        TRY(json_read(asks, request->body, call->arena, call->diag, record));
        call->body = record;
        break;
    }
    }
    return OK;
}

static struct result serve(struct call *call)
{
    if (!call->authorized) TRY(authorize(call));
    TRY(take_body(call));
    TRY(router_run(call));
    for (const struct call_cookie *c = call->cookies; c; c = c->next)
        http_answer_field(call->request, "Set-Cookie", c->text);
    return OK;
}

static bool admit(void *context, struct http_request *request)
{
    struct call *call = request->own;
    struct result r = authorize(call);
    if (failed(r)) router_answer_error(request, call, r.code);
    return !failed(r);
}

static void handle(void *context, struct http_request *request)
{
    struct call *call = request->own;
    struct result r = serve(call);
    if (failed(r)) router_answer_error(request, call, r.code);
}

static void refuse(void *context, struct http_request *request, enum error code)
{
    router_answer_error(request, request->own, code);
}

/* One line for each request; who asked what is the audit trail's, not the log's. */
static void done(void *context, struct http_request *request, int status)
{
    const struct router *router = context;
    const struct call *call = request->own;
    char id[ID_TEXT_LEN + 1];
    struct timespec now;
    if (router->options.quiet && status < 500) return;
    id_text(&request->id, id);
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t took_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - request->started_us;
    log_event(status >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "request",
              "id=%s operation=%s status=%d error=%d us=%lld client=%s%s%s%s%s", id,
              call && call->operation ? call->operation->id : "-", status, call ? (int)call->error : 0,
              (long long)took_us, request->client, request->diag.field[0] ? " field=" : "", request->diag.field,
              request->diag.log[0] ? " " : "", request->diag.log);
}

/* ---- life ---- */

static void check_options(const struct router_options *o)
{
    assert(o->clock && o->operations && o->host_count <= ROUTER_HOSTS_MAX && o->host_count > 0);
    assert(!o->repeat_find == !o->repeat_keep);
    for (size_t i = 0; i < o->operation_count; i++) {
        const struct api_operation *operation = &o->operations[i];
        assert(operation->param_count <= ROUTER_PARAMS_MAX && operation->handler);
        assert((operation->body == API_BODY_JSON) == (operation->asks != NULL));
        assert(operation->access == API_ACCESS_PUBLIC || o->identify);
    }
}

struct router *router_new(const struct router_options *options)
{
    check_options(options);
    struct router *router = calloc(1, sizeof *router);
    if (!router) abort();
    router->options = *options;
    pthread_mutex_init(&router->running_lock, NULL);
    json_object_seed(0); /* before threads: hash tables of JSON objects are seeded once */
    return router;
}

void router_free(struct router *router)
{
    if (!router) return;
    pthread_mutex_destroy(&router->running_lock);
    free(router);
}

struct http_handler router_handler(struct router *router)
{
    return (struct http_handler){ .context = router, .plan = plan, .admit = admit, .handle = handle,
                                  .refuse = refuse, .done = done };
}
