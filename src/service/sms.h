/* Codes by SMS (R-SMS-1): 6 digits, for 5 minutes, once, 5 tries; 1 a minute and 10 a day a number; limits for each
 * client address. Asking does the same work and says the same for every number: the code is made and sent by a job,
 * which alone looks whether an account has the number. A code for a new number goes to whoever has it. */
#pragma once

#include "service/service.h"

enum {
    SMS_CODE_DIGITS = 6,
    SMS_LIFE_S = 300,
    SMS_TRIES_MAX = 5,
    SMS_PAUSE_S = 60,
    SMS_DAY_MAX = 10,
    SMS_JOB_MAX = 32
};

/* What a code is good for. A number's limit of a day is of all together; the minute and the tries are of each, so that
 * who has just logged in need not wait to confirm a receipt. */
enum sms_use {
    SMS_LOGIN,
    SMS_RECEIPT, /* of a USBKey (R-SHIP-3) */
    SMS_MOBILE,  /* that a new number is in the own hands (R-ACCT-8) */
    SMS_USE_COUNT
};

/* Notes that MOBILE wants a code for USE. ERROR_SMS_TOO_SOON, ERROR_SMS_DAY_FULL, ERROR_SMS_CLIENT_FULL. */
RESULT sms_want(const struct act *act, enum sms_use use, const char *mobile);

/* The job: makes the codes that are wanted and puts them in the outbox. How many in RET_DONE. */
RESULT sms_make_wanted(struct service *service, size_t *ret_done);

struct sms_try {
    enum sms_use use;
    const char *mobile, *code;
};
/* In a closure: whether the code tried is the mobile's for that use; it is used up if it is. A wrong one is
 * counted, so the closure must commit: RET_WHY says ERROR_NONE, ERROR_SMS_CODE_WRONG, ERROR_SMS_CODE_OVER,
 * ERROR_SMS_CODE_TRIES or ERROR_SMS_CLIENT_FULL, and RET_LEFT how many tries are left. */
RESULT sms_check(struct tx *tx, const struct act *act, const struct sms_try *tried, enum error *ret_why, int *ret_left);

/* Forgets what counts no longer. */
RESULT sms_clean(struct service *service);
