/* The way to the signer, for requests with a nonce (ipc/status_api.h). Many threads; one question at a time. */
#pragma once

#include "base/arena.h"
#include "ipc/status_api.h"

struct status_signer;

/* SOCKET is not blocking and taken over; -1: there is none. */
struct status_signer *status_signer_new(int socket);
void status_signer_free(struct status_signer *signer);
/* ERROR_BUSY when somebody asks already, when the signer does not answer at once, or does not want to. The response
 * lives in ARENA. */
RESULT status_signer_ask(struct status_signer *signer, const struct status_nonce *ask, struct arena *arena,
                         struct bytes *ret_response);
