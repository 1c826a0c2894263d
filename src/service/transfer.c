#include "service/transfer.h"

#include "base/fault.h"
#include "base/random.h"
#include "service/audit.h"

enum { REFERENCE_DIGITS_END = 1000000000 };

bool transfer_offered(const struct service *service)
{
    const struct service_settings *s = &service->settings;
    return s->transfer_name && s->transfer_account && s->transfer_bank;
}

struct result transfer_begin(const struct act *act, struct payment_row *payment)
{
    uint8_t random[8];
    random_fill(random, sizeof random);
    struct reader r = reader_of(BYTES(random));
    uint64_t number = read_u64(&r) % REFERENCE_DIGITS_END;
    payment->reference = arena_format(act->arena, "HF%09llu", (unsigned long long)number);
    ENSURE(payment->reference, ERROR_OUT_OF_ROOM);
    payment->expires_s = payment->next_s = act->now_s + PAYMENT_TRANSFER_S;
    return OK;
}

static const char *yuan(struct arena *arena, int64_t fen)
{
    return arena_format(arena, "%lld.%02lld", (long long)(fen / 100), (long long)(fen % 100));
}

static struct result find(struct tx *tx, const struct act *act, const char *order, struct payment_row *ret_payment)
{
    struct key_row key = { .key = order };
    struct payment_row row;
    struct result r = tx_one(tx, STATEMENT_PAYMENT_GET, RECORD(key_row_shape, &key), act->arena, &payment_row_shape,
                             &row);
    ENSURE(r.code != ERROR_NOT_FOUND, ERROR_PAYMENT_NONE);
    TRY(r);
    ENSURE(text_equal(row.method, TRANSFER_METHOD), ERROR_PAYMENT_METHOD);
    *ret_payment = row;
    return OK;
}

/* ---- what has come ---- */

struct receiving {
    const struct act *act;
    const struct transfer_receipt *receipt;
    struct payment_row payment;
    bool applied;
};

static struct result other_amount(struct tx *tx, struct receiving *r)
{
    const struct act *act = r->act;
    struct payment_row *p = &r->payment;
    int64_t more = r->receipt->amount_fen - p->amount_fen;
    const char *due = yuan(act->arena, p->amount_fen), *came = yuan(act->arena, r->receipt->amount_fen);
    const char *words = arena_format(act->arena, "%s 应收 %s 元，实收 %s 元", p->order_number, due, came);
    const char *differs = yuan(act->arena, more < 0 ? -more : more);
    ENSURE(due && came && words && differs, ERROR_OUT_OF_ROOM);
    if (!r->receipt->back)
        return diag_field(act->diag, ERROR_PAYMENT_AMOUNT, "amount_fen", "应收 %s 元，实收 %s 元，%s %s 元", due, came,
                          more < 0 ? "少" : "多", differs);
    struct application_row row;
    p->received_fen = r->receipt->amount_fen;
    TRY(tx_change(tx, STATEMENT_PAYMENT_SET_RECEIVED, RECORD(payment_row_shape, p)));
    TRY(audit_write(tx, act, "payment.other-amount", p->application, words));
    TRY(desk_load(tx, act, p->application, &row));
    return desk_tell(tx, act, &row, "transfer-other-amount");
}

static struct result receive(struct tx *tx, void *context)
{
    struct receiving *r = context;
    const struct act *act = r->act;
    struct key_row key = { .key = r->receipt->booking };
    struct payment_row booked, *p = &r->payment;
    r->applied = false;
    TRY(find(tx, act, r->receipt->order, p));
    struct result found = tx_one(tx, STATEMENT_PAYMENT_BOOKED, RECORD(key_row_shape, &key), act->arena,
                                 &payment_row_shape, &booked);
    if (!failed(found)) {
        ENSURE(text_equal(booked.order_number, p->order_number), ERROR_PAYMENT_BOOKED);
        return OK; /* entered again */
    }
    if (found.code != ERROR_NOT_FOUND) return found;
    ENSURE(text_equal(p->state, "open") || text_equal(p->state, "closed"), ERROR_PAYMENT_SETTLED);
    p->transaction_number = r->receipt->booking;
    p->paid_s = r->receipt->received_s;
    if (r->receipt->amount_fen != p->amount_fen) {
        TRY(other_amount(tx, r));
    } else {
        const struct relay_payment told = { .order = p->order_number, .transaction = r->receipt->booking,
                                            .state = "paid", .currency = "CNY", .amount_fen = r->receipt->amount_fen,
                                            .paid_s = r->receipt->received_s };
        TRY(payment_apply_in(tx, act, &told, &r->applied));
        TRY(audit_write(tx, act, "payment.received", p->application, p->order_number));
    }
    FAULT("web:transfer-received");
    return find(tx, act, r->receipt->order, p);
}

struct result transfer_receive(const struct act *act, const struct transfer_receipt *receipt,
                               struct payment_row *ret_payment)
{
    struct receiving r = { .act = act, .receipt = receipt };
    if (receipt->received_s > act->now_s)
        return diag_field(act->diag, ERROR_FIELD_RANGE, "received_s", "到账时间不能晚于现在");
    TRY(store_write(act->service->store, receive, &r));
    if (r.applied) desk_publish(act, r.payment.application, EVENT_PAID);
    *ret_payment = r.payment;
    return OK;
}
