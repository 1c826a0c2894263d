/* HTTP/1.1 for Hufu's processes, over libmicrohttpd, which stays behind this header.
 *
 * Network threads read and write; a request that was read whole is handled on a worker thread, where
 * blocking is allowed, so a handler is plain code from top to bottom. Before anything of the body is read,
 * the head is checked more strictly than libmicrohttpd does (http_guard.h) and the handler says by
 * PLAN how much of a body may come and where it goes. Uploads go to a file without a name as they come.
 *
 * Bodies come with Content-Length only: no client of ours sends chunks, and libmicrohttpd reads chunks
 * more leniently than proxies do.
 * Limits: HTTP_* below, the times in struct http_options. Every answer carries the headers that keep
 * browsers from guessing, framing, caching and leaking (http_answer.c). */
#pragma once

#include "base/diag.h"
#include "base/text.h"

enum {
    HTTP_FIELDS_MAX = 64,         /* header fields of a request */
    HTTP_HEAD_MAX = 16 * 1024,    /* bytes of a request's head */
    HTTP_TARGET_MAX = 4096,       /* bytes of its target */
    HTTP_ARENA_MAX = 1024 * 1024, /* what a request may take of its arena */
    HTTP_BODY_MAX = 256 * 1024,   /* bytes of a body kept in memory, whatever the plan says */
    HTTP_UPLOAD_MAX = 1024 * 1024 * 1024,
    HTTP_WORKERS_MAX = 256,
    HTTP_QUEUE_MAX = 4096
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_OPTIONS };
/* "GET" … */
const char *http_method_name(enum http_method method);

/* A request as handlers see it. All it points to lives until its answer is sent. */
struct http_request {
    struct id id; /* random, told in the answer as X-Request-Id */
    enum http_method method;
    const char *path;   /* unescaped plain UTF-8, begins with '/', no empty, "." or ".." segment;
                           http_options.escaped */
    const char *query;  /* as sent, without '?'; "" if there is none */
    const char *host;   /* lower case, with the port if one was sent */
    const char *client; /* the peer's address, or X-Real-IP on a proxied socket; "local" for a Unix peer */
    uint64_t length;    /* Content-Length */
    struct bytes body;  /* HTTP_BODY_MEMORY */
    int upload_fd; /* HTTP_BODY_FILE: a file without a name, at its start, closed by the engine; else -1 */
    uint64_t upload_size;
    int64_t started_us; /* of the monotonic clock, when the head was read */
    struct arena *arena;
    struct diag diag;
    void *own; /* the handler's: NULL at first, kept from PLAN to DONE */
};

enum http_body { HTTP_BODY_NONE, HTTP_BODY_MEMORY, HTTP_BODY_FILE };

struct http_plan {
    enum http_body body;
    uint64_t limit; /* bytes; a longer body is refused (413) before it is read */
    bool admit;     /* ask ADMIT, on a worker, before the body is read */
};

/* What a process does with requests. CONTEXT is given to each. */
struct http_handler {
    void *context;
    /* On a network thread, must not block. True with a plan, or false having answered. */
    bool (*plan)(void *context, struct http_request *request, struct http_plan *ret_plan);
    /* On a worker, if the plan asked. True to read the body, or false having answered. May be NULL. */
    bool (*admit)(void *context, struct http_request *request);
    /* On a worker, with the body. Answers; a request that it leaves unanswered gets ERROR_INTERNAL. */
    void (*handle)(void *context, struct http_request *request);
    /* Answers with CODE, where the engine refuses by itself: a malformed head, a full queue. On a network
     * thread. NULL: one line of text. */
    void (*refuse)(void *context, struct http_request *request, enum error code);
    /* The request is over, its answer sent (or its peer gone). May be NULL. */
    void (*done)(void *context, struct http_request *request, int status);
};

struct http_options {
    int socket;   /* listening, TCP or Unix; stays the caller's */
    bool proxied; /* the peer is our nginx: X-Real-IP is believed */
    bool escaped; /* paths stay as they were sent, any segment allowed: for those that carry data (OCSP by
                     GET) */
    int upload_folder;    /* descriptor of the folder for uploads; -1: no uploads */
    unsigned networks;    /* network threads; 0: 2 */
    unsigned workers;     /* 0: 32 */
    unsigned queue;       /* requests waiting for a worker; more get 503. 0: 256 */
    unsigned connections; /* 0: 2048 */
    unsigned uploads;     /* at a time; more get 503. 0: 64 */
    unsigned head_s;      /* from the connection to the end of the first head. 0: 15 */
    unsigned idle_s;      /* between requests, next head included. 0: 75 */
    unsigned slow_s;      /* a body or an answer may take this long … 0: 30 */
    unsigned slow_rate;   /* … and a second for each so many bytes. 0: 16384 */
};

struct http;

/* Starts threads; they run until http_stop. DIAG's log text says what failed (ERROR_IO). HANDLER is copied.
 */
RESULT http_start(const struct http_options *options, const struct http_handler *handler, struct diag *diag,
                  struct http **ret_http);
/* Takes no more connections, lets what runs end (at most 5 s for the peers to take their answers), ends
 * streams, closes. Does not return while a handler runs. */
void http_stop(struct http *http);

struct http_load {
    unsigned connections, requests, waiting, working;
};
struct http_load http_load(struct http *http);

/* The field NAME (any case), NULL if absent. Fields of which two would mislead come once at most. */
const char *http_field(const struct http_request *request, const char *name);

/* LEN characters with %xx undone, as text in ARENA. ERROR_MALFORMED for a bad escape or a NUL. */
RESULT http_unescape(const char *text, size_t len, struct arena *arena, const char **ret_text);

/* ---- the answer: made by the callback that has the request, sent when it returns ----
 * A later http_answer* replaces the status and body of an earlier one; fields stay. What is pointed to
 * must live until the request is over: static, or in its arena. */
void http_answer(struct http_request *request, int status);
void http_answer_body(struct http_request *request, int status, const char *type, struct bytes body);
/* SIZE bytes of FD from its start; FD is the engine's from here on. */
void http_answer_file(struct http_request *request, int status, const char *type, int fd, uint64_t size);
/* Adds a field, or replaces one of ours of the same name (Cache-Control, Content-Security-Policy,
 * X-Frame-Options). Name and value are copied. Nothing happens when the arena is full. */
void http_answer_field(struct http_request *request, const char *name, const char *value);
bool http_answered(const struct http_request *request);

/* A body that comes bit by bit, as long as both sides want. */
struct http_stream {
    void *context;
    /* On a network thread, must not block. How much it wrote to INTO; 0: nothing now, sleep until
     * http_wake; HTTP_STREAM_END: that was all. */
    size_t (*read)(void *context, uint8_t *into, size_t room);
    /* Once, when the request is over; nobody may call http_wake after it began. */
    void (*close)(void *context);
};
#define HTTP_STREAM_END SIZE_MAX
void http_answer_stream(struct http_request *request, const char *type, struct http_stream stream);
/* From any thread: read again. */
void http_wake(struct http_request *request);
