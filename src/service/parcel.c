#include "service/parcel.h"

#include "base/random.h"
#include "ipc/relay_api.h"
#include "service/evidence.h"
#include "service/shipment.h"

enum { ARENA_MAX = 1024 * 1024, RELAY_MS = 20000 };

struct result parcel_get(struct tx *tx, const struct act *act, const char *number,
                         struct parcel_row *ret_parcel)
{
    struct key_row key = { .key = number };
    return tx_one(tx, STATEMENT_PARCEL_GET, RECORD(key_row_shape, &key), act->arena, &parcel_row_shape,
                  ret_parcel);
}

/* ---- ordering ---- */

struct ordering {
    const struct act *act;
    const char *number;
    const char *fresh; /* drawn before the closure */
    struct application_row row;
    struct parcel_row parcel;
};

/* One that was asked for and never told of is asked for again under the same number. */
static struct result begin(struct tx *tx, void *context)
{
    struct ordering *o = context;
    const struct act *act = o->act;
    struct operator_row operator;
    TRY(evidence_role(tx, act, "producer", &operator));
    TRY(desk_load(tx, act, o->number, &o->row));
    ENSURE(text_equal(o->row.state, state_name(STATE_PRODUCED)), ERROR_APPLICATION_STATE);
    struct result known = parcel_get(tx, act, o->number, &o->parcel);
    if (failed(known) && known.code != ERROR_NOT_FOUND) return known;
    if (!failed(known) && !o->parcel.waybill && o->parcel.order_number) return OK;
    o->parcel = (struct parcel_row){
        .application = o->number, .order_number = o->fresh, .state = "asked", .asked_s = act->now_s
    };
    TRY(tx_run(tx, STATEMENT_PARCEL_DELETE, RECORD(parcel_row_shape, &o->parcel), NULL));
    return tx_run(tx, STATEMENT_PARCEL_INSERT, RECORD(parcel_row_shape, &o->parcel), NULL);
}

struct result parcel_order(const struct act *act, const char *number, struct shipment_row *ret_shipment)
{
    const struct id id = random_id();
    struct ordering o = { .act = act, .number = number, .fresh = text_id(act->arena, &id) };
    struct ipc_call call = { RELAY_PARCEL_ORDER, &relay_parcel_shape, &relay_parcel_taken_shape, -1,
                             RELAY_MS };
    struct relay_parcel_taken taken;
    ENSURE(o.fresh, ERROR_OUT_OF_ROOM);
    TRY(store_write(act->service->store, begin, &o));
    const struct relay_parcel ask = { o.parcel.order_number, o.row.recipient, o.row.recipient_mobile,
                                      o.row.province,        o.row.address,   o.row.postcode };
    TRY(peers_ask(act->service->peers, PEER_RELAY, &call, &ask, act->arena, act->diag, &taken, NULL));
    ENSURE(taken.waybill, ERROR_RELAY_ANSWER);
    return shipment_add(act, number, "ems", taken.waybill, ask.order, ret_shipment);
}

struct result parcel_begin(struct tx *tx, const struct act *act, const struct shipment_row *shipment,
                           const char *order)
{
    int64_t every_s = act->service->settings.parcel_seconds;
    struct parcel_row parcel = { .application = shipment->application,
                                 .order_number = order,
                                 .waybill = shipment->waybill,
                                 .state = "ordered",
                                 .asked_s = act->now_s,
                                 .next_s = text_equal(shipment->carrier, "ems") ? act->now_s + every_s : 0 };
    TRY(tx_run(tx, STATEMENT_PARCEL_DELETE, RECORD(parcel_row_shape, &parcel), NULL));
    return tx_run(tx, STATEMENT_PARCEL_INSERT, RECORD(parcel_row_shape, &parcel), NULL);
}

/* ---- where it is ---- */

static int rank(const char *state)
{
    static const char *const states[] = { "ordered",    "collected", "moving",
                                          "delivering", "delivered", "returned" };
    for (size_t i = 0; i < COUNT(states); i++)
        if (text_equal(states[i], state)) return (int)i;
    return -1;
}

bool parcel_later(const char *state, int64_t at_s, const char *other, int64_t other_s)
{
    return at_s > other_s || (at_s == other_s && rank(state) > rank(other));
}

struct looking {
    const struct act *act;
    struct parcel_row row;
    struct relay_parcel_way way;
    struct result failure;
    bool changed;
};

static struct result take_events(struct looking *l)
{
    struct reader r = reader_of(l->way.events);
    for (int64_t i = 0; i < l->way.count; i++) {
        struct relay_parcel_event e;
        TRY(shape_read(&relay_parcel_event_shape, &r, l->act->arena, &e));
        if (!e.state || rank(e.state) < 0 || e.at_s > l->act->now_s + PARCEL_AHEAD_MAX_S) continue;
        if (!parcel_later(e.state, e.at_s, l->row.state, l->row.at_s)) continue;
        l->row.state = e.state;
        l->row.at_s = e.at_s;
        l->row.words = e.words;
        l->row.place = e.place;
        l->changed = true;
    }
    return reader_end(&r);
}

static int64_t pause_s(const struct looking *l)
{
    int64_t pause = l->act->service->settings.parcel_seconds;
    for (int64_t i = 0; i < l->row.tries && pause < PARCEL_PAUSE_MAX_S; i++) pause *= 2;
    return pause < PARCEL_PAUSE_MAX_S ? pause : PARCEL_PAUSE_MAX_S;
}

static struct result settle(struct tx *tx, void *context)
{
    struct looking *l = context;
    struct parcel_row now;
    TRY(parcel_get(tx, l->act, l->row.application, &now));
    if (!text_equal(now.waybill, l->row.waybill)) return OK; /* another parcel goes there meanwhile */
    l->row = now;
    l->changed = false;
    if (!failed(l->failure)) TRY(take_events(l));
    const char *said = l->act->diag->detail;
    l->row.trouble = !failed(l->failure) ? NULL : *said ? said : error_find(l->failure.code)->zh;
    l->row.tries = failed(l->failure) ? l->row.tries + 1 : 0;
    bool over = text_equal(l->row.state, "delivered") || text_equal(l->row.state, "returned") ||
                l->act->now_s - l->row.asked_s > PARCEL_LOOKED_FOR_S;
    /* Nobody to ask: waybills are entered and looked for by people. */
    bool none = l->failure.code == ERROR_RELAY_COURIER_NONE;
    if (none) l->row.trouble = NULL;
    l->row.next_s = over || none ? 0 : l->act->now_s + pause_s(l);
    return tx_change(tx, STATEMENT_PARCEL_UPDATE, RECORD(parcel_row_shape, &l->row));
}

static struct result look_at(const struct act *act, const struct parcel_row *row)
{
    struct looking l = { .act = act, .row = *row };
    struct ipc_call call = { RELAY_PARCEL_TRACK, &relay_parcel_ask_shape, &relay_parcel_way_shape, -1,
                             RELAY_MS };
    const struct relay_parcel_ask ask = { row->waybill };
    l.failure = peers_ask(act->service->peers, PEER_RELAY, &call, &ask, act->arena, act->diag, &l.way, NULL);
    TRY(store_write(act->service->store, settle, &l));
    if (l.changed) desk_publish(act, l.row.application, EVENT_SHIP);
    /* What the courier says is shown where the parcel is; the log is told when it cannot be asked. */
    bool said = l.failure.code == ERROR_RELAY_COURIER_NONE || l.failure.code == ERROR_RELAY_REFUSED;
    return said ? OK : l.failure;
}

struct result parcel_work(struct service *service, size_t *ret_count)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct act act = service_act(service, arena, NULL);
    struct key_row key = { .at_s = act.now_s, .limit_count = PARCEL_BATCH };
    struct result last = OK;
    void *rows;
    TRY(store_list(service->store, STATEMENT_PARCEL_LIST_DUE, RECORD(key_row_shape, &key), arena,
                   &parcel_row_shape, PARCEL_BATCH, &rows, ret_count));
    for (size_t i = 0; i < *ret_count; i++) {
        struct diag diag = { 0 };
        act.diag = &diag;
        struct result r = look_at(&act, (const struct parcel_row *)rows + i);
        if (failed(r)) last = r; /* the others are looked for all the same */
    }
    return last;
}
