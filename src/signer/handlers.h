/* What is done for each request: ASK and ANSWER are the structs of ipc/signer_api.h. A handler checks everything, then
 * makes what is to be made, then records it (signer_record); the answer leaves after the next signer_sync. */
#pragma once

#include "signer/call.h"

/* begin.c: only while the installation is set up */
RESULT handle_begin(struct call *call, const void *ask, void *answer);
RESULT handle_prepare(struct call *call, const void *ask, void *answer); /* prepare.c */
RESULT handle_first_card(struct call *call, const void *ask, void *answer);
RESULT handle_first_operator(struct call *call, const void *ask, void *answer);
RESULT handle_seal(struct call *call, const void *ask, void *answer);

/* report.c */
RESULT handle_state(struct call *call, const void *ask, void *answer);
RESULT handle_journal(struct call *call, const void *ask, void *answer);
RESULT handle_proof(struct call *call, const void *ask, void *answer);
RESULT handle_consistency(struct call *call, const void *ask, void *answer);
RESULT handle_status(struct call *call, const void *ask, void *answer);

RESULT handle_trail(struct call *call, const void *ask, void *answer); /* trail.c */
RESULT handle_ends(struct call *call, const void *ask, void *answer);  /* ends.c */

/* card.c, issue.c, revoke.c, operator.c; …_again: the answer that was given for what RECORD of the journal says */
RESULT handle_card(struct call *call, const void *ask, void *answer);
RESULT handle_card_again(struct call *call, uint64_t record, void *answer);
RESULT handle_operator_card(struct call *call, const void *ask, void *answer);
RESULT handle_operator_card_again(struct call *call, uint64_t record, void *answer);
RESULT handle_issue(struct call *call, const void *ask, void *answer);
RESULT handle_issue_again(struct call *call, uint64_t record, void *answer);
RESULT handle_revoke(struct call *call, const void *ask, void *answer);
RESULT handle_revoke_again(struct call *call, uint64_t record, void *answer);
RESULT handle_operator(struct call *call, const void *ask, void *answer);
RESULT handle_operator_again(struct call *call, uint64_t record, void *answer);

/* unlock.c, recover.c, hold.c, custody.c */
RESULT handle_unlock(struct call *call, const void *ask, void *answer);
RESULT handle_unlock_again(struct call *call, uint64_t record, void *answer);
RESULT handle_recover(struct call *call, const void *ask, void *answer);
RESULT handle_recover_again(struct call *call, uint64_t record, void *answer);
RESULT handle_hold(struct call *call, const void *ask, void *answer);
RESULT handle_hold_again(struct call *call, uint64_t record, void *answer);
RESULT handle_hold_for(struct call *call, const void *ask, void *answer);
RESULT handle_hold_for_again(struct call *call, uint64_t record, void *answer);
RESULT handle_release(struct call *call, const void *ask, void *answer);
RESULT handle_release_again(struct call *call, uint64_t record, void *answer);
RESULT handle_receive(struct call *call, const void *ask, void *answer);
RESULT handle_receive_again(struct call *call, uint64_t record, void *answer);
RESULT handle_custody(struct call *call, const void *ask, void *answer);
RESULT handle_custody_again(struct call *call, uint64_t record, void *answer);
RESULT handle_judicial(struct call *call, const void *ask, void *answer);
RESULT handle_judicial_again(struct call *call, uint64_t record, void *answer);

/* ---- shared by several of them ---- */

/* Fills in the state as SIGNER_STATE answers it. */
RESULT report_state(struct call *call, struct signer_state *ret_state);

struct card_opening {
    const char *card;           /* serial number, checked to be that of CERTIFICATE */
    struct bytes challenge;     /* CARD_CHALLENGE_SIZE */
    const struct certificate *certificate;
};
/* What opens a card: the answer to its challenge and its administrator key, sealed. In the call's arena. */
RESULT card_open(struct call *call, const struct card_opening *opening, struct signer_card_opened *ret_opened);

struct operator_fields {
    const char *name, *card;
    const struct sm2_public *key;
};
/* Makes the certificate of an operator. */
RESULT operator_certify(struct call *call, const struct operator_fields *fields, struct bytes *ret_der);

/* Whether the content of the request that RECORD was made for is that of CALL: ERROR_REQUEST_REPEATED. */
RESULT same_content(struct call *call, struct bytes content);
