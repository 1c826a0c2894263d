/* An organization's own account (R-ACCT-6): run by those of its people whom a directory administrator names, it sees
 * its people, their applications and certificates, asks for revocations and places holds (R-OPS-9, service/hold.h).
 * Whoever asks below must be such an administrator with an open account: ERROR_ORGANIZATION_ADMINISTRATOR. */
#pragma once

#include "service/service.h"

enum { ORGANIZATION_PAGE = 50, ORGANIZATION_ENDING_DAYS = 31 };

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
/* Which of what an organization has: all, or what TEXT is a part of a name or number of (NULL: any), of HOLDER alone
 * (none: of everybody); of certificates those that end within ORGANIZATION_ENDING_DAYS, the next first, or that wait
 * to be revoked. AFTER is the cursor of the page before or NULL. */
enum organization_which { ORGANIZATION_ALL, ORGANIZATION_ENDING, ORGANIZATION_WAITING };
struct organization_wish {
    const char *after, *text;
    struct id holder;
    enum organization_which which;
};
/* A page each; RET_NEXT is NULL on the last. Numbers and addresses of people are for the caller to mask. */
RESULT organization_people(const struct act *act, const struct organization_wish *wish, struct account_row **ret_rows,
                           size_t *ret_count, const char **ret_next);
RESULT organization_applications(const struct act *act, const struct organization_wish *wish,
                                 struct application_row **ret_rows, size_t *ret_count, const char **ret_next);
/* Signing certificates, the last to expire first. */
RESULT organization_certificates(const struct act *act, const struct organization_wish *wish,
                                 struct certificate_row **ret_rows, size_t *ret_count, const char **ret_next);

/* One of them: ERROR_NOT_FOUND for another organization's. */
RESULT organization_person(const struct act *act, const struct id *account, struct account_row *ret_person);
RESULT organization_application(const struct act *act, const char *number, struct application_row *ret_row);
RESULT organization_certificate(const struct act *act, const char *serial, struct certificate_row *ret_row);
RESULT organization_certificate_of(struct tx *tx, const struct act *act, const char *serial,
                                   struct certificate_row *ret_row);
/* What somebody wants with it, and what became of that. ERROR_NOT_FOUND: nothing. */
RESULT organization_revocation(const struct act *act, const char *serial, struct revocation_wish_row *ret_wish);
/* Puts the certificate of one of its people before a reviewer. ERROR_NOT_FOUND for another's; ERROR_CERTIFICATE_STATE
 * for one that is revoked. */
RESULT organization_ask_revocation(const struct act *act, const char *serial, const char *reason, const char *words);
