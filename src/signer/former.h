/* What a replacement of a lost or damaged USBKey takes the place of: an approved renewal, reissue or change of holder
 * that its USBKey was to download, and cannot any more. What was approved and paid goes over to the replacement: it has
 * the validity of that approval, which is used up by it, so that the two together bring one pair. */
#pragma once

#include "signer/evidence.h"

struct former {
    struct signed_text text;
    struct approve_statement approval; /* only with text */
    bool recorded;                     /* used up by this application before: its pair is made anew */
};

/* GIVEN without a text: nothing is taken over. That is refused where the approval could not stand alone: it says
 * "renew:", or it lists no certificate that it takes the place of (ERROR_FORMER_MISSING).
 *   those of evidence_approvals, of whatever age; ERROR_FORMER_UNFIT for the approval of another holder, validity or
 *   kind of service; ERROR_CERTIFICATE_REVOKED where what it would have replaced was revoked for another reason,
 *   ERROR_SERIAL_OTHER where that is neither revoked nor listed by the replacement */
RESULT former_check(struct call *call, const struct approvals *approvals, const struct signed_text *given,
                    struct former *ret_former);
/* A JOURNAL_REPLACED of its own, before the JOURNAL_ISSUED; none where there is nothing to be recorded. */
RESULT former_record(struct call *call, const struct approvals *approvals, const struct former *former);
