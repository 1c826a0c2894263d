/* The agent's HTTP and JSON: what a browser sends is taken, whatever else could be sent is refused. R-KEY-7 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "token/agent/http.h"
#include "token/agent/json.h"

/* ---- HTTP ---- */

static enum error parse(const char *head, struct http_request *ret)
{
    struct diag diag = { 0 };
    return http_parse(bytes_text(head), &diag, ret).code;
}

static const char browser[] = "POST /v1/change-pin HTTP/1.1\r\nHost: 127.0.0.1:18181\r\nConnection: keep-alive\r\n"
                              "Content-Length: 2\r\nUser-Agent: Mozilla/5.0 (X11)\r\nContent-Type: application/json\r\n"
                              "Origin: https://portal.example\r\nHufu-Pairing:  abc\t\r\n\r\n";

static void what_a_browser_sends_is_taken(void **state)
{
    struct http_request r;
    assert_int_equal(parse(browser, &r), ERROR_NONE);
    assert_int_equal(r.method, HTTP_POST);
    assert_true(bytes_equal(r.operation, bytes_text("change-pin")));
    assert_true(bytes_equal(r.host, bytes_text("127.0.0.1:18181")));
    assert_true(bytes_equal(r.origin, bytes_text("https://portal.example")));
    assert_true(bytes_equal(r.pairing, bytes_text("abc")));
    assert_true(r.has_length);
    assert_int_equal(r.length, 2);
    assert_int_equal(parse("OPTIONS /v1/keys HTTP/1.1\r\nHost: a\r\nOrigin: b\r\nAccess-Control-Request-Method: POST\r\n"
                           "access-control-request-private-network: true\r\n\r\n", &r), ERROR_NONE);
    assert_int_equal(r.method, HTTP_OPTIONS);
    assert_true(r.asks_private);
    assert_false(r.has_length);
}

static void the_head_ends_at_the_empty_line(void **state)
{
    size_t len = strlen(browser);
    for (size_t i = 0; i < len; i++) assert_int_equal(http_head_end(bytes_of(browser, i)), 0);
    assert_int_equal(http_head_end(bytes_text(browser)), len);
    assert_int_equal(http_head_end(bytes_text("a\r\n\r\n{}")), 5);
}

static const struct {
    const char *head;
    enum error code;
} refused[] = {
    { "", ERROR_AGENT_HTTP },
    { "\r\n", ERROR_AGENT_HTTP },
    { "GET /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_AGENT_METHOD },
    { "PUT /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_AGENT_METHOD },
    { "post /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_AGENT_METHOD },
    { "POST  /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.0\r\nHost: a\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1 \r\nHost: a\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello\r\nHost: a\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/ HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_AGENT_OPERATION },
    { "POST /v2/hello HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_AGENT_OPERATION },
    { "POST /v1/hello?x HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_AGENT_OPERATION },
    { "POST /v1/../hello HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_AGENT_OPERATION },
    { "POST http://127.0.0.1/v1/hello HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_AGENT_OPERATION },
    { "POST /v1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_AGENT_OPERATION },
    { "POST /v1/hello HTTP/1.1\r\n\r\n", ERROR_AGENT_HTTP },                                    /* no Host */
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nOrigin: x\r\nOrigin: y\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nContent-Type: x\r\nContent-Type: x\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nHufu-Pairing: x\r\nHufu-Pairing: x\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 02\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0x2\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551618\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 32769\r\n\r\n", ERROR_AGENT_BODY_LARGE },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n",
      ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nTrailer: x\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\nHost: a\n\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost : a\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\n Host: a\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", ERROR_AGENT_HTTP },
    { "POST /v1/hello HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n", ERROR_AGENT_HTTP },
};

static void whatever_else_could_be_sent_is_refused(void **state)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct http_request r = { .length = 77 };
        enum error code = parse(refused[i].head, &r);
        if (code != refused[i].code) fail_msg("%d for: %s", (int)code, refused[i].head);
        assert_int_equal(r.length, 77); /* untouched */
    }
}

static void a_nul_in_the_head_is_refused(void **state)
{
    static const char head[] = "POST /v1/hello HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n";
    struct http_request r;
    struct diag diag = { 0 };
    assert_int_equal(http_parse(bytes_of(head, sizeof head - 1), &diag, &r).code, ERROR_AGENT_HTTP);
}

static void headers_are_counted(void **state)
{
    char head[HTTP_HEAD_MAX];
    struct http_request r;
    for (int extra = HTTP_HEADERS_MAX - 1; extra <= HTTP_HEADERS_MAX; extra++) {
        int n = snprintf(head, sizeof head, "POST /v1/hello HTTP/1.1\r\nHost: a\r\n");
        for (int i = 0; i < extra; i++) n += snprintf(head + n, sizeof head - (size_t)n, "X-%d: y\r\n", i);
        snprintf(head + n, sizeof head - (size_t)n, "\r\n");
        assert_int_equal(parse(head, &r), extra < HTTP_HEADERS_MAX ? ERROR_NONE : ERROR_AGENT_HTTP);
    }
}

static void only_listed_pages_may_read_the_answer(void **state)
{
    char out[1024];
    struct writer w = writer_of(out, sizeof out - 1);
    http_write_head(&w, 403, (struct bytes){ 0 }, 2);
    out[w.len] = 0;
    assert_null(strstr(out, "Access-Control-Allow-Origin"));
    w = writer_of(out, sizeof out - 1);
    http_write_preflight(&w, bytes_text("https://a.example"), true);
    out[w.len] = 0;
    assert_non_null(strstr(out, "Access-Control-Allow-Origin: https://a.example\r\n"));
    assert_non_null(strstr(out, "Access-Control-Allow-Private-Network: true\r\n"));
    assert_null(strstr(out, "Credentials"));
}

/* ---- JSON ---- */

/* Reads a copy in a block of exactly its size, so that the sanitizer sees a step too far. */
static enum error read_json(const char *text, size_t len, struct json_object *ret, char **ret_buffer)
{
    char *buffer = malloc(len + 1);
    memcpy(buffer, text, len);
    enum error code = json_read(buffer, len, NULL, ret).code;
    if (ret_buffer)
        *ret_buffer = buffer;
    else
        free(buffer);
    return code;
}

static void texts_are_unescaped_in_place(void **state)
{
    static const char text[] = " {\"key\" : \"a\\\"\\\\\\/\\n\\u0041\\u4e2d\\ud83d\\udd11\" ,\"pin\":\"\"}\r\n";
    struct json_object o;
    char *buffer;
    assert_int_equal(read_json(text, strlen(text), &o, &buffer), ERROR_NONE);
    assert_int_equal(o.count, 2);
    assert_string_equal(json_find(&o, "key")->value, "a\"\\/\nA中🔑");
    assert_int_equal(json_find(&o, "pin")->len, 0);
    assert_null(json_find(&o, "other"));
    free(buffer);
    assert_int_equal(read_json("{}", 2, &o, NULL), ERROR_NONE);
    assert_int_equal(o.count, 0);
}

static const char *const bad_json[] = {
    "", " ", "{", "}", "[]", "\"a\"", "null", "{}{}", "{} x", "{\"a\":1}", "{\"a\":null}", "{\"a\":true}", "{\"a\":{}}",
    "{\"a\":[\"b\"]}", "{\"a\":\"b\",}", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":\"b\"", "{\"a\":\"b", "{'a':'b'}",
    "{a:\"b\"}", "{\"a\":\"b\" \"c\":\"d\"}", "{\"a\":\"b\",\"a\":\"c\"}", "{\"a\":\"b\",\"\\u0061\":\"c\"}",
    "{\"A\":\"b\"}", "{\"\":\"b\"}", "{\"a b\":\"c\"}", "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":\"c\"}",
    "{\"a\":\"\\x41\"}", "{\"a\":\"\\", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u0000\"}",
    "{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\ud800x\"}",
    "{\"a\":\"\t\"}", "{\"a\":\"\\t\"}", "{\"a\":\"\\u0007\"}", "{\"a\":\"\x80\"}", "{\"a\":\"\xC0\xAF\"}",
    "{\"a\":\"\xED\xA0\x80\"}", "\xEF\xBB\xBF{}",
    "{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\",\"e\":\"\",\"f\":\"\",\"g\":\"\",\"h\":\"\",\"i\":\"\",\"j\":\"\","
    "\"k\":\"\",\"l\":\"\",\"m\":\"\"}",
};

static void anything_but_one_flat_object_of_texts_is_refused(void **state)
{
    for (size_t i = 0; i < COUNT(bad_json); i++) {
        struct json_object o = { .count = 77 };
        enum error code = read_json(bad_json[i], strlen(bad_json[i]), &o, NULL);
        if (code != ERROR_AGENT_BODY) fail_msg("%d for: %s", (int)code, bad_json[i]);
        assert_int_equal(o.count, 77);
    }
    struct json_object o;
    assert_int_equal(read_json("{\"a\":\"\0\"}", 9, &o, NULL), ERROR_AGENT_BODY);
}

static void every_cut_of_an_object_is_refused(void **state)
{
    static const char text[] = "{\"key\":\"a\\u4e2d\\ud83d\\udd11\",\"pin\":\"\\n\"}";
    struct json_object o;
    for (size_t i = 0; i < strlen(text); i++) assert_int_equal(read_json(text, i, &o, NULL), ERROR_AGENT_BODY);
}

static void answers_are_written_with_commas_and_escapes(void **state)
{
    char out[512];
    struct writer w = writer_of(out, sizeof out - 1);
    json_open(&w, NULL, '{');
    json_text(&w, "a", "\"\\\n中");
    json_number(&w, "b", -5);
    json_open(&w, "c", '[');
    json_open(&w, NULL, '{');
    json_flag(&w, "d", true);
    json_close(&w, '}');
    json_open(&w, NULL, '{');
    json_close(&w, '}');
    json_close(&w, ']');
    json_hex(&w, "e", bytes_of("\x00\xff", 2));
    json_base64(&w, "f", bytes_text("a"));
    json_base64(&w, "g", bytes_text("ab"));
    json_base64(&w, "h", bytes_text("abc"));
    json_close(&w, '}');
    out[w.len] = 0;
    assert_string_equal(out, "{\"a\":\"\\u0022\\u005c\\u000a中\",\"b\":-5,\"c\":[{\"d\":true},{}],\"e\":\"00ff\","
                             "\"f\":\"YQ==\",\"g\":\"YWI=\",\"h\":\"YWJj\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_browser_sends_is_taken),
        cmocka_unit_test(the_head_ends_at_the_empty_line),
        cmocka_unit_test(whatever_else_could_be_sent_is_refused),
        cmocka_unit_test(a_nul_in_the_head_is_refused),
        cmocka_unit_test(headers_are_counted),
        cmocka_unit_test(only_listed_pages_may_read_the_answer),
        cmocka_unit_test(texts_are_unescaped_in_place),
        cmocka_unit_test(anything_but_one_flat_object_of_texts_is_refused),
        cmocka_unit_test(every_cut_of_an_object_is_refused),
        cmocka_unit_test(answers_are_written_with_commas_and_escapes),
    };
    return cmocka_run_group_tests_name("agent-http", tests, NULL, NULL);
}
