/* A card at a Unix socket, used by several programs at a time. */
#pragma once

#include "base/diag.h"
#include "token/card/card.h"

enum { CARD_CLIENTS_MAX = 32 };

struct card_server;

/* Listens at PATH: made by this call, for its owner only (other users are refused). ERROR_CARD_SOCKET when it cannot be
 * made, ERROR_CARD_BUSY when somebody serves there. */
RESULT card_server_new(struct card *card, const char *path, struct diag *diag, struct card_server **ret_server);
/* Serves until the process is told to end: card_stop_prepare was called before. */
void card_server_run(struct card_server *server);
/* Removes the socket: it is there only while somebody answers at it. */
void card_server_free(struct card_server *server);
static inline void card_server_free_p(struct card_server **server)
{
    card_server_free(*server);
}
