#include "ipc/ipc.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/sm3.h"
#include "ipc/messages.h"

enum { BODY_MAX = IPC_MESSAGE_MAX - IPC_HEADER_SIZE };

static void free_p(uint8_t **p)
{
    free(*p);
}

/* ---- packets ---- */

static bool peer_gone(int error)
{
    return error == EPIPE || error == ECONNRESET || error == ENOTCONN;
}

/* The one descriptor of a packet; any more are closed, for nobody would. */
static int take_fd(struct msghdr *packet)
{
    int found = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(packet); c; c = CMSG_NXTHDR(packet, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        for (size_t at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
            if (found < 0)
                found = fd;
            else
                close(fd);
        }
    }
    return found;
}

static struct result parse(struct bytes packet, struct ipc_message *ret_message)
{
    struct reader r = reader_of(packet);
    size_t len = read_u32(&r);
    struct ipc_message m = { .type = read_u16(&r), .error = (enum error)read_u16(&r), .id = read_u64(&r), .fd = -1 };
    ENSURE(!r.bad && len == packet.len, ERROR_IPC_BROKEN);
    m.body = bytes_of(r.ptr, r.left);
    *ret_message = m;
    return OK;
}

struct result ipc_read(int socket, uint8_t *buffer, struct ipc_message *ret_message)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int) * 4)];
    } control;
    struct iovec part = { buffer, IPC_MESSAGE_MAX };
    struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof control };
    ssize_t n;
    do {
        n = recvmsg(socket, &packet, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    ENSURE(n != 0 && !(n < 0 && peer_gone(errno)), ERROR_IPC_CLOSED);
    ENSURE(n > 0, ERROR_IO);
    int fd = take_fd(&packet);
    struct ipc_message message;
    struct result r = packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? FAIL(ERROR_IPC_BROKEN)
                                                                  : parse(bytes_of(buffer, (size_t)n), &message);
    if (failed(r)) {
        if (fd >= 0) close(fd);
        return r;
    }
    message.fd = fd;
    *ret_message = message;
    return OK;
}

struct result ipc_write(int socket, const struct ipc_message *message)
{
    ENSURE(message->body.len <= BODY_MAX, ERROR_TOO_LARGE);
    uint8_t head[IPC_HEADER_SIZE];
    struct writer w = writer_of(head, sizeof head);
    write_u32(&w, (uint32_t)(sizeof head + message->body.len));
    write_u16(&w, message->type);
    write_u16(&w, (uint16_t)message->error);
    write_u64(&w, message->id);
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec parts[] = { { head, sizeof head }, { (void *)(uintptr_t)message->body.ptr, message->body.len } };
    struct msghdr packet = { .msg_iov = parts, .msg_iovlen = message->body.len ? 2 : 1 };
    if (message->fd >= 0) {
        packet.msg_control = &control;
        packet.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&packet);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &message->fd, sizeof(int));
    }
    ssize_t n;
    do {
        n = sendmsg(socket, &packet, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    ENSURE(!(n < 0 && peer_gone(errno)), ERROR_IPC_CLOSED);
    ENSURE(n >= 0, ERROR_IO);
    return OK;
}

/* ---- records ---- */

static struct result write_record(int socket, struct ipc_message *message, const struct shape *shape,
                                  const void *record)
{
    uint8_t *room CLEANUP(free_p) = shape ? malloc(BODY_MAX) : NULL;
    if (shape) {
        if (!room) abort();
        struct writer w = writer_of(room, BODY_MAX);
        shape_write(shape, record, &w);
        TRY(writer_end(&w, &message->body));
    }
    return ipc_write(socket, message);
}

struct result ipc_write_record(int socket, const struct ipc_message *head, const struct shape *shape,
                               const void *record)
{
    struct ipc_message message = *head;
    message.body = (struct bytes){ 0 };
    return write_record(socket, &message, shape, record);
}

struct result ipc_answer(int socket, const struct ipc_message *asked, const struct shape *shape, const void *record)
{
    struct ipc_message message = { .type = asked->type, .id = asked->id, .fd = -1 };
    return write_record(socket, &message, shape, record);
}

struct result ipc_answer_failure(int socket, const struct ipc_message *asked, enum error error,
                                 const struct diag *diag)
{
    struct ipc_message message = { .type = asked->type, .error = error, .id = asked->id, .fd = -1 };
    struct ipc_failure failure = { 0 };
    if (diag) failure = (struct ipc_failure){ diag->field, diag->detail, diag->log };
    return write_record(socket, &message, &ipc_failure_shape, &failure);
}

/* ---- hello ---- */

static void hash_number(struct sm3 *sm3, uint64_t number)
{
    uint8_t b[8];
    struct writer w = writer_of(b, sizeof b);
    write_u64(&w, number);
    sm3_update(sm3, BYTES(b));
}

static void hash_text(struct sm3 *sm3, const char *text)
{
    hash_number(sm3, strlen(text));
    sm3_update(sm3, bytes_text(text));
}

/* Two builds agree when they write and read every message alike. */
static void fingerprint(uint8_t ret_hash[SM3_SIZE])
{
    struct sm3 sm3;
    sm3_init(&sm3);
    hash_number(&sm3, ipc_shapes_count);
    for (size_t i = 0; i < ipc_shapes_count; i++) {
        const struct shape *shape = ipc_shapes[i];
        hash_text(&sm3, shape->name);
        hash_number(&sm3, shape->count);
        for (size_t k = 0; k < shape->count; k++) {
            hash_text(&sm3, shape->fields[k].name);
            hash_number(&sm3, shape->fields[k].kind);
            hash_number(&sm3, shape->fields[k].max);
        }
    }
    sm3_final(&sm3, ret_hash);
}

struct result ipc_hello(int socket)
{
    uint8_t ours[SM3_SIZE], *buffer CLEANUP(free_p) = malloc(IPC_MESSAGE_MAX);
    if (!buffer) abort();
    fingerprint(ours);
    struct ipc_message hello = { .type = IPC_HELLO, .body = BYTES(ours), .fd = -1 }, theirs;
    TRY(ipc_write(socket, &hello));
    TRY(ipc_read(socket, buffer, &theirs));
    if (theirs.fd >= 0) close(theirs.fd);
    ENSURE(theirs.type == IPC_HELLO && bytes_equal(theirs.body, BYTES(ours)), ERROR_IPC_VERSION);
    return OK;
}
