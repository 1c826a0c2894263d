/* A renewal, a reissue or a change of holder is approved, and the USBKey that was to take the certificate is lost or
 * broken. A replacement (证书补办, 证书更换) that the person then begins takes its place: what was approved and paid for
 * goes over to it (R-LOST-2, R-RENEW-5, R-CHANGE-2), its own fee is that of a replacement (R-LOST-3). Ends the
 * replacement without anything, the former one stands as before. */
#pragma once

#include "service/desk.h"

struct former {
    struct application_row row;
    enum kind kind;
    bool made;                      /* its pair is issued, and in no USBKey */
    struct certificate_row replaces; /* that it was about; once it is made, its own */
};

/* What waits for the download of HOLDER and may be replaced by KIND. */
RESULT former_find(struct tx *tx, const struct act *act, enum kind kind, const struct id *holder,
                   struct former *ret_former, bool *ret_found);
/* Its place is taken; what unlocks its USBKey is cancelled with it. */
RESULT former_take(struct tx *tx, const struct act *act, const struct former *former, const struct id *holder);
/* REPLACEMENT has ended without a certificate. Where it was overridden, or its own pair was issued in vain, there is
 * nothing to go back to: the former one is cancelled, and what was paid for it goes back. */
RESULT former_let_go(struct tx *tx, const struct act *act, const struct application_row *replacement, enum state to);

/* That of ROW, which has one. */
RESULT former_load(struct tx *tx, const struct act *act, const struct application_row *row, struct former *ret_former);
/* Whether the replacement may still be had: ERROR_APPLICATION_CERTIFICATE_NONE where the certificate was revoked for
 * another reason meanwhile. */
RESULT former_standing(const struct act *act, const struct former *former);
/* The approval that the signer is to use up, empty where there is none. */
RESULT former_approval(struct tx *tx, const struct act *act, const struct application_row *row,
                       struct decision_row *ret_approval);
/* The number of the latest that has taken the place of NUMBER; NULL: none. */
RESULT former_replaced_by(const struct act *act, const char *number, const char **ret_number);
