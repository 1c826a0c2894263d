/* Refunds that people decide (R-FEE-4, R-FEE-6). What is withdrawn, rejected or paid twice goes back by itself
 * (payment.h); here is the rest: what the gateway refuses for good, which finance settles by hand, and money for a
 * certificate that was issued, which goes back only for the CA's own error, asked for by one person and approved by
 * another. */
#pragma once

#include "service/desk.h"

enum { REFUND_PAGE = 50 };

/* ---- what the gateway refuses for good ---- */

/* Asks the gateway again after all, under the same number. ERROR_PAYMENT_NONE, ERROR_REFUND_NO_CASE. */
RESULT refund_retry(const struct act *act, const char *order, struct payment_row *ret_payment);
/* What came for ORDER went back by a bank transfer booked as BOOKING: of a payment by transfer, or of one whose
 * refund the gateway refused. ERROR_PAYMENT_NONE, ERROR_PAYMENT_SETTLED when nothing is to go back,
 * ERROR_PAYMENT_METHOD while the gateway still may give it back. */
RESULT refund_return(const struct act *act, const char *order, const char *booking, struct payment_row *ret_payment);

/* ---- after the issue ---- */

/* WORDS: what the CA did wrong. ERROR_PAYMENT_NONE; ERROR_PAYMENT_SETTLED unless it is paid and stays;
 * ERROR_REFUND_EARLY before the issue, when a withdrawal or rejection refunds; ERROR_REFUND_WAITS while one waits
 * already. */
RESULT refund_ask(const struct act *act, const char *order, const char *words, struct refund_row *ret_refund);
/* The newest first, REFUND_PAGE a page; AFTER is the cursor of the page before or NULL. RET_NEXT: NULL on the last. */
RESULT refund_list(const struct act *act, const char *after, struct refund_row **ret_rows, size_t *ret_count,
                   const char **ret_next);
/* With APPROVE the money goes back as any other does. ERROR_NOT_FOUND, ERROR_REFUND_OWN for who asked for it,
 * ERROR_REFUND_DECIDED, ERROR_PAYMENT_SETTLED when the money is no longer there. */
RESULT refund_decide(const struct act *act, const struct id *id, bool approve, const char *words,
                     struct refund_row *ret_refund);
