#include "web/call_internal.h"

/* Whether PATH is one of TEMPLATE's; its variable segments into RET_PARAMS. */
static bool match(const char *template, const char *path, struct arena *arena, const char **ret_params)
{
    size_t n = 0;
    for (;;) {
        if (*template == '\0' || *path == '\0') return *template == *path;
        if (*template++ != '/' || *path++ != '/') return false;
        size_t is = strcspn(path, "/"), due = strcspn(template, "/");
        if (template[0] == '{') {
            if (is == 0) return false;
            ret_params[n] = arena_text(arena, bytes_of(path, is));
            if (!ret_params[n++]) return false;
        } else if (is != due || memcmp(template, path, is) != 0) {
            return false;
        }
        template += due;
        path += is;
    }
}

struct result router_match(const struct router *router, const struct http_request *request, unsigned host,
                           const struct api_operation **ret_operation, const char **ret_params,
                           const char **ret_allow)
{
    enum http_method method = request->method == HTTP_HEAD ? HTTP_GET : request->method;
    const char *allow = NULL, *params[ROUTER_PARAMS_MAX] = { 0 };
    for (size_t i = 0; i < router->options.operation_count; i++) {
        const struct api_operation *o = &router->options.operations[i];
        if (!(o->hosts & host) || !match(o->path, request->path, request->arena, params)) continue;
        if (o->method == method) {
            *ret_operation = o;
            memcpy(ret_params, params, sizeof params);
            return OK;
        }
        const char *head = o->method == HTTP_GET ? ", HEAD" : "";
        allow = arena_format(request->arena, "%s%s%s%s", allow ? allow : "", allow ? ", " : "",
                             http_method_name(o->method), head);
        ENSURE(allow, ERROR_OUT_OF_ROOM);
    }
    ENSURE(allow, ERROR_ROUTE_UNKNOWN);
    *ret_allow = allow;
    return FAIL(ERROR_METHOD_REFUSED);
}

/* One name=value of the query. */
static struct result take_pair(struct call *call, const char *pair, size_t len)
{
    const struct api_operation *o = call->operation;
    size_t named = 0;
    while (named < len && pair[named] != '=') named++;
    for (size_t i = 0; i < o->param_count; i++) {
        const struct api_param *p = &o->params[i];
        if (p->place != API_IN_QUERY || strlen(p->name) != named || memcmp(p->name, pair, named) != 0) continue;
        if (call->params[i]) return diag_field(call->diag, ERROR_FIELD_REPEATED, p->name, "%s", "");
        size_t from = named < len ? named + 1 : len;
        struct result r = http_unescape(pair + from, len - from, call->arena, &call->params[i]);
        if (r.code == ERROR_MALFORMED) return diag_field(call->diag, ERROR_FIELD_FORMAT, p->name, "%s", "");
        return r;
    }
    /* The name is the client's own words: only a plain one is repeated. */
    bool plain = named > 0 && named < DIAG_FIELD_MAX;
    for (size_t i = 0; i < named; i++) plain = plain && ((pair[i] >= 'a' && pair[i] <= 'z') || pair[i] == '_');
    char name[DIAG_FIELD_MAX] = "?";
    if (plain) memcpy(name, pair, named), name[named] = '\0';
    return diag_field(call->diag, ERROR_FIELD_UNKNOWN, name, "%s", "");
}

struct result router_params(struct call *call)
{
    for (const char *from = call->request->query; *from;) {
        size_t len = strcspn(from, "&");
        TRY(take_pair(call, from, len));
        from += len + (from[len] == '&');
    }
    const struct api_operation *o = call->operation;
    for (size_t i = 0; i < o->param_count; i++) {
        const struct api_param *p = &o->params[i];
        if (p->place == API_IN_HEADER) call->params[i] = call_header(call, p->name);
        if (call->params[i])
            TRY(json_check_text(&p->check, p->name, bytes_text(call->params[i]), call->diag));
        else if (p->check.required)
            return diag_field(call->diag, ERROR_FIELD_MISSING, p->name, "%s", "");
    }
    return OK;
}
