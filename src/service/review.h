/* The reviewer's part (R-OPS-1 to R-OPS-3): the queue, what differs from the directory, sending back, and decisions by
 * statements that the reviewer's own USBKey signs. */
#pragma once

#include "service/desk.h"
#include "service/evidence.h"
#include "service/identity.h"

enum { REVIEW_QUEUE_MAX = 500, REVIEW_HISTORY_MAX = 500, REVIEW_DIFFERENCES_MAX = 12, REVIEW_WORDS_MAX = 1000 };

/* What waits for an operator, the most urgent first. WHAT: "review", "approved", "producing", "produced"; NULL: all of
 * them. */
RESULT review_queue(const struct act *act, const char *what, struct application_row **ret_rows, size_t *ret_count);

/* A field that was corrected: as the directory has it, as it was filled in; identity numbers and mobiles masked. */
struct difference {
    const char *field, *directory, *application;
};
RESULT review_differences(const struct act *act, const char *number,
                          struct difference ret_differences[REVIEW_DIFFERENCES_MAX], size_t *ret_count);
/* What happened to the application, oldest first. */
RESULT review_history(const struct act *act, const char *number, struct audit_row **ret_rows, size_t *ret_count);
/* Identity number and mobile in full; each look is in the audit trail, and is not given without it. RET_DOCUMENT is the
 * caller's to wipe. */
RESULT review_identity(const struct act *act, const char *number, char ret_document[DOCUMENT_NUMBER_MAX + 1],
                       const char **ret_mobile);

/* Sends back with REASON ("missing-material" …), ITEMS (item.h, joined by commas) and WORDS (R-OPS-2): the promised
 * time pauses, scans among the items must come anew. ERROR_RETURN_ITEMS. */
RESULT review_return(const struct act *act, const char *number, const char *reason, const char *items,
                     const char *words, struct application_row *ret_row);

/* The statement to be signed: HUFU-APPROVE-v1, or HUFU-REJECT-v1 with WORDS. ERROR_DECISION_WORDS for a rejection
 * without. */
RESULT review_draft(const struct act *act, const char *number, bool approve, const char *words,
                    const char **ret_statement);
/* Decides by the signed statement, which must be what the server makes of the application as it stands now:
 * ERROR_DECISION_STATEMENT, ERROR_DECISION_SIGNATURE, ERROR_DECISION_STALE; ERROR_DECISION_MADE for a second one. */
RESULT review_decide(const struct act *act, const char *number, const char *statement, struct bytes signature,
                     struct application_row *ret_row);

/* The end of validity as an approval of KIND says it, for a certificate in the place of one that ends at OLD_END_S:
 * "1y", "until:<old end>" (R-LOST-2, R-DAMAGED-2, R-CHANGE-2), "renew:<old end>" (R-RENEW-4: a year after it, or from
 * issuance where it has passed by then), "-". NULL when the arena is full. */
const char *review_validity(struct arena *arena, enum kind kind, int64_t old_end_s);

/* One round of the job: what was approved and must be revoked at once, but was not while the signer was away. */
RESULT review_work(struct service *service, size_t *ret_count);

/* A reason of sending back or rejection in words; "-" for NULL. */
const char *review_reason_words(const char *reason);
