/* What `hufu serve` tells hufu-web on its control socket. When one of web's peers (signer, files, relay) is started,
 * at first or again, web is handed a fresh socket to it; a peer that loses its socket ends by itself. The control
 * socket begins with IPC_HELLO either way, as every other; what is told on it is not answered. web ends when it is
 * closed. */
#pragma once

#include "ipc/ipc.h"

enum supervise_message {
    SUPERVISE_PEER = 0x400, /* supervise_peer + descriptor, not answered: the socket to a peer */
};

struct supervise_peer {
    const char *name; /* "signer", "files", "relay" */
};
extern const struct shape supervise_peer_shape;
