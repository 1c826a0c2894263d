/* The agent's rules: who may ask, what a PIN may be, what may be signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "token/agent/origin_list.h"
#include "token/agent/pairing.h"
#include "token/agent/pin.h"
#include "token/agent/window_api.h"
#include "token/agent/words.h"

/* ---- origins: R-KEY-7 ---- */

static void r_key_7_only_the_exact_origin_is_listed(void **state)
{
    struct origins o = { 0 };
    assert_false(failed(origins_add(&o, "https://portal.example  https://b.example:8443", false, NULL)));
    assert_false(failed(origins_add(&o, "https://console.example https://portal.example", true, NULL)));
    static const char *const listed[] = { "https://portal.example", "https://b.example:8443", "https://console.example" };
    for (size_t i = 0; i < COUNT(listed); i++) assert_true(origins_listed(&o, bytes_text(listed[i])));
    static const char *const others[] = {
        "", "null", "https://portal.example.evil.example", "https://evil-portal.example", "https://portal.example:443",
        "https://portal.example:8443", "https://portal.example/", "HTTPS://portal.example", "https://Portal.example",
        "http://portal.example", "https://portal.example ", "https://portal.exampl", "https://b.example",
        "https://user@portal.example", "file://", "http://portal.localhost:8080", "http://localhost", "*",
    };
    for (size_t i = 0; i < COUNT(others); i++)
        if (origins_listed(&o, bytes_text(others[i]))) fail_msg("listed: %s", others[i]);
    assert_false(origins_listed(&o, (struct bytes){ 0 })); /* no Origin at all */
    assert_true(origins_may_produce(&o, bytes_text("https://console.example")));
    assert_true(origins_may_produce(&o, bytes_text("https://portal.example"))); /* gained the mark */
    assert_false(origins_may_produce(&o, bytes_text("https://b.example:8443")));
}

static void development_adds_localhost_and_nothing_else(void **state)
{
    struct origins o = { .any_localhost = true };
    static const char *const in[] = { "http://localhost", "http://localhost:8080", "http://portal.localhost:8080",
                                      "http://a.b.localhost" };
    for (size_t i = 0; i < COUNT(in); i++)
        if (!origins_listed(&o, bytes_text(in[i]))) fail_msg("not listed: %s", in[i]);
    assert_true(origins_may_produce(&o, bytes_text("http://portal.localhost:8080")));
    assert_false(failed(origins_add(&o, "http://portal.localhost:8080", false, NULL)));
    assert_false(origins_may_produce(&o, bytes_text("http://portal.localhost:8080"))); /* listed without the mark */
    static const char *const out[] = { "http://evillocalhost", "http://localhost.evil.example", "https://evil.example",
                                       "http://localhost:80", "http://localhost:0", "http://localhost:65536",
                                       "http://.localhost", "http://a..localhost", "http://127.0.0.1.evil.example",
                                       "http://a.localhost:8080/x", "null", "ws://a.localhost" };
    for (size_t i = 0; i < COUNT(out); i++)
        if (origins_listed(&o, bytes_text(out[i]))) fail_msg("listed: %s", out[i]);
}

static void what_is_no_origin_is_a_configuration_error(void **state)
{
    static const char *const bad[] = { "portal.example", "http://portal.example", "https://", "https://*.example",
                                       "https://portal.example/", "https://portal.example:443", "https://a_b.example" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct origins o = { 0 };
        struct diag diag = { 0 };
        assert_int_equal(origins_add(&o, bad[i], false, &diag).code, ERROR_CONFIG);
        assert_non_null(strstr(diag.log, bad[i]));
    }
    struct origins o = { 0 };
    for (int i = 0; i <= ORIGINS_MAX; i++) {
        char origin[40];
        snprintf(origin, sizeof origin, "https://h%d.example", i);
        assert_int_equal(origins_add(&o, origin, false, NULL).code, i < ORIGINS_MAX ? ERROR_NONE : ERROR_CONFIG);
    }
}

static void r_key_7_a_rebound_name_is_no_host_of_ours(void **state)
{
    assert_true(origins_own_host(bytes_text("127.0.0.1:18181"), 18181));
    assert_true(origins_own_host(bytes_text("localhost:18181"), 18181));
    assert_true(origins_own_host(bytes_text("[::1]:18181"), 18181));
    static const char *const others[] = { "", "127.0.0.1", "127.0.0.1:18182", "evil.example:18181", "LOCALHOST:18181",
                                          "127.0.0.2:18181", "localhost.:18181", "127.1:18181", "127.0.0.1:018181" };
    for (size_t i = 0; i < COUNT(others); i++) assert_false(origins_own_host(bytes_text(others[i]), 18181));
}

/* R-KEY-7 Who may change the file does not decide who uses the USBKeys. */
static void a_list_of_origins_bears_its_signature(void **state)
{
    static const uint8_t seed[DRBG_ENTROPY_MIN] = { 5 };
    static const char lines[] = "HUFU-ORIGINS-v1\norigin: https://a.example\nproduction: https://b.example\n";
    struct drbg drbg;
    struct sm2_private key, other;
    uint8_t list[512];
    drbg_init(&drbg, BYTES(seed), (struct bytes){ 0 }, (struct bytes){ 0 });
    assert_false(failed(sm2_private_generate(&key, &drbg)));
    assert_false(failed(sm2_private_generate(&other, &drbg)));
    struct writer w = writer_of(list, sizeof list);
    assert_false(failed(origin_list_sign(bytes_text(lines), &key, &drbg, NULL, &w)));
    struct bytes whole = bytes_of(list, w.len);
    struct origins o = { 0 };
    assert_false(failed(origin_list_read(whole, &key.public, NULL, &o)));
    assert_int_equal(o.count, 2);
    assert_true(origins_listed(&o, bytes_text("https://a.example")));
    assert_false(origins_may_produce(&o, bytes_text("https://a.example")));
    assert_true(origins_may_produce(&o, bytes_text("https://b.example")));
    struct origins none = { 0 };
    assert_int_equal(origin_list_read(whole, &other.public, NULL, &none).code, ERROR_CONFIG);
    for (size_t i = 0; i < whole.len; i++) { /* cut anywhere, and any byte changed */
        assert_int_equal(origin_list_read(bytes_of(list, i), &key.public, NULL, &none).code, ERROR_CONFIG);
        list[i] ^= 1;
        assert_int_equal(origin_list_read(whole, &key.public, NULL, &none).code, ERROR_CONFIG);
        list[i] ^= 1;
    }
    assert_int_equal(none.count, 0);
    static const char *const bad[] = { "", "HUFU-ORIGINS-v1\n", "HUFU-ORIGINS-v2\norigin: https://a.example\n",
                                       "HUFU-ORIGINS-v1\norigin: a.example\n", "HUFU-ORIGINS-v1\norigin: \n",
                                       "HUFU-ORIGINS-v1\norigin: https://a.example",
                                       "HUFU-ORIGINS-v1\norigin: https://a.example https://b.example\n",
                                       "HUFU-ORIGINS-v1\n\n", "HUFU-ORIGINS-v1\nother: https://a.example\n" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        w = writer_of(list, sizeof list);
        assert_int_equal(origin_list_sign(bytes_text(bad[i]), &key, &drbg, NULL, &w).code, ERROR_CONFIG);
    }
}

/* ---- pairings ---- */

static void a_pairing_belongs_to_one_origin_and_survives(void **state)
{
    char folder[] = "/tmp/hufu-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pairings", folder);
    struct pairings *p = calloc(1, sizeof *p), *again = calloc(1, sizeof *again);
    char token[PAIRING_TOKEN_LEN + 1], other[PAIRING_TOKEN_LEN + 1];
    struct bytes a = bytes_text("https://a.example"), b = bytes_text("https://b.example");
    assert_false(failed(pairings_init(p, path, NULL)));
    assert_false(pairings_holds(p, a, bytes_text("")));
    assert_false(failed(pairings_add(p, a, 1000, token)));
    assert_false(failed(pairings_add(p, b, 1001, other)));
    assert_int_equal(strlen(token), PAIRING_TOKEN_LEN);
    assert_string_not_equal(token, other);
    assert_true(pairings_holds(p, a, bytes_text(token)));
    assert_false(pairings_holds(p, b, bytes_text(token)));
    assert_false(pairings_holds(p, a, bytes_of(token, PAIRING_TOKEN_LEN - 1)));
    token[0] = token[0] == 'A' ? 'B' : 'A';
    assert_false(pairings_holds(p, a, bytes_text(token)));

    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    char content[1024] = { 0 };
    size_t len;
    assert_false(failed(system_read_file(path, content, sizeof content - 1, &len)));
    assert_null(strstr(content, other)); /* the hash is kept, not the token */
    assert_false(failed(pairings_init(again, path, NULL)));
    assert_true(pairings_holds(again, b, bytes_text(other)));
    unlink(path);
    rmdir(folder);
    free(p);
    free(again);
}

static void old_pairings_make_room(void **state)
{
    char folder[] = "/tmp/hufu-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pairings", folder);
    struct pairings *p = calloc(1, sizeof *p);
    char tokens[PAIRINGS_PER_ORIGIN_MAX + 1][PAIRING_TOKEN_LEN + 1], other[PAIRING_TOKEN_LEN + 1];
    struct bytes a = bytes_text("https://a.example"), b = bytes_text("https://b.example");
    assert_false(failed(pairings_init(p, path, NULL)));
    assert_false(failed(pairings_add(p, b, 1, other)));
    for (size_t i = 0; i < COUNT(tokens); i++) assert_false(failed(pairings_add(p, a, 2, tokens[i])));
    assert_false(pairings_holds(p, a, bytes_text(tokens[0])));
    assert_true(pairings_holds(p, a, bytes_text(tokens[1])));
    assert_true(pairings_holds(p, b, bytes_text(other)));
    for (int i = 0; i < PAIRINGS_MAX + 5; i++) {
        char origin[40];
        snprintf(origin, sizeof origin, "https://h%d.example", i);
        assert_false(failed(pairings_add(p, bytes_text(origin), 3, tokens[0])));
    }
    assert_int_equal(p->count, PAIRINGS_MAX);
    assert_true(pairings_holds(p, bytes_text("https://h260.example"), bytes_text(tokens[0])));
    unlink(path);
    rmdir(folder);
    free(p);
}

static void damaged_pairings_are_told(void **state)
{
    static const char *const files[] = {
        "", "x", "HUFU-PAIRINGS-v1", "HUFU-PAIRINGS-v1\nzz 1 https://a.example\n",
        "HUFU-PAIRINGS-v1\n00 1 https://a.example\n",
        "HUFU-PAIRINGS-v1\n0000000000000000000000000000000000000000000000000000000000000000 1 https://a.example",
        "HUFU-PAIRINGS-v1\n0000000000000000000000000000000000000000000000000000000000000000 x https://a.example\n",
        "HUFU-PAIRINGS-v1\n0000000000000000000000000000000000000000000000000000000000000000 1\n",
    };
    char path[] = "/tmp/hufu-test-XXXXXX";
    close(mkstemp(path));
    struct pairings *p = calloc(1, sizeof *p);
    for (size_t i = 0; i < COUNT(files); i++) {
        assert_false(failed(system_write_file(path, bytes_text(files[i]))));
        struct diag diag = { 0 };
        assert_int_equal(pairings_init(p, path, &diag).code, ERROR_AGENT_PAIRING_STORE);
        assert_non_null(strstr(diag.log, path));
    }
    unlink(path);
    free(p);
}

/* ---- PINs: R-KEY-1 ---- */

static void r_key_1_simple_and_personal_pins_are_refused(void **state)
{
    static const struct {
        const char *pin;
        enum error code;
    } cases[] = {
        { "19ab8x", ERROR_NONE },
        { "827164", ERROR_NONE },
        { "abc12", ERROR_AGENT_PIN_FORM },
        { "12345678901234567", ERROR_AGENT_PIN_FORM },
        { "82716 4", ERROR_AGENT_PIN_FORM },
        { "827164\n", ERROR_AGENT_PIN_FORM },
        { "密码密码", ERROR_AGENT_PIN_FORM },
        { "000000", ERROR_AGENT_PIN_SAME },
        { "111111", ERROR_AGENT_PIN_SIMPLE },
        { "123456", ERROR_AGENT_PIN_SIMPLE },
        { "98765432", ERROR_AGENT_PIN_SIMPLE },
        { "abcdef", ERROR_AGENT_PIN_SIMPLE },
        { "121212", ERROR_AGENT_PIN_SIMPLE },
        { "827827", ERROR_AGENT_PIN_SIMPLE },
        { "8278278", ERROR_AGENT_PIN_SIMPLE },
        { "19870315", ERROR_AGENT_PIN_PERSONAL },
        { "a19870315", ERROR_AGENT_PIN_PERSONAL },
        { "870315", ERROR_AGENT_PIN_PERSONAL },
        { "15031987", ERROR_AGENT_PIN_PERSONAL },
        { "03151987", ERROR_AGENT_PIN_PERSONAL },
        { "1987315x", ERROR_AGENT_PIN_PERSONAL },
        { "138001", ERROR_AGENT_PIN_PERSONAL },
        { "x138241", ERROR_AGENT_PIN_PERSONAL },
        { "13800138241", ERROR_AGENT_PIN_PERSONAL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum error code = pin_check_new("000000", cases[i].pin, "1987-03-15", "13800138241").code;
        if (code != cases[i].code) fail_msg("%d for %s", (int)code, cases[i].pin);
    }
    assert_int_equal(pin_check_new("827164", "19870315", NULL, NULL).code, ERROR_NONE);
    assert_int_equal(pin_check_birth_date("1987-03-15", NULL).code, ERROR_NONE);
    static const char *const dates[] = { "1987/03/15", "87-03-15", "1987-3-15", "1987-03-1a", "1987-03-150" };
    for (size_t i = 0; i < COUNT(dates); i++)
        assert_int_equal(pin_check_birth_date(dates[i], NULL).code, ERROR_AGENT_FIELD);
}

/* ---- what is signed, in words ---- */

static const char login[] = "HUFU-LOGIN-v1\nmeans: usbkey\norigin: https://login.example\nrelying_party: 国资监管平台\n"
                            "session: 0123456789abcdefghjkmnpqrs\nnonce: 11\ncertificate: 0a0b\ntime: 1795565534\n";

static void r_key_7_a_login_names_its_origin_and_certificate(void **state)
{
    struct arena *arena = arena_new(65536);
    struct words w;
    assert_false(failed(words_read(login, arena, &w)));
    assert_int_equal(w.kind, WORDS_LOGIN);
    assert_string_equal(w.origin, "https://login.example");
    assert_string_equal(w.certificate, "0a0b");
    assert_string_equal(w.title, "登录");
    assert_int_equal(w.count, 4);
    assert_string_equal(w.lines[0].value, "国资监管平台");
    assert_string_equal(w.lines[3].label, "时间");
    assert_string_equal(w.lines[3].value, "2026-11-25 08:12");
    arena_free(arena);
}

static void an_approval_is_shown_in_words(void **state)
{
    struct approve_statement a = { "2026112400000017", "apply", "0123456789abcdefghjkmnpqrs", "张三", "91350211M000100Y43",
                                   "某某公司", "usbkey", "holder", "-", "-", "until:1795565534", "0123456789abcdefghjkmnpqrs",
                                   "0a0b", "1795565534" };
    struct arena *arena = arena_new(65536);
    struct words w;
    const char *text;
    assert_false(failed(statement_write(&approve_statement_shape, &a, arena, &text)));
    assert_false(failed(words_read(text, arena, &w)));
    assert_int_equal(w.kind, WORDS_OPERATOR);
    assert_null(w.origin);
    const char *const shown[] = { "2026112400000017", "证书申请", "张三", "某某公司", "91350211M000100Y43", "USBKey",
                                  "至 2026-11-25 08:12", "0a0b", "2026-11-25 08:12" };
    assert_int_equal(w.count, COUNT(shown)); /* nothing that is "-" */
    for (size_t i = 0; i < COUNT(shown); i++) assert_string_equal(w.lines[i].value, shown[i]);
    struct operator_statement o = { "add", "李四", "reviewer,producer", "00", "K1", "-", "0123456789abcdefghjkmnpqrs",
                                    "0a0b", "1795565534" };
    assert_false(failed(statement_write(&operator_statement_shape, &o, arena, &text)));
    assert_false(failed(words_read(text, arena, &w)));
    assert_string_equal(w.lines[0].value, "增加");
    assert_string_equal(w.lines[2].value, "审核员、制证员");
    arena_free(arena);
}

static void what_is_no_statement_has_no_words(void **state)
{
    struct arena *arena = arena_new(1024 * 1024);
    struct words w;
    static const char *const bad[] = { "", "\n", "hello", "HUFU-LOGIN-v2\n", "HUFU-LOGIN-v1", "HUFU-LOGIN-v1\n",
                                       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(words_read(bad[i], arena, &w).code, ERROR_AGENT_STATEMENT);
    char text[sizeof login];
    for (size_t i = 0; i + 1 < sizeof login; i++) { /* cut anywhere, and any line feed replaced */
        memcpy(text, login, sizeof login);
        text[i] = 0;
        assert_int_equal(words_read(text, arena, &w).code, ERROR_AGENT_STATEMENT);
        if (login[i] != '\n') continue;
        memcpy(text, login, sizeof login);
        text[i] = ' ';
        assert_int_equal(words_read(text, arena, &w).code, ERROR_AGENT_STATEMENT);
    }
    arena_free(arena);
}

/* ---- the window's question ---- */

static void a_question_arrives_at_the_window_as_it_was_asked(void **state)
{
    struct window_question q = { .kind = WINDOW_PIN, .title = "登录", .origin = "https://a.example", .serial = "K1",
                                 .holder = "张三", .problem = "", .tries = 5, .count = 2,
                                 .lines = { { "网站", "https://a.example" }, { "时间", "" } } }, got;
    uint8_t buffer[1024], cut[1024];
    struct writer w = writer_of(buffer, sizeof buffer);
    window_question_write(&q, &w);
    for (size_t i = 0; i < w.len; i++) {
        memcpy(cut, buffer, i);
        assert_int_equal(window_question_read(cut, i, &got).code, ERROR_MALFORMED);
    }
    assert_false(failed(window_question_read(buffer, w.len, &got)));
    assert_int_equal(got.kind, WINDOW_PIN);
    assert_int_equal(got.tries, 5);
    assert_string_equal(got.title, "登录");
    assert_string_equal(got.origin, "https://a.example");
    assert_string_equal(got.serial, "K1");
    assert_string_equal(got.holder, "张三");
    assert_string_equal(got.problem, "");
    assert_string_equal(got.lines[0].label, "网站");
    assert_string_equal(got.lines[0].value, "https://a.example");
    assert_string_equal(got.lines[1].value, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r_key_7_only_the_exact_origin_is_listed),
        cmocka_unit_test(development_adds_localhost_and_nothing_else),
        cmocka_unit_test(what_is_no_origin_is_a_configuration_error),
        cmocka_unit_test(r_key_7_a_rebound_name_is_no_host_of_ours),
        cmocka_unit_test(a_list_of_origins_bears_its_signature),
        cmocka_unit_test(a_pairing_belongs_to_one_origin_and_survives),
        cmocka_unit_test(old_pairings_make_room),
        cmocka_unit_test(damaged_pairings_are_told),
        cmocka_unit_test(r_key_1_simple_and_personal_pins_are_refused),
        cmocka_unit_test(r_key_7_a_login_names_its_origin_and_certificate),
        cmocka_unit_test(an_approval_is_shown_in_words),
        cmocka_unit_test(what_is_no_statement_has_no_words),
        cmocka_unit_test(a_question_arrives_at_the_window_as_it_was_asked),
    };
    return cmocka_run_group_tests_name("agent-rules", tests, NULL, NULL);
}
