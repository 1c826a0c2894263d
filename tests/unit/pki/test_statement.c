/* Statements that people sign (docs/PROTOCOL.statements): one way to write each, everything else refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "pki/statement.h"

static const struct login_statement login = {
    .means = "usbkey",
    .origin = "https://platform.example",
    .relying_party = "监管平台",
    .session = "0123456789abcdefghjkmnpqrs",
    .nonce = "00ff",
    .certificate = "4d00000000000000000000000000000a",
    .time = "1795500000",
};
static const char login_text[] = "HUFU-LOGIN-v1\n"
                                 "means: usbkey\n"
                                 "origin: https://platform.example\n"
                                 "relying_party: 监管平台\n"
                                 "session: 0123456789abcdefghjkmnpqrs\n"
                                 "nonce: 00ff\n"
                                 "certificate: 4d00000000000000000000000000000a\n"
                                 "time: 1795500000\n";

static int setup(void **state)
{
    *state = arena_new(1 << 20);
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static void statement_is_written_as_documented_and_read_back(void **state)
{
    const char *text = NULL;
    assert_false(failed(statement_write(&login_statement_shape, &login, *state, &text)));
    assert_string_equal(text, login_text);
    struct login_statement back;
    assert_false(failed(statement_read(&login_statement_shape, text, *state, &back)));
    assert_string_equal(back.relying_party, "监管平台");
    assert_string_equal(back.time, "1795500000");
}

/* R-LOGIN-4, R-OPS-3: a text that is not exactly what would be written again is no statement. */
static void altered_texts_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "HUFU-LOGIN-v1",
        "HUFU-LOGIN-v1\n",
        /* another tag, another version, a mark of byte order */
        "HUFU-APPROVE-v1\nmeans: a\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: f\ntime: "
        "1\n",
        "HUFU-LOGIN-v2\nmeans: a\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: f\ntime: "
        "1\n",
        "\xEF\xBB\xBFHUFU-LOGIN-v1\nmeans: a\norigin: b\nrelying_party: c\nsession: d\nnonce: "
        "e\ncertificate: f\n"
        "time: 1\n",
        /* no LF at the end, an empty line there, an extra line, CR LF */
        "HUFU-LOGIN-v1\nmeans: a\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: f\ntime: 1",
        "HUFU-LOGIN-v1\nmeans: a\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: f\ntime: "
        "1\n\n",
        "HUFU-LOGIN-v1\nmeans: a\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: f\ntime: "
        "1\n"
        "time: 1\n",
        "HUFU-LOGIN-v1\r\nmeans: a\r\norigin: b\r\nrelying_party: c\r\nsession: d\r\nnonce: e\r\n"
        "certificate: f\r\ntime: 1\r\n",
        /* order changed, a line left out, a line twice, a name in other letters */
        "HUFU-LOGIN-v1\norigin: b\nmeans: a\nrelying_party: c\nsession: d\nnonce: e\ncertificate: f\ntime: "
        "1\n",
        "HUFU-LOGIN-v1\nmeans: a\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ntime: 1\n",
        "HUFU-LOGIN-v1\nmeans: a\nmeans: a\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: "
        "f\n"
        "time: 1\n",
        "HUFU-LOGIN-v1\nMeans: a\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: f\ntime: "
        "1\n",
        /* the colon and its blank, an empty value */
        "HUFU-LOGIN-v1\nmeans:a\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: f\ntime: "
        "1\n",
        "HUFU-LOGIN-v1\nmeans : a\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: f\ntime: "
        "1\n",
        "HUFU-LOGIN-v1\nmeans: \norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: f\ntime: "
        "1\n",
        "HUFU-LOGIN-v1\nmeans:\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: f\ntime: 1\n",
        /* control characters, ill-formed UTF-8, what turns the line */
        "HUFU-LOGIN-v1\nmeans: a\tb\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: "
        "f\ntime: 1\n",
        "HUFU-LOGIN-v1\nmeans: a\x7F\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: "
        "f\ntime: 1\n",
        "HUFU-LOGIN-v1\nmeans: \xC2\x85\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: "
        "f\ntime: 1\n",
        "HUFU-LOGIN-v1\nmeans: \xC0\xAF\norigin: b\nrelying_party: c\nsession: d\nnonce: e\ncertificate: "
        "f\ntime: 1\n",
        "HUFU-LOGIN-v1\nmeans: a\norigin: \xE2\x80\xAE"
        "b\nrelying_party: c\nsession: d\nnonce: e\n"
        "certificate: f\ntime: 1\n",
    };
    static const char twin[] = "HUFU-LOGIN-v1\nmeans: a\norigin: b\nrelying_party: c\nsession: d\nnonce: "
                               "e\ncertificate: f\ntime: 1\n";
    struct login_statement back = { .means = "kept" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct result r = statement_read(&login_statement_shape, bad[i], *state, &back);
        if (r.code != ERROR_STATEMENT) fail_msg("text %zu: %d\n%s", i, r.code, bad[i]);
        assert_string_equal(back.means, "kept");
    }
    assert_false(failed(statement_read(&login_statement_shape, twin, *state, &back)));
}

/* Each byte of a statement changed or cut: refused, or read as other values. */
static void each_byte_counts(void **state)
{
    char text[sizeof login_text];
    for (size_t i = 0; i + 1 < sizeof login_text; i++) {
        memcpy(text, login_text, sizeof text);
        text[i] = '\0';
        struct login_statement back;
        assert_int_equal(statement_read(&login_statement_shape, text, *state, &back).code, ERROR_STATEMENT);
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            arena_reset(*state);
            memcpy(text, login_text, sizeof text);
            text[i] = (char)(text[i] ^ (int)bit);
            struct result r = statement_read(&login_statement_shape, text, *state, &back);
            if (failed(r)) continue;
            const char *again = NULL;
            assert_false(failed(statement_write(&login_statement_shape, &back, *state, &again)));
            assert_string_equal(again, text);
            assert_string_not_equal(again, login_text);
        }
    }
}

static void values_that_do_not_fit_are_refused(void **state)
{
    static char long_text[STATEMENT_MAX + 2];
    memset(long_text, 'a', sizeof long_text - 1);
    static const char *const bad[] = { NULL,
                                       "",
                                       "a\nb",
                                       "a\rb",
                                       "a\x01",
                                       "\xFF",
                                       "\xE2\x80\xA8",
                                       "\xD8\x9C",
                                       "\xE2\x81\xA6",
                                       long_text,
                                       long_text + STATEMENT_MAX - 32 };
    const char *kept = "kept", *text = kept;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct login_statement record = login;
        record.means = bad[i];
        assert_int_equal(statement_write(&login_statement_shape, &record, *state, &text).code,
                         ERROR_STATEMENT);
        assert_ptr_equal(text, kept);
    }
    struct login_statement record = login;
    record.means = long_text + STATEMENT_MAX - 31; /* 32 letters */
    assert_false(failed(statement_write(&login_statement_shape, &record, *state, &text)));

    char *whole = arena_format(*state, "HUFU-LOGIN-v1\nmeans: %s\n", long_text);
    struct login_statement back;
    assert_int_equal(statement_read(&login_statement_shape, whole, *state, &back).code, ERROR_STATEMENT);

    struct arena *small = arena_new(64);
    assert_int_equal(statement_write(&login_statement_shape, &login, small, &text).code, ERROR_OUT_OF_ROOM);
    assert_int_equal(statement_read(&login_statement_shape, login_text, small, &back).code,
                     ERROR_OUT_OF_ROOM);
    arena_free(small);
}

/* The largest statement of each kind fits the limit of the whole, so that none fails late for its length. */
static void every_statement_fits_with_all_values_at_their_limits(void **state)
{
    const struct shape *const shapes[] = { &approve_statement_shape, &card_statement_shape,
                                           &produce_statement_shape, &attest_statement_shape,
                                           &login_statement_shape,   &operator_statement_shape };
    for (size_t i = 0; i < COUNT(shapes); i++) {
        const char *record[16] = { 0 }, *back[16] = { 0 }, *text = NULL;
        assert_int_equal(shapes[i]->size, shapes[i]->count * sizeof record[0]); /* every field is listed */
        for (size_t k = 0; k < shapes[i]->count; k++) {
            char value[STATEMENT_VALUE_MAX] = { 0 };
            memset(value, 'v', shapes[i]->fields[k].max);
            record[k] = arena_text(*state, bytes_of(value, shapes[i]->fields[k].max));
            assert_int_equal(shapes[i]->fields[k].offset,
                             k * sizeof record[0]); /* in the order of the header */
        }
        assert_false(failed(statement_write(shapes[i], record, *state, &text)));
        assert_false(failed(statement_read(shapes[i], text, *state, back)));
        for (size_t k = 0; k < shapes[i]->count; k++) assert_string_equal(back[k], record[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(statement_is_written_as_documented_and_read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(altered_texts_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(each_byte_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(values_that_do_not_fit_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(every_statement_fits_with_all_values_at_their_limits, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
