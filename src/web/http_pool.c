#include "web/http_internal.h"

#include <stdlib.h>

enum { STACK_SIZE = 1024 * 1024 };

/* The worker's half of an exchange. Whoever asks next finds what was left in it. */
static void work(struct http_exchange *x)
{
    const struct http_handler *h = &x->http->handler;
    if (x->stage == HTTP_STAGE_ADMIT)
        x->refused = !h->admit(h->context, &x->request);
    else
        h->handle(h->context, &x->request);
}

static void *worker(void *context)
{
    struct http *http = context;
    pthread_mutex_lock(&http->queue_lock);
    for (;;) {
        while (!http->first && !http->closed) pthread_cond_wait(&http->queue_filled, &http->queue_lock);
        struct http_exchange *x = http->first;
        if (!x) break;
        http->first = x->next;
        if (!http->first) http->last = NULL;
        http->waiting--;
        http->working++;
        pthread_mutex_unlock(&http->queue_lock);
        work(x);
        /* From here on the exchange is a network thread's. */
        MHD_resume_connection(x->connection);
        pthread_mutex_lock(&http->queue_lock);
        http->working--;
    }
    pthread_mutex_unlock(&http->queue_lock);
    return NULL;
}

struct result http_pool_start(struct http *http)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    for (; http->started < http->options.workers; http->started++)
        if (pthread_create(&http->workers[http->started], &attr, worker, http) != 0) break;
    pthread_attr_destroy(&attr);
    ENSURE(http->started == http->options.workers, ERROR_IO);
    return OK;
}

bool http_pool_give(struct http_exchange *x)
{
    struct http *http = x->http;
    pthread_mutex_lock(&http->queue_lock);
    bool room = !http->closed && http->waiting < http->options.queue;
    if (room) {
        /* Before a worker can see it, or it would be resumed before it sleeps. */
        MHD_suspend_connection(x->connection);
        x->next = NULL;
        if (http->last)
            http->last->next = x;
        else
            http->first = x;
        http->last = x;
        http->waiting++;
        pthread_cond_signal(&http->queue_filled);
    }
    pthread_mutex_unlock(&http->queue_lock);
    return room;
}

void http_pool_stop(struct http *http)
{
    pthread_mutex_lock(&http->queue_lock);
    http->closed = true;
    pthread_cond_broadcast(&http->queue_filled);
    pthread_mutex_unlock(&http->queue_lock);
    for (unsigned i = 0; i < http->started; i++) pthread_join(http->workers[i], NULL);
    http->started = 0;
}
