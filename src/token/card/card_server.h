/* A card at a Unix socket, used by several programs at a time. */
#pragma once

#include "base/diag.h"
#include "token/card/card.h"

enum { CARD_CLIENTS_MAX = 32 };

/* Serves CARD at PATH (made by this call, owner only; other users are refused) until STOP_FD becomes readable. The
 * socket is there only while somebody answers at it, and is removed at the end. ERROR_CARD_SOCKET when it cannot be
 * made, ERROR_CARD_BUSY when somebody serves there. */
RESULT card_serve(struct card *card, const char *path, int stop_fd, struct diag *diag);
