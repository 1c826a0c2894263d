#include <stdlib.h>

#include "base/text.h"
#include "paysim/bill.h"

/* What paying in MODE does: whether the order becomes paid, and what the merchant is told how often. */
static const struct mode {
    const char *name, *words;
    bool pays;
    int times;
    struct notify notify;
} modes[] = {
    { "normal", "支付", true, 1, { 0 } },
    { "repeated", "支付，通知重复三次", true, 3, { 0 } },
    { "late", "支付，通知迟到十分钟", true, 1, { .age_s = 600 } },
    { "days-late", "支付，通知迟到两天", true, 1, { .age_s = 2 * 86400 } },
    { "lost", "支付，通知丢失", true, 0, { 0 } },
    { "wrong-signature", "不支付，伪造签名的通知", false, 1, { .wrong_signature = true } },
    { "wrong-amount", "不支付，金额少一分的通知", false, 1, { .total_change = -1 } },
    { "wrong-currency", "不支付，币种为美元的通知", false, 1, { .currency = "USD" } },
    { "other-merchant", "不支付，其他商户的通知", false, 1, { .merchant = "1900000002" } },
    { "probe", "不支付，平台的签名探测", false, 1, { .probe = true } },
    { "other-event", "不支付，其他业务的通知", false, 1, { .event = "COUPON.USE" } },
};

static const char prefix[] = "/sim/pay/", tell_prefix[] = "/sim/tell/", refund_prefix[] = "/sim/refund/",
                  bill_prefix[] = "/sim/bill/";

static void say(const struct sim_request *q, struct sim_answer *a, int status, const char *type,
                const char *body)
{
    *a = (struct sim_answer){ .status = body ? status : 500, .type = type, .body = body };
}

static void say_error(const struct sim_request *q, struct sim_answer *a, int status, const char *words)
{
    say(q, a, status, "text/plain; charset=utf-8", words);
}

static const struct mode *find_mode(const char *name)
{
    for (size_t i = 0; i < COUNT(modes); i++)
        if (text_equal(name ? name : "normal", modes[i].name)) return &modes[i];
    return NULL;
}

/* ---- paying ---- */

static bool pay(json_t *order, void *closure)
{
    bool *payable = closure;
    *payable = text_equal(json_string_value(json_object_get(order, "state")), "NOTPAY");
    if (!*payable) return false;
    json_object_set_new(order, "state", json_string("SUCCESS"));
    json_object_set_new(order, "paid_s", json_integer(sim_now()));
    return true;
}

/* An order as it would be told if it were paid; it is not kept. */
static json_t *pretended(json_t *order)
{
    bool ignored;
    pay(order, &ignored);
    return order;
}

static void tell(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const struct mode *mode,
                 json_t *order)
{
    json_t *statuses = json_array();
    for (int i = 0; i < mode->times; i++) {
        long status = 0;
        IGNORE(notify_send(sim, q->arena, order, &mode->notify, &status)); /* 0 in the answer says so */
        json_array_append_new(statuses, json_integer(status));
    }
    json_t *answer =
        json_pack("{s:s, s:b, s:o}", "mode", mode->name, "paid", mode->pays, "callbacks", statuses);
    char *text = json_dumps(answer, JSON_COMPACT | JSON_PRESERVE_ORDER);
    say(q, a, 200, "application/json", text ? arena_text(q->arena, bytes_text(text)) : NULL);
    free(text);
    json_decref(answer);
}

static void pay_order(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const char *number)
{
    const struct mode *mode = find_mode(q->query_mode);
    json_t *order = orders_find(sim->orders, number);
    if (!order || !mode) {
        say_error(q, a, 404, order ? "没有这种模式\n" : "没有这个订单\n");
        json_decref(order);
        return;
    }
    bool payable = true;
    struct result r = mode->pays ? orders_update(sim->orders, number, pay, &payable) : OK;
    json_decref(order);
    order = orders_find(sim->orders, number);
    if (failed(r)) say_error(q, a, 500, "订单没有保存\n");
    else if (!payable) say_error(q, a, 409, "订单不能支付\n");
    else tell(sim, q, a, mode, mode->pays ? order : pretended(order));
    json_decref(order);
}

/* What was paid is told, again or at last, whatever became of it since: out of order. */
static void tell_again(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const char *number)
{
    const struct mode *mode = find_mode(q->query_mode);
    json_t *order = orders_find(sim->orders, number);
    bool paid = json_integer_value(json_object_get(order, "paid_s")) > 0;
    if (mode && paid) {
        json_object_set_new(order, "state", json_string("SUCCESS"));
        tell(sim, q, a, mode, order);
    } else {
        say_error(q, a, 404, "没有这样的付款\n");
    }
    json_decref(order);
}

/* ---- the end of a refund ---- */

/* The bank is done with what waits; MODE's "pays": whether the money is back. */
static bool end_refund(json_t *order, void *closure)
{
    const struct mode *mode = closure;
    json_t *refund = json_array_get(json_object_get(order, "refunds"), 0);
    if (!refund || !mode->pays) return false;
    json_object_set_new(refund, "status", json_string("SUCCESS"));
    return true;
}

static void refund_order(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const char *number)
{
    const struct mode *mode = find_mode(q->query_mode);
    struct result r = mode ? orders_update(sim->orders, number, end_refund, (void *)(uintptr_t)mode) : OK;
    json_t *order = orders_find(sim->orders, number);
    json_t *refund = json_array_get(json_object_get(order, "refunds"), 0);
    if (failed(r) || !mode || !refund) {
        say_error(q, a, 404, "没有这样的退款\n");
    } else {
        struct mode told = *mode;
        told.notify.refund = json_string_value(json_object_get(refund, "out_refund_no"));
        json_object_set_new(refund, "status", json_string("SUCCESS")); /* as it is told, true or not */
        tell(sim, q, a, &told, order);
    }
    json_decref(order);
}

/* ---- the page ---- */

static const char *escaped(struct arena *arena, const char *text)
{
    size_t room = 6 * strlen(text) + 1;
    char *into = arena_take(arena, room);
    if (!into) return "";
    struct writer w = writer_of(into, room);
    for (; *text; text++) {
        if (strchr("<>&\"'", *text)) write_format(&w, "&#%d;", *text);
        else write_u8(&w, (uint8_t)*text);
    }
    return into;
}

static void show_page(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const char *number)
{
    json_t *order = orders_find(sim->orders, number);
    if (!order) {
        say_error(q, a, 404, "没有这个订单\n");
        return;
    }
    int64_t total = json_integer_value(json_object_get(order, "total"));
    const char *state = json_string_value(json_object_get(order, "state")), *buttons = "";
    for (size_t i = 0; i < COUNT(modes) && buttons && text_equal(state, "NOTPAY"); i++)
        buttons = arena_format(
            q->arena, "%s<form method=\"post\" action=\"%s%s?mode=%s\"><button%s>%s</button></form>\n",
            buttons, prefix, number, modes[i].name, i ? "" : " class=\"main\"", modes[i].words);
    bool alipay = text_equal(sim_gateway(order), "alipay");
    const char *colour = alipay ? "#1677ff" : "#07c160", *back_to = NULL;
    const char *return_url = json_string_value(json_object_get(order, "return_url"));
    if (return_url && return_url[0])
        back_to = arena_format(q->arena, "<p><a href=\"%s\">返回商户</a></p>\n", escaped(q->arena, return_url));
    const char *page = arena_format(
        q->arena,
        "<!doctype html>\n<html lang=\"zh-CN\"><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>模拟支付平台</title>\n"
        "<style>body{font:16px/1.6 sans-serif;max-width:22em;margin:2em auto;padding:0 1em;text-align:center}"
        "b{display:block;font-size:2.2em}button{width:100%%;padding:.6em;margin:.25em "
        "0;font:inherit;border:1px solid "
        "#bbb;border-radius:.4em;background:#fff}.main{background:%s;color:#fff;border-color:%s}</"
        "style>\n"
        "<h1>模拟%s</h1><p>%s<br>订单 %s<br>状态 %s</p><b>¥ %lld.%02lld</b>\n%s%s</html>\n",
        colour, colour, alipay ? "支付宝" : "微信支付",
        escaped(q->arena, json_string_value(json_object_get(order, "description"))),
        escaped(q->arena, number), state, (long long)(total / 100), (long long)(total % 100),
        buttons ? buttons : "", back_to ? back_to : "");
    say(q, a, 200, "text/html; charset=utf-8", page);
    json_decref(order);
}

/* ---- behaviour towards the API ---- */

static void set_mode(struct sim *sim, const struct sim_request *q, struct sim_answer *a)
{
    static const char *const names[] = {
        [SIM_NORMAL] = "normal", [SIM_UNSIGNED] = "unsigned", [SIM_WRONG_SIGNATURE] = "wrong-signature",
        [SIM_STALE] = "stale",   [SIM_GARBAGE] = "garbage",   [SIM_HUGE] = "huge",
        [SIM_ERROR] = "error",   [SIM_SLOW] = "slow",
        [SIM_REFUND_WAITS] = "refund-waits", [SIM_REFUND_REFUSED] = "refund-refused",
        [SIM_BALANCE] = "balance",
        [SIM_BILL_ALTERED] = "bill-altered", [SIM_BILL_NONE] = "bill-none"
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (text_equal(q->query_mode, names[i])) {
            atomic_store(&sim->mode, (int)i);
            say(q, a, 200, "application/json", "{}");
            return;
        }
    say_error(q, a, 404, "没有这种模式\n");
}

void phone_answer(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer)
{
    bool post = text_equal(request->method, "POST"), get = text_equal(request->method, "GET");
    const char *number = text_starts(request->path, prefix) ? request->path + strlen(prefix) : NULL;
    const char *day = url_form_get(request->query, "bill_date");
    struct bytes packed = { 0 };
    if (get && text_equal(request->path, "/alipay/bill") && day) packed = bill_alipay(sim, request->arena, day);
    if (packed.ptr)
        *ret_answer = (struct sim_answer){ .status = 200, .type = "application/zip", .body = (const char *)packed.ptr,
                                           .len = packed.len };
    else if (post && text_starts(request->path, bill_prefix))
        bill_spoil(sim, request, request->path + strlen(bill_prefix), ret_answer);
    else if (post && text_equal(request->path, "/sim/api")) set_mode(sim, request, ret_answer);
    else if (post && text_starts(request->path, refund_prefix))
        refund_order(sim, request, ret_answer, request->path + strlen(refund_prefix));
    else if (post && text_starts(request->path, tell_prefix))
        tell_again(sim, request, ret_answer, request->path + strlen(tell_prefix));
    else if (post && number) pay_order(sim, request, ret_answer, number);
    else if (get && number) show_page(sim, request, ret_answer, number);
    else say_error(request, ret_answer, 404, "没有这个页面\n");
}
