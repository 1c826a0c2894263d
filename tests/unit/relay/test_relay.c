/* E-mail's headers, addresses, sinks, the configuration, and which addresses may be asked. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/settings.h"
#include "relay/http.h"

static int64_t fixed_now(const struct clock *clock)
{
    return 1795510698;
}

static const struct clock fixed = { fixed_now, 0 };

static void addresses(void **state)
{
    static const char *const good[] = { "a@example.com", "a.b+c@x-y.example.cn", "x@localhost", "a'b@e.com" };
    static const char *const bad[] = { "",           "a",          "@example.com", "a@",         "a@b@c.com",
                                       "a@b",        "a b@e.com",  "a@e.com\nBcc: x@y.cn", "a@e..com", "a@.com",
                                       "<a@e.com>",  "a@e.com>",   "张@e.com",     "a@例.com",   "a,b@e.com",
                                       "a@e.com,c@e.com", ".a@e.com", "a.@e.com",  "a@e.com.",   "a\"@e.com" };
    for (size_t i = 0; i < COUNT(good); i++) assert_true(smtp_is_address(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (smtp_is_address(bad[i])) fail_msg("accepted: %s", bad[i]);
}

/* RFC 2047: whole characters in each word, no line over 76. */
static void subjects_are_encoded(void **state)
{
    struct arena *arena = arena_new(100000);
    assert_string_equal(smtp_encode_header(arena, "Plain text"), "Plain text");
    assert_string_equal(smtp_encode_header(arena, "虎符"), "=?UTF-8?B?6JmO56ym?=");
    assert_string_equal(smtp_encode_header(arena, "=?x?="), "=?UTF-8?B?PT94Pz0=?=");
    char *lines = smtp_encode_header(arena, "国资CA：您的证书申请（20261124000000178）已通过审核，请注意查收𠮷龘䶮㐂犇");
    struct arena *decoded = arena_new(100000);
    char *whole = arena_text(decoded, bytes_text(""));
    for (char *word = strtok_r(lines, "\r\n ", &lines); word; word = strtok_r(NULL, "\r\n ", &lines)) {
        assert_true(strlen(word) <= 75);
        assert_true(text_starts(word, "=?UTF-8?B?"));
        word[strlen(word) - 2] = '\0';
        struct bytes part;
        assert_false(failed(text_from_base64(decoded, word + 10, &part)));
        assert_true(text_plain(part));
        whole = arena_format(decoded, "%s%.*s", whole, (int)part.len, (const char *)part.ptr);
    }
    assert_string_equal(whole, "国资CA：您的证书申请（20261124000000178）已通过审核，请注意查收𠮷龘䶮㐂犇");
    arena_free(decoded);
    arena_free(arena);
}

static void html_is_escaped(void **state)
{
    struct arena *arena = arena_new(100000);
    const char *html = smtp_html(arena, "<b>", "a<script>\n\"&\n\n");
    assert_non_null(strstr(html, "<title>&lt;b&gt;</title>"));
    assert_non_null(strstr(html, "<p>a&lt;script&gt;</p>"));
    assert_non_null(strstr(html, "<p>&quot;&amp;</p>"));
    assert_null(strstr(html, "<script>"));
    char *many = arena_take(arena, 2001);
    memset(many, '\n', 2000);
    assert_non_null(smtp_html(arena, "", many));
    arena_free(arena);
}

static void only_safe_addresses_are_asked(void **state)
{
    assert_true(http_address_allowed("https://example.com/", "http", false));
    assert_false(http_address_allowed("http://example.com/", "http", true));
    assert_false(http_address_allowed("http://127.0.0.1/", "http", false));
    assert_true(http_address_allowed("http://127.0.0.1:8080/x", "http", true));
    assert_true(http_address_allowed("http://[::1]", "http", true));
    assert_true(http_address_allowed("http://localhost", "http", true));
    assert_false(http_address_allowed("http://127.0.0.1.example.com/", "http", true));
    assert_false(http_address_allowed("http://127.0.0.1@example.com/", "http", true));
    assert_false(http_address_allowed("http://localhost.example.com/", "http", true));
    assert_false(http_address_allowed("file:///etc/passwd", "http", true));
    assert_false(http_address_allowed("HTTP://127.0.0.1", "http", true));
}

static void transfers_that_fail_are_told_apart(void **state)
{
    assert_int_equal(http_error(CURLE_OPERATION_TIMEDOUT), ERROR_RELAY_TIMEOUT);
    assert_int_equal(http_error(CURLE_PEER_FAILED_VERIFICATION), ERROR_RELAY_TLS);
    assert_int_equal(http_error(CURLE_WRITE_ERROR), ERROR_RELAY_ANSWER);
    assert_int_equal(http_error(CURLE_COULDNT_CONNECT), ERROR_RELAY_UNREACHABLE);
    assert_int_equal(http_error(CURLE_OK), ERROR_NONE);
}

/* ---- files ---- */

static char folder[] = "/tmp/hufu-test-relay-XXXXXX";

static int make_folder(void **state)
{
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "sink", "conf", "password" };
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static const char *path_of(struct arena *arena, const char *name)
{
    return arena_format(arena, "%s/%s", folder, name);
}

static void write_file(const char *path, const char *content)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    fclose(f);
}

static enum error open_config(struct arena *arena, bool insecure_dev, const char *content, struct diag *diag)
{
    struct gateways *g = NULL;
    const char *path = path_of(arena, "conf");
    write_file(path, arena_format(arena, "[relay]\n%s", content));
    enum error error = settings_open(path, insecure_dev, diag, &g).code;
    assert_true((error == ERROR_NONE) == (g != NULL));
    gateways_free(g);
    return error;
}

static void configurations(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    write_file(path_of(arena, "password"), "secret\n");
    const char *login = arena_format(arena, "smtp_url=smtps://h\nsmtp_from=a@e.com\nsmtp_user=u\nsmtp_password_file=%s\n",
                                     path_of(arena, "password"));
    const char *good[] = { "", "# comment\n\n  \n", arena_format(arena, "sms_sink = %s\n", path_of(arena, "sink")),
                           arena_format(arena, "sms_sink=%s", path_of(arena, "sink")),
                           "smtp_url = smtps://mail.example.com\r\nsmtp_from = ca@example.com\n", login,
                           "smtp_url = smtp://mail.example.com:587\nsmtp_from = ca@example.com\nsmtp_html = yes\n" };
    static const struct {
        const char *content, *names;
    } bad[] = { { "nothing\n", "conf:2" },
                { "colour = red\n", "colour" },
                { "sms_sink =\n", "sms_sink" },
                { "ca_file = a\nca_file = b\n", "ca_file" },
                { "sms_sink = /nowhere/at/all\n", "sms_sink" },
                { "smtp_html = maybe\n", "smtp_html" },
                { "timeout_ms = 0\n", "timeout_ms" },
                { "timeout_ms = 120001\n", "timeout_ms" },
                { "timeout_ms = 1s\n", "timeout_ms" },
                { "smtp_url = http://x\n", "smtp_url" },
                { "smtp_url = smtps://x\n", "smtp_from" },
                { "smtp_url = smtps://x\nsmtp_from = me\n", "smtp_from" },
                { "smtp_url = smtps://x\nsmtp_from = a@e.com\nsmtp_user = u\n", "smtp_user" },
                { "smtp_url = smtps://x\nsmtp_from = a@e.com\nsmtp_user = u\nsmtp_password_file = /nowhere\n", "/nowhere" },
                { "wechat_merchant = 1\n", "wechat_url" },
                { "wechat_merchant = 1\nwechat_url = https://h\n", "wechat_app" },
                { "wechat_merchant = 1\nwechat_url = https://h\nwechat_app = a\nwechat_serial = 1\n",
                  "wechat_key_file" },
                { "ems_url = http://127.0.0.1:1\n", "ems_url" },
                { "ems_url = https://h\n", "ems_key_file" },
                { "ems_url = https://h\nems_key_file = k\n", "ems_authorization_file" },
                { "ems_url = https://h\nems_key_file = /nowhere\nems_authorization_file = k\n", "/nowhere" },
                { "wechat_merchant = 1\nwechat_url = http://127.0.0.1:1\nwechat_app = a\nwechat_serial = 1\n"
                  "wechat_key_file = k\nwechat_api_key_file = k\nwechat_platform_key_file = k\n"
                  "wechat_notify_url = https://h\n",
                  "wechat_url" } };
    for (size_t i = 0; i < COUNT(good); i++) {
        struct diag diag = { 0 };
        if (open_config(arena, false, good[i], &diag) != ERROR_NONE) fail_msg("refused: %s (%s)", good[i], diag.log);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct diag diag = { 0 };
        enum error error = open_config(arena, false, bad[i].content, &diag);
        assert_true(error == ERROR_CONFIG || error == ERROR_RELAY_CONFIG);
        if (!strstr(diag.log, bad[i].names)) fail_msg("%s: %s", bad[i].content, diag.log);
    }
    arena_free(arena);
}

/* R-OPS-7: in a demonstration a notice is a line that only its owner can read. */
static void r_ops_7_sink_keeps_whole_lines(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    const char *path = path_of(arena, "sink");
    struct sink *sink;
    struct diag diag = { 0 };
    struct work work = { NULL, arena, &diag, &fixed, 1000 };
    unlink(path);
    assert_false(failed(sink_open(path, &sink)));
    struct relay_notice notice = { .id = { { 1 } }, .to = "13800000000", .text = "第一行\n\"第二行\"", .name = "code" };
    struct relay_sent sent;
    assert_false(failed(sms_sink_send(sink, &work, &notice, &sent)));
    assert_true(text_starts(sent.receipt, "sink-"));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    FILE *f = fopen(path, "r");
    char line[1000];
    assert_non_null(fgets(line, sizeof line, f));
    assert_string_equal(line, "{\"time\":\"2026-11-24T08:58:18Z\",\"channel\":\"sms\",\"to\":\"13800000000\",\"text\":"
                              "\"第一行\\n\\\"第二行\\\"\",\"name\":\"code\",\"id\":\"04000000000000000000000000\"}\n");
    assert_null(fgets(line, sizeof line, f));
    fclose(f);
    static const char *const bad[] = { "", "1380000000", "138000000000", "23800000000", "1380000000a", "+8613800", "+1" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        notice.to = bad[i];
        assert_int_equal(sms_sink_send(sink, &work, &notice, &sent).code, ERROR_RELAY_RECIPIENT);
    }
    notice.to = "+8613800000000";
    assert_false(failed(sms_sink_send(sink, &work, &notice, &sent)));
    sink_free(sink);
    /* Somebody else's link is not followed. */
    unlink(path);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(sink_open(path, &sink).code, ERROR_RELAY_SINK);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(subjects_are_encoded),
        cmocka_unit_test(html_is_escaped),
        cmocka_unit_test(only_safe_addresses_are_asked),
        cmocka_unit_test(transfers_that_fail_are_told_apart),
        cmocka_unit_test(configurations),
        cmocka_unit_test(r_ops_7_sink_keeps_whole_lines),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
