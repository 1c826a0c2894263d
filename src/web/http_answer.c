#include "web/http_internal.h"

#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STREAM_BLOCK = 4096 };

/* On every answer unless the handler says otherwise by the same name. Nothing may be guessed, framed,
 * kept, run or told to another site; pages bring a policy of their own. */
static const struct http_answer_pair defaults[] = {
    { NULL, "X-Content-Type-Options", "nosniff" },
    { NULL, "X-Frame-Options", "DENY" },
    { NULL, "Referrer-Policy", "no-referrer" },
    { NULL, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'" },
    { NULL, "Cross-Origin-Resource-Policy", "same-origin" },
    { NULL, "Cache-Control", "no-store" },
};

static struct http_answer *answer_of(struct http_request *request)
{
    return &http_exchange_of(request)->answer;
}

/* Makes room for another answer; fields stay. */
static struct http_answer *begin(struct http_request *request, enum http_answer_kind kind, int status)
{
    http_answer_release(http_exchange_of(request));
    struct http_answer *a = answer_of(request);
    struct http_answer_pair *fields = a->fields;
    *a = (struct http_answer){ .kind = kind, .status = status, .fd = -1, .fields = fields };
    return a;
}

void http_answer(struct http_request *request, int status)
{
    begin(request, HTTP_ANSWER_BODY, status);
}

void http_answer_body(struct http_request *request, int status, const char *type, struct bytes body)
{
    struct http_answer *a = begin(request, HTTP_ANSWER_BODY, status);
    a->type = type;
    a->body = body;
}

void http_answer_file(struct http_request *request, int status, const char *type, int fd, uint64_t size)
{
    struct http_answer *a = begin(request, HTTP_ANSWER_FILE, status);
    a->type = type;
    a->fd = fd;
    a->size = size;
}

void http_answer_stream(struct http_request *request, const char *type, struct http_stream stream)
{
    struct http_answer *a = begin(request, HTTP_ANSWER_STREAM, 200);
    a->type = type;
    a->stream = stream;
}

void http_answer_field(struct http_request *request, const char *name, const char *value)
{
    struct http_answer *a = answer_of(request);
    struct http_answer_pair *pair = ARENA_NEW(request->arena, struct http_answer_pair);
    if (!pair) return;
    pair->name = arena_text(request->arena, bytes_text(name));
    pair->value = arena_text(request->arena, bytes_text(value));
    if (!pair->name || !pair->value) return;
    pair->next = a->fields;
    a->fields = pair;
}

bool http_answered(const struct http_request *request)
{
    return http_exchange_of(request)->answer.kind != HTTP_ANSWER_NONE;
}

/* ---- streams ---- */

static void list_stream(struct http_exchange *x)
{
    struct http *http = x->http;
    pthread_mutex_lock(&http->streams_lock);
    x->next_stream = http->streams;
    if (x->next_stream) x->next_stream->prev_stream = x;
    http->streams = x;
    pthread_mutex_unlock(&http->streams_lock);
}

static void unlist_stream(struct http_exchange *x)
{
    struct http *http = x->http;
    pthread_mutex_lock(&http->streams_lock);
    if (x->prev_stream) x->prev_stream->next_stream = x->next_stream;
    else if (http->streams == x) http->streams = x->next_stream;
    if (x->next_stream) x->next_stream->prev_stream = x->prev_stream;
    x->next_stream = x->prev_stream = NULL;
    pthread_mutex_unlock(&http->streams_lock);
}

void http_wake(struct http_request *request)
{
    struct http_exchange *x = http_exchange_of(request);
    pthread_mutex_lock(&x->wake_lock);
    bool resume = x->asleep;
    x->woken = true;
    x->asleep = false;
    /* Under the lock: once it is let go the network thread may end the exchange. */
    if (resume) MHD_resume_connection(x->connection);
    pthread_mutex_unlock(&x->wake_lock);
}

/* libmicrohttpd wants more. With nothing to give, the connection is suspended; what is woken between the
 * look and the suspension is seen by WOKEN. */
static ssize_t read_stream(void *context, uint64_t at, char *into, size_t room)
{
    struct http_exchange *x = context;
    const struct http_stream *stream = &x->answer.stream;
    for (;;) {
        pthread_mutex_lock(&x->wake_lock);
        x->woken = false;
        pthread_mutex_unlock(&x->wake_lock);
        if (atomic_load(&x->http->stopping)) return MHD_CONTENT_READER_END_OF_STREAM;
        size_t n = stream->read(stream->context, (uint8_t *)into, room);
        if (n == HTTP_STREAM_END) return MHD_CONTENT_READER_END_OF_STREAM;
        if (n > 0) {
            /* It must be taken before the next one is asked for. */
            http_watch_allow(x, x->http->options.slow_s, n);
            return (ssize_t)n;
        }
        pthread_mutex_lock(&x->wake_lock);
        bool sleep = !x->woken;
        if (sleep) {
            http_watch_allow(x, 0, 0);
            x->asleep = true;
            MHD_suspend_connection(x->connection);
        }
        pthread_mutex_unlock(&x->wake_lock);
        if (sleep) return 0;
    }
}

void http_streams_end(struct http *http)
{
    pthread_mutex_lock(&http->streams_lock);
    for (struct http_exchange *x = http->streams; x; x = x->next_stream) http_wake(&x->request);
    pthread_mutex_unlock(&http->streams_lock);
}

/* ---- handing over ---- */

void http_answer_release(struct http_exchange *x)
{
    struct http_answer *a = &x->answer;
    if (a->kind == HTTP_ANSWER_FILE && a->fd >= 0) close(a->fd);
    if (a->kind == HTTP_ANSWER_STREAM) {
        unlist_stream(x);
        if (a->stream.close) a->stream.close(a->stream.context);
    }
    a->kind = HTTP_ANSWER_NONE;
}

static struct MHD_Response *make_response(struct http_exchange *x)
{
    struct http_answer *a = &x->answer;
    struct MHD_Response *response = NULL;
    if (a->kind == HTTP_ANSWER_STREAM)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, x, NULL);
    if (a->kind == HTTP_ANSWER_FILE) {
        response = MHD_create_response_from_fd64(a->size, a->fd);
        if (response) a->fd = -1; /* libmicrohttpd closes it */
        return response;
    }
    /* The body lives in the request's arena, which outlives the response. */
    return MHD_create_response_from_buffer(a->body.len, (void *)(uintptr_t)a->body.ptr, MHD_RESPMEM_PERSISTENT);
}

static bool said(const struct http_answer *a, const char *name)
{
    for (const struct http_answer_pair *p = a->fields; p; p = p->next)
        if (strcasecmp(p->name, name) == 0) return true;
    return false;
}

enum MHD_Result http_answer_send(struct http_exchange *x)
{
    struct http_answer *a = &x->answer;
    uint64_t size = a->kind == HTTP_ANSWER_FILE ? a->size : a->body.len;
    struct MHD_Response *response = make_response(x);
    if (!response) return MHD_NO;
    char id[ID_TEXT_LEN + 1];
    id_text(&x->request.id, id);
    MHD_add_response_header(response, "X-Request-Id", id);
    if (a->type) MHD_add_response_header(response, "Content-Type", a->type);
    for (size_t i = 0; i < COUNT(defaults); i++)
        if (!said(a, defaults[i].name)) MHD_add_response_header(response, defaults[i].name, defaults[i].value);
    for (const struct http_answer_pair *p = a->fields; p; p = p->next)
        MHD_add_response_header(response, p->name, p->value);
    http_watch_allow(x, x->http->options.slow_s, size);
    if (a->kind == HTTP_ANSWER_STREAM) list_stream(x);
    enum MHD_Result sent = MHD_queue_response(x->connection, (unsigned)a->status, response);
    MHD_destroy_response(response);
    return sent;
}
