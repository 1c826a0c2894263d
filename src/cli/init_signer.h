/* Talking with hufu-signer while its journal is empty (ipc/signer_api.h): it is started for this alone. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "cli/installation.h"
#include "ipc/signer_api.h"

struct init_signer {
    pid_t pid, hsm; /* of hufu-signer and hufu-hsm; 0: it does not run */
    struct ipc_client *client;
};

/* Starts it for INSTALLATION with the installation's SECRET, and hufu-hsm beside it where there is an HSM; they log to
 * LOG.
 * ERROR_PROGRAM_MISSING, … */
RESULT init_signer_start(const struct installation *installation, struct bytes secret, int log, struct diag *diag,
                         struct init_signer *ret_signer);
/* Asks; ASK and ANSWER as in struct ipc_call, and may be NULL. What it answers lives in ARENA. */
RESULT init_signer_ask(struct init_signer *signer, enum signer_message type, const struct shape *ask,
                       const void *record, const struct shape *answer, struct arena *arena, struct diag *diag,
                       void *ret_answer);
/* Lets it end, and waits until it has. */
void init_signer_stop(struct init_signer *signer);
