/* Renewal and change of holder: instead of a producer, the key on record signs for the new one (R-RENEW-3, R-CHANGE-2).
 * It is the signing key of a certificate that the approval says to revoke, and in the USBKey that this certificate was
 * issued on: both are what the journal says, nobody's word. Such a certificate may be over, or revoked for the
 * approval's own reason; one on hold, or revoked for another, signs for nothing. */
#pragma once

#include "signer/evidence.h"

/* NOT_AFTER_S: what the approval gives; what is taken in place of another certificate ends when the approval's
 * "renew:" says, or at the latest when that one does.
 *   ERROR_STATEMENT…, ERROR_EVIDENCE_MISMATCH, ERROR_SERIAL_UNKNOWN, ERROR_SERIAL_OTHER, ERROR_CARD_HOLDER,
 *   ERROR_CERTIFICATE_REVOKED, ERROR_SIGNATURE_INVALID, ERROR_VALIDITY_UNFIT */
RESULT download_check(struct call *call, const struct approvals *approvals, const struct signed_text *signed_text,
                      int64_t not_after_s, struct download_statement *ret_statement);
