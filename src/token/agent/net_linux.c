#include "token/agent/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "token/agent/system.h"

enum { BACKLOG = 64, LOOKUPS = 5, LOOKUP_PAUSE_MS = 20 };

/* ---- listening ---- */

static struct result listen_on(const struct sockaddr *address, socklen_t size, struct diag *diag, net_socket *ret)
{
    int one = 1;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return diag_log(diag, ERROR_IO, "no socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address->sa_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(fd, address, size) == 0 && listen(fd, BACKLOG) == 0) {
        *ret = fd;
        return OK;
    }
    int why = errno;
    close(fd);
    errno = why; /* net_listen asks */
    return diag_log(diag, ERROR_IO, "cannot listen: %s", strerror(why));
}

struct result net_listen(uint16_t port, struct diag *diag, struct net_listener *ret_listener)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    struct net_listener listener = { { NET_NONE, NET_NONE }, -1 };
    TRY(listen_on((struct sockaddr *)&four, sizeof four, diag, &listener.sockets[0]));
    /* Machines without IPv6 are common; a port taken by somebody else on ::1 alone is not, and would let that
     * program pose as the agent to whoever asks for localhost. */
    struct result r = listen_on((struct sockaddr *)&six, sizeof six, NULL, &listener.sockets[1]);
    if (failed(r) && errno == EADDRINUSE) {
        net_listener_done(&listener);
        return diag_log(diag, ERROR_IO, "cannot listen: port %u is taken on ::1", (unsigned)port);
    }
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGHUP);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    listener.stop = signalfd(-1, &stop, SFD_CLOEXEC);
    if (listener.stop < 0) {
        net_listener_done(&listener);
        return diag_log(diag, ERROR_IO, "no signalfd: %s", strerror(errno));
    }
    *ret_listener = listener;
    return OK;
}

void net_listener_done(struct net_listener *listener)
{
    for (size_t i = 0; i < COUNT(listener->sockets); i++) net_close(listener->sockets[i]);
    if (listener->stop >= 0) close((int)listener->stop);
}

net_socket net_accept(const struct net_listener *listener)
{
    struct pollfd wait[] = { { .fd = (int)listener->stop, .events = POLLIN },
                             { .fd = (int)listener->sockets[0], .events = POLLIN },
                             { .fd = (int)listener->sockets[1], .events = POLLIN } };
    for (;;) {
        if (poll(wait, COUNT(wait), -1) < 0) continue;
        if (wait[0].revents) return NET_NONE;
        for (size_t i = 1; i < COUNT(wait); i++) {
            if (!wait[i].revents) continue;
            int fd = accept4(wait[i].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (fd >= 0) return fd;
            /* Out of descriptors: connections that are being served give theirs back. */
            if (errno == EMFILE || errno == ENFILE) system_sleep_ms(LOOKUP_PAUSE_MS);
        }
    }
}

void net_close(net_socket s)
{
    if (s != NET_NONE) close((int)s);
}

/* ---- talking ---- */

static struct result wait_for(net_socket s, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left = deadline_ms - system_now_ms();
        ENSURE(left > 0, ERROR_IPC_TIMEOUT);
        struct pollfd p = { .fd = (int)s, .events = events };
        int n = poll(&p, 1, (int)left);
        if (n > 0) return OK;
        ENSURE(n == 0 || errno == EINTR, ERROR_IPC_CLOSED);
    }
}

struct result net_read(net_socket s, void *into, size_t room, int64_t deadline_ms, size_t *ret_len)
{
    for (;;) {
        ssize_t n = recv((int)s, into, room, 0);
        if (n > 0) {
            *ret_len = (size_t)n;
            return OK;
        }
        ENSURE(n < 0 && (errno == EAGAIN || errno == EINTR), ERROR_IPC_CLOSED);
        TRY(wait_for(s, POLLIN, deadline_ms));
    }
}

struct result net_write(net_socket s, struct bytes data, int64_t deadline_ms)
{
    while (data.len) {
        ssize_t n = send((int)s, data.ptr, data.len, MSG_NOSIGNAL);
        if (n > 0) {
            data = bytes_of(data.ptr + n, data.len - (size_t)n);
            continue;
        }
        ENSURE(n < 0 && (errno == EAGAIN || errno == EINTR), ERROR_IPC_CLOSED);
        TRY(wait_for(s, POLLOUT, deadline_ms));
    }
    return OK;
}

void net_finish(net_socket s, int64_t deadline_ms)
{
    char rest[4096];
    size_t n;
    shutdown((int)s, SHUT_WR);
    while (!failed(net_read(s, rest, sizeof rest, deadline_ms, &n))) {}
}

bool net_gone(net_socket s)
{
    char one;
    ssize_t n = recv((int)s, &one, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* ---- who is at the other end ---- */

/* An address and port as /proc/net/tcp and tcp6 write them: 32-bit words in the machine's order. */
static void proc_name(const struct sockaddr_storage *address, char into[64])
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        snprintf(into, 64, "%08X:%04X", four->sin_addr.s_addr, ntohs(four->sin_port));
        return;
    }
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    uint32_t w[4];
    memcpy(w, &six->sin6_addr, sizeof w);
    snprintf(into, 64, "%08X%08X%08X%08X:%04X", w[0], w[1], w[2], w[3], ntohs(six->sin6_port));
}

/* The user of the connection LOCAL → REMOTE in FILE; false where it is not listed. Lines:
 *   "  0: LOCAL REMOTE st tx:rx tr:when retr uid timeout inode …" */
static bool find_user(const char *file, const char *local, const char *remote, unsigned *ret_user)
{
    FILE *table = fopen(file, "re");
    if (!table) return false;
    char line[512];
    bool found = false;
    while (!found && fgets(line, sizeof line, table)) {
        char a[64], b[64];
        unsigned user;
        if (sscanf(line, " %*d: %63s %63s %*x %*x:%*x %*x:%*x %*x %u", a, b, &user) != 3) continue;
        if (strcmp(a, local) != 0 || strcmp(b, remote) != 0) continue;
        *ret_user = user;
        found = true;
    }
    fclose(table);
    return found;
}

bool net_peer_is_own(net_socket s)
{
    struct sockaddr_storage here, there;
    socklen_t size = sizeof here, other = sizeof there;
    if (getsockname((int)s, (struct sockaddr *)&here, &size) != 0) return false;
    if (getpeername((int)s, (struct sockaddr *)&there, &other) != 0) return false;
    char local[64], remote[64];
    proc_name(&there, local); /* the peer's own end is what the table calls local */
    proc_name(&here, remote);
    const char *file = there.ss_family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6";
    /* The table is read in pieces while connections come and go, so a row can be missed: look again. */
    for (int i = 0; i < LOOKUPS; i++) {
        unsigned user;
        if (find_user(file, local, remote, &user)) return user == geteuid();
        system_sleep_ms(LOOKUP_PAUSE_MS);
    }
    return false;
}
