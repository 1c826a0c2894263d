#include "web/http_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "web/http_guard.h"

int64_t http_now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- the life of an exchange ---- */

/* libmicrohttpd's first word about a request: its line was read, nothing was cut up yet. */
static void *exchange_begin(void *context, const char *target, struct MHD_Connection *connection)
{
    struct http *http = context;
    struct http_exchange *x = calloc(1, sizeof *x);
    if (!x) abort();
    x->http = http;
    x->connection = connection;
    x->link = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    x->request.arena = arena_new(HTTP_ARENA_MAX);
    x->request.id = random_id();
    x->request.upload_fd = x->answer.fd = -1;
    x->request.path = x->request.query = x->request.host = x->request.client = "";
    x->request.started_us = http_now_us();
    x->target_at = target;
    x->target = target ? arena_text(x->request.arena, bytes_text(target)) : NULL;
    pthread_mutex_init(&x->wake_lock, NULL);
    atomic_fetch_add(&http->requests, 1);
    http_watch_allow(x, http->options.head_s, 0);
    return x;
}

static void exchange_end(void *context, struct MHD_Connection *connection, void **exchange,
                         enum MHD_RequestTerminationCode code)
{
    struct http_exchange *x = *exchange;
    struct http *http = context;
    if (!x) return;
    *exchange = NULL;
    http_answer_release(x);
    if (http->handler.done) http->handler.done(http->handler.context, &x->request, x->answer.status);
    if (x->request.upload_fd >= 0) close(x->request.upload_fd);
    if (x->uploading) atomic_fetch_sub(&http->uploads, 1);
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK) http_watch_allow(x, http->options.idle_s, 0);
    arena_free(x->request.arena);
    pthread_mutex_destroy(&x->wake_lock);
    free(x);
    atomic_fetch_sub(&http->requests, 1);
}

/* ---- the head ---- */

static enum MHD_Result gather_field(void *context, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                    const char *value, size_t value_len)
{
    struct http_head *head = context;
    if (head->count < HTTP_FIELDS_MAX)
        head->fields[head->count] = (struct http_head_field){ name, value ? value : "" };
    if (head->count <= HTTP_FIELDS_MAX) head->count++;
    return MHD_YES;
}

/* The address of who asks. On our nginx's socket nginx says it; without its word nothing is believed. */
static struct result find_client(struct http_exchange *x, const struct http_head *head)
{
    char text[NI_MAXHOST] = "local";
    const struct sockaddr *peer =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    const char *told = x->http->options.proxied ? http_head_find(head, "x-real-ip") : NULL;
    if (told) {
        struct in6_addr any;
        ENSURE(inet_pton(AF_INET, told, &any) == 1 || inet_pton(AF_INET6, told, &any) == 1,
               ERROR_REQUEST_MALFORMED);
        snprintf(text, sizeof text, "%s", told);
    } else if (peer && peer->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, text, sizeof text);
    } else if (peer && peer->sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, text, sizeof text);
    }
    x->request.client = arena_text(x->request.arena, bytes_text(text));
    ENSURE(x->request.client, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result check_head(struct http_exchange *x, const char *method, const char *version)
{
    struct http_head head = { .method = method, .version = version, .target = x->target_at };
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    ENSURE(size && x->target, ERROR_REQUEST_MALFORMED);
    head.size = size->header_size;
    head.target_len = strlen(x->target);
    MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, gather_field, &head);
    if (failed(http_guard_layout(&head)))
        return diag_log(&x->request.diag, ERROR_REQUEST_MALFORMED, "layout of the head");
    TRY(http_guard_check(&head, x->target, x->http->options.escaped, &x->request.diag, &x->request));
    return find_client(x, &head);
}

const char *http_field(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(http_exchange_of(request)->connection, MHD_HEADER_KIND, name);
}

/* ---- the body ---- */

/* A file without a name: it is gone with its descriptor, whatever happens to the process. */
static int open_unnamed(int folder)
{
    int fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return fd;
    /* A file system without O_TMPFILE: made with a name and unlinked at once. */
    char name[ID_TEXT_LEN + 1];
    struct id id = random_id();
    id_text(&id, name);
    fd = openat(folder, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) unlinkat(folder, name, 0);
    return fd;
}

static struct result open_body(struct http_exchange *x)
{
    struct http *http = x->http;
    if (x->plan.body == HTTP_BODY_MEMORY) {
        x->body = arena_take(x->request.arena, (size_t)x->request.length + 1);
        ENSURE(x->body, ERROR_BODY_TOO_LARGE);
    } else if (x->plan.body == HTTP_BODY_FILE) {
        x->uploading = true;
        ENSURE(atomic_fetch_add(&http->uploads, 1) < http->options.uploads, ERROR_BUSY);
        x->request.upload_fd = open_unnamed(http->options.upload_folder);
        if (x->request.upload_fd < 0)
            return diag_log(&x->request.diag, ERROR_IO, "upload file: %s", strerror(errno));
    }
    return OK;
}

static struct result take_body(struct http_exchange *x, const char *data, size_t len)
{
    /* libmicrohttpd counts by Content-Length, which stayed within the plan. */
    ENSURE(len <= x->request.length - x->taken, ERROR_BODY_TOO_LARGE);
    if (x->plan.body == HTTP_BODY_MEMORY) memcpy(x->body + x->taken, data, len);
    if (x->plan.body == HTTP_BODY_FILE)
        for (size_t done = 0; done < len;) {
            ssize_t n = write(x->request.upload_fd, data + done, len - done);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return diag_log(&x->request.diag, ERROR_IO, "upload: %s", strerror(errno));
            done += (size_t)n;
        }
    x->taken += len;
    return OK;
}

static void close_body(struct http_exchange *x)
{
    if (x->plan.body == HTTP_BODY_MEMORY) x->request.body = bytes_of(x->body, (size_t)x->taken);
    if (x->plan.body != HTTP_BODY_FILE) return;
    x->request.upload_size = x->taken;
    lseek(x->request.upload_fd, 0, SEEK_SET);
}

/* ---- libmicrohttpd's calls ---- */

static void refuse(struct http_exchange *x, enum error code)
{
    const struct http_handler *h = &x->http->handler;
    const struct error_entry *e = error_find(code);
    if (h->refuse) h->refuse(h->context, &x->request, code);
    else http_answer_body(&x->request, e->status, "text/plain; charset=utf-8", bytes_text(e->en));
}

/* Answers now, whatever of the request is not read yet. */
static enum MHD_Result answer_early(struct http_exchange *x)
{
    x->link->linger = x->request.length > x->taken;
    x->stage = HTTP_STAGE_ANSWERED;
    return http_answer_send(x);
}

static enum MHD_Result refuse_early(struct http_exchange *x, enum error code)
{
    refuse(x, code);
    return answer_early(x);
}

static enum MHD_Result start_body(struct http_exchange *x)
{
    struct result r = open_body(x);
    if (failed(r)) return refuse_early(x, r.code);
    http_watch_allow(x, x->http->options.slow_s, x->request.length);
    x->stage = HTTP_STAGE_BODY;
    return MHD_YES;
}

static enum MHD_Result on_head(struct http_exchange *x, const char *method, const char *version)
{
    struct http *http = x->http;
    struct result r = check_head(x, method, version);
    if (failed(r)) return refuse_early(x, r.code);
    if (!http->handler.plan(http->handler.context, &x->request, &x->plan)) return answer_early(x);
    if (x->plan.body == HTTP_BODY_NONE && x->request.length > 0)
        return refuse_early(x, ERROR_BODY_UNEXPECTED);
    uint64_t most = x->plan.body == HTTP_BODY_MEMORY ? HTTP_BODY_MAX : HTTP_UPLOAD_MAX;
    if (x->request.length > x->plan.limit || x->request.length > most)
        return refuse_early(x, ERROR_BODY_TOO_LARGE);
    if (!x->plan.admit || !http->handler.admit) return start_body(x);
    x->stage = HTTP_STAGE_ADMIT;
    http_watch_allow(x, 0, 0);
    return http_pool_give(x) ? MHD_YES : refuse_early(x, ERROR_BUSY);
}

static enum MHD_Result on_body(struct http_exchange *x, const char *data, size_t *size)
{
    if (*size > 0) {
        struct result r = take_body(x, data, *size);
        /* In the middle of a body libmicrohttpd takes no answer; what it still reads is dropped. */
        if (failed(r)) {
            refuse(x, r.code);
            x->plan.body = HTTP_BODY_NONE;
            x->refused = true;
        }
        *size = 0;
        return MHD_YES;
    }
    if (x->refused) return answer_early(x);
    close_body(x);
    x->stage = HTTP_STAGE_HANDLE;
    http_watch_allow(x, 0, 0);
    return http_pool_give(x) ? MHD_YES : refuse_early(x, ERROR_BUSY);
}

/* Called when the head is read, again for each piece of the body, once more at its end, and after each
 * suspension. An answer at the first call closes the connection, so that is done only to refuse. */
static enum MHD_Result on_call(void *context, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data, size_t *size,
                               void **exchange)
{
    struct http_exchange *x = *exchange;
    switch (x->stage) {
    case HTTP_STAGE_HEAD: return on_head(x, method, version);
    case HTTP_STAGE_BODY: return on_body(x, data, size);
    case HTTP_STAGE_ADMIT:
        if (!x->refused) return start_body(x);
        return answer_early(x);
    case HTTP_STAGE_HANDLE:
        if (!http_answered(&x->request)) refuse(x, ERROR_INTERNAL);
        x->stage = HTTP_STAGE_ANSWERED;
        return http_answer_send(x);
    case HTTP_STAGE_ANSWERED: break;
    }
    return MHD_NO;
}

/* What libmicrohttpd would unescape stays as it came: http_guard does it, strictly. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    return strlen(text);
}

/* ---- start and stop ---- */

static unsigned or_default(unsigned value, unsigned otherwise, unsigned max)
{
    return value == 0 ? otherwise : value > max ? max : value;
}

static void set_defaults(struct http_options *o)
{
    o->networks = or_default(o->networks, 2, 64);
    o->workers = or_default(o->workers, 32, HTTP_WORKERS_MAX);
    o->queue = or_default(o->queue, 256, HTTP_QUEUE_MAX);
    o->connections = or_default(o->connections, 2048, 65536);
    o->uploads = or_default(o->uploads, 64, 4096);
    o->head_s = or_default(o->head_s, 15, 3600);
    o->idle_s = or_default(o->idle_s, 75, 3600);
    o->slow_s = or_default(o->slow_s, 30, 3600);
    o->slow_rate = or_default(o->slow_rate, 16384, 1u << 30);
}

static struct result start_daemon(struct http *http, struct diag *diag)
{
    const struct http_options *o = &http->options;
    int flags = fcntl(o->socket, F_GETFL);
    if (flags < 0 || fcntl(o->socket, F_SETFL, flags | O_NONBLOCK) < 0)
        return diag_log(diag, ERROR_IO, "listening socket: %s", strerror(errno));
    http->daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_call,
                         http, MHD_OPTION_LISTEN_SOCKET, o->socket, MHD_OPTION_THREAD_POOL_SIZE, o->networks,
                         MHD_OPTION_CONNECTION_LIMIT, o->connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         (size_t)(2 * HTTP_HEAD_MAX), MHD_OPTION_CONNECTION_TIMEOUT, o->idle_s + 60,
                         MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, http, MHD_OPTION_UNESCAPE_CALLBACK,
                         leave_escaped, http, MHD_OPTION_NOTIFY_COMPLETED, exchange_end, http,
                         MHD_OPTION_NOTIFY_CONNECTION, http_watch_notify, http, MHD_OPTION_END);
    if (!http->daemon) return diag_log(diag, ERROR_IO, "network threads: %s", strerror(errno));
    return OK;
}

struct result http_start(const struct http_options *options, const struct http_handler *handler,
                         struct diag *diag, struct http **ret_http)
{
    struct http *http = calloc(1, sizeof *http);
    if (!http) abort();
    http->options = *options;
    http->handler = *handler;
    set_defaults(&http->options);
    pthread_mutex_init(&http->queue_lock, NULL);
    pthread_cond_init(&http->queue_filled, NULL);
    pthread_mutex_init(&http->links_lock, NULL);
    pthread_mutex_init(&http->streams_lock, NULL);
    struct result r = http_watch_start(http);
    if (!failed(r)) r = http_pool_start(http);
    if (!failed(r)) r = start_daemon(http, diag);
    if (failed(r)) {
        http_stop(http);
        return r;
    }
    *ret_http = http;
    return OK;
}

/* Until the answers are taken, or the peers had their time. */
static void wait_for_answers(struct http *http)
{
    for (int tries = 0; tries < 500 && atomic_load(&http->requests) > 0; tries++)
        nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
}

void http_stop(struct http *http)
{
    if (!http) return;
    atomic_store(&http->stopping, true);
    if (http->daemon) MHD_quiesce_daemon(http->daemon);
    http_pool_stop(http);
    if (http->daemon) {
        http_streams_end(http);
        wait_for_answers(http);
        MHD_stop_daemon(http->daemon);
    }
    http_watch_stop(http);
    pthread_mutex_destroy(&http->queue_lock);
    pthread_cond_destroy(&http->queue_filled);
    pthread_mutex_destroy(&http->links_lock);
    pthread_mutex_destroy(&http->streams_lock);
    free(http);
}

struct http_load http_load(struct http *http)
{
    pthread_mutex_lock(&http->queue_lock);
    struct http_load load = { atomic_load(&http->connections), atomic_load(&http->requests), http->waiting,
                              http->working };
    pthread_mutex_unlock(&http->queue_lock);
    return load;
}
