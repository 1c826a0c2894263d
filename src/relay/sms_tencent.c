/* Tencent Cloud SMS, SendSms 2021-01-11, with signature v3 (TC3-HMAC-SHA256): canonical request, string to sign, a
 * key made in three steps. */
#include <jansson.h>
#include <stdlib.h>

#include "base/secret.h"
#include "relay/hmac.h"
#include "relay/sms_gateway.h"

#define SIGNED "content-type;host;x-tc-action"

static struct result write_body(struct work *work, const struct sms_order *order, struct bytes *ret_body)
{
    json_t *set = json_array();
    const char *values = order->values;
    for (const char *name, *value; sms_next_value(work->arena, &values, &name, &value);)
        json_array_append_new(set, json_string(value));
    json_t *object = json_pack("{s:[s], s:s, s:s, s:s, s:o, s:s}", "PhoneNumberSet",
                               arena_format(work->arena, "+86%s", order->mobile), "SmsSdkAppId", order->app, "SignName",
                               order->signature_name, "TemplateId", order->code, "TemplateParamSet", set,
                               "SessionContext", order->id);
    char *text = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(object);
    *ret_body = text ? arena_bytes(work->arena, bytes_text(text)) : (struct bytes){ 0 };
    free(text);
    ENSURE(ret_body->ptr, ERROR_OUT_OF_ROOM);
    return OK;
}

/* kDate, kService, kSigning; then what is signed. */
static const char *sign(struct arena *arena, struct bytes secret, const char *date, const char *text)
{
    uint8_t first[4 + SMS_SECRET_MAX], day[HMAC_SIZE], service[HMAC_SIZE], signing[HMAC_SIZE];
    struct writer w = writer_of(first, sizeof first);
    write_text(&w, "TC3");
    write_bytes(&w, secret);
    hmac_sha256(bytes_of(first, w.len), bytes_text(date), day);
    hmac_sha256(BYTES(day), bytes_text("sms"), service);
    hmac_sha256(BYTES(service), bytes_text("tc3_request"), signing);
    const char *signature = hmac_sha256_hex(arena, BYTES(signing), bytes_text(text));
    secret_wipe(first, sizeof first);
    secret_wipe(day, sizeof day);
    secret_wipe(service, sizeof service);
    secret_wipe(signing, sizeof signing);
    return signature;
}

struct result sms_tencent_request(struct work *work, const struct sms_order *order, struct sms_request *ret_request)
{
    struct arena *a = work->arena;
    int64_t now_s = clock_now(work->clock);
    struct civil c = civil_utc(now_s);
    struct bytes body;
    TRY(write_body(work, order, &body));
    const char *date = arena_format(a, "%04d-%02d-%02d", c.year, c.month, c.day), *hash = hmac_hash_hex(a, body);
    ENSURE(date && hash, ERROR_OUT_OF_ROOM);
    const char *canonical = arena_format(a,
                                         "POST\n%s\n\ncontent-type:application/json; charset=utf-8\nhost:%s\n"
                                         "x-tc-action:sendsms\n\n" SIGNED "\n%s",
                                         order->path, order->host, hash);
    const char *text = canonical ? arena_format(a, "TC3-HMAC-SHA256\n%lld\n%s/sms/tc3_request\n%s", (long long)now_s,
                                                date, hmac_hash_hex(a, bytes_text(canonical)))
                                 : NULL;
    const char *signature = text ? sign(a, order->secret, date, text) : NULL;
    ENSURE(signature, ERROR_OUT_OF_ROOM);
    *ret_request = (struct sms_request){
        { arena_format(a,
                       "Authorization: TC3-HMAC-SHA256 Credential=%s/%s/sms/tc3_request, SignedHeaders=" SIGNED
                       ", Signature=%s",
                       order->key_id, date, signature),
          "Content-Type: application/json; charset=utf-8", "X-TC-Action: SendSms", "X-TC-Version: 2021-01-11",
          arena_format(a, "X-TC-Timestamp: %lld", (long long)now_s),
          arena_format(a, "X-TC-Region: %s", order->region) },
        body
    };
    for (size_t i = 0; i < 6; i++) ENSURE(ret_request->headers[i], ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result read_status(struct work *work, const json_t *response, struct relay_sent *ret_sent)
{
    static const struct sms_refusal rules[] = {
        { "LimitExceeded", ERROR_RELAY_RATE },
        { "RequestLimitExceeded", ERROR_RELAY_RATE },
        { "FailedOperation.PhoneNumber", ERROR_RELAY_RECIPIENT },
        { "InvalidParameterValue.IncorrectPhoneNumber", ERROR_RELAY_RECIPIENT },
        { "InternalError", ERROR_RELAY_ANSWER },
        { "ResourceUnavailable", ERROR_RELAY_RATE },
    };
    const json_t *status = json_array_get(json_object_get(response, "SendStatusSet"), 0);
    const char *whole = json_string_value(json_object_get(json_object_get(response, "Error"), "Code"));
    const char *code = whole ? whole : json_string_value(json_object_get(status, "Code"));
    const char *receipt = json_string_value(json_object_get(status, "SerialNo"));
    if (!code) return FAIL(ERROR_RELAY_ANSWER);
    if (!text_equal(code, "Ok")) return sms_refused(work, rules, COUNT(rules), code);
    ENSURE(receipt && receipt[0] && strlen(receipt) <= 200 && text_plain(bytes_text(receipt)), ERROR_RELAY_ANSWER);
    ret_sent->receipt = arena_text(work->arena, bytes_text(receipt));
    ENSURE(ret_sent->receipt, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result sms_tencent_answer(struct work *work, struct bytes text, struct relay_sent *ret_sent)
{
    json_t *json = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    struct result r = read_status(work, json_object_get(json, "Response"), ret_sent);
    json_decref(json);
    return r;
}
