#include "proxy.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 64, BUFFER = 65536, POLL_MS = 50, ANSWER_MS = 1000 };

struct proxy {
    struct sockaddr_un here, there;
    int listening;
    pthread_t thread, relays[CONNECTIONS_MAX];
    int relays_count;
    pthread_mutex_t lock;
    const char *word; /* NULL: nothing is to be cut */
    enum proxy_cut how;
    bool stop;
};

struct relay {
    struct proxy *proxy;
    int client, server;
};

static bool pass(int from, int to, char *buffer, ssize_t *ret_len)
{
    *ret_len = read(from, buffer, BUFFER);
    return *ret_len > 0 && send(to, buffer, (size_t)*ret_len, MSG_NOSIGNAL) == *ret_len;
}

/* Whether what the client sent is where to cut; then it has been dealt with. */
static bool cut_here(struct relay *r, const char *buffer, size_t len)
{
    struct proxy *p = r->proxy;
    pthread_mutex_lock(&p->lock);
    bool here = p->word && memmem(buffer, len, p->word, strlen(p->word));
    enum proxy_cut how = p->how;
    if (here) p->word = NULL;
    pthread_mutex_unlock(&p->lock);
    if (here && how == PROXY_CUT_AFTER) {
        char answer[BUFFER];
        struct pollfd answered = { .fd = r->server, .events = POLLIN };
        if (send(r->server, buffer, len, MSG_NOSIGNAL) != (ssize_t)len || poll(&answered, 1, ANSWER_MS) != 1 ||
            read(r->server, answer, sizeof answer) <= 0)
            fprintf(stderr, "proxy: the server did not answer\n");
    }
    return here;
}

static bool relay_once(struct relay *r, char *buffer)
{
    struct pollfd fds[] = { { .fd = r->client, .events = POLLIN }, { .fd = r->server, .events = POLLIN } };
    if (poll(fds, 2, POLL_MS) < 0) return false;
    ssize_t len;
    if (fds[0].revents) {
        len = read(r->client, buffer, BUFFER);
        if (len <= 0 || cut_here(r, buffer, (size_t)len)) return false;
        if (send(r->server, buffer, (size_t)len, MSG_NOSIGNAL) != len) return false;
    }
    return !fds[1].revents || pass(r->server, r->client, buffer, &len);
}

static bool stopped(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    bool stop = p->stop;
    pthread_mutex_unlock(&p->lock);
    return stop;
}

static void *relay_main(void *closure)
{
    struct relay *r = closure;
    char *buffer = malloc(BUFFER);
    while (buffer && !stopped(r->proxy) && relay_once(r, buffer)) continue;
    close(r->client);
    close(r->server);
    free(buffer);
    free(r);
    return NULL;
}

static void accept_one(struct proxy *p)
{
    struct relay *r = calloc(1, sizeof *r);
    if (!r) abort();
    *r = (struct relay){ p, accept(p->listening, NULL, NULL), socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    bool ready = r->client >= 0 && connect(r->server, (struct sockaddr *)&p->there, sizeof p->there) == 0 &&
                 p->relays_count < CONNECTIONS_MAX;
    if (ready && !pthread_create(&p->relays[p->relays_count], NULL, relay_main, r)) {
        p->relays_count++;
        return;
    }
    close(r->client);
    close(r->server);
    free(r);
}

static void *accept_main(void *closure)
{
    struct proxy *p = closure;
    while (!stopped(p)) {
        struct pollfd fd = { .fd = p->listening, .events = POLLIN };
        if (poll(&fd, 1, POLL_MS) == 1) accept_one(p);
    }
    return NULL;
}

struct proxy *proxy_start(const char *folder, const char *server_folder)
{
    struct proxy *p = calloc(1, sizeof *p);
    if (!p) abort();
    p->here.sun_family = p->there.sun_family = AF_UNIX;
    snprintf(p->here.sun_path, sizeof p->here.sun_path, "%s/.s.PGSQL.5432", folder);
    snprintf(p->there.sun_path, sizeof p->there.sun_path, "%s/.s.PGSQL.5432", server_folder);
    pthread_mutex_init(&p->lock, NULL);
    p->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(p->listening, (struct sockaddr *)&p->here, sizeof p->here) || listen(p->listening, CONNECTIONS_MAX) ||
        pthread_create(&p->thread, NULL, accept_main, p)) {
        perror(p->here.sun_path);
        exit(1);
    }
    return p;
}

void proxy_stop(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    for (int i = 0; i < p->relays_count; i++) pthread_join(p->relays[i], NULL);
    close(p->listening);
    unlink(p->here.sun_path);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void proxy_cut(struct proxy *p, const char *word, enum proxy_cut how)
{
    pthread_mutex_lock(&p->lock);
    p->word = word;
    p->how = how;
    pthread_mutex_unlock(&p->lock);
}

bool proxy_has_cut(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    bool cut = !p->word;
    pthread_mutex_unlock(&p->lock);
    return cut;
}
