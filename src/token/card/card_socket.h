/* Where a virtual card and those that use it meet, per platform (card_socket_linux.c, card_socket_windows.c). On Linux
 * PATH is a Unix socket, for its owner and root. On Windows, where such sockets know no users, PATH is a file that its
 * owner alone can read, with the number of a loopback port and a secret: who connects sends the secret first. */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"

typedef intptr_t card_socket; /* -1: none */

/* Connects; the socket then blocks. -1 when nobody answers there. */
card_socket card_socket_connect(const char *path);
void card_socket_close(card_socket s);
/* At most LEN bytes: how many, 0 when it would block, -1 when the other side is gone. */
long card_socket_send(card_socket s, const void *data, size_t len);
long card_socket_receive(card_socket s, void *into, size_t len);
/* Waits until there is something to read, or the other side has gone. False after MS milliseconds (-1: never). */
bool card_socket_wait(card_socket s, int ms);
/* Whether the other side is still there; reads nothing. */
bool card_socket_alive(card_socket s);
int64_t card_socket_now_ms(void);

/* ---- the card's side ---- */

struct card_listener;

/* Listens at PATH, which nobody does yet: ERROR_CARD_BUSY, ERROR_CARD_SOCKET. PATH appears when it works. */
RESULT card_listener_new(const char *path, struct diag *diag, struct card_listener **ret_listener);
/* Removes PATH. */
void card_listener_free(struct card_listener *listener);
/* The next one that connected, admitted and not blocking; -1 when there is none. */
card_socket card_listener_accept(struct card_listener *listener);

struct card_polled {
    card_socket s;              /* -1: passed over */
    bool read, write;           /* what is waited for */
    bool readable, writable, gone;
};
enum card_poll_result { CARD_POLL_STOP, CARD_POLL_EVENTS };
/* Waits for the listener, the sockets, MS milliseconds (-1: for ever), or that the process is told to end
 * (card_stop_prepare). */
enum card_poll_result card_listener_poll(struct card_listener *listener, struct card_polled *polled, size_t count,
                                         int ms);

/* Called before anything else: from then on the wish to end the process is noticed by card_listener_poll. */
void card_stop_prepare(void);
