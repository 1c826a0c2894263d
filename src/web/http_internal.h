/* What http*.c share. */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "web/http.h"

/* ---- a connection: watched for peers that are slow ---- */
struct http_link {
    struct http_link *prev, *next;
    int fd;
    atomic_llong deadline_us; /* when it is cut; 0: not now */
    bool linger;              /* answered before its body was read */
};

/* ---- the answer ---- */
struct http_answer_pair {
    struct http_answer_pair *next;
    const char *name, *value;
};

enum http_answer_kind { HTTP_ANSWER_NONE, HTTP_ANSWER_BODY, HTTP_ANSWER_FILE, HTTP_ANSWER_STREAM };

struct http_answer {
    enum http_answer_kind kind;
    int status;
    const char *type;
    struct bytes body;
    int fd;
    uint64_t size;
    struct http_stream stream;
    struct http_answer_pair *fields;
};

enum http_stage {
    HTTP_STAGE_HEAD,    /* its head is being read */
    HTTP_STAGE_ADMIT,   /* asked whether its body may come */
    HTTP_STAGE_BODY,    /* its body is being read */
    HTTP_STAGE_HANDLE,  /* given to a worker */
    HTTP_STAGE_ANSWERED /* its answer is libmicrohttpd's */
};

/* A request and its answer. Belongs to a network thread, and to a worker while its connection is
 * suspended; the hand-overs are the queue's lock and MHD_resume_connection. */
struct http_exchange {
    struct http_request request; /* first: handlers hold pointers to it */
    struct http *http;
    struct MHD_Connection *connection;
    struct http_link *link;
    enum http_stage stage;
    struct http_plan plan;
    char *target;       /* as sent */
    const char *target_at; /* where it stood in libmicrohttpd's buffer */
    bool refused;       /* handed to a worker in vain: what it left is sent */
    uint8_t *body;
    uint64_t taken; /* bytes of the body so far */
    bool uploading; /* counted in http->uploads */
    struct http_answer answer;
    /* ---- a stream's sleep; under wake_lock ---- */
    pthread_mutex_t wake_lock;
    bool asleep, woken;
    struct http_exchange *next_stream, *prev_stream; /* under http->streams_lock */
    struct http_exchange *next; /* in the queue */
};

static inline struct http_exchange *http_exchange_of(const struct http_request *request)
{
    return (struct http_exchange *)(uintptr_t)request;
}

struct http {
    struct http_options options;
    struct http_handler handler;
    struct MHD_Daemon *daemon;
    atomic_bool stopping;
    atomic_uint requests, uploads, connections;

    /* ---- workers and their queue; under queue_lock ---- */
    pthread_mutex_t queue_lock;
    pthread_cond_t queue_filled;
    struct http_exchange *first, *last;
    unsigned waiting, working;
    bool closed; /* takes nothing more */
    pthread_t workers[HTTP_WORKERS_MAX];
    unsigned started; /* of them */

    /* ---- connections, and those left behind to be read empty; under links_lock ---- */
    pthread_mutex_t links_lock;
    struct http_link *links;
    pthread_cond_t watch_stop;
    pthread_t watcher;
    bool watching;
    struct {
        int fd;
        int64_t until_us;
    } lingering[64];

    /* ---- sleeping streams, so that a stop ends them ---- */
    pthread_mutex_t streams_lock;
    struct http_exchange *streams;
};

int64_t http_now_us(void);

/* ---- http_pool.c ---- */
RESULT http_pool_start(struct http *http);
/* Suspends the exchange's connection and gives it to a worker; false when the queue is full or closed. */
bool http_pool_give(struct http_exchange *exchange);
/* Handles what waits, then ends the workers. */
void http_pool_stop(struct http *http);

/* ---- http_watch.c: peers that are slow ---- */
RESULT http_watch_start(struct http *http);
void http_watch_stop(struct http *http);
void http_watch_notify(void *http, struct MHD_Connection *connection, void **context,
                       enum MHD_ConnectionNotificationCode code);
/* The link has S seconds and one more for each slow_rate bytes of SIZE; none at all if S is 0. */
void http_watch_allow(struct http_exchange *exchange, unsigned s, uint64_t size);

/* ---- http_answer.c ---- */
/* Hands the answer to libmicrohttpd. */
enum MHD_Result http_answer_send(struct http_exchange *exchange);
/* Lets go of what the answer holds: a descriptor, a stream. */
void http_answer_release(struct http_exchange *exchange);
void http_streams_end(struct http *http);
