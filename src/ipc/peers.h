/* The processes that web asks, each behind a name. Their sockets come through the control socket (supervise_api.h)
 * and are exchanged for fresh ones when a peer was started again, while others ask. */
#pragma once

#include "ipc/ipc.h"

enum peer { PEER_SIGNER, PEER_FILES, PEER_RELAY, PEER_COUNT };

struct peers;

/* Called on a thread of its own with each fresh connection, before anybody may ask PEER through it; asks by CLIENT.
 * A failure ends the connection, on which the peer ends and is started anew; peers_there tells the failure. */
typedef struct result peers_greet_fn(void *context, enum peer peer, struct ipc_client *client, struct diag *diag);

/* Takes over CONTROL, says hello on it and starts the thread that listens to it. GREET may be NULL. */
RESULT peers_new(int control, peers_greet_fn *greet, void *context, struct peers **ret_peers);
/* Ends what is being greeted. Nobody asks any more. */
void peers_free(struct peers *peers);
/* As ipc_ask. Waits for PEER to be there within the call's timeout; ERROR_IPC_CLOSED when it is not, or went away
 * before it answered (whether it did what it was asked is then not known); the failure of its greeting at once, when
 * that is why it is not there. */
RESULT peers_ask(struct peers *peers, enum peer peer, const struct ipc_call *call, const void *record,
                 struct arena *arena, struct diag *diag, void *ret_record, int *ret_fd);
/* Whether PEER is there; with the failure of its greeting, if that is why not. */
bool peers_there(struct peers *peers, enum peer peer, enum error *ret_why);
