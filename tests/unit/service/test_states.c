/* Every state and everything that may be asked, through the rules over a database: what the table refuses leaves the
 * database identical (R-APPLY, R-FORM-5, R-OPS-3). */
#include "counter.h"
#include "desk_tests.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "service/production.h"
#include "service/shipment.h"

struct asking {
    struct counter *c;
    const char *number;
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

static const struct {
    enum event event;
    struct result (*ask)(struct asking *a);
} asks[] = {
    { EVENT_FILL, fill },     { EVENT_PRINT, print },      { EVENT_UPLOAD, upload },   { EVENT_SUBMIT, submit },
    { EVENT_PAY, pay },       { EVENT_WITHDRAW, withdraw }, { EVENT_RETURN, send_back }, { EVENT_APPROVE, approve },
    { EVENT_REJECT, reject }, { EVENT_OPEN, open_card },   { EVENT_REMAKE, remake },   { EVENT_FINISH, finish },
    { EVENT_SHIP, ship },
};

static void set_state(struct counter *c, const char *number, enum state state)
{
    char sql[200];
    snprintf(sql, sizeof sql, "UPDATE application SET state = '%s' WHERE number = '%s'", state_name(state), number);
    counter_sql(c, sql);
}

/* Whether refused, the database is byte for byte as before. */
static void ask_refused(struct asking *a, enum state state, size_t ask)
{
    uint8_t before[32], after[32];
    set_state(a->c, a->number, state);
    counter_fingerprint(a->c, before);
    struct result r = asks[ask].ask(a);
    counter_fingerprint(a->c, after);
    if (!failed(r)) fail_msg("%s %s: not refused", state_name(state), event_name(asks[ask].event));
    if (memcmp(before, after, sizeof before) != 0)
        fail_msg("%s %s: refused (%s), but something changed", state_name(state), event_name(asks[ask].event),
                 error_find(r.code)->name);
    bool known = r.code == ERROR_APPLICATION_STATE || r.code == ERROR_DECISION_MADE ||
                 r.code == ERROR_PRODUCTION_ISSUED;
    if (!known) fail_msg("%s %s: %s", state_name(state), event_name(asks[ask].event), error_find(r.code)->name);
}

static void refused_pairs_change_nothing(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    struct asking a = { .c = c, .number = row.number };
    struct act act = counter_as(c, &c->reviewer);
    size_t refused = 0;
    assert_ok(review_draft(&act, row.number, true, NULL, &a.approval));
    assert_ok(review_draft(&act, row.number, false, "不行", &a.rejection));
    for (int s = 0; s < STATE_COUNT; s++)
        for (size_t i = 0; i < COUNT(asks); i++) {
            if (workflow_possible(KIND_APPLY, (enum state)s, asks[i].event)) continue;
            ask_refused(&a, (enum state)s, i);
            refused++;
        }
    assert_true(refused > 120);
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
