/* The daily reconciliation (R-FEE-3, R-FEE-4): the bill that a gateway has made of a day is fetched by
 * hufu-relay, kept, and compared with our orders and refunds. What differs is a case for finance, until
 * somebody settles it in words, or a later look finds that it is no longer so. */
#pragma once

#include "service/payment.h"

enum {
    RECONCILE_DAYS = 7,             /* so many days back the job fetches what it has not */
    RECONCILE_FROM_S = 10 * 3600 + 1800, /* of the day, Shanghai: the gateways have made yesterday's bill by then */
    RECONCILE_AGAIN_S = 3600,
    RECONCILE_ROWS_MAX = 50000,     /* of one bill */
    RECONCILE_PAGE = 50,
    RECONCILE_BILLS_MAX = 62        /* shown: the newest */
};

/* Fetches and compares the bill of DAY ("2026-11-29", Shanghai) of METHOD; again it replaces what was there.
 * ERROR_RELAY_METHOD, ERROR_FIELD_FORMAT for a day that is none, ERROR_RELAY_NO_BILL while the gateway has not
 * made it, ERROR_RELAY_…. What failed stands in the row of the bill too. */
RESULT reconcile_day(const struct act *act, const char *method, const char *day, struct bill_row *ret_bill);
/* One round of the job. */
RESULT reconcile_work(struct service *service, size_t *ret_count);

/* The newest RECONCILE_BILLS_MAX. */
RESULT reconcile_bills(const struct act *act, struct bill_row **ret_rows, size_t *ret_count);
/* In STATE ("open", "settled", "gone"), the newest first; AFTER is the cursor of the page before or NULL. */
RESULT reconcile_differences(const struct act *act, const char *state, const char *after,
                             struct difference_row **ret_rows, size_t *ret_count, const char **ret_next);
/* WORDS: what it was and what was done. REFUNDED: the money was given back at the gateway by hand, and our
 * payment is to say so; only of such a difference and of the whole amount. ERROR_NOT_FOUND,
 * ERROR_DIFFERENCE_SETTLED, ERROR_DIFFERENCE_KIND. */
RESULT reconcile_settle(const struct act *act, const struct id *id, const char *words, bool refunded,
                        struct difference_row *ret_difference);
