/* The simulated payment platforms: WeChat Pay's signed API v3 and Alipay's signed forms towards the merchant, and
 * what a person with a phone does. The tax platform is in tax.h. */
#pragma once

#include <stdatomic.h>

#include "paysim/keys.h"
#include "paysim/orders.h"
#include "relay/url_form.h"

enum { SIM_BODY_MAX = 64 * 1024 };

/* How it behaves towards the API, set by POST /sim/api?mode=… */
enum sim_mode { SIM_NORMAL, SIM_UNSIGNED, SIM_WRONG_SIGNATURE, SIM_STALE, SIM_GARBAGE, SIM_HUGE, SIM_ERROR, SIM_SLOW,
                SIM_REFUND_WAITS /* of the bank: POST /sim/refund/… ends it */, SIM_REFUND_REFUSED /* for good */,
                SIM_BILL_ALTERED /* not as its hash says */, SIM_BILL_NONE /* not made yet */,
                SIM_BALANCE /* the merchant has not enough to refund */ };

struct sim {
    struct keys *keys;
    struct orders *orders;
    struct orders *invoices; /* of the tax platform, kept in the same way */
    struct orders *parcels;  /* of EMS, likewise */
    const char *url; /* its own, without a slash at the end */
    atomic_int mode, tax_mode, ems_mode;
};

/* A request as it came and the answer to it; texts live in ARENA. */
struct sim_request {
    struct arena *arena;
    const char *method, *path; /* path without query */
    const char *target;        /* path with query, as it is signed */
    const char *authorization; /* NULL when absent */
    const char *tax[4]; /* Tax-Account, -Timestamp, -Nonce, -Signature; NULL when absent */
    const char *query_mode, *query_merchant; /* ?mode= and ?mchid=, NULL when absent */
    const struct url_form *query; /* all of it */
    struct bytes body;
};

struct sim_answer {
    int status;
    const char *type; /* of the body */
    const char *body; /* NULL for none */
    size_t len;     /* of a body that is not text; 0: it is */
    bool is_api;    /* the mode applies to it */
    bool is_signed; /* by headers, as WeChat's */
    const char *headers[4][2]; /* name, value */
};

/* /v3/…: what the merchant asks. */
void api_answer(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer);
/* Adds the headers that the platform signs an answer with, or spoils them as MODE says. */
RESULT api_sign(const struct sim *sim, const struct sim_request *request, enum sim_mode mode,
                struct sim_answer *answer);

/* /gateway.do: what the merchant asks of Alipay, and the page that a payer opens. */
void alipay_gateway(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer);
/* "alipay" or "wechat". */
const char *sim_gateway(const json_t *order);

/* /sim/…: the page that a phone would show, paying (POST /sim/pay/{number}?mode=…), what a payment is told
 * by, again (POST /sim/tell/{number}?mode=…), the end of a refund that waits
 * (POST /sim/refund/{number}?mode=…), and sim->mode. */
void phone_answer(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer);

/* Tells the merchant. */
struct notify {
    const char *order_number;
    const char *currency; /* in place of the order's; NULL for its own */
    const char *merchant; /* likewise */
    int64_t total_change; /* added to the order's amount */
    int64_t age_s;        /* the signature says that it was made so long ago */
    bool wrong_signature, probe;
    const char *refund; /* tells of this refund of the order's; NULL: that the order is paid */
    const char *event; /* NULL: TRANSACTION.SUCCESS */
};
/* Sends the callback that ORDER and NOTIFY make to its notify_url; RET_STATUS is the merchant's answer.
 * ERROR_RELAY_UNREACHABLE and the like when there is none. */
RESULT notify_send(const struct sim *sim, struct arena *arena, const json_t *order, const struct notify *notify,
                   long *ret_status);
/* The form by which Alipay tells what ORDER and NOTIFY make. */

RESULT alipay_notice(const struct sim *sim, struct arena *arena, const json_t *order, const struct notify *notify,
                     const char **ret_form);
/* The transaction, and the order's refund NUMBER, as the platform tells of them. The caller frees it. */
json_t *sim_transaction(const struct sim *sim, const json_t *order);
json_t *sim_refund(const struct sim *sim, const json_t *order, const char *number);
/* "2026-11-24T16:58:18+08:00" */
const char *sim_time(struct arena *arena, int64_t time_s);
int64_t sim_now(void);
