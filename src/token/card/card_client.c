#include "token/card/card_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int open_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (n <= 0 || n >= (int)sizeof address.sun_path) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

static bool send_all(int fd, struct bytes data)
{
    while (data.len > 0) {
        ssize_t n = send(fd, data.ptr, data.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data.ptr += n;
        data.len -= (size_t)n;
    }
    return true;
}

static bool receive_all(int fd, uint8_t *into, size_t len, int ms)
{
    while (len > 0) {
        struct pollfd p = { fd, POLLIN, 0 };
        int ready = poll(&p, 1, ms);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        ssize_t n = recv(fd, into, len, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        into += n;
        len -= (size_t)n;
    }
    return true;
}

struct result card_client_ask(struct card_client *client, uint8_t type, struct bytes payload, int ms,
                              uint8_t *ret_payload, size_t room, size_t *ret_len)
{
    uint8_t head[CARD_FRAME_HEAD];
    struct writer w = writer_of(head, sizeof head);
    write_u32(&w, (uint32_t)payload.len + 1);
    write_u8(&w, type);
    ENSURE(client->fd >= 0, ERROR_IO);
    bool good = send_all(client->fd, BYTES(head)) && send_all(client->fd, payload) &&
                receive_all(client->fd, head, sizeof head, ms);
    struct reader r = reader_of(BYTES(head));
    size_t len = good ? read_u32(&r) : 0;
    good = good && len >= 1 && len - 1 <= room && read_u8(&r) == (type | CARD_FRAME_ANSWER) &&
           receive_all(client->fd, ret_payload, len - 1, ms);
    if (!good) { /* what comes now would be the answer to something else */
        card_client_close(client);
        return FAIL(ERROR_IO);
    }
    *ret_len = len - 1;
    return OK;
}

struct result card_client_open(struct card_client *client, const char *path)
{
    static const uint8_t version[2] = { 0, CARD_FRAME_VERSION };
    uint8_t hello[64];
    size_t len = 0;
    client->fd = open_socket(path);
    ENSURE(client->fd >= 0, ERROR_NOT_FOUND);
    struct result r = card_client_ask(client, CARD_FRAME_HELLO, BYTES(version), CARD_CLIENT_PATIENCE_MS, hello,
                                      sizeof hello, &len);
    ENSURE(!failed(r), ERROR_NOT_FOUND);
    if (len >= 2 && hello[0] == 0 && hello[1] == CARD_FRAME_VERSION) return OK;
    card_client_close(client);
    return FAIL(ERROR_NOT_SUPPORTED);
}

void card_client_close(struct card_client *client)
{
    if (client->fd >= 0) close(client->fd);
    client->fd = -1;
}

bool card_client_answers(const char *path)
{
    int fd = open_socket(path);
    if (fd < 0) return false;
    close(fd);
    return true;
}

bool card_client_alive(const struct card_client *client)
{
    uint8_t byte;
    if (client->fd < 0) return false;
    ssize_t n = recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}
