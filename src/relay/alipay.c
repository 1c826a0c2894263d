#include "relay/alipay.h"

#include <stdlib.h>

#include "relay/alipay_answer.h"
#include "relay/alipay_bill.h"
#include "relay/alipay_signed.h"
#include "relay/http.h"
#include "relay/rsa.h"

enum { LASTING = 16 * 1024 };

struct alipay {
    struct arena *arena;
    const char *url, *app, *seller, *notify_url, *ca_file;
    EVP_PKEY *key, *platform;
    bool insecure_dev;
};

/* ---- set-up ---- */

void alipay_free(struct alipay *alipay)
{
    if (!alipay) return;
    EVP_PKEY_free(alipay->key);
    EVP_PKEY_free(alipay->platform);
    arena_free(alipay->arena);
    free(alipay);
}

static void free_p(struct alipay **alipay)
{
    alipay_free(*alipay);
}

struct result alipay_new(const struct alipay_options *options, struct diag *diag, struct alipay **ret_alipay)
{
    struct alipay *a CLEANUP(free_p) = calloc(1, sizeof *a);
    if (!a) abort();
    a->arena = arena_new(LASTING);
    struct {
        const char *name, *from, **to;
    } texts[] = { { "url", options->url, &a->url },
                  { "app", options->app, &a->app },
                  { "seller", options->seller, &a->seller },
                  { "notify_url", options->notify_url, &a->notify_url } };
    for (size_t i = 0; i < COUNT(texts); i++) {
        bool there = texts[i].from && texts[i].from[0];
        if (there) *texts[i].to = arena_text(a->arena, bytes_text(texts[i].from));
        if (!*texts[i].to) return diag_log(diag, ERROR_RELAY_CONFIG, "alipay: %s", texts[i].name);
    }
    if (options->ca_file) a->ca_file = arena_text(a->arena, bytes_text(options->ca_file));
    a->insecure_dev = options->insecure_dev;
    const char *serial;
    if (failed(rsa_private_key(options->private_key, &a->key)))
        return diag_log(diag, ERROR_RELAY_CONFIG, "alipay: private key");
    if (failed(rsa_public_key(options->platform_key, a->arena, &a->platform, &serial)))
        return diag_log(diag, ERROR_RELAY_CONFIG, "alipay: Alipay's public key");
    *ret_alipay = TAKE(a);
    return OK;
}

/* ---- requests and answers ---- */

/* What every request says. */
static struct result begin(const struct alipay *a, struct work *work, const char *method, struct url_form *form)
{
    const char *now = alipay_time(work->arena, clock_now(work->clock));
    const char *const pairs[][2] = { { "app_id", a->app },     { "method", method },    { "format", "JSON" },
                                     { "charset", "utf-8" },   { "sign_type", "RSA2" }, { "timestamp", now },
                                     { "version", "1.0" } };
    ENSURE(now, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < COUNT(pairs); i++) TRY(url_form_add(form, pairs[i][0], pairs[i][1]));
    return OK;
}

static struct result sign(const struct alipay *a, struct work *work, struct url_form *form)
{
    const char *signature;
    TRY(rsa_sign(a->key, alipay_signed(form, false, work->arena), work->arena, &signature));
    return url_form_add(form, "sign", signature);
}

/* The address has all of FORM but the content, which stands in the body: so Alipay knows its encoding before it
 * reads. */
static struct result address(const struct alipay *a, struct work *work, const struct url_form *form,
                             const char **ret_url)
{
    struct url_form rest = { .count = 0 };
    for (size_t i = 0; i < form->count; i++)
        if (!text_equal(form->pairs[i].name, "biz_content")) rest.pairs[rest.count++] = form->pairs[i];
    const char *query = url_form_encode(&rest, work->arena);
    *ret_url = query ? arena_format(work->arena, "%s?%s", a->url, query) : NULL;
    ENSURE(*ret_url, ERROR_OUT_OF_ROOM);
    return OK;
}

/* The member that answers METHOD: "alipay.trade.query" → "alipay_trade_query_response". */
static const char *answer_name(struct arena *arena, const char *method)
{
    char *name = arena_format(arena, "%s_response", method);
    for (char *p = name; p && *p; p++)
        if (*p == '.') *p = '_';
    return name;
}

/* Nothing is concluded from an answer, not even that an order is unknown, before its signature holds; but a request
 * that Alipay could not read at all is refused unsigned, and is only a failure. */
static struct result read_answer(const struct alipay *a, struct work *work, struct bytes body, const char *name,
                                 json_t **ret_answer)
{
    json_t *whole CLEANUP(json_free_p) = json_parse(body);
    json_t *answer = json_object_get(whole, name);
    if (!answer && json_object_get(whole, "error_response"))
        return diag_log(work->diag, ERROR_RELAY_REFUSED, "the gateway could not read the request: %s",
                        json_text(work, json_object_get(whole, "error_response"), "sub_code"));
    ENSURE(json_is_object(answer), ERROR_RELAY_ANSWER);
    const char *signature = json_text(work, whole, "sign"), *code = json_text(work, answer, "code");
    ENSURE(code, ERROR_RELAY_ANSWER);
    bool good = text_equal(code, "10000"), business = text_equal(code, "40004");
    if (!signature && !good && !business) return alipay_refusal(work, answer);
    bool holds = signature && !failed(rsa_verify(a->platform, alipay_member(body, name), signature, work->arena));
    if (!holds) return diag_log(work->diag, ERROR_RELAY_ANSWER_SIGNATURE, "%s", name);
    if (!good) return alipay_refusal(work, answer);
    *ret_answer = json_incref(answer);
    return OK;
}

/* Sends CONTENT (taken over) and checks what comes; the caller frees RET_ANSWER. */
static struct result exchange(const struct alipay *a, struct work *work, const char *method, json_t *content,
                              json_t **ret_answer)
{
    struct url_form form = { .count = 0 }, body = { .count = 0 };
    struct bytes text;
    const char *url, *name = answer_name(work->arena, method);
    TRY(json_write(work->arena, content, &text));
    TRY(begin(a, work, method, &form));
    TRY(url_form_add(&form, "biz_content", (const char *)text.ptr));
    TRY(sign(a, work, &form));
    TRY(address(a, work, &form, &url));
    TRY(url_form_add(&body, "biz_content", (const char *)text.ptr));
    const char *encoded = url_form_encode(&body, work->arena);
    ENSURE(encoded && name, ERROR_OUT_OF_ROOM);
    struct http_request request = { "POST", url,
                                    { "Content-Type: application/x-www-form-urlencoded;charset=utf-8",
                                      "Accept: application/json", "User-Agent: hufu-relay" },
                                    bytes_text(encoded), a->ca_file };
    struct http_answer answer;
    TRY(http_send(work, &request, &answer));
    ENSURE(answer.status != 429, ERROR_RELAY_RATE);
    if (answer.status != 200)
        return diag_log(work->diag, answer.status >= 500 ? ERROR_RELAY_UNREACHABLE : ERROR_RELAY_REFUSED,
                        "gateway status=%ld", answer.status);
    return read_answer(a, work, answer.body, name, ret_answer);
}

static bool good_number(const char *number)
{
    size_t len = number ? strlen(number) : 0;
    return len >= 1 && len <= ALIPAY_ORDER_MAX &&
           strspn(number, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == len;
}

/* ---- what is asked ---- */

struct result alipay_order(struct alipay *alipay, struct work *work, const struct relay_order *ask,
                           struct relay_ordered *ret_ordered)
{
    ENSURE(good_number(ask->order) && ask->description && ask->amount_fen > 0, ERROR_MALFORMED);
    struct url_form form = { .count = 0 };
    struct bytes content;
    const char *yuan = alipay_yuan(work->arena, ask->amount_fen), *until = alipay_time(work->arena, ask->expires_s);
    TRY(json_write(work->arena,
                   json_pack("{s:s, s:s, s:s, s:s, s:s}", "out_trade_no", ask->order, "product_code",
                             "FAST_INSTANT_TRADE_PAY", "total_amount", yuan ? yuan : "", "subject", ask->description,
                             "time_expire", until ? until : ""),
                   &content));
    TRY(begin(alipay, work, "alipay.trade.page.pay", &form));
    TRY(url_form_add(&form, "notify_url", alipay->notify_url));
    TRY(url_form_add(&form, "return_url", ask->return_url));
    TRY(url_form_add(&form, "biz_content", (const char *)content.ptr));
    TRY(sign(alipay, work, &form));
    const char *query = url_form_encode(&form, work->arena);
    const char *url = query ? arena_format(work->arena, "%s?%s", alipay->url, query) : NULL;
    ENSURE(url, ERROR_OUT_OF_ROOM);
    *ret_ordered = (struct relay_ordered){ .page_url = url };
    return OK;
}

struct result alipay_query(struct alipay *alipay, struct work *work, const struct relay_query *ask,
                           struct relay_payment *ret_payment)
{
    ENSURE(good_number(ask->order), ERROR_MALFORMED);
    json_t *answer CLEANUP(json_free_p) = NULL;
    TRY(exchange(alipay, work, "alipay.trade.query", json_pack("{s:s}", "out_trade_no", ask->order), &answer));
    return alipay_answer_trade(work, answer, ask->order, ret_payment);
}

struct result alipay_close(struct alipay *alipay, struct work *work, const struct relay_query *ask,
                           struct relay_payment *ret_payment)
{
    ENSURE(good_number(ask->order), ERROR_MALFORMED);
    json_t *answer CLEANUP(json_free_p) = NULL;
    struct result r = exchange(alipay, work, "alipay.trade.close", json_pack("{s:s}", "out_trade_no", ask->order),
                               &answer);
    if (failed(r) && r.code != ERROR_RELAY_ORDER_CLOSED) return r;
    *ret_payment = (struct relay_payment){ .order = ask->order, .state = "closed", .currency = "CNY" };
    return OK;
}

/* The answer to the refund does not name its number, so it is asked for by it: what is believed is about this
 * refund. */
struct result alipay_refund(struct alipay *alipay, struct work *work, const struct relay_refund *ask,
                            struct relay_payment *ret_payment)
{
    bool sane = good_number(ask->order) && good_number(ask->refund) && ask->reason && ask->amount_fen > 0 &&
                ask->amount_fen <= ask->total_fen;
    const char *yuan = alipay_yuan(work->arena, ask->amount_fen);
    ENSURE(sane && yuan, ERROR_MALFORMED);
    json_t *made CLEANUP(json_free_p) = NULL, *answer CLEANUP(json_free_p) = NULL;
    TRY(exchange(alipay, work, "alipay.trade.refund",
                 json_pack("{s:s, s:s, s:s, s:s}", "out_trade_no", ask->order, "refund_amount", yuan, "out_request_no",
                           ask->refund, "refund_reason", ask->reason),
                 &made));
    TRY(exchange(alipay, work, "alipay.trade.fastpay.refund.query",
                 json_pack("{s:s, s:s}", "out_trade_no", ask->order, "out_request_no", ask->refund), &answer));
    return alipay_answer_refund(work, answer, ask, ret_payment);
}

/* ---- bills ---- */

struct result alipay_bill(struct alipay *alipay, struct work *work, const struct relay_bill_ask *ask,
                          struct relay_bill *ret_bill)
{
    ENSURE(ask->day && ask->from >= 0, ERROR_MALFORMED);
    json_t *answer CLEANUP(json_free_p) = NULL;
    TRY(exchange(alipay, work, "alipay.data.dataservice.bill.downloadurl.query",
                 json_pack("{s:s, s:s}", "bill_type", "trade", "bill_date", ask->day), &answer));
    const char *url = json_text(work, answer, "bill_download_url");
    if (!url || !http_address_allowed(url, "http", alipay->insecure_dev))
        return diag_log(work->diag, ERROR_RELAY_ANSWER, "the bill has no address that is https://");
    struct http_request request = { "GET", url, { "User-Agent: hufu-relay" }, { 0 }, alipay->ca_file, BILL_MAX };
    struct http_answer file;
    struct bill bill;
    TRY(http_send(work, &request, &file));
    if (file.status != 200) return diag_log(work->diag, ERROR_RELAY_UNREACHABLE, "bill status=%ld", file.status);
    TRY(bill_begin(&bill, ask->from, work->arena));
    TRY(alipay_bill_read(file.body, work->arena, &bill));
    return bill_end(&bill, ret_bill);
}

/* ---- callbacks ---- */

struct result alipay_callback(struct alipay *alipay, struct work *work, const struct relay_callback *ask,
                              struct relay_payment *ret_payment)
{
    struct url_form form;
    ENSURE(!failed(url_form_parse(ask->body, work->arena, &form)), ERROR_RELAY_CALLBACK_FORMAT);
    const char *signature = url_form_get(&form, "sign"), *type = url_form_get(&form, "sign_type");
    ENSURE(signature && type, ERROR_RELAY_CALLBACK_HEADERS);
    ENSURE(text_equal(type, "RSA2"), ERROR_RELAY_CALLBACK_SIGNATURE);
    struct bytes text = alipay_signed(&form, true, work->arena);
    ENSURE(text.ptr, ERROR_OUT_OF_ROOM);
    ENSURE(!failed(rsa_verify(alipay->platform, text, signature, work->arena)), ERROR_RELAY_CALLBACK_SIGNATURE);
    int64_t off = clock_now(work->clock) - alipay_time_of(url_form_get(&form, "notify_time"));
    ENSURE(off < ALIPAY_WINDOW_S && off > -ALIPAY_WINDOW_S, ERROR_RELAY_CALLBACK_STALE);
    bool ours = text_equal(url_form_get(&form, "app_id"), alipay->app) &&
                text_equal(url_form_get(&form, "seller_id"), alipay->seller);
    ENSURE(ours, ERROR_RELAY_CALLBACK_MERCHANT);
    return alipay_told(&form, ret_payment);
}
