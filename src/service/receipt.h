/* The receipt of a USBKey that was sent (R-SHIP-3). It travels with its certificate in transit, since its PIN is public
 * until its holder changes it; the holder confirms by a code sent to the account's mobile that it has come. The word is
 * kept first, then the signer told: what a crash leaves between the two the job does. */
#pragma once

#include "service/desk.h"

enum { RECEIPT_BATCH = 16, RECEIPT_REMINDERS = 4 };

/* Sends the code to the account's mobile, within the limits of R-SMS-1. ERROR_APPLICATION_STATE unless the USBKey was
 * sent and its receipt not confirmed, ERROR_NOT_PERMITTED for anybody but its holder (ERROR_DEPUTY for who acts for the
 * holder), ERROR_CERTIFICATE_STATE when its certificate was revoked; what sms_want refuses with. */
RESULT receipt_code(const struct act *act, const char *number);
/* With that code, the application is done and its certificate in use, unless that is on hold. ERROR_SMS_CODE_WRONG and
 * the like; whoever was told before that the code is right, and not that all is done, need not ask for another. */
RESULT receipt_confirm(const struct act *act, const char *number, const char *code, struct application_row *ret_row);

/* The job: tells the signer what is kept and not told. How many in RET_DONE. */
RESULT receipt_work(struct service *service, size_t *ret_done);

/* How many reminders to confirm the receipt of what was sent at SHIPPED_S have fallen due. */
int64_t receipt_reminders_due(int64_t shipped_s, int64_t now_s);
/* The job: reminds by SMS and e-mail, once where several fell due while nobody looked. */
RESULT receipt_remind(struct service *service, size_t *ret_done);
