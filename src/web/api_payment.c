/* Payments (R-FEE-2, R-FEE-3): opened by holders, told by the gateway. */
#include "service/refund.h"
#include "service/transfer.h"

#include "web/api_desk.h"

static struct result show(struct call *call, const struct payment_row *row, struct api_payment *ret_answer)
{
    bool back = text_equal(row->state, "refunding") || text_equal(row->state, "refunded");
    *ret_answer = (struct api_payment){ .order = row->order_number, .method = row->method,
                                        .amount_fen = row->amount_fen,
                                        .state = row->state, .code_url = row->code_url, .page_url = row->page_url,
                                        .expires_s = row->expires_s,
                                        .paid_s = row->paid_s, .application = row->application,
                                        .transaction = row->transaction_number, .refunded_s = row->refunded_s,
                                        .reference = row->reference, .received_fen = row->received_fen };
    if (back) ret_answer->refund = payment_refund_number(call->arena, row->order_number);
    ENSURE(!back || ret_answer->refund, ERROR_OUT_OF_ROOM);
    if (call->principal.kind != PRINCIPAL_OPERATOR) return OK;
    ret_answer->tries = row->tries;
    ret_answer->next_s = row->next_s;
    ret_answer->trouble = row->trouble;
    ret_answer->refused_s = row->refused_s;
    return OK;
}

static struct result answer_payment(struct call *call, const struct payment_row *row)
{
    struct api_payment answer;
    TRY(show(call, row, &answer));
    return answer_record(call, &api_payment_shape, &answer);
}

static struct result answer_payments(struct call *call, const struct payment_row *rows, size_t count, const char *next)
{
    struct api_payment *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) TRY(show(call, &rows[i], &answer[i]));
    return answer_list(call, &api_payment_shape, answer, count, next);
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

struct result api_payment_list(struct call *call)
{
    struct act act = app_act(call);
    struct payment_row *rows;
    size_t count;
    TRY(payment_list(&act, call_text(call, "number"), &rows, &count));
    return answer_payments(call, rows, count, NULL);
}

struct result api_review_payments(struct call *call)
{
    return api_payment_list(call);
}

struct result api_console_payment_list(struct call *call)
{
    struct act act = app_act(call);
    struct payment_row *rows;
    size_t count;
    const char *next, *state = call_text(call, "state");
    TRY(payment_list_in(&act, state ? state : "refunding", call_text(call, "after"), &rows, &count, &next));
    return answer_payments(call, rows, count, next);
}

struct result api_payment_receive(struct call *call)
{
    const struct api_payment_receipt *asked = call->body;
    struct act act = app_act(call);
    struct transfer_receipt receipt = { .order = call_text(call, "order"), .booking = asked->booking,
                                        .amount_fen = asked->amount_fen, .received_s = asked->received_s,
                                        .back = asked->back };
    struct payment_row row;
    TRY(transfer_receive(&act, &receipt, &row));
    return answer_payment(call, &row);
}

struct result api_payment_return(struct call *call)
{
    const struct api_payment_return *asked = call->body;
    struct act act = app_act(call);
    struct payment_row row;
    TRY(refund_return(&act, call_text(call, "order"), asked->booking, &row));
    return answer_payment(call, &row);
}

struct result api_payment_retry(struct call *call)
{
    struct act act = app_act(call);
    struct payment_row row;
    TRY(refund_retry(&act, call_text(call, "order"), &row));
    return answer_payment(call, &row);
}

/* ---- refunds after the issue ---- */

static struct api_refund show_refund(const struct call *call, const struct refund_row *row)
{
    return (struct api_refund){ .id = row->id, .order = row->order_number, .application = row->application,
                                .amount_fen = row->amount_fen, .words = row->words, .state = row->state,
                                .asked_by = row->asked_by, .asked_s = row->asked_s, .decided_by = row->decided_by,
                                .decided_s = row->decided_s, .decided_words = row->decided_words,
                                .own = text_equal(row->asked_by_id, call->principal.serial) };
}

struct result api_refund_new(struct call *call)
{
    const struct api_refund_new *asked = call->body;
    struct act act = app_act(call);
    struct refund_row row;
    TRY(refund_ask(&act, call_text(call, "order"), asked->words, &row));
    struct api_refund answer = show_refund(call, &row);
    return answer_record(call, &api_refund_shape, &answer);
}

struct result api_refund_list(struct call *call)
{
    struct act act = app_act(call);
    struct refund_row *rows;
    size_t count;
    const char *next;
    TRY(refund_list(&act, call_text(call, "after"), &rows, &count, &next));
    struct api_refund *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) answer[i] = show_refund(call, &rows[i]);
    return answer_list(call, &api_refund_shape, answer, count, next);
}

struct result api_refund_decide(struct call *call)
{
    const struct api_refund_decision *asked = call->body;
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct refund_row row;
    TRY(refund_decide(&act, &id, text_equal(asked->decision, "approve"), asked->words, &row));
    struct api_refund answer = show_refund(call, &row);
    return answer_record(call, &api_refund_shape, &answer);
}

/* ---- callbacks ---- */

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

/* The form is signed as it stands; Alipay tells again until it is answered this word. */
struct result api_alipay_callback(struct call *call)
{
    struct act act = app_act(call);
    struct relay_callback callback = { .method = "alipay", .body = call->raw };
    TRY(payment_callback(&act, &callback));
    return answer_text(call, "success");
}
