/* WeChat Pay callbacks: a good one is told as it is, and each way to be wrong has its own error (R-FEE-3). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "relay/wechat.h"
#include "relay/wechat_crypto.h"
#include "relay/wechat_json.h"

enum { NOW = 1795510698 };

#define PLATFORM_ID "PUB_KEY_ID_0119000000012024"

static int64_t fixed_now(const struct clock *clock)
{
    return NOW + clock->offset_s;
}

static const struct clock fixed = { fixed_now, 0 };

static struct setting {
    struct arena *arena;
    EVP_PKEY *merchant, *platform, *next, *stranger;
    uint8_t api_key[WECHAT_API_KEY_SIZE];
    struct wechat *wechat;
    struct work work;
    struct diag diag;
} s;

static struct bytes pem_of(EVP_PKEY *key, bool private)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int ok = private ? PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
                     : PEM_write_bio_PUBKEY(bio, key);
    assert_int_equal(ok, 1);
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    struct bytes copy = arena_bytes(s.arena, bytes_of(data, (size_t)len));
    BIO_free(bio);
    return copy;
}

static struct wechat_options options(void)
{
    return (struct wechat_options){
        .url = "http://127.0.0.1:1", .merchant = "1900000001", .app = "wx01", .serial = "AB12",
        .notify_url = "http://127.0.0.1:2/callback", .private_key = pem_of(s.merchant, true),
        .api_key = BYTES(s.api_key),
        .platforms = { { PLATFORM_ID, pem_of(s.platform, false) }, { "PUB_KEY_ID_NEXT", pem_of(s.next, false) } },
    };
}

static int set_up(void **state)
{
    s.arena = arena_new(1 << 20);
    s.merchant = EVP_RSA_gen(2048);
    s.platform = EVP_RSA_gen(2048);
    s.next = EVP_RSA_gen(2048);
    s.stranger = EVP_RSA_gen(2048);
    memset(s.api_key, 'k', sizeof s.api_key);
    s.work = (struct work){ NULL, s.arena, &s.diag, &fixed, 1000 };
    struct wechat_options o = options();
    return failed(wechat_new(&o, &s.diag, &s.wechat));
}

static int tear_down(void **state)
{
    wechat_free(s.wechat);
    EVP_PKEY_free(s.merchant);
    EVP_PKEY_free(s.platform);
    EVP_PKEY_free(s.next);
    EVP_PKEY_free(s.stranger);
    arena_free(s.arena);
    return 0;
}

/* ---- callbacks as they should be, and as they should not ---- */

static const char good_transaction[] =
    "{\"mchid\":\"1900000001\",\"appid\":\"wx01\",\"out_trade_no\":\"H20261124001\","
    "\"transaction_id\":\"4200001\",\"trade_state\":\"SUCCESS\",\"success_time\":\"2026-11-24T16:58:18+08:00\","
    "\"amount\":{\"total\":39900,\"currency\":\"CNY\",\"payer_total\":39900},\"payer\":{\"openid\":\"o\"}}";

struct made {
    const char *transaction, *event, *algorithm, *timestamp, *serial;
    EVP_PKEY *key;
    const uint8_t *api_key;
};

static struct made good(void)
{
    return (struct made){ good_transaction, "TRANSACTION.SUCCESS", "AEAD_AES_256_GCM", "1795510698", PLATFORM_ID,
                          s.platform, s.api_key };
}

static struct relay_callback callback_over(const struct made *m, const char *body)
{
    struct bytes parts[] = { bytes_text(m->timestamp), bytes_text("nonce"), bytes_text(body) };
    const char *signature;
    assert_false(failed(rsa_sign(m->key, wechat_lines(s.arena, parts, 3), s.arena, &signature)));
    return (struct relay_callback){ "wechat", m->timestamp, "nonce", signature, m->serial, bytes_text(body) };
}

static struct relay_callback callback(const struct made *m)
{
    struct bytes sealed;
    assert_false(failed(wechat_seal(m->api_key, bytes_text("0123456789ab"), bytes_text("transaction"),
                                    bytes_text(m->transaction), s.arena, &sealed)));
    return callback_over(m, arena_format(s.arena,
                                         "{\"id\":\"1\",\"event_type\":\"%s\",\"resource_type\":\"encrypt-resource\","
                                         "\"resource\":{\"algorithm\":\"%s\",\"ciphertext\":\"%s\",\"nonce\":"
                                         "\"0123456789ab\",\"associated_data\":\"transaction\"}}",
                                         m->event, m->algorithm, text_base64(s.arena, sealed)));
}

static enum error told(const struct relay_callback *callback)
{
    struct relay_payment payment = { .order = "untouched" };
    enum error error = wechat_callback(s.wechat, &s.work, callback, &payment).code;
    if (error != ERROR_NONE) assert_string_equal(payment.order, "untouched");
    return error;
}

static enum error told_made(struct made m)
{
    struct relay_callback c = callback(&m);
    return told(&c);
}

/* The good transaction with FROM replaced by TO. */
static const char *changed_in(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    return arena_format(s.arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static const char *changed(const char *from, const char *to)
{
    return changed_in(good_transaction, from, to);
}

/* R-FEE-2 */
static void r_fee_2_good_callback_is_told_as_it_is(void **state)
{
    struct made m = good();
    struct relay_callback c = callback(&m);
    struct relay_payment p;
    assert_false(failed(wechat_callback(s.wechat, &s.work, &c, &p)));
    assert_string_equal(p.order, "H20261124001");
    assert_string_equal(p.transaction, "4200001");
    assert_string_equal(p.state, "paid");
    assert_string_equal(p.currency, "CNY");
    assert_int_equal(p.amount_fen, 39900);
    assert_int_equal(p.paid_s, NOW);
    m.key = s.next;
    m.serial = "PUB_KEY_ID_NEXT"; /* while the platform changes its key both hold */
    assert_int_equal(told_made(m), ERROR_NONE);
}

/* R-FEE-3: missing headers. */
static void r_fee_3_unsigned_callbacks_are_refused(void **state)
{
    struct made m = good();
    for (int i = 0; i < 4; i++) {
        struct relay_callback c = callback(&m);
        const char **headers[] = { &c.timestamp, &c.nonce, &c.signature, &c.serial };
        *headers[i] = NULL;
        assert_int_equal(told(&c), ERROR_RELAY_CALLBACK_HEADERS);
    }
}

/* R-FEE-3: forged, in each of the ways that bytes can differ from those that were signed. */
static void r_fee_3_forged_callbacks_are_refused(void **state)
{
    struct made m = good();
    m.key = s.stranger;
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_SIGNATURE);
    m = good();
    m.serial = "PUB_KEY_ID_NEXT"; /* the other key is known too, but this was not signed with it */
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_SIGNATURE);
    m.serial = "5F00";
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_SERIAL);
    m = good();
    struct relay_callback c = callback(&m);
    c.nonce = "other";
    assert_int_equal(told(&c), ERROR_RELAY_CALLBACK_SIGNATURE);
    c = callback(&m);
    c.timestamp = "1795510699";
    assert_int_equal(told(&c), ERROR_RELAY_CALLBACK_SIGNATURE);
    c = callback(&m);
    c.signature = "not base64";
    assert_int_equal(told(&c), ERROR_RELAY_CALLBACK_SIGNATURE);
    c = callback(&m);
    c.signature = "";
    assert_int_equal(told(&c), ERROR_RELAY_CALLBACK_SIGNATURE);
    for (size_t at = 0; at < callback(&m).body.len; at += 7) {
        c = callback(&m);
        ((uint8_t *)(uintptr_t)c.body.ptr)[at] ^= 1;
        assert_int_equal(told(&c), ERROR_RELAY_CALLBACK_SIGNATURE);
    }
    c = callback(&m);
    c.body.len++; /* its NUL: what is behind the signed part counts as well */
    assert_int_equal(told(&c), ERROR_RELAY_CALLBACK_SIGNATURE);
}

/* R-FEE-3: late or early, at the edges of the window of 300 s. */
static void r_fee_3_stale_callbacks_are_refused(void **state)
{
    static const struct {
        int64_t off_s;
        enum error error;
    } cases[] = { { -299, ERROR_NONE },
                  { 299, ERROR_NONE },
                  { -300, ERROR_RELAY_CALLBACK_STALE },
                  { 300, ERROR_RELAY_CALLBACK_STALE },
                  { -86400, ERROR_RELAY_CALLBACK_STALE } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct made m = good();
        m.timestamp = arena_format(s.arena, "%lld", (long long)(NOW + cases[i].off_s));
        assert_int_equal(told_made(m), cases[i].error);
    }
    static const char *const none[] = { "", "now", "-1795510698", "1795510698 ", "01795510698", "99999999999999999999" };
    for (size_t i = 0; i < COUNT(none); i++) {
        struct made m = good();
        m.timestamp = none[i];
        assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_STALE);
    }
}

static void r_fee_3_signature_probes_are_refused(void **state)
{
    struct made m = good();
    struct relay_callback c = callback(&m);
    c.signature = arena_format(s.arena, "WECHATPAY/SIGNTEST/%s", c.signature);
    assert_int_equal(told(&c), ERROR_RELAY_CALLBACK_PROBE);
}

/* R-FEE-3: properly signed, but not ours. */
static void r_fee_3_other_merchants_are_refused(void **state)
{
    struct made m = good();
    m.transaction = changed("1900000001", "1900000002");
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_MERCHANT);
    m.transaction = changed("wx01", "wx02");
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_MERCHANT);
    m = good();
    uint8_t other_key[WECHAT_API_KEY_SIZE] = { 0 };
    m.api_key = other_key;
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_DECRYPT);
}

/* R-FEE-3: properly signed, but it does not say that something was paid. */
static void r_fee_3_other_events_are_refused(void **state)
{
    struct made m = good();
    m.event = "COUPON.USE";
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_EVENT);
    m.event = "REFUND.SUCCESS"; /* but what it carries is a payment */
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_FORMAT);
    m = good();
    static const char *const states[] = { "NOTPAY", "CLOSED", "REFUND", "PAYERROR" };
    for (size_t i = 0; i < COUNT(states); i++) {
        m.transaction = changed("SUCCESS", states[i]);
        assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_EVENT);
    }
}

static const char good_refund[] =
    "{\"mchid\":\"1900000001\",\"out_trade_no\":\"H20261124001\",\"transaction_id\":\"4200001\","
    "\"out_refund_no\":\"R20261124001\",\"refund_id\":\"5000001\",\"refund_status\":\"SUCCESS\","
    "\"success_time\":\"2026-11-24T16:58:18+08:00\",\"amount\":{\"total\":39900,\"refund\":39900}}";

/* R-FEE-4: a refund is told as one, under its number; what is not done or not ours is refused. */
static void r_fee_4_a_refund_is_told(void **state)
{
    struct made m = good();
    m.event = "REFUND.SUCCESS";
    m.transaction = good_refund;
    struct relay_callback c = callback(&m);
    struct relay_payment p;
    assert_int_equal(wechat_callback(s.wechat, &s.work, &c, &p).code, 0);
    assert_string_equal(p.state, "refunded");
    assert_string_equal(p.order, "H20261124001");
    assert_string_equal(p.refund, "R20261124001");
    assert_int_equal(p.amount_fen, 39900);
    m.event = "TRANSACTION.SUCCESS"; /* it is no payment */
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_FORMAT);
    m.event = "REFUND.SUCCESS";
    m.transaction = changed_in(good_refund, "1900000001", "1900000002");
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_MERCHANT);
    m.transaction = changed_in(good_refund, "SUCCESS", "ABNORMAL");
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_EVENT);
    m.transaction = changed_in(good_refund, "out_refund_no", "refund_no");
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_FORMAT);
}

/* R-FEE-3: the amount and currency are told as they are, for the caller to compare. */
static void r_fee_3_amount_and_currency_come_through(void **state)
{
    struct made m = good();
    m.transaction = changed("\"total\":39900", "\"total\":1");
    struct relay_callback c = callback(&m);
    struct relay_payment p;
    assert_false(failed(wechat_callback(s.wechat, &s.work, &c, &p)));
    assert_int_equal(p.amount_fen, 1);
    m.transaction = changed("CNY", "USD");
    c = callback(&m);
    assert_false(failed(wechat_callback(s.wechat, &s.work, &c, &p)));
    assert_string_equal(p.currency, "USD");
}

/* R-FEE-3 */
static void r_fee_3_callbacks_out_of_form_are_refused(void **state)
{
    static const char *const bodies[] = { "", "{", "[]", "{}", "null", "{\"event_type\":\"TRANSACTION.SUCCESS\"}",
                                          "{\"event_type\":\"TRANSACTION.SUCCESS\",\"resource\":[]}" };
    struct made m = good();
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct relay_callback c = callback_over(&m, bodies[i]);
        assert_int_equal(told(&c), ERROR_RELAY_CALLBACK_FORMAT);
    }
    m.algorithm = "AEAD_SM4_GCM";
    assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_FORMAT);
    static const char *const changes[][2] = {
        { "\"total\":39900", "\"total\":\"39900\"" }, { "\"total\":39900", "\"total\":39900.5" },
        { "\"total\":39900", "\"total\":-1" },        { "\"total\":39900", "\"total\":39900,\"total\":1" },
        { "\"currency\":\"CNY\",", "" },              { "SUCCESS", "success" },
        { "\"out_trade_no\"", "\"other\"" },          { "\"transaction_id\"", "\"other\"" },
        { "2026-11-24T16:58:18+08:00", "yesterday" }, { "2026-11-24T16:58:18+08:00", "2026-11-24T16:58:18" },
        { "2026-11-24T16:58:18", "2026-13-24T16:58:18" },
    };
    for (size_t i = 0; i < COUNT(changes); i++) {
        m = good();
        m.transaction = changed(changes[i][0], changes[i][1]);
        assert_int_equal(told_made(m), ERROR_RELAY_CALLBACK_FORMAT);
    }
}

/* ---- the rest ---- */

static void times_are_read_with_their_zone(void **state)
{
    static const char *const same[] = { "2026-11-24T08:58:18Z", "2026-11-24T08:58:18+00:00",
                                        "2026-11-24T03:28:18-05:30", "2026-11-24T16:58:18+08:00" };
    for (size_t i = 0; i < COUNT(same); i++) {
        struct made m = good();
        m.transaction = changed("2026-11-24T16:58:18+08:00", same[i]);
        struct relay_callback c = callback(&m);
        struct relay_payment p;
        assert_false(failed(wechat_callback(s.wechat, &s.work, &c, &p)));
        assert_int_equal(p.paid_s, NOW);
    }
}

static void sealed_with_another_context_it_does_not_open(void **state)
{
    struct bytes sealed, plain, nonce = bytes_text("0123456789ab");
    assert_false(failed(wechat_seal(s.api_key, nonce, bytes_text("a"), bytes_text("text"), s.arena, &sealed)));
    assert_false(failed(wechat_open(s.api_key, nonce, bytes_text("a"), sealed, s.arena, &plain)));
    assert_true(bytes_equal(plain, bytes_text("text")));
    assert_int_equal(wechat_open(s.api_key, nonce, bytes_text("b"), sealed, s.arena, &plain).code, ERROR_DECRYPT);
    assert_int_equal(wechat_open(s.api_key, bytes_text("0123456789a"), bytes_text("a"), sealed, s.arena, &plain).code,
                     ERROR_DECRYPT);
    sealed.len = WECHAT_GCM_TAG_SIZE - 1;
    assert_int_equal(wechat_open(s.api_key, nonce, bytes_text("a"), sealed, s.arena, &plain).code, ERROR_DECRYPT);
}

static void configuration_is_checked(void **state)
{
    struct wechat *none = NULL;
    for (int i = 0; i < 8; i++) {
        struct wechat_options o = options();
        uint8_t short_key[31] = { 0 };
        const char **texts[] = { &o.url, &o.merchant, &o.app, &o.serial, &o.notify_url };
        if (i < 5) *texts[i] = NULL;
        if (i == 5) o.api_key = BYTES(short_key);
        if (i == 6) o.private_key = bytes_text("no key");
        if (i == 7) o.platforms[0].id = NULL; /* a bare public key without its id */
        assert_int_equal(wechat_new(&o, &s.diag, &none).code, ERROR_RELAY_CONFIG);
    }
    EVP_PKEY *small = EVP_RSA_gen(1024);
    struct wechat_options o = options();
    o.private_key = pem_of(small, true);
    assert_int_equal(wechat_new(&o, &s.diag, &none).code, ERROR_RELAY_CONFIG);
    EVP_PKEY_free(small);
    assert_null(none);
}

/* What the gateway refuses is told apart. */
static void refusals_are_told_apart(void **state)
{
    static const struct {
        long status;
        const char *body;
        enum error error;
    } cases[] = { { 404, "{\"code\":\"ORDER_NOT_EXIST\",\"message\":\"m\"}", ERROR_RELAY_ORDER_UNKNOWN },
                  { 400, "{\"code\":\"ORDERPAID\"}", ERROR_RELAY_ORDER_PAID },
                  { 400, "{\"code\":\"ORDER_CLOSED\"}", ERROR_RELAY_ORDER_CLOSED },
                  { 403, "{\"code\":\"OUT_TRADE_NO_USED\"}", ERROR_RELAY_ORDER_CONFLICT },
                  { 403, "{\"code\":\"NOT_ENOUGH\"}", ERROR_RELAY_BALANCE },
                  { 403, "{\"code\":\"USER_ACCOUNT_ABNORMAL\"}", ERROR_RELAY_REFUND_REFUSED },
                  { 400, "{\"code\":\"INVALID_REQUEST\"}", ERROR_RELAY_RULE },
                  { 400, "{\"code\":\"NO_STATEMENT_EXIST\"}", ERROR_RELAY_NO_BILL },
                  { 429, "{\"code\":\"FREQUENCY_LIMITED\"}", ERROR_RELAY_RATE },
                  { 429, "", ERROR_RELAY_RATE },
                  { 500, "{\"code\":\"SYSTEM_ERROR\"}", ERROR_RELAY_UNREACHABLE },
                  { 502, "<html>", ERROR_RELAY_UNREACHABLE },
                  { 401, "{\"code\":\"SIGN_ERROR\"}", ERROR_RELAY_REFUSED },
                  { 302, "", ERROR_RELAY_REFUSED } };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(wechat_refusal(&s.work, cases[i].status, bytes_text(cases[i].body)).code, cases[i].error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r_fee_2_good_callback_is_told_as_it_is),
        cmocka_unit_test(r_fee_3_unsigned_callbacks_are_refused),
        cmocka_unit_test(r_fee_3_forged_callbacks_are_refused),
        cmocka_unit_test(r_fee_3_stale_callbacks_are_refused),
        cmocka_unit_test(r_fee_3_signature_probes_are_refused),
        cmocka_unit_test(r_fee_3_other_merchants_are_refused),
        cmocka_unit_test(r_fee_3_other_events_are_refused),
        cmocka_unit_test(r_fee_4_a_refund_is_told),
        cmocka_unit_test(r_fee_3_amount_and_currency_come_through),
        cmocka_unit_test(r_fee_3_callbacks_out_of_form_are_refused),
        cmocka_unit_test(times_are_read_with_their_zone),
        cmocka_unit_test(sealed_with_another_context_it_does_not_open),
        cmocka_unit_test(configuration_is_checked),
        cmocka_unit_test(refusals_are_told_apart),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
