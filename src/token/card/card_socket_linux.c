#include "token/card/card_socket.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = sizeof ((struct sockaddr_un *)0)->sun_path, POLLED_MAX = 64, BACKLOG = 32 };

static int stop_fd = -1; /* of the process, as its signals are */

int64_t card_socket_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool address_of(const char *path, struct sockaddr_un *ret_address)
{
    memset(ret_address, 0, sizeof *ret_address);
    ret_address->sun_family = AF_UNIX;
    int n = snprintf(ret_address->sun_path, sizeof ret_address->sun_path, "%s", path);
    return n > 0 && n < PATH_SIZE;
}

/* ---- both sides ---- */

card_socket card_socket_connect(const char *path)
{
    struct sockaddr_un address;
    if (!address_of(path, &address)) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

void card_socket_close(card_socket s)
{
    if (s >= 0) close((int)s);
}

static long outcome(ssize_t n)
{
    if (n >= 0) return n;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

long card_socket_send(card_socket s, const void *data, size_t len)
{
    return outcome(send((int)s, data, len, MSG_NOSIGNAL));
}

long card_socket_receive(card_socket s, void *into, size_t len)
{
    ssize_t n = recv((int)s, into, len, 0);
    return n == 0 ? -1 : outcome(n);
}

bool card_socket_wait(card_socket s, int ms)
{
    struct pollfd p = { (int)s, POLLIN, 0 };
    int ready;
    while ((ready = poll(&p, 1, ms)) < 0 && errno == EINTR)
        ;
    return ready > 0;
}

bool card_socket_alive(card_socket s)
{
    uint8_t byte;
    ssize_t n = recv((int)s, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* ---- the card's side ---- */

struct card_listener {
    int fd;
    char path[PATH_SIZE], fresh[PATH_SIZE];
    struct stat made; /* the socket's file */
};

void card_stop_prepare(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) abort();
    stop_fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (stop_fd < 0) abort();
}

static bool answers_at(const char *path)
{
    card_socket s = card_socket_connect(path);
    card_socket_close(s);
    return s >= 0;
}

/* Made under another name and renamed when it listens, so that whoever watches the folder finds it working. */
static bool listen_at(struct card_listener *l)
{
    struct sockaddr_un address;
    if (!address_of(l->fresh, &address)) return false;
    unlink(l->fresh);
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return l->fd >= 0 && bind(l->fd, (struct sockaddr *)&address, sizeof address) == 0 && chmod(l->fresh, 0600) == 0 &&
           listen(l->fd, BACKLOG) == 0 && stat(l->fresh, &l->made) == 0 && rename(l->fresh, l->path) == 0;
}

struct result card_listener_new(const char *path, struct diag *diag, struct card_listener **ret_listener)
{
    struct card_listener *l = calloc(1, sizeof *l);
    if (!l) abort();
    l->fd = -1;
    int a = snprintf(l->path, sizeof l->path, "%s", path);
    int b = snprintf(l->fresh, sizeof l->fresh, "%s.%d", path, (int)getpid());
    struct result r = OK;
    if (a <= 0 || a >= PATH_SIZE || b >= PATH_SIZE) r = diag_log(diag, ERROR_CARD_SOCKET, "%s: path too long", path);
    else if (answers_at(path)) r = diag_log(diag, ERROR_CARD_BUSY, "%s", path);
    else if (!listen_at(l)) r = diag_log(diag, ERROR_CARD_SOCKET, "%s: %s", path, strerror(errno));
    if (failed(r)) card_listener_free(l);
    else *ret_listener = l;
    return r;
}

void card_listener_free(struct card_listener *l)
{
    struct stat now;
    if (!l) return;
    if (l->fd >= 0) {
        close(l->fd);
        if (stat(l->path, &now) == 0 && now.st_dev == l->made.st_dev && now.st_ino == l->made.st_ino) unlink(l->path);
        unlink(l->fresh);
    }
    free(l);
}

static bool same_user(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) return false;
    return peer.uid == geteuid() || peer.uid == 0;
}

card_socket card_listener_accept(struct card_listener *l)
{
    for (;;) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 || same_user(fd)) return fd;
        close(fd);
    }
}

enum card_poll_result card_listener_poll(struct card_listener *l, struct card_polled *polled, size_t count, int ms)
{
    struct pollfd p[2 + POLLED_MAX];
    p[0] = (struct pollfd){ stop_fd, POLLIN, 0 };
    p[1] = (struct pollfd){ l->fd, POLLIN, 0 };
    if (count > POLLED_MAX) count = POLLED_MAX;
    for (size_t i = 0; i < count; i++) {
        short want = (short)((polled[i].read ? POLLIN : 0) | (polled[i].write ? POLLOUT : 0));
        p[2 + i] = (struct pollfd){ (int)polled[i].s, want, 0 };
    }
    int ready = poll(p, 2 + count, ms);
    if (ready < 0) return errno == EINTR ? CARD_POLL_EVENTS : CARD_POLL_STOP;
    if (p[0].revents) return CARD_POLL_STOP;
    for (size_t i = 0; i < count; i++) {
        polled[i].readable = p[2 + i].revents & (POLLIN | POLLHUP);
        polled[i].writable = p[2 + i].revents & POLLOUT;
        polled[i].gone = p[2 + i].revents & (POLLERR | POLLNVAL);
    }
    return CARD_POLL_EVENTS;
}
