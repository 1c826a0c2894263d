#include "base/random.h"
#include "paysim/sim.h"
#include "relay/alipay_answer.h"
#include "relay/alipay_signed.h"
#include "relay/rsa.h"

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* Of the order's refund NUMBER. */
static struct result add_refund(struct url_form *form, struct arena *arena, const json_t *order,
                                const struct notify *notify)
{
    json_t *refund;
    size_t i;
    json_array_foreach(json_object_get(order, "refunds"), i, refund)
    {
        if (!text_equal(text_of(refund, "out_refund_no"), notify->refund)) continue;
        int64_t back = number_of(refund, "amount") + notify->total_change;
        TRY(url_form_add(form, "refund_fee", alipay_yuan(arena, back)));
        TRY(url_form_add(form, "out_biz_no", notify->refund));
        TRY(url_form_add(form, "gmt_refund", alipay_time(arena, number_of(refund, "at_s"))));
    }
    return OK;
}

static struct result fill(struct url_form *form, const struct sim *sim, struct arena *arena, const json_t *order,
                          const struct notify *notify)
{
    struct id id = random_id();
    int64_t total = number_of(order, "total") + (notify->refund ? 0 : notify->total_change);
    const char *const pairs[][2] = {
        { "notify_id", text_id(arena, &id) },
        { "notify_type", "trade_status_sync" },
        { "notify_time", alipay_time(arena, sim_now() - notify->age_s) },
        { "sign_type", "RSA2" },
        { "charset", "utf-8" },
        { "version", "1.0" },
        { "app_id", sim->keys->alipay_app },
        { "seller_id", notify->merchant ? notify->merchant : sim->keys->alipay_seller },
        { "out_trade_no", text_of(order, "out_trade_no") },
        { "trade_no", text_of(order, "transaction_id") },
        { "subject", text_of(order, "description") },
        { "trade_status", notify->event    ? "WAIT_BUYER_PAY"
                          : notify->refund ? "TRADE_CLOSED"
                                           : "TRADE_SUCCESS" },
        { "total_amount", alipay_yuan(arena, total) },
        { "gmt_payment", alipay_time(arena, number_of(order, "paid_s")) },
        { "trans_currency", notify->currency },
    };
    for (size_t i = 0; i < COUNT(pairs); i++) TRY(url_form_add(form, pairs[i][0], pairs[i][1]));
    return notify->refund ? add_refund(form, arena, order, notify) : OK;
}

struct result alipay_notice(const struct sim *sim, struct arena *arena, const json_t *order,
                            const struct notify *notify, const char **ret_form)
{
    struct url_form form = { .count = 0 };
    TRY(fill(&form, sim, arena, order, notify));
    /* A forger has no key of Alipay's: he signs something else, or copies. */
    bool forged = notify->wrong_signature || notify->probe;
    struct bytes text = forged ? bytes_text("app_id=0") : alipay_signed(&form, true, arena);
    const char *signature;
    TRY(rsa_sign(sim->keys->alipay_private, text, arena, &signature));
    TRY(url_form_add(&form, "sign", signature));
    *ret_form = url_form_encode(&form, arena);
    ENSURE(*ret_form, ERROR_OUT_OF_ROOM);
    return OK;
}
