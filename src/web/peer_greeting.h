/* What is said to a peer before anybody may ask it (ipc/peers.h). */
#pragma once

#include "service/service.h"

/* CONTEXT is the struct service. The signer tells its CAs, and what the database does not know yet of the journal. */
RESULT peer_greeting(void *context, enum peer peer, struct ipc_client *client, struct diag *diag);
