/* What may be asked of hufu-relay, the only process with outbound connections and gateway credentials. */
#pragma once

#include "ipc/ipc.h"

enum relay_message {
    RELAY_SMS = 0x300,      /* relay_notice → relay_sent */
    RELAY_EMAIL = 0x301,    /* relay_notice → relay_sent */
    RELAY_ORDER = 0x302,    /* relay_order → relay_ordered: opens a payment */
    RELAY_QUERY = 0x303,    /* relay_query → relay_payment: how a payment stands */
    RELAY_CALLBACK = 0x304, /* relay_callback → relay_payment: verifies raw bytes that came in */
    RELAY_CLOSE = 0x305,    /* relay_query → relay_payment */
    RELAY_REFUND = 0x306    /* relay_refund → relay_payment */
};

struct relay_notice {
    struct id id;        /* the gateway is given it, so that a repeat is seen as one */
    const char *to;      /* mobile number or e-mail address */
    const char *subject; /* of an e-mail; absent for SMS */
    const char *text;
    const char *name;    /* template's name */
};
extern const struct shape relay_notice_shape;

struct relay_sent {
    const char *receipt; /* the gateway's own id */
};
extern const struct shape relay_sent_shape;

struct relay_order {
    const char *method;  /* "wechat", "alipay" */
    const char *order;   /* our order number, ≤ 32 characters */
    const char *description;
    int64_t amount_fen;
    int64_t expires_s;
    const char *return_url; /* where a page of the gateway sends the payer afterwards; absent: nowhere */
};
extern const struct shape relay_order_shape;

struct relay_ordered {
    const char *code_url; /* shown as QR code; or */
    const char *page_url; /* the gateway's page, which the payer opens */
};
extern const struct shape relay_ordered_shape;

struct relay_query {
    const char *method, *order;
};
extern const struct shape relay_query_shape;

struct relay_refund {
    const char *method, *order, *refund;
    int64_t amount_fen, total_fen;
    const char *reason;
};
extern const struct shape relay_refund_shape;

/* A callback as it came: the body's bytes and the headers that the gateway signs. */
struct relay_callback {
    const char *method;
    const char *timestamp, *nonce, *signature, *serial; /* Wechatpay-*; absent when missing */
    struct bytes body;
};
extern const struct shape relay_callback_shape;

/* What the gateway says about a payment, checked. */
struct relay_payment {
    const char *order, *transaction; /* transaction: the gateway's number; absent while unpaid */
    const char *state;               /* "unpaid", "paid", "closed", "refunding", "refunded" */
    const char *refund;              /* our number of the refund that STATE tells of; absent for others */
    const char *currency;
    int64_t amount_fen, paid_s;
};
extern const struct shape relay_payment_shape;
