/* The other services, their times and what follows from what: R-RENEW, R-UNLOCK, R-LOST, R-DAMAGED, R-REVOKE, R-CHANGE,
 * R-FORM-7, R-FORM-8, R-FEE-5, R-SHIP-2, R-SHIP-4. The clock is set by hand; what the signer would tell is told. */
#include "counter.h"
#include "desk_tests.h"

#include <stdio.h>

#include "service/damaged.h"
#include "service/lapse.h"
#include "service/production.h"
#include "service/reminder.h"
#include "service/shipment.h"
#include "service/standing.h"

/* "2026-11-24 16:58" in Shanghai, at its last second. */
static int64_t at(const char *text)
{
    struct civil civil = { .second = 59 };
    int64_t time_s;
    assert_int_equal(sscanf(text, "%4d-%2d-%2d %2d:%2d", &civil.year, &civil.month, &civil.day, &civil.hour,
                            &civil.minute), 5);
    assert_ok(civil_from_shanghai(&civil, &time_s));
    return time_s;
}

/* ---- rules alone ---- */

/* R-APPLY-1, R-RENEW-2, R-LOST-2, R-UNLOCK-1, R-REVOKE-2: who may have what, by the certificate and the time. */
static void who_may_have_which_service(void **state)
{
    struct certificate_row key = { .medium = "usbkey", .not_after_s = at("2027-03-31 23:59") };
    struct certificate_row shield = { .medium = "shield", .not_after_s = at("2027-03-31 23:59") };
    const struct {
        enum kind kind;
        const struct certificate_row *current;
        const char *now;
        enum error error;
    } cases[] = {
        { KIND_APPLY, NULL, "2027-01-01 10:00", ERROR_NONE },
        { KIND_APPLY, &key, "2027-01-01 10:00", ERROR_APPLICATION_CERTIFICATE },
        { KIND_APPLY, &key, "2027-03-31 23:59", ERROR_APPLICATION_CERTIFICATE }, /* its last second is its own */
        { KIND_APPLY, &key, "2027-04-01 00:00", ERROR_NONE },
        /* a calendar month before: 31 March less a month is the last of February */
        { KIND_RENEW, &key, "2027-02-28 23:58", ERROR_RENEWAL_EARLY },
        { KIND_RENEW, &key, "2027-02-28 23:59", ERROR_NONE },
        { KIND_RENEW, &key, "2027-03-31 23:59", ERROR_NONE },
        { KIND_RENEW, &key, "2029-01-01 00:00", ERROR_NONE }, /* after it, without end */
        { KIND_RENEW, NULL, "2027-03-01 00:00", ERROR_APPLICATION_CERTIFICATE_NONE },
        { KIND_LOST, &key, "2027-03-31 23:59", ERROR_NONE },
        { KIND_LOST, &key, "2027-04-01 00:00", ERROR_APPLICATION_CERTIFICATE_NONE },
        { KIND_DAMAGED, &key, "2027-04-01 00:00", ERROR_APPLICATION_CERTIFICATE_NONE },
        { KIND_CHANGE, &key, "2027-04-01 00:00", ERROR_APPLICATION_CERTIFICATE_NONE },
        { KIND_REVOKE, &key, "2027-04-01 00:00", ERROR_APPLICATION_CERTIFICATE_NONE },
        { KIND_REVOKE, NULL, "2027-01-01 00:00", ERROR_APPLICATION_CERTIFICATE_NONE },
        { KIND_UNLOCK, &key, "2027-01-01 00:00", ERROR_NONE },
        { KIND_UNLOCK, &key, "2027-04-01 00:00", ERROR_NONE }, /* without its PIN it could not be renewed */
        { KIND_UNLOCK, &shield, "2027-01-01 00:00", ERROR_APPLICATION_MEDIUM },
        { KIND_LOST, &shield, "2027-01-01 00:00", ERROR_NONE },
        { KIND_DAMAGED, &shield, "2027-01-01 00:00", ERROR_APPLICATION_MEDIUM },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct diag diag = { 0 };
        struct result r = standing_judge(cases[i].kind, cases[i].current, at(cases[i].now), &diag);
        if (r.code != cases[i].error) fail_msg("case %zu: %s", i, error_find(r.code)->name);
    }
}

/* R-RENEW-1: a month, 7 days, 1 day before, and when it is over; by the calendar of Shanghai. */
static void when_reminders_are_due(void **state)
{
    int64_t end = at("2027-03-31 23:59");
    const struct {
        const char *now;
        enum reminder due;
    } cases[] = {
        { "2027-02-28 23:58", REMINDER_NONE }, { "2027-02-28 23:59", REMINDER_MONTH },
        { "2027-03-24 23:59", REMINDER_MONTH }, { "2027-03-25 00:00", REMINDER_WEEK },
        { "2027-03-30 23:59", REMINDER_WEEK },  { "2027-03-31 00:00", REMINDER_DAY },
        { "2027-03-31 23:59", REMINDER_DAY },   { "2027-04-01 00:00", REMINDER_OVER },
    };
    for (size_t i = 0; i < COUNT(cases); i++) assert_int_equal(reminder_due(end, at(cases[i].now)), cases[i].due);
}

/* R-RENEW-4, R-LOST-2, R-DAMAGED-2, R-CHANGE-2: what an approval says of the end. */
static void the_end_of_validity_by_service(void **state)
{
    struct counter *c = *state;
    struct arena *arena = c->office->arena;
    assert_string_equal(review_validity(arena, KIND_APPLY, 0), "1y");
    assert_string_equal(review_validity(arena, KIND_RENEW, 1800000000), "renew:1800000000");
    assert_string_equal(review_validity(arena, KIND_LOST, 1800000000), "until:1800000000");
    assert_string_equal(review_validity(arena, KIND_DAMAGED, 1800000000), "until:1800000000");
    assert_string_equal(review_validity(arena, KIND_CHANGE, 1800000000), "until:1800000000");
    assert_string_equal(review_validity(arena, KIND_REVOKE, 1800000000), "-");
    assert_string_equal(review_validity(arena, KIND_UNLOCK, 1800000000), "-");
}

/* R-FORM-8, R-FEE-5: days since somebody did something; one warning, one notice that no money has come. */
static void when_applications_lapse(void **state)
{
    const int64_t day = DAY_S, t = OFFICE_NOW;
    const struct {
        const char *state;
        int64_t warned_s, told_s, now_s;
        enum lapse due;
    } cases[] = {
        { "draft", 0, 0, t + 27 * day - 1, LAPSE_NOTHING },  { "draft", 0, 0, t + 27 * day, LAPSE_WARN },
        { "draft", t + 27 * day, 0, t + 28 * day, LAPSE_NOTHING }, { "draft", 1, 0, t + 30 * day, LAPSE_NOW },
        { "sent-back", 0, 0, t + 27 * day, LAPSE_WARN },     { "sent-back", 0, 0, t + 99 * day, LAPSE_WARN },
        { "sent-back", t + 99 * day, 0, t + 102 * day - 1, LAPSE_NOTHING },
        { "sent-back", t + 99 * day, 0, t + 102 * day, LAPSE_NOW },
        { "awaiting-payment", 0, 0, t + day - 1, LAPSE_NOTHING }, { "awaiting-payment", 0, 0, t + day, LAPSE_TELL_UNPAID },
        { "awaiting-payment", 0, t + day, t + 2 * day, LAPSE_NOTHING },
        { "awaiting-payment", 0, t + day, t + 12 * day, LAPSE_WARN },
        { "awaiting-payment", 1, t + day, t + 15 * day, LAPSE_NOW },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct application_row row = { .service = "apply", .state = cases[i].state, .touched_s = t,
                                       .warned_s = cases[i].warned_s, .unpaid_told_s = cases[i].told_s };
        assert_int_equal(lapse_due(&row, cases[i].now_s), cases[i].due);
    }
    struct application_row review = { .service = "apply", .state = "in-review" };
    assert_false(lapse_possible(&review)); /* what waits for us does not lapse */
}

/* ---- over a database ---- */

/* The holder has a certificate on a USBKey that has come. */
static struct application_row with_certificate(struct counter *c)
{
    struct application_row row = counter_in(c, STATE_APPROVED);
    if (c->journal == 0) counter_journal_begin(c);
    struct act act = counter_as(c, &c->producer);
    struct shipment_row shipment;
    struct desk_step open = { .act = &act, .number = row.number, .event = EVENT_OPEN };
    assert_ok(desk_take(&open));
    counter_issue(c, row.number, 0);
    assert_ok(production_finish(&act, row.number, &row));
    assert_ok(shipment_add(&act, row.number, "ems", "1234567890123", NULL, &shipment));
    row = counter_receive(c, row.number);
    assert_string_equal(row.state, "done");
    return row;
}

static struct certificate_row current(struct counter *c, const struct id *holder)
{
    struct key_row key = { .id = *holder };
    struct certificate_row row;
    assert_ok(store_one(c->office->service.store, STATEMENT_CERTIFICATE_CURRENT, RECORD(key_row_shape, &key),
                        c->office->arena, &certificate_row_shape, &row));
    return row;
}

static const char *state_of(struct counter *c, const char *serial)
{
    struct key_row key = { .key = serial };
    struct certificate_row row;
    assert_ok(store_one(c->office->service.store, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key),
                        c->office->arena, &certificate_row_shape, &row));
    return row.state;
}

static struct approve_statement approved(struct counter *c, const char *number)
{
    struct approve_statement s;
    assert_ok(statement_read(&approve_statement_shape, counter_approval(c, number), c->office->arena, &s));
    return s;
}

static struct application_row submit_and_pay(struct counter *c, const char *number, int64_t fee_fen)
{
    struct application_row row = counter_submit(c, number);
    assert_int_equal(row.fee_fen, fee_fen);
    if (fee_fen == 0) return row;
    assert_string_equal(row.state, "awaiting-payment");
    struct payment_row order = counter_order(c, number);
    assert_int_equal(order.amount_fen, fee_fen);
    counter_pay(c, &order);
    return counter_get(c, number);
}

/* A fresh USBKey for an approved replacement, up to the holder's hands. */
static void make_and_send(struct counter *c, const char *number, int64_t not_after_s)
{
    struct act act = counter_as(c, &c->producer);
    struct desk_step open = { .act = &act, .number = number, .event = EVENT_OPEN };
    struct shipment_row shipment;
    struct application_row row;
    assert_ok(desk_take(&open));
    counter_issue(c, number, not_after_s);
    assert_ok(production_finish(&act, number, &row));
    assert_ok(shipment_add(&act, number, "ems", "1234567890123", NULL, &shipment));
    assert_string_equal(counter_receive(c, number).state, "done");
}

static void run_reminders(struct counter *c)
{
    size_t count;
    assert_ok(reminder_work(&c->office->service, &count));
}

static size_t notices_of(struct counter *c, const char *template)
{
    struct count_row count = { 0 };
    struct notice_row *rows;
    size_t n = office_notices(c->office, &rows);
    for (size_t i = 0; i < n; i++) count.count += text_equal(rows[i].template, template) && text_equal(rows[i].channel, "sms");
    return (size_t)count.count;
}

/* R-RENEW-1: each once, however often the job runs; where several fell due while nobody looked, the latest alone. */
static void reminders_are_sent_once(void **state)
{
    struct counter *c = *state;
    with_certificate(c);
    struct certificate_row row = current(c, &c->account.id);
    run_reminders(c);
    assert_int_equal(notices_of(c, "certificate-ending"), 0);
    const int64_t times[] = { civil_add_months(row.not_after_s, -1), row.not_after_s - 7 * DAY_S + 1,
                              row.not_after_s - DAY_S + 1 };
    for (size_t i = 0; i < COUNT(times); i++) {
        c->office->clock.offset_s = times[i];
        for (int again = 0; again < 3; again++) run_reminders(c);
        assert_int_equal(notices_of(c, "certificate-ending"), i + 1);
    }
    c->office->clock.offset_s = row.not_after_s + 1;
    for (int again = 0; again < 3; again++) run_reminders(c);
    assert_int_equal(notices_of(c, "certificate-over"), 1);
    assert_int_equal(notices_of(c, "certificate-ending"), 3);
}

/* As many as fill a page, ending soon and reminded of that already. */
static struct result add_many(struct tx *tx, void *context)
{
    const struct certificate_row *like = context;
    for (int i = 0; i < 100; i++) {
        struct certificate_row row = *like;
        char serial[33];
        snprintf(serial, sizeof serial, "0%031d", i);
        row.serial = row.pair = serial;
        row.reminded = REMINDER_WEEK;
        TRY(tx_run(tx, STATEMENT_CERTIFICATE_INSERT, RECORD(certificate_row_shape, &row), NULL));
    }
    return OK;
}

/* R-RENEW-1: however many there are for whom the next reminder is not due yet. */
static void reminders_reach_everybody(void **state)
{
    struct counter *c = *state;
    with_certificate(c);
    struct certificate_row row = current(c, &c->account.id);
    assert_ok(store_write(c->office->service.store, add_many, &row));
    c->office->clock.offset_s = row.not_after_s - 7 * DAY_S + 1;
    run_reminders(c);
    assert_int_equal(notices_of(c, "certificate-ending"), 1);
}

/* R-RENEW-2, R-RENEW-4: 399 for another year; the old one goes when the new one is made. */
static void renewal(void **state)
{
    struct counter *c = *state;
    with_certificate(c);
    struct certificate_row old = current(c, &c->account.id);
    struct act act = counter_holder(c);
    struct application_row row;
    assert_error(application_begin(&act, KIND_RENEW, &row), ERROR_RENEWAL_EARLY);
    c->office->clock.offset_s = civil_add_months(old.not_after_s, -1);
    row = counter_fill(c, KIND_RENEW);
    assert_string_equal(row.medium, "usbkey");
    assert_string_equal(row.about, old.serial);
    struct application_edit edit = { .number = row.number };
    struct application_medium other = { .medium = "shield" };
    act = counter_holder(c);
    assert_error(application_choose(&act, &edit, &other, &row), ERROR_APPLICATION_MEDIUM);
    counter_papers(c, edit.number);
    row = submit_and_pay(c, edit.number, 39900);
    assert_string_equal(row.state, "in-review");
    counter_decide(c, edit.number, true);
    struct approve_statement s = approved(c, edit.number);
    assert_string_equal(s.service, "renew");
    assert_non_null(strstr(s.revokes, old.serial));
    assert_string_equal(s.reason, "superseded");
    assert_string_equal(s.validity, arena_format(c->office->arena, "renew:%lld", (long long)old.not_after_s));
    counter_notice(c, "renew-approved", "sms");
    assert_string_equal(state_of(c, old.serial), "valid"); /* until the new one is there */
    int64_t end = certificate_validity_end(old.not_after_s + 1, 1);
    counter_revoke(c, edit.number); /* as the signer does with the issue */
    row = counter_issue(c, edit.number, end);
    assert_string_equal(row.state, "issued");
    /* The producer has nothing to do with it; its holder says that the USBKey has it. */
    struct act producer = counter_as(c, &c->producer);
    assert_error(production_finish(&producer, edit.number, &row), ERROR_NOT_PERMITTED);
    act = counter_holder(c);
    assert_ok(production_finish(&act, edit.number, &row));
    assert_string_equal(row.state, "done");
    struct certificate_row fresh = current(c, &c->account.id);
    assert_int_equal(fresh.not_after_s, end);
    assert_string_equal(state_of(c, old.serial), "revoked");
}

/* R-LOST-1 to R-LOST-3, R-SHIP-2: revoked at approval, same end, the first free, each later one 80. */
static void lost_and_lost_again(void **state)
{
    struct counter *c = *state;
    struct application_row first = with_certificate(c);
    static const int64_t fees[] = { 0, 8000, 8000 };
    for (size_t i = 0; i < COUNT(fees); i++) {
        struct certificate_row old = current(c, &c->account.id);
        struct application_row row = counter_fill(c, KIND_LOST);
        assert_string_equal(row.address, first.address); /* prefilled from where the last one went */
        counter_papers(c, row.number);
        row = submit_and_pay(c, row.number, fees[i]);
        assert_string_equal(row.state, "in-review");
        counter_decide(c, row.number, true);
        struct approve_statement s = approved(c, row.number);
        assert_string_equal(s.validity, arena_format(c->office->arena, "until:%lld", (long long)old.not_after_s));
        assert_string_equal(s.reason, "keyCompromise");
        /* The signer could not: the job sees what is still to be revoked. */
        size_t open;
        assert_true(failed(review_work(&c->office->service, &open)));
        assert_int_equal(open, 1);
        counter_revoke(c, row.number);
        assert_string_equal(state_of(c, old.serial), "revoked");
        assert_ok(review_work(&c->office->service, &open));
        assert_int_equal(open, 0);
        assert_string_equal(counter_get(c, row.number).state, "approved");
        make_and_send(c, row.number, old.not_after_s);
        assert_int_equal(current(c, &c->account.id).not_after_s, old.not_after_s);
    }
}

/* R-DAMAGED-1, R-DAMAGED-2: sent back, inspected, free; revoked when the new one is made. */
static void damaged_without_fault(void **state)
{
    struct counter *c = *state;
    with_certificate(c);
    struct certificate_row old = current(c, &c->account.id);
    struct application_row row = counter_fill(c, KIND_DAMAGED);
    const char *number = row.number;
    counter_papers(c, number);
    row = submit_and_pay(c, number, 0);
    assert_string_equal(row.state, "awaiting-return");
    assert_int_equal(row.started_s, 0); /* the promised time does not run yet */
    counter_notice(c, "damaged-return", "sms");
    struct act holder = counter_holder(c), act = counter_as(c, &c->reviewer);
    assert_ok(application_key_sent(&holder, number, "9876543210123", &row));
    assert_string_equal(row.key_waybill, "9876543210123");
    assert_ok(damaged_take_back(&act, number, &row));
    assert_string_equal(row.state, "in-review");
    const char *statement;
    assert_error(review_draft(&act, number, true, NULL, &statement), ERROR_APPLICATION_UNINSPECTED);
    struct act producer = counter_as(c, &c->producer);
    assert_error(damaged_inspect(&producer, number, false, "芯片失效", &row), ERROR_NOT_PERMITTED);
    act = counter_as(c, &c->reviewer);
    assert_ok(damaged_inspect(&act, number, false, "芯片失效", &row));
    counter_decide(c, number, true);
    assert_string_equal(approved(c, number).reason, "superseded");
    assert_string_equal(state_of(c, old.serial), "valid");
    counter_revoke(c, number);
    make_and_send(c, number, old.not_after_s);
    assert_int_equal(current(c, &c->account.id).not_after_s, old.not_after_s);
    assert_string_equal(state_of(c, old.serial), "revoked");
}

/* R-DAMAGED-1, R-LOST-3: the holder's fault makes it a replacement under its own fee, told; it counts as one. */
static void damaged_by_the_holder(void **state)
{
    struct counter *c = *state;
    with_certificate(c);
    static const int64_t fees[] = { 0, 8000 };
    for (size_t i = 0; i < COUNT(fees); i++) {
        struct certificate_row old = current(c, &c->account.id);
        struct application_row row = counter_fill(c, KIND_DAMAGED);
        const char *number = row.number;
        counter_papers(c, number);
        submit_and_pay(c, number, 0);
        struct act act = counter_as(c, &c->reviewer);
        assert_ok(damaged_take_back(&act, number, &row));
        assert_ok(damaged_inspect(&act, number, true, "外壳被撬开", &row));
        assert_string_equal(row.service, "lost");
        assert_string_equal(row.origin, "damaged");
        assert_int_equal(row.fee_fen, fees[i]);
        counter_notice(c, "damaged-fault", "email");
        if (fees[i]) {
            assert_string_equal(row.state, "awaiting-payment");
            struct payment_row order = counter_order(c, number);
            counter_pay(c, &order);
        }
        /* The form that was signed stays what it was. */
        assert_string_equal(counter_get(c, number).state, "in-review");
        counter_decide(c, number, true);
        assert_string_equal(approved(c, number).service, "lost");
        counter_revoke(c, number);
        make_and_send(c, number, old.not_after_s);
    }
}

/* R-CHANGE-1 to R-CHANGE-3: to a colleague who confirms; the former certificate goes at approval, the end stays. */
static void change_of_holder(void **state)
{
    struct counter *c = *state;
    with_certificate(c);
    struct certificate_row old = current(c, &c->account.id);
    struct account_row colleague = office_account(c->office, "13800000002", office_numbers[1]);
    struct application_row row = counter_fill(c, KIND_CHANGE);
    struct application_edit edit = { .number = row.number };
    struct application_particulars p = { .successor_mobile = "13800000009" };
    struct act act = counter_holder(c);
    assert_error(application_submit(&act, &edit, &row), ERROR_APPLICATION_INCOMPLETE);
    assert_string_equal(c->office->diag.field, "successor_mobile");
    act = counter_holder(c);
    assert_error(application_particularize(&act, &edit, &p, &row), ERROR_SUCCESSOR_UNFIT); /* no account */
    p.successor_mobile = "13800000001";
    assert_error(application_particularize(&act, &edit, &p, &row), ERROR_SUCCESSOR_UNFIT); /* the holder */
    p.successor_mobile = "13800000002";
    act = counter_holder(c);
    assert_ok(application_particularize(&act, &edit, &p, &row));
    assert_true(id_equal(&row.successor, &colleague.id));
    counter_papers(c, edit.number);
    row = submit_and_pay(c, edit.number, 0);
    assert_string_equal(row.state, "awaiting-confirmation");
    counter_notice(c, "change-confirm", "sms");
    counter_sent(c, "张三申请将其数字证书变更给您使用");
    /* The former holder does not confirm for the colleague, and the colleague does nothing else. */
    act = counter_holder(c);
    assert_error(application_confirm(&act, edit.number, &row), ERROR_NOT_PERMITTED);
    struct act other = counter_holder(c);
    other.account = colleague.id;
    assert_error(application_withdraw(&other, &edit, &row), ERROR_NOT_PERMITTED);
    other.means = "usbkey";
    assert_error(application_confirm(&other, edit.number, &row), ERROR_NOT_PERMITTED);
    other.means = "sms";
    assert_ok(application_confirm(&other, edit.number, &row));
    assert_string_equal(row.state, "in-review");
    counter_decide(c, edit.number, true);
    struct approve_statement s = approved(c, edit.number);
    char holder[ID_TEXT_LEN + 1];
    id_text(&colleague.id, holder);
    assert_string_equal(s.holder, holder);
    assert_string_equal(s.validity, arena_format(c->office->arena, "until:%lld", (long long)old.not_after_s));
    assert_non_null(strstr(s.revokes, old.serial));
    assert_int_equal(notices_of(c, "change-approved"), 2); /* both are told */
    counter_revoke(c, edit.number);
    assert_string_equal(state_of(c, old.serial), "revoked"); /* at approval, not at download */
    counter_issue(c, edit.number, old.not_after_s);
    act = counter_holder(c);
    assert_error(production_finish(&act, edit.number, &row), ERROR_NOT_PERMITTED);
    other = counter_holder(c);
    other.account = colleague.id;
    assert_ok(production_finish(&other, edit.number, &row));
    assert_string_equal(row.state, "done");
    assert_int_equal(current(c, &colleague.id).not_after_s, old.not_after_s);
    /* The former holder has none, and can apply anew. */
    act = counter_holder(c);
    assert_error(application_begin(&act, KIND_LOST, &row), ERROR_APPLICATION_CERTIFICATE_NONE);
    assert_ok(application_begin(&act, KIND_APPLY, &row));
}

/* R-CHANGE-1: to nobody with a certificate, of another organization, or with something open. */
static void who_cannot_succeed(void **state)
{
    struct counter *c = *state;
    with_certificate(c);
    struct account_row mine = c->account, colleague = office_account(c->office, "13800000002", office_numbers[1]);
    struct application_row row = counter_fill(c, KIND_CHANGE), other;
    struct application_edit edit = { .number = row.number };
    struct application_particulars p = { .successor_mobile = "13800000002" };
    struct act act = counter_holder(c);
    act.account = colleague.id;
    assert_ok(application_begin(&act, KIND_APPLY, &other));
    act = counter_holder(c);
    assert_error(application_particularize(&act, &edit, &p, &row), ERROR_SUCCESSOR_UNFIT);
    assert_string_equal(c->office->diag.field, "successor_mobile");
    /* with a certificate of the own */
    struct application_edit open = { .number = other.number };
    act.account = colleague.id;
    assert_ok(application_withdraw(&act, &open, &other));
    c->account = colleague;
    with_certificate(c);
    c->account = mine;
    act = counter_holder(c);
    assert_error(application_particularize(&act, &edit, &p, &row), ERROR_SUCCESSOR_UNFIT);
    /* of another organization */
    struct act admin = office_act(c->office);
    struct organization_row what = { .name = "另一家公司", .credit_code = "911100000000000061", .address = "上海市" }, made;
    struct result r = directory_organization_new(&admin, &what, &made);
    if (failed(r)) fail_msg("%s", c->office->diag.detail);
    struct account_new stranger = { .organization = made.id, .name = "王五", .document_type = "id-card",
                                    .document_number = office_numbers[2], .mobile = "13800000003", .email = "w@example.com" };
    struct account_row account;
    r = directory_account_new(&admin, &stranger, &account);
    if (failed(r)) fail_msg("%s %s", error_find(r.code)->name, c->office->diag.detail);
    p.successor_mobile = "13800000003";
    act = counter_holder(c);
    assert_error(application_particularize(&act, &edit, &p, &row), ERROR_SUCCESSOR_UNFIT);
}

/* R-REVOKE-1, R-REVOKE-2, R-FORM-7: overrides what is open, which is refunded; done when the journal says so. */
static void revocation(void **state)
{
    struct counter *c = *state;
    with_certificate(c);
    struct certificate_row old = current(c, &c->account.id);
    c->office->clock.offset_s = civil_add_months(old.not_after_s, -1);
    struct application_row renew = counter_fill(c, KIND_RENEW), row;
    counter_papers(c, renew.number);
    counter_submit(c, renew.number);
    struct payment_row order = counter_order(c, renew.number);
    counter_pay(c, &order);
    row = counter_fill(c, KIND_REVOKE);
    assert_string_equal(counter_get(c, renew.number).state, "cancelled");
    assert_string_equal(counter_payment(c, order.order_number).state, "refunding");
    struct application_edit edit = { .number = row.number };
    struct application_particulars p = { .reason = "keyCompromise" };
    struct act act = counter_holder(c);
    assert_error(application_submit(&act, &edit, &row), ERROR_APPLICATION_INCOMPLETE);
    assert_string_equal(c->office->diag.field, "reason");
    act = counter_holder(c);
    assert_ok(application_particularize(&act, &edit, &p, &row));
    assert_error(application_begin(&act, KIND_REVOKE, &row), ERROR_APPLICATION_OPEN); /* it does not override itself */
    counter_papers(c, edit.number);
    row = submit_and_pay(c, edit.number, 0);
    assert_string_equal(row.state, "in-review");
    counter_decide(c, edit.number, true);
    struct approve_statement s = approved(c, edit.number);
    assert_string_equal(s.service, "revoke");
    assert_string_equal(s.reason, "keyCompromise");
    assert_string_equal(s.medium, "-");
    counter_revoke(c, edit.number);
    assert_string_equal(counter_get(c, edit.number).state, "done");
    assert_string_equal(state_of(c, old.serial), "revoked");
    counter_notice(c, "revoke-approved", "email");
    act = counter_holder(c);
    assert_ok(application_begin(&act, KIND_APPLY, &row));
}

/* R-SHIP-4: lost in the post: made again under a new approval that revokes it, free, and not counted. */
static void lost_in_the_post(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_APPROVED);
    counter_journal_begin(c);
    struct act act = counter_as(c, &c->producer);
    struct desk_step open = { .act = &act, .number = row.number, .event = EVENT_OPEN };
    struct shipment_row shipment;
    struct parcel_row parcel;
    assert_ok(desk_take(&open));
    counter_issue(c, row.number, 0);
    assert_ok(production_finish(&act, row.number, &row));
    assert_ok(shipment_add(&act, row.number, "ems", "1234567890123", NULL, &shipment));
    office_pass(c->office, 20 * DAY_S);
    act = counter_as(c, &c->producer);
    assert_ok(production_remake(&act, row.number, "EMS 丢件", &row));
    assert_string_equal(row.state, "in-review");
    assert_int_equal(row.open, 1);
    assert_int_equal(row.started_s, c->office->clock.offset_s); /* promised anew */
    assert_int_equal(row.fee_fen, 39900); /* what was paid is what is due */
    const char *first = row.serial;
    counter_decide(c, row.number, true);
    assert_non_null(strstr(approved(c, row.number).revokes, first));
    counter_revoke(c, row.number);
    open.act = &act;
    act = counter_as(c, &c->producer);
    assert_ok(desk_take(&open));
    row = counter_issue(c, row.number, 0);
    assert_ok(production_finish(&act, row.number, &row));
    shipment.waybill = NULL;
    assert_ok(shipment_add(&act, row.number, "ems", "1234567890124", NULL, &shipment));
    struct act holder = counter_holder(c);
    assert_ok(shipment_get(&holder, row.number, &shipment, &parcel));
    assert_string_equal(shipment.waybill, "1234567890124");
    assert_string_not_equal(current(c, &c->account.id).serial, first);
}

/* R-FORM-8, R-FEE-5: warned, then lapsed; what was paid goes back; doing something begins the time anew. */
static void applications_lapse(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    size_t count;
    office_pass(c->office, DAY_S);
    for (int i = 0; i < 3; i++) assert_ok(lapse_work(&c->office->service, &count));
    assert_int_equal(notices_of(c, "application-unpaid"), 1);
    office_pass(c->office, (LAPSE_UNPAID_DAYS - LAPSE_WARN_DAYS) * DAY_S);
    for (int i = 0; i < 3; i++) assert_ok(lapse_work(&c->office->service, &count));
    assert_int_equal(notices_of(c, "application-lapsing"), 1);
    /* Going on with it begins the time anew. */
    counter_order(c, row.number);
    office_pass(c->office, LAPSE_WARN_DAYS * DAY_S);
    assert_ok(lapse_work(&c->office->service, &count));
    assert_string_equal(counter_get(c, row.number).state, "awaiting-payment");
    /* Nobody looked for long: it is warned of all the same, and lapses only then. */
    office_pass(c->office, LAPSE_UNPAID_DAYS * DAY_S);
    assert_ok(lapse_work(&c->office->service, &count));
    assert_string_equal(counter_get(c, row.number).state, "awaiting-payment");
    assert_int_equal(notices_of(c, "application-lapsing"), 2);
    office_pass(c->office, LAPSE_WARN_DAYS * DAY_S);
    assert_ok(lapse_work(&c->office->service, &count));
    row = counter_get(c, row.number);
    assert_string_equal(row.state, "lapsed");
    assert_int_equal(row.open, 0);
    counter_notice(c, "application-lapsed", "email");
    counter_begin(c);
}

/* R-SHIP-1: what is in review or on its way does not lapse. */
static void what_waits_for_us_does_not_lapse(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    size_t count;
    office_pass(c->office, 400 * DAY_S);
    assert_ok(lapse_work(&c->office->service, &count));
    assert_int_equal(count, 0);
    assert_string_equal(counter_get(c, row.number).state, "in-review");
}

/* R-UNLOCK: half a working day, free, told in its words. */
static void unlock_is_reviewed_within_half_a_day(void **state)
{
    struct counter *c = *state;
    with_certificate(c);
    struct application_row row = counter_fill(c, KIND_UNLOCK);
    counter_papers(c, row.number);
    row = submit_and_pay(c, row.number, 0);
    assert_string_equal(row.state, "in-review");
    char due[CIVIL_TEXT_MAX];
    civil_people(row.due_s, due);
    assert_string_equal(due, "2026-11-24 17:30"); /* from 14:00: three and a half hours */
    row = counter_decide(c, row.number, true);
    assert_int_equal(row.finished_s, OFFICE_NOW);
    struct approve_statement s = approved(c, row.number);
    assert_string_equal(s.service, "unlock");
    assert_string_equal(s.revokes, "-");
    assert_string_equal(s.profile, "-");
    counter_notice(c, "unlock-approved", "sms");
}

int run_services_tests(struct server *server)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) { #name, name, counter_set_up, counter_tear_down, server }
        TEST(who_may_have_which_service),
        TEST(when_reminders_are_due),
        TEST(the_end_of_validity_by_service),
        TEST(when_applications_lapse),
        TEST(reminders_are_sent_once),
        TEST(reminders_reach_everybody),
        TEST(renewal),
        TEST(lost_and_lost_again),
        TEST(damaged_without_fault),
        TEST(damaged_by_the_holder),
        TEST(change_of_holder),
        TEST(who_cannot_succeed),
        TEST(revocation),
        TEST(lost_in_the_post),
        TEST(applications_lapse),
        TEST(what_waits_for_us_does_not_lapse),
        TEST(unlock_is_reviewed_within_half_a_day),
    };
    return cmocka_run_group_tests_name(server ? "services on postgresql" : "services", tests, NULL, NULL);
}
