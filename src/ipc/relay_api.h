/* What may be asked of hufu-relay, the only process with outbound connections and gateway credentials. */
#pragma once

#include "ipc/ipc.h"

enum relay_message {
    RELAY_SMS = 0x300,      /* relay_notice → relay_sent */
    RELAY_EMAIL = 0x301,    /* relay_notice, a descriptor of what is attached → relay_sent */
    RELAY_ORDER = 0x302,    /* relay_order → relay_ordered: opens a payment */
    RELAY_QUERY = 0x303,    /* relay_query → relay_payment: how a payment stands */
    RELAY_CALLBACK = 0x304, /* relay_callback → relay_payment: verifies raw bytes that came in */
    RELAY_CLOSE = 0x305,    /* relay_query → relay_payment */
    RELAY_REFUND = 0x306,   /* relay_refund → relay_payment */
    RELAY_INVOICE = 0x307,  /* relay_invoice → relay_invoiced: has one made, or asks how it stands */
    RELAY_INVOICE_FILE = 0x308, /* relay_invoice_file + descriptor to write it to → relay_file */
    RELAY_PARCEL_ORDER = 0x30A,  /* relay_parcel → relay_parcel_taken: the courier gives a waybill */
    RELAY_PARCEL_TRACK = 0x30B,  /* relay_parcel_ask → relay_parcel_way: where it is */
    RELAY_BILL = 0x309      /* relay_bill_ask → relay_bill: what the gateway booked in a day */
};

struct relay_notice {
    struct id id;        /* the gateway is given it, so that a repeat is seen as one */
    const char *to;      /* mobile number or e-mail address */
    const char *subject; /* of an e-mail; absent for SMS */
    const char *text;
    const char *name;    /* template's name */
    const char *values;  /* of an SMS: what stands for the template's names, "name=value" a line; absent for none */
    const char *files;   /* attached to an e-mail: "name|type|size" a line; their bytes one behind the other in the
                            descriptor; absent for none */
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

enum { RELAY_FILE_MAX = 2 * 1000 * 1000 /* of what the tax platform makes, and of all that is attached */,
       RELAY_FILES_MAX = 3 };

/* What the tax platform is to make (docs/PROTOCOL.invoice). The same number again is the same invoice. */
struct relay_invoice {
    const char *number;   /* of our request */
    const char *document; /* XML */
};
extern const struct shape relay_invoice_shape;

struct relay_invoiced {
    const char *state;   /* "accepted", "issued", "refused" */
    const char *invoice; /* its official number; absent until it is issued */
    const char *reason;  /* why it is refused; absent otherwise */
    int64_t issued_s;
};
extern const struct shape relay_invoiced_shape;

struct relay_invoice_file {
    const char *number, *kind; /* "pdf", "ofd" */
};
extern const struct shape relay_invoice_file_shape;

struct relay_file {
    int64_t size;
};
extern const struct shape relay_file_shape;

/* What the courier is to fetch and carry. The same order again is the same parcel. */
struct relay_parcel {
    const char *order; /* our number, ≤ 32 characters */
    const char *recipient, *mobile, *province, *address, *postcode; /* postcode: absent where none was given */
};
extern const struct shape relay_parcel_shape;

struct relay_parcel_taken {
    const char *waybill;
};
extern const struct shape relay_parcel_taken_shape;

struct relay_parcel_ask {
    const char *waybill;
};
extern const struct shape relay_parcel_ask_shape;

/* One relay_parcel_event after the other, in no order. */
enum { RELAY_EVENTS_MAX = 96 * 1024 };
struct relay_parcel_way {
    int64_t count;
    struct bytes events;
};
extern const struct shape relay_parcel_way_shape;

struct relay_parcel_event {
    const char *state; /* "collected", "moving", "delivering", "delivered", "returned" */
    const char *words, *place; /* as the courier says it; place may be absent */
    int64_t at_s;
};
extern const struct shape relay_parcel_event_shape;

/* ERROR_RELAY_NO_BILL while the gateway has not made it. FROM: the first row wanted. */
struct relay_bill_ask {
    const char *method;
    const char *day; /* "2026-11-29", Shanghai */
    int64_t from;
};
extern const struct shape relay_bill_ask_shape;

/* As many rows as fit, one relay_bill_row after the other. */
struct relay_bill {
    int64_t count, next; /* of the whole bill; the first row that did not fit, 0: all did */
    struct bytes rows;
};
extern const struct shape relay_bill_shape;

struct relay_bill_row {
    const char *kind;   /* "payment", "refund" */
    const char *order;  /* our number */
    const char *refund; /* our number of the refund, or what the gateway made up for one made there by hand; absent */
    const char *transaction;
    int64_t amount_fen, at_s; /* at_s: paid, or the refund made */
};
extern const struct shape relay_bill_row_shape;
