/* The directory: R-ACCT-1, R-ACCT-2, R-ACCT-3. */
#include "office.h"
#include "door.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/session.h"
#include "service/sms.h"

static const char first_mobile[] = "13800000001", second_mobile[] = "13800000002";

static struct account_new person(struct office *office, const char *mobile, const char *number)
{
    return (struct account_new){ .organization = office_organization(office).id, .name = "李四",
                                 .document_type = "id-card", .document_number = number, .mobile = mobile,
                                 .email = "lisi@example.com" };
}

/* R-ACCT-1: an organization stands under its credit code, once. */
static void an_organization_is_opened_once(void **state)
{
    struct office *office = *state;
    struct organization_row made = office_organization(office), again = made, ret;
    struct act act = office_act(office);
    assert_error(directory_organization_new(&act, &again, &ret), ERROR_ORGANIZATION_EXISTS);
    assert_string_equal(office->diag.field, "credit_code");
    again.credit_code = "91350100M000100Y44";
    act = office_act(office);
    assert_error(directory_organization_new(&act, &again, &ret), ERROR_CREDIT_CODE);
    struct audit_row *rows;
    assert_int_equal(office_audits(office, &rows), 1);
    assert_string_equal(rows[0].action, "organization.open");
    assert_string_equal(rows[0].actor, "管理员一");
}

/* R-ACCT-2: opening an account tells the person by SMS and e-mail, in the same commit. */
static void opening_an_account_tells_the_person(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, first_mobile, office_numbers[0]);
    struct audit_row *audits;
    const struct sent *sent;
    assert_string_equal(account.state, "open");
    assert_string_equal(account.document_mask, "1***************2X");
    office_run_jobs(office);
    assert_int_equal(office_sent(office, &sent), 2);
    for (size_t i = 0; i < 2; i++) {
        bool sms = sent[i].channel == SENT_SMS;
        assert_string_equal(sent[i].to, sms ? first_mobile : "zhangsan@example.com");
        assert_non_null(strstr(sent[i].text, "张三"));
        assert_non_null(strstr(sent[i].text, "虎符科技有限公司"));
        assert_non_null(strstr(sent[i].text, "申请"));
        assert_non_null(strstr(sent[i].text, "https://portal.example/yyxt"));
    }
    assert_int_equal(office_audits(office, &audits), 2);
}

/* R-ACCT-1: who is refused is refused whole: no account, no notice, no entry, no claim left behind. */
static void a_refused_account_leaves_nothing(void **state)
{
    struct office *office = *state;
    struct account_row ret;
    struct audit_row *audits;
    struct notice_row *notices;
    office_account(office, first_mobile, office_numbers[0]);
    size_t entries = office_audits(office, &audits), told = office_notices(office, &notices);
    struct {
        struct account_new what;
        enum error error;
        const char *field;
    } cases[] = {
        { person(office, first_mobile, office_numbers[1]), ERROR_ACCOUNT_MOBILE_TAKEN, "mobile" },
        { person(office, second_mobile, office_numbers[0]), ERROR_ACCOUNT_DOCUMENT_TAKEN, "document_number" },
        { person(office, second_mobile, "110105194912310021"), ERROR_DOCUMENT_NUMBER, "document_number" },
        { person(office, second_mobile, office_numbers[1]), ERROR_ORGANIZATION_UNKNOWN, "organization" },
    };
    memset(cases[3].what.organization.b, 9, ID_SIZE);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct act act = office_act(office);
        assert_error(directory_account_new(&act, &cases[i].what, &ret), cases[i].error);
        assert_string_equal(office->diag.field, cases[i].field);
    }
    assert_int_equal(office_audits(office, &audits), entries);
    assert_int_equal(office_notices(office, &notices), told);
    struct act act = office_act(office);
    struct account_new good = person(office, second_mobile, office_numbers[1]);
    assert_ok(directory_account_new(&act, &good, &ret));
}

/* R-ACCT-1: the number of the document is nowhere in clear, and comes back for who may see it. */
static void the_document_number_is_sealed(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, first_mobile, office_numbers[0]), found;
    struct act act = office_act(office);
    char number[DIRECTORY_DOCUMENT_MAX + 1];
    assert_ok(directory_account_get(&act, &account.id, &found));
    assert_ok(directory_account_document(&office->service, &found, number));
    assert_string_equal(number, office_numbers[0]);
    assert_false(office_folder_holds(office, office_numbers[0]));
    /* moved to another row it does not open */
    struct account_row other = office_account(office, second_mobile, office_numbers[1]);
    found.id = other.id;
    assert_error(directory_account_document(&office->service, &found, number), ERROR_DECRYPT);
    /* the index is of type and number */
    uint8_t a[32], b[32];
    directory_document_index(&office->service, "id-card", office_numbers[0], a);
    directory_document_index(&office->service, "passport", office_numbers[0], b);
    assert_memory_equal(a, found.document_index.ptr, 32);
    assert_memory_not_equal(a, b, 32);
}

/* Of the last SMS with one. */
static void read_code(struct office *office, char ret_code[7])
{
    const struct sent *sent;
    const char *found = NULL;
    size_t count = office_sent(office, &sent);
    for (size_t i = 0; i < count; i++)
        if (strstr(sent[i].text, "验证码 ")) found = strstr(sent[i].text, "验证码 ") + strlen("验证码 ");
    assert_non_null(found);
    memcpy(ret_code, found, 6);
    ret_code[6] = '\0';
}

static void log_in(struct office *office, const char *mobile, struct session_token *ret_token)
{
    struct act act = office_act(office);
    struct session session;
    char code[7];
    assert_ok(sms_want(&act, SMS_LOGIN, mobile));
    office_run_jobs(office);
    read_code(office, code);
    assert_ok(session_login_sms(&act, mobile, code, "https://portal.example", &session, ret_token));
}

static struct result find(struct office *office, const struct session_token *token)
{
    struct act act = office_act(office);
    struct session session;
    return session_find(&act, token->text, "https://portal.example", &session);
}

/* R-ACCT-3: suspending ends the sessions of that person, of nobody else, at once, and the streams of its pages. */
static void suspending_ends_sessions_at_once(void **state)
{
    struct office *office = *state;
    struct account_row first = office_account(office, first_mobile, office_numbers[0]), row;
    struct session_token one, other;
    office_account(office, second_mobile, office_numbers[1]);
    log_in(office, first_mobile, &one);
    log_in(office, second_mobile, &other);
    struct act act = office_act(office);
    assert_ok(directory_account_set_state(&act, &first.id, "suspended", "离岗", &row));
    assert_string_equal(row.state, "suspended");
    assert_true(id_equal(&office->ended, &first.id));
    assert_error(find(office, &one), ERROR_SESSION_OVER);
    assert_ok(find(office, &other));
    const struct sent *sent;
    size_t before = office_sent(office, &sent);
    office_run_jobs(office);
    assert_int_equal(office_sent(office, &sent), before + 2);
    assert_non_null(strstr(sent[before].text, "离岗"));
}

/* R-ACCT-3: who is suspended does not come in again by SMS; who is open again does. */
static void a_suspended_account_does_not_log_in(void **state)
{
    struct office *office = *state;
    struct account_row first = office_account(office, first_mobile, office_numbers[0]), row;
    struct session session;
    struct session_token token;
    struct act act = office_act(office);
    char code[7];
    assert_ok(sms_want(&act, SMS_LOGIN, first_mobile));
    office_run_jobs(office);
    read_code(office, code);
    assert_ok(directory_account_set_state(&act, &first.id, "suspended", "离岗", &row));
    act = office_act(office);
    assert_error(session_login_sms(&act, first_mobile, code, "https://portal.example", &session, &token),
                 ERROR_ACCOUNT_SUSPENDED);
    assert_ok(directory_account_set_state(&act, &first.id, "open", "返岗", &row));
    office_pass(office, 61);
    log_in(office, first_mobile, &token);
    assert_ok(find(office, &token));
}

/* R-ACCT-3: closing is for good, ends sessions, and frees number and document for another account. */
static void closing_is_for_good(void **state)
{
    struct office *office = *state;
    struct account_row first = office_account(office, first_mobile, office_numbers[0]), row;
    struct session_token token;
    log_in(office, first_mobile, &token);
    struct act act = office_act(office);
    assert_ok(directory_account_set_state(&act, &first.id, "closed", "离职", &row));
    assert_error(find(office, &token), ERROR_SESSION_OVER);
    assert_error(directory_account_set_state(&act, &first.id, "open", "返聘", &row), ERROR_ACCOUNT_CLOSED);
    assert_error(directory_account_set_state(&act, &first.id, "suspended", "返聘", &row), ERROR_ACCOUNT_CLOSED);
    struct account_row again = office_account(office, first_mobile, office_numbers[0]);
    assert_false(id_equal(&again.id, &first.id));
    office_pass(office, 61);
    log_in(office, first_mobile, &token);
}

/* R-ACCT-3: the same state again changes nothing and tells nobody. */
static void the_same_state_again_tells_nobody(void **state)
{
    struct office *office = *state;
    struct account_row first = office_account(office, first_mobile, office_numbers[0]), row;
    struct audit_row *audits;
    struct notice_row *notices;
    struct act act = office_act(office);
    assert_ok(directory_account_set_state(&act, &first.id, "suspended", "离岗", &row));
    size_t entries = office_audits(office, &audits), told = office_notices(office, &notices);
    assert_ok(directory_account_set_state(&act, &first.id, "suspended", "离岗", &row));
    assert_int_equal(office_audits(office, &audits), entries);
    assert_int_equal(office_notices(office, &notices), told);
    memset(first.id.b, 3, ID_SIZE);
    assert_error(directory_account_set_state(&act, &first.id, "closed", "离职", &row), ERROR_NOT_FOUND);
}

/* Lists come a page at a time, each row once. */
static void accounts_come_in_pages(void **state)
{
    struct office *office = *state;
    struct organization_row organization = office_organization(office);
    struct id none = { 0 };
    enum { PEOPLE = DIRECTORY_PAGE + 7 };
    for (int i = 0; i < PEOPLE; i++) {
        char mobile[12], number[16];
        struct act act = office_act(office);
        struct account_row row;
        snprintf(mobile, sizeof mobile, "139%08d", i);
        snprintf(number, sizeof number, "E%08d", i);
        struct account_new what = { organization.id, "王五", "passport", number, mobile, "wangwu@example.com" };
        assert_ok(directory_account_new(&act, &what, &row));
    }
    const struct id *of[] = { &none, &organization.id };
    for (size_t i = 0; i < COUNT(of); i++) {
        struct act act = office_act(office);
        struct account_row *rows, *more;
        size_t count, rest;
        const char *next, *end;
        assert_ok(directory_account_list(&act, of[i], NULL, &rows, &count, &next));
        assert_int_equal(count, DIRECTORY_PAGE);
        assert_non_null(next);
        assert_ok(directory_account_list(&act, of[i], next, &more, &rest, &end));
        assert_int_equal(rest, PEOPLE - DIRECTORY_PAGE);
        assert_null(end);
        assert_true(memcmp(rows[count - 1].id.b, more[0].id.b, ID_SIZE) < 0);
        assert_string_equal(more[0].organization_name, organization.name);
        assert_error(directory_account_list(&act, of[i], "nonsense", &rows, &count, &next), ERROR_FIELD_FORMAT);
    }
}

int run_directory_tests(struct server *server)
{
#define T(test) cmocka_unit_test_prestate_setup_teardown(test, office_set_up, office_tear_down, server)
    const struct CMUnitTest tests[] = {
        T(an_organization_is_opened_once),
        T(opening_an_account_tells_the_person),
        T(a_refused_account_leaves_nothing),
        T(the_document_number_is_sealed),
        T(suspending_ends_sessions_at_once),
        T(a_suspended_account_does_not_log_in),
        T(closing_is_for_good),
        T(the_same_state_again_tells_nobody),
        T(accounts_come_in_pages),
    };
    return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
