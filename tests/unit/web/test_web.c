/* The parts of the engine that need no socket: the guard of the head, and JSON by the document. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "web/http_guard.h"
#include "web/json.h"

/* ---- the guard ---- */

/* Cuts RAW in place the way libmicrohttpd does, as leniently: bare line feeds, folded lines, anything up to a
 * colon as a name, values up to a NUL. */
static bool cut(char *raw, size_t len, struct http_head *ret_head, char *ret_target)
{
    *ret_head = (struct http_head){ .method = raw, .size = len };
    char *end = raw + len, *line = raw;
    for (char *p = raw; p < end; p++) {
        if (*p != '\n') continue;
        *p = '\0';
        if (p > line && p[-1] == '\r') p[-1] = '\0';
        if (line == raw) {
            char *target = strchr(line, ' '), *version = target ? strrchr(line, ' ') : NULL;
            if (!target || version == target) return false;
            *target++ = *version++ = '\0';
            while (*target == ' ') target++;
            ret_head->target = target;
            ret_head->version = version;
            ret_head->target_len = strlen(target);
            snprintf(ret_target, HTTP_TARGET_MAX + 2, "%s", target);
        } else if (*line) {
            char *colon = strchr(line, ':');
            if (!colon) return false;
            *colon++ = '\0';
            while (*colon == ' ' || *colon == '\t') colon++;
            if (ret_head->count < HTTP_FIELDS_MAX) ret_head->fields[ret_head->count] = (struct http_head_field){ line, colon };
            ret_head->count += ret_head->count <= HTTP_FIELDS_MAX;
        }
        line = p + 1;
    }
    return true;
}

static struct result guard(const char *raw, size_t len, struct http_request *ret_request)
{
    static char target[HTTP_TARGET_MAX + 2];
    struct http_head head;
    struct arena *arena = arena_new(200000);
    struct http_request request = { .arena = arena };
    char *copy = malloc(len + 1);
    memcpy(copy, raw, len);
    copy[len] = '\0';
    struct result r = cut(copy, len, &head, target) ? http_guard_layout(&head) : FAIL(ERROR_REQUEST_MALFORMED);
    if (!failed(r)) r = http_guard_check(&head, target, false, &request.diag, &request);
    if (ret_request) *ret_request = request;
    else arena_free(arena);
    free(copy);
    return r;
}

#define GUARD(text) guard((text), sizeof(text) - 1, NULL).code

static void guard_takes_what_browsers_send(void **state)
{
    struct http_request request;
    static const char raw[] = "POST /api/v1/%E8%99%8E?a=1&b=%20 HTTP/1.1\r\nHost: Portal.Localhost:8080\r\n"
                              "Content-Length: 12\r\nAccept:*/*\r\nX-Blank:\r\nUser-Agent:  two blanks\r\n\r\n";
    assert_int_equal(guard(raw, sizeof raw - 1, &request).code, ERROR_NONE);
    assert_int_equal(request.method, HTTP_POST);
    assert_string_equal(request.path, "/api/v1/虎");
    assert_string_equal(request.query, "a=1&b=%20");
    assert_string_equal(request.host, "portal.localhost:8080");
    assert_int_equal(request.length, 12);
    arena_free(request.arena);
    assert_int_equal(GUARD("GET / HTTP/1.0\r\nHost: [::1]:80\r\n\r\n"), ERROR_NONE);
}

#define LINE "GET /x HTTP/1.1\r\n"
#define HOST "Host: a.b\r\n"
static const struct {
    const char *why, *raw;
    size_t len;
} refused[] = {
#define ROW(why, text) { why, text, sizeof(text) - 1 }
    ROW("two Content-Length", "POST /x HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n"),
    ROW("two Content-Length in one", "POST /x HTTP/1.1\r\n" HOST "Content-Length: 2, 2\r\n\r\n"),
    ROW("Content-Length and chunks", "POST /x HTTP/1.1\r\n" HOST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ROW("signed length", "POST /x HTTP/1.1\r\n" HOST "Content-Length: +2\r\n\r\n"),
    ROW("hexadecimal length", "POST /x HTTP/1.1\r\n" HOST "Content-Length: 0x2\r\n\r\n"),
    ROW("huge length", "POST /x HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n"),
    ROW("empty length", "POST /x HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"),
    ROW("no Host", LINE "Accept: x\r\n\r\n"),
    ROW("empty Host", LINE "Host: \r\n\r\n"),
    ROW("two Hosts", LINE HOST HOST "\r\n"),
    ROW("odd Host", LINE "Host: a b\r\n\r\n"),
    ROW("Host with user", LINE "Host: a@b\r\n\r\n"),
    ROW("Host with path", LINE "Host: a/b\r\n\r\n"),
    ROW("Host without port", LINE "Host: a:\r\n\r\n"),
    ROW("Host with long port", LINE "Host: a:123456\r\n\r\n"),
    ROW("Host unclosed", LINE "Host: [::1\r\n\r\n"),
    ROW("odd Transfer-Encoding", "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"),
    ROW("made-up Transfer-Encoding", "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"),
    ROW("two Transfer-Encoding", "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ROW("chunks in 1.0", "POST /x HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"),
    ROW("blank before a colon", "POST /x HTTP/1.1\r\n" HOST "Content-Length : 2\r\n\r\n"),
    ROW("tab before a colon", LINE "Host\t: a.b\r\n\r\n"),
    ROW("NUL in a value", LINE HOST "X: a\0b\r\n\r\n"),
    ROW("NUL in a name", LINE HOST "X\0: a\r\n\r\n"),
    ROW("NUL in the target", "GET /x\0y HTTP/1.1\r\n" HOST "\r\n"),
    ROW("NUL in the last value", LINE "Host: a.b\0\r\n\r\n"),
    ROW("control character", LINE HOST "X: a\x01\r\n\r\n"),
    ROW("carriage return", LINE HOST "X: a\rb\r\n\r\n"),
    ROW("empty name", LINE HOST ": a\r\n\r\n"),
    ROW("line without colon", LINE HOST "oops\r\n\r\n"),
    ROW("bare line feed", LINE "Host: a.b\nX: y\r\n\r\n"),
    ROW("bare line feed in the first line", "GET /x HTTP/1.1\n" HOST "\r\n"),
    ROW("bare line feed at the end", LINE HOST "X: y\r\n\n"),
    ROW("folded line", LINE HOST "X: a\r\n :b\r\n\r\n"),
    ROW("two blanks in the first line", "GET  /x HTTP/1.1\r\n" HOST "\r\n"),
    ROW("blank in the target", "GET /x y HTTP/1.1\r\n" HOST "\r\n"),
    ROW("no version", "GET /x\r\n" HOST "\r\n"),
    ROW("old version", "GET /x HTTP/0.9\r\n" HOST "\r\n"),
    ROW("new version", "GET /x HTTP/1.2\r\n" HOST "\r\n"),
    ROW("lower-case method", "get /x HTTP/1.1\r\n" HOST "\r\n"),
    ROW("unknown method", "BREW /x HTTP/1.1\r\n" HOST "\r\n"),
    ROW("TRACE", "TRACE /x HTTP/1.1\r\n" HOST "\r\n"),
    ROW("CONNECT", "CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n"),
    ROW("absolute target", "GET http://a.b/x HTTP/1.1\r\n" HOST "\r\n"),
    ROW("asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"),
    ROW("relative target", "GET x HTTP/1.1\r\n" HOST "\r\n"),
    ROW("dot segments", "GET /a/../b HTTP/1.1\r\n" HOST "\r\n"),
    ROW("dot segment at the end", "GET /a/.. HTTP/1.1\r\n" HOST "\r\n"),
    ROW("escaped dot segments", "GET /a/%2e%2E/b HTTP/1.1\r\n" HOST "\r\n"),
    ROW("empty segment", "GET //a HTTP/1.1\r\n" HOST "\r\n"),
    ROW("escaped slash", "GET /a%2Fb HTTP/1.1\r\n" HOST "\r\n"),
    ROW("backslash", "GET /a%5Cb HTTP/1.1\r\n" HOST "\r\n"),
    ROW("escaped NUL", "GET /a%00b HTTP/1.1\r\n" HOST "\r\n"),
    ROW("cut escape", "GET /a%4 HTTP/1.1\r\n" HOST "\r\n"),
    ROW("odd escape", "GET /a%4g HTTP/1.1\r\n" HOST "\r\n"),
    ROW("not UTF-8", "GET /a%FF HTTP/1.1\r\n" HOST "\r\n"),
    ROW("escaped line feed", "GET /a%0A HTTP/1.1\r\n" HOST "\r\n"),
    ROW("raw bytes", "GET /\xE8\x99\x8E HTTP/1.1\r\n" HOST "\r\n"),
    ROW("fragment", "GET /a#b HTTP/1.1\r\n" HOST "\r\n"),
    ROW("two Origins", "POST /x HTTP/1.1\r\n" HOST "Origin: http://a\r\nOrigin: http://b\r\n\r\n"),
    ROW("two keys", "POST /x HTTP/1.1\r\n" HOST "Idempotency-Key: a\r\nIDEMPOTENCY-KEY: a\r\n\r\n"),
    ROW("unknown expectation", "POST /x HTTP/1.1\r\n" HOST "Expect: wonders\r\n\r\n"),
#undef ROW
};

static void guard_refuses_what_parsers_read_differently(void **state)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct result r = guard(refused[i].raw, refused[i].len, NULL);
        if (r.code != ERROR_REQUEST_MALFORMED) fail_msg("%s: %d", refused[i].why, (int)r.code);
    }
    assert_int_equal(GUARD("POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"), ERROR_LENGTH_NEEDED);
}

static void guard_has_limits(void **state)
{
    static char raw[40000];
    for (int fields = HTTP_FIELDS_MAX - 1; fields <= HTTP_FIELDS_MAX + 2; fields++) {
        int n = snprintf(raw, sizeof raw, LINE HOST);
        for (int i = 1; i < fields; i++) n += snprintf(raw + n, sizeof raw - (size_t)n, "X-%d: y\r\n", i);
        n += snprintf(raw + n, sizeof raw - (size_t)n, "\r\n");
        assert_int_equal(guard(raw, (size_t)n, NULL).code, fields > HTTP_FIELDS_MAX ? ERROR_HEADERS_TOO_LARGE : ERROR_NONE);
    }
    for (int size = HTTP_HEAD_MAX - 1; size <= HTTP_HEAD_MAX + 1; size++) {
        int n = snprintf(raw, sizeof raw, LINE HOST "X: %0*d\r\n\r\n", size - (int)sizeof(LINE HOST "X: \r\n\r\n") + 1, 1);
        assert_int_equal(n, size);
        assert_int_equal(guard(raw, (size_t)n, NULL).code, size > HTTP_HEAD_MAX ? ERROR_HEADERS_TOO_LARGE : ERROR_NONE);
    }
    for (int len = HTTP_TARGET_MAX - 1; len <= HTTP_TARGET_MAX + 1; len++) {
        int n = snprintf(raw, sizeof raw, "GET /%0*d HTTP/1.1\r\n" HOST "\r\n", len - 1, 1);
        assert_int_equal(guard(raw, (size_t)n, NULL).code, len > HTTP_TARGET_MAX ? ERROR_REQUEST_MALFORMED : ERROR_NONE);
    }
}

/* ---- JSON ---- */

struct person {
    struct id id;
    const char *name, *note, *tags, *colour;
    struct bytes seal;
    int64_t age, good, born_s;
};
static const struct shape_field person_fields[] = {
    SHAPE_ID(struct person, id),          SHAPE_TEXT(struct person, name, 32),
    SHAPE_TEXT(struct person, note, 160), SHAPE_TEXT(struct person, tags, 100),
    SHAPE_TEXT(struct person, colour, 32), SHAPE_BYTES(struct person, seal, 12),
    SHAPE_INT(struct person, age),        SHAPE_INT(struct person, good),
    SHAPE_INT(struct person, born_s),
};
static const struct shape person_shape = SHAPE("person", struct person, person_fields);
static const struct json_check person_checks[] = {
    { .format = JSON_FORMAT_ID, .length_min = 26, .length_max = 26 },
    { .required = true, .length_min = 2, .length_max = 8 },
    { .format = JSON_FORMAT_LINES, .length_max = 40 },
    { .length_min = 1, .length_max = 5, .items_min = 1, .items_max = 3 },
    { .choices = (const char *const[]){ "red", "绿", NULL }, .length_max = 32 },
    { .format = JSON_FORMAT_BYTE, .length_min = 4, .length_max = 16 },
    { .min = 1, .max = 150 },
    { .boolean = true },
    { .min = 0, .max = 9007199254740991, .time = true },
};
static const struct json_type person_type = { &person_shape, person_checks };

static enum error read_person(const char *text, struct diag *diag, struct arena *arena, struct person *ret_person)
{
    *diag = (struct diag){ 0 };
    return json_read(&person_type, bytes_text(text), arena, diag, ret_person).code;
}

static void json_fills_the_record(void **state)
{
    struct arena *arena = arena_new(100000);
    struct person person;
    struct diag diag;
    assert_int_equal(read_person("{\"id\":\"00000000000000000000000004\",\"name\":\"虎\\\"符\",\"note\":\"a\\nb\","
                                 "\"tags\":[\"a\",\"𠮷\"],\"seal\":\"//8=\",\"age\":150,\"good\":true}",
                                 &diag, arena, &person), ERROR_NONE);
    assert_int_equal(person.id.b[15], 1);
    assert_string_equal(person.name, "虎\"符");
    assert_string_equal(person.note, "a\nb");
    assert_string_equal(person.tags, "a\n𠮷");
    assert_null(person.colour);
    assert_int_equal(person.seal.len, 2);
    assert_int_equal(person.seal.ptr[1], 0xFF);
    assert_int_equal(person.age, 150);
    assert_int_equal(person.good, 1);
    arena_free(arena);
}

static void json_refuses_by_the_name_of_the_field(void **state)
{
    static const struct {
        const char *text;
        enum error error;
        const char *field;
    } rows[] = {
        { "{}", ERROR_FIELD_MISSING, "name" },
        { "{\"name\":null}", ERROR_FIELD_TYPE, "name" },
        { "{\"name\":17}", ERROR_FIELD_TYPE, "name" },
        { "{\"name\":[\"ab\"]}", ERROR_FIELD_TYPE, "name" },
        { "{\"name\":{\"a\":{}}}", ERROR_FIELD_TYPE, "name" },
        { "{\"name\":\"虎\"}", ERROR_FIELD_LENGTH, "name" },
        { "{\"name\":\"虎符虎符虎符虎符\"}", ERROR_NONE, "" },
        { "{\"name\":\"虎符虎符虎符虎符a\"}", ERROR_FIELD_LENGTH, "name" },
        { "{\"name\":\"a\\u0001\"}", ERROR_FIELD_CONTROL, "name" },
        { "{\"name\":\"a\\nb\"}", ERROR_FIELD_CONTROL, "name" },
        { "{\"name\":\"a\\u0085\"}", ERROR_FIELD_CONTROL, "name" },
        { "{\"name\":\"ab\",\"name\":\"ab\"}", ERROR_FIELD_REPEATED, "name" },
        { "{\"name\":\"ab\",\"n\\u0061me\":\"ab\"}", ERROR_FIELD_REPEATED, "?" },
        { "{\"tags\":[], \"tags\" : 3}", ERROR_FIELD_REPEATED, "tags" },
        { "{\"name\":\"ab\",\"nam\":1}", ERROR_FIELD_UNKNOWN, "nam" },
        { "{\"name\":\"ab\",\"<b>\":1}", ERROR_FIELD_UNKNOWN, "?" },
        { "{\"name\":\"ab\",\"age\":0}", ERROR_FIELD_RANGE, "age" },
        { "{\"name\":\"ab\",\"age\":151}", ERROR_FIELD_RANGE, "age" },
        { "{\"name\":\"ab\",\"age\":1.0}", ERROR_FIELD_TYPE, "age" },
        { "{\"name\":\"ab\",\"age\":\"1\"}", ERROR_FIELD_TYPE, "age" },
        { "{\"name\":\"ab\",\"age\":true}", ERROR_FIELD_TYPE, "age" },
        { "{\"name\":\"ab\",\"good\":1}", ERROR_FIELD_TYPE, "good" },
        { "{\"name\":\"ab\",\"colour\":\"blue\"}", ERROR_FIELD_CHOICE, "colour" },
        { "{\"name\":\"ab\",\"seal\":\"//9=\"}", ERROR_FIELD_FORMAT, "seal" },
        { "{\"name\":\"ab\",\"seal\":\"AAAAA\"}", ERROR_FIELD_FORMAT, "seal" },
        { "{\"name\":\"ab\",\"seal\":\"____\"}", ERROR_FIELD_FORMAT, "seal" },
        { "{\"name\":\"ab\",\"id\":\"00000000000000000000000001\"}", ERROR_FIELD_FORMAT, "id" },
        { "{\"name\":\"ab\",\"tags\":[]}", ERROR_FIELD_LENGTH, "tags" },
        { "{\"name\":\"ab\",\"tags\":[\"a\",\"b\",\"c\",\"d\"]}", ERROR_FIELD_LENGTH, "tags" },
        { "{\"name\":\"ab\",\"tags\":[\"a\\nb\"]}", ERROR_FIELD_CONTROL, "tags" },
        { "{\"name\":\"ab\",\"tags\":[1]}", ERROR_FIELD_TYPE, "tags" },
        { "{\"name\":\"ab\",\"tags\":\"a\"}", ERROR_FIELD_TYPE, "tags" },
        { "", ERROR_JSON_MALFORMED, "" },
        { "[]", ERROR_JSON_MALFORMED, "" },
        { "\"a\"", ERROR_JSON_MALFORMED, "" },
        { "{\"name\":\"ab\"} x", ERROR_JSON_MALFORMED, "" },
        { "{\"name\":\"ab\"", ERROR_JSON_MALFORMED, "" },
        { "{\"name\":\"ab\",}", ERROR_JSON_MALFORMED, "" },
        { "{'name':'ab'}", ERROR_JSON_MALFORMED, "" },
        { "{\"name\":\"a\\u0000b\"}", ERROR_JSON_MALFORMED, "" },
        { "{\"name\":\"a\\ud800b\"}", ERROR_JSON_MALFORMED, "" },
        { "{\"name\":\"\xFF\xFE\"}", ERROR_JSON_MALFORMED, "" },
        { "\xEF\xBB\xBF{\"name\":\"ab\"}", ERROR_JSON_MALFORMED, "" },
        { "{\"name\":\"ab\",\"age\":99999999999999999999}", ERROR_JSON_MALFORMED, "" },
    };
    struct arena *arena = arena_new(1000000);
    struct person person = { .name = "untouched" };
    struct diag diag;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct person before = person;
        enum error error = read_person(rows[i].text, &diag, arena, &person);
        if (error != rows[i].error) fail_msg("%s: %d", rows[i].text, (int)error);
        if (error) assert_string_equal(diag.field, rows[i].field);
        if (error) assert_memory_equal(&before, &person, sizeof person);
    }
    arena_free(arena);
}

/* A nest of brackets ends at jansson's depth, not at the end of the stack. */
static void json_deep_nesting_is_refused(void **state)
{
    static char deep[JSON_TEXT_MAX + 2];
    struct arena *arena = arena_new(100000);
    struct person person;
    struct diag diag;
    memset(deep, '[', JSON_TEXT_MAX - 1);
    memcpy(deep, "{\"name\":", 8);
    assert_int_equal(read_person(deep, &diag, arena, &person), ERROR_JSON_MALFORMED);
    deep[JSON_TEXT_MAX - 1] = deep[JSON_TEXT_MAX] = ' ';
    assert_int_equal(read_person(deep, &diag, arena, &person), ERROR_BODY_TOO_LARGE);
    arena_free(arena);
}

static void json_write_is_what_json_read_reads(void **state)
{
    struct arena *arena = arena_new(100000);
    struct person person = { .id.b[0] = 7, .name = "虎\"\\", .note = "a\nb", .tags = "x\ny", .seal = bytes_of("\xFF", 1),
                             .age = 3, .good = 1 };
    struct person back = { 0 };
    struct diag diag = { 0 };
    struct bytes text;
    assert_int_equal(json_write(&person_type, &person, arena, &diag, &text).code, ERROR_NONE);
    assert_int_equal(json_read(&person_type, text, arena, &diag, &back).code, ERROR_NONE);
    assert_string_equal(back.name, person.name);
    assert_string_equal(back.note, person.note);
    assert_string_equal(back.tags, person.tags);
    assert_true(id_equal(&back.id, &person.id));
    assert_true(bytes_equal(back.seal, person.seal));
    struct person rows[] = { person, { .name = "ab\x7F", .born_s = 5 } };
    assert_int_equal(json_write_list(&person_type, rows, 2, "n", arena, &diag, &text).code, ERROR_NONE);
    static const char last[] = ",{\"name\":\"ab\\u007f\",\"age\":0,\"good\":false,\"born_s\":5}],\"next\":\"n\"}";
    assert_true(text.len > sizeof last);
    assert_memory_equal(text.ptr + text.len - sizeof last + 1, last, sizeof last - 1);
    person.name = NULL;
    assert_int_equal(json_write(&person_type, &person, arena, &diag, &text).code, ERROR_INTERNAL);
    arena_free(arena);
    arena = arena_new(400);
    person.name = "ab";
    assert_int_equal(json_write(&person_type, &person, arena, &diag, &text).code, ERROR_OUT_OF_ROOM);
    arena_free(arena);
}

static void formats_have_their_form(void **state)
{
    static const struct {
        enum json_format format;
        const char *good[4], *bad[12];
    } rows[] = {
        { JSON_FORMAT_MOBILE, { "13800138000", "19912345678" },
          { "12800138000", "1380013800", "138001380000", "23800138000", "1380013800a", "+8613800138", "１3800138000" } },
        { JSON_FORMAT_EMAIL, { "a@b.cn", "first.last+tag@sub-domain.example.com" },
          { "a", "@b.cn", "a@b", "a@@b.cn", "a@b..cn", "a@.cn", "a@b.cn.", ".a@b.cn", "a.@b.cn", "a..b@c.cn", "a b@c.cn", "a@-b.cn" } },
        { JSON_FORMAT_CREDIT_CODE, { "91350211M000100Y43" },
          { "91350211M000100Y4", "91350211M000100Y4I", "91350211m000100y43", "91350211M000100Y4O" } },
        { JSON_FORMAT_DIGITS, { "000000", "" }, { "00000a", "-1", "１" } },
        { JSON_FORMAT_HEX, { "00ff", "" }, { "0", "0G", "FF", "0x" } },
        { JSON_FORMAT_SERIAL, { "0123456789abcdef" }, { "0123456789ABCDEF", "g" } },
        { JSON_FORMAT_BYTE, { "AAAA", "AA==", "AAA=" }, { "A", "A===", "AA=A", "AA-_", "=AAA" } },
        { JSON_FORMAT_CURSOR, { "Ab-_9" }, { "a+b", "a b", "a=" } },
        { JSON_FORMAT_WAYBILL, { "EA123456789CN" }, { "ea1", "1-2", "1 2" } },
        { JSON_FORMAT_TAX_NUMBER, { "91350211M000100Y43" }, { "9135021a", "1.2" } },
        { JSON_FORMAT_DOCUMENT_NUMBER, { "11010519491231002X", "E12345678" }, { "E 1", "<b>", "1-2" } },
        { JSON_FORMAT_CARD_SERIAL, { "HUFU-0001.a_b" }, { "a b", "a/b", "虎" } },
        { JSON_FORMAT_APPLICATION_NUMBER, { "20261124000000017" }, { "2026112400000001X" } },
        { JSON_FORMAT_ID, { "00000000000000000000000004" }, { "0000000000000000000000000", "0000000000000000000000000I", "00000000000000000000000001" } },
    };
    struct diag diag;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json_check check = { .format = rows[i].format, .length_max = 400 };
        for (size_t n = 0; n < COUNT(rows[i].good) && rows[i].good[n]; n++)
            if (failed(json_check_text(&check, "f", bytes_text(rows[i].good[n]), &diag))) fail_msg("refused %s", rows[i].good[n]);
        for (size_t n = 0; n < COUNT(rows[i].bad) && rows[i].bad[n]; n++)
            if (json_check_text(&check, "f", bytes_text(rows[i].bad[n]), &diag).code != ERROR_FIELD_FORMAT)
                fail_msg("took %s", rows[i].bad[n]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guard_takes_what_browsers_send),
        cmocka_unit_test(guard_refuses_what_parsers_read_differently),
        cmocka_unit_test(guard_has_limits),
        cmocka_unit_test(json_fills_the_record),
        cmocka_unit_test(json_refuses_by_the_name_of_the_field),
        cmocka_unit_test(json_deep_nesting_is_refused),
        cmocka_unit_test(json_write_is_what_json_read_reads),
        cmocka_unit_test(formats_have_their_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
