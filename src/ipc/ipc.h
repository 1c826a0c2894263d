/* Messages between Hufu's processes, over Unix sockets of type SOCK_SEQPACKET that the supervisor made:
 * one message a packet, so that a cut message cannot be mistaken for a whole one.
 * Header: 4 bytes length of the whole, 2 type, 2 error (0 in requests), 8 request id; then the body, a
 * record written by its shape. Peers of different builds refuse each other: the first message either way
 * is IPC_HELLO with the build's fingerprint (a hash over all shapes of messages). */
#pragma once

#include "base/diag.h"
#include "base/shape.h"

enum { IPC_MESSAGE_MAX = 192 * 1024, IPC_HEADER_SIZE = 16, IPC_HELLO = 1 };

struct ipc_message {
    uint16_t type;
    enum error error;  /* in answers: why not; the body is then a struct ipc_failure */
    uint64_t id;       /* chosen by the asker, given back by the answer */
    struct bytes body; /* a view into the buffer it was read to */
    int fd;            /* a descriptor that came along, owned by the reader; -1 for none */
};

/* The body of an answer that failed. */
struct ipc_failure {
    const char *field, *detail, *log;
};
extern const struct shape ipc_failure_shape;

/* Reads one packet into BUFFER (IPC_MESSAGE_MAX bytes), waiting for it. ERROR_IPC_CLOSED when the peer is
 * gone, ERROR_IPC_BROKEN for a bad header. */
RESULT ipc_read(int socket, uint8_t *buffer, struct ipc_message *ret_message);
/* Writes one packet whole; FD goes along unless it is -1 and stays the caller's. */
RESULT ipc_write(int socket, const struct ipc_message *message);
/* Writes RECORD as the body of a message with HEAD's type, error, id and descriptor; SHAPE NULL: no body. */
RESULT ipc_write_record(int socket, const struct ipc_message *head, const struct shape *shape, const void *record);
/* Writes a record, or a failure, as the answer to ASKED. */
RESULT ipc_answer(int socket, const struct ipc_message *asked, const struct shape *shape, const void *record);
RESULT ipc_answer_failure(int socket, const struct ipc_message *asked, enum error error, const struct diag *diag);
/* Says hello and checks the peer's: ERROR_IPC_VERSION when the builds differ. */
RESULT ipc_hello(int socket);

/* ---- the asking side: many threads over one socket ---- */

struct ipc_client;

/* Takes over SOCKET and starts the thread that hands out answers. Says hello first. */
RESULT ipc_client_new(int socket, struct ipc_client **ret_client);
void ipc_client_free(struct ipc_client *client);
/* Whether its peer has not gone away yet. */
bool ipc_client_there(struct ipc_client *client);
/* Asks and waits at most TIMEOUT_MS (ERROR_IPC_TIMEOUT). The answer's record lives in ARENA. A failure of
 * the peer comes back as its error with its words in DIAG. FD as in ipc_write; RET_FD may be NULL. */
struct ipc_call {
    uint16_t type;
    const struct shape *ask, *answer; /* answer may be NULL: an empty body is expected */
    int fd;                           /* -1 for none */
    int timeout_ms;
};
RESULT ipc_ask(struct ipc_client *client, const struct ipc_call *call, const void *record, struct arena *arena,
               struct diag *diag, void *ret_record, int *ret_fd);
