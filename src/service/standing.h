/* Whether a person may have a service now: what account and certificate say (R-APPLY-1, R-RENEW-2, R-LOST-2,
 * R-CHANGE-1, R-REVOKE-2). Looked at when an application begins, is submitted and is approved, since all of it may
 * change meanwhile. */
#pragma once

#include "service/kind.h"
#include "service/service.h"

/* The rule alone. CURRENT is the certificate in the person's hands that is the last to expire, NULL: none.
 *   ERROR_APPLICATION_CERTIFICATE       apply: there is a valid one
 *   ERROR_APPLICATION_CERTIFICATE_NONE  the others: there is none, it is over where the service is not for that, or its
 *                                       USBKey is on the way (R-SHIP-3)
 *   ERROR_RENEWAL_EARLY                 renew: more than a calendar month before its end
 *   ERROR_APPLICATION_MEDIUM            unlock: not on a USBKey */
RESULT standing_judge(enum kind kind, const struct certificate_row *current, int64_t now_s, struct diag *diag);

struct standing {
    struct account_row account;
    bool has_certificate;
    struct certificate_row certificate; /* the current one */
};
/* The account alone, where no certificate is asked for. ERROR_APPLICATION_ACCOUNT unless it is open. */
RESULT standing_account(struct tx *tx, const struct act *act, const struct id *holder, struct standing *ret_standing);
/* ERROR_APPLICATION_ACCOUNT unless HOLDER's account is open, and what standing_judge refuses with. */
RESULT standing_check(struct tx *tx, const struct act *act, enum kind kind, const struct id *holder,
                      struct standing *ret_standing);
/* The same for an application that is under way: it must still be about the certificate it began with. One whose pair
 * was made before, and is to be made anew, asks for the account only; a replacement of what waits for a download, for
 * that (former.h). */
RESULT standing_check_again(struct tx *tx, const struct act *act, enum kind kind, const struct application_row *row);
/* The answer about a mobile that nobody of the own organization has. One for all of them: numbers are not to be tried
 * out here. */
RESULT standing_no_colleague(const struct act *act);
/* Whether what ROW says of its organization is what its certificate was issued for: one that passes on stays in its
 * organization (R-CHANGE-1), which the signer knows by its credit code. ERROR_CHANGE_REISSUE_FIRST (R-ORG-1). */
RESULT standing_organization(struct tx *tx, const struct act *act, enum kind kind, const struct application_row *row);
/* Whether the certificate of HOLDER may pass to SUCCESSOR (R-CHANGE-1): ERROR_SUCCESSOR_UNFIT. */
RESULT standing_successor(struct tx *tx, const struct act *act, const struct id *holder, const struct id *successor,
                          struct account_row *ret_account);
