#include <stdlib.h>

#include "base/random.h"
#include "paysim/sim.h"
#include "relay/http.h"

enum { CALLBACK_MS = 10 * 1000 };

/* The transaction or refund that is told, changed where it shall be wrong, sealed as the platform seals it. */
static struct result resource(const struct sim *sim, struct arena *arena, const json_t *order,
                              const struct notify *notify, json_t **ret_resource)
{
    json_t *t = notify->refund ? sim_refund(sim, order, notify->refund) : sim_transaction(sim, order);
    json_t *amount = json_object_get(t, "amount");
    const char *which = notify->refund ? "refund" : "total", *about = notify->refund ? "refund" : "transaction";
    int64_t told = json_integer_value(json_object_get(amount, which)) + notify->total_change;
    json_object_set_new(amount, which, json_integer(told));
    if (notify->currency) json_object_set_new(amount, "currency", json_string(notify->currency));
    if (notify->merchant) json_object_set_new(t, "mchid", json_string(notify->merchant));
    char *text = json_dumps(t, JSON_COMPACT);
    json_decref(t);
    ENSURE(text, ERROR_INTERNAL);
    uint8_t random[WECHAT_GCM_NONCE_SIZE / 2];
    random_fill(random, sizeof random);
    const char *nonce = text_hex(arena, BYTES(random)), *text64;
    struct bytes sealed;
    struct result r = wechat_seal(sim->keys->api_key, bytes_text(nonce), bytes_text(about), bytes_text(text),
                                  arena, &sealed);
    free(text);
    TRY(r);
    text64 = text_base64(arena, sealed);
    ENSURE(text64, ERROR_OUT_OF_ROOM);
    *ret_resource = json_pack("{s:s, s:s, s:s, s:s, s:s}", "original_type", about, "algorithm",
                              "AEAD_AES_256_GCM", "ciphertext", text64, "associated_data", about, "nonce",
                              nonce);
    return OK;
}

static struct result body_of(const struct sim *sim, struct arena *arena, const json_t *order,
                             const struct notify *notify, const char **ret_body)
{
    json_t *inner;
    struct id id = random_id();
    char id_words[ID_TEXT_LEN + 1];
    id_text(&id, id_words);
    TRY(resource(sim, arena, order, notify, &inner));
    json_t *whole = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "id", id_words, "create_time",
                              sim_time(arena, sim_now()), "resource_type", "encrypt-resource", "event_type",
                              notify->event ? notify->event : notify->refund ? "REFUND.SUCCESS" : "TRANSACTION.SUCCESS",
                              "summary", notify->refund ? "退款成功" : "支付成功", "resource",
                              inner);
    char *text = json_dumps(whole, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(whole);
    ENSURE(text, ERROR_INTERNAL);
    *ret_body = arena_text(arena, bytes_text(text));
    free(text);
    ENSURE(*ret_body, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result send_to(const char *url, struct arena *arena, const char *body, const char *const headers[5],
                             struct http_answer *ret_answer)
{
    static const struct clock clock = { clock_system, 0 };
    struct work work = { curl_easy_init(), arena, NULL, &clock, CALLBACK_MS };
    if (!work.curl) abort();
    struct http_request request = { "POST", url, { "User-Agent: hufu-paysim" }, bytes_text(body), NULL };
    memcpy(request.headers + 1, headers, 5 * sizeof headers[0]);
    struct result r = http_send(&work, &request, ret_answer);
    curl_easy_cleanup(work.curl);
    return r;
}

/* Alipay takes nothing but the word for an answer. */
static struct result send_alipay(const struct sim *sim, struct arena *arena, const json_t *order, const char *url,
                                 const struct notify *notify, long *ret_status)
{
    static const char *const headers[5] = { "Content-Type: application/x-www-form-urlencoded; charset=utf-8" };
    const char *form;
    struct http_answer answer;
    TRY(alipay_notice(sim, arena, order, notify, &form));
    TRY(send_to(url, arena, form, headers, &answer));
    bool taken = answer.status == 200 && bytes_equal(answer.body, bytes_text("success"));
    *ret_status = taken || answer.status != 200 ? answer.status : 0;
    return OK;
}

struct result notify_send(const struct sim *sim, struct arena *arena, const json_t *order,
                          const struct notify *notify, long *ret_status)
{
    const char *body, *signature, *url = json_string_value(json_object_get(order, "notify_url"));
    uint8_t random[16];
    random_fill(random, sizeof random);
    ENSURE(url, ERROR_MALFORMED);
    if (text_equal(sim_gateway(order), "alipay")) return send_alipay(sim, arena, order, url, notify, ret_status);
    TRY(body_of(sim, arena, order, notify, &body));
    const char *nonce = text_hex(arena, BYTES(random));
    const char *timestamp = arena_format(arena, "%lld", (long long)(sim_now() - notify->age_s));
    ENSURE(nonce && timestamp, ERROR_OUT_OF_ROOM);
    /* A forger has no key of the platform: he signs something else, or copies. */
    struct bytes parts[] = { bytes_text(timestamp), bytes_text(nonce),
                             bytes_text(notify->wrong_signature ? "{}" : body) };
    TRY(rsa_sign(sim->keys->platform_private, wechat_lines(arena, parts, COUNT(parts)), arena, &signature));
    const char *headers[5] = {
        arena_format(arena, "Wechatpay-Timestamp: %s", timestamp),
        arena_format(arena, "Wechatpay-Nonce: %s", nonce),
        arena_format(arena, "Wechatpay-Signature: %s%s", notify->probe ? "WECHATPAY/SIGNTEST/" : "", signature),
        arena_format(arena, "Wechatpay-Serial: %s", sim->keys->platform_serial), "Content-Type: application/json"
    };
    for (size_t i = 0; i < COUNT(headers); i++) ENSURE(headers[i], ERROR_OUT_OF_ROOM);
    struct http_answer answer;
    TRY(send_to(url, arena, body, headers, &answer));
    *ret_status = answer.status;
    return OK;
}
