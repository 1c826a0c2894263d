/* Loopback sockets, for the agent only. Deadlines are times of system_now_ms. net_linux.c, net_windows.c. */
#pragma once

#include "base/diag.h"
#include "base/bytes.h"

typedef intptr_t net_socket;
#define NET_NONE ((net_socket)-1)

struct net_listener {
    net_socket sockets[2]; /* 127.0.0.1 and ::1; NET_NONE where there is none */
    intptr_t stop;         /* what becomes readable when the process is asked to end */
};

/* Listens on 127.0.0.1 and, where there is one, ::1; never on anything else. Call before threads are started: it
 * also takes over the signals that end the process. ERROR_IO with the reason in DIAG's log: the port is taken. */
RESULT net_listen(uint16_t port, struct diag *diag, struct net_listener *ret_listener);
void net_listener_done(struct net_listener *listener);
/* Waits for a connection; NET_NONE when somebody asks the process to end (SIGTERM, SIGINT, SIGHUP). */
net_socket net_accept(const struct net_listener *listener);
void net_close(net_socket s);
/* What is there now, at least one byte. ERROR_IPC_CLOSED at the end, ERROR_IPC_TIMEOUT. */
RESULT net_read(net_socket s, void *into, size_t room, int64_t deadline_ms, size_t *ret_len);
RESULT net_write(net_socket s, struct bytes data, int64_t deadline_ms);
/* Ends our side and takes what still comes for a moment, so that the answer is not lost to a reset. */
void net_finish(net_socket s, int64_t deadline_ms);
/* Whether the other side has gone; bytes that wait are left alone. */
bool net_gone(net_socket s);
/* Whether the other end of this connection belongs to the user who runs the agent: looked up in the system's table of
 * connections. false when it cannot be told. */
bool net_peer_is_own(net_socket s);
