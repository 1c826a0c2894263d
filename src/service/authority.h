/* The CAs' certificates as the signer tells them (SIGNER_STATE), by which certificates of holders and operators are
 * checked. Kept while the signer is away. */
#pragma once

#include "ipc/signer_api.h"
#include "merkle/proof.h"
#include "pki/chain.h"
#include "service/service.h"

struct authorities *authorities_new(void);
void authorities_free(struct authorities *authorities);
/* Takes what the signer told in the place of what it told before. The errors of certificate_parse. */
RESULT authorities_set(struct authorities *authorities, const struct signer_state *state);
/* How far the journal is, as last told; 0 before. */
int64_t authorities_journal_size(struct authorities *authorities);

/* Whether PROOF holds under this root, as whoever keeps it will check it: the errors of proof_check, and
 * ERROR_LOGIN_NOT_READY before the signer told anything. */
RESULT authorities_check_proof(struct authorities *authorities, const struct proof *proof, struct arena *arena,
                               struct diag *diag, struct proven *ret_proven);

/* Whether LEAF was issued by these CAs for PURPOSE and is in force at TIME_S: the errors of chain_check, and
 * ERROR_LOGIN_NOT_READY before the signer told anything. */
RESULT authorities_check(struct authorities *authorities, const struct certificate *leaf,
                         enum certificate_purpose purpose, int64_t time_s);
