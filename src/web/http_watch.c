/* Peers that are slow on purpose. libmicrohttpd's own time limit begins anew with each byte; here a head, a
 * body and an answer each have a time in all. One thread looks once a second and cuts.
 *
 * And peers that were refused in the middle of what they send: closing at once would make the kernel
 * send a reset, which can overtake the answer. So the socket is kept by a second descriptor and read empty
 * for a short while. */
#include "web/http_internal.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINGER_S = 3 };

void http_watch_allow(struct http_exchange *x, unsigned s, uint64_t size)
{
    uint64_t seconds = s + size / x->http->options.slow_rate;
    atomic_store(&x->link->deadline_us, s ? http_now_us() + (int64_t)seconds * 1000000 : 0);
}

static void keep_lingering(struct http *http, int socket)
{
    for (size_t i = 0; i < COUNT(http->lingering); i++) {
        if (http->lingering[i].until_us) continue;
        int fd = dup(socket);
        if (fd < 0) return;
        http->lingering[i].fd = fd;
        http->lingering[i].until_us = http_now_us() + LINGER_S * 1000000;
        return;
    }
}

static void read_lingering(struct http *http, int64_t now_us)
{
    char waste[65536];
    for (size_t i = 0; i < COUNT(http->lingering); i++) {
        if (!http->lingering[i].until_us) continue;
        ssize_t n;
        size_t rounds = 0;
        while ((n = recv(http->lingering[i].fd, waste, sizeof waste, MSG_DONTWAIT)) > 0 && rounds < 16) rounds++;
        if (n != 0 && now_us < http->lingering[i].until_us) continue;
        close(http->lingering[i].fd);
        http->lingering[i].until_us = 0;
    }
}

void http_watch_notify(void *context, struct MHD_Connection *connection, void **link,
                       enum MHD_ConnectionNotificationCode code)
{
    struct http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct http_link *l = calloc(1, sizeof *l);
        if (!l) abort();
        l->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        atomic_init(&l->deadline_us, http_now_us() + (int64_t)http->options.head_s * 1000000);
        pthread_mutex_lock(&http->links_lock);
        l->next = http->links;
        if (l->next) l->next->prev = l;
        http->links = l;
        pthread_mutex_unlock(&http->links_lock);
        atomic_fetch_add(&http->connections, 1);
        *link = l;
        return;
    }
    /* The socket is still open: libmicrohttpd closes it after this call. */
    struct http_link *l = *link;
    *link = NULL;
    pthread_mutex_lock(&http->links_lock);
    if (l->prev) l->prev->next = l->next;
    else http->links = l->next;
    if (l->next) l->next->prev = l->prev;
    if (l->linger && http->watching) keep_lingering(http, l->fd);
    pthread_mutex_unlock(&http->links_lock);
    atomic_fetch_sub(&http->connections, 1);
    free(l);
}

static void *watcher(void *context)
{
    struct http *http = context;
    pthread_mutex_lock(&http->links_lock);
    while (http->watching) {
        int64_t now_us = http_now_us();
        for (struct http_link *l = http->links; l; l = l->next) {
            int64_t deadline_us = atomic_load(&l->deadline_us);
            if (deadline_us && now_us > deadline_us) shutdown(l->fd, SHUT_RDWR);
        }
        read_lingering(http, now_us);
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        bool lingers = false;
        for (size_t i = 0; i < COUNT(http->lingering); i++) lingers = lingers || http->lingering[i].until_us;
        /* What is refused and still sends is read more often, or its peer would wait for room. */
        until.tv_nsec += lingers ? 20 * 1000 * 1000 : 500 * 1000 * 1000;
        if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
        pthread_cond_timedwait(&http->watch_stop, &http->links_lock, &until);
    }
    pthread_mutex_unlock(&http->links_lock);
    return NULL;
}

struct result http_watch_start(struct http *http)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&http->watch_stop, &attr);
    pthread_condattr_destroy(&attr);
    http->watching = true;
    if (pthread_create(&http->watcher, NULL, watcher, http) == 0) return OK;
    http->watching = false;
    return FAIL(ERROR_IO);
}

void http_watch_stop(struct http *http)
{
    pthread_mutex_lock(&http->links_lock);
    bool running = http->watching;
    http->watching = false;
    pthread_cond_signal(&http->watch_stop);
    pthread_mutex_unlock(&http->links_lock);
    if (running) pthread_join(http->watcher, NULL);
    for (size_t i = 0; i < COUNT(http->lingering); i++)
        if (http->lingering[i].until_us) close(http->lingering[i].fd);
    pthread_cond_destroy(&http->watch_stop);
}
