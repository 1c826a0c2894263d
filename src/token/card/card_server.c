#include "token/card/card_server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "token/card/card_frame.h"

enum { FOREVER = -1 };

struct client {
    int fd; /* -1: free place */
    bool greeted;
    bool waits;           /* for the lock */
    int64_t until_ms;     /* … until then; FOREVER */
    size_t in_len, out_len, out_at;
    uint8_t in[CARD_FRAME_HEAD + CARD_FRAME_PAYLOAD_MAX];
    uint8_t out[CARD_FRAME_HEAD + CARD_ANSWER_MAX];
};

struct card_server {
    struct card *card;
    int listener;
    struct client *clients; /* CARD_CLIENTS_MAX */
    struct client *owner;   /* of the lock */
    char path[sizeof((struct sockaddr_un *)0)->sun_path], fresh[sizeof((struct sockaddr_un *)0)->sun_path];
    struct stat made;       /* the socket's file */
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- answers ---- */

static void answer(struct client *c, uint8_t type, struct bytes payload)
{
    struct writer w = writer_of(c->out, sizeof c->out);
    write_u32(&w, (uint32_t)payload.len + 1);
    write_u8(&w, type | CARD_FRAME_ANSWER);
    write_bytes(&w, payload);
    c->out_len = w.len;
    c->out_at = 0;
}

static void answer_byte(struct client *c, uint8_t type, uint8_t value)
{
    answer(c, type, bytes_of(&value, 1));
}

static void drop(struct card_server *s, struct client *c)
{
    close(c->fd);
    if (s->owner == c) s->owner = NULL;
    secret_wipe(c, sizeof *c);
    c->fd = -1;
}

/* ---- the lock ---- */

static void take_lock(struct card_server *s, struct client *c, struct reader *r)
{
    uint32_t timeout_ms = read_u32(r);
    if (!s->owner || s->owner == c) {
        s->owner = c;
        answer_byte(c, CARD_FRAME_LOCK, 1);
        return;
    }
    c->waits = true;
    c->until_ms = timeout_ms == UINT32_MAX ? FOREVER : now_ms() + timeout_ms;
}

/* Gives the lock to who waits for it, and tells those whose time is over. */
static void serve_waiting(struct card_server *s)
{
    int64_t now = now_ms();
    for (size_t i = 0; i < CARD_CLIENTS_MAX; i++) {
        struct client *c = &s->clients[i];
        if (c->fd < 0 || !c->waits) continue;
        bool over = c->until_ms != FOREVER && c->until_ms <= now;
        if (s->owner && !over) continue;
        if (!s->owner) s->owner = c;
        c->waits = false;
        answer_byte(c, CARD_FRAME_LOCK, s->owner == c);
    }
}

static int next_timeout(const struct card_server *s)
{
    int64_t best = FOREVER, now = now_ms();
    for (size_t i = 0; i < CARD_CLIENTS_MAX; i++) {
        const struct client *c = &s->clients[i];
        if (c->fd < 0 || !c->waits || c->until_ms == FOREVER) continue;
        int64_t left = c->until_ms > now ? c->until_ms - now : 0;
        if (best == FOREVER || left < best) best = left;
    }
    return best > 60000 ? 60000 : (int)best;
}

/* Somebody else has the card: what this client asks waits. */
static bool kept_out(const struct card_server *s, const struct client *c)
{
    return s->owner && s->owner != c;
}

/* ---- requests ---- */

static void hello(struct client *c, struct reader *r)
{
    uint8_t out[2 + 32];
    struct writer w = writer_of(out, sizeof out);
    c->greeted = read_u16(r) == CARD_FRAME_VERSION;
    write_u16(&w, CARD_FRAME_VERSION);
    write_bytes(&w, card_atr);
    answer(c, CARD_FRAME_HELLO, bytes_of(out, w.len));
}

/* False when the client does not keep to the protocol. */
static bool take(struct card_server *s, struct client *c, uint8_t type, struct reader r)
{
    uint8_t out[CARD_ANSWER_MAX];
    if (!c->greeted && type != CARD_FRAME_HELLO) return false;
    switch (type) {
    case CARD_FRAME_HELLO: hello(c, &r); break;
    case CARD_FRAME_COMMAND: {
        size_t len = card_exchange(s->card, read_bytes(&r, r.left), out);
        answer(c, type, bytes_of(out, len));
        secret_wipe(out, len);
        break;
    }
    case CARD_FRAME_LOCK: take_lock(s, c, &r); break;
    case CARD_FRAME_UNLOCK: {
        bool own = s->owner == c;
        if (own) s->owner = NULL;
        answer_byte(c, type, own);
        break;
    }
    case CARD_FRAME_RESET:
        card_reset(s->card);
        answer(c, type, card_atr);
        break;
    default: return false;
    }
    return !r.bad && r.left == 0;
}

/* Runs the request that has arrived whole, if there is one and it is this client's turn. False: to be dropped. */
static bool step(struct card_server *s, struct client *c)
{
    if (c->in_len < 4 || c->out_len || c->waits) return true;
    struct reader r = reader_of(bytes_of(c->in, c->in_len));
    size_t len = read_u32(&r);
    if (len < 1 || len > CARD_FRAME_PAYLOAD_MAX + 1) return false;
    if (c->in_len < 4 + len) return true;
    uint8_t type = read_u8(&r);
    if (kept_out(s, c) && type != CARD_FRAME_HELLO && type != CARD_FRAME_LOCK && type != CARD_FRAME_UNLOCK)
        return true;
    bool good = take(s, c, type, reader_of(read_bytes(&r, len - 1)));
    size_t rest = c->in_len - 4 - len;
    memmove(c->in, c->in + 4 + len, rest);
    secret_wipe(c->in + rest, c->in_len - rest);
    c->in_len = rest;
    return good;
}

static bool receive(struct client *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    c->in_len += (size_t)n;
    return n > 0;
}

static bool transmit(struct client *c)
{
    while (c->out_at < c->out_len) {
        ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        c->out_at += (size_t)n;
    }
    secret_wipe(c->out, c->out_len);
    c->out_len = c->out_at = 0;
    return true;
}

/* ---- the socket ---- */

static bool same_user(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) return false;
    return peer.uid == geteuid() || peer.uid == 0;
}

static void admit(struct card_server *s)
{
    int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    struct client *place = NULL;
    for (size_t i = 0; i < CARD_CLIENTS_MAX && !place; i++)
        if (s->clients[i].fd < 0) place = &s->clients[i];
    if (!place || !same_user(fd)) {
        close(fd);
        return;
    }
    place->fd = fd;
}

static bool answers_at(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool there = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    if (fd >= 0) close(fd);
    return there;
}

/* Made under another name and renamed when it listens, so that whoever watches the folder finds it working. */
static struct result listen_at(struct card_server *s, const char *path, struct diag *diag)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int a = snprintf(s->path, sizeof s->path, "%s", path);
    int b = snprintf(s->fresh, sizeof s->fresh, "%s.%d", path, (int)getpid());
    if (a <= 0 || a >= (int)sizeof s->path || b >= (int)sizeof s->fresh)
        return diag_log(diag, ERROR_CARD_SOCKET, "%s: path too long", path);
    memcpy(address.sun_path, s->path, sizeof s->path);
    if (answers_at(&address)) return diag_log(diag, ERROR_CARD_BUSY, "%s", path);
    memcpy(address.sun_path, s->fresh, sizeof s->fresh);
    unlink(s->fresh);
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool good = s->listener >= 0 && bind(s->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
                chmod(s->fresh, 0600) == 0 && listen(s->listener, CARD_CLIENTS_MAX) == 0 &&
                stat(s->fresh, &s->made) == 0 && rename(s->fresh, s->path) == 0;
    return good ? OK : diag_log(diag, ERROR_CARD_SOCKET, "%s: %s", path, strerror(errno));
}

static void remove_socket(struct card_server *s)
{
    struct stat now;
    if (s->listener >= 0) close(s->listener);
    if (stat(s->path, &now) == 0 && now.st_dev == s->made.st_dev && now.st_ino == s->made.st_ino) unlink(s->path);
    unlink(s->fresh);
}

/* ---- the loop ---- */

static void look_after(struct card_server *s, struct client *c, short events)
{
    bool good = !(events & (POLLERR | POLLNVAL));
    if (good && events & POLLOUT) good = transmit(c);
    if (good && events & (POLLIN | POLLHUP) && c->in_len < sizeof c->in) good = receive(c);
    if (!good) drop(s, c);
}

/* Every client in turn, as long as something can be done: an unlock lets the next one go on. */
static void work(struct card_server *s)
{
    for (bool moved = true; moved;) {
        moved = false;
        serve_waiting(s);
        for (size_t i = 0; i < CARD_CLIENTS_MAX; i++) {
            struct client *c = &s->clients[i];
            if (c->fd < 0) continue;
            size_t before = c->in_len;
            bool good = step(s, c);
            if (good && c->out_len) good = transmit(c);
            if (!good) drop(s, c);
            if (!good || c->in_len != before) moved = true;
        }
    }
}

static void loop(struct card_server *s, int stop_fd)
{
    struct pollfd polled[2 + CARD_CLIENTS_MAX];
    for (;;) {
        polled[0] = (struct pollfd){ stop_fd, POLLIN, 0 };
        polled[1] = (struct pollfd){ s->listener, POLLIN, 0 };
        for (size_t i = 0; i < CARD_CLIENTS_MAX; i++) {
            const struct client *c = &s->clients[i];
            short want = (short)((c->out_len ? POLLOUT : 0) | (c->in_len < sizeof c->in ? POLLIN : 0));
            polled[2 + i] = (struct pollfd){ c->fd, want, 0 };
        }
        if (poll(polled, COUNT(polled), next_timeout(s)) < 0 && errno != EINTR) return;
        if (polled[0].revents) return;
        for (size_t i = 0; i < CARD_CLIENTS_MAX; i++)
            if (s->clients[i].fd >= 0 && s->clients[i].fd == polled[2 + i].fd && polled[2 + i].revents)
                look_after(s, &s->clients[i], polled[2 + i].revents);
        if (polled[1].revents & POLLIN) admit(s);
        work(s);
    }
}

struct result card_server_new(struct card *card, const char *path, struct diag *diag, struct card_server **ret_server)
{
    struct card_server *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->card = card;
    s->listener = -1;
    s->clients = calloc(CARD_CLIENTS_MAX, sizeof *s->clients);
    if (!s->clients) abort();
    for (size_t i = 0; i < CARD_CLIENTS_MAX; i++) s->clients[i].fd = -1;
    struct result r = listen_at(s, path, diag);
    if (failed(r))
        card_server_free(s);
    else
        *ret_server = s;
    return r;
}

void card_server_run(struct card_server *server, int stop_fd)
{
    loop(server, stop_fd);
}

void card_server_free(struct card_server *server)
{
    if (!server) return;
    for (size_t i = 0; i < CARD_CLIENTS_MAX; i++)
        if (server->clients[i].fd >= 0) drop(server, &server->clients[i]);
    remove_socket(server);
    free(server->clients);
    free(server);
}
