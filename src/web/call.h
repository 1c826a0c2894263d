/* What a handler of the API sees of a request, and how it answers. By the time a handler runs, host, method,
 * origin, login, role, parameters and body are checked against api/openapi.json; what is left to it are
 * the rules. Handlers are named api_<operationId> and run on a worker thread; blocking is allowed.
 *
 *   struct result api_account_get(struct call *call)
 *   {
 *       struct id id = call_id(call, "id");
 *       struct api_account account;
 *       TRY(directory_account(call->app, &id, call->arena, call->diag, &account));
 *       return answer_record(call, &api_account_shape, &account);
 *   }
 *
 * A result that failed becomes the error's answer, whatever was answered before. OK without an answer is
 * an empty one, with the status of the document. */
#pragma once

#include <jansson.h>

#include "web/http.h"
#include "web/json.h"

enum principal_kind { PRINCIPAL_NONE, PRINCIPAL_HOLDER, PRINCIPAL_OPERATOR, PRINCIPAL_PLATFORM };

/* Who asks. Texts live in the call's arena. */
struct principal {
    enum principal_kind kind;
    struct id account, session;
    const char *name;
    const char *roles;  /* joined by commas; NULL: none */
    const char *serial; /* of the certificate that logged in; NULL: none */
    const void *own;    /* the application's */
};

/* What answers at a host name. */
enum call_host_kind { CALL_HOST_PORTAL = 1, CALL_HOST_CONSOLE = 2, CALL_HOST_PLATFORM = 4, CALL_HOST_ANY = 7 };
struct call_host {
    enum call_host_kind kind;
    const char *host;   /* as clients send it: "portal.localhost:8080" */
    const char *origin; /* "http://portal.localhost:8080"; https makes cookies Secure */
};

struct call_upload {
    int fd; /* at its start; the engine closes it. -1: the operation takes none */
    uint64_t size;
};

struct api_operation;

struct call {
    void *app; /* the application's own */
    struct arena *arena;
    struct diag *diag;
    struct http_request *request;
    const struct api_operation *operation;
    const struct call_host *host;
    const char *client; /* the address of who asks */
    char request_id[ID_TEXT_LEN + 1];
    bool english; /* Accept-Language puts English first */
    int64_t now_s;
    struct principal principal;
    const void *body;          /* struct api_… of the operation's request body; NULL if it has none */
    struct bytes raw;          /* x-body: raw */
    struct call_upload upload; /* x-body: upload */

    /* ---- the engine's ---- */
    struct router *router;
    const char **params; /* one for each of the operation's, NULL: absent */
    struct call_cookie *cookies; /* to be set if all goes well */
    struct bytes answer;         /* the JSON answered */
    int status;                  /* 0: nothing answered yet */
    bool authorized;
    bool kept;                   /* the answer may be kept for a repetition */
    enum error error;            /* what it failed with, for the log */
};

/* Parameters by the document's names; asking for one it does not have is a bug (assert). */
const char *call_text(const struct call *call, const char *name);   /* NULL: absent */
struct id call_id(const struct call *call, const char *name);       /* all zero: absent */
/* A header field, a cookie; NULL: absent. Cookies are set by answer_cookie under the same name. */
const char *call_header(const struct call *call, const char *name);
const char *call_cookie(const struct call *call, const char *name);
/* Whether the principal has ROLE. */
bool call_role(const struct call *call, const char *role);

/* ---- answers; texts and bytes must live until the request is over (its arena) ---- */
/* SHAPE must be that of the operation's answer in the document (ERROR_INTERNAL otherwise). */
RESULT answer_record(struct call *call, const struct shape *shape, const void *record);
/* ROWS is an array of COUNT records; NEXT_CURSOR NULL: the last page. */
RESULT answer_list(struct call *call, const struct shape *shape, const void *rows, size_t count,
                   const char *next_cursor);
RESULT answer_empty(struct call *call, int status);
/* TEXT as text/plain, for whoever expects one word. */
RESULT answer_text(struct call *call, const char *text);
/* The whole of FD, which is the engine's from here on, also on failure. NAME is what a browser saves it
 * as; INLINE shows it in the page's place. */
RESULT answer_file(struct call *call, int fd, const char *type, const char *name, bool inline_);
/* A scan that was uploaded, shown in the page's place: TYPE as hufu-files told it ("pdf", "jpeg", "png"), NAME without
 * the end that says so; NULL: the arena is full. */
RESULT answer_scan(struct call *call, int fd, const char *type, const char *name);
/* Beside another answer: a cookie of this host only, not for scripts, not for other sites; MAX_AGE_S 0
 * ends with the browser, below 0 removes it. */
RESULT answer_cookie(struct call *call, const char *name, const char *value, int64_t max_age_s);
/* Events of TOPIC from now on (sse.h). */
RESULT answer_sse(struct call *call, const char *topic);
/* Takes over JSON, also on failure. For what no record can say. */
RESULT answer_json(struct call *call, json_t *json);
