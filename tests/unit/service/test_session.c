/* Sessions: how long they last and what ends them (R-ACCT-3, R-SMS-2, R-SMS-3). */
#include "office.h"
#include "door.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/session.h"

static const char portal[] = "https://portal.example", console[] = "https://console.example";
static const char serial[] = "00112233445566778899aabbccddeeff";

struct beginning {
    struct act act;
    struct session_row row;
    struct session_token token;
};

static struct result begin(struct tx *tx, void *context)
{
    struct beginning *b = context;
    return session_begin(tx, &b->act, &b->row, &b->token);
}

static struct session_token begin_session(struct office *office, const struct session_row *row)
{
    struct beginning b = { office_act(office), *row, session_token_make() };
    assert_ok(store_write(office->service.store, begin, &b));
    return b.token;
}

static struct session_row holder(const struct account_row *account)
{
    return (struct session_row){ .kind = "holder", .account = account->id, .name = account->name, .roles = "",
                                 .means = "sms", .origin = portal };
}

static struct result find(struct office *office, const struct session_token *token, const char *origin,
                          struct session *ret_session)
{
    struct act act = office_act(office);
    return session_find(&act, token->text, origin, ret_session);
}

static void a_session_is_found_by_its_token_at_its_host(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, "13800000001", office_numbers[0]);
    struct session_row row = holder(&account);
    struct session_token token = begin_session(office, &row), other = session_token_make();
    struct session session;
    assert_string_not_equal(token.text, other.text);
    assert_ok(find(office, &token, portal, &session));
    assert_string_equal(session.row.name, "张三");
    assert_string_equal(session.organization_name, "虎符科技有限公司");
    assert_string_equal(session.mobile, "138****0001");
    assert_false(id_empty(&session.id));
    assert_error(find(office, &token, console, &session), ERROR_LOGIN_NEEDED);
    assert_error(find(office, &other, portal, &session), ERROR_SESSION_OVER);
    token.text[0] = token.text[0] == 'A' ? 'B' : 'A';
    assert_error(find(office, &token, portal, &session), ERROR_SESSION_OVER);
    token.text[0] = '\0';
    assert_error(find(office, &token, portal, &session), ERROR_SESSION_OVER);
}

/* The database holds what a cookie hashes to, not the cookie. */
static void tokens_are_stored_hashed(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, "13800000001", office_numbers[0]);
    struct session_row row = holder(&account);
    struct session_token token = begin_session(office, &row);
    assert_false(office_folder_holds(office, token.text));
}

static void a_session_that_is_not_used_ends(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, "13800000001", office_numbers[0]);
    struct session_row row = holder(&account);
    struct session_token used = begin_session(office, &row), idle = begin_session(office, &row);
    struct session session;
    for (int i = 0; i < 5; i++) {
        office_pass(office, 29 * 60);
        assert_ok(find(office, &used, portal, &session));
    }
    assert_error(find(office, &idle, portal, &session), ERROR_SESSION_OVER);
    office_pass(office, 30 * 60);
    assert_error(find(office, &used, portal, &session), ERROR_SESSION_OVER);
    assert_ok(session_clean(&office->service));
}

static void a_session_ends_though_it_is_used(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, "13800000001", office_numbers[0]);
    struct session_row row = holder(&account);
    struct session_token token = begin_session(office, &row);
    struct session session;
    int64_t end = OFFICE_NOW + 8 * 3600;
    while (office->clock.offset_s + 20 * 60 < end) {
        office_pass(office, 20 * 60);
        assert_ok(find(office, &token, portal, &session));
        assert_true(session.row.expires_s <= end);
    }
    office->clock.offset_s = end - 1;
    assert_ok(find(office, &token, portal, &session));
    office->clock.offset_s = end;
    assert_error(find(office, &token, portal, &session), ERROR_SESSION_OVER);
}

static void logging_out_ends_one_session(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, "13800000001", office_numbers[0]);
    struct session_row row = holder(&account);
    struct session_token one = begin_session(office, &row), other = begin_session(office, &row);
    struct session session;
    assert_ok(find(office, &one, portal, &session));
    struct act act = office_act(office);
    assert_ok(session_end(&act, one.text));
    assert_true(id_equal(&office->ended, &session.id));
    assert_error(find(office, &one, portal, &session), ERROR_SESSION_OVER);
    assert_ok(find(office, &other, portal, &session));
    assert_ok(session_end(&act, one.text));
}

/* R-SMS-3: an operator's session ends with the entry in the register, and its roles are those of the register. */
static void an_operators_session_follows_the_register(void **state)
{
    struct office *office = *state;
    struct operator_row operator = { .serial = serial, .name = "审核员一", .roles = "reviewer",
                                     .certificate = bytes_text("x"), .state = "active", .added_s = OFFICE_NOW };
    assert_ok(store_change(office->service.store, STATEMENT_OPERATOR_INSERT, RECORD(operator_row_shape, &operator)));
    struct session_row row = { .kind = "operator", .name = "another", .roles = "administrator,auditor",
                               .serial = serial, .means = "usbkey", .origin = console };
    struct session_token token = begin_session(office, &row);
    struct session session;
    assert_ok(find(office, &token, console, &session));
    assert_string_equal(session.row.roles, "reviewer");
    assert_string_equal(session.row.name, "审核员一");
    struct key_row key = { .key = serial };
    assert_ok(store_change(office->service.store, STATEMENT_OPERATOR_REMOVE, RECORD(key_row_shape, &key)));
    assert_error(find(office, &token, console, &session), ERROR_SESSION_OVER);
}

static void set_certificate(struct office *office, const struct account_row *account, const char *state,
                            int64_t not_after_s)
{
    struct certificate_row row = { .serial = serial, .ca_id = "a", .purpose = "signing", .pair = "a",
                                   .holder = account->id, .application = "20261124000000178", .medium = "usbkey",
                                   .subject = "CN=张三", .der = bytes_text("x"), .not_before_s = OFFICE_NOW - 10,
                                   .not_after_s = not_after_s, .state = state };
    assert_ok(store_change(office->service.store, STATEMENT_CERTIFICATE_INSERT, RECORD(certificate_row_shape, &row)));
}

/* R-LOGIN-4: a session that a certificate opened ends with it. */
static void a_revoked_certificate_ends_its_sessions(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, "13800000001", office_numbers[0]);
    set_certificate(office, &account, "valid", OFFICE_NOW + DAY_S);
    struct session_row row = holder(&account), sms = row;
    row.serial = serial;
    row.means = "usbkey";
    struct session_token token = begin_session(office, &row), by_sms = begin_session(office, &sms);
    struct session session;
    assert_ok(find(office, &token, portal, &session));
    struct key_row key = { .key = serial, .at_s = OFFICE_NOW, .other = "keyCompromise" };
    assert_ok(store_change(office->service.store, STATEMENT_CERTIFICATE_REVOKE, RECORD(key_row_shape, &key)));
    assert_error(find(office, &token, portal, &session), ERROR_SESSION_OVER);
    assert_ok(find(office, &by_sms, portal, &session));
}

/* R-SMS-2: a session goes on with an expired certificate only where it was opened by one. */
static void an_expired_certificate_ends_its_sessions(void **state)
{
    struct office *office = *state;
    struct account_row account = office_account(office, "13800000001", office_numbers[0]);
    set_certificate(office, &account, "valid", OFFICE_NOW + 60);
    struct session_row row = holder(&account);
    row.serial = serial;
    row.means = "usbkey";
    struct session_token token = begin_session(office, &row);
    struct session session;
    office_pass(office, 60);
    assert_ok(find(office, &token, portal, &session));
    office_pass(office, 1);
    assert_error(find(office, &token, portal, &session), ERROR_SESSION_OVER);
    row.means = "usbkey-expired";
    token = begin_session(office, &row);
    assert_ok(find(office, &token, portal, &session));
}

/* R-SMS-2: what each kind of login may enter. */
static void what_each_login_may_enter(void **state)
{
    static const struct {
        const char *service, *means;
    } may[] = { { "apply", "sms" },   { "renew", "sms" },   { "unlock", "sms" },       { "lost", "sms" },
                { "damaged", "sms" }, { "revoke", "sms" },  { "change", "sms" },       { "renew", "usbkey" },
                { "revoke", "usbkey" }, { "change", "usbkey" }, { "renew", "usbkey-expired" } };
    static const char *const services[] = { "apply", "renew", "unlock", "lost", "damaged", "revoke", "change", "other" };
    static const char *const means[] = { "sms", "usbkey", "usbkey-expired", "shield", NULL };
    for (size_t s = 0; s < COUNT(services); s++)
        for (size_t m = 0; m < COUNT(means); m++) {
            bool due = false;
            for (size_t i = 0; i < COUNT(may); i++)
                due = due || (text_equal(may[i].service, services[s]) && text_equal(may[i].means, means[m]));
            assert_int_equal(session_may_enter(means[m], services[s]), due);
        }
}

int run_session_tests(struct server *server)
{
#define T(test) cmocka_unit_test_prestate_setup_teardown(test, office_set_up, office_tear_down, server)
    const struct CMUnitTest tests[] = {
        T(a_session_is_found_by_its_token_at_its_host),
        T(tokens_are_stored_hashed),
        T(a_session_that_is_not_used_ends),
        T(a_session_ends_though_it_is_used),
        T(logging_out_ends_one_session),
        T(an_operators_session_follows_the_register),
        T(a_revoked_certificate_ends_its_sessions),
        T(an_expired_certificate_ends_its_sessions),
        T(what_each_login_may_enter),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
