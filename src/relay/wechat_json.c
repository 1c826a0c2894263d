#include "relay/wechat_json.h"

#include "relay/json.h"

struct result wechat_json_ordered(struct work *work, struct bytes text, struct relay_ordered *ret_ordered)
{
    json_t *object CLEANUP(json_free_p) = json_parse(text);
    const char *code_url = json_text(work, object, "code_url");
    ENSURE(code_url && code_url[0] && strlen(code_url) <= 512, ERROR_RELAY_ANSWER);
    *ret_ordered = (struct relay_ordered){ .code_url = code_url };
    return OK;
}

/* ---- transactions ---- */

static int two(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

/* "2018-06-08T10:34:56+08:00" or with Z; 0 for anything else. */
static int64_t time_of(const char *text)
{
    static const char pattern[] = "dddd-dd-ddTdd:dd:dd";
    size_t len = text ? strlen(text) : 0;
    if (len < sizeof pattern) return 0;
    for (size_t i = 0; i < sizeof pattern - 1; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (pattern[i] == 'd' ? !digit : text[i] != pattern[i]) return 0;
    }
    struct civil c = { two(text) * 100 + two(text + 2), two(text + 5), two(text + 8),
                       two(text + 11), two(text + 14), two(text + 17), 0 };
    int64_t utc;
    if (failed(civil_to_utc(&c, &utc))) return 0;
    const char *zone = text + 19;
    if (text_equal(zone, "Z")) return utc;
    if (strlen(zone) != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return 0;
    if (strspn(zone + 1, "0123456789:") != 5 || zone[1] == ':' || zone[2] == ':') return 0;
    int64_t off = two(zone + 1) * 3600 + two(zone + 4) * 60;
    return zone[0] == '+' ? utc - off : utc + off;
}

static const char *state_of(const char *trade_state)
{
    static const struct {
        const char *theirs, *ours;
    } states[] = { { "SUCCESS", "paid" },      { "REFUND", "refunded" },   { "NOTPAY", "unpaid" },
                   { "USERPAYING", "unpaid" }, { "PAYERROR", "unpaid" },   { "ACCEPT", "unpaid" },
                   { "CLOSED", "closed" },     { "REVOKED", "closed" } };
    for (size_t i = 0; i < COUNT(states); i++)
        if (text_equal(trade_state, states[i].theirs)) return states[i].ours;
    return NULL;
}

struct result wechat_json_transaction(struct work *work, struct bytes text,
                                      struct wechat_transaction *ret_transaction)
{
    json_t *object CLEANUP(json_free_p) = json_parse(text);
    const json_t *amount = json_object_get(object, "amount");
    struct wechat_transaction t = {
        json_text(work, object, "mchid"),
        json_text(work, object, "appid"),
        { .order = json_text(work, object, "out_trade_no"),
          .transaction = json_text(work, object, "transaction_id"),
          .state = state_of(json_text(work, object, "trade_state")),
          .currency = json_text(work, amount, "currency"),
          .amount_fen = json_number(amount, "total", -1),
          .paid_s = time_of(json_text(work, object, "success_time")) },
    };
    struct relay_payment *p = &t.payment;
    ENSURE(t.merchant && t.app && p->order && p->state, ERROR_RELAY_ANSWER);
    bool paid = text_equal(p->state, "paid") || text_equal(p->state, "refunded");
    if (!paid) {
        /* An order that was never paid is told without amount. */
        p->paid_s = 0;
        if (!p->currency) p->currency = "CNY";
        if (p->amount_fen < 0) p->amount_fen = 0;
    }
    bool whole = p->currency && p->amount_fen >= 0 && (!paid || (p->transaction && p->paid_s > 0));
    ENSURE(whole, ERROR_RELAY_ANSWER);
    *ret_transaction = t;
    return OK;
}

struct result wechat_json_refunded(struct work *work, struct bytes text, const struct relay_refund *ask,
                                   struct relay_payment *ret_payment)
{
    json_t *object CLEANUP(json_free_p) = json_parse(text);
    const json_t *amount = json_object_get(object, "amount");
    const char *status = json_text(work, object, "status"), *currency = json_text(work, amount, "currency");
    bool ours = text_equal(json_text(work, object, "out_trade_no"), ask->order) &&
                text_equal(json_text(work, object, "out_refund_no"), ask->refund) &&
                json_number(amount, "refund", -1) == ask->amount_fen && text_equal(currency, "CNY");
    if (!ours || !status) return diag_log(work->diag, ERROR_RELAY_ANSWER, "the answer is about another refund");
    bool made = text_equal(status, "SUCCESS");
    if (!made && !text_equal(status, "PROCESSING"))
        return diag_log(work->diag, ERROR_RELAY_REFUND_REFUSED, "status=%s", status);
    *ret_payment = (struct relay_payment){ .order = ask->order,
                                           .transaction = json_text(work, object, "transaction_id"),
                                           .state = made ? "refunded" : "refunding",
                                           .refund = ask->refund,
                                           .currency = currency,
                                           .amount_fen = ask->amount_fen };
    return OK;
}

struct result wechat_json_refund_told(struct work *work, struct bytes text, struct wechat_transaction *ret_transaction)
{
    json_t *object CLEANUP(json_free_p) = json_parse(text);
    const json_t *amount = json_object_get(object, "amount");
    const char *status = json_text(work, object, "refund_status");
    struct wechat_transaction t = {
        .merchant = json_text(work, object, "mchid"),
        .payment = { .order = json_text(work, object, "out_trade_no"),
                     .transaction = json_text(work, object, "transaction_id"),
                     .state = text_equal(status, "SUCCESS") ? "refunded" : "refunding",
                     .refund = json_text(work, object, "out_refund_no"),
                     .currency = "CNY", /* of which alone there are payments; it is not told */
                     .amount_fen = json_number(amount, "refund", -1) },
    };
    bool whole = t.merchant && t.payment.order && t.payment.refund && status && t.payment.amount_fen >= 0;
    ENSURE(whole, ERROR_RELAY_ANSWER);
    *ret_transaction = t;
    return OK;
}

/* ---- callbacks ---- */

struct result wechat_json_resource(struct work *work, struct bytes text, struct wechat_resource *ret_resource)
{
    json_t *object CLEANUP(json_free_p) = json_parse(text);
    const json_t *resource = json_object_get(object, "resource");
    const char *event = json_text(work, object, "event_type"), *algorithm = json_text(work, resource, "algorithm");
    const char *sealed = json_text(work, resource, "ciphertext");
    struct wechat_resource found = { text_equal(event, "REFUND.SUCCESS") ? WECHAT_REFUND : WECHAT_PAYMENT,
                                     json_text(work, resource, "nonce"), json_text(work, resource, "associated_data"),
                                     { 0 } };
    ENSURE(event && sealed && found.nonce, ERROR_RELAY_CALLBACK_FORMAT);
    ENSURE(found.event == WECHAT_REFUND || text_equal(event, "TRANSACTION.SUCCESS"), ERROR_RELAY_CALLBACK_EVENT);
    ENSURE(text_equal(algorithm, "AEAD_AES_256_GCM"), ERROR_RELAY_CALLBACK_FORMAT);
    ENSURE(!failed(text_from_base64(work->arena, sealed, &found.ciphertext)), ERROR_RELAY_CALLBACK_FORMAT);
    *ret_resource = found;
    return OK;
}

/* ---- refusals ---- */

struct result wechat_refusal(struct work *work, long status, struct bytes text)
{
    static const struct {
        const char *code;
        enum error error;
    } codes[] = { { "ORDER_NOT_EXIST", ERROR_RELAY_ORDER_UNKNOWN },
                  { "ORDERNOTEXIST", ERROR_RELAY_ORDER_UNKNOWN },
                  { "RESOURCE_NOT_EXISTS", ERROR_RELAY_ORDER_UNKNOWN },
                  { "ORDERPAID", ERROR_RELAY_ORDER_PAID },
                  { "ORDER_PAID", ERROR_RELAY_ORDER_PAID },
                  { "ORDER_CLOSED", ERROR_RELAY_ORDER_CLOSED },
                  { "ORDERCLOSED", ERROR_RELAY_ORDER_CLOSED },
                  { "OUT_TRADE_NO_USED", ERROR_RELAY_ORDER_CONFLICT },
                  { "NOT_ENOUGH", ERROR_RELAY_BALANCE },
                  { "INVALID_REQUEST", ERROR_RELAY_RULE },
                  { "USER_ACCOUNT_ABNORMAL", ERROR_RELAY_REFUND_REFUSED },
                  { "TRADE_STATE_ERROR", ERROR_RELAY_REFUND_REFUSED },
                  { "NO_STATEMENT_EXIST", ERROR_RELAY_NO_BILL },
                  { "STATEMENT_CREATING", ERROR_RELAY_NO_BILL },
                  { "FREQUENCY_LIMITED", ERROR_RELAY_RATE },
                  { "FREQUENCY_LIMIT_EXCEED", ERROR_RELAY_RATE },
                  { "RATELIMIT_EXCEEDED", ERROR_RELAY_RATE } };
    json_t *object CLEANUP(json_free_p) = json_parse(text);
    const char *code = json_text(work, object, "code"), *message = json_text(work, object, "message");
    enum error error = status == 429 ? ERROR_RELAY_RATE : status >= 500 ? ERROR_RELAY_UNREACHABLE
                                                                        : ERROR_RELAY_REFUSED;
    for (size_t i = 0; i < COUNT(codes); i++)
        if (text_equal(code, codes[i].code)) error = codes[i].error;
    if (message) IGNORE(diag_detail(work->diag, error, "%s", message)); /* why, in the gateway's own words */
    return diag_log(work->diag, error, "gateway status=%ld code=%s", status, code ? code : "-");
}
