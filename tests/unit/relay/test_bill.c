/* What gateways send is read whole or refused: forms and answers of Alipay, and both gateways' bills (R-FEE-3, R-FEE-4). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <zlib.h>

#include "relay/alipay_answer.h"
#include "relay/alipay_bill.h"
#include "relay/wechat_bill.h"

enum { ARENA = 32 * 1024 * 1024, ROOM = 4096 };

static int begin(void **state)
{
    *state = arena_new(ARENA);
    return *state ? 0 : -1;
}

static int end(void **state)
{
    arena_free(*state);
    return 0;
}

/* ---- forms and answers ---- */

static void forms(void **state)
{
    struct url_form form;
    static const char *const bad[] = { "",        "a",      "=b",      "a=%",     "a=%4",    "a=%zz", "a=b&a=c", "a=%00",
                                       "a=%0a",   "a=%C3",  "&a=b",    "a=b&&c=d", "a=%ED%A0%80", "a=\x80" };
    assert_false(failed(url_form_parse(bytes_text("a=b+c&d=%E8%99%8E"), *state, &form)));
    assert_string_equal(url_form_get(&form, "a"), "b c");
    assert_string_equal(url_form_get(&form, "d"), "虎");
    for (size_t i = 0; i < COUNT(bad); i++)
        if (!failed(url_form_parse(bytes_text(bad[i]), *state, &form))) fail_msg("taken: %s", bad[i]);
    char many[ROOM] = "";
    struct writer w = writer_of(many, sizeof many - 1);
    for (int i = 0; i <= URL_FORM_PAIRS_MAX; i++) write_format(&w, "%sk%d=v", i ? "&" : "", i);
    many[w.len] = '\0';
    assert_true(failed(url_form_parse(bytes_text(many), *state, &form)));
}

static void members(void **state)
{
    static const struct {
        const char *text, *value; /* NULL: none */
    } cases[] = {
        { "{\"a\":1,\"r\":{\"x\":\"}\"},\"sign\":\"s\"}", "{\"x\":\"}\"}" },
        { " { \"r\" : [1,{\"r\":2}] }", "[1,{\"r\":2}]" },
        { "{\"q\":\"\\\"r\\\":1\",\"r\":\"\\\\\"}", "\"\\\\\"" },
        { "{\"a\":{\"r\":1}}", NULL },
        { "[\"r\"]", NULL },
        { "{\"r", NULL },
        { "{\"r\"", NULL },
        { "{\"a\":\"\\", NULL },
        { "{", NULL },
        { "", NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes found = alipay_member(bytes_text(cases[i].text), "r");
        if (!cases[i].value) assert_null(found.ptr);
        else assert_true(bytes_equal(found, bytes_text(cases[i].value)));
    }
}

static void amounts_and_times(void **state)
{
    static const char *const amounts[] = { "",     "-1.00", "1.000", "1.",  ".5", "1e2", "1,000.00", " 1.00",
                                           "1.0x", "0x10",  "9999999999999.00", "１.00" };
    static const char *const times[] = { "", "2026-11-24", "2026-13-24 16:58:18", "2026-11-24 24:00:00",
                                         "2026-02-30 00:00:00", "abcd-ef-gh ij:kl:mn" };
    assert_int_equal(alipay_fen("399.00"), 39900);
    for (size_t i = 0; i < COUNT(amounts); i++)
        if (alipay_fen(amounts[i]) >= 0) fail_msg("an amount: %s", amounts[i]);
    assert_int_equal(alipay_fen(NULL), -1);
    assert_int_equal(alipay_time_of("2026-11-24 16:58:18"), 1795510698);
    for (size_t i = 0; i < COUNT(times); i++)
        if (alipay_time_of(times[i]) != 0) fail_msg("a time: %s", times[i]);
}

/* ---- the bill of WeChat Pay ---- */

#define WECHAT_HEAD "交易时间,微信订单号,商户订单号,交易状态,订单金额,商户退款单号,申请退款金额\n"
#define WECHAT_PAID "`2026-11-24 16:58:18,`42,`P1,`SUCCESS,`399.00,`,`0.00\n"
#define WECHAT_BACK "`2026-11-24 17:00:00,`42,`P1,`REFUND,`399.00,`R1,`80.00\n"
#define WECHAT_SUMS "总交易单数,订单总金额\n`2,`399.00\n"

static int64_t rows_of(struct arena *arena, const char *text)
{
    struct bill bill;
    assert_false(failed(bill_begin(&bill, 0, arena)));
    return failed(wechat_bill_read(bytes_text(text), arena, &bill)) ? -1 : bill.count;
}

static void wechat_bills(void **state)
{
    static const char *const bad[] = {
        "",
        "\xEF\xBB\xBF",
        WECHAT_HEAD,                          /* cut off before the sums */
        WECHAT_HEAD WECHAT_PAID,
        WECHAT_PAID WECHAT_SUMS,              /* no head */
        "交易时间,微信订单号\n" WECHAT_SUMS,
        WECHAT_HEAD "`2026-11-24 16:58:18,`42,`P1,`SUCCESS,`-399.00,`,`0.00\n" WECHAT_SUMS,
        WECHAT_HEAD "`2026-11-24 16:58:18,`42,`P1,`SUCCESS,`many,`,`0.00\n" WECHAT_SUMS,
        WECHAT_HEAD "`never,`42,`P1,`SUCCESS,`399.00,`,`0.00\n" WECHAT_SUMS,
        WECHAT_HEAD "`2026-11-24 16:58:18,`42,`P\x01,`SUCCESS,`399.00,`,`0.00\n" WECHAT_SUMS,
        WECHAT_HEAD "`2026-11-24 16:58:18,`42,`P\xff,`SUCCESS,`399.00,`,`0.00\n" WECHAT_SUMS,
        WECHAT_HEAD "`2026-11-24 16:58:18,`42,`P1,`REFUND,`399.00,`R1,`\n" WECHAT_SUMS,
    };
    assert_int_equal(rows_of(*state, "\xEF\xBB\xBF" WECHAT_HEAD WECHAT_PAID WECHAT_BACK WECHAT_SUMS), 2);
    assert_int_equal(rows_of(*state, WECHAT_HEAD WECHAT_SUMS), 0);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (rows_of(*state, bad[i]) >= 0) fail_msg("a bill: %zu", i);
    assert_false(wechat_bill_matches(bytes_text("x"), "da39a3ee5e6b4b0d3255bfef95601890afd80709", *state));
    assert_true(wechat_bill_matches(bytes_text(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709", *state));
}

/* ---- the bill of Alipay: an archive ---- */

#define ALIPAY_HEAD ALIPAY_BILL_TRANSACTION "," ALIPAY_BILL_ORDER "," ALIPAY_BILL_KIND "," ALIPAY_BILL_TIME "," \
    ALIPAY_BILL_AMOUNT "," ALIPAY_BILL_REFUND "\n"
#define ALIPAY_PAID "42,P1," ALIPAY_BILL_PAYMENT ",2026-11-24 16:58:18,399.00,\n"
#define ALIPAY_BACK "42,P1," ALIPAY_BILL_BACK ",2026-11-24 17:00:00,-399.00,R1\n"

/* What a test breaks in an archive of one stored file. */
struct broken {
    uint32_t crc_more, len_more, packed_more, local_more, central_more, files_more;
    uint16_t flags, method;
};

static struct bytes archive(struct arena *arena, const char *text, const struct broken *b)
{
    uint8_t *room = arena_take(arena, ROOM);
    struct writer w = writer_of(room, ROOM), put;
    uint32_t len = (uint32_t)strlen(text), crc = (uint32_t)crc32(0, (const Bytef *)text, len) + b->crc_more;
    const uint32_t local[] = { 0x04034b50, 20u | (uint32_t)b->flags << 16, b->method, 0, crc, len, len, 1 };
    const uint32_t central[] = { 0x02014b50, 20u | 20u << 16, b->flags | (uint32_t)b->method << 16, 0, crc,
                                 len + b->packed_more, len + b->len_more, 1, 0, 0, b->local_more };
    assert_non_null(room);
    for (size_t i = 0; i < COUNT(local); i++)
        for (int at = 0; at < 32 && !(i == 7 && at == 16); at += 8) write_u8(&w, (uint8_t)(local[i] >> at));
    /* its fields of two bytes end in the middle of a word: 30 bytes in all, then the name */
    put = w;
    write_text(&w, "x");
    write_text(&w, text);
    uint32_t start = (uint32_t)w.len;
    assert_int_equal(put.len, 30);
    for (size_t i = 0; i < COUNT(central); i++)
        for (int at = 0; at < 32; at += 8) write_u8(&w, (uint8_t)(central[i] >> at));
    w.len = start + 42;
    for (int at = 0; at < 32; at += 8) write_u8(&w, (uint8_t)(b->local_more >> at));
    write_text(&w, "x");
    const uint32_t tail[] = { 0x06054b50, 0, (1 + b->files_more) | (1 + b->files_more) << 16, (uint32_t)w.len - start,
                              start + b->central_more };
    for (size_t i = 0; i < COUNT(tail); i++)
        for (int at = 0; at < 32; at += 8) write_u8(&w, (uint8_t)(tail[i] >> at));
    write_u8(&w, 0);
    write_u8(&w, 0);
    assert_false(w.full);
    return bytes_of(room, w.len);
}

static int64_t alipay_rows(struct bytes z)
{
    struct arena *arena = arena_new(ARENA);
    struct bill bill;
    assert_false(failed(bill_begin(&bill, 0, arena)));
    int64_t count = failed(alipay_bill_read(z, arena, &bill)) ? -1 : bill.count;
    arena_free(arena);
    return count;
}

static void alipay_bills(void **state)
{
    static const struct broken whole = { 0 };
    static const char good[] = "#head\n" ALIPAY_HEAD ALIPAY_PAID ALIPAY_BACK "#end\n";
    static const char *const bad[] = {
        "",
        "#head\n#end\n",
        ALIPAY_HEAD ALIPAY_PAID, /* ends before its closing remark */
        ALIPAY_HEAD "42,P1," ALIPAY_BILL_PAYMENT ",2026-11-24 16:58:18,,\n#end\n",
        ALIPAY_HEAD "42,P1," ALIPAY_BILL_PAYMENT ",2026-11-24 16:58:18,--1.00,\n#end\n",
        ALIPAY_HEAD "42,P1," ALIPAY_BILL_PAYMENT ",yesterday,1.00,\n#end\n",
        ALIPAY_HEAD "42,P\x07," ALIPAY_BILL_PAYMENT ",2026-11-24 16:58:18,1.00,\n#end\n",
    };
    static const struct broken breaks[] = { { .crc_more = 1 },          { .len_more = 1 },
                                            { .packed_more = 1 },       { .packed_more = 0x7fffffff },
                                            { .len_more = 0x7fffffff }, { .local_more = 4 },
                                            { .local_more = 0xfffffff0 }, { .central_more = 1 },
                                            { .central_more = 0xffffff00 }, { .files_more = 1 },
                                            { .files_more = 100 },      { .flags = 1 },
                                            { .method = 8 },            { .method = 12 } };
    struct bytes z = archive(*state, good, &whole);
    assert_int_equal(alipay_rows(z), 2);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (alipay_rows(archive(*state, bad[i], &whole)) >= 0) fail_msg("a bill: %zu", i);
    for (size_t i = 0; i < COUNT(breaks); i++)
        if (breaks[i].files_more != 1 && alipay_rows(archive(*state, good, &breaks[i])) >= 0)
            fail_msg("an archive: %zu", i);
    for (size_t len = 0; len < z.len; len++) assert_int_equal(alipay_rows(bytes_of(z.ptr, len)), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(forms, begin, end),
        cmocka_unit_test_setup_teardown(members, begin, end),
        cmocka_unit_test_setup_teardown(amounts_and_times, begin, end),
        cmocka_unit_test_setup_teardown(wechat_bills, begin, end),
        cmocka_unit_test_setup_teardown(alipay_bills, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
