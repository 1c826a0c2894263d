/* Certificates as the database follows the journal, and their revocation (R-REVOKE-1): by a reviewer's HUFU-APPROVE-v1
 * of service "revoke", which the signer checks; what it answers is in the database before the reviewer is answered, so
 * that no login with the certificate succeeds from then on. */
#pragma once

#include "service/desk.h"
#include "service/evidence.h"

enum { CERTIFY_LIST_MAX = 200 };

/* Those of the holder who asks, the last to expire first. */
RESULT certify_list(const struct act *act, struct certificate_row **ret_rows, size_t *ret_count);
RESULT certify_get(const struct act *act, const char *serial, struct certificate_row *ret_row);
/* "issued", "valid", "held", "revoked" as kept; of a valid one "expired" when it is over, "transit" while its USBKey is
 * on the way to its holder. */
const char *certify_state(const struct certificate_row *row, int64_t now_s);

/* The serials of the pair that ROW belongs to, joined by commas. */
RESULT certify_pair(struct tx *tx, const struct act *act, const struct certificate_row *row, const char **ret_serials);

/* The statement that revokes the pair of SERIAL for REASON (RFC 5280). ERROR_CERTIFICATE_STATE when it is revoked. */
RESULT certify_revocation_draft(const struct act *act, const char *serial, const char *reason,
                                const char **ret_statement);
RESULT certify_revoke(const struct act *act, const char *serial, const char *statement, struct bytes signature,
                      struct certificate_row *ret_row);
