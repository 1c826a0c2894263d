/* A change of mobile number (R-ACCT-8). Who has a person's number can log in as that person: so a change needs
 * evidence, a scan that an administrator looks at; who entered it does not decide it; and the old number is told, when
 * it is asked for and when it is done. While one waits there is no other, and nobody else gets the new number.
 * Who asks at the portal shows first by a code that the new number is in the own hands; whether another account has it
 * is said then and not before, to who has it as well and to nobody else. */
#pragma once

#include "service/service.h"

enum { MOBILE_PROOF_S = DAY_S, MOBILE_CHANGE_OWN_MAX = 10 };

/* Sends the code to MOBILE, within the limits of R-SMS-1. ERROR_MOBILE_CHANGE_SAME for one's own number; what sms_want
 * refuses with. */
RESULT mobile_change_code(const struct act *act, const char *mobile);
/* With that code the number is proven for MOBILE_PROOF_S. ERROR_SMS_CODE_WRONG and the like;
 * ERROR_ACCOUNT_MOBILE_TAKEN. */
RESULT mobile_change_prove(const struct act *act, const char *mobile, const char *code,
                           struct mobile_proof_row *ret_proof);
/* What ACT has proven and not asked for yet. ERROR_MOBILE_UNPROVEN. */
RESULT mobile_change_proven(const struct act *act, struct mobile_proof_row *ret_proof);
/* Forgets proofs that are over. */
RESULT mobile_change_clean(struct service *service);

/* ACCOUNT is to get MOBILE, of a holder's asking the number that was proven; the evidence is SIZE bytes of FD, which
 * stays the caller's. Asked by the holder, by an administrator of the organization, or by a directory administrator
 * with what came by post: ERROR_NOT_FOUND for anybody else. ERROR_MOBILE_UNPROVEN, ERROR_MOBILE_CHANGE_WAITS,
 * ERROR_MOBILE_CHANGE_SAME, ERROR_ACCOUNT_MOBILE_TAKEN, ERROR_ACCOUNT_CLOSED for one that is not open, ERROR_FILE_…. */
struct mobile_change_ask {
    struct id account;
    const char *mobile; /* of an operator's asking */
    int fd;
    int64_t size;
};
RESULT mobile_change_ask(const struct act *act, const struct mobile_change_ask *ask,
                         struct mobile_change_row *ret_change);

/* Those of ACT's own account, the newest first, MOBILE_CHANGE_OWN_MAX at most. */
RESULT mobile_change_own(const struct act *act, struct mobile_change_row **ret_rows, size_t *ret_count);
/* One's own, while it waits, whoever asked for it. ERROR_NOT_FOUND, ERROR_MOBILE_CHANGE_DECIDED. */
RESULT mobile_change_withdraw(const struct act *act, const struct id *id);

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
