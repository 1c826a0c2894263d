/* An organization's own account (R-ACCT-6): run by those of its people whom a directory administrator names, it sees
 * its people, their applications and certificates, and asks for revocations (R-OPS-9). Whoever asks below must be such
 * an administrator with an open account: ERROR_ORGANIZATION_ADMINISTRATOR. */
#pragma once

#include "service/service.h"

enum { ORGANIZATION_PAGE = 50 };

/* By a directory administrator. ERROR_NOT_FOUND; ERROR_ACCOUNT_CLOSED for an account that is not open. What it is
 * already changes nothing. */
RESULT organization_name_administrator(const struct act *act, const struct id *account, bool administrator);
/* Whether ACCOUNT runs its organization; in RET_ORGANIZATION which. ERROR_ORGANIZATION_ADMINISTRATOR;
 * ERROR_SESSION_MEANS when who asks came in with an expired USBKey. */
RESULT organization_run_by(struct tx *tx, const struct act *act, const struct id *account,
                           struct id *ret_organization);

/* Whether ACCOUNT runs an organization, for pages that offer what it may do. */
RESULT organization_runs_one(const struct act *act, const struct id *account, bool *ret_runs);

RESULT organization_own(const struct act *act, struct organization_row *ret_organization);
/* A page each; AFTER is the cursor of the page before or NULL, RET_NEXT NULL on the last. Numbers and addresses of
 * people are for the caller to mask. */
RESULT organization_people(const struct act *act, const char *after, struct account_row **ret_rows, size_t *ret_count,
                           const char **ret_next);
RESULT organization_applications(const struct act *act, const char *after, struct application_row **ret_rows,
                                 size_t *ret_count, const char **ret_next);
RESULT organization_certificates(const struct act *act, const char *after, struct certificate_row **ret_rows,
                                 size_t *ret_count, const char **ret_next);
/* Puts the certificate of one of its people before a reviewer. ERROR_NOT_FOUND for another's; ERROR_CERTIFICATE_STATE
 * for one that is revoked. */
RESULT organization_ask_revocation(const struct act *act, const char *serial, const char *reason, const char *words);
