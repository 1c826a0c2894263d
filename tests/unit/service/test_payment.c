/* Payments: R-FEE-2 to R-FEE-6, the rules without a gateway; tests/api has them with one. */
#include "counter.h"
#include "desk_tests.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/calendar.h"
#include "service/refund.h"
#include "service/transfer.h"

static struct act system_act(struct counter *c)
{
    c->office->diag = (struct diag){ 0 };
    return service_act(&c->office->service, c->office->arena, &c->office->diag);
}

/* R-FEE-3: marked for the right order, amount and currency only. */
static void what_marks_a_payment_as_paid(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    struct payment_row order = counter_order(c, row.number);
    struct relay_payment good = counter_told(&order), bad[6] = { good, good, good, good, good, good };
    bool applied;
    bad[0].amount_fen = order.amount_fen - 1;
    bad[1].amount_fen = 100 * order.amount_fen;
    bad[2].currency = "USD";
    bad[3].currency = NULL;
    bad[4].transaction = NULL;
    bad[5].order = "20261124000000010Pzzzzzzzz";
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct act act = system_act(c);
        assert_error(payment_apply(&act, &bad[i], &applied), ERROR_PAYMENT_CALLBACK);
        assert_string_not_equal(c->office->diag.log, "");
        assert_string_equal(counter_payment(c, order.order_number).state, "open");
    }
    struct relay_payment unpaid = good;
    unpaid.state = "unpaid";
    struct act act = system_act(c);
    assert_ok(payment_apply(&act, &unpaid, &applied));
    assert_false(applied);
    assert_string_equal(counter_get(c, row.number).state, "awaiting-payment");
    assert_ok(payment_apply(&act, &good, &applied));
    assert_true(applied);
    assert_string_equal(counter_payment(c, order.order_number).state, "paid");
    row = counter_get(c, row.number);
    assert_string_equal(row.state, "in-review");
    assert_int_equal(row.started_s, OFFICE_NOW);
    assert_int_equal(row.due_s, calendar_add(c->calendar, OFFICE_NOW, 3 * calendar_day_s(c->calendar)));
}

/* R-FEE-3: told again it changes nothing. */
static void told_again(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    struct payment_row order = counter_order(c, row.number);
    counter_pay(c, &order);
    row = counter_get(c, row.number);
    for (int i = 0; i < 3; i++) {
        struct act act = system_act(c);
        struct relay_payment told = counter_told(&order);
        bool applied;
        assert_ok(payment_apply(&act, &told, &applied));
        assert_false(applied);
    }
    assert_int_equal(counter_get(c, row.number).version, row.version);
}

/* R-FEE-2: the order that is open serves again, until it is about to lapse. */
static void an_open_order_serves_again(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    struct payment_row first = counter_order(c, row.number), again = counter_order(c, row.number);
    assert_string_equal(first.order_number, again.order_number);
    assert_true(strlen(first.order_number) <= 32);
    assert_int_equal(first.amount_fen, 39900);
    office_pass(c->office, PAYMENT_LIFE_S - PAYMENT_FRESH_S + 1);
    struct payment_row second = counter_order(c, row.number);
    assert_string_not_equal(second.order_number, first.order_number);
    /* The first lapses at once, so that the job closes it at the gateway. */
    assert_true(counter_payment(c, first.order_number).expires_s <= c->office->clock.offset_s);
}

/* R-FEE-2: whoever changes the way of paying within a second is shown the way chosen last. */
static void the_latest_order_counts(void **state)
{
    static const char *const ways[] = { "wechat", "transfer" };
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    for (size_t i = 0; i < 8; i++) {
        struct act act = counter_holder(c);
        struct payment_row order, shown;
        bool fresh;
        assert_ok(payment_begin(&act, row.number, ways[i % COUNT(ways)], &order, &fresh));
        assert_true(fresh);
        assert_ok(payment_get(&act, row.number, &shown));
        assert_string_equal(shown.order_number, order.order_number);
    }
}

/* R-FEE-4: both orders paid: the fee counts once, the other goes back. */
static void nobody_pays_twice(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    struct payment_row first = counter_order(c, row.number);
    office_pass(c->office, PAYMENT_LIFE_S);
    struct payment_row second = counter_order(c, row.number);
    counter_pay(c, &second);
    counter_pay(c, &first);
    assert_string_equal(counter_payment(c, second.order_number).state, "paid");
    assert_string_equal(counter_payment(c, first.order_number).state, "refunding");
    assert_string_equal(counter_get(c, row.number).state, "in-review");
}

/* R-FEE-4, R-FEE-6: a withdrawal gives everything back, and what comes after it too. */
static void a_withdrawal_refunds(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    struct application_edit edit = { .number = row.number };
    struct payment_row order = counter_order(c, row.number);
    counter_pay(c, &order);
    struct act act = counter_holder(c);
    assert_ok(application_withdraw(&act, &edit, &row));
    assert_string_equal(counter_payment(c, order.order_number).state, "refunding");
    struct relay_payment back = counter_told(&order);
    back.state = "refunded";
    back.refund = payment_refund_number(c->office->arena, order.order_number);
    bool applied;
    act = system_act(c);
    /* What is no true refund of this order marks nothing. */
    struct relay_payment bad[] = { back, back, back, back };
    bad[0].refund = NULL;
    bad[1].refund = "20261124000000010Rzzzzzzzz";
    bad[2].amount_fen--;
    bad[3].currency = "USD";
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_error(payment_apply(&act, &bad[i], &applied), ERROR_PAYMENT_CALLBACK);
        assert_string_equal(counter_payment(c, order.order_number).state, "refunding");
    }
    /* The bank works on it. */
    struct relay_payment waits = back;
    waits.state = "refunding";
    assert_ok(payment_apply(&act, &waits, &applied));
    assert_false(applied);
    assert_ok(payment_apply(&act, &back, &applied));
    assert_true(applied);
    assert_string_equal(counter_payment(c, order.order_number).state, "refunded");
    assert_int_equal(counter_payment(c, order.order_number).refunded_s, OFFICE_NOW);
    /* The refund is told once. */
    assert_ok(payment_apply(&act, &back, &applied));
    assert_false(applied);
    struct notice_row *notices;
    size_t count = office_notices(c->office, &notices), refunds = 0;
    for (size_t i = 0; i < count; i++) refunds += text_equal(notices[i].template, "application-refunded");
    assert_int_equal(refunds, 2); /* SMS and e-mail */
}

/* R-FEE-4: money that comes when everything is over. */
static void money_that_comes_too_late(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    struct application_edit edit = { .number = row.number };
    struct payment_row order = counter_order(c, row.number);
    struct act act = counter_holder(c);
    assert_ok(application_withdraw(&act, &edit, &row));
    assert_true(counter_payment(c, order.order_number).expires_s <= OFFICE_NOW);
    counter_pay(c, &order);
    assert_string_equal(counter_payment(c, order.order_number).state, "refunding");
    assert_string_equal(counter_get(c, row.number).state, "withdrawn");
}

/* R-FEE-4: a rejection refunds. */
static void a_rejection_refunds(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    struct key_row key = { .key = row.number };
    struct payment_row order;
    counter_decide(c, row.number, false);
    assert_ok(store_one(c->office->service.store, STATEMENT_PAYMENT_LATEST, RECORD(key_row_shape, &key), c->office->arena,
                        &payment_row_shape, &order));
    assert_string_equal(order.state, "refunding");
}

/* R-FEE-3: what is paid while the applicant has gone back to correct something counts when it is submitted again. */
static void paid_while_being_corrected(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    struct application_edit edit = { .number = row.number };
    struct application_details details = counter_good_details();
    struct payment_row order = counter_order(c, row.number);
    struct act act = counter_holder(c);
    assert_ok(application_fill(&act, &edit, &details, &row));
    assert_string_equal(row.state, "draft");
    counter_pay(c, &order);
    assert_string_equal(counter_get(c, row.number).state, "draft");
    assert_string_equal(counter_submit(c, row.number).state, "in-review");
}

/* R-FEE-2: nothing is paid for that is not due. */
static void what_is_not_due_cannot_be_paid(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    struct payment_row order;
    struct act act = counter_holder(c);
    bool fresh;
    assert_error(payment_begin(&act, row.number, "wechat", &order, &fresh), ERROR_APPLICATION_STATE);
    assert_error(payment_get(&act, row.number, &order), ERROR_PAYMENT_NONE);
    act.account = office_account(c->office, "13800000002", office_numbers[1]).id;
    assert_error(payment_begin(&act, row.number, "wechat", &order, &fresh), ERROR_NOT_FOUND);
}

/* R-FEE-4: a refund has one number, whoever asks for it and however often. */
static void a_refund_has_one_number(void **state)
{
    struct counter *c = *state;
    const char *number = payment_refund_number(c->office->arena, "20261124000000010Pabcdefgh");
    assert_string_equal(number, "20261124000000010Rabcdefgh");
}

/* R-FEE-4: an order that is asked about again and again is asked less and less often, but never given up. */
static void the_gateway_is_asked_less_and_less_often(void **state)
{
    struct payment_row p = { .state = "refunding", .tries = 1 };
    assert_int_equal(payment_pause_s(&p), PAYMENT_ASK_S);
    p.tries = 3;
    assert_int_equal(payment_pause_s(&p), 4 * PAYMENT_ASK_S);
    p.tries = INT64_MAX;
    assert_int_equal(payment_pause_s(&p), PAYMENT_ASK_BACK_S);
    p.state = "open";
    assert_int_equal(payment_pause_s(&p), PAYMENT_ASK_OPEN_S);
    p.tries = 0;
    assert_int_equal(payment_pause_s(&p), PAYMENT_ASK_S);
}

/* R-FEE-4: what was given back at the gateway itself before it was heard of is over, and is not asked about for
 * ever. */
static void given_back_before_it_was_heard_of(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    struct payment_row order = counter_order(c, row.number);
    struct relay_payment back = counter_told(&order);
    struct act act = system_act(c);
    back.state = "refunded";
    assert_ok(payment_apply(&act, &back, NULL));
    assert_string_equal(counter_payment(c, order.order_number).state, "closed");
    assert_string_equal(counter_get(c, row.number).state, "awaiting-payment");
}

/* ---- interleavings: gateways and a bank that hold the money, and everything that may happen in any order ---- */

enum { ORDERS_MAX = 64, WAYS = 2000 };

/* A refund waits for the bank, then the money is back; BACK counts how often it left. */
struct gateway_order {
    const char *order, *method;
    int64_t amount_fen, created_s;
    bool opened; /* of Alipay: it has heard of the order */
    bool paid, closed, waits, refunded;
    int back;
};

struct gateway {
    struct counter *c;
    struct gateway_order orders[ORDERS_MAX];
    size_t count;
    uint32_t seed;
};

static uint32_t draw(struct gateway *g, uint32_t below)
{
    g->seed = g->seed * 1664525u + 1013904223u;
    return (g->seed >> 8) % below;
}

static struct gateway_order *any_order(struct gateway *g)
{
    return g->count ? &g->orders[draw(g, (uint32_t)g->count)] : NULL;
}

static bool by_transfer(const struct gateway_order *o)
{
    return text_equal(o->method, TRANSFER_METHOD);
}

static void event_order(struct gateway *g, const char *number)
{
    static const char *const ways[] = { "wechat", "alipay", TRANSFER_METHOD };
    const char *method = ways[draw(g, COUNT(ways))];
    struct act act = counter_holder(g->c);
    struct payment_row p;
    bool fresh;
    if (failed(payment_begin(&act, number, method, &p, &fresh)) || !fresh || g->count == ORDERS_MAX) return;
    g->orders[g->count++] = (struct gateway_order){ .order = p.order_number, .method = method,
                                                    .amount_fen = p.amount_fen, .created_s = p.created_s };
}

/* Finance enters what the bank has booked; WRONG: as another amount, which is refused unless it is to go back. */
static void enter(struct gateway *g, const struct gateway_order *o, bool wrong)
{
    const char *state = counter_payment(g->c, o->order).state;
    bool waits = text_equal(state, "open") || text_equal(state, "closed");
    struct transfer_receipt receipt = { .order = o->order, .booking = o->order, .received_s = OFFICE_NOW,
                                        .amount_fen = o->amount_fen + (wrong && waits ? 1 : 0) };
    struct payment_row p;
    struct act act = system_act(g->c);
    struct result r = transfer_receive(&act, &receipt, &p);
    assert_int_equal(r.code, wrong && waits ? ERROR_PAYMENT_AMOUNT : ERROR_NONE);
}

/* A callback as it should be, with a wrong amount, or in another currency; delivered or lost. */
static void event_callback(struct gateway *g)
{
    struct gateway_order *o = any_order(g);
    if (!o || !o->paid) return;
    if (by_transfer(o)) {
        enter(g, o, draw(g, 3) == 0);
        return;
    }
    struct act act = system_act(g->c);
    struct relay_payment told = { .order = o->order, .transaction = "4200001234", .state = "paid", .currency = "CNY",
                                  .amount_fen = o->amount_fen, .paid_s = OFFICE_NOW };
    uint32_t how = draw(g, 6);
    if (how == 0) told.amount_fen++;
    if (how == 1) told.currency = "USD";
    struct result r = payment_apply(&act, &told, NULL);
    assert_true(how < 2 ? failed(r) : !failed(r));
}

/* A person at the gateway: pays an order that is not closed there. */
static void event_pay(struct gateway *g)
{
    struct gateway_order *o = any_order(g);
    if (!o || o->closed) return;
    o->opened = true;
    if (draw(g, 4)) o->paid = true; /* else the page is only looked at */
}

/* The bank is done with a refund; the callback of it comes, perhaps twice, spoilt, or not at all. */
static void event_refund_callback(struct gateway *g)
{
    struct gateway_order *o = any_order(g);
    if (!o || !o->waits || by_transfer(o)) return;
    if (!o->refunded) o->back++;
    o->refunded = true;
    struct relay_payment told = { .order = o->order, .transaction = "4200001234", .state = "refunded", .currency = "CNY",
                                  .refund = payment_refund_number(g->c->office->arena, o->order),
                                  .amount_fen = o->amount_fen };
    uint32_t how = draw(g, 5);
    if (how == 0) return;
    if (how == 1) told.amount_fen--;
    if (how == 2) told.refund = "20261124000000010Rzzzzzzzz";
    struct act act = system_act(g->c);
    for (uint32_t i = 0; i < 2; i++) {
        const char *before = counter_payment(g->c, o->order).state;
        struct result r = payment_apply(&act, &told, NULL);
        if (how == 1 || how == 2) assert_string_equal(counter_payment(g->c, o->order).state, before);
        else assert_ok(r);
    }
}

/* What the job and finance do about a transfer. */
static void transfer_at(struct gateway *g, struct gateway_order *o)
{
    struct payment_row p = counter_payment(g->c, o->order), after;
    bool waits = text_equal(p.state, "open") || text_equal(p.state, "closed");
    struct act act = system_act(g->c);
    if (draw(g, 4) == 0) return; /* it is left for later */
    if (text_equal(p.state, "refunding")) {
        assert_true(o->paid);
        assert_ok(refund_return(&act, o->order, "R1", &after));
        o->back++;
        o->refunded = true;
        assert_error(refund_return(&act, o->order, "R2", &after), ERROR_PAYMENT_SETTLED); /* entered again */
    } else if (waits && o->paid) {
        enter(g, o, false);
    } else if (text_equal(p.state, "open") && p.expires_s <= g->c->office->clock.offset_s) {
        struct relay_payment told = { .order = o->order, .state = "closed", .currency = "CNY" };
        assert_ok(payment_apply(&act, &told, NULL));
    }
}

/* Whether the gateway closes it: Alipay's page can be opened until it has run out. */
static bool can_be_closed(const struct gateway *g, const struct gateway_order *o, const struct payment_row *p)
{
    int64_t now_s = g->c->office->clock.offset_s;
    if (o->paid || p->expires_s > now_s) return false;
    return !text_equal(o->method, "alipay") || o->opened ||
           now_s >= o->created_s + PAYMENT_LIFE_S + PAYMENT_FRESH_S;
}

/* The job: queries, closes what has lapsed, refunds. What the gateway does may happen though its answer is lost. */
static void job_at(struct gateway *g, struct gateway_order *o)
{
    if (by_transfer(o)) {
        transfer_at(g, o);
        return;
    }
    struct payment_row p = counter_payment(g->c, o->order);
    struct relay_payment told = { .order = o->order, .transaction = "4200001234", .currency = "CNY",
                                  .amount_fen = o->amount_fen, .paid_s = OFFICE_NOW };
    if (payment_ask(&p) == PAYMENT_REFUND) {
        assert_true(o->paid); /* nothing is given back that was not paid */
        if (draw(g, 3) == 0) o->waits = true; /* asked the first time, or again: one refund under one number */
        else if (!o->refunded) o->back++, o->waits = o->refunded = true;
        told.state = o->refunded ? "refunded" : "refunding";
        told.refund = payment_refund_number(g->c->office->arena, o->order);
    } else if (text_equal(p.state, "open")) {
        if (can_be_closed(g, o, &p)) o->closed = true;
        told.state = o->paid ? "paid" : o->closed ? "closed" : "unpaid";
    } else {
        return;
    }
    struct act act = system_act(g->c);
    if (draw(g, 4) == 0) return; /* a crash: what the gateway said is lost */
    assert_ok(payment_apply(&act, &told, NULL));
}

static void event_job(struct gateway *g)
{
    struct gateway_order *o = any_order(g);
    if (o) job_at(g, o);
}

static bool is_unsettled(struct gateway *g, size_t i)
{
    const struct gateway_order *o = &g->orders[i];
    const char *state = counter_payment(g->c, o->order).state;
    bool late = by_transfer(o) && o->paid && text_equal(state, "closed"); /* finance has it before it */
    return text_equal(state, "open") || text_equal(state, "refunding") || late;
}

static void event_person(struct gateway *g, const char *number)
{
    struct application_edit edit = { .number = number };
    struct application_details details = counter_good_details();
    struct application_row row;
    struct act act = counter_holder(g->c);
    switch (draw(g, 6)) {
    case 0: IGNORE(application_withdraw(&act, &edit, &row)); break; /* refused in some states */
    case 1: IGNORE(application_fill(&act, &edit, &details, &row)); break;
    case 2: office_pass(g->c->office, PAYMENT_LIFE_S); break;
    default: IGNORE(application_submit(&act, &edit, &row)); break;
    }
}

/* What must hold always: the money that counts is what the gateway holds for orders marked paid, once; and in a state
 * that is paid for, exactly the fee. */
static void check_money(struct gateway *g, const char *number)
{
    struct application_row row = counter_get(g->c, number);
    int64_t counted = 0;
    for (size_t i = 0; i < g->count; i++) {
        struct payment_row p = counter_payment(g->c, g->orders[i].order);
        if (text_equal(p.state, "paid")) {
            assert_true(g->orders[i].paid && !g->orders[i].refunded);
            counted += p.amount_fen;
        }
        if (text_equal(p.state, "refunded")) assert_true(g->orders[i].refunded);
        assert_true(g->orders[i].back <= 1); /* never twice */
    }
    assert_true(counted <= 39900);
    if (text_equal(row.state, "in-review")) assert_int_equal(counted, 39900);
    if (text_equal(row.state, "withdrawn")) assert_int_equal(counted, 0);
}

/* Everything that is lost is made good: in the end the CA holds the fee of what goes on, and nothing of what
 * does not. */
static void check_end(struct gateway *g, const char *number)
{
    int64_t now_s = g->c->office->clock.offset_s;
    office_pass(g->c->office, PAYMENT_TRANSFER_S);
    for (size_t i = 0; i < 12 * g->count; i++) event_job(g);
    for (size_t i = 0; i < g->count; i++)
        for (int n = 0; n < 64 && is_unsettled(g, i); n++) job_at(g, &g->orders[i]);
    int64_t held = 0, received = 0, returned = 0, counted = 0;
    for (size_t i = 0; i < g->count; i++) {
        const struct gateway_order *o = &g->orders[i];
        struct payment_row p = counter_payment(g->c, o->order);
        assert_false(is_unsettled(g, i));
        if (o->paid) received += o->amount_fen;
        returned += o->back * o->amount_fen;
        if (text_equal(p.state, "paid")) counted += p.amount_fen;
    }
    held = received - returned;
    assert_int_equal(counted, held); /* paid = received - refunded */
    struct application_row row = counter_get(g->c, number);
    if (text_equal(row.state, "withdrawn")) assert_int_equal(held, 0);
    else if (text_equal(row.state, "in-review")) assert_int_equal(held, 39900);
    else assert_true(held == 0 || held == 39900);
    g->c->office->clock.offset_s = now_s;
}

static void interleave(struct gateway *g, const char *number, int events)
{
    for (int i = 0; i < events; i++) {
        switch (draw(g, 7)) {
        case 0: event_order(g, number); break;
        case 1: case 2: event_pay(g); break;
        case 3: event_callback(g); break;
        case 4: event_refund_callback(g); break;
        case 5: event_job(g); break;
        default: event_person(g, number); break;
        }
    }
    check_money(g, number);
}

/* R-FEE-3, R-FEE-4, R-FEE-6: pay, callback, query, withdraw, refund and what a crash loses, in random order, over both
 * gateways and bank transfers at a time. */
static void money_in_any_order(void **state)
{
    struct counter *c = *state;
    for (uint32_t round = 0; round < 12; round++) {
        struct gateway g = { .c = c, .seed = 7919 * (round + 1) };
        struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
        for (int i = 0; i < 60; i++) interleave(&g, row.number, 1);
        check_end(&g, row.number);
        struct act act = counter_holder(c);
        struct application_edit edit = { .number = row.number };
        IGNORE(application_withdraw(&act, &edit, &row)); /* for the next round; it may be over already */
    }
}

/* The same by thousands of short ways: the application is set back to where its fee is due, as if it were another. On
 * SQLite alone, whose SQL it speaks. */
static void money_in_thousands_of_ways(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    counter_sql(c, "CREATE TABLE kept AS SELECT * FROM application; CREATE TABLE kept_open AS SELECT * FROM application_open");
    struct arena *lasting = c->office->arena;
    int64_t now_s = c->office->clock.offset_s;
    for (uint32_t way = 0; way < WAYS; way++) {
        struct gateway g = { .c = c, .seed = 104729 * (way + 1) };
        counter_sql(c, "BEGIN; DELETE FROM payment; DELETE FROM notice; DELETE FROM application_open;"
                       "DELETE FROM application; INSERT INTO application SELECT * FROM kept;"
                       "INSERT INTO application_open SELECT * FROM kept_open; COMMIT");
        c->office->arena = arena_new(16 << 20);
        interleave(&g, row.number, 3 + (int)draw(&g, 12));
        check_end(&g, row.number);
        arena_free(c->office->arena);
        c->office->arena = lasting;
        c->office->clock.offset_s = now_s;
    }
}

int run_payment_tests(struct server *server)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) { #name, name, counter_set_up, counter_tear_down, server }
        TEST(what_marks_a_payment_as_paid),
        TEST(told_again),
        TEST(an_open_order_serves_again),
        TEST(the_latest_order_counts),
        TEST(nobody_pays_twice),
        TEST(a_withdrawal_refunds),
        TEST(money_that_comes_too_late),
        TEST(a_rejection_refunds),
        TEST(paid_while_being_corrected),
        TEST(what_is_not_due_cannot_be_paid),
        TEST(a_refund_has_one_number),
        TEST(the_gateway_is_asked_less_and_less_often),
        TEST(given_back_before_it_was_heard_of),
        TEST(money_in_any_order),
    };
    const struct CMUnitTest sqlite_tests[] = { TEST(money_in_thousands_of_ways) };
    int failures = cmocka_run_group_tests_name(server ? "payment on postgresql" : "payment", tests, NULL, NULL);
    if (!server) failures += cmocka_run_group_tests_name("payment in thousands of ways", sqlite_tests, NULL, NULL);
    return failures;
}
