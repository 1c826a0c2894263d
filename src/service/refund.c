#include "service/refund.h"

#include "base/fault.h"
#include "base/random.h"
#include "service/audit.h"
#include "service/evidence.h"
#include "service/invoice.h"
#include "service/page.h"
#include "service/transfer.h"

static struct result find_payment(struct tx *tx, const struct act *act, const char *order,
                                  struct payment_row *ret_payment)
{
    struct key_row key = { .key = order };
    struct result r = tx_one(tx, STATEMENT_PAYMENT_GET, RECORD(key_row_shape, &key), act->arena, &payment_row_shape,
                             ret_payment);
    return r.code == ERROR_NOT_FOUND ? FAIL(ERROR_PAYMENT_NONE) : r;
}

/* ---- what the gateway refuses for good ---- */

struct settling {
    const struct act *act;
    const char *order, *booking;
    struct payment_row payment;
};

static struct result retry(struct tx *tx, void *context)
{
    struct settling *s = context;
    struct payment_row *p = &s->payment;
    TRY(find_payment(tx, s->act, s->order, p));
    ENSURE(text_equal(p->state, "refunding") && p->refused_s, ERROR_REFUND_NO_CASE);
    p->refused_s = p->tries = p->next_s = 0;
    p->trouble = NULL;
    TRY(tx_change(tx, STATEMENT_PAYMENT_SET_STATE, RECORD(payment_row_shape, p)));
    return audit_write(tx, s->act, "payment.retry", p->application, p->order_number);
}

struct result refund_retry(const struct act *act, const char *order, struct payment_row *ret_payment)
{
    struct settling s = { .act = act, .order = order };
    TRY(store_write(act->service->store, retry, &s));
    if (act->service->wake) act->service->wake(act->service->web, "payments");
    *ret_payment = s.payment;
    return OK;
}

static struct result give_back(struct tx *tx, void *context)
{
    struct settling *s = context;
    const struct act *act = s->act;
    struct payment_row *p = &s->payment;
    struct application_row row;
    TRY(find_payment(tx, act, s->order, p));
    bool by_hand = text_equal(p->method, TRANSFER_METHOD) || p->refused_s;
    ENSURE(by_hand, ERROR_PAYMENT_METHOD);
    ENSURE(text_equal(p->state, "refunding"), ERROR_PAYMENT_SETTLED);
    p->state = "refunded";
    p->refunded_s = act->now_s;
    TRY(tx_change(tx, STATEMENT_PAYMENT_SET_STATE, RECORD(payment_row_shape, p)));
    FAULT("web:transfer-returned");
    const char *words = arena_format(act->arena, "%s 退回流水号 %s", p->order_number, s->booking);
    ENSURE(words, ERROR_OUT_OF_ROOM);
    TRY(audit_write(tx, act, "payment.returned", p->application, words));
    TRY(desk_load(tx, act, p->application, &row));
    return desk_tell(tx, act, &row, "transfer-returned");
}

struct result refund_return(const struct act *act, const char *order, const char *booking,
                            struct payment_row *ret_payment)
{
    struct settling s = { .act = act, .order = order, .booking = booking };
    TRY(store_write(act->service->store, give_back, &s));
    desk_publish(act, s.payment.application, EVENT_PAID);
    *ret_payment = s.payment;
    return OK;
}

/* ---- after the issue: asking ---- */

struct asking {
    const struct act *act;
    const char *order;
    struct refund_row row;
};

static bool is_issued(const struct application_row *row)
{
    enum state state;
    return !failed(state_find(row->state, &state)) && state >= STATE_ISSUED && state <= STATE_DONE;
}

static struct result insert(struct tx *tx, void *context)
{
    struct asking *a = context;
    const struct act *act = a->act;
    struct payment_row p;
    struct application_row application;
    TRY(find_payment(tx, act, a->order, &p));
    TRY(desk_load(tx, act, p.application, &application));
    ENSURE(text_equal(p.state, "paid"), ERROR_PAYMENT_SETTLED);
    ENSURE(is_issued(&application), ERROR_REFUND_EARLY);
    a->row.application = p.application;
    a->row.amount_fen = p.amount_fen;
    struct result r = tx_run(tx, STATEMENT_REFUND_INSERT, RECORD(refund_row_shape, &a->row), NULL);
    ENSURE(r.code != ERROR_STORE_EXISTS, ERROR_REFUND_WAITS);
    TRY(r);
    return audit_write(tx, act, "refund.ask", p.application, a->row.words);
}

struct result refund_ask(const struct act *act, const char *order, const char *words, struct refund_row *ret_refund)
{
    struct asking a = { .act = act, .order = order,
                        .row = { .id = random_id_rising(), .order_number = order, .words = words, .state = "waiting",
                                 .asked_by = act->name, .asked_by_id = act->serial, .asked_s = act->now_s } };
    TRY(store_write(act->service->store, insert, &a));
    *ret_refund = a.row;
    return OK;
}

static const struct page_list refunds = PAGE_LIST(STATEMENT_REFUND_LIST, refund_row, asked_s, REFUND_PAGE);

struct result refund_list(const struct act *act, const char *after, struct refund_row **ret_rows, size_t *ret_count,
                          const char **ret_next)
{
    struct key_row key;
    void *rows;
    TRY(page_by_time(after, REFUND_PAGE, act->diag, &key));
    TRY(page_read(act->service->store, &refunds, RECORD(key_row_shape, &key), act->arena, &rows, ret_count, ret_next));
    *ret_rows = rows;
    return OK;
}

/* ---- after the issue: deciding ---- */

struct deciding {
    const struct act *act;
    struct id id;
    bool approve;
    const char *words;
    struct refund_row row;
};

static struct result decide(struct tx *tx, void *context)
{
    struct deciding *d = context;
    const struct act *act = d->act;
    struct key_row key = { .id = d->id };
    struct refund_row *row = &d->row;
    TRY(tx_one(tx, STATEMENT_REFUND_GET, RECORD(key_row_shape, &key), act->arena, &refund_row_shape, row));
    ENSURE(text_equal(row->state, "waiting"), ERROR_REFUND_DECIDED);
    ENSURE(!evidence_same_person(act, row->asked_by, row->asked_by_id), ERROR_REFUND_OWN); /* two people */
    row->state = d->approve ? "approved" : "rejected";
    row->decided_by = act->name;
    row->decided_by_id = act->serial;
    row->decided_s = act->now_s;
    row->decided_words = d->words;
    struct result r = tx_change(tx, STATEMENT_REFUND_DECIDE, RECORD(refund_row_shape, row));
    ENSURE(r.code != ERROR_STORE_CONFLICT, ERROR_REFUND_DECIDED);
    TRY(r);
    if (d->approve) {
        key.key = row->order_number;
        r = tx_change(tx, STATEMENT_PAYMENT_REFUND_ONE, RECORD(key_row_shape, &key));
        ENSURE(r.code != ERROR_STORE_CONFLICT, ERROR_PAYMENT_SETTLED);
        TRY(r);
        TRY(invoice_take_back(tx, act, row->application));
    }
    return audit_write(tx, act, d->approve ? "refund.approve" : "refund.reject", row->application, d->words);
}

struct result refund_decide(const struct act *act, const struct id *id, bool approve, const char *words,
                            struct refund_row *ret_refund)
{
    struct deciding d = { .act = act, .id = *id, .approve = approve, .words = words };
    TRY(store_write(act->service->store, decide, &d));
    desk_publish(act, d.row.application, EVENT_PAID);
    if (approve && act->service->wake) act->service->wake(act->service->web, "payments");
    *ret_refund = d.row;
    return OK;
}
