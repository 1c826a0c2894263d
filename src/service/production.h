/* Production of USBKeys (制证, R-APPLY-3): a fresh USBKey is opened by the producer's HUFU-CARD-v1, its new key certified
 * by HUFU-PRODUCE-v2. web only passes evidence on; the signer checks it and decides. Statements are kept before the
 * signer is asked, each under the request's id, so that what a crash left open is asked again and not twice. A USBKey
 * that lost power before the certificates were issued is begun anew; afterwards it is remade, with a new approval. */
#pragma once

#include "ipc/signer_api.h"
#include "service/desk.h"
#include "service/evidence.h"

struct production_card {
    const char *card, *challenge;  /* serial number; 8 bytes in hex */
    struct bytes card_certificate; /* the maker's, for the card's own key */
};
RESULT production_card_draft(const struct act *act, const char *number, const struct production_card *card,
                             const char **ret_statement);
/* ERROR_DECISION_STATEMENT, ERROR_DECISION_SIGNATURE, ERROR_DECISION_STALE, ERROR_PRODUCTION_ISSUED, and what the
 * signer refuses with. */
RESULT production_card_open(const struct act *act, const char *number, const char *statement, struct bytes signature,
                            struct bytes card_certificate, struct signer_card_opened *ret_opened);

struct production_key {
    const char *card, *public_key, *attestation; /* the latter two in hex */
};
/* ERROR_PRODUCTION_CARD for another USBKey than the one that was opened last. */
RESULT production_draft(const struct act *act, const char *number, const struct production_key *key,
                        const char **ret_statement);
struct production_signed {
    const char *statement;
    struct bytes signature, possession, card_certificate;
};
/* Issues the pair. The same statement again gives the pair that there is. */
RESULT production_make(const struct act *act, const char *number, const struct production_signed *with,
                       struct signer_issued *ret_issued);
/* The pair of an application that is issued, as the journal brought it. */
RESULT production_read_pair(struct tx *tx, const struct act *act, const struct application_row *row,
                            struct signer_issued *ret_issued);
/* The pair that was issued and is not in its USBKey yet, for whoever goes on after a page or a USBKey was lost.
 * ERROR_APPLICATION_STATE when there is none. */
RESULT production_pair(const struct act *act, const char *number, struct signer_issued *ret_issued);
/* The USBKey is written and closed, by its producer, or has taken its new certificates, by its holder (R-RENEW-3,
 * R-CHANGE-2): they are good from now on, and the holder is told (R-APPLY-4). */
RESULT production_finish(const struct act *act, const char *number, struct application_row *ret_row);
/* The same with DETAIL (may be NULL) in the trail: which keys of before it has taken (service/recovery.h). */
RESULT production_finish_with(const struct act *act, const char *number, const char *detail,
                              struct application_row *ret_row);
/* The USBKey failed after the issue: back to the reviewer, whose new approval revokes what was issued. */
RESULT production_remake(const struct act *act, const char *number, const char *words, struct application_row *ret_row);
