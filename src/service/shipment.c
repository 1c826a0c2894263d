#include "service/shipment.h"

#include "service/audit.h"
#include "service/evidence.h"
#include "service/parcel.h"

struct sending {
    const struct act *act;
    const char *number, *order;
    struct shipment_row shipment;
    struct parcel_row parcel;
};

static struct result send(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    const struct sending *s = step->own;
    struct operator_row operator;
    TRY(evidence_role(tx, step->act, "producer", &operator));
    /* One that was lost in the post is told of by the audit trail. */
    TRY(tx_run(tx, STATEMENT_SHIPMENT_DELETE, RECORD(shipment_row_shape, &s->shipment), NULL));
    TRY(tx_run(tx, STATEMENT_RECEIPT_DELETE, RECORD(shipment_row_shape, &s->shipment), NULL));
    TRY(tx_run(tx, STATEMENT_SHIPMENT_INSERT, RECORD(shipment_row_shape, &s->shipment), NULL));
    return parcel_begin(tx, step->act, &s->shipment, s->order);
}

struct result shipment_add(const struct act *act, const char *number, const char *carrier, const char *waybill,
                           const char *order, struct shipment_row *ret_shipment)
{
    struct sending s = { .act = act, .number = number, .order = order };
    s.shipment = (struct shipment_row){ .application = number, .carrier = carrier, .waybill = waybill,
                                        .shipped_s = act->now_s };
    struct desk_step step = { .act = act, .number = number, .event = EVENT_SHIP, .detail = waybill, .prepare = send,
                              .own = &s };
    TRY(desk_take(&step));
    *ret_shipment = s.shipment;
    return OK;
}

struct labelling {
    const struct act *act;
    const char *number;
    struct application_row row;
};

static struct result look_at_label(struct tx *tx, void *context)
{
    struct labelling *l = context;
    struct operator_row operator;
    TRY(evidence_role(tx, l->act, "producer", &operator));
    TRY(desk_load(tx, l->act, l->number, &l->row));
    ENSURE(text_equal(l->row.state, state_name(STATE_PRODUCED)), ERROR_APPLICATION_STATE);
    return audit_write(tx, l->act, "label.look", l->number, "查看收件人手机号");
}

struct result shipment_label(const struct act *act, const char *number, struct application_row *ret_row)
{
    struct labelling l = { .act = act, .number = number };
    TRY(store_write(act->service->store, look_at_label, &l));
    *ret_row = l.row;
    return OK;
}

static struct result get(struct tx *tx, void *context)
{
    struct sending *s = context;
    struct key_row params = { .key = s->number };
    struct application_row row;
    TRY(desk_look(tx, s->act, s->number, &row));
    struct result r = tx_one(tx, STATEMENT_SHIPMENT_GET, RECORD(key_row_shape, &params), s->act->arena,
                             &shipment_row_shape, &s->shipment);
    ENSURE(r.code != ERROR_NOT_FOUND, ERROR_SHIPMENT_NONE);
    TRY(r);
    r = parcel_get(tx, s->act, s->number, &s->parcel);
    return r.code == ERROR_NOT_FOUND ? OK : r;
}

struct result shipment_get(const struct act *act, const char *number, struct shipment_row *ret_shipment,
                           struct parcel_row *ret_parcel)
{
    struct sending s = { .act = act, .number = number };
    TRY(store_read(act->service->store, get, &s));
    *ret_shipment = s.shipment;
    *ret_parcel = s.parcel;
    return OK;
}
