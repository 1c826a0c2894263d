/* R-OPS-7: notices are templates as data, delivered at least once, shown as delivered or failed, retried with
 * back-off, never lost in a crash. R-HELP-2: they link to the one official address only. */
#include "office.h"
#include "door.h"

#include <pthread.h>
#include <unistd.h>

#include "service/audit.h"
#include "service/notice.h"
#include "service/sms.h"
#include "service/template.h"

static const char mobile[] = "13800000001", email[] = "zhangsan@example.com";

struct queueing {
    struct act act;
    struct notice notice;
    bool fails;
};

static struct result queue(struct tx *tx, void *context)
{
    struct queueing *q = context;
    TRY(notice_queue(tx, &q->act, &q->notice));
    return q->fails ? FAIL(ERROR_STORE_CONFLICT) : OK;
}

static struct result queue_with(struct office *office, const char *name, const char *reason, bool fails)
{
    struct notice_value values[] = { { "name", name }, { "reason", reason }, { "time", "2026-11-24 14:00" } };
    struct queueing q = { office_act(office), { "account-suspended", mobile, email, NOTICE_VALUES(values) }, fails };
    return store_write(office->service.store, queue, &q);
}

static size_t send(struct office *office, const char *channel)
{
    size_t tried;
    assert_ok(notice_send_due(&office->service, channel, &tried));
    return tried;
}

/* R-OPS-7: what is undone tells nothing; what is done tells once. */
static void a_notice_stands_and_falls_with_what_it_tells_of(void **state)
{
    struct office *office = *state;
    const struct sent *sent;
    struct notice_row *rows;
    assert_error(queue_with(office, "张三", "离岗", true), ERROR_STORE_CONFLICT);
    assert_int_equal(send(office, "sms"), 0);
    assert_ok(queue_with(office, "张三", "离岗", false));
    office_run_jobs(office);
    assert_int_equal(office_sent(office, &sent), 2);
    office_run_jobs(office);
    assert_int_equal(office_sent(office, &sent), 2);
    assert_int_equal(office_notices(office, &rows), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(rows[i].state, "sent");
        assert_int_equal(rows[i].sent_s, OFFICE_NOW);
        assert_null(rows[i].body);
        assert_string_equal(rows[i].recipient, text_equal(rows[i].channel, "sms") ? "138****0001" : "z***@example.com");
    }
}

/* R-OPS-7: a gateway that is down blocks nothing else, and what waits for it is sent when it is back. */
static void a_gateway_that_is_down_blocks_nothing_else(void **state)
{
    struct office *office = *state;
    const struct sent *sent;
    struct notice_row *rows;
    office_relay_fails(office, SENT_EMAIL, ERROR_RELAY_UNREACHABLE);
    assert_ok(queue_with(office, "张三", "离岗", false));
    assert_int_equal(send(office, "email"), 1);
    assert_int_equal(send(office, "sms"), 1);
    assert_int_equal(office_sent(office, &sent), 1);
    assert_int_equal(sent[0].channel, SENT_SMS);
    office_notices(office, &rows);
    const struct notice_row *waiting = text_equal(rows[0].channel, "email") ? &rows[0] : &rows[1];
    assert_string_equal(waiting->state, "waiting");
    assert_string_equal(waiting->last_error, error_find(ERROR_RELAY_UNREACHABLE)->zh);
    assert_int_equal(waiting->tries, 1);
    assert_int_equal(send(office, "email"), 0); /* not before its time */
    office_relay_fails(office, SENT_EMAIL, ERROR_NONE);
    office_pass(office, 4);
    assert_int_equal(send(office, "email"), 0);
    office_pass(office, 1);
    assert_int_equal(send(office, "email"), 1);
    assert_int_equal(office_sent(office, &sent), 2);
}

/* R-OPS-7: back-off: each wait at least as long as the one before; after a day or so it is shown as failed. */
static void tries_come_at_growing_distances(void **state)
{
    struct office *office = *state;
    struct notice_row *rows;
    int64_t last = 0, began = OFFICE_NOW;
    int tries = 0;
    office_relay_fails(office, SENT_EMAIL, ERROR_RELAY_TIMEOUT);
    assert_ok(queue_with(office, "张三", "离岗", false));
    assert_int_equal(send(office, "sms"), 1);
    for (;;) {
        assert_int_equal(send(office, "email"), 1);
        tries++;
        office_notices(office, &rows);
        const struct notice_row *row = text_equal(rows[0].channel, "email") ? &rows[0] : &rows[1];
        assert_int_equal(row->tries, tries);
        if (text_equal(row->state, "failed")) break;
        int64_t wait = row->next_s - office->clock.offset_s;
        assert_true(wait >= last && wait > 0);
        last = wait;
        office_pass(office, wait);
        assert_true(tries < 50);
    }
    assert_true(office->clock.offset_s - began > 12 * 3600);
    assert_int_equal(tries, 13);
    office_pass(office, 10 * DAY_S);
    assert_int_equal(send(office, "email"), 0);
}

/* R-OPS-7: what the gateway refuses for good is shown as failed at once. */
static void what_is_refused_for_good_is_not_tried_again(void **state)
{
    struct office *office = *state;
    struct notice_row *rows;
    office_relay_fails(office, SENT_SMS, ERROR_RELAY_RECIPIENT);
    assert_ok(queue_with(office, "张三", "离岗", false));
    assert_int_equal(send(office, "sms"), 1);
    office_notices(office, &rows);
    const struct notice_row *row = text_equal(rows[0].channel, "sms") ? &rows[0] : &rows[1];
    assert_string_equal(row->state, "failed");
    assert_string_equal(row->last_error, error_find(ERROR_RELAY_RECIPIENT)->zh);
    office_pass(office, DAY_S);
    assert_int_equal(send(office, "sms"), 0);
}

static void *send_sms(void *closure)
{
    size_t tried;
    IGNORE(notice_send_due(&((struct office *)closure)->service, "sms", &tried));
    return NULL;
}

/* R-OPS-7: who has taken a notice has it for a while, in which nobody else sends it; should that process die, it is due
 * again, under the same id. */
static void a_notice_is_sent_by_one_at_a_time(void **state)
{
    struct office *office = *state;
    const struct sent *sent;
    pthread_t first;
    assert_ok(queue_with(office, "张三", "离岗", false));
    office_relay_holds(office, true);
    pthread_create(&first, NULL, send_sms, office);
    while (office_sent(office, &sent) == 0) usleep(200); /* it is under way */
    struct key_row key = { .key = "sms", .limit_count = 10 };
    void *rows;
    size_t count;
    for (int64_t later = 0; later <= 45; later += 15) {
        key.at_s = OFFICE_NOW + later;
        assert_ok(store_list(office->service.store, STATEMENT_NOTICE_DUE, RECORD(key_row_shape, &key), office->arena,
                             &notice_row_shape, 10, &rows, &count));
        assert_int_equal(count, later >= 45);
    }
    assert_true(id_equal(&((struct notice_row *)rows)->id, &sent[0].id));
    office_relay_holds(office, false);
    pthread_join(first, NULL);
    assert_int_equal(send(office, "sms"), 0);
}

/* R-OPS-7: the same notice always goes out under the same id, by which a gateway tells a repeat. */
static void a_repeat_bears_the_same_id(void **state)
{
    struct office *office = *state;
    const struct sent *sent;
    struct notice_row *rows;
    assert_ok(queue_with(office, "张三", "离岗", false));
    office_run_jobs(office);
    office_sent(office, &sent);
    office_notices(office, &rows);
    for (size_t i = 0; i < 2; i++)
        assert_true(id_equal(&sent[i].id, &rows[0].id) || id_equal(&sent[i].id, &rows[1].id));
}

static const struct notice_row *row_of(struct office *office, const char *template)
{
    struct notice_row *rows;
    size_t count = office_notices(office, &rows);
    for (size_t i = 0; i < count; i++)
        if (text_equal(rows[i].template, template)) return &rows[i];
    return NULL;
}

/* R-SMS-1: a code is not sent when it is worth nothing any more, and leaves the outbox either way. */
static void codes_are_wiped_and_not_sent_late(void **state)
{
    struct office *office = *state;
    const struct sent *sent;
    size_t made;
    office_account(office, mobile, office_numbers[0]);
    office_run_jobs(office);
    size_t before = office_sent(office, &sent);
    struct act act = office_act(office);
    assert_ok(sms_want(&act, SMS_LOGIN, mobile));
    assert_ok(sms_make_wanted(&office->service, &made));
    struct key_row key = { .key = "sms", .at_s = office->clock.offset_s, .limit_count = 10 };
    void *rows;
    size_t count;
    assert_ok(store_list(office->service.store, STATEMENT_NOTICE_DUE, RECORD(key_row_shape, &key), office->arena,
                         &notice_row_shape, 10, &rows, &count));
    assert_int_equal(count, 1);
    const struct notice_row *queued = rows;
    assert_non_null(strstr(queued->body, "验证码"));
    /* what a gateway is told in the place of words */
    assert_int_equal(strlen(queued->params), strlen("code=123456\n"));
    assert_memory_equal(queued->params, "code=", 5);
    assert_non_null(strstr(queued->body, arena_format(office->arena, "%.6s", queued->params + 5)));
    office_pass(office, 300);
    assert_int_equal(send(office, "sms"), 1);
    assert_int_equal(office_sent(office, &sent), before);
    assert_string_equal(row_of(office, "sms-code")->state, "failed");
    /* while the gateway is away it is tried as long as the code lasts */
    office_relay_fails(office, SENT_SMS, ERROR_RELAY_UNREACHABLE);
    act = office_act(office);
    assert_ok(sms_want(&act, SMS_LOGIN, mobile));
    assert_ok(sms_make_wanted(&office->service, &made));
    for (int i = 0; i < 400; i++) {
        send(office, "sms");
        office_pass(office, 1);
    }
    assert_string_equal(row_of(office, "sms-code")->state, "failed");
    assert_true(row_of(office, "sms-code")->tries > 3);
}

/* R-SMS-1, R-OPS-7: of a code that was sent the outbox keeps that it was, not what it was. */
static void a_sent_code_is_wiped(void **state)
{
    struct office *office = *state;
    size_t made;
    office_account(office, mobile, office_numbers[0]);
    office_run_jobs(office);
    struct act act = office_act(office);
    assert_ok(sms_want(&act, SMS_LOGIN, mobile));
    assert_ok(sms_make_wanted(&office->service, &made));
    office_run_jobs(office);
    struct id id = row_of(office, "sms-code")->id;
    struct key_row key = { .id = id };
    struct notice_row row;
    assert_ok(store_one(office->service.store, STATEMENT_NOTICE_GET, RECORD(key_row_shape, &key), office->arena,
                        &notice_row_shape, &row));
    assert_string_equal(row.state, "sent");
    assert_string_equal(row.body, "-");
    assert_null(row.params);
    assert_string_equal(row.receipt, "receipt");
}

/* R-OPS-7: what stands for the names of a template, each once, in its order; what is part of it is left out. */
static void the_values_of_a_template(void **state)
{
    struct office *office = *state;
    const struct notice_value values[] = { { "number", "2026" }, { "name", "张 三\nhttp://x" }, { "other", "-" } };
    const char *text = "【{brand}】{name}，受理单 {number}，{name}：{portal}";
    const char *params = template_params(office->arena, text, values, COUNT(values));
    assert_string_equal(params, "name=张 三 http：//x\nnumber=2026\n");
    assert_string_equal(template_params(office->arena, "没有", values, COUNT(values)), "");
}

/* R-HELP-2: what somebody typed makes no link and no line of its own. */
static void values_are_made_harmless(void **state)
{
    struct office *office = *state;
    const struct sent *sent;
    assert_ok(queue_with(office, "见 http://evil.example/x", "第一行\n第二行 www.evil.example 1.5 元 A.B", false));
    office_run_jobs(office);
    assert_int_equal(office_sent(office, &sent), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_null(strstr(sent[i].text, "http://evil"));
        assert_null(strstr(sent[i].text, "evil.example"));
        assert_null(strstr(sent[i].text, "第一行\n"));
        assert_non_null(strstr(sent[i].text, "1.5 元"));
        assert_non_null(strstr(sent[i].text, "evil．example"));
    }
}

/* R-OPS-7, R-HELP-2: every template that there is fills in, and names no address but the official one. */
static void every_template_is_well_formed(void **state)
{
    struct office *office = *state;
    assert_true(notice_templates_count >= 5);
    for (size_t i = 0; i < notice_templates_count; i++) {
        const struct template *t = &notice_templates[i];
        struct template_words words = { t->sms, t->subject, t->text };
        struct diag diag = { 0 };
        struct result r = template_check(t, &words, office->arena, &diag);
        if (failed(r)) fail_msg("%s: %s %s %s", t->name, error_find(r.code)->name, diag.field, diag.detail);
        assert_ptr_equal(template_find(t->name), t);
        assert_true(t->title[0]);
    }
    assert_null(template_find("none"));
}

/* R-OPS-7, R-HELP-2: words that somebody writes, each with one defect, and twins without it. */
static void words_of_somebody_are_checked(void **state)
{
    struct office *office = *state;
    static const struct {
        const char *sms;
        enum error error;
    } all[] = {
        { "【{brand}】{name}，您的受理单 {number} 已寄出，运单 {waybill}。", ERROR_NONE },
        { "{name}，受理单 {number}，运单 {waybill}。", ERROR_TEMPLATE_BRAND },
        { "【{brand}】受理单 {number}，运单 {waybil}。", ERROR_TEMPLATE_NAME },
        { "【{brand}】受理单 {number}，运单 {waybill}，{code}。", ERROR_TEMPLATE_NAME },
        { "【{brand}】受理单 {number}，运单 {waybill}，{名}。", ERROR_TEMPLATE_NAME },
        { "【{brand}】受理单 {number}，运单 {waybill}，{", ERROR_TEMPLATE_NAME },
        { "【{brand}】受理单 {number}，运单 {waybill}，{}。", ERROR_TEMPLATE_NAME },
        { "【{brand}】受理单 {number}，运单 {waybill}}。", ERROR_TEMPLATE_NAME },
        { "【{brand}】受理单 {number} 已寄出。", ERROR_TEMPLATE_NEEDS },
        { "【{brand}】受理单 {number}，运单 {waybill}，见 http://evil.example 。", ERROR_TEMPLATE_LINK },
        { "【{brand}】受理单 {number}，运单 {waybill}，见 evil.example 。", ERROR_TEMPLATE_LINK },
        { "【{brand}】受理单 {number}，运单 {waybill}，见 证书.中国 。", ERROR_TEMPLATE_LINK },
        { "【{brand}】受理单 {number}，运单 {waybill}.com 。", ERROR_TEMPLATE_LINK },
        { "【{brand}】受理单 {number}，运单 {waybill}，见 {name}.{number} 。", ERROR_TEMPLATE_LINK },
        { "【{brand}】受理单 {number}，运单 {waybill}，见 10.0.0.1/x 。", ERROR_TEMPLATE_LINK },
        { "【{brand}】受理单 {number}，运单 {waybill}，问 a@b 。", ERROR_TEMPLATE_LINK },
        { "【{brand}】受理单 {number}，运单 {waybill}，见 {portal}.evil.example 。", ERROR_TEMPLATE_LINK },
        { "【{brand}】受理单 {number}，运单 {waybill}，见 {portal}@evil 。", ERROR_TEMPLATE_LINK },
        { "【{brand}】受理单 {number}，运单 {waybill}，见 {portal}-evil 。", ERROR_TEMPLATE_LINK },
        { "【{brand}】受理单 {number}，运单 {waybill}，见 {portal} 。", ERROR_NONE },
        { "【{brand}】1. 受理单 {number}，2. 运单 {waybill}，80.00 元，软件 1.2.3 版，24.0 …... 好。", ERROR_NONE },
    };
    const struct template *t = template_find("application-shipped");
    for (size_t i = 0; i < COUNT(all); i++) {
        struct template_words words = { all[i].sms, t->subject, t->text };
        struct diag diag = { 0 };
        struct result r = template_check(t, &words, office->arena, &diag);
        if (r.code != all[i].error) fail_msg("%s: %s", all[i].sms, error_find(r.code)->name);
        if (failed(r)) assert_string_equal(diag.field, "sms");
    }
    const struct template_words less[] = { { NULL, t->subject, t->text }, { t->sms, NULL, t->text }, { t->sms, t->subject, NULL } };
    for (size_t i = 0; i < COUNT(less); i++)
        assert_error(template_check(t, &less[i], office->arena, NULL), ERROR_FIELD_MISSING);
    const struct template *code = template_find("sms-code");
    assert_error(template_check(code, &(struct template_words){ code->sms, "主题", "正文" }, office->arena, NULL),
                 ERROR_FIELD_UNKNOWN);
    char filler[3 * (TEMPLATE_SMS_MAX + 1)] = { 0 };
    for (size_t i = 0; i + 3 < sizeof filler; i += 3) memcpy(filler + i, "长", 3);
    const char *edge = arena_format(office->arena, "【{brand}】{code}%.*s", (TEMPLATE_SMS_MAX - 16) * 3, filler);
    const char *over = arena_format(office->arena, "【{brand}】{code}%.*s", (TEMPLATE_SMS_MAX - 15) * 3, filler);
    assert_ok(template_check(code, &(struct template_words){ .sms = edge }, office->arena, NULL));
    assert_error(template_check(code, &(struct template_words){ .sms = over }, office->arena, NULL), ERROR_TEMPLATE_LONG);
}

/* The outbox comes a page at a time, newest first. */
static void the_outbox_comes_in_pages(void **state)
{
    struct office *office = *state;
    struct notice_row *rows, *more;
    size_t count, rest;
    const char *next, *end;
    for (int i = 0; i < 30; i++) {
        assert_ok(queue_with(office, "张三", "离岗", false));
        office_pass(office, i % 3);
    }
    struct act act = office_act(office);
    assert_ok(notice_list(&act, &(struct notice_wish){ 0 }, &rows, &count, &next));
    assert_int_equal(count, NOTICE_PAGE);
    assert_ok(notice_list(&act, &(struct notice_wish){ .after = next }, &more, &rest, &end));
    assert_int_equal(rest, 10);
    assert_null(end);
    for (size_t i = 1; i < count; i++) assert_true(rows[i].created_s <= rows[i - 1].created_s);
    assert_true(more[0].created_s <= rows[count - 1].created_s);
    assert_false(id_equal(&more[0].id, &rows[count - 1].id));
    static const char *const bad[] = { "1", "_", "x_y", "1_x", "99999999999999999999999_00000000000000000000000000" };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_error(notice_list(&act, &(struct notice_wish){ .after = bad[i] }, &rows, &count, &next), ERROR_FIELD_FORMAT);
}

/* Who did what: entries hold what they are told, shortened where it is too long, newest first. */
static void entries_of_the_trail(void **state)
{
    struct office *office = *state;
    struct audit_row *rows;
    char longer[4001];
    for (size_t i = 0; i + 3 <= 4000; i += 3) memcpy(longer + i, "测", 3);
    longer[3999] = '\0';
    struct act act = office_act(office);
    assert_ok(audit_write_alone(&act, "test.one", "a", NULL));
    act.now_s++;
    act.serial = NULL;
    memset(act.account.b, 1, ID_SIZE);
    assert_ok(audit_write_alone(&act, "test.two", "b", longer));
    assert_int_equal(office_audits(office, &rows), 2);
    assert_string_equal(rows[0].action, "test.two");
    assert_int_equal(strlen(rows[0].detail), 3000);
    assert_int_equal(strlen(rows[0].actor_id), ID_TEXT_LEN);
    assert_string_equal(rows[1].detail, "-");
    assert_string_equal(rows[1].client, "192.0.2.7");
    assert_string_equal(rows[1].actor_id, "0123456789abcdef0123456789abcdef");
}

int run_notice_tests(struct server *server)
{
#define T(test) cmocka_unit_test_prestate_setup_teardown(test, office_set_up, office_tear_down, server)
    const struct CMUnitTest tests[] = {
        T(a_notice_stands_and_falls_with_what_it_tells_of),
        T(a_gateway_that_is_down_blocks_nothing_else),
        T(tries_come_at_growing_distances),
        T(what_is_refused_for_good_is_not_tried_again),
        T(a_notice_is_sent_by_one_at_a_time),
        T(a_repeat_bears_the_same_id),
        T(codes_are_wiped_and_not_sent_late),
        T(a_sent_code_is_wiped),
        T(values_are_made_harmless),
        T(the_values_of_a_template),
        T(every_template_is_well_formed),
        T(words_of_somebody_are_checked),
        T(the_outbox_comes_in_pages),
        T(entries_of_the_trail),
    };
    return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
