/* What an approval says to revoke. */
#pragma once

#include "signer/evidence.h"

struct revocation {
    const struct approvals *approvals;
    const char *serials; /* joined by ",": those that are not revoked yet; NULL: none */
};

/* Checks the reason, that each serial was issued, and to whom. ERROR_REASON_UNFIT, ERROR_SERIAL_UNKNOWN,
 * ERROR_SERIAL_OTHER, ERROR_STATEMENT. */
RESULT revocation_check(struct call *call, const struct approvals *approvals, struct revocation *ret_revocation);
/* Records it; REQUEST NULL for one that goes along with something else. RET_INDEX may be NULL. */
RESULT revocation_record(struct call *call, const struct id *request, const struct revocation *revocation,
                         int64_t *ret_index);
