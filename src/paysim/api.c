#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "paysim/bill.h"

int64_t sim_now(void)
{
    return (int64_t)time(NULL);
}

const char *sim_time(struct arena *arena, int64_t time_s)
{
    struct civil c = civil_shanghai(time_s);
    return arena_format(arena, "%04d-%02d-%02dT%02d:%02d:%02d+08:00", c.year, c.month, c.day, c.hour, c.minute,
                        c.second);
}

/* ---- answers ---- */

static void say(const struct sim_request *q, struct sim_answer *a, int status, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(object);
    a->status = status;
    a->type = "application/json; charset=utf-8";
    a->body = text ? arena_text(q->arena, bytes_text(text)) : NULL;
    free(text);
    if (!a->body) a->status = 500;
}

static void refuse(const struct sim_request *q, struct sim_answer *a, int status, const char *code,
                   const char *message)
{
    say(q, a, status, json_pack("{s:s, s:s}", "code", code, "message", message));
}

RESULT api_sign(const struct sim *sim, const struct sim_request *request, enum sim_mode mode,
                struct sim_answer *answer)
{
    if (mode == SIM_UNSIGNED) return OK;
    uint8_t random[16];
    random_fill(random, sizeof random);
    int64_t when = sim_now() - (mode == SIM_STALE ? 2 * WECHAT_WINDOW_S : 0);
    const char *nonce = text_hex(request->arena, BYTES(random)), *signature;
    const char *timestamp = arena_format(request->arena, "%lld", (long long)when);
    ENSURE(nonce && timestamp, ERROR_OUT_OF_ROOM);
    const char *body = mode == SIM_WRONG_SIGNATURE ? "{}" : answer->body;
    struct bytes parts[] = { bytes_text(timestamp), bytes_text(nonce), bytes_text(body) };
    TRY(rsa_sign(sim->keys->platform_private, wechat_lines(request->arena, parts, COUNT(parts)), request->arena,
                    &signature));
    const char *headers[4][2] = { { "Wechatpay-Timestamp", timestamp },
                                  { "Wechatpay-Nonce", nonce },
                                  { "Wechatpay-Signature", signature },
                                  { "Wechatpay-Serial", sim->keys->platform_serial } };
    memcpy(answer->headers, headers, sizeof headers);
    return OK;
}

/* ---- who asks ---- */

/* name="value" in the header; NULL when it is not there. */
static const char *parameter(struct arena *arena, const char *header, const char *name)
{
    const char *key = arena_format(arena, "%s=\"", name), *at = strstr(header, key);
    if (!at) return NULL;
    at += strlen(key);
    const char *end = strchr(at, '"');
    return end ? arena_text(arena, bytes_of(at, (size_t)(end - at))) : NULL;
}

static bool is_merchant(const struct sim *sim, const struct sim_request *q)
{
    static const char scheme[] = "WECHATPAY2-SHA256-RSA2048 ";
    if (!q->authorization || !text_starts(q->authorization, scheme)) return false;
    const char *h = q->authorization + strlen(scheme);
    const char *merchant = parameter(q->arena, h, "mchid"), *nonce = parameter(q->arena, h, "nonce_str");
    const char *timestamp = parameter(q->arena, h, "timestamp"), *serial = parameter(q->arena, h, "serial_no");
    const char *signature = parameter(q->arena, h, "signature");
    uint64_t when;
    if (!nonce || !timestamp || !signature || failed(text_number(timestamp, INT64_MAX / 2, &when))) return false;
    if (llabs(sim_now() - (int64_t)when) >= WECHAT_WINDOW_S) return false;
    if (!text_equal(merchant, sim->keys->merchant) || !text_equal(serial, sim->keys->merchant_serial)) return false;
    struct bytes parts[] = { bytes_text(q->method), bytes_text(q->target), bytes_text(timestamp), bytes_text(nonce),
                             q->body };
    struct bytes lines = wechat_lines(q->arena, parts, COUNT(parts));
    return !failed(rsa_verify(sim->keys->merchant_public, lines, signature, q->arena));
}

/* ---- orders ---- */

struct change {
    const struct sim *sim;
    const struct sim_request *q;
    struct sim_answer *a;
    const char *number;
    const json_t *asked; /* the request's body */
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool has_state(const json_t *order, const char *state)
{
    return text_equal(text_of(order, "state"), state);
}

json_t *sim_transaction(const struct sim *sim, const json_t *order)
{
    const char *state = text_of(order, "state");
    json_t *t = json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:I, s:s}}", "appid", sim->keys->app, "mchid",
                          sim->keys->merchant, "out_trade_no", text_of(order, "out_trade_no"), "trade_state", state,
                          "trade_state_desc", state, "amount", "total", (json_int_t)number_of(order, "total"),
                          "currency", text_of(order, "currency"));
    if (number_of(order, "paid_s") == 0) return t;
    char when[40];
    struct civil c = civil_shanghai(number_of(order, "paid_s"));
    snprintf(when, sizeof when, "%04d-%02d-%02dT%02d:%02d:%02d+08:00", c.year, c.month, c.day, c.hour, c.minute,
             c.second);
    json_t *more = json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "transaction_id", text_of(order, "transaction_id"),
                             "trade_type", "NATIVE", "bank_type", "OTHERS", "success_time", when, "payer", "openid",
                             "oSimulatedPayer0000000000000");
    json_object_update_new(t, more);
    return t;
}

json_t *sim_refund(const struct sim *sim, const json_t *order, const char *number)
{
    json_t *refund;
    size_t i;
    json_array_foreach(json_object_get(order, "refunds"), i, refund)
    {
        if (!text_equal(text_of(refund, "out_refund_no"), number)) continue;
        char when[40];
        struct civil c = civil_shanghai(sim_now());
        snprintf(when, sizeof when, "%04d-%02d-%02dT%02d:%02d:%02d+08:00", c.year, c.month, c.day, c.hour, c.minute,
                 c.second);
        return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:I, s:I}}", "mchid", sim->keys->merchant,
                         "transaction_id", text_of(order, "transaction_id"), "out_trade_no",
                         text_of(order, "out_trade_no"), "refund_id", text_of(refund, "refund_id"), "out_refund_no",
                         number, "refund_status", text_of(refund, "status"), "success_time", when,
                         "user_received_account", "支付用户零钱", "amount", "total",
                         (json_int_t)number_of(order, "total"), "refund", (json_int_t)number_of(refund, "amount"));
    }
    return NULL;
}

static bool open_order(json_t *order, void *closure)
{
    struct change *c = closure;
    const json_t *amount = json_object_get(c->asked, "amount");
    const char *url = arena_format(c->q->arena, "%s/sim/pay/%s", c->sim->url, c->number);
    if (json_object_size(order)) {
        bool same = number_of(order, "total") == number_of(amount, "total") &&
                    text_equal(text_of(order, "description"), text_of(c->asked, "description"));
        if (has_state(order, "SUCCESS") || has_state(order, "REFUND"))
            refuse(c->q, c->a, 400, "ORDERPAID", "订单已支付");
        else if (has_state(order, "CLOSED"))
            refuse(c->q, c->a, 400, "ORDER_CLOSED", "订单已关闭");
        else if (!same)
            refuse(c->q, c->a, 403, "OUT_TRADE_NO_USED", "商户订单号重复");
        else
            say(c->q, c->a, 200, json_pack("{s:s}", "code_url", url));
        return false;
    }
    uint8_t random[8];
    random_fill(random, sizeof random);
    json_t *made = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:I, s:[]}", "out_trade_no", c->number,
                             "transaction_id", arena_format(c->q->arena, "42%s", text_hex(c->q->arena, BYTES(random))),
                             "description", text_of(c->asked, "description"), "notify_url",
                             text_of(c->asked, "notify_url"), "total", (json_int_t)number_of(amount, "total"),
                             "currency", "CNY", "state", "NOTPAY", "paid_s", (json_int_t)0, "refunds");
    if (!made) {
        refuse(c->q, c->a, 400, "PARAM_ERROR", "参数错误");
        return false;
    }
    json_object_update_new(order, made);
    say(c->q, c->a, 200, json_pack("{s:s}", "code_url", url));
    return true;
}

static bool close_order(json_t *order, void *closure)
{
    struct change *c = closure;
    if (!json_object_size(order)) {
        refuse(c->q, c->a, 404, "ORDER_NOT_EXIST", "订单不存在");
        return false;
    }
    if (has_state(order, "SUCCESS") || has_state(order, "REFUND")) {
        refuse(c->q, c->a, 400, "ORDERPAID", "订单已支付，不能关闭");
        return false;
    }
    json_object_set_new(order, "state", json_string("CLOSED"));
    c->a->status = 204;
    return true;
}

static void say_refund(struct change *c, const json_t *order, const json_t *refund)
{
    const char *when = sim_time(c->q->arena, number_of(refund, "at_s"));
    say(c->q, c->a, 200,
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:I, s:I, s:s}}", "refund_id", text_of(refund, "refund_id"),
                  "out_refund_no", text_of(refund, "out_refund_no"), "transaction_id",
                  text_of(order, "transaction_id"), "out_trade_no", c->number, "create_time", when, "status",
                  text_of(refund, "status"), "amount", "total", (json_int_t)number_of(order, "total"), "refund",
                  (json_int_t)number_of(refund, "amount"), "currency", "CNY"));
}

static bool refund_order(json_t *order, void *closure)
{
    struct change *c = closure;
    const json_t *amount = json_object_get(c->asked, "amount");
    const char *number = text_of(c->asked, "out_refund_no");
    json_t *refunds = json_object_get(order, "refunds"), *refund;
    int64_t wanted = number_of(amount, "refund"), back = 0;
    size_t i;
    json_array_foreach(refunds, i, refund)
    {
        back += number_of(refund, "amount");
        if (!text_equal(text_of(refund, "out_refund_no"), number)) continue;
        if (number_of(refund, "amount") == wanted)
            say_refund(c, order, refund);
        else
            refuse(c->q, c->a, 400, "PARAM_ERROR", "退款单号相同但金额不同");
        return false;
    }
    bool paid = has_state(order, "SUCCESS") || has_state(order, "REFUND");
    if (!paid) {
        refuse(c->q, c->a, 404, "RESOURCE_NOT_EXISTS", "没有可退款的订单");
    } else if (!number || wanted < 1 || number_of(amount, "total") != number_of(order, "total")) {
        refuse(c->q, c->a, 400, "PARAM_ERROR", "金额不符");
    } else if (atomic_load(&c->sim->mode) == SIM_BALANCE) {
        refuse(c->q, c->a, 403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起");
    } else if (atomic_load(&c->sim->mode) == SIM_REFUND_REFUSED || back + wanted > number_of(order, "total")) {
        refuse(c->q, c->a, 400, "INVALID_REQUEST", back ? "订单已全额退款" : "用户账户已注销，不能原路退款");
    } else {
        bool waits = atomic_load(&c->sim->mode) == SIM_REFUND_WAITS;
        const char *told_at = text_of(c->asked, "notify_url");
        refund = json_pack("{s:s, s:o, s:s, s:s, s:I, s:I}", "out_refund_no", number, "refund_id",
                           json_sprintf("50%s", number), "notify_url", told_at ? told_at : "", "status",
                           waits ? "PROCESSING" : "SUCCESS", "amount", (json_int_t)wanted, "at_s",
                           (json_int_t)sim_now());
        json_array_append_new(refunds, refund);
        json_object_set_new(order, "state", json_string("REFUND"));
        say_refund(c, order, refund);
        return true;
    }
    return false;
}

/* ---- the API ---- */

static void change_order(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const char *number,
                         const json_t *asked, orders_change *change)
{
    struct change c = { sim, q, a, number, asked };
    if (failed(orders_update(sim->orders, number, change, &c))) refuse(q, a, 500, "SYSTEM_ERROR", "系统错误");
}

static void query(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const char *number)
{
    json_t *order = orders_find(sim->orders, number);
    if (!text_equal(q->query_merchant, sim->keys->merchant))
        refuse(q, a, 400, "PARAM_ERROR", "mchid 不符");
    else if (!order)
        refuse(q, a, 404, "ORDER_NOT_EXIST", "订单不存在");
    else
        say(q, a, 200, sim_transaction(sim, order));
    json_decref(order);
}

static bool ours(const struct sim *sim, const json_t *asked)
{
    return text_equal(text_of(asked, "mchid"), sim->keys->merchant) &&
           text_equal(text_of(asked, "appid"), sim->keys->app);
}

static void native(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const json_t *asked)
{
    const json_t *amount = json_object_get(asked, "amount");
    const char *number = text_of(asked, "out_trade_no");
    bool good = number && strlen(number) >= 6 && strlen(number) <= 32 && text_of(asked, "description") &&
                text_of(asked, "notify_url") && number_of(amount, "total") >= 1 &&
                text_equal(text_of(amount, "currency"), "CNY");
    if (!ours(sim, asked))
        refuse(q, a, 400, "APPID_MCHID_NOT_MATCH", "appid 和 mchid 不匹配");
    else if (!good)
        refuse(q, a, 400, "PARAM_ERROR", "参数错误");
    else
        change_order(sim, q, a, number, asked, open_order);
}

/* The bill's name is signed, its file is not. True when the request was about one. */
static bool bill(struct sim *sim, const struct sim_request *q, struct sim_answer *a)
{
    const char *day = url_form_get(q->query, "bill_date"), *token = url_form_get(q->query, "token");
    bool named = text_equal(q->path, "/v3/bill/tradebill") && day;
    if (!named && !(text_equal(q->path, "/v3/billdownload/file") && token)) return false;
    if (atomic_load(&sim->mode) == SIM_BILL_NONE) {
        refuse(q, a, 400, "NO_STATEMENT_EXIST", "账单文件不存在");
    } else if (named) {
        say(q, a, 200, bill_named(sim, q->arena, day));
    } else {
        *a = (struct sim_answer){ .status = 200, .type = "text/csv", .body = bill_wechat(sim, q->arena, token) };
    }
    return true;
}

void api_answer(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer)
{
    static const char by_number[] = "/v3/pay/transactions/out-trade-no/", closing[] = "/close";
    struct sim_answer *a = ret_answer;
    a->is_api = a->is_signed = true;
    if (!is_merchant(sim, request)) {
        refuse(request, a, 401, "SIGN_ERROR", "签名错误");
        return;
    }
    json_t *asked = json_loadb((const char *)request->body.ptr, request->body.len, JSON_REJECT_DUPLICATES, NULL);
    bool post = text_equal(request->method, "POST");
    const char *rest = text_starts(request->path, by_number) ? request->path + strlen(by_number) : NULL;
    size_t len = rest ? strlen(rest) : 0, end = strlen(closing);
    if (post && text_equal(request->path, "/v3/pay/transactions/native"))
        native(sim, request, a, asked);
    else if (post && text_equal(request->path, "/v3/refund/domestic/refunds") && text_of(asked, "out_trade_no"))
        change_order(sim, request, a, text_of(asked, "out_trade_no"), asked, refund_order);
    else if (post && len > end && text_equal(rest + len - end, closing))
        change_order(sim, request, a, arena_text(request->arena, bytes_of(rest, len - end)), asked, close_order);
    else if (text_equal(request->method, "GET") && bill(sim, request, a))
        ; /* said there */
    else if (text_equal(request->method, "GET") && len)
        query(sim, request, a, rest);
    else
        refuse(request, a, 404, "NOT_FOUND", "没有这个接口");
    json_decref(asked);
}
