#include "relay/wechat.h"

#include <stdlib.h>

#include "base/random.h"
#include "base/secret.h"
#include "relay/http.h"
#include "relay/json.h"
#include "relay/wechat_bill.h"
#include "relay/wechat_crypto.h"
#include "relay/wechat_json.h"

enum { LASTING = 16 * 1024 };

struct platform {
    const char *id;
    EVP_PKEY *key;
};

struct wechat {
    struct arena *arena;
    const char *url, *merchant, *app, *serial, *notify_url, *ca_file;
    EVP_PKEY *key;
    uint8_t api_key[WECHAT_API_KEY_SIZE];
    struct platform platforms[WECHAT_PLATFORMS_MAX];
    size_t platform_count;
};

/* ---- set-up ---- */

void wechat_free(struct wechat *wechat)
{
    if (!wechat) return;
    EVP_PKEY_free(wechat->key);
    for (size_t i = 0; i < wechat->platform_count; i++) EVP_PKEY_free(wechat->platforms[i].key);
    arena_free(wechat->arena);
    secret_wipe(wechat->api_key, sizeof wechat->api_key);
    free(wechat);
}

static void free_p(struct wechat **wechat)
{
    wechat_free(*wechat);
}

static struct result bad_option(struct diag *diag, const char *name)
{
    return diag_log(diag, ERROR_RELAY_CONFIG, "%s", name);
}

static struct result add_platform(struct wechat *w, const char *id, struct bytes pem, struct diag *diag)
{
    struct platform *p = &w->platforms[w->platform_count];
    const char *serial;
    if (failed(rsa_public_key(pem, w->arena, &p->key, &serial))) return bad_option(diag, "platform key");
    w->platform_count++;
    p->id = serial ? serial : id ? arena_text(w->arena, bytes_text(id)) : NULL;
    if (!p->id) return bad_option(diag, "platform key without its id");
    return OK;
}

struct result wechat_new(const struct wechat_options *options, struct diag *diag, struct wechat **ret_wechat)
{
    struct wechat *w CLEANUP(free_p) = calloc(1, sizeof *w);
    if (!w) abort();
    w->arena = arena_new(LASTING);
    struct {
        const char *name, *from, **to;
    } texts[] = { { "url", options->url, &w->url },
                  { "merchant", options->merchant, &w->merchant },
                  { "app", options->app, &w->app },
                  { "serial", options->serial, &w->serial },
                  { "notify_url", options->notify_url, &w->notify_url } };
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (!texts[i].from || !texts[i].from[0]) return bad_option(diag, texts[i].name);
        *texts[i].to = arena_text(w->arena, bytes_text(texts[i].from));
        if (!*texts[i].to) return bad_option(diag, texts[i].name);
    }
    if (options->ca_file) w->ca_file = arena_text(w->arena, bytes_text(options->ca_file));
    if (options->api_key.len != WECHAT_API_KEY_SIZE) return bad_option(diag, "APIv3 key is not 32 bytes long");
    memcpy(w->api_key, options->api_key.ptr, WECHAT_API_KEY_SIZE);
    if (failed(rsa_private_key(options->private_key, &w->key))) return bad_option(diag, "private key");
    for (size_t i = 0; i < WECHAT_PLATFORMS_MAX; i++)
        if (options->platforms[i].pem.len)
            TRY(add_platform(w, options->platforms[i].id, options->platforms[i].pem, diag));
    if (w->platform_count == 0) return bad_option(diag, "no platform key");
    *ret_wechat = TAKE(w);
    return OK;
}

/* ---- requests and answers ---- */

static const struct platform *find_platform(const struct wechat *w, const char *serial)
{
    for (size_t i = 0; i < w->platform_count; i++)
        if (text_equal(w->platforms[i].id, serial)) return &w->platforms[i];
    return NULL;
}

static bool is_fresh(struct work *work, const char *timestamp)
{
    uint64_t then;
    if (failed(text_number(timestamp, INT64_MAX / 2, &then))) return false;
    int64_t now = clock_now(work->clock), off = now - (int64_t)then;
    return off < WECHAT_WINDOW_S && off > -WECHAT_WINDOW_S;
}

static const char *authorization(struct wechat *w, struct work *work, const char *method, const char *path,
                                 struct bytes body)
{
    uint8_t random[16];
    random_fill(random, sizeof random);
    const char *nonce = text_hex(work->arena, BYTES(random)), *signature;
    const char *timestamp = arena_format(work->arena, "%lld", (long long)clock_now(work->clock));
    if (!nonce || !timestamp) return NULL;
    struct bytes parts[] = { bytes_text(method), bytes_text(path), bytes_text(timestamp), bytes_text(nonce), body };
    if (failed(rsa_sign(w->key, wechat_lines(work->arena, parts, COUNT(parts)), work->arena, &signature)))
        return NULL;
    return arena_format(work->arena,
                        "Authorization: WECHATPAY2-SHA256-RSA2048 mchid=\"%s\",nonce_str=\"%s\",timestamp=\"%s\","
                        "serial_no=\"%s\",signature=\"%s\"",
                        w->merchant, nonce, timestamp, w->serial, signature);
}

static struct result check_answer(struct wechat *w, struct work *work, struct bytes body)
{
    const char *timestamp = http_header(work, "Wechatpay-Timestamp"), *nonce = http_header(work, "Wechatpay-Nonce");
    const char *signature = http_header(work, "Wechatpay-Signature"), *serial = http_header(work, "Wechatpay-Serial");
    if (!timestamp || !nonce || !signature || !serial)
        return diag_log(work->diag, ERROR_RELAY_ANSWER_SIGNATURE, "headers are missing");
    if (!is_fresh(work, timestamp)) return diag_log(work->diag, ERROR_RELAY_ANSWER_SIGNATURE, "stale");
    const struct platform *platform = find_platform(w, serial);
    if (!platform) return diag_log(work->diag, ERROR_RELAY_ANSWER_SIGNATURE, "unknown serial");
    struct bytes parts[] = { bytes_text(timestamp), bytes_text(nonce), body };
    struct bytes text = wechat_lines(work->arena, parts, COUNT(parts));
    ENSURE(!failed(rsa_verify(platform->key, text, signature, work->arena)), ERROR_RELAY_ANSWER_SIGNATURE);
    return OK;
}

/* Sends and checks. A refusal of the gateway is an error; it is not signed, and nothing but a failure is ever
 * concluded from it. */
static struct result exchange(struct wechat *w, struct work *work, const char *method, const char *path,
                              struct bytes body, struct bytes *ret_body)
{
    const char *url = arena_format(work->arena, "%s%s", w->url, path);
    const char *signed_by = authorization(w, work, method, path, body);
    ENSURE(url && signed_by, ERROR_OUT_OF_ROOM);
    struct http_request request = { method, url, { signed_by, "Accept: application/json", "User-Agent: hufu-relay" },
                                    body, w->ca_file };
    if (body.ptr) request.headers[3] = "Content-Type: application/json";
    struct http_answer answer;
    TRY(http_send(work, &request, &answer));
    if (answer.status < 200 || answer.status > 299) return wechat_refusal(work, answer.status, answer.body);
    TRY(check_answer(w, work, answer.body));
    *ret_body = answer.body;
    return OK;
}

static bool good_order(const char *order)
{
    size_t len = order ? strlen(order) : 0;
    return len >= WECHAT_ORDER_MIN && len <= WECHAT_ORDER_MAX &&
           strspn(order, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == len;
}

/* ---- what is asked ---- */

struct result wechat_order(struct wechat *wechat, struct work *work, const struct relay_order *ask,
                           struct relay_ordered *ret_ordered)
{
    ENSURE(good_order(ask->order) && ask->description && ask->amount_fen > 0, ERROR_MALFORMED);
    struct civil c = civil_shanghai(ask->expires_s);
    const char *expires = arena_format(work->arena, "%04d-%02d-%02dT%02d:%02d:%02d+08:00", c.year, c.month, c.day,
                                       c.hour, c.minute, c.second);
    struct bytes body, answer;
    TRY(json_write(work->arena,
                          json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:I, s:s}}", "appid", wechat->app, "mchid",
                                    wechat->merchant, "description", ask->description, "out_trade_no", ask->order,
                                    "time_expire", expires, "notify_url", wechat->notify_url, "amount", "total",
                                    (json_int_t)ask->amount_fen, "currency", "CNY"),
                          &body));
    TRY(exchange(wechat, work, "POST", "/v3/pay/transactions/native", body, &answer));
    return wechat_json_ordered(work, answer, ret_ordered);
}

struct result wechat_query(struct wechat *wechat, struct work *work, const struct relay_query *ask,
                           struct relay_payment *ret_payment)
{
    ENSURE(good_order(ask->order), ERROR_MALFORMED);
    const char *path = arena_format(work->arena, "/v3/pay/transactions/out-trade-no/%s?mchid=%s", ask->order,
                                    wechat->merchant);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    struct bytes answer;
    struct wechat_transaction told;
    TRY(exchange(wechat, work, "GET", path, (struct bytes){ 0 }, &answer));
    TRY(wechat_json_transaction(work, answer, &told));
    bool ours = text_equal(told.merchant, wechat->merchant) && text_equal(told.app, wechat->app) &&
                text_equal(told.payment.order, ask->order);
    if (!ours) return diag_log(work->diag, ERROR_RELAY_ANSWER, "the answer is about another order or merchant");
    *ret_payment = told.payment;
    return OK;
}

struct result wechat_close(struct wechat *wechat, struct work *work, const struct relay_query *ask,
                           struct relay_payment *ret_payment)
{
    ENSURE(good_order(ask->order), ERROR_MALFORMED);
    const char *path = arena_format(work->arena, "/v3/pay/transactions/out-trade-no/%s/close", ask->order);
    struct bytes body, answer;
    TRY(json_write(work->arena, json_pack("{s:s}", "mchid", wechat->merchant), &body));
    ENSURE(path, ERROR_OUT_OF_ROOM);
    struct result r = exchange(wechat, work, "POST", path, body, &answer);
    if (failed(r) && r.code != ERROR_RELAY_ORDER_CLOSED) return r;
    *ret_payment = (struct relay_payment){ .order = ask->order, .state = "closed", .currency = "CNY" };
    return OK;
}

struct result wechat_refund(struct wechat *wechat, struct work *work, const struct relay_refund *ask,
                            struct relay_payment *ret_payment)
{
    bool sane = good_order(ask->order) && good_order(ask->refund) && ask->reason && ask->amount_fen > 0 &&
                ask->amount_fen <= ask->total_fen;
    ENSURE(sane, ERROR_MALFORMED);
    struct bytes body, answer;
    TRY(json_write(work->arena,
                          json_pack("{s:s, s:s, s:s, s:s, s:{s:I, s:I, s:s}}", "out_trade_no", ask->order,
                                    "out_refund_no", ask->refund, "reason", ask->reason, "notify_url",
                                    wechat->notify_url, "amount", "refund",
                                    (json_int_t)ask->amount_fen, "total", (json_int_t)ask->total_fen, "currency",
                                    "CNY"),
                          &body));
    struct result r = exchange(wechat, work, "POST", "/v3/refund/domestic/refunds", body, &answer);
    if (r.code == ERROR_RELAY_RULE) return FAIL(ERROR_RELAY_REFUND_REFUSED); /* it never will be another answer */
    TRY(r);
    return wechat_json_refunded(work, answer, ask, ret_payment);
}

/* ---- bills ---- */

/* The file itself is not signed: its hash was, in the answer that named it. */
static struct result download(struct wechat *w, struct work *work, const char *url, const char *sha1,
                              struct bytes *ret_text)
{
    if (!text_starts(url, w->url) || url[strlen(w->url)] != '/')
        return diag_log(work->diag, ERROR_RELAY_ANSWER, "the bill lies elsewhere");
    const char *signed_by = authorization(w, work, "GET", url + strlen(w->url), (struct bytes){ 0 });
    ENSURE(signed_by, ERROR_OUT_OF_ROOM);
    struct http_request request = { "GET", url, { signed_by, "Accept: */*", "User-Agent: hufu-relay" }, { 0 },
                                    w->ca_file, BILL_MAX };
    struct http_answer answer;
    TRY(http_send(work, &request, &answer));
    if (answer.status != 200) return wechat_refusal(work, answer.status, answer.body);
    if (!wechat_bill_matches(answer.body, sha1, work->arena))
        return diag_log(work->diag, ERROR_RELAY_ANSWER, "the bill is not the one that was named");
    *ret_text = answer.body;
    return OK;
}

struct result wechat_bill(struct wechat *wechat, struct work *work, const struct relay_bill_ask *ask,
                          struct relay_bill *ret_bill)
{
    ENSURE(ask->day && strspn(ask->day, "0123456789-") == strlen(ask->day) && ask->from >= 0, ERROR_MALFORMED);
    const char *path = arena_format(work->arena, "/v3/bill/tradebill?bill_date=%s&bill_type=ALL", ask->day);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    struct bytes answer, text;
    struct bill bill;
    TRY(exchange(wechat, work, "GET", path, (struct bytes){ 0 }, &answer));
    json_t *named CLEANUP(json_free_p) = json_parse(answer);
    const char *url = json_text(work, named, "download_url"), *sha1 = json_text(work, named, "hash_value");
    ENSURE(url && sha1 && text_equal(json_text(work, named, "hash_type"), "SHA1"), ERROR_RELAY_ANSWER);
    TRY(download(wechat, work, url, sha1, &text));
    TRY(bill_begin(&bill, ask->from, work->arena));
    TRY(wechat_bill_read(text, work->arena, &bill));
    return bill_end(&bill, ret_bill);
}

/* ---- callbacks ---- */

static struct result check_callback(struct wechat *w, struct work *work, const struct relay_callback *ask)
{
    ENSURE(ask->timestamp && ask->nonce && ask->signature && ask->serial, ERROR_RELAY_CALLBACK_HEADERS);
    ENSURE(is_fresh(work, ask->timestamp), ERROR_RELAY_CALLBACK_STALE);
    /* The platform sends such ones now and then to see that they are refused. */
    ENSURE(!text_starts(ask->signature, "WECHATPAY/SIGNTEST/"), ERROR_RELAY_CALLBACK_PROBE);
    const struct platform *platform = find_platform(w, ask->serial);
    ENSURE(platform, ERROR_RELAY_CALLBACK_SERIAL);
    struct bytes parts[] = { bytes_text(ask->timestamp), bytes_text(ask->nonce), ask->body };
    struct bytes text = wechat_lines(work->arena, parts, COUNT(parts));
    ENSURE(text.ptr, ERROR_OUT_OF_ROOM);
    ENSURE(!failed(rsa_verify(platform->key, text, ask->signature, work->arena)),
           ERROR_RELAY_CALLBACK_SIGNATURE);
    return OK;
}

struct result wechat_callback(struct wechat *wechat, struct work *work, const struct relay_callback *ask,
                              struct relay_payment *ret_payment)
{
    struct wechat_resource resource;
    struct wechat_transaction told;
    struct bytes plain;
    TRY(check_callback(wechat, work, ask));
    TRY(wechat_json_resource(work, ask->body, &resource));
    ENSURE(!failed(wechat_open(wechat->api_key, bytes_text(resource.nonce), bytes_text(resource.associated),
                               resource.ciphertext, work->arena, &plain)),
           ERROR_RELAY_CALLBACK_DECRYPT);
    bool refund = resource.event == WECHAT_REFUND;
    struct result r = refund ? wechat_json_refund_told(work, plain, &told)
                             : wechat_json_transaction(work, plain, &told);
    ENSURE(!failed(r), ERROR_RELAY_CALLBACK_FORMAT);
    /* Of a refund the merchant alone is told. */
    bool ours = text_equal(told.merchant, wechat->merchant) && (refund || text_equal(told.app, wechat->app));
    ENSURE(ours, ERROR_RELAY_CALLBACK_MERCHANT);
    ENSURE(text_equal(told.payment.state, refund ? "refunded" : "paid"), ERROR_RELAY_CALLBACK_EVENT);
    *ret_payment = told.payment;
    return OK;
}
