/* The JSON of WeChat Pay API v3: written, and read into plain structs whose texts live in WORK's arena. */
#pragma once

#include "relay/work.h"

/* The answer to a new order. ERROR_RELAY_ANSWER. */
RESULT wechat_json_ordered(struct work *work, struct bytes text, struct relay_ordered *ret_ordered);

/* A transaction, as a query answers it and a callback carries it. ERROR_RELAY_ANSWER. */
struct wechat_transaction {
    const char *merchant, *app;
    struct relay_payment payment;
};
RESULT wechat_json_transaction(struct work *work, struct bytes text, struct wechat_transaction *ret_transaction);

/* The answer to ASK. ERROR_RELAY_REFUND_REFUSED when the gateway closed it; ERROR_RELAY_ANSWER. */
RESULT wechat_json_refunded(struct work *work, struct bytes text, const struct relay_refund *ask,
                            struct relay_payment *ret_payment);

/* A refund, as a callback carries it; APP is absent. ERROR_RELAY_ANSWER. */
RESULT wechat_json_refund_told(struct work *work, struct bytes text, struct wechat_transaction *ret_transaction);

/* What a callback's body carries. ERROR_RELAY_CALLBACK_FORMAT, _EVENT for anything but a payment or a refund made. */
enum wechat_event { WECHAT_PAYMENT, WECHAT_REFUND };
struct wechat_resource {
    enum wechat_event event;
    const char *nonce, *associated;
    struct bytes ciphertext;
};
RESULT wechat_json_resource(struct work *work, struct bytes text, struct wechat_resource *ret_resource);

/* The error that an answer with STATUS stands for; its words go to WORK's diag. */
struct result wechat_refusal(struct work *work, long status, struct bytes text);
