#include "web/peer_greeting.h"

#include "service/authority.h"

enum { ASK_MS = 10000, ARENA_MAX = 512 * 1024 };

struct result peer_greeting(void *context, enum peer peer, struct ipc_client *client, struct diag *diag)
{
    struct service *service = context;
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct signer_peer ours = { 0 };
    struct signer_state state;
    struct ipc_call call = { SIGNER_STATE, &signer_peer_shape, &signer_state_shape, -1, ASK_MS };
    if (peer != PEER_SIGNER) return OK;
    TRY(ipc_ask(client, &call, &ours, arena, diag, &state, NULL));
    return authorities_set(service->authorities, &state);
}
