/* The other side of a virtual card's socket (docs/PROTOCOL.card): for the driver and for pcscd's handler. */
#pragma once

#include "token/card/card_frame.h"
#include "token/card/card_socket.h"

enum { CARD_CLIENT_FOREVER = -1, CARD_CLIENT_PATIENCE_MS = 30000 };

struct card_client {
    card_socket s; /* -1: not connected */
};

/* Connects to the card at PATH and says hello. ERROR_NOT_FOUND when nobody answers there, ERROR_NOT_SUPPORTED for
 * another version. */
RESULT card_client_open(struct card_client *client, const char *path);
void card_client_close(struct card_client *client);
/* Whether somebody answers at PATH. */
bool card_client_answers(const char *path);
/* Whether the other side is still there; asks nothing. */
bool card_client_alive(const struct card_client *client);

/* One request of TYPE (enum card_frame) and the payload of its answer, at most ROOM bytes. MS: how long the other side
 * may be silent. ERROR_IO when it is gone or broke the protocol: the connection is closed then. */
RESULT card_client_ask(struct card_client *client, uint8_t type, struct bytes payload, int ms, uint8_t *ret_payload,
                       size_t room, size_t *ret_len);
