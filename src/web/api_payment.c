/* Payments (R-FEE-2, R-FEE-3): opened by holders, told by the gateway. */
#include "service/payment.h"

#include "web/api_desk.h"

static struct result answer_payment(struct call *call, const struct payment_row *row)
{
    struct api_payment answer = { .order = row->order_number, .method = row->method, .amount_fen = row->amount_fen,
                                  .state = row->state, .code_url = row->code_url, .expires_s = row->expires_s,
                                  .paid_s = row->paid_s };
    return answer_record(call, &api_payment_shape, &answer);
}

struct result api_payment_new(struct call *call)
{
    const struct api_payment_new *asked = call->body;
    struct act act = app_act(call);
    struct payment_row row;
    TRY(payment_open(&act, call_text(call, "number"), asked->method, &row));
    return answer_payment(call, &row);
}

struct result api_payment_get(struct call *call)
{
    struct act act = app_act(call);
    struct payment_row row;
    TRY(payment_get(&act, call_text(call, "number"), &row));
    return answer_payment(call, &row);
}

struct result api_wechat_callback(struct call *call)
{
    struct act act = app_act(call);
    struct relay_callback callback = { .method = "wechat",
                                       .timestamp = call_header(call, "Wechatpay-Timestamp"),
                                       .nonce = call_header(call, "Wechatpay-Nonce"),
                                       .signature = call_header(call, "Wechatpay-Signature"),
                                       .serial = call_header(call, "Wechatpay-Serial"),
                                       .body = call->raw };
    TRY(payment_callback(&act, &callback));
    return answer_empty(call, call->operation->status);
}
