/* The reviewer's part: R-OPS-1, R-OPS-2, R-OPS-3, R-OPS-8, R-FORM-2, R-FORM-5. */
#include "counter.h"
#include "desk_tests.h"

#include <stdio.h>

#include "service/calendar.h"
#include "service/item.h"

static struct result send_back(struct counter *c, const char *number, const char *items)
{
    struct act act = counter_as(c, &c->reviewer);
    struct application_row row;
    return review_return(&act, number, "missing-material", items, "执照不清晰\n请重新扫描", &row);
}

/* R-OPS-1: the most urgent first. */
static void the_queue_is_ordered_by_urgency(void **state)
{
    struct counter *c = *state;
    struct application_row first = counter_in(c, STATE_IN_REVIEW), *rows;
    struct account_row second = office_account(c->office, "13800000002", office_numbers[1]);
    size_t count;
    c->account = second;
    office_pass(c->office, 600);
    struct application_row later = counter_in(c, STATE_IN_REVIEW);
    struct act act = counter_as(c, &c->reviewer);
    assert_ok(review_queue(&act, "review", &rows, &count));
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].number, first.number);
    assert_string_equal(rows[1].number, later.number);
    assert_true(rows[0].due_s < rows[1].due_s);
    assert_ok(review_queue(&act, "approved", &rows, &count));
    assert_int_equal(count, 0);
    assert_ok(review_queue(&act, NULL, &rows, &count));
    assert_int_equal(count, 2);
}

/* R-FORM-2: what was corrected is shown beside the directory's, personal numbers masked. */
static void corrections_are_differences(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    struct application_edit edit = { .number = row.number };
    struct application_details details = counter_good_details();
    struct difference list[REVIEW_DIFFERENCES_MAX];
    size_t count;
    struct act act = counter_holder(c);
    details.holder_name = "张三丰";
    details.mobile = "13900000009";
    details.document_number = office_numbers[2];
    assert_ok(application_fill(&act, &edit, &details, &row));
    act = counter_as(c, &c->reviewer);
    assert_ok(review_differences(&act, row.number, list, &count));
    assert_int_equal(count, 3);
    assert_string_equal(list[0].field, "holder_name");
    assert_string_equal(list[0].directory, "张三");
    assert_string_equal(list[0].application, "张三丰");
    assert_string_equal(list[1].field, "document_number");
    assert_null(strstr(list[1].application, "1990"));
    assert_string_equal(list[2].field, "mobile");
    assert_string_equal(list[2].application, "139****0009");
}

/* R-OPS-2, R-OPS-1: sent back with items and words; told; the promised time stands still meanwhile. */
static void sent_back_the_clock_pauses(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    int64_t left = calendar_between(c->calendar, OFFICE_NOW, row.due_s);
    office_pass(c->office, 3600);
    assert_ok(send_back(c, row.number, "license"));
    row = counter_get(c, row.number);
    assert_string_equal(row.state, "sent-back");
    assert_int_equal(row.due_s, 0);
    assert_int_equal(row.left_s, left - 3600);
    counter_notice(c, "application-returned", "email");
    counter_sent(c, "单位证照复印件");
    /* Four days later it comes back: as much is left as then. */
    office_pass(c->office, 4 * DAY_S);
    counter_upload(c, row.number, "license");
    row = counter_submit(c, row.number);
    assert_string_equal(row.state, "in-review"); /* it is paid */
    assert_int_equal(calendar_between(c->calendar, c->office->clock.offset_s, row.due_s), left - 3600);
}

/* R-FORM-5: exactly the items that were sent back can be corrected, the rest is kept. */
static void only_what_was_sent_back_can_change(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    struct application_edit edit = { .number = row.number };
    struct application_details details = counter_good_details();
    struct application_medium medium = counter_good_medium();
    assert_ok(send_back(c, row.number, "email,license"));
    struct act act = counter_holder(c);
    details.holder_name = "李四";
    assert_error(application_fill(&act, &edit, &details, &row), ERROR_APPLICATION_ITEM);
    assert_string_equal(c->office->diag.field, "holder_name");
    act = counter_holder(c);
    medium.address = "别处";
    assert_error(application_choose(&act, &edit, &medium, &row), ERROR_APPLICATION_ITEM);
    details = counter_good_details();
    details.email = "new@example.com";
    act = counter_holder(c);
    assert_ok(application_fill(&act, &edit, &details, &row));
    /* The e-mail stands on the form: it is printed and scanned anew, and the license too. */
    act = counter_holder(c);
    assert_error(application_submit(&act, &edit, &row), ERROR_APPLICATION_INCOMPLETE);
    counter_print(c, edit.number);
    counter_upload(c, edit.number, "form");
    act = counter_holder(c);
    assert_error(application_submit(&act, &edit, &row), ERROR_APPLICATION_INCOMPLETE);
    assert_string_equal(c->office->diag.field, "license");
    counter_upload(c, edit.number, "license");
    assert_string_equal(counter_submit(c, edit.number).state, "in-review");
}

/* R-FORM-5: a scan that was not sent back is not replaced. */
static void a_good_scan_stays(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    struct attachment_row scan;
    assert_ok(send_back(c, row.number, "license"));
    struct act act = counter_holder(c);
    struct attachment_new new = { .number = row.number, .name = "identity", .fd = -1, .size = 1 };
    assert_error(attachment_add(&act, &new, &scan), ERROR_APPLICATION_ITEM);
}

/* R-OPS-2: items that are none are refused. */
static void wrong_items_are_refused(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    static const char *const bad[] = { "", "photo", "license,license", "identity-new", "license, form" };
    for (size_t i = 0; i < COUNT(bad); i++) assert_error(send_back(c, row.number, bad[i]), ERROR_RETURN_ITEMS);
    assert_string_equal(counter_get(c, row.number).state, "in-review");
}

/* R-OPS-3: the draft says what is approved; signed by the reviewer's own key it decides, and is kept as signed. */
static void an_approval_is_signed(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    struct act act = counter_as(c, &c->reviewer);
    struct approve_statement s;
    struct decision_row kept;
    const char *text;
    assert_ok(review_draft(&act, row.number, true, NULL, &text));
    assert_ok(statement_read(&approve_statement_shape, text, c->office->arena, &s));
    assert_string_equal(s.application, row.number);
    assert_string_equal(s.service, "apply");
    assert_string_equal(s.holder_name, "张三");
    assert_string_equal(s.organization, "91350100M000100Y43");
    assert_string_equal(s.medium, "usbkey");
    assert_string_equal(s.validity, "1y");
    assert_string_equal(s.revokes, "-");
    assert_string_equal(s.operator_serial, c->reviewer.serial);
    struct bytes signature = counter_sign(c, &c->reviewer, text);
    assert_ok(review_decide(&act, row.number, text, signature, &row));
    assert_string_equal(row.state, "approved");
    assert_int_equal(row.decided_s, OFFICE_NOW);
    assert_int_equal(row.finished_s, 0); /* the promise covers production too */
    struct key_row key = { .key = row.number, .other = "approve", .limit_count = 10 };
    void *rows;
    size_t count;
    assert_ok(store_list(c->office->service.store, STATEMENT_DECISION_LIST, RECORD(key_row_shape, &key), c->office->arena,
                         &decision_row_shape, 10, &rows, &count));
    assert_int_equal(count, 1);
    kept = *(struct decision_row *)rows;
    assert_string_equal(kept.statement, text);
    assert_true(bytes_equal(kept.signature, signature));
    assert_int_equal(kept.used, 0);
    /* R-OPS-8: told by SMS and e-mail in this service's words */
    counter_notice(c, "apply-approved", "sms");
    counter_notice(c, "apply-approved", "email");
}

/* R-OPS-3: a second approval is refused, by whomever. */
static void one_decision_only(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    struct act act = counter_as(c, &c->reviewer);
    const char *text, *other_text, *third;
    assert_ok(review_draft(&act, row.number, true, NULL, &text));
    struct act other = counter_as(c, &c->other);
    assert_ok(review_draft(&other, row.number, true, NULL, &other_text));
    assert_ok(review_decide(&act, row.number, text, counter_sign(c, &c->reviewer, text), &row));
    assert_error(review_decide(&act, row.number, text, counter_sign(c, &c->reviewer, text), &row), ERROR_DECISION_MADE);
    assert_error(review_decide(&other, row.number, other_text, counter_sign(c, &c->other, other_text), &row),
                 ERROR_DECISION_MADE);
    assert_error(review_draft(&other, row.number, true, NULL, &third), ERROR_DECISION_MADE);
    assert_error(review_draft(&other, row.number, false, "不行", &third), ERROR_DECISION_MADE);
}

/* R-OPS-3: altered in any line, signed by another key or by another operator's, too old, of another application. */
static void what_is_no_approval(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW), out;
    struct act act = counter_as(c, &c->reviewer);
    struct approve_statement good, bad;
    const char *text, *altered;
    assert_ok(review_draft(&act, row.number, true, NULL, &text));
    assert_ok(statement_read(&approve_statement_shape, text, c->office->arena, &good));
    for (size_t i = 0; i < approve_statement_shape.count; i++) {
        const struct shape_field *f = &approve_statement_shape.fields[i];
        bad = good;
        /* Nonce and time are the client's to give back: other ones make another decision, not a wrong one. */
        if (text_equal(f->name, "nonce") || text_equal(f->name, "time")) continue;
        *(const char **)shape_at(f, &bad) = text_equal(f->name, "validity") ? "until:1999999999" : "x";
        assert_ok(statement_write(&approve_statement_shape, &bad, c->office->arena, &altered));
        struct result r = review_decide(&act, row.number, altered, counter_sign(c, &c->reviewer, altered), &out);
        if (r.code != ERROR_DECISION_STATEMENT && r.code != ERROR_DECISION_SIGNATURE)
            fail_msg("%s: %s", f->name, error_find(r.code)->name);
    }
    assert_error(review_decide(&act, row.number, text, counter_sign(c, &c->other, text), &out), ERROR_DECISION_SIGNATURE);
    assert_error(review_decide(&act, row.number, text, bytes_text("short"), &out), ERROR_DECISION_SIGNATURE);
    assert_error(review_decide(&act, row.number, "HUFU-LOGIN-v1\n", counter_sign(c, &c->reviewer, text), &out),
                 ERROR_DECISION_STATEMENT);
    struct act other = counter_as(c, &c->other);
    assert_error(review_decide(&other, row.number, text, counter_sign(c, &c->reviewer, text), &out),
                 ERROR_DECISION_SIGNATURE);
    struct act producer = counter_as(c, &c->producer);
    assert_error(review_decide(&producer, row.number, text, counter_sign(c, &c->producer, text), &out),
                 ERROR_NOT_PERMITTED);
    office_pass(c->office, EVIDENCE_FRESH_S + 1);
    act = counter_as(c, &c->reviewer);
    assert_error(review_decide(&act, row.number, text, counter_sign(c, &c->reviewer, text), &out), ERROR_DECISION_STALE);
    assert_string_equal(counter_get(c, row.number).state, "in-review");
}

/* R-OPS-3: the approval of one application is none of another. */
static void an_approval_is_of_one_application(void **state)
{
    struct counter *c = *state;
    struct application_row first = counter_in(c, STATE_IN_REVIEW), out;
    c->account = office_account(c->office, "13800000002", office_numbers[1]);
    struct application_row second = counter_in(c, STATE_IN_REVIEW);
    struct act act = counter_as(c, &c->reviewer);
    const char *text;
    assert_ok(review_draft(&act, first.number, true, NULL, &text));
    assert_error(review_decide(&act, second.number, text, counter_sign(c, &c->reviewer, text), &out),
                 ERROR_DECISION_STATEMENT);
}

/* R-OPS-3: what was corrected after the draft is not what was signed. */
static void a_draft_does_not_outlive_a_change(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW), out;
    struct act act = counter_as(c, &c->reviewer);
    const char *text;
    assert_ok(review_draft(&act, row.number, true, NULL, &text));
    assert_ok(send_back(c, row.number, "holder_name"));
    struct application_edit edit = { .number = row.number };
    struct application_details details = counter_good_details();
    struct act holder = counter_holder(c);
    details.holder_name = "李四";
    assert_ok(application_fill(&holder, &edit, &details, &out));
    counter_print(c, row.number);
    counter_upload(c, row.number, "form");
    counter_submit(c, row.number);
    act = counter_as(c, &c->reviewer);
    assert_error(review_decide(&act, row.number, text, counter_sign(c, &c->reviewer, text), &out),
                 ERROR_DECISION_STATEMENT);
}

/* R-OPS-3, R-FEE-4: a rejection says why, is signed, told, and ends it. */
static void a_rejection_is_signed(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    struct act act = counter_as(c, &c->reviewer);
    const char *text;
    assert_error(review_draft(&act, row.number, false, NULL, &text), ERROR_DECISION_WORDS);
    row = counter_decide(c, row.number, false);
    assert_string_equal(row.state, "rejected");
    assert_string_equal(row.return_words, "印章不清晰 / 请重新申请");
    assert_int_equal(row.open, 0);
    assert_int_equal(row.finished_s, OFFICE_NOW);
    counter_notice(c, "application-rejected", "sms");
    counter_begin(c);
}

/* R-APPLY-1, R-ACCT-3: what stands against a certificate is looked at again when it is approved. */
static void approved_only_for_an_open_account(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW), out;
    struct act act = counter_as(c, &c->reviewer), admin = office_act(c->office);
    struct account_row account;
    const char *text;
    assert_ok(review_draft(&act, row.number, true, NULL, &text));
    assert_ok(directory_account_set_state(&admin, &c->account.id, "suspended", "离职", &account));
    assert_error(review_decide(&act, row.number, text, counter_sign(c, &c->reviewer, text), &out),
                 ERROR_APPLICATION_ACCOUNT);
}

/* R-FORM-2: the whole identity number is shown on a look that is noted. */
static void a_look_at_the_identity_is_noted(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    struct act act = counter_as(c, &c->reviewer);
    char document[DOCUMENT_NUMBER_MAX + 1];
    const char *mobile;
    struct audit_row *history;
    size_t count;
    assert_ok(review_identity(&act, row.number, document, &mobile));
    assert_string_equal(document, office_numbers[0]);
    assert_ok(review_history(&act, row.number, &history, &count));
    assert_int_equal(count, 2);
    counter_audit(c, "application.begin");
    counter_audit(c, "identity.look");
    for (size_t i = 0; i < count; i++) assert_null(strstr(history[i].detail, office_numbers[0]));
}

int run_review_tests(struct server *server)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) { #name, name, counter_set_up, counter_tear_down, server }
        TEST(the_queue_is_ordered_by_urgency),
        TEST(corrections_are_differences),
        TEST(sent_back_the_clock_pauses),
        TEST(only_what_was_sent_back_can_change),
        TEST(a_good_scan_stays),
        TEST(wrong_items_are_refused),
        TEST(an_approval_is_signed),
        TEST(one_decision_only),
        TEST(what_is_no_approval),
        TEST(an_approval_is_of_one_application),
        TEST(a_draft_does_not_outlive_a_change),
        TEST(a_rejection_is_signed),
        TEST(approved_only_for_an_open_account),
        TEST(a_look_at_the_identity_is_noted),
    };
    return cmocka_run_group_tests_name(server ? "review on postgresql" : "review", tests, NULL, NULL);
}
