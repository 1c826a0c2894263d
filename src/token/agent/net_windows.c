#include "token/agent/net.h"

#include <stdlib.h>

#include "token/agent/system.h"
#include "base/windows_api.h"

#include <iphlpapi.h>
#include <ws2tcpip.h>

enum { BACKLOG = 64, LOOKUPS = 5, LOOKUP_PAUSE_MS = 20 };

/* ---- listening ---- */

static struct result listen_on(const struct sockaddr *address, int size, struct diag *diag, net_socket *ret)
{
    BOOL one = TRUE;
    u_long nonblocking = 1;
    SOCKET s = socket(address->sa_family, SOCK_STREAM, 0);
    if (s == INVALID_SOCKET) return diag_log(diag, ERROR_IO, "no socket: %d", WSAGetLastError());
    /* Nobody else may take the port over by SO_REUSEADDR. */
    setsockopt(s, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&one, sizeof one);
    if (address->sa_family == AF_INET6) setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&one, sizeof one);
    if (bind(s, address, size) == 0 && listen(s, BACKLOG) == 0 && ioctlsocket(s, FIONBIO, &nonblocking) == 0) {
        *ret = (net_socket)s;
        return OK;
    }
    int why = WSAGetLastError();
    closesocket(s);
    WSASetLastError(why); /* net_listen asks */
    return diag_log(diag, ERROR_IO, "cannot listen: %d", why);
}

struct result net_listen(uint16_t port, struct diag *diag, struct net_listener *ret_listener)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    six.sin6_addr.s6_addr[15] = 1;
    struct net_listener listener = { { NET_NONE, NET_NONE }, -1 };
    TRY(listen_on((struct sockaddr *)&four, sizeof four, diag, &listener.sockets[0]));
    struct result r = listen_on((struct sockaddr *)&six, sizeof six, NULL, &listener.sockets[1]);
    if (failed(r) && WSAGetLastError() == WSAEADDRINUSE) {
        net_listener_done(&listener);
        return diag_log(diag, ERROR_IO, "cannot listen: port %u is taken on ::1", (unsigned)port);
    }
    *ret_listener = listener;
    return OK;
}

void net_listener_done(struct net_listener *listener)
{
    for (size_t i = 0; i < COUNT(listener->sockets); i++) net_close(listener->sockets[i]);
}

/* The process is ended from outside (end of the session, installer): there is nothing to wait for besides. */
net_socket net_accept(const struct net_listener *listener)
{
    for (;;) {
        fd_set readable;
        FD_ZERO(&readable);
        for (size_t i = 0; i < COUNT(listener->sockets); i++)
            if (listener->sockets[i] != NET_NONE) FD_SET((SOCKET)listener->sockets[i], &readable);
        if (select(0, &readable, NULL, NULL, NULL) <= 0) return NET_NONE;
        for (size_t i = 0; i < COUNT(listener->sockets); i++) {
            if (listener->sockets[i] == NET_NONE || !FD_ISSET((SOCKET)listener->sockets[i], &readable)) continue;
            SOCKET s = accept((SOCKET)listener->sockets[i], NULL, NULL);
            u_long nonblocking = 1;
            if (s == INVALID_SOCKET) continue;
            SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0);
            if (ioctlsocket(s, FIONBIO, &nonblocking) == 0) return (net_socket)s;
            closesocket(s);
        }
    }
}

void net_close(net_socket s)
{
    if (s != NET_NONE) closesocket((SOCKET)s);
}

/* ---- talking ---- */

static struct result wait_for(net_socket s, short events, int64_t deadline_ms)
{
    int64_t left = deadline_ms - system_now_ms();
    ENSURE(left > 0, ERROR_IPC_TIMEOUT);
    WSAPOLLFD p = { .fd = (SOCKET)s, .events = events };
    int n = WSAPoll(&p, 1, (INT)left);
    ENSURE(n != 0, ERROR_IPC_TIMEOUT);
    ENSURE(n > 0, ERROR_IPC_CLOSED);
    return OK;
}

struct result net_read(net_socket s, void *into, size_t room, int64_t deadline_ms, size_t *ret_len)
{
    for (;;) {
        int n = recv((SOCKET)s, into, (int)room, 0);
        if (n > 0) {
            *ret_len = (size_t)n;
            return OK;
        }
        ENSURE(n < 0 && WSAGetLastError() == WSAEWOULDBLOCK, ERROR_IPC_CLOSED);
        TRY(wait_for(s, POLLIN, deadline_ms));
    }
}

struct result net_write(net_socket s, struct bytes data, int64_t deadline_ms)
{
    while (data.len) {
        int n = send((SOCKET)s, (const char *)data.ptr, (int)data.len, 0);
        if (n > 0) {
            data = bytes_of(data.ptr + n, data.len - (size_t)n);
            continue;
        }
        ENSURE(n < 0 && WSAGetLastError() == WSAEWOULDBLOCK, ERROR_IPC_CLOSED);
        TRY(wait_for(s, POLLOUT, deadline_ms));
    }
    return OK;
}

void net_finish(net_socket s, int64_t deadline_ms)
{
    char rest[4096];
    size_t n;
    shutdown((SOCKET)s, SD_SEND);
    while (!failed(net_read(s, rest, sizeof rest, deadline_ms, &n))) {}
}

bool net_gone(net_socket s)
{
    char one;
    int n = recv((SOCKET)s, &one, 1, MSG_PEEK);
    return n == 0 || (n < 0 && WSAGetLastError() != WSAEWOULDBLOCK);
}

/* ---- who is at the other end ---- */

/* The system's table of connections with their processes; the caller frees it. NULL when it cannot be had. */
static void *connection_table(ULONG family)
{
    DWORD size = 64 * 1024;
    for (int i = 0; i < LOOKUPS; i++) {
        void *table = malloc(size);
        if (!table) return NULL;
        DWORD r = GetExtendedTcpTable(table, &size, FALSE, family, TCP_TABLE_OWNER_PID_CONNECTIONS, 0);
        if (r == NO_ERROR) return table;
        free(table);
        if (r != WINDOWS_BUFFER_TOO_SMALL) return NULL;
        size += 4096; /* more may come until we ask again */
    }
    return NULL;
}

static DWORD find_process_4(const struct sockaddr_in *here, const struct sockaddr_in *there)
{
    MIB_TCPTABLE_OWNER_PID *table = connection_table(AF_INET);
    DWORD process = 0;
    for (DWORD i = 0; table && i < table->dwNumEntries; i++) {
        const MIB_TCPROW_OWNER_PID *row = &table->table[i];
        if (row->dwLocalAddr != there->sin_addr.s_addr || row->dwRemoteAddr != here->sin_addr.s_addr) continue;
        if ((u_short)row->dwLocalPort != there->sin_port || (u_short)row->dwRemotePort != here->sin_port) continue;
        process = row->dwOwningPid;
    }
    free(table);
    return process;
}

static DWORD find_process_6(const struct sockaddr_in6 *here, const struct sockaddr_in6 *there)
{
    MIB_TCP6TABLE_OWNER_PID *table = connection_table(AF_INET6);
    DWORD process = 0;
    for (DWORD i = 0; table && i < table->dwNumEntries; i++) {
        const MIB_TCP6ROW_OWNER_PID *row = &table->table[i];
        struct bytes local = BYTES(row->ucLocalAddr), remote = BYTES(row->ucRemoteAddr);
        if (!bytes_equal(local, bytes_of(&there->sin6_addr, 16))) continue;
        if (!bytes_equal(remote, bytes_of(&here->sin6_addr, 16))) continue;
        if ((u_short)row->dwLocalPort != there->sin6_port || (u_short)row->dwRemotePort != here->sin6_port) continue;
        process = row->dwOwningPid;
    }
    free(table);
    return process;
}

union token_user {
    TOKEN_USER user;
    char room[256];
};

static bool user_of(DWORD process, union token_user *ret)
{
    HANDLE handle = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process), token = NULL;
    DWORD size;
    bool good = handle && OpenProcessToken(handle, TOKEN_QUERY, &token) &&
                GetTokenInformation(token, TokenUser, ret, sizeof *ret, &size);
    if (token) CloseHandle(token);
    if (handle) CloseHandle(handle);
    return good;
}

bool net_peer_is_own(net_socket s)
{
    struct sockaddr_storage here, there;
    int size = sizeof here, other = sizeof there;
    if (getsockname((SOCKET)s, (struct sockaddr *)&here, &size) != 0) return false;
    if (getpeername((SOCKET)s, (struct sockaddr *)&there, &other) != 0) return false;
    union token_user own, peer;
    for (int i = 0; i < LOOKUPS; i++) {
        DWORD process = there.ss_family == AF_INET
                            ? find_process_4((struct sockaddr_in *)&here, (struct sockaddr_in *)&there)
                            : find_process_6((struct sockaddr_in6 *)&here, (struct sockaddr_in6 *)&there);
        if (process)
            return user_of(GetCurrentProcessId(), &own) && user_of(process, &peer) &&
                   EqualSid(own.user.User.Sid, peer.user.User.Sid);
        system_sleep_ms(LOOKUP_PAUSE_MS);
    }
    return false;
}
