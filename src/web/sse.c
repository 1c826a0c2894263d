#include "web/sse.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"

/* An event, written once and shared by the streams of its topic. Counted under sse->lock. */
struct event {
    size_t shares, len;
    uint8_t bytes[];
};

struct stream {
    struct sse *sse;
    struct http_request *request;
    struct stream *next, *prev;
    char topic[SSE_TOPIC_MAX + 1];
    struct sse_owner owner;
    int64_t ends_s, beats_s; /* of the monotonic clock */
    bool greeted, beat, ended;
    struct event *queue[SSE_QUEUE_MAX];
    size_t first, count;
    size_t sent; /* bytes of the first */
};

struct sse {
    struct sse_options options;
    pthread_mutex_t lock; /* everything below; http_wake is called under it */
    pthread_cond_t stop;
    struct stream *streams;
    size_t count;
    bool stopping;
    pthread_t heart;
};

static int64_t now_s(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec;
}

/* ---- one stream; under the lock ---- */

static void drop_first(struct stream *s)
{
    struct event *e = s->queue[s->first];
    if (--e->shares == 0) free(e);
    s->first = (s->first + 1) % SSE_QUEUE_MAX;
    s->count--;
    s->sent = 0;
}

static size_t write_some(struct stream *s, uint8_t *into, size_t room)
{
    size_t len = 0;
    while (s->count > 0 && len < room) {
        const struct event *e = s->queue[s->first];
        size_t n = e->len - s->sent < room - len ? e->len - s->sent : room - len;
        memcpy(into + len, e->bytes + s->sent, n);
        len += n;
        s->sent += n;
        if (s->sent == e->len) drop_first(s);
    }
    return len;
}

static size_t read_stream(void *context, uint8_t *into, size_t room)
{
    /* At once, so that the peer knows the stream stands and how soon to come back when it ends. */
    static const char greeting[] = "retry: 2000\n\n", beat[] = ":\n\n";
    struct stream *s = context;
    pthread_mutex_lock(&s->sse->lock);
    size_t len = write_some(s, into, room);
    if (!s->greeted && len == 0) {
        s->greeted = true;
        len = sizeof greeting - 1;
        memcpy(into, greeting, len);
    } else if (len == 0 && s->ended) {
        len = HTTP_STREAM_END;
    } else if (len == 0 && s->beat) {
        len = sizeof beat - 1;
        memcpy(into, beat, len);
    }
    s->beat = false;
    pthread_mutex_unlock(&s->sse->lock);
    return len;
}

static void close_stream(void *context)
{
    struct stream *s = context;
    struct sse *sse = s->sse;
    pthread_mutex_lock(&sse->lock);
    while (s->count > 0) drop_first(s);
    if (s->prev) s->prev->next = s->next;
    else sse->streams = s->next;
    if (s->next) s->next->prev = s->prev;
    sse->count--;
    pthread_mutex_unlock(&sse->lock);
    free(s);
}

struct result sse_open(struct sse *sse, struct http_request *request, const char *topic,
                       const struct sse_owner *owner)
{
    ENSURE(strlen(topic) <= SSE_TOPIC_MAX, ERROR_TOO_LARGE);
    struct stream *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->sse = sse;
    s->request = request;
    s->owner = *owner;
    memcpy(s->topic, topic, strlen(topic) + 1);
    s->beats_s = now_s() + sse->options.heartbeat_s;
    s->ends_s = now_s() + sse->options.life_s;
    pthread_mutex_lock(&sse->lock);
    bool room = sse->count < sse->options.streams && !sse->stopping;
    if (room) {
        s->next = sse->streams;
        if (s->next) s->next->prev = s;
        sse->streams = s;
        sse->count++;
    }
    pthread_mutex_unlock(&sse->lock);
    if (!room) free(s);
    ENSURE(room, ERROR_STREAMS_FULL);
    http_answer_stream(request, "text/event-stream", (struct http_stream){ s, read_stream, close_stream });
    /* nginx would gather events before it passes them on. */
    http_answer_field(request, "X-Accel-Buffering", "no");
    return OK;
}

/* ---- publishing ---- */

/* "event: NAME", then each line of DATA as "data: …". */
static struct event *write_event(const char *name, struct bytes data)
{
    size_t lines = 1;
    for (size_t i = 0; i < data.len; i++) lines += data.ptr[i] == '\n';
    size_t room = strlen(name) + data.len + 6 * lines + 16;
    struct event *e = calloc(1, sizeof *e + room);
    if (!e) abort();
    struct writer w = writer_of(e->bytes, room);
    write_format(&w, "event: %s\n", name);
    for (size_t from = 0; from <= data.len;) {
        size_t n = 0;
        while (from + n < data.len && data.ptr[from + n] != '\n') n++;
        write_text(&w, "data: ");
        write_bytes(&w, bytes_of(data.ptr + from, n));
        write_text(&w, "\n");
        from += n + 1;
    }
    write_text(&w, "\n");
    e->len = w.len;
    return e;
}

static void add(struct stream *s, struct event *e)
{
    if (s->count == SSE_QUEUE_MAX) {
        /* The peer does not keep up: what waits is dropped but for what is half sent, then the stream ends.
         */
        s->ended = true;
        size_t kept = s->sent > 0;
        while (s->count > kept) {
            struct event *last = s->queue[(s->first + s->count - 1) % SSE_QUEUE_MAX];
            if (--last->shares == 0) free(last);
            s->count--;
        }
        return;
    }
    s->queue[(s->first + s->count++) % SSE_QUEUE_MAX] = e;
    e->shares++;
}

size_t sse_publish(struct sse *sse, const char *topic, const char *name, struct bytes data)
{
    if (data.len > SSE_EVENT_MAX || !text_lines(data)) return 0;
    struct event *e = write_event(name, data);
    size_t got = 0;
    pthread_mutex_lock(&sse->lock);
    e->shares = 1;
    for (struct stream *s = sse->streams; s; s = s->next) {
        if (s->ended || strcmp(s->topic, topic) != 0) continue;
        add(s, e);
        got += !s->ended;
        http_wake(s->request);
    }
    if (--e->shares == 0) free(e);
    pthread_mutex_unlock(&sse->lock);
    return got;
}

void sse_end(struct sse *sse, const struct id *account_or_session)
{
    if (id_empty(account_or_session)) return;
    pthread_mutex_lock(&sse->lock);
    for (struct stream *s = sse->streams; s; s = s->next) {
        bool theirs = id_equal(&s->owner.account, account_or_session) ||
                      id_equal(&s->owner.session, account_or_session);
        if (!theirs || s->ended) continue;
        s->ended = true;
        http_wake(s->request);
    }
    pthread_mutex_unlock(&sse->lock);
}

size_t sse_count(struct sse *sse)
{
    pthread_mutex_lock(&sse->lock);
    size_t count = sse->count;
    pthread_mutex_unlock(&sse->lock);
    return count;
}

/* ---- the heart ---- */

static void beat(struct sse *sse)
{
    int64_t now = now_s();
    for (struct stream *s = sse->streams; s; s = s->next) {
        bool ends = now >= s->ends_s, beats = now >= s->beats_s;
        if (ends) s->ended = true;
        if (beats) s->beat = true, s->beats_s = now + sse->options.heartbeat_s;
        if (ends || beats) http_wake(s->request);
    }
}

static void *heart(void *context)
{
    struct sse *sse = context;
    pthread_mutex_lock(&sse->lock);
    while (!sse->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&sse->stop, &sse->lock, &until);
        if (!sse->stopping) beat(sse);
    }
    pthread_mutex_unlock(&sse->lock);
    return NULL;
}

struct result sse_new(const struct sse_options *options, struct sse **ret_sse)
{
    struct sse *sse = calloc(1, sizeof *sse);
    if (!sse) abort();
    sse->options = *options;
    if (!sse->options.streams) sse->options.streams = 1000;
    if (!sse->options.heartbeat_s) sse->options.heartbeat_s = SSE_HEARTBEAT_S;
    if (!sse->options.life_s) sse->options.life_s = SSE_LIFE_S;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&sse->stop, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&sse->lock, NULL);
    if (pthread_create(&sse->heart, NULL, heart, sse) != 0) {
        free(sse);
        return FAIL(ERROR_IO);
    }
    *ret_sse = sse;
    return OK;
}

void sse_free(struct sse *sse)
{
    if (!sse) return;
    pthread_mutex_lock(&sse->lock);
    sse->stopping = true;
    pthread_cond_signal(&sse->stop);
    pthread_mutex_unlock(&sse->lock);
    pthread_join(sse->heart, NULL);
    pthread_mutex_destroy(&sse->lock);
    pthread_cond_destroy(&sse->stop);
    free(sse);
}
