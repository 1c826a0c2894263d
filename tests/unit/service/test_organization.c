/* Organizations' own accounts, closing, changes of mobile numbers: R-ACCT-6, R-ACCT-7, R-ACCT-8, R-OPS-9. */
#include "office.h"
#include "door.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/random.h"
#include "service/application.h"
#include "service/mobile_change.h"
#include "service/organization.h"
#include "service/revocation_wish.h"
#include "service/session.h"
#include "service/sms.h"

static const char first_mobile[] = "13800000001", second_mobile[] = "13800000002", new_mobile[] = "13800000077";
static const struct organization_wish all;
static const char serial_a[] = "0a112233445566778899aabbccddeeff", serial_b[] = "0b112233445566778899aabbccddeeff";

static struct act holder_act(struct office *office, const struct account_row *account)
{
    struct act act = office_act(office);
    act.kind = ACTOR_HOLDER;
    act.account = account->id;
    act.name = account->name;
    act.serial = act.roles = NULL;
    act.means = "sms";
    return act;
}

static void add_certificate(struct office *office, const struct account_row *account, const char *serial,
                            const char *state)
{
    struct certificate_row row = { .serial = serial, .ca_id = "a", .purpose = "signing", .pair = serial,
                                   .holder = account->id, .application = "20261124000000178", .medium = "usbkey",
                                   .subject = "CN=张三", .der = bytes_text("x"), .not_before_s = OFFICE_NOW - 10,
                                   .not_after_s = OFFICE_NOW + DAY_S, .state = state };
    assert_ok(store_change(office->service.store, STATEMENT_CERTIFICATE_INSERT, RECORD(certificate_row_shape, &row)));
}

/* Another organization with somebody in it. */
static struct account_row stranger(struct office *office)
{
    struct act act = office_act(office);
    struct organization_row what = { .name = "另一公司", .credit_code = "911101010000000000", .address = "上海" }, made;
    static const char letters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    struct result r = FAIL(ERROR_CREDIT_CODE);
    for (const char *c = letters; *c && r.code == ERROR_CREDIT_CODE; c++) { /* whichever check character fits */
        char *code = arena_text(office->arena, bytes_text("911101010000000000"));
        code[17] = *c;
        what.credit_code = code;
        act = office_act(office);
        r = directory_organization_new(&act, &what, &made);
    }
    assert_ok(r);
    struct account_new person = { made.id, "赵六", "id-card", office_numbers[3], "13800000009", "zhaoliu@example.com" };
    struct account_row account;
    act = office_act(office);
    assert_ok(directory_account_new(&act, &person, &account));
    return account;
}

static void name(struct office *office, const struct account_row *account, bool administrator)
{
    struct act act = office_act(office);
    assert_ok(organization_name_administrator(&act, &account->id, administrator));
}

static int set_up(void **state)
{
    office_set_up(state);
    office_start_files(*state);
    return 0;
}

/* ---- R-ACCT-6 ---- */

/* R-ACCT-6: who runs an organization sees its people, their applications and certificates, and nobody else's. */
static void an_administrator_sees_the_own_people(void **state)
{
    struct office *office = *state;
    struct account_row one = office_account(office, first_mobile, office_numbers[0]);
    struct account_row two = office_account(office, second_mobile, office_numbers[1]), other = stranger(office);
    struct application_row begun;
    struct act as_two = holder_act(office, &two), as_other = holder_act(office, &other);
    assert_ok(application_begin(&as_two, KIND_APPLY, &begun));
    assert_ok(application_begin(&as_other, KIND_APPLY, &begun));
    add_certificate(office, &one, serial_a, "valid");
    add_certificate(office, &other, serial_b, "valid");
    name(office, &one, true);
    struct act act = holder_act(office, &one);
    struct organization_row own;
    struct account_row *people;
    struct application_row *applications;
    struct certificate_row *certificates;
    size_t count;
    const char *next;
    assert_ok(organization_own(&act, &own));
    assert_true(id_equal(&own.id, &one.organization));
    assert_ok(organization_people(&act, &all, &people, &count, &next));
    assert_int_equal(count, 2);
    assert_null(next);
    assert_ok(organization_applications(&act, &all, &applications, &count, &next));
    assert_int_equal(count, 1);
    assert_true(id_equal(&applications[0].holder, &two.id));
    assert_ok(organization_certificates(&act, &all, &certificates, &count, &next));
    assert_int_equal(count, 1);
    assert_string_equal(certificates[0].serial, serial_a);
    assert_string_equal(certificates[0].holder_name, "张三");
}

/* R-ACCT-6: nobody else does: a colleague, who runs it no more, who is suspended, who came with an expired USBKey. */
static void nobody_else_sees_them(void **state)
{
    struct office *office = *state;
    struct account_row one = office_account(office, first_mobile, office_numbers[0]), row;
    struct account_row two = office_account(office, second_mobile, office_numbers[1]);
    struct account_row *people;
    size_t count;
    const char *next;
    bool runs;
    name(office, &one, true);
    name(office, &one, true); /* harmless */
    struct act act = holder_act(office, &two);
    assert_error(organization_people(&act, &all, &people, &count, &next), ERROR_ORGANIZATION_ADMINISTRATOR);
    act = holder_act(office, &one);
    assert_ok(organization_runs_one(&act, &one.id, &runs));
    assert_true(runs);
    act.means = "usbkey-expired";
    assert_error(organization_people(&act, &all, &people, &count, &next), ERROR_SESSION_MEANS);
    act = office_act(office);
    assert_ok(directory_account_set_state(&act, &one.id, "suspended", "离岗", &row));
    act = holder_act(office, &one);
    assert_error(organization_people(&act, &all, &people, &count, &next), ERROR_ORGANIZATION_ADMINISTRATOR);
    act = office_act(office);
    assert_ok(directory_account_set_state(&act, &one.id, "open", "返岗", &row));
    name(office, &one, false);
    act = holder_act(office, &one);
    assert_error(organization_people(&act, &all, &people, &count, &next), ERROR_ORGANIZATION_ADMINISTRATOR);
    assert_ok(organization_runs_one(&act, &one.id, &runs));
    assert_false(runs);
    act = office_act(office);
    assert_ok(directory_account_set_state(&act, &two.id, "suspended", "离岗", &row));
    act = office_act(office);
    assert_error(organization_name_administrator(&act, &two.id, true), ERROR_ACCOUNT_CLOSED);
}

/* R-ACCT-6: lists come a page at a time. */
static void lists_of_an_organization_come_in_pages(void **state)
{
    struct office *office = *state;
    struct account_row one = office_account(office, first_mobile, office_numbers[0]);
    for (int i = 0; i < ORGANIZATION_PAGE + 3; i++) {
        char serial[33];
        snprintf(serial, sizeof serial, "%032d", i);
        add_certificate(office, &one, arena_text(office->arena, bytes_text(serial)), "valid");
    }
    name(office, &one, true);
    struct act act = holder_act(office, &one);
    struct certificate_row *rows, *rest;
    struct application_row *applications;
    static const char *const bad[] = { "x", "_", "1_", "1_00", "x_00000000000000000000000000000000" };
    size_t count, more;
    const char *next, *end;
    assert_ok(organization_certificates(&act, &all, &rows, &count, &next));
    assert_int_equal(count, ORGANIZATION_PAGE);
    struct organization_wish behind = { .after = next };
    assert_ok(organization_certificates(&act, &behind, &rest, &more, &end));
    assert_int_equal(more, 3);
    assert_null(end);
    assert_true(strcmp(rows[count - 1].serial, rest[0].serial) < 0);
    behind = (struct organization_wish){ .after = next, .which = ORGANIZATION_ENDING };
    assert_ok(organization_certificates(&act, &behind, &rest, &more, &end));
    assert_int_equal(more, 3);
    behind.after = "x";
    assert_error(organization_applications(&act, &behind, &applications, &count, &next), ERROR_FIELD_FORMAT);
    for (size_t i = 0; i < COUNT(bad); i++) {
        behind.after = bad[i];
        assert_error(organization_certificates(&act, &behind, &rows, &count, &next), ERROR_FIELD_FORMAT);
    }
}

/* R-ACCT-6: by a part of a name, of one person, what ends soon, what waits to be revoked. */
static void lists_of_an_organization_are_narrowed_down(void **state)
{
    struct office *office = *state;
    struct account_row one = office_account(office, first_mobile, office_numbers[0]);
    struct account_row two = office_account(office, second_mobile, office_numbers[1]), other = stranger(office), row;
    struct organization_wish wish = { .text = "三" };
    struct account_row *people;
    struct certificate_row *rows;
    size_t count;
    const char *next;
    add_certificate(office, &two, serial_a, "valid");
    add_certificate(office, &two, serial_b, "revoked");
    name(office, &one, true);
    struct act act = holder_act(office, &one);
    assert_ok(organization_people(&act, &wish, &people, &count, &next));
    assert_int_equal(count, 2);
    wish.text = "%";
    assert_ok(organization_people(&act, &wish, &people, &count, &next));
    assert_int_equal(count, 0);
    wish = (struct organization_wish){ .holder = one.id };
    assert_ok(organization_certificates(&act, &wish, &rows, &count, &next));
    assert_int_equal(count, 0);
    wish.holder = two.id;
    assert_ok(organization_certificates(&act, &wish, &rows, &count, &next));
    assert_int_equal(count, 2);
    wish.which = ORGANIZATION_ENDING;
    assert_ok(organization_certificates(&act, &wish, &rows, &count, &next));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].serial, serial_a);
    wish.which = ORGANIZATION_WAITING;
    assert_ok(organization_certificates(&act, &wish, &rows, &count, &next));
    assert_int_equal(count, 0);
    assert_ok(organization_ask_revocation(&act, serial_a, "affiliationChanged", "离职"));
    assert_ok(organization_certificates(&act, &wish, &rows, &count, &next));
    assert_int_equal(count, 1);
    assert_true(rows[0].wish_s > 0);
    assert_ok(organization_person(&act, &two.id, &row));
    assert_error(organization_person(&act, &other.id, &row), ERROR_NOT_FOUND);
}

/* R-OPS-9: an organization asks for the revocation of its own people's certificates; a reviewer has them in a queue. */
static void an_organization_asks_for_revocation(void **state)
{
    struct office *office = *state;
    struct account_row one = office_account(office, first_mobile, office_numbers[0]);
    struct account_row two = office_account(office, second_mobile, office_numbers[1]), other = stranger(office);
    add_certificate(office, &two, serial_a, "valid");
    add_certificate(office, &other, serial_b, "valid");
    struct act act = holder_act(office, &one);
    assert_error(organization_ask_revocation(&act, serial_a, "affiliationChanged", "离职"),
                 ERROR_ORGANIZATION_ADMINISTRATOR);
    name(office, &one, true);
    act = holder_act(office, &one);
    assert_error(organization_ask_revocation(&act, serial_b, "affiliationChanged", "离职"), ERROR_NOT_FOUND);
    assert_ok(organization_ask_revocation(&act, serial_a, "affiliationChanged", "离职"));
    assert_ok(organization_ask_revocation(&act, serial_a, "affiliationChanged", "离职")); /* waits already */
    struct revocation_wish_row *rows;
    size_t count;
    struct act reviewer = office_act(office);
    assert_ok(revocation_wish_list(&reviewer, &rows, &count));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].serial, serial_a);
    assert_string_equal(rows[0].reason, "affiliationChanged");
    assert_string_equal(rows[0].organization_name, "虎符科技有限公司");
    assert_true(rows[0].due_s > OFFICE_NOW + DAY_S && rows[0].due_s < OFFICE_NOW + 14 * DAY_S);
    /* the reviewer's no; then it may be asked again */
    assert_ok(revocation_wish_refuse(&reviewer, serial_a, "仍在职"));
    assert_error(revocation_wish_refuse(&reviewer, serial_a, "仍在职"), ERROR_STORE_CONFLICT);
    assert_error(revocation_wish_refuse(&reviewer, serial_b, "仍在职"), ERROR_NOT_FOUND);
    assert_ok(revocation_wish_list(&reviewer, &rows, &count));
    assert_int_equal(count, 0);
    assert_ok(organization_ask_revocation(&act, serial_a, "affiliationChanged", "确已离职"));
    assert_ok(revocation_wish_list(&reviewer, &rows, &count));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].words, "确已离职");
    /* revoked, it waits no more */
    struct key_row key = { .key = serial_a, .at_s = OFFICE_NOW, .other = "affiliationChanged" };
    assert_ok(store_change(office->service.store, STATEMENT_CERTIFICATE_REVOKE, RECORD(key_row_shape, &key)));
    assert_ok(revocation_wish_list(&reviewer, &rows, &count));
    assert_int_equal(count, 0);
    assert_error(organization_ask_revocation(&act, serial_a, "affiliationChanged", "离职"), ERROR_CERTIFICATE_STATE);
}

/* ---- R-ACCT-7 ---- */

/* R-ACCT-7: closing cancels what is open, gives back what was paid, and puts certificates before a reviewer; the
 * account's part in running the organization ends. */
static void closing_cancels_refunds_and_asks_for_revocation(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, first_mobile, office_numbers[0]), row;
    struct application_row application;
    struct act holder = holder_act(office, &account);
    assert_ok(application_begin(&holder, KIND_APPLY, &application));
    struct payment_row payment = { .order_number = "H2026112400001", .application = application.number,
                                   .method = "wechat", .amount_fen = 39900, .state = "paid",
                                   .transaction_number = "t", .created_s = OFFICE_NOW, .expires_s = OFFICE_NOW + 7200,
                                   .paid_s = OFFICE_NOW };
    assert_ok(store_change(office->service.store, STATEMENT_PAYMENT_INSERT, RECORD(payment_row_shape, &payment)));
    application.state = "in-review";
    assert_ok(store_change(office->service.store, STATEMENT_APPLICATION_UPDATE,
                           RECORD(application_row_shape, &application)));
    add_certificate(office, &account, serial_a, "valid");
    add_certificate(office, &account, serial_b, "revoked");
    name(office, &account, true);
    struct act act = office_act(office);
    assert_ok(directory_account_set_state(&act, &account.id, "closed", "离职", &row));
    struct application_row after;
    assert_ok(application_get(&act, application.number, &after));
    assert_string_equal(after.state, "cancelled");
    assert_int_equal(after.open, 0);
    struct key_row key = { .key = payment.order_number, .id = account.id };
    struct payment_row paid;
    assert_ok(store_one(office->service.store, STATEMENT_PAYMENT_GET, RECORD(key_row_shape, &key), office->arena,
                        &payment_row_shape, &paid));
    assert_string_equal(paid.state, "refunding");
    struct revocation_wish_row *wishes;
    size_t count;
    assert_ok(revocation_wish_list(&act, &wishes, &count));
    assert_int_equal(count, 1);
    assert_string_equal(wishes[0].serial, serial_a);
    assert_string_equal(wishes[0].reason, "cessationOfOperation");
    struct organization_administrator_row administrator;
    assert_error(store_one(office->service.store, STATEMENT_ORGANIZATION_ADMINISTRATOR_GET,
                           RECORD(key_row_shape, &key), office->arena, &organization_administrator_row_shape,
                           &administrator), ERROR_NOT_FOUND);
    office_run_jobs(office);
    const struct sent *sent;
    bool told = false;
    for (size_t i = 0, n = office_sent(office, &sent); i < n; i++)
        told = told || (strstr(sent[i].text, "已取消") && strstr(sent[i].text, application.number));
    assert_true(told);
}

/* R-ACCT-7: suspending does none of this. */
static void suspending_cancels_nothing(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, first_mobile, office_numbers[0]), row;
    struct application_row application, after;
    struct act holder = holder_act(office, &account), act = office_act(office);
    assert_ok(application_begin(&holder, KIND_APPLY, &application));
    add_certificate(office, &account, serial_a, "valid");
    assert_ok(directory_account_set_state(&act, &account.id, "suspended", "离岗", &row));
    assert_ok(application_get(&act, application.number, &after));
    assert_string_equal(after.state, "draft");
    struct revocation_wish_row *wishes;
    size_t count;
    assert_ok(revocation_wish_list(&act, &wishes, &count));
    assert_int_equal(count, 0);
}

/* R-ACCT-7: what is issued already goes on; its certificate is among those to be revoked. */
static void what_is_issued_goes_on(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, first_mobile, office_numbers[0]), row;
    struct application_row application, after;
    struct act holder = holder_act(office, &account), act = office_act(office);
    assert_ok(application_begin(&holder, KIND_APPLY, &application));
    application.state = "shipped";
    assert_ok(store_change(office->service.store, STATEMENT_APPLICATION_UPDATE,
                           RECORD(application_row_shape, &application)));
    add_certificate(office, &account, serial_a, "held");
    assert_ok(directory_account_set_state(&act, &account.id, "closed", "离职", &row));
    assert_ok(application_get(&act, application.number, &after));
    assert_string_equal(after.state, "shipped");
    struct revocation_wish_row *wishes;
    size_t count;
    assert_ok(revocation_wish_list(&act, &wishes, &count));
    assert_int_equal(count, 1);
}

/* ---- R-ACCT-8 ---- */

static int evidence(void)
{
    int fd = memfd_create("evidence", MFD_CLOEXEC);
    assert_int_equal(write(fd, "%PDF evidence", 13), 13);
    return fd;
}

/* How many messages went to TO; the code of the last one in RET_CODE, if it has one. */
static size_t told(struct office *office, const char *to, char ret_code[7])
{
    const struct sent *sent;
    size_t count = 0;
    office_run_jobs(office);
    for (size_t i = 0, n = office_sent(office, &sent); i < n; i++) {
        if (strcmp(sent[i].to, to) != 0) continue;
        const char *at = strstr(sent[i].text, "验证码 ");
        count++;
        if (at) memcpy(ret_code, at + strlen("验证码 "), 6);
    }
    return count;
}

/* BY has the new number at hand. */
static struct result prove(struct office *office, const struct act *by, const char *mobile)
{
    char code[7] = "000000";
    struct act act = *by;
    struct mobile_proof_row proof;
    office_pass(office, SMS_PAUSE_S);
    act.now_s = clock_now(office->service.clock);
    TRY(mobile_change_code(&act, mobile));
    told(office, mobile, code);
    return mobile_change_prove(&act, mobile, code, &proof);
}

static struct result ask(struct office *office, const struct act *act, const struct account_row *account,
                         const char *mobile, struct mobile_change_row *ret_change)
{
    int fd = evidence();
    struct mobile_change_ask asked = { account->id, act->kind == ACTOR_HOLDER ? NULL : mobile, fd, 13 };
    struct result r = act->kind == ACTOR_HOLDER ? prove(office, act, mobile) : OK;
    if (!failed(r)) r = mobile_change_ask(act, &asked, ret_change);
    close(fd);
    return r;
}

static bool was_told(struct office *office, const char *to, const char *part)
{
    const struct sent *sent;
    office_run_jobs(office);
    for (size_t i = 0, n = office_sent(office, &sent); i < n; i++)
        if (strcmp(sent[i].to, to) == 0 && strstr(sent[i].text, part)) return true;
    return false;
}

/* R-ACCT-8: asked for with evidence, checked by an administrator, the old number told twice, sessions over, and from
 * then on the new number gets the codes. */
static void a_number_is_changed_with_evidence(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, first_mobile, office_numbers[0]), after;
    struct mobile_change_row change, *list;
    struct act holder = holder_act(office, &account);
    size_t count;
    const char *next;
    int fd;
    char content[16] = { 0 };
    assert_ok(ask(office, &holder, &account, new_mobile, &change));
    assert_string_equal(change.state, "waiting");
    assert_true(was_told(office, first_mobile, "变更为 138****0077"));
    struct act act = office_act(office);
    assert_ok(directory_account_get(&act, &account.id, &after));
    assert_string_equal(after.mobile, first_mobile);
    assert_ok(mobile_change_list(&act, true, NULL, &list, &count, &next));
    assert_int_equal(count, 1);
    struct audit_row *entries;
    size_t before = office_audits(office, &entries);
    act = office_act(office);
    assert_ok(mobile_change_evidence(&act, &change.id, &change, &fd));
    assert_int_equal(read(fd, content, sizeof content), 13);
    assert_string_equal(content, "%PDF evidence");
    close(fd);
    assert_int_equal(office_audits(office, &entries), before + 1);
    assert_string_equal(entries[0].action, "mobile.look");
    act = office_act(office);
    assert_ok(mobile_change_decide(&act, &change.id, true, "证件与公章相符", &change));
    assert_string_equal(change.state, "approved");
    assert_true(id_equal(&office->ended, &account.id));
    assert_ok(directory_account_get(&act, &account.id, &after));
    assert_string_equal(after.mobile, new_mobile);
    assert_true(was_told(office, first_mobile, "本号不能再登录"));
    assert_true(was_told(office, new_mobile, "已变更为本号"));
    assert_true(was_told(office, "zhangsan@example.com", "由 138****0001 变更为 138****0077"));
    assert_ok(sms_want(&act, SMS_LOGIN, new_mobile));
    assert_ok(sms_want(&act, SMS_LOGIN, first_mobile));
    assert_true(was_told(office, new_mobile, "登录验证码"));
    assert_false(was_told(office, first_mobile, "验证码"));
    /* the old number is free again, the new one is not */
    office_account(office, first_mobile, office_numbers[1]);
    assert_error(mobile_change_decide(&act, &change.id, false, "x", &change), ERROR_MOBILE_CHANGE_DECIDED);
}

/* R-ACCT-8: refused, all stays as it was. */
static void a_refused_change_changes_nothing(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, first_mobile, office_numbers[0]), after;
    struct mobile_change_row change;
    struct act holder = holder_act(office, &account), act;
    char code[7];
    assert_ok(ask(office, &holder, &account, new_mobile, &change));
    act = office_act(office);
    assert_ok(mobile_change_decide(&act, &change.id, false, "缺少公章", &change));
    assert_ok(directory_account_get(&act, &account.id, &after));
    assert_string_equal(after.mobile, first_mobile);
    assert_true(was_told(office, first_mobile, "缺少公章"));
    assert_int_equal(told(office, new_mobile, code), 1); /* the code, and nothing since */
    office_account(office, new_mobile, office_numbers[1]); /* free for somebody else */
    assert_error(mobile_change_decide(&act, &change.id, true, "x", &change), ERROR_MOBILE_CHANGE_DECIDED);
    holder = holder_act(office, &account);
    assert_ok(ask(office, &holder, &account, "13800000088", &change)); /* and can be asked for anew */
}

/* R-ACCT-8: who may ask, and for what. */
static void who_may_ask_for_a_change(void **state)
{
    struct office *office = *state;
    struct account_row one = office_account(office, first_mobile, office_numbers[0]), row;
    struct account_row two = office_account(office, second_mobile, office_numbers[1]), other = stranger(office);
    struct mobile_change_row change;
    struct act act = holder_act(office, &two);
    assert_error(ask(office, &act, &one, new_mobile, &change), ERROR_NOT_FOUND); /* a colleague */
    act = holder_act(office, &other);
    assert_error(ask(office, &act, &one, new_mobile, &change), ERROR_NOT_FOUND);
    name(office, &other, true);
    act = holder_act(office, &other);
    assert_error(ask(office, &act, &one, new_mobile, &change), ERROR_NOT_FOUND); /* who runs another organization */
    act = holder_act(office, &one);
    assert_error(ask(office, &act, &one, first_mobile, &change), ERROR_MOBILE_CHANGE_SAME);
    assert_error(ask(office, &act, &one, second_mobile, &change), ERROR_ACCOUNT_MOBILE_TAKEN);
    assert_string_equal(office->diag.field, "mobile");
    act = holder_act(office, &one);
    act.means = "usbkey-expired";
    assert_error(ask(office, &act, &one, new_mobile, &change), ERROR_SESSION_MEANS);
    assert_int_equal(office_uploads(office), 0); /* what was refused left no file */
    name(office, &two, true);
    act = holder_act(office, &two);
    assert_ok(ask(office, &act, &one, new_mobile, &change)); /* who runs the organization */
    act = holder_act(office, &one);
    assert_error(ask(office, &act, &one, "13800000078", &change), ERROR_MOBILE_CHANGE_WAITS);
    act = holder_act(office, &other);
    assert_error(ask(office, &act, &other, new_mobile, &change), ERROR_ACCOUNT_MOBILE_TAKEN); /* waits for another */
    act = office_act(office);
    assert_ok(directory_account_set_state(&act, &other.id, "suspended", "离岗", &row));
    act = office_act(office);
    assert_error(ask(office, &act, &other, "13800000079", &change), ERROR_ACCOUNT_CLOSED);
}

/* R-ACCT-8: the number is the one that was proven, once, by who asks, within a day; whether it is another's is not said
 * to who has it not. */
static void the_new_number_is_in_the_own_hands(void **state)
{
    struct office *office = *state;
    struct account_row one = office_account(office, first_mobile, office_numbers[0]);
    struct account_row two = office_account(office, second_mobile, office_numbers[1]);
    struct act holder = holder_act(office, &one), other = holder_act(office, &two);
    struct mobile_change_ask asked = { one.id, new_mobile, evidence(), 13 };
    struct mobile_change_row change;
    struct mobile_proof_row proof;
    char code[7] = "000000";
    assert_error(mobile_change_ask(&holder, &asked, &change), ERROR_MOBILE_UNPROVEN);
    assert_ok(mobile_change_code(&holder, second_mobile)); /* the same answer as for a number that nobody has */
    assert_error(mobile_change_prove(&holder, second_mobile, "1", &proof), ERROR_SMS_CODE_WRONG);
    assert_string_equal(office->diag.field, "code");
    assert_int_equal(told(office, second_mobile, code), 2); /* that its account was opened, and the code */
    assert_error(mobile_change_prove(&holder, second_mobile, code, &proof), ERROR_ACCOUNT_MOBILE_TAKEN);
    assert_ok(prove(office, &holder, new_mobile));
    assert_ok(mobile_change_proven(&holder, &proof));
    assert_string_equal(proof.mobile, new_mobile);
    assert_error(mobile_change_proven(&other, &proof), ERROR_MOBILE_UNPROVEN);
    office_pass(office, MOBILE_PROOF_S + 1);
    holder = holder_act(office, &one);
    assert_error(mobile_change_ask(&holder, &asked, &change), ERROR_MOBILE_UNPROVEN);
    assert_ok(mobile_change_clean(&office->service));
    assert_ok(prove(office, &holder, new_mobile));
    assert_ok(mobile_change_ask(&holder, &asked, &change));
    assert_string_equal(change.mobile, new_mobile);
    assert_error(mobile_change_proven(&holder, &proof), ERROR_MOBILE_UNPROVEN); /* it has done its work */
    close(asked.fd);
}

/* R-ACCT-8: withdrawn by whose number it is, whoever asked, while it waits; nothing of it is left but the audit trail. */
static void a_change_is_withdrawn(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, first_mobile, office_numbers[0]);
    struct account_row colleague = office_account(office, second_mobile, office_numbers[1]);
    struct act act = office_act(office), other, holder;
    struct mobile_change_row change, *list;
    struct audit_row *entries;
    size_t count;
    assert_ok(ask(office, &act, &account, new_mobile, &change));
    other = holder_act(office, &colleague);
    assert_error(mobile_change_withdraw(&other, &change.id), ERROR_NOT_FOUND);
    act = office_act(office);
    assert_error(mobile_change_withdraw(&act, &change.id), ERROR_NOT_FOUND);
    holder = holder_act(office, &account);
    assert_ok(mobile_change_own(&holder, &list, &count));
    assert_int_equal(count, 1);
    assert_ok(mobile_change_withdraw(&holder, &change.id));
    assert_int_equal(office_uploads(office), 0);
    office_audits(office, &entries);
    assert_string_equal(entries[0].action, "mobile.withdraw");
    assert_ok(mobile_change_own(&holder, &list, &count));
    assert_int_equal(count, 0);
    other = office_act(office);
    other.name = "另一位管理员";
    other.serial = "fedcba9876543210fedcba9876543210";
    assert_error(mobile_change_decide(&other, &change.id, true, "x", &change), ERROR_NOT_FOUND);
    assert_ok(ask(office, &other, &colleague, new_mobile, &change)); /* the number is free again */
    other = office_act(office);
    assert_ok(mobile_change_decide(&other, &change.id, false, "x", &change));
    holder = holder_act(office, &colleague);
    assert_error(mobile_change_withdraw(&holder, &change.id), ERROR_MOBILE_CHANGE_DECIDED);
}

/* R-ACCT-8: who entered it does not decide it; of a closed account nothing is changed. */
static void nobody_decides_the_own_entry(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, first_mobile, office_numbers[0]), row;
    struct mobile_change_row change;
    struct act act = office_act(office), other;
    assert_ok(ask(office, &act, &account, new_mobile, &change));
    act = office_act(office);
    assert_error(mobile_change_decide(&act, &change.id, true, "x", &change), ERROR_MOBILE_CHANGE_OWN);
    assert_error(mobile_change_decide(&act, &change.id, false, "x", &change), ERROR_MOBILE_CHANGE_OWN);
    assert_ok(directory_account_set_state(&act, &account.id, "closed", "离职", &row));
    other = office_act(office);
    other.serial = "fedcba9876543210fedcba9876543210"; /* the same person's next certificate */
    assert_error(mobile_change_decide(&other, &change.id, false, "x", &change), ERROR_MOBILE_CHANGE_OWN);
    other.name = "另一位管理员";
    assert_error(mobile_change_decide(&other, &change.id, true, "x", &change), ERROR_ACCOUNT_CLOSED);
    assert_ok(mobile_change_decide(&other, &change.id, false, "已注销", &change));
}

int run_organization_tests(struct server *server)
{
#define T(test) cmocka_unit_test_prestate_setup_teardown(test, set_up, office_tear_down, server)
    const struct CMUnitTest tests[] = {
        T(an_administrator_sees_the_own_people),
        T(nobody_else_sees_them),
        T(lists_of_an_organization_come_in_pages),
        T(lists_of_an_organization_are_narrowed_down),
        T(an_organization_asks_for_revocation),
        T(closing_cancels_refunds_and_asks_for_revocation),
        T(suspending_cancels_nothing),
        T(what_is_issued_goes_on),
        T(a_number_is_changed_with_evidence),
        T(a_refused_change_changes_nothing),
        T(who_may_ask_for_a_change),
        T(the_new_number_is_in_the_own_hands),
        T(a_change_is_withdrawn),
        T(nobody_decides_the_own_entry),
    };
    return cmocka_run_group_tests_name("organization", tests, NULL, NULL);
}
