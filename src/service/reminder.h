/* Reminders of a certificate's end (R-RENEW-1): a calendar month before by Asia/Shanghai, then 7 days, 1 day, and when
 * it is over; each once, the latest only where several fell due while nobody looked. */
#pragma once

#include "service/service.h"

enum reminder { REMINDER_NONE, REMINDER_MONTH, REMINDER_WEEK, REMINDER_DAY, REMINDER_OVER, REMINDER_COUNT };

/* Which one is due at NOW_S at the latest for a certificate whose last valid second is NOT_AFTER_S. */
enum reminder reminder_due(int64_t not_after_s, int64_t now_s);

/* One round of the job. */
RESULT reminder_work(struct service *service, size_t *ret_count);
