/* Aliyun 短信服务, SendSms 2017-05-25, with signature V3 (ACS3-HMAC-SHA256): canonical request, its hash, one HMAC. */
#include <jansson.h>
#include <stdlib.h>

#include "base/random.h"
#include "relay/hmac.h"
#include "relay/sms_gateway.h"

#define SIGNED "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"

/* RFC 3986: what is not unreserved is written as %XX. */
static void write_encoded(struct writer *w, const char *text)
{
    static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~";
    for (; *text; text++) {
        if (strchr(plain, *text)) write_u8(w, (uint8_t)*text);
        else write_format(w, "%%%02X", (uint8_t)*text);
    }
}

static const char *param_json(struct work *work, const char *values)
{
    json_t *object = json_object();
    for (const char *name, *value; sms_next_value(work->arena, &values, &name, &value);)
        json_object_set_new(object, name, json_string(value));
    char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(object);
    const char *copy = text ? arena_text(work->arena, bytes_text(text)) : NULL;
    free(text);
    return copy;
}

static struct result write_body(struct work *work, const struct sms_order *order, struct bytes *ret_body)
{
    enum { ROOM = 16 * 1024 };
    const char *param = param_json(work, order->values);
    char *room = arena_take(work->arena, ROOM);
    ENSURE(param && room, ERROR_OUT_OF_ROOM);
    const char *const fields[][2] = { { "PhoneNumbers", order->mobile },
                                      { "SignName", order->signature_name },
                                      { "TemplateCode", order->code },
                                      { "TemplateParam", param },
                                      { "OutId", order->id } };
    struct writer w = writer_of(room, ROOM);
    for (size_t i = 0; i < COUNT(fields); i++) {
        write_format(&w, "%s%s=", i ? "&" : "", fields[i][0]);
        write_encoded(&w, fields[i][1]);
    }
    return writer_end(&w, ret_body);
}

struct result sms_aliyun_request(struct work *work, const struct sms_order *order, struct sms_request *ret_request)
{
    struct arena *a = work->arena;
    uint8_t random[16];
    char date[CIVIL_TEXT_MAX];
    struct bytes body;
    random_fill(random, sizeof random);
    civil_iso(clock_now(work->clock), date);
    TRY(write_body(work, order, &body));
    const char *nonce = text_hex(a, BYTES(random)), *hash = hmac_hash_hex(a, body);
    ENSURE(nonce && hash, ERROR_OUT_OF_ROOM);
    const char *canonical =
        arena_format(a,
                     "POST\n%s\n\nhost:%s\nx-acs-action:SendSms\nx-acs-content-sha256:%s\nx-acs-date:%s\n"
                     "x-acs-signature-nonce:%s\nx-acs-version:2017-05-25\n\n" SIGNED "\n%s",
                     order->path, order->host, hash, date, nonce, hash);
    const char *text = canonical ? arena_format(a, "ACS3-HMAC-SHA256\n%s", hmac_hash_hex(a, bytes_text(canonical)))
                                 : NULL;
    const char *signature = text ? hmac_sha256_hex(a, order->secret, bytes_text(text)) : NULL;
    ENSURE(signature, ERROR_OUT_OF_ROOM);
    *ret_request = (struct sms_request){
        { arena_format(a, "Authorization: ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=" SIGNED ",Signature=%s",
                       order->key_id, signature),
          "x-acs-action: SendSms", "x-acs-version: 2017-05-25", arena_format(a, "x-acs-date: %s", date),
          arena_format(a, "x-acs-signature-nonce: %s", nonce), arena_format(a, "x-acs-content-sha256: %s", hash),
          "Content-Type: application/x-www-form-urlencoded" },
        body
    };
    for (size_t i = 0; i < 7; i++) ENSURE(ret_request->headers[i], ERROR_OUT_OF_ROOM);
    return OK;
}

struct result sms_aliyun_answer(struct work *work, struct bytes text, struct relay_sent *ret_sent)
{
    static const struct sms_refusal rules[] = {
        { "isv.BUSINESS_LIMIT_CONTROL", ERROR_RELAY_RATE }, { "isv.DAY_LIMIT_CONTROL", ERROR_RELAY_RATE },
        { "isv.MONTH_LIMIT_CONTROL", ERROR_RELAY_RATE },    { "Throttling", ERROR_RELAY_RATE },
        { "isv.MOBILE_", ERROR_RELAY_RECIPIENT },           { "isv.BLACK_KEY", ERROR_RELAY_RECIPIENT },
        { "isp.", ERROR_RELAY_ANSWER },                     { "InternalError", ERROR_RELAY_ANSWER },
        { "ServiceUnavailable", ERROR_RELAY_RATE },
    };
    json_t *json = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    const char *code = json_string_value(json_object_get(json, "Code"));
    const char *receipt = json_string_value(json_object_get(json, "BizId"));
    struct result r = FAIL(ERROR_RELAY_ANSWER);
    if (code && !text_equal(code, "OK")) {
        r = sms_refused(work, rules, COUNT(rules), code);
    } else if (code && receipt && receipt[0] && strlen(receipt) <= 200 && text_plain(bytes_text(receipt))) {
        ret_sent->receipt = arena_text(work->arena, bytes_text(receipt));
        r = ret_sent->receipt ? OK : FAIL(ERROR_OUT_OF_ROOM);
    }
    json_decref(json);
    return r;
}
