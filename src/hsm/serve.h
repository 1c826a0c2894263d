/* Answers the signer (ipc/hsm_api.h), one request after the other. */
#pragma once

#include "hsm/token.h"

/* Until the peer is gone, or a signal waits at SIGNALS (signalfd). A request that takes longer than CALL_SECONDS ends
 * the process by SIGALRM: a library that hangs is beyond all else. ERROR_IPC_BROKEN for what is no request. */
RESULT serve(struct token *token, int socket, int signals, int64_t call_seconds);
