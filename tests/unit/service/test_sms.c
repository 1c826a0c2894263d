/* R-SMS-1: codes by SMS and all their limits. */
#include "office.h"
#include "door.h"

#include <stdio.h>

#include "service/session.h"
#include "service/sms.h"

static const char mobile[] = "13800000001", stranger[] = "13900000009", origin[] = "https://portal.example";

static int set_up(void **state)
{
    office_set_up(state);
    struct office *office = *state;
    office_account(office, mobile, office_numbers[0]);
    office_run_jobs(office);
    return 0;
}

static struct result want(struct office *office, const char *number)
{
    struct act act = office_act(office);
    return sms_want(&act, SMS_LOGIN, number);
}

static struct result enter(struct office *office, const char *number, const char *code)
{
    struct act act = office_act(office);
    struct session session;
    struct session_token token;
    return session_login_sms(&act, number, code, origin, &session, &token);
}

/* The code of the last SMS; what was sent is text. */
static void read_code(struct office *office, char ret_code[7])
{
    const struct sent *sent;
    size_t count = office_sent(office, &sent);
    assert_true(count > 0 && sent[count - 1].channel == SENT_SMS);
    const char *at = strstr(sent[count - 1].text, "验证码 ");
    assert_non_null(at);
    memcpy(ret_code, at + strlen("验证码 "), 6);
    ret_code[6] = '\0';
    assert_int_equal(strspn(ret_code, "0123456789"), 6);
}

static void get_code(struct office *office, char ret_code[7])
{
    assert_ok(want(office, mobile));
    office_run_jobs(office);
    read_code(office, ret_code);
}

static void wrong_of(const char *code, char ret_wrong[7])
{
    memcpy(ret_wrong, code, 7);
    ret_wrong[0] = code[0] == '9' ? '0' : (char)(code[0] + 1);
}

/* R-SMS-1: six digits, to the account's mobile, once. */
static void a_code_opens_once(void **state)
{
    struct office *office = *state;
    char code[7];
    get_code(office, code);
    assert_ok(enter(office, mobile, code));
    assert_error(enter(office, mobile, code), ERROR_SMS_CODE_OVER);
}

/* R-SMS-1: for five minutes, to the second. */
static void a_code_lasts_five_minutes(void **state)
{
    struct office *office = *state;
    char code[7];
    get_code(office, code);
    office_pass(office, 301);
    assert_error(enter(office, mobile, code), ERROR_SMS_CODE_OVER);
    get_code(office, code);
    office_pass(office, 300);
    assert_ok(enter(office, mobile, code));
}

/* R-SMS-1: five wrong tries, then the right one does not open either. */
static void a_code_stands_five_wrong_tries(void **state)
{
    struct office *office = *state;
    char code[7], wrong[7];
    get_code(office, code);
    wrong_of(code, wrong);
    for (int left = 4; left >= 1; left--) {
        char says[40];
        snprintf(says, sizeof says, "还可以再试 %d 次", left);
        assert_error(enter(office, mobile, wrong), ERROR_SMS_CODE_WRONG);
        assert_string_equal(office->diag.field, "code");
        assert_string_equal(office->diag.detail, says);
    }
    assert_error(enter(office, mobile, wrong), ERROR_SMS_CODE_TRIES);
    assert_error(enter(office, mobile, code), ERROR_SMS_CODE_TRIES);
    office_pass(office, 61);
    get_code(office, code);
    wrong_of(code, wrong);
    for (int i = 0; i < 4; i++) assert_error(enter(office, mobile, wrong), ERROR_SMS_CODE_WRONG);
    assert_ok(enter(office, mobile, code)); /* the fifth may be right */
}

/* R-SMS-1: a new code takes the old one's place. */
static void the_last_code_counts(void **state)
{
    struct office *office = *state;
    char first[7], second[7];
    get_code(office, first);
    office_pass(office, 60);
    do {
        get_code(office, second);
        office_pass(office, 60);
    } while (strcmp(first, second) == 0);
    assert_error(enter(office, mobile, first), ERROR_SMS_CODE_WRONG);
    assert_ok(enter(office, mobile, second));
}

/* R-SMS-1: at most one a minute, known number or not. */
static void one_a_minute(void **state)
{
    struct office *office = *state;
    const char *const numbers[] = { mobile, stranger };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        assert_ok(want(office, numbers[i]));
        office_pass(office, 59);
        assert_error(want(office, numbers[i]), ERROR_SMS_TOO_SOON);
        office_pass(office, 1);
        assert_ok(want(office, numbers[i]));
    }
}

/* R-SMS-1: at most ten a day by Asia/Shanghai, known number or not. */
static void ten_a_day(void **state)
{
    struct office *office = *state;
    const char *const numbers[] = { mobile, stranger };
    office->service.settings.sms_per_hour = 1000;
    for (size_t n = 0; n < COUNT(numbers); n++) {
        office->clock.offset_s = OFFICE_NOW;
        for (int i = 0; i < 10; i++) {
            assert_ok(want(office, numbers[n]));
            office_pass(office, 60);
        }
        assert_error(want(office, numbers[n]), ERROR_SMS_DAY_FULL);
        office->clock.offset_s = OFFICE_NOW - OFFICE_NOW % DAY_S + 15 * 3600 + 3599;
        assert_error(want(office, numbers[n]), ERROR_SMS_DAY_FULL);
        office_pass(office, 1); /* midnight */
        assert_ok(want(office, numbers[n]));
    }
}

/* R-SMS-1: ten a day whatever they are for. */
static void ten_a_day_of_all_uses(void **state)
{
    struct office *office = *state;
    struct act act = office_act(office);
    office->service.settings.sms_per_hour = 1000;
    for (int i = 0; i < 10; i++) {
        act = office_act(office);
        assert_ok(sms_want(&act, i < 6 ? SMS_LOGIN : SMS_RECEIPT, mobile));
        office_pass(office, 60);
    }
    for (int use = 0; use < SMS_USE_COUNT; use++) {
        act = office_act(office);
        assert_error(sms_want(&act, (enum sms_use)use, mobile), ERROR_SMS_DAY_FULL);
    }
    office_pass(office, DAY_S);
    act = office_act(office);
    assert_ok(sms_want(&act, SMS_RECEIPT, mobile));
}

/* R-SMS-1: limits for each client address; of IPv6 the network counts. */
static void a_client_address_has_its_limit(void **state)
{
    struct office *office = *state;
    office->service.settings.sms_per_hour = 3;
    for (int i = 0; i < 3; i++) {
        char number[12];
        snprintf(number, sizeof number, "1370000000%d", i);
        assert_ok(want(office, number));
    }
    assert_error(want(office, "13700000009"), ERROR_SMS_CLIENT_FULL);
    office->client = "192.0.2.8";
    assert_ok(want(office, "13700000009"));
    for (int i = 0; i < 4; i++) {
        char number[12], address[40];
        snprintf(number, sizeof number, "1360000000%d", i);
        snprintf(address, sizeof address, "2001:db8:1:2:%d::1", i + 1);
        office->client = arena_text(office->arena, bytes_text(address));
        struct result r = want(office, number);
        assert_int_equal(r.code, i < 3 ? ERROR_NONE : ERROR_SMS_CLIENT_FULL);
    }
    office->client = "2001:db8:1:3::1";
    assert_ok(want(office, "13600000009"));
    office->client = "192.0.2.7";
    office_pass(office, 3600);
    assert_ok(want(office, "13700000008"));
}

/* R-SMS-1: wrong tries count too, so that one address does not try many numbers; a right code still opens. */
static void wrong_tries_count_for_the_address(void **state)
{
    struct office *office = *state;
    char code[7], wrong[7];
    get_code(office, code);
    office->service.settings.sms_per_hour = 3;
    assert_error(enter(office, "13700000000", "000000"), ERROR_SMS_CODE_OVER);
    assert_error(enter(office, "13700000001", "000000"), ERROR_SMS_CODE_OVER);
    assert_error(enter(office, "13700000002", "000000"), ERROR_SMS_CLIENT_FULL);
    assert_ok(enter(office, mobile, code));
    office_pass(office, 3600);
    get_code(office, code);
    wrong_of(code, wrong);
    assert_error(enter(office, mobile, wrong), ERROR_SMS_CODE_WRONG);
    assert_error(enter(office, mobile, wrong), ERROR_SMS_CODE_WRONG);
    assert_error(enter(office, mobile, wrong), ERROR_SMS_CLIENT_FULL);
    assert_ok(enter(office, mobile, code));
}

/* R-SMS-1: a number that no account has gets the same answers all along, and no SMS. */
static void an_unknown_number_is_answered_alike(void **state)
{
    struct office *office = *state;
    const struct sent *sent;
    char code[7], wrong[7];
    size_t before = office_sent(office, &sent);
    get_code(office, code);
    assert_int_equal(office_sent(office, &sent), before + 1);
    wrong_of(code, wrong);
    assert_ok(want(office, stranger));
    assert_string_equal(office->woken, "sms-codes");
    office_run_jobs(office);
    assert_int_equal(office_sent(office, &sent), before + 1);
    for (int i = 0; i < 6; i++) {
        struct diag known;
        struct result a = enter(office, mobile, wrong);
        known = office->diag;
        struct result b = enter(office, stranger, wrong);
        assert_int_equal(a.code, b.code);
        assert_string_equal(known.detail, office->diag.detail);
        assert_string_equal(known.field, office->diag.field);
    }
    office_pass(office, 301);
    assert_int_equal(enter(office, mobile, code).code, enter(office, stranger, code).code);
}

/* R-SMS-1: before the job has made the code nothing opens; a closed account is unknown. */
static void nothing_opens_before_the_code_is_made(void **state)
{
    struct office *office = *state;
    assert_ok(want(office, mobile));
    for (int i = 0; i < 4; i++) assert_error(enter(office, mobile, "000000"), ERROR_SMS_CODE_WRONG);
    struct account_row account = office_account(office, "13800000005", office_numbers[1]), row;
    struct act act = office_act(office);
    const struct sent *sent;
    assert_ok(directory_account_set_state(&act, &account.id, "closed", "离职", &row));
    office_run_jobs(office);
    size_t before = office_sent(office, &sent);
    assert_ok(want(office, "13800000005"));
    office_run_jobs(office);
    assert_int_equal(office_sent(office, &sent), before);
}

/* R-SMS-1: codes are kept hashed, with a salt and a key: equal ones do not show, and the table alone opens none. */
static void codes_are_kept_hashed(void **state)
{
    struct office *office = *state;
    char code[7];
    struct key_row key = { .key = mobile, .other = "login" };
    struct sms_code_row row, other;
    get_code(office, code);
    assert_ok(store_one(office->service.store, STATEMENT_SMS_CODE_GET, RECORD(key_row_shape, &key), office->arena,
                        &sms_code_row_shape, &row));
    assert_int_equal(row.hash.len, 32);
    assert_int_equal(row.salt.len, 16);
    assert_int_equal(row.wanted, 0);
    assert_null(memmem(row.hash.ptr, row.hash.len, code, 6));
    office_pass(office, 60);
    get_code(office, code);
    assert_ok(store_one(office->service.store, STATEMENT_SMS_CODE_GET, RECORD(key_row_shape, &key), office->arena,
                        &sms_code_row_shape, &other));
    assert_false(bytes_equal(row.salt, other.salt));
    office->service.data_key[0] ^= 1; /* the right code, under another data key */
    assert_error(enter(office, mobile, code), ERROR_SMS_CODE_WRONG);
}

/* R-SMS-1: codes are spread over the whole million. */
static void codes_differ(void **state)
{
    struct office *office = *state;
    office->service.settings.sms_per_hour = 1000;
    unsigned digits = 0;
    for (int i = 0; i < 30; i++) {
        char code[7];
        get_code(office, code);
        for (int k = 0; k < 6; k++) digits |= 1u << (code[k] - '0');
        office_pass(office, i % 9 == 8 ? DAY_S : 60);
    }
    assert_int_equal(digits, 0x3ff);
}

/* What counts no longer is forgotten; a day's count is not. */
static void old_counts_are_forgotten(void **state)
{
    struct office *office = *state;
    char code[7];
    for (int i = 0; i < 10; i++) {
        get_code(office, code);
        office_pass(office, 60);
    }
    assert_ok(sms_clean(&office->service));
    assert_error(want(office, mobile), ERROR_SMS_DAY_FULL);
    office_pass(office, 3 * DAY_S);
    assert_ok(sms_clean(&office->service));
    struct key_row key = { .key = mobile };
    struct sms_code_row row;
    assert_error(store_one(office->service.store, STATEMENT_SMS_CODE_GET, RECORD(key_row_shape, &key), office->arena,
                           &sms_code_row_shape, &row), ERROR_NOT_FOUND);
}

int run_sms_tests(struct server *server)
{
#define T_ACCOUNT(test) cmocka_unit_test_prestate_setup_teardown(test, set_up, office_tear_down, server)
    const struct CMUnitTest tests[] = {
        T_ACCOUNT(a_code_opens_once),
        T_ACCOUNT(a_code_lasts_five_minutes),
        T_ACCOUNT(a_code_stands_five_wrong_tries),
        T_ACCOUNT(the_last_code_counts),
        T_ACCOUNT(one_a_minute),
        T_ACCOUNT(ten_a_day),
        T_ACCOUNT(ten_a_day_of_all_uses),
        T_ACCOUNT(a_client_address_has_its_limit),
        T_ACCOUNT(wrong_tries_count_for_the_address),
        T_ACCOUNT(an_unknown_number_is_answered_alike),
        T_ACCOUNT(nothing_opens_before_the_code_is_made),
        T_ACCOUNT(codes_are_kept_hashed),
        T_ACCOUNT(codes_differ),
        T_ACCOUNT(old_counts_are_forgotten),
    };
    return cmocka_run_group_tests_name("sms", tests, NULL, NULL);
}
