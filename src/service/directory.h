/* The directory (统一用户系统): organizations and the accounts of the people in them. */
#pragma once

#include "service/service.h"

enum { DIRECTORY_PAGE = 50, DIRECTORY_DOCUMENT_MAX = 18 };

/* ---- organizations (R-ACCT-1) ---- */

/* Takes name, credit_code and address of WHAT. ERROR_CREDIT_CODE, ERROR_ORGANIZATION_EXISTS. */
RESULT directory_organization_new(const struct act *act, const struct organization_row *what,
                                  struct organization_row *ret_organization);
/* By id, DIRECTORY_PAGE a page; AFTER is the cursor of the page before or NULL. RET_NEXT: NULL on the last. */
RESULT directory_organization_list(const struct act *act, const char *after, struct organization_row **ret_rows,
                                   size_t *ret_count, const char **ret_next);

/* ---- accounts ---- */

struct account_new {
    struct id organization;
    const char *name, *document_type, *document_number, *mobile, *email;
};

/* Opens an account and tells the person by SMS and e-mail (R-ACCT-1, R-ACCT-2). ERROR_DOCUMENT_NUMBER,
 * ERROR_ORGANIZATION_UNKNOWN, ERROR_ACCOUNT_MOBILE_TAKEN, ERROR_ACCOUNT_DOCUMENT_TAKEN, each naming its field. */
RESULT directory_account_new(const struct act *act, const struct account_new *what, struct account_row *ret_account);
/* ERROR_NOT_FOUND. */
RESULT directory_account_get(const struct act *act, const struct id *id, struct account_row *ret_account);
/* Of ORGANIZATION, or of all when it is empty. */
RESULT directory_account_list(const struct act *act, const struct id *organization, const char *after,
                              struct account_row **ret_rows, size_t *ret_count, const char **ret_next);

/* "open", "suspended" or "closed" (R-ACCT-3): what is not open any more loses its sessions with the same commit, and
 * the person is told why. Closing is for good (ERROR_ACCOUNT_CLOSED afterwards) and frees mobile number and document
 * for another account. The state it has already changes nothing. */
RESULT directory_account_set_state(const struct act *act, const struct id *id, const char *state, const char *reason,
                                   struct account_row *ret_account);

/* The number of the identity document in clear. Whoever shows it writes the look into the audit trail.
 * RET_NUMBER is the caller's to wipe. */
RESULT directory_account_document(const struct service *service, const struct account_row *account,
                                  char ret_number[DIRECTORY_DOCUMENT_MAX + 1]);
/* The keyed index by which NUMBER of a document of TYPE is found. */
void directory_document_index(const struct service *service, const char *type, const char *number,
                              uint8_t ret_index[32]);
/* The same of a mobile number: what account_claim has. */
void directory_mobile_index(const struct service *service, const char *mobile, uint8_t ret_index[32]);
