/* An organization gets another name or credit code (R-ORG-1): entered by a directory administrator with evidence, a
 * scan, and decided by another one. From then on it is called so, and its certificates of before are reissued one after
 * the other (service/reissue.h). While one waits there is no other. */
#pragma once

#include "service/service.h"

/* The evidence is SIZE bytes of FD, which stays the caller's. ERROR_NOT_FOUND, ERROR_ORGANIZATION_CHANGE_SAME,
 * ERROR_ORGANIZATION_CHANGE_WAITS, ERROR_CREDIT_CODE, ERROR_ORGANIZATION_EXISTS, ERROR_CERTIFICATE_NAME_LONG,
 * ERROR_FILE_…. */
struct organization_change_ask {
    struct id organization;
    const char *name, *credit_code;
    int fd;
    int64_t size;
};
RESULT organization_change_ask(const struct act *act, const struct organization_change_ask *ask,
                               struct organization_change_row *ret_change);
/* As checked_change_list. */
RESULT organization_change_list(const struct act *act, bool waiting, const char *after,
                                struct organization_change_row **ret_rows, size_t *ret_count, const char **ret_next);
/* The evidence, as a descriptor that is the caller's; the look is in the audit trail, and is not given without it. */
RESULT organization_change_evidence(const struct act *act, const struct id *id,
                                    struct organization_change_row *ret_change, int *ret_fd);
/* WORDS say why not where it is not approved. ERROR_ORGANIZATION_CHANGE_OWN for one's own,
 * ERROR_ORGANIZATION_CHANGE_DECIDED, ERROR_ORGANIZATION_EXISTS. */
RESULT organization_change_decide(const struct act *act, const struct id *id, bool approve, const char *words,
                                  struct organization_change_row *ret_change);
