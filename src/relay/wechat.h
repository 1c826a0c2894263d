/* WeChat Pay, API v3, Native payments (a QR code on the page). Every request is signed with the merchant's
 * key; nothing that comes back is believed before its signature is checked with the platform's, within 300 s.
 * One instance serves all threads: it is not changed after wechat_new. */
#pragma once

#include "relay/work.h"

enum { WECHAT_PLATFORMS_MAX = 2, WECHAT_ORDER_MIN = 6, WECHAT_ORDER_MAX = 32 };

struct wechat;

struct wechat_options {
    const char *url;                /* https://api.mch.weixin.qq.com */
    const char *merchant, *app;     /* mchid, appid */
    const char *serial;             /* of the merchant's certificate */
    const char *notify_url;         /* where callbacks go: our own address */
    const char *ca_file;            /* NULL: the system's roots */
    struct bytes private_key, api_key; /* PEM; 32 bytes */
    /* The platform's certificates or public keys in PEM; two while it changes them. A bare public key needs
     * its id (PUB_KEY_ID_…), a certificate is known by its serial number. */
    struct {
        const char *id;
        struct bytes pem;
    } platforms[WECHAT_PLATFORMS_MAX];
};

/* Copies what it needs. ERROR_RELAY_CONFIG with the reason in DIAG. */
RESULT wechat_new(const struct wechat_options *options, struct diag *diag, struct wechat **ret_wechat);
void wechat_free(struct wechat *wechat);

/* Each may fail as http_send does, with ERROR_RELAY_ANSWER or _ANSWER_SIGNATURE, or as the gateway refuses:
 * ERROR_RELAY_ORDER_…, _RATE, _REFUSED. The texts of answers live in WORK's arena. */
RESULT wechat_order(struct wechat *wechat, struct work *work, const struct relay_order *ask,
                    struct relay_ordered *ret_ordered);
RESULT wechat_query(struct wechat *wechat, struct work *work, const struct relay_query *ask,
                    struct relay_payment *ret_payment);
/* Closing a closed order succeeds. */
RESULT wechat_close(struct wechat *wechat, struct work *work, const struct relay_query *ask,
                    struct relay_payment *ret_payment);
/* Asked again under the same number it is the same refund, and tells how that stands: "refunding" while the bank works
 * on it, "refunded" when the money is back; the amount is what goes back. ERROR_RELAY_REFUND_REFUSED when the gateway
 * has given it up. */
RESULT wechat_refund(struct wechat *wechat, struct work *work, const struct relay_refund *ask,
                     struct relay_payment *ret_payment);
/* The bill of a day. ERROR_RELAY_NO_BILL, ERROR_RELAY_ANSWER also for a file that is not the one that was named. */
RESULT wechat_bill(struct wechat *wechat, struct work *work, const struct relay_bill_ask *ask,
                   struct relay_bill *ret_bill);
/* Of a payment ("paid") or a refund ("refunded"). Every way a callback can be wrong is an error of its own:
 * ERROR_RELAY_CALLBACK_…. Whether the amount is
 * the one asked for and whether it was told before is the caller's to know. */
RESULT wechat_callback(struct wechat *wechat, struct work *work, const struct relay_callback *ask,
                       struct relay_payment *ret_payment);
