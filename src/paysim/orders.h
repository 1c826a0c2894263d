/* The orders that the simulated platform knows: JSON objects in memory, each change a line in a file, so that
 * a restart keeps them. Thread-safe; every function takes and gives copies. */
#pragma once

#include <jansson.h>

#include "base/result.h"

struct orders;

/* An order: {"out_trade_no","transaction_id","description","notify_url","total","currency","state",
 * "gateway","return_url","code_url","expires_s","paid_s",
 * "refunds":[{"out_refund_no","refund_id","notify_url","status","amount","at_s"}]};
 * state is one of the platform's: NOTPAY, SUCCESS, CLOSED, REFUND. */

/* Reads PATH if it is there; a torn last line is cut off. */
RESULT orders_open(const char *path, struct orders **ret_orders);
void orders_free(struct orders *orders);
/* A copy that the caller frees; NULL when there is none. */
json_t *orders_find(struct orders *orders, const char *number);

/* LOOKs at each order under the lock. */
void orders_each(struct orders *orders, void (*look)(const json_t *order, void *closure), void *closure);

/* Runs CHANGE on the order under the lock (ORDER is an empty object when there is none) and keeps what it
 * made of it when it returns true. What CHANGE answers by CLOSURE is its own affair. */
typedef bool orders_change(json_t *order, void *closure);
RESULT orders_update(struct orders *orders, const char *number, orders_change *change, void *closure);
