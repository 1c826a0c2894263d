/* Payments (R-FEE-2 to R-FEE-6). The gateway is asked by hufu-relay, which alone has its keys: it opens
 * orders, verifies callbacks, queries, closes and refunds. What it tells is applied here, each in one
 * closure, whoever asked and however often: paid is marked only for an open order, its amount, its currency;
 * one fee counts once, whatever comes beyond it or too late goes back in full. A callback that is lost is
 * made good by the job, which asks about every open order. */
#pragma once

#include "ipc/relay_api.h"
#include "service/desk.h"

enum {
    PAYMENT_LIFE_S = 2 * 3600, /* of an order */
    PAYMENT_TRANSFER_S = 15 * 86400, /* of one by bank transfer */
    PAYMENT_FRESH_S = 120,     /* one that lapses sooner is not handed out again */
    PAYMENT_ASK_S = 15,        /* between two looks at the same order, doubled with each that failed */
    PAYMENT_ASK_OPEN_S = 300,  /* at most, while somebody may be paying it */
    PAYMENT_ASK_BACK_S = 6 * 3600, /* at most, while money is to go back */
    PAYMENT_TROUBLE_MAX = 600, /* bytes */
    PAYMENT_LIST_MAX = 64,
    PAYMENT_PAGE = 50,
    PAYMENT_UNKNOWN_S = 600,   /* an order that the gateway does not know is given up then */
    PAYMENT_BATCH = 32
};

/* ---- what is asked for ---- */

/* Opens the payment of what is due, or hands out the order that is open. ERROR_APPLICATION_STATE,
 * ERROR_PAYMENT_NOT_DUE, ERROR_RELAY_…. */
RESULT payment_open(const struct act *act, const char *number, const char *method,
                    struct payment_row *ret_payment);
/* The latest. ERROR_PAYMENT_NONE. */
RESULT payment_get(const struct act *act, const char *number, struct payment_row *ret_payment);
/* All of an application, oldest first, PAYMENT_LIST_MAX at most: holders see the own, operators all. */
RESULT payment_list(const struct act *act, const char *number, struct payment_row **ret_rows, size_t *ret_count);
/* All in STATE ("transfers": that wait for finance; "refused": whose
 * refund the gateway refuses for good), whosever they are, PAYMENT_PAGE a page; AFTER is the cursor of the
 * page before or NULL. */
RESULT payment_list_in(const struct act *act, const char *state, const char *after, struct payment_row **ret_rows,
                       size_t *ret_count, const char **ret_next);
/* A callback as it came: kept raw, verified by hufu-relay, applied. A failure is what the gateway is
 * answered; what has no signature of a gateway is not kept any longer then. */
RESULT payment_callback(const struct act *act, const struct relay_callback *callback);
/* Asks the gateway how PAYMENT stands, whatever we have of it, and applies what it says. */
RESULT payment_look(const struct act *act, struct payment_row *payment);
/* One round of the job: what it looked at in RET_COUNT. */
RESULT payment_work(struct service *service, size_t *ret_count);

/* ---- the rules, without anybody being asked ---- */

/* An order for what is due, in the database before the gateway hears of it; RET_NEW: it is a fresh one. */
RESULT payment_begin(const struct act *act, const char *number, const char *method,
                     struct payment_row *ret_payment, bool *ret_new);

/* Whether TOLD shows that KEPT is paid: order, amount, currency, state. ERROR_PAYMENT_CALLBACK, and DIAG's
 * log text says what does not fit. */
RESULT payment_judge(const struct payment_row *kept, const struct relay_payment *told, struct diag *diag);

/* What the gateway is to be asked about PAYMENT. */
enum payment_ask { PAYMENT_QUERY, PAYMENT_REFUND };
enum payment_ask payment_ask(const struct payment_row *payment);

/* Whether TOLD shows that what was paid for KEPT went back: under the one number of its refund, whole.
 * ERROR_PAYMENT_CALLBACK likewise. */
RESULT payment_judge_refund(const struct payment_row *kept, const struct relay_payment *told, struct arena *arena,
                            struct diag *diag);
/* How long until the gateway is asked again about PAYMENT, after PAYMENT->tries looks without an end. */
int64_t payment_pause_s(const struct payment_row *payment);

/* Applies that the gateway says "paid", "closed" or "refunded" about TOLD->order; anything else changes
 * nothing. What has been applied is harmless. RET_APPLIED (may be NULL): whether anything changed. */
RESULT payment_apply(const struct act *act, const struct relay_payment *told, bool *ret_applied);
/* The same inside a closure; the caller publishes. TOLD: an order of which nobody knows is ERROR_PAYMENT_CALLBACK. */
RESULT payment_apply_in(struct tx *tx, const struct act *act, const struct relay_payment *told, bool *ret_applied);
/* Order number of the refund that belongs to ORDER: always the same, so that a repeat is one refund. */
const char *payment_refund_number(struct arena *arena, const char *order);
