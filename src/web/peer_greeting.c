#include "web/peer_greeting.h"

#include "service/journal.h"

struct result peer_greeting(void *context, enum peer peer, struct ipc_client *client, struct diag *diag)
{
    return peer == PEER_SIGNER ? journal_greet(context, client, diag) : OK;
}
