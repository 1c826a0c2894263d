#include "token/card/card_client.h"

static bool send_all(card_socket s, struct bytes data)
{
    while (data.len > 0) {
        long n = card_socket_send(s, data.ptr, data.len);
        if (n < 0) return false;
        data.ptr += n;
        data.len -= (size_t)n;
    }
    return true;
}

static bool receive_all(card_socket s, uint8_t *into, size_t len, int ms)
{
    while (len > 0) {
        if (!card_socket_wait(s, ms)) return false;
        long n = card_socket_receive(s, into, len);
        if (n < 0) return false;
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
    ENSURE(client->s >= 0, ERROR_IO);
    bool good = send_all(client->s, BYTES(head)) && send_all(client->s, payload) &&
                receive_all(client->s, head, sizeof head, ms);
    struct reader r = reader_of(BYTES(head));
    size_t len = good ? read_u32(&r) : 0;
    good = good && len >= 1 && len - 1 <= room && read_u8(&r) == (type | CARD_FRAME_ANSWER) &&
           receive_all(client->s, ret_payload, len - 1, ms);
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
    client->s = card_socket_connect(path);
    ENSURE(client->s >= 0, ERROR_NOT_FOUND);
    struct result r = card_client_ask(client, CARD_FRAME_HELLO, BYTES(version), CARD_CLIENT_PATIENCE_MS, hello,
                                      sizeof hello, &len);
    ENSURE(!failed(r), ERROR_NOT_FOUND);
    if (len >= 2 && hello[0] == 0 && hello[1] == CARD_FRAME_VERSION) return OK;
    card_client_close(client);
    return FAIL(ERROR_NOT_SUPPORTED);
}

void card_client_close(struct card_client *client)
{
    card_socket_close(client->s);
    client->s = -1;
}

bool card_client_answers(const char *path)
{
    card_socket s = card_socket_connect(path);
    card_socket_close(s);
    return s >= 0;
}

bool card_client_alive(const struct card_client *client)
{
    return client->s >= 0 && card_socket_alive(client->s);
}
