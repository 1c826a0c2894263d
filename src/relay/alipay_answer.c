#include "relay/alipay_answer.h"

#include "base/clock.h"

/* ---- the bytes that are signed ---- */

static size_t skip_blank(struct bytes t, size_t at)
{
    while (at < t.len && strchr(" \t\r\n", t.ptr[at]) && t.ptr[at]) at++;
    return at;
}

/* Behind the string that begins at AT; the length when it has no end. */
static size_t skip_string(struct bytes t, size_t at)
{
    for (at++; at < t.len && t.ptr[at] != '"'; at++)
        if (t.ptr[at] == '\\') at++;
    return at < t.len ? at + 1 : t.len;
}

/* Behind the value that begins at AT. The text is known to be well-formed JSON. */
static size_t skip_value(struct bytes t, size_t at)
{
    int depth = 0;
    while (at < t.len) {
        uint8_t c = t.ptr[at];
        if (c == '"') at = skip_string(t, at);
        else if (c == '{' || c == '[') depth++, at++;
        else if (c == '}' || c == ']') {
            if (depth == 0) return at;
            depth--, at++;
        } else if (c == ',' && depth == 0) return at;
        else at++;
        if (depth == 0 && (c == '"' || c == '}' || c == ']')) return at;
    }
    return at;
}

struct bytes alipay_member(struct bytes text, const char *name)
{
    size_t at = skip_blank(text, 0);
    if (at >= text.len || text.ptr[at] != '{') return (struct bytes){ 0 };
    at = skip_blank(text, at + 1);
    while (at < text.len && text.ptr[at] == '"') {
        size_t end = skip_string(text, at);
        struct bytes found = bytes_of(text.ptr + at + 1, end - at < 2 ? 0 : end - at - 2);
        at = skip_blank(text, end);
        if (at >= text.len || text.ptr[at] != ':') break;
        at = skip_blank(text, at + 1);
        end = skip_value(text, at);
        if (bytes_equal(found, bytes_text(name))) return bytes_of(text.ptr + at, end - at);
        at = skip_blank(text, end);
        if (at < text.len && text.ptr[at] == ',') at = skip_blank(text, at + 1);
    }
    return (struct bytes){ 0 };
}

/* ---- refusals ---- */

struct result alipay_refusal(struct work *work, const json_t *answer)
{
    static const struct {
        const char *code;
        enum error error;
    } codes[] = { { "ACQ.TRADE_NOT_EXIST", ERROR_RELAY_ORDER_UNKNOWN },
                  { "ACQ.TRADE_HAS_SUCCESS", ERROR_RELAY_ORDER_PAID },
                  { "ACQ.TRADE_STATUS_ERROR", ERROR_RELAY_ORDER_PAID },
                  { "ACQ.REASON_TRADE_STATUS_INVALID", ERROR_RELAY_ORDER_PAID },
                  { "ACQ.TRADE_HAS_CLOSE", ERROR_RELAY_ORDER_CLOSED },
                  { "ACQ.CONTEXT_INCONSISTENT", ERROR_RELAY_ORDER_CONFLICT },
                  { "ACQ.SELLER_BALANCE_NOT_ENOUGH", ERROR_RELAY_BALANCE },
                  { "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", ERROR_RELAY_REFUND_REFUSED },
                  { "ACQ.REASON_TRADE_REFUND_FEE_ERR", ERROR_RELAY_REFUND_REFUSED },
                  { "ACQ.TRADE_NOT_ALLOW_REFUND", ERROR_RELAY_REFUND_REFUSED },
                  { "ACQ.TRADE_HAS_FINISHED", ERROR_RELAY_REFUND_REFUSED },
                  { "ACQ.BUYER_NOT_EXIST", ERROR_RELAY_REFUND_REFUSED },
                  { "ACQ.REFUND_ACCOUNT_NOT_EXIST", ERROR_RELAY_REFUND_REFUSED },
                  { "ACQ.ENTERPRISE_PAY_BIZ_ERROR", ERROR_RELAY_REFUND_REFUSED },
                  { "isp.bill_not_exist", ERROR_RELAY_NO_BILL },
                  { "ACQ.SYSTEM_ERROR", ERROR_RELAY_UNREACHABLE },
                  { "isp.unknow-error", ERROR_RELAY_UNREACHABLE },
                  { "isv.app-call-limited", ERROR_RELAY_RATE } };
    const char *code = json_text(work, answer, "code"), *sub = json_text(work, answer, "sub_code");
    const char *message = json_text(work, answer, "sub_msg");
    enum error error = text_equal(code, "20000") ? ERROR_RELAY_UNREACHABLE : ERROR_RELAY_REFUSED;
    for (size_t i = 0; i < COUNT(codes); i++)
        if (text_equal(sub, codes[i].code)) error = codes[i].error;
    if (message) IGNORE(diag_detail(work->diag, error, "%s", message)); /* why, in the gateway's own words */
    return diag_log(work->diag, error, "gateway code=%s sub_code=%s", code ? code : "-", sub ? sub : "-");
}

/* ---- amounts and times ---- */

int64_t alipay_fen(const char *yuan)
{
    enum { DIGITS_MAX = 12 };
    size_t whole = yuan ? strspn(yuan, "0123456789") : 0;
    if (whole == 0 || whole > DIGITS_MAX) return -1;
    int64_t fen = 0;
    for (size_t i = 0; i < whole; i++) fen = fen * 10 + (yuan[i] - '0');
    fen *= 100;
    const char *rest = yuan + whole;
    if (!rest[0]) return fen;
    size_t digits = rest[0] == '.' ? strspn(rest + 1, "0123456789") : 0;
    if (digits < 1 || digits > 2 || rest[1 + digits]) return -1;
    return fen + (rest[1] - '0') * 10 + (digits == 2 ? rest[2] - '0' : 0);
}

const char *alipay_yuan(struct arena *arena, int64_t fen)
{
    return arena_format(arena, "%lld.%02lld", (long long)(fen / 100), (long long)(fen % 100));
}

const char *alipay_time(struct arena *arena, int64_t time_s)
{
    struct civil c = civil_shanghai(time_s);
    return arena_format(arena, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

static int two(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

int64_t alipay_time_of(const char *text)
{
    static const char pattern[] = "dddd-dd-dd dd:dd:dd";
    if (!text || strlen(text) < sizeof pattern - 1) return 0;
    for (size_t i = 0; i < sizeof pattern - 1; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (pattern[i] == 'd' ? !digit : text[i] != pattern[i]) return 0;
    }
    struct civil c = { two(text) * 100 + two(text + 2), two(text + 5), two(text + 8),
                       two(text + 11), two(text + 14), two(text + 17), 0 };
    int64_t utc;
    return failed(civil_from_shanghai(&c, &utc)) ? 0 : utc;
}

/* ---- trades ---- */

/* NULL for a status of which we do not know. TRADE_CLOSED is the end of an order that nobody paid and of one that went
 * back as a whole; PAID_S tells which. */
static const char *state_of(const char *status, int64_t paid_s)
{
    if (text_equal(status, "WAIT_BUYER_PAY")) return "unpaid";
    if (text_equal(status, "TRADE_SUCCESS") || text_equal(status, "TRADE_FINISHED")) return "paid";
    if (text_equal(status, "TRADE_CLOSED")) return paid_s ? "refunded" : "closed";
    return NULL;
}

struct result alipay_answer_trade(struct work *work, const json_t *answer, const char *order,
                                  struct relay_payment *ret_payment)
{
    const char *currency = json_text(work, answer, "trans_currency");
    struct relay_payment p = { .order = json_text(work, answer, "out_trade_no"),
                               .transaction = json_text(work, answer, "trade_no"),
                               .currency = currency ? currency : "CNY",
                               .amount_fen = alipay_fen(json_text(work, answer, "total_amount")),
                               .paid_s = alipay_time_of(json_text(work, answer, "send_pay_date")) };
    p.state = state_of(json_text(work, answer, "trade_status"), p.paid_s);
    if (!text_equal(p.order, order))
        return diag_log(work->diag, ERROR_RELAY_ANSWER, "the answer is about another order");
    bool paid = text_equal(p.state, "paid");
    ENSURE(p.state && p.amount_fen >= 0 && (!paid || (p.transaction && p.paid_s > 0)), ERROR_RELAY_ANSWER);
    *ret_payment = p;
    return OK;
}

struct result alipay_answer_refund(struct work *work, const json_t *answer, const struct relay_refund *ask,
                                   struct relay_payment *ret_payment)
{
    const char *status = json_text(work, answer, "refund_status");
    *ret_payment = (struct relay_payment){ .order = ask->order, .state = "refunding", .refund = ask->refund,
                                           .currency = "CNY", .amount_fen = ask->amount_fen };
    if (!status) return OK; /* the bank works on it: nothing else is told then */
    bool ours = text_equal(json_text(work, answer, "out_trade_no"), ask->order) &&
                text_equal(json_text(work, answer, "out_request_no"), ask->refund) &&
                alipay_fen(json_text(work, answer, "refund_amount")) == ask->amount_fen;
    if (!ours) return diag_log(work->diag, ERROR_RELAY_ANSWER, "the answer is about another refund");
    ret_payment->transaction = json_text(work, answer, "trade_no");
    if (text_equal(status, "REFUND_SUCCESS")) ret_payment->state = "refunded";
    return OK;
}

struct result alipay_told(const struct url_form *form, struct relay_payment *ret_payment)
{
    const char *currency = url_form_get(form, "trans_currency"), *back = url_form_get(form, "refund_fee");
    struct relay_payment p = { .order = url_form_get(form, "out_trade_no"),
                               .transaction = url_form_get(form, "trade_no"),
                               .currency = currency ? currency : "CNY",
                               .amount_fen = alipay_fen(url_form_get(form, "total_amount")),
                               .paid_s = alipay_time_of(url_form_get(form, "gmt_payment")) };
    const char *status = url_form_get(form, "trade_status");
    p.state = state_of(status, p.paid_s);
    ENSURE(p.order && p.transaction && status && p.amount_fen >= 0, ERROR_RELAY_CALLBACK_FORMAT);
    ENSURE(p.state && !text_equal(p.state, "unpaid"), ERROR_RELAY_CALLBACK_EVENT);
    if (back) { /* also while the trade goes on: a part may have gone back */
        p.state = "refunded";
        p.refund = url_form_get(form, "out_biz_no");
        p.amount_fen = alipay_fen(back);
        ENSURE(p.refund && p.amount_fen >= 0, ERROR_RELAY_CALLBACK_FORMAT);
    }
    ENSURE(!text_equal(p.state, "paid") || p.paid_s > 0, ERROR_RELAY_CALLBACK_FORMAT);
    *ret_payment = p;
    return OK;
}
