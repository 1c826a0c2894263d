/* The USBKey's way to its holder (R-SHIP-1), and its receipt (R-SHIP-3). */
#include "service/parcel.h"
#include "service/receipt.h"
#include "service/shipment.h"

#include "web/api_desk.h"

static struct result answer_shipment(struct call *call, const struct shipment_row *row, const struct parcel_row *parcel,
                                     const char *trouble)
{
    struct api_shipment answer = { .carrier = row->carrier, .waybill = row->waybill, .shipped_s = row->shipped_s };
    /* Of one that was entered by hand nothing is known before the courier's first event. */
    if (parcel && parcel->waybill && (parcel->order_number || parcel->at_s)) {
        answer.state = parcel->state;
        answer.state_s = parcel->at_s ? parcel->at_s : row->shipped_s;
        answer.words = parcel->words;
        answer.place = parcel->place;
    }
    answer.trouble = trouble;
    return answer_record(call, &api_shipment_shape, &answer);
}

struct result api_shipment_new(struct call *call)
{
    const struct api_shipment_new *asked = call->body;
    struct act act = app_act(call);
    struct shipment_row row;
    TRY(shipment_add(&act, call_text(call, "number"), asked->carrier, asked->waybill, NULL, &row));
    return answer_shipment(call, &row, NULL, NULL);
}

struct result api_shipment_label(struct call *call)
{
    struct act act = app_act(call);
    struct application_row row;
    TRY(shipment_label(&act, call_text(call, "number"), &row));
    struct api_label answer = { .recipient = row.recipient, .recipient_mobile = row.recipient_mobile,
                                .province = row.province, .address = row.address, .postcode = row.postcode };
    return answer_record(call, &api_label_shape, &answer);
}

struct result api_shipment_get(struct call *call)
{
    struct act act = app_act(call);
    struct shipment_row row;
    struct parcel_row parcel;
    TRY(shipment_get(&act, call_text(call, "number"), &row, &parcel));
    return answer_shipment(call, &row, &parcel, NULL);
}

struct result api_review_shipment(struct call *call)
{
    struct act act = app_act(call);
    struct shipment_row row;
    struct parcel_row parcel;
    TRY(shipment_get(&act, call_text(call, "number"), &row, &parcel));
    return answer_shipment(call, &row, &parcel, parcel.trouble);
}

struct result api_receipt_code_send(struct call *call)
{
    struct act act = app_act(call);
    return receipt_code(&act, call_text(call, "number"));
}

struct result api_receipt_confirm(struct call *call)
{
    const struct api_receipt_confirm *asked = call->body;
    struct act act = app_act(call);
    struct application_row row;
    TRY(receipt_confirm(&act, call_text(call, "number"), asked->code, &row));
    return desk_answer(call, &row);
}

struct result api_parcel_order(struct call *call)
{
    struct act act = app_act(call);
    struct shipment_row row;
    TRY(parcel_order(&act, call_text(call, "number"), &row));
    return answer_shipment(call, &row, NULL, NULL);
}
