#include "relay/gateways.h"

#include <stdlib.h>

#include "base/secret.h"

void gateways_free(struct gateways *gateways)
{
    if (!gateways) return;
    sink_free(gateways->sms);
    sms_gateway_free(gateways->sms_gateway);
    sink_free(gateways->email);
    wechat_free(gateways->wechat);
    alipay_free(gateways->alipay);
    tax_free(gateways->tax);
    ems_free(gateways->ems);
    secret_wipe(gateways->smtp_password, sizeof gateways->smtp_password);
    arena_free(gateways->arena);
    free(gateways);
}

static struct result sms(struct gateways *g, struct work *work, const void *ask, void *ret_answer)
{
    if (g->sms_gateway) return sms_gateway_send(g->sms_gateway, work, ask, ret_answer);
    if (!g->sms) return diag_log(work->diag, ERROR_NOT_SUPPORTED, "no gateway for SMS is configured");
    return sms_sink_send(g->sms, work, ask, ret_answer);
}

static struct result email(struct gateways *g, struct work *work, const void *ask, void *ret_answer)
{
    if (!g->smtp.url && !g->email)
        return diag_log(work->diag, ERROR_NOT_SUPPORTED, "no gateway for e-mail is configured");
    return smtp_send(&g->smtp, work, ask, ret_answer);
}

/* ---- payment: one interface, a line for each gateway ---- */

#define METHOD_OF(what, type)                                                                                          \
    static struct result what(struct gateways *g, struct work *work, const void *ask, void *ret_answer)                \
    {                                                                                                                  \
        const char *method = ((const struct type *)ask)->method;                                                       \
        if (g->wechat && text_equal(method, "wechat")) return wechat_##what(g->wechat, work, ask, ret_answer);         \
        if (g->alipay && text_equal(method, "alipay")) return alipay_##what(g->alipay, work, ask, ret_answer);         \
        return FAIL(ERROR_RELAY_METHOD);                                                                               \
    }

METHOD_OF(order, relay_order)
METHOD_OF(query, relay_query)
METHOD_OF(close, relay_query)
METHOD_OF(refund, relay_refund)
METHOD_OF(callback, relay_callback)
METHOD_OF(bill, relay_bill_ask)

static struct result invoice(struct gateways *g, struct work *work, const void *ask, void *ret_answer)
{
    ENSURE(g->tax, ERROR_RELAY_TAX_NONE);
    return tax_invoice(g->tax, work, ask, ret_answer);
}

static struct result invoice_file(struct gateways *g, struct work *work, const void *ask, void *ret_answer)
{
    ENSURE(g->tax, ERROR_RELAY_TAX_NONE);
    return tax_file(g->tax, work, ask, ret_answer);
}

/* ---- couriers: one so far ---- */

#define COURIER(what, type)                                                                                            \
    static struct result parcel_##what(struct gateways *g, struct work *work, const void *ask, void *ret_answer)       \
    {                                                                                                                  \
        ENSURE(g->ems, ERROR_RELAY_COURIER_NONE);                                                                      \
        return ems_##what(g->ems, work, ask, ret_answer);                                                              \
    }

COURIER(order, relay_parcel)
COURIER(track, relay_parcel_ask)

static const struct gateways_route routes[] = {
    { RELAY_SMS, LANE_SMS, &relay_notice_shape, &relay_sent_shape, sms },
    { RELAY_EMAIL, LANE_EMAIL, &relay_notice_shape, &relay_sent_shape, email, true },
    { RELAY_ORDER, LANE_PAYMENT, &relay_order_shape, &relay_ordered_shape, order },
    { RELAY_QUERY, LANE_PAYMENT, &relay_query_shape, &relay_payment_shape, query },
    { RELAY_CLOSE, LANE_PAYMENT, &relay_query_shape, &relay_payment_shape, close },
    { RELAY_REFUND, LANE_PAYMENT, &relay_refund_shape, &relay_payment_shape, refund },
    { RELAY_CALLBACK, LANE_CALLBACK, &relay_callback_shape, &relay_payment_shape, callback },
    { RELAY_INVOICE, LANE_TAX, &relay_invoice_shape, &relay_invoiced_shape, invoice },
    { RELAY_INVOICE_FILE, LANE_TAX, &relay_invoice_file_shape, &relay_file_shape, invoice_file, true },
    { RELAY_PARCEL_ORDER, LANE_COURIER, &relay_parcel_shape, &relay_parcel_taken_shape, parcel_order },
    { RELAY_PARCEL_TRACK, LANE_COURIER, &relay_parcel_ask_shape, &relay_parcel_way_shape, parcel_track },
    { RELAY_BILL, LANE_BILL, &relay_bill_ask_shape, &relay_bill_shape, bill },
};

const struct gateways_route *gateways_route(uint16_t type)
{
    for (size_t i = 0; i < COUNT(routes); i++)
        if (routes[i].type == type) return &routes[i];
    return NULL;
}
