#include <assert.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web/call_internal.h"

/* ---- what came ---- */

const char *call_text(const struct call *call, const char *name)
{
    const struct api_operation *o = call->operation;
    for (size_t i = 0; i < o->param_count; i++)
        if (strcmp(o->params[i].name, name) == 0) return call->params[i];
    assert(!"a parameter that the document does not have");
    return NULL;
}

struct id call_id(const struct call *call, const char *name)
{
    struct id id = { 0 };
    const char *text = call_text(call, name);
    /* Its check has parsed it already. */
    if (text) IGNORE(id_parse(text, &id));
    return id;
}

const char *call_header(const struct call *call, const char *name)
{
    return http_field(call->request, name);
}

/* Over https a cookie is kept under a name that browsers let nobody but this host set (RFC 6265bis §4.1.3). */
static const char *cookie_prefix(const struct call *call)
{
    return text_starts(call->host->origin, "https:") ? "__Host-" : "";
}

const char *call_cookie(const struct call *call, const char *name)
{
    const char *from = http_field(call->request, "Cookie"), *prefix = cookie_prefix(call);
    while (from && *from) {
        from += strspn(from, " ");
        size_t len = strcspn(from, ";"), named = strlen(prefix), whole = named + strlen(name);
        if (len > whole && from[whole] == '=' && strncmp(from, prefix, named) == 0 &&
            strncmp(from + named, name, strlen(name)) == 0)
            return arena_text(call->arena, bytes_of(from + whole + 1, len - whole - 1));
        from += len + (from[len] == ';');
    }
    return NULL;
}

bool call_listed(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *from = list; from && *from;) {
        size_t n = strcspn(from, ",");
        if (n == len && strncmp(from, word, n) == 0) return true;
        from += n + (from[n] == ',');
    }
    return false;
}

bool call_role(const struct call *call, const char *role)
{
    return call_listed(call->principal.roles, role);
}

/* ---- what goes ---- */

static const char application_json[] = "application/json";

static void answered(struct call *call, int status, struct bytes json)
{
    call->status = status;
    call->answer = json;
}

static struct result fits_document(struct call *call, const struct shape *shape, bool list)
{
    const struct api_operation *o = call->operation;
    if (o->answers && o->answers->shape == shape && o->answers_list == list) return OK;
    return diag_log(call->diag, ERROR_INTERNAL, "%s answers %s, not as the document says", o->id, shape->name);
}

struct result answer_record(struct call *call, const struct shape *shape, const void *record)
{
    struct bytes json;
    TRY(fits_document(call, shape, false));
    TRY(json_write(call->operation->answers, record, call->arena, call->diag, &json));
    http_answer_body(call->request, call->operation->status, application_json, json);
    answered(call, call->operation->status, json);
    return OK;
}

struct result answer_list(struct call *call, const struct shape *shape, const void *rows, size_t count,
                          const char *next_cursor)
{
    struct bytes json;
    TRY(fits_document(call, shape, true));
    TRY(json_write_list(call->operation->answers, rows, count, next_cursor, call->arena, call->diag, &json));
    http_answer_body(call->request, call->operation->status, application_json, json);
    answered(call, call->operation->status, json);
    return OK;
}

struct result answer_empty(struct call *call, int status)
{
    http_answer(call->request, status);
    answered(call, status, (struct bytes){ 0 });
    return OK;
}

struct result answer_text(struct call *call, const char *text)
{
    http_answer_body(call->request, call->operation->status, "text/plain", bytes_text(text));
    answered(call, call->operation->status, (struct bytes){ 0 });
    return OK;
}

/* A file name for Content-Disposition: UTF-8, each byte that is not plain escaped (RFC 8187). */
static const char *escape_name(struct arena *arena, const char *name)
{
    size_t len = strlen(name);
    char *text = arena_array(arena, len + 1, 3);
    struct writer w = writer_of(text, text ? len * 3 + 3 : 0);
    for (size_t i = 0; text && i < len; i++) {
        uint8_t c = (uint8_t)name[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._", c);
        if (plain) write_u8(&w, c);
        else write_format(&w, "%%%02X", c);
    }
    return w.full ? NULL : text;
}

struct result answer_file(struct call *call, int fd, const char *type, const char *name, bool inline_)
{
    struct stat st;
    const char *escaped = escape_name(call->arena, name);
    const char *disposition = escaped ? arena_format(call->arena, "%s; filename*=UTF-8''%s",
                                                     inline_ ? "inline" : "attachment", escaped)
                                      : NULL;
    if (!disposition || fstat(fd, &st) < 0) {
        close(fd);
        return FAIL(disposition ? ERROR_IO : ERROR_OUT_OF_ROOM);
    }
    http_answer_file(call->request, call->operation->status, type, fd, (uint64_t)st.st_size);
    http_answer_field(call->request, "Content-Disposition", disposition);
    if (inline_) { /* our own pages may show it in a frame */
        http_answer_field(call->request, "X-Frame-Options", "SAMEORIGIN");
        http_answer_field(call->request, "Content-Security-Policy",
                          "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'");
    }
    answered(call, call->operation->status, (struct bytes){ 0 });
    call->kept = false;
    return OK;
}

struct result answer_scan(struct call *call, int fd, const char *type, const char *name)
{
    static const char *const types[][2] = { { "pdf", "application/pdf" }, { "jpeg", "image/jpeg" },
                                            { "png", "image/png" } };
    const char *media = "application/octet-stream";
    for (size_t i = 0; i < COUNT(types); i++)
        if (text_equal(types[i][0], type)) media = types[i][1];
    const char *full = name ? arena_format(call->arena, "%s.%s", name, type) : NULL;
    return answer_file(call, fd, media, full ? full : "scan", true);
}

struct result answer_cookie(struct call *call, const char *name, const char *value, int64_t max_age_s)
{
    struct call_cookie *cookie = ARENA_NEW(call->arena, struct call_cookie);
    bool secure = text_starts(call->host->origin, "https:");
    const char *age = max_age_s == 0 ? ""
                                     : arena_format(call->arena, "; Max-Age=%lld",
                                                    max_age_s < 0 ? 0LL : (long long)max_age_s);
    ENSURE(cookie && age, ERROR_OUT_OF_ROOM);
    cookie->text = arena_format(call->arena, "%s%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", cookie_prefix(call),
                                name, value, secure ? "; Secure" : "", age);
    ENSURE(cookie->text, ERROR_OUT_OF_ROOM);
    cookie->next = call->cookies;
    call->cookies = cookie;
    call->kept = false;
    return OK;
}

struct result answer_sse(struct call *call, const char *topic)
{
    struct sse *sse = router_sse(call->router);
    ENSURE(sse, ERROR_NOT_SUPPORTED);
    struct sse_owner owner = { call->principal.account, call->principal.session };
    TRY(sse_open(sse, call->request, topic, &owner));
    answered(call, 200, (struct bytes){ 0 });
    return OK;
}

struct result answer_json(struct call *call, json_t *json)
{
    size_t size = json_dumpb(json, NULL, 0, JSON_COMPACT);
    char *text = arena_take(call->arena, size);
    if (text) json_dumpb(json, text, size, JSON_COMPACT);
    json_decref(json);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    http_answer_body(call->request, call->operation->status, application_json, bytes_of(text, size));
    answered(call, call->operation->status, bytes_of(text, size));
    return OK;
}
