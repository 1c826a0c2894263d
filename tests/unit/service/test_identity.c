/* R-ACCT-1: numbers that carry their own check. */
#include "office.h"
#include "door.h"

#include "service/identity.h"

static struct result check(const char *type, const char *number, struct diag *diag)
{
    char into[DOCUMENT_NUMBER_MAX + 1];
    *diag = (struct diag){ 0 };
    return identity_check_document(type, number, OFFICE_NOW, diag, into);
}

/* R-ACCT-1 */
static void identity_cards_with_their_check_digit_pass(void **state)
{
    struct diag diag;
    for (size_t i = 0; i < COUNT(office_numbers); i++) assert_ok(check("id-card", office_numbers[i], &diag));
    char into[DOCUMENT_NUMBER_MAX + 1];
    assert_ok(identity_check_document("id-card", "11010519491231002x", OFFICE_NOW, &diag, into));
    assert_string_equal(into, "11010519491231002X");
}

/* R-ACCT-1 */
static void each_wrong_digit_of_an_identity_card_is_found(void **state)
{
    const char *good = office_numbers[2];
    struct diag diag;
    for (size_t i = 0; i < 18; i++)
        for (char c = '0'; c <= '9'; c++) {
            char number[19];
            memcpy(number, good, 19);
            if (number[i] == c) continue;
            number[i] = c;
            struct result r = check("id-card", number, &diag);
            assert_error(r, ERROR_DOCUMENT_NUMBER);
            assert_string_equal(diag.field, "document_number");
            assert_true(diag.detail[0]);
        }
}

/* Of these each but the first part would pass by its check digit alone. */
static void check_digit(char number[19])
{
    static const int weights[17] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    int sum = 0;
    for (int i = 0; i < 17; i++) sum += (number[i] - '0') * weights[i];
    number[17] = "10X98765432"[sum % 11];
}

/* R-ACCT-1 */
static void the_parts_of_an_identity_card_are_checked(void **state)
{
    static const struct {
        const char *number, *says;
    } cases[] = {
        { "16010519900307001?", "前两位" },         { "00010519900307001?", "前两位" },
        { "11010519901307001?", "出生日期" },       { "11010519900230001?", "出生日期" },
        { "11010518000307001?", "出生日期" },       { "11010520261125001?", "出生日期" }, /* tomorrow */
        { "11010519000229001?", "出生日期" },       /* 1900 was no leap year */
    };
    struct diag diag;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char number[19];
        memcpy(number, cases[i].number, 19);
        check_digit(number);
        assert_error(check("id-card", number, &diag), ERROR_DOCUMENT_NUMBER);
        assert_non_null(strstr(diag.detail, cases[i].says));
    }
    char today[19] = "11010520261124001?", leap[19] = "11010520000229001?";
    check_digit(today);
    check_digit(leap);
    assert_ok(check("id-card", today, &diag));
    assert_ok(check("id-card", leap, &diag));
}

/* R-ACCT-1 */
static void other_documents_have_their_own_form(void **state)
{
    static const struct {
        const char *type, *number;
        bool good;
    } cases[] = {
        { "passport", "E12345678", true },         { "passport", "EA1234567", true },
        { "passport", "g12345678", true },         { "passport", "E1234567890", false },
        { "passport", "ABCDEFGH", false },         { "passport", "E123-5678", false },
        { "passport", "1234", false },
        { "hk-macao-permit", "H12345678", true },  { "hk-macao-permit", "M1234567801", true },
        { "hk-macao-permit", "K12345678", false }, { "hk-macao-permit", "H1234567", false },
        { "hk-macao-permit", "H1234567A", false }, { "hk-macao-permit", "H123456789", false },
        { "taiwan-permit", "12345678", true },     { "taiwan-permit", "1234567", false },
        { "taiwan-permit", "123456789", false },   { "taiwan-permit", "1234567A", false },
        { "id-card", "11010519491231002", false }, { "id-card", "1101051949123100200", false },
        { "id-card", "X1010519491231002X", false }, { "id-card", "", false },
    };
    struct diag diag;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct result r = check(cases[i].type, cases[i].number, &diag);
        if (failed(r) == cases[i].good) fail_msg("%s %s: %d", cases[i].type, cases[i].number, (int)r.code);
        if (failed(r)) assert_error(r, ERROR_DOCUMENT_NUMBER);
    }
    assert_error(check("driving-licence", "12345678", &diag), ERROR_FIELD_CHOICE);
}

/* R-ACCT-1 */
static void credit_codes_have_their_check_character(void **state)
{
    static const char letters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY", good[] = "91350100M000100Y43";
    struct diag diag = { 0 };
    assert_ok(identity_check_credit_code(good, &diag));
    for (size_t i = 0; i < 18; i++)
        for (const char *c = letters; *c; c++) {
            char code[19];
            memcpy(code, good, 19);
            if (code[i] == *c) continue;
            code[i] = *c;
            diag = (struct diag){ 0 };
            assert_error(identity_check_credit_code(code, &diag), ERROR_CREDIT_CODE);
            assert_string_equal(diag.field, "credit_code");
        }
    assert_error(identity_check_credit_code("91350100M000100Y4", &diag), ERROR_CREDIT_CODE);
    assert_error(identity_check_credit_code("91350100M000100YI3", &diag), ERROR_CREDIT_CODE);
    assert_error(identity_check_credit_code("", &diag), ERROR_CREDIT_CODE);
}

int run_identity_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_cards_with_their_check_digit_pass),
        cmocka_unit_test(each_wrong_digit_of_an_identity_card_is_found),
        cmocka_unit_test(the_parts_of_an_identity_card_are_checked),
        cmocka_unit_test(other_documents_have_their_own_form),
        cmocka_unit_test(credit_codes_have_their_check_character),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
