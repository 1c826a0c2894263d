/* What follows from closing an account (R-ACCT-7): its open application is cancelled, what was paid and not issued goes
 * back, its certificates are put before a reviewer to be revoked, its part in running the organization ends. */
#pragma once

#include "service/service.h"

/* In the closure that closes ACCOUNT for REASON. RET_CANCELLED: the application whose pages are to be told after the
 * commit (desk_publish, EVENT_CANCEL); NULL: none. One whose certificates are issued already goes on to its end; they
 * are among those to be revoked. */
RESULT closing_follow(struct tx *tx, const struct act *act, const struct account_row *account, const char *reason,
                      const char **ret_cancelled);
