/* Alipay's page pay: the payer is sent to a page of Alipay with a form that we signed; whether it was paid is told
 * by a signed form to our address, or asked for. SHA256withRSA ("RSA2") with the application's key; what comes back
 * is believed only with Alipay's signature. One instance serves all threads: it is not changed after alipay_new. */
#pragma once

#include "relay/work.h"

/* Alipay tells 8 times within 25 hours; what is older is none of these. */
enum { ALIPAY_WINDOW_S = 26 * 3600, ALIPAY_ORDER_MAX = 64 };

struct alipay;

struct alipay_options {
    const char *url;         /* https://openapi.alipay.com/gateway.do */
    const char *app, *seller; /* app_id; the merchant's user id, 2088… */
    const char *notify_url;  /* where callbacks go: our own address */
    const char *ca_file;     /* NULL: the system's roots */
    bool insecure_dev;       /* the file of a bill may lie at a loopback address */
    struct bytes private_key, platform_key; /* PEM: the application's; Alipay's public one */
};

/* Copies what it needs. ERROR_RELAY_CONFIG with the reason in DIAG. */
RESULT alipay_new(const struct alipay_options *options, struct diag *diag, struct alipay **ret_alipay);
void alipay_free(struct alipay *alipay);

/* A page address, signed; Alipay is not asked and hears of the order when the payer has opened it. */
RESULT alipay_order(struct alipay *alipay, struct work *work, const struct relay_order *ask,
                    struct relay_ordered *ret_ordered);
/* The others may fail as http_send does, with ERROR_RELAY_ANSWER or _ANSWER_SIGNATURE, or as the gateway refuses:
 * ERROR_RELAY_ORDER_…, _RATE, _BALANCE, _REFUSED. The texts of answers live in WORK's arena.
 * ERROR_RELAY_ORDER_UNKNOWN also while nobody has opened the page. */
RESULT alipay_query(struct alipay *alipay, struct work *work, const struct relay_query *ask,
                    struct relay_payment *ret_payment);
/* Closing a closed order succeeds. */
RESULT alipay_close(struct alipay *alipay, struct work *work, const struct relay_query *ask,
                    struct relay_payment *ret_payment);
/* As wechat_refund: one refund under one number, "refunding" or "refunded". */
RESULT alipay_refund(struct alipay *alipay, struct work *work, const struct relay_refund *ask,
                     struct relay_payment *ret_payment);
/* The bill of a day. ERROR_RELAY_NO_BILL, ERROR_RELAY_ANSWER also for what is no such archive. */
RESULT alipay_bill(struct alipay *alipay, struct work *work, const struct relay_bill_ask *ask,
                   struct relay_bill *ret_bill);
/* Of a payment ("paid"), a refund ("refunded") or an order that nobody paid ("closed"). ERROR_RELAY_CALLBACK_…. */
RESULT alipay_callback(struct alipay *alipay, struct work *work, const struct relay_callback *ask,
                       struct relay_payment *ret_payment);
