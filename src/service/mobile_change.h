/* A change of mobile number (R-ACCT-8). Who has a person's number can log in as that person: so a change needs
 * evidence, a scan that an administrator looks at; who entered it does not decide it; and the old number is told, when
 * it is asked for and when it is done. While one waits there is no other, and nobody else gets the new number. */
#pragma once

#include "service/service.h"

/* ACCOUNT is to get MOBILE; the evidence is SIZE bytes of FD, which stays the caller's. Asked by the holder, by an
 * administrator of the organization, or by a directory administrator with what came by post: ERROR_NOT_FOUND for
 * anybody else. ERROR_MOBILE_CHANGE_WAITS, ERROR_MOBILE_CHANGE_SAME, ERROR_ACCOUNT_MOBILE_TAKEN, ERROR_ACCOUNT_CLOSED
 * for one that is not open, ERROR_FILE_…. */
struct mobile_change_ask {
    struct id account;
    const char *mobile;
    int fd;
    int64_t size;
};
RESULT mobile_change_ask(const struct act *act, const struct mobile_change_ask *ask,
                         struct mobile_change_row *ret_change);

/* As checked_change_list. */
RESULT mobile_change_list(const struct act *act, bool waiting, const char *after,
                          struct mobile_change_row **ret_rows, size_t *ret_count, const char **ret_next);
/* The evidence, as a descriptor that is the caller's; the look is in the audit trail, and is not given without it. */
RESULT mobile_change_evidence(const struct act *act, const struct id *id, struct mobile_change_row *ret_change,
                              int *ret_fd);
/* With APPROVE the number is the new one, and every session of the account is over; WORDS say why not otherwise.
 * ERROR_MOBILE_CHANGE_OWN for one's own, ERROR_MOBILE_CHANGE_DECIDED, ERROR_ACCOUNT_CLOSED. */
RESULT mobile_change_decide(const struct act *act, const struct id *id, bool approve, const char *words,
                            struct mobile_change_row *ret_change);
