/* Every service, every state and everything that may be asked, through the rules over a database: what the table refuses
 * leaves the database identical (R-APPLY to R-CHANGE, R-FORM-5, R-OPS-3). */
#include "counter.h"
#include "desk_tests.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "service/damaged.h"
#include "service/production.h"
#include "service/receipt.h"
#include "service/shipment.h"
#include "service/unlock.h"

struct asking {
    struct counter *c;
    const char *number;
    enum kind kind;
    enum state state;
    struct id successor;
    const char *approval, *rejection; /* statements drafted while it was in review */
};

static struct result fill(struct asking *a)
{
    struct act act = counter_holder(a->c);
    struct application_edit edit = { .number = a->number };
    struct application_medium medium = counter_good_medium();
    struct application_row row;
    return application_choose(&act, &edit, &medium, &row);
}

static struct result print(struct asking *a)
{
    struct act act = counter_holder(a->c);
    struct form_row row;
    return form_print(&act, a->number, &row);
}

static struct result upload(struct asking *a)
{
    struct act act = counter_holder(a->c);
    struct attachment_row row;
    struct attachment_new new = { .number = a->number, .name = "license", .fd = -1, .size = 1 };
    return attachment_add(&act, &new, &row);
}

static struct result submit(struct asking *a)
{
    struct act act = counter_holder(a->c);
    struct application_edit edit = { .number = a->number };
    struct application_row row;
    return application_submit(&act, &edit, &row);
}

static struct result pay(struct asking *a)
{
    struct act act = counter_holder(a->c);
    struct payment_row row;
    bool fresh;
    return payment_begin(&act, a->number, "wechat", &row, &fresh);
}

static struct result withdraw(struct asking *a)
{
    struct act act = counter_holder(a->c);
    struct application_edit edit = { .number = a->number };
    struct application_row row;
    return application_withdraw(&act, &edit, &row);
}

static struct result send_back(struct asking *a)
{
    struct act act = counter_as(a->c, &a->c->reviewer);
    struct application_row row;
    return review_return(&act, a->number, "other", "license", "x", &row);
}

static struct result decide(struct asking *a, const char *statement)
{
    struct act act = counter_as(a->c, &a->c->reviewer);
    struct application_row row;
    return review_decide(&act, a->number, statement, counter_sign(a->c, &a->c->reviewer, statement), &row);
}

static struct result approve(struct asking *a)
{
    return decide(a, a->approval);
}

static struct result reject(struct asking *a)
{
    return decide(a, a->rejection);
}

static struct result open_card(struct asking *a)
{
    struct act act = counter_as(a->c, &a->c->producer);
    struct card_statement s = { a->number, "HF00000001", "0011223344556677", "00", a->c->producer.serial,
                                evidence_time(&act) };
    struct signer_card_opened opened;
    const char *text;
    TRY(statement_write(&card_statement_shape, &s, act.arena, &text));
    return production_card_open(&act, a->number, text, counter_sign(a->c, &a->c->producer, text), bytes_text("x"), &opened);
}

static struct result remake(struct asking *a)
{
    struct act act = counter_as(a->c, &a->c->producer);
    struct application_row row;
    return production_remake(&act, a->number, "x", &row);
}

static struct result finish(struct asking *a)
{
    struct act act = counter_as(a->c, &a->c->producer);
    struct application_row row;
    return production_finish(&act, a->number, &row);
}

static struct result ship(struct asking *a)
{
    struct act act = counter_as(a->c, &a->c->producer);
    struct shipment_row row;
    return shipment_add(&act, a->number, "ems", "1234567890123", NULL, &row);
}

static struct result confirm(struct asking *a)
{
    struct act act = counter_holder(a->c);
    act.account = a->successor;
    struct application_row row;
    return application_confirm(&act, a->number, &row);
}

static struct result key_sent(struct asking *a)
{
    struct act act = counter_holder(a->c);
    struct application_row row;
    return application_key_sent(&act, a->number, "1234567890123", &row);
}

static struct result take_back(struct asking *a)
{
    struct act act = counter_as(a->c, &a->c->reviewer);
    struct application_row row;
    return damaged_take_back(&act, a->number, &row);
}

static struct result inspected(struct asking *a, bool fault)
{
    struct act act = counter_as(a->c, &a->c->reviewer);
    struct application_row row;
    return damaged_inspect(&act, a->number, fault, "x", &row);
}

static struct result inspect(struct asking *a)
{
    return inspected(a, false);
}

static struct result find_fault(struct asking *a)
{
    return inspected(a, true);
}

static struct result receive(struct asking *a)
{
    struct act act = counter_holder(a->c);
    struct application_row row;
    return receipt_confirm(&act, a->number, "000000", &row);
}

/* What no person asks for: jobs, other applications and the journal do. */
static struct result by_itself(struct asking *a, enum event event)
{
    struct act act = service_act(&a->c->office->service, a->c->office->arena, &a->c->office->diag);
    struct desk_step step = { .act = &act, .number = a->number, .event = event };
    return desk_take(&step);
}

static struct result lapse(struct asking *a)
{
    return by_itself(a, EVENT_LAPSE);
}

static struct result cancel(struct asking *a)
{
    return by_itself(a, EVENT_CANCEL);
}

static struct result issue(struct asking *a)
{
    return by_itself(a, EVENT_ISSUE);
}

static struct result revoked(struct asking *a)
{
    return by_itself(a, EVENT_REVOKE);
}

/* An answer that was given is given again, and the USBKey that changes hands is opened likewise: no events of these. */
static struct result unlock(struct asking *a)
{
    struct act act = counter_holder(a->c);
    struct bytes answer;
    if (a->kind == KIND_CHANGE || (a->kind == KIND_UNLOCK && a->state == STATE_DONE)) return by_itself(a, EVENT_UNLOCK);
    return unlock_answer(&act, a->number, "HF00000001", bytes_text("12345678"), &answer);
}

static const struct {
    enum event event;
    struct result (*ask)(struct asking *a);
} asks[] = {
    { EVENT_FILL, fill },     { EVENT_PRINT, print },      { EVENT_UPLOAD, upload },   { EVENT_SUBMIT, submit },
    { EVENT_PAY, pay },       { EVENT_WITHDRAW, withdraw }, { EVENT_RETURN, send_back }, { EVENT_APPROVE, approve },
    { EVENT_REJECT, reject }, { EVENT_OPEN, open_card },   { EVENT_REMAKE, remake },   { EVENT_FINISH, finish },
    { EVENT_SHIP, ship },     { EVENT_CONFIRM, confirm },  { EVENT_SEND_BACK, key_sent }, { EVENT_TAKE_BACK, take_back },
    { EVENT_INSPECT, inspect }, { EVENT_FAULT, find_fault }, { EVENT_RECEIVE, receive }, { EVENT_UNLOCK, unlock },
    { EVENT_LAPSE, lapse },   { EVENT_CANCEL, cancel },    { EVENT_ISSUE, issue },     { EVENT_REVOKE, revoked },
};

static void set_state(const struct asking *a)
{
    char sql[300];
    const char *hex = text_hex(a->c->office->arena, BYTES(a->successor.b));
    assert_non_null(hex);
    snprintf(sql, sizeof sql, "UPDATE application SET service = '%s', state = '%s', successor = X'%s' WHERE number = '%s'",
             kind_rule(a->kind)->name, state_name(a->state), hex, a->number);
    counter_sql(a->c, sql);
}

/* Whether refused, the database is byte for byte as before. */
static void ask_refused(struct asking *a, size_t ask)
{
    uint8_t before[32], after[32];
    char which[80];
    snprintf(which, sizeof which, "%s %s %s", kind_rule(a->kind)->name, state_name(a->state), event_name(asks[ask].event));
    counter_fingerprint(a->c, before);
    struct result r = asks[ask].ask(a);
    counter_fingerprint(a->c, after);
    if (!failed(r)) fail_msg("%s: not refused", which);
    if (memcmp(before, after, sizeof before) != 0)
        fail_msg("%s: refused (%s), but something changed", which, error_find(r.code)->name);
    bool known = r.code == ERROR_APPLICATION_STATE || r.code == ERROR_DECISION_MADE ||
                 r.code == ERROR_PRODUCTION_ISSUED;
    if (!known) fail_msg("%s: %s", which, error_find(r.code)->name);
}

static void refused_pairs_change_nothing(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    struct arena *lasting = c->office->arena;
    struct asking a = { .c = c, .number = row.number,
                        .successor = office_account(c->office, "13800000002", office_numbers[1]).id };
    struct act act = counter_as(c, &c->reviewer);
    size_t refused = 0;
    assert_ok(review_draft(&act, row.number, true, NULL, &a.approval));
    assert_ok(review_draft(&act, row.number, false, "不行", &a.rejection));
    for (a.kind = 0; a.kind < KIND_COUNT; a.kind++)
        for (a.state = 0; a.state < STATE_COUNT; a.state++) {
            set_state(&a);
            c->office->arena = arena_new(16 << 20);
            for (size_t i = 0; i < COUNT(asks); i++) {
                if (workflow_possible(a.kind, a.state, asks[i].event)) continue;
                ask_refused(&a, i);
                refused++;
            }
            arena_free(c->office->arena);
            c->office->arena = lasting;
        }
    assert_true(refused > 2000);
}

/* R-FORM-5, R-OPS-3: what is refused by a guard, not by the state, leaves nothing behind either. */
static void refused_by_a_guard_changes_nothing(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    struct application_edit edit = { .number = row.number, .guarded = true, .version = row.version + 7 };
    struct application_medium medium = counter_good_medium();
    uint8_t before[32], after[32];
    struct act act = counter_holder(c);
    struct form_row form;
    counter_fingerprint(c, before);
    assert_error(application_choose(&act, &edit, &medium, &row), ERROR_APPLICATION_VERSION);
    edit.guarded = false;
    assert_error(application_submit(&act, &edit, &row), ERROR_APPLICATION_INCOMPLETE);
    assert_error(form_print(&act, edit.number, &form), ERROR_APPLICATION_INCOMPLETE);
    medium.address = NULL;
    assert_error(application_choose(&act, &edit, &medium, &row), ERROR_APPLICATION_ADDRESS);
    counter_fingerprint(c, after);
    assert_memory_equal(before, after, sizeof before);
}

int run_state_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refused_pairs_change_nothing, counter_set_up, counter_tear_down),
        cmocka_unit_test_setup_teardown(refused_by_a_guard_changes_nothing, counter_set_up, counter_tear_down),
    };
    return cmocka_run_group_tests_name("states", tests, NULL, NULL);
}
