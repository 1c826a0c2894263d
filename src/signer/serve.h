/* The loop: what waits on the socket is done together and shares one sync. */
#pragma once

#include "signer/signer.h"

/* Serves the one peer until it is gone (OK) or breaks the rules (ERROR_PEER_BROKE). STATUS: the socket of
 * hufu-status, not blocking; -1: none. ERROR_JOURNAL_WRITE and ERROR_JOURNAL_DAMAGED when the journal cannot be kept:
 * nothing more is signed, and nothing is answered for what was not synced. */
RESULT serve(struct signer *signer, int socket, int status, struct diag *diag);
