#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "paysim/bill.h"
#include "relay/alipay_answer.h"
#include "relay/alipay_signed.h"
#include "relay/rsa.h"

/* A request whose signature holds, and where its answer goes. */
struct asking {
    struct sim *sim;
    const struct sim_request *q;
    struct sim_answer *a;
    const char *method, *number;
    const json_t *content; /* biz_content */
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

const char *sim_gateway(const json_t *order)
{
    const char *gateway = text_of(order, "gateway");
    return gateway ? gateway : "wechat";
}

/* ---- answers ---- */

/* {"alipay_…_response":ANSWER,"sign":"…"}; takes ANSWER over. */
static void say(struct asking *k, json_t *answer)
{
    struct arena *arena = k->q->arena;
    enum sim_mode mode = (enum sim_mode)atomic_load(&k->sim->mode);
    char *dumped = json_dumps(answer, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(answer);
    const char *text = dumped ? arena_text(arena, bytes_text(dumped)) : NULL, *signature = NULL;
    char *name = arena_format(arena, "%s_response", k->method);
    free(dumped);
    for (char *p = name; p && *p; p++)
        if (*p == '.') *p = '_';
    k->a->status = 500;
    if (!text || !name) return;
    struct bytes said = bytes_text(mode == SIM_WRONG_SIGNATURE ? "{}" : text);
    if (failed(rsa_sign(k->sim->keys->alipay_private, said, arena, &signature))) return;
    k->a->body = mode == SIM_UNSIGNED ? arena_format(arena, "{\"%s\":%s}", name, text)
                                      : arena_format(arena, "{\"%s\":%s,\"sign\":\"%s\"}", name, text, signature);
    k->a->type = "application/json; charset=utf-8";
    k->a->status = k->a->body ? 200 : 500;
}

static void refuse(struct asking *k, const char *sub_code, const char *words)
{
    say(k, json_pack("{s:s, s:s, s:s, s:s}", "code", "40004", "msg", "Business Failed", "sub_code", sub_code, "sub_msg",
                     words));
}

static json_t *good(const json_t *order)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "code", "10000", "msg", "Success", "out_trade_no",
                     text_of(order, "out_trade_no"), "trade_no", text_of(order, "transaction_id"));
}

/* ---- who asks ---- */

static bool is_merchant(const struct sim *sim, const struct url_form *form, struct arena *arena)
{
    const char *signature = url_form_get(form, "sign");
    int64_t off = sim_now() - alipay_time_of(url_form_get(form, "timestamp"));
    return signature && text_equal(url_form_get(form, "app_id"), sim->keys->alipay_app) &&
           text_equal(url_form_get(form, "sign_type"), "RSA2") && llabs(off) < 86400 &&
           !failed(rsa_verify(sim->keys->alipay_app_public, alipay_signed(form, false, arena), signature, arena));
}

/* ---- the page ---- */

static bool open_order(json_t *order, void *closure)
{
    struct asking *k = closure;
    int64_t total = alipay_fen(text_of(k->content, "total_amount"));
    if (json_object_size(order)) return false; /* the page shows how it stands */
    uint8_t random[8];
    random_fill(random, sizeof random);
    const char *transaction = arena_format(k->q->arena, "2026%s", text_hex(k->q->arena, BYTES(random)));
    const char *return_url = url_form_get(k->q->query, "return_url");
    json_t *made = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:I, s:[]}", "out_trade_no", k->number,
                             "gateway", "alipay", "transaction_id", transaction, "description",
                             text_of(k->content, "subject"), "notify_url", url_form_get(k->q->query, "notify_url"),
                             "return_url", return_url ? return_url : "", "total", (json_int_t)total, "currency", "CNY",
                             "state", "NOTPAY", "paid_s", (json_int_t)0, "refunds");
    if (!made || total < 1) return json_decref(made), false;
    json_object_update_new(order, made);
    return true;
}

static void page(struct asking *k)
{
    bool late = alipay_time_of(text_of(k->content, "time_expire")) <= sim_now();
    json_t *order = orders_find(k->sim->orders, k->number);
    bool known = order != NULL;
    json_decref(order);
    *k->a = (struct sim_answer){ .status = 400, .type = "text/plain; charset=utf-8", .body = "订单已过期或参数有误\n" };
    if (!known && late) return;
    if (failed(orders_update(k->sim->orders, k->number, open_order, k))) return;
    order = orders_find(k->sim->orders, k->number);
    if (order) {
        k->a->status = 302;
        k->a->body = "";
        k->a->headers[0][0] = "Location";
        k->a->headers[0][1] = arena_format(k->q->arena, "/sim/pay/%s", k->number);
    }
    json_decref(order);
}

/* ---- what is asked ---- */

static bool query(json_t *order, void *closure)
{
    struct asking *k = closure;
    if (!json_object_size(order)) {
        refuse(k, "ACQ.TRADE_NOT_EXIST", "交易不存在");
        return false;
    }
    const char *state = has_state(order, "NOTPAY")   ? "WAIT_BUYER_PAY"
                        : has_state(order, "SUCCESS") ? "TRADE_SUCCESS"
                                                      : "TRADE_CLOSED";
    int64_t paid_s = number_of(order, "paid_s");
    json_t *answer = good(order);
    json_object_set_new(answer, "trade_status", json_string(state));
    json_object_set_new(answer, "total_amount", json_string(alipay_yuan(k->q->arena, number_of(order, "total"))));
    if (paid_s) json_object_set_new(answer, "send_pay_date", json_string(alipay_time(k->q->arena, paid_s)));
    say(k, answer);
    return false;
}

static bool close_order(json_t *order, void *closure)
{
    struct asking *k = closure;
    if (!json_object_size(order)) {
        refuse(k, "ACQ.TRADE_NOT_EXIST", "交易不存在");
        return false;
    }
    if (!has_state(order, "NOTPAY")) {
        refuse(k, has_state(order, "CLOSED") ? "ACQ.TRADE_HAS_CLOSE" : "ACQ.TRADE_STATUS_ERROR", "交易状态不合法");
        return false;
    }
    json_object_set_new(order, "state", json_string("CLOSED"));
    say(k, good(order));
    return true;
}

static void say_refund(struct asking *k, const json_t *order, int64_t back_fen, bool fresh)
{
    json_t *answer = good(order);
    json_object_set_new(answer, "fund_change", json_string(fresh ? "Y" : "N"));
    json_object_set_new(answer, "refund_fee", json_string(alipay_yuan(k->q->arena, back_fen)));
    say(k, answer);
}

static bool refund_order(json_t *order, void *closure)
{
    struct asking *k = closure;
    enum sim_mode mode = (enum sim_mode)atomic_load(&k->sim->mode);
    const char *number = text_of(k->content, "out_request_no");
    json_t *refunds = json_object_get(order, "refunds"), *refund;
    int64_t wanted = alipay_fen(text_of(k->content, "refund_amount")), back = 0;
    size_t i;
    json_array_foreach(refunds, i, refund)
    {
        back += number_of(refund, "amount");
        if (!text_equal(text_of(refund, "out_refund_no"), number)) continue;
        if (number_of(refund, "amount") == wanted) say_refund(k, order, back, false);
        else refuse(k, "ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额与原请求不一致");
        return false;
    }
    bool paid = has_state(order, "SUCCESS") || has_state(order, "REFUND");
    if (!paid || !number || wanted < 1) {
        refuse(k, "ACQ.TRADE_NOT_EXIST", "没有可退款的交易");
    } else if (mode == SIM_BALANCE) {
        refuse(k, "ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足");
    } else if (mode == SIM_REFUND_REFUSED || back + wanted > number_of(order, "total")) {
        refuse(k, mode == SIM_REFUND_REFUSED ? "ACQ.TRADE_NOT_ALLOW_REFUND" : "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
               mode == SIM_REFUND_REFUSED ? "当前交易不允许退款" : "退款金额超限");
    } else {
        refund = json_pack("{s:s, s:o, s:s, s:s, s:I, s:I}", "out_refund_no", number, "refund_id",
                           json_sprintf("60%s", number), "notify_url", text_of(order, "notify_url"), "status",
                           mode == SIM_REFUND_WAITS ? "PROCESSING" : "SUCCESS", "amount", (json_int_t)wanted, "at_s",
                           (json_int_t)sim_now());
        json_array_append_new(refunds, refund);
        if (back + wanted == number_of(order, "total")) json_object_set_new(order, "state", json_string("REFUND"));
        say_refund(k, order, back + wanted, true);
        return true;
    }
    return false;
}

static bool query_refund(json_t *order, void *closure)
{
    struct asking *k = closure;
    const char *number = text_of(k->content, "out_request_no");
    json_t *refund, *answer = json_object_size(order) ? good(order) : NULL;
    size_t i;
    if (!answer) {
        refuse(k, "ACQ.TRADE_NOT_EXIST", "交易不存在");
        return false;
    }
    json_array_foreach(json_object_get(order, "refunds"), i, refund)
    {
        if (!text_equal(text_of(refund, "out_refund_no"), number) || !text_equal(text_of(refund, "status"), "SUCCESS"))
            continue;
        const char *amount = alipay_yuan(k->q->arena, number_of(refund, "amount"));
        json_object_set_new(answer, "out_request_no", json_string(number));
        json_object_set_new(answer, "refund_amount", json_string(amount));
        json_object_set_new(answer, "refund_status", json_string("REFUND_SUCCESS"));
    }
    say(k, answer);
    return false;
}

static void name_bill(struct asking *k)
{
    if (atomic_load(&k->sim->mode) == SIM_BILL_NONE) {
        refuse(k, "isp.bill_not_exist", "账单不存在");
        return;
    }
    say(k, json_pack("{s:s, s:s, s:o}", "code", "10000", "msg", "Success", "bill_download_url",
                     json_sprintf("%s/alipay/bill?bill_date=%s", k->sim->url, text_of(k->content, "bill_date"))));
}

void alipay_gateway(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer)
{
    static const struct {
        const char *method;
        orders_change *change;
    } methods[] = { { "alipay.trade.query", query },
                    { "alipay.trade.close", close_order },
                    { "alipay.trade.refund", refund_order },
                    { "alipay.trade.fastpay.refund.query", query_refund } };
    struct url_form form = *request->query, body = { .count = 0 };
    bool get = text_equal(request->method, "GET");
    if (!get && !failed(url_form_parse(request->body, request->arena, &body)))
        IGNORE(url_form_add(&form, "biz_content", url_form_get(&body, "biz_content"))); /* the signature tells */
    const char *content = url_form_get(&form, "biz_content"), *method = url_form_get(&form, "method");
    json_t *asked = content ? json_loads(content, JSON_REJECT_DUPLICATES, NULL) : NULL;
    struct asking k = { sim, request, ret_answer, method ? method : "error", text_of(asked, "out_trade_no"), asked };
    ret_answer->is_api = !get;
    bool done = false;
    bool bill = text_equal(method, "alipay.data.dataservice.bill.downloadurl.query") && text_of(asked, "bill_date");
    if (!is_merchant(sim, &form, request->arena) || (!k.number && !bill)) {
        say(&k, json_pack("{s:s, s:s, s:s, s:s}", "code", "40002", "msg", "Invalid Arguments", "sub_code",
                          "isv.invalid-signature", "sub_msg", "验签出错"));
        done = true;
    } else if (bill) {
        name_bill(&k);
        done = true;
    } else if (get && text_equal(method, "alipay.trade.page.pay")) {
        page(&k);
        done = true;
    }
    for (size_t i = 0; i < COUNT(methods) && !done; i++) {
        if (get || !text_equal(method, methods[i].method)) continue;
        done = true;
        if (failed(orders_update(sim->orders, k.number, methods[i].change, &k))) refuse(&k, "ACQ.SYSTEM_ERROR", "系统错误");
    }
    if (!done) refuse(&k, "isv.invalid-method", "不存在的方法名");
    json_decref(asked);
}
