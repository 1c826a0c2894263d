/* Keys of CAs that lie in a hardware security module, which another process talks to (ipc/hsm_api.h). The signer goes
 * on without it: what needs such a key is refused, and comes back with the module. */
#pragma once

#include "base/diag.h"
#include "pki/signing_key.h"

struct hsm;

/* SOCKET is taken over, -1 when there is no such process: every signature is refused then. An answer that takes longer
 * than WAIT_SECONDS does not come. STATE_FILE (may be NULL): written anew whenever it changes how the module is:
 * "ready LABEL SERIAL" or the name of the error that signing meets, for whoever looks after the installation. */
struct hsm_options {
    int socket;
    int64_t wait_seconds;
    const char *folder; /* of the file "hsm.state" */
};
struct hsm *hsm_new(const struct hsm_options *options);
void hsm_free(struct hsm *hsm); /* NULL: does nothing */

enum hsm_use { HSM_ISSUING, HSM_OCSP, HSM_ROOT, HSM_USES };

/* Whether R is a failure of the module's: nothing is wrong with what was to be signed. */
bool hsm_failed(struct result r);
/* The words of the last failure, for the log. */
const char *hsm_words(const struct hsm *hsm);

/* The key with LABEL, for USE, of which there is one at a time; PUBLIC is the one of its certificate, and a signature
 * by another key is ERROR_HSM_KEY. LABEL and HSM outlive the key. */
struct signing_key hsm_key(struct hsm *hsm, enum hsm_use use, const char *label, const struct public_key *public);
/* The same for a key that has no certificate yet: asks the module for its public key. Errors as a signature, with words
 * for the log in DIAG. */
RESULT hsm_find(struct hsm *hsm, enum hsm_use use, const char *label, struct diag *diag, struct signing_key *ret_key);

/* Looks whether the module is there: every now and then, more often while it is not, and when something comes in at the
 * socket, which is the news that its process began anew. In milliseconds until the next look; 0: now. */
int hsm_socket(const struct hsm *hsm);
int hsm_due_ms(const struct hsm *hsm);
void hsm_look(struct hsm *hsm);
