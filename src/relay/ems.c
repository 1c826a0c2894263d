#include "relay/ems.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "crypto/sm4.h"
#include "relay/http.h"
#include "relay/json.h"
#include "relay/url_form.h"

enum { LASTING = 8 * 1024, WORDS_MAX = 180, EVENT_WORDS_MAX = 300, PART_MAX = 64 };

static const char mark[] = "|$4|", done[] = "00000";

struct ems {
    struct arena *arena;
    struct ems_options o; /* texts of ARENA, but for the key */
    char key[EMS_KEY_TEXT_MAX + 1];
};

/* ---- life ---- */

bool ems_key_is_good(const char *key)
{
    uint8_t room[256];
    struct arena *arena CLEANUP(arena_free_p) = arena_new(sizeof room);
    struct bytes decoded;
    bool good = key && strlen(key) <= EMS_KEY_TEXT_MAX && !failed(text_from_base64(arena, key, &decoded)) &&
                decoded.len == EMS_KEY_SIZE;
    if (good) secret_wipe((void *)(uintptr_t)decoded.ptr, decoded.len);
    return good;
}

struct result ems_new(const struct ems_options *options, struct diag *diag, struct ems **ret_ems)
{
    struct ems *e = calloc(1, sizeof *e);
    if (!e) abort();
    e->arena = arena_new(LASTING);
    const struct {
        const char *name, *value, **into;
    } texts[] = { { "ems_url", options->url, &e->o.url },
                  { "ems_sender_no", options->sender_no, &e->o.sender_no },
                  { "ems_authorization_file", options->authorization, &e->o.authorization },
                  { "ems_product", options->product, &e->o.product },
                  { "ems_sender", options->sender, &e->o.sender },
                  { "ems_sender_mobile", options->sender_mobile, &e->o.sender_mobile },
                  { "ems_sender_province", options->sender_province, &e->o.sender_province },
                  { "ems_sender_city", options->sender_city, &e->o.sender_city },
                  { "ems_sender_county", options->sender_county, &e->o.sender_county },
                  { "ems_sender_address", options->sender_address, &e->o.sender_address } };
    struct result r = OK;
    for (size_t i = 0; i < COUNT(texts) && !failed(r); i++) {
        *texts[i].into = texts[i].value ? arena_text(e->arena, bytes_text(texts[i].value)) : NULL;
        if (!*texts[i].into) r = diag_log(diag, ERROR_RELAY_CONFIG, "%s: is missing", texts[i].name);
    }
    if (!failed(r) && !ems_key_is_good(options->key))
        r = diag_log(diag, ERROR_RELAY_CONFIG, "ems_key_file: does not hold 16 bytes in base64");
    if (failed(r)) {
        ems_free(e);
        return r;
    }
    if (options->ca_file) e->o.ca_file = arena_text(e->arena, bytes_text(options->ca_file));
    memcpy(e->key, options->key, strlen(options->key));
    *ret_ems = e;
    return OK;
}

void ems_free(struct ems *ems)
{
    if (!ems) return;
    secret_wipe(ems->key, sizeof ems->key);
    arena_free(ems->arena);
    free(ems);
}

/* ---- the envelope ---- */

static bool key_of(struct arena *arena, const char *key, struct sm4 *ret_sm4)
{
    struct bytes decoded;
    if (failed(text_from_base64(arena, key, &decoded)) || decoded.len != EMS_KEY_SIZE) return false;
    sm4_init(ret_sm4, decoded.ptr);
    secret_wipe((void *)(uintptr_t)decoded.ptr, decoded.len);
    return true;
}

const char *ems_seal(struct arena *arena, const char *key, struct bytes json)
{
    size_t tail = strlen(key), len = json.len + tail, whole = len / SM4_BLOCK * SM4_BLOCK + SM4_BLOCK;
    uint8_t *text = arena_take(arena, whole);
    struct sm4 sm4;
    if (!text || !key_of(arena, key, &sm4)) return NULL;
    memcpy(text, json.ptr, json.len);
    memcpy(text + json.len, key, tail);
    memset(text + len, (int)(whole - len), whole - len);
    sm4_ecb_encrypt(&sm4, text, whole, text);
    sm4_wipe(&sm4);
    const char *base64 = text_base64(arena, bytes_of(text, whole));
    return base64 ? arena_format(arena, "%s%s", mark, base64) : NULL;
}

struct result ems_open(struct arena *arena, const char *key, const char *sealed, struct bytes *ret_json)
{
    struct bytes cipher;
    struct sm4 sm4;
    size_t tail = strlen(key);
    ENSURE(text_starts(sealed, mark), ERROR_RELAY_ANSWER_SIGNATURE);
    ENSURE(!failed(text_from_base64(arena, sealed + strlen(mark), &cipher)), ERROR_RELAY_ANSWER_SIGNATURE);
    ENSURE(cipher.len > 0 && cipher.len % SM4_BLOCK == 0 && key_of(arena, key, &sm4),
           ERROR_RELAY_ANSWER_SIGNATURE);
    uint8_t *text = arena_take(arena, cipher.len);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    sm4_ecb_decrypt(&sm4, cipher.ptr, cipher.len, text);
    sm4_wipe(&sm4);
    size_t padding = text[cipher.len - 1], len = cipher.len - padding;
    ENSURE(padding > 0 && padding <= SM4_BLOCK && len > tail, ERROR_RELAY_ANSWER_SIGNATURE);
    for (size_t i = len; i < cipher.len; i++) ENSURE(text[i] == padding, ERROR_RELAY_ANSWER_SIGNATURE);
    ENSURE(secret_equal(text + len - tail, key, tail), ERROR_RELAY_ANSWER_SIGNATURE);
    *ret_json = bytes_of(text, len - tail);
    return OK;
}

/* ---- request and answer ---- */

static const char *now_text(struct work *work)
{
    struct civil c = civil_shanghai(clock_now(work->clock));
    return arena_format(work->arena, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour,
                        c.minute, c.second);
}

static struct result write_form(struct ems *ems, struct work *work, const char *api, json_t *json,
                                struct bytes *ret_body)
{
    struct url_form form = { .count = 0 };
    struct bytes text;
    TRY(json_write(work->arena, json, &text));
    const char *sealed = ems_seal(work->arena, ems->key, text), *now = now_text(work);
    ENSURE(sealed && now, ERROR_OUT_OF_ROOM);
    const struct {
        const char *name, *value;
    } fields[] = { { "senderNo", ems->o.sender_no },
                   { "apiCode", api },
                   { "authorization", ems->o.authorization },
                   { "msgType", "0" },
                   { "timeStamp", now },
                   { "logitcsInterface", sealed } };
    for (size_t i = 0; i < COUNT(fields); i++) TRY(url_form_add(&form, fields[i].name, fields[i].value));
    const char *encoded = url_form_encode(&form, work->arena);
    ENSURE(encoded, ERROR_OUT_OF_ROOM);
    *ret_body = bytes_text(encoded);
    return OK;
}

/* Its words, cut to what is shown. */
static struct result refused(struct work *work, const json_t *answer)
{
    const char *words = json_text(work, answer, "retMsg"), *code = json_text(work, answer, "retCode");
    if (!words || strlen(words) > WORDS_MAX) words = code && strlen(code) <= PART_MAX ? code : "没有说明原因";
    return diag_detail(work->diag, ERROR_RELAY_REFUSED, "EMS：%s", words);
}

/* retBody: an object or an array, as text, sealed, or as it stands. The caller frees it. */
static struct result body_of(struct ems *ems, struct work *work, const json_t *answer, json_t **ret_body)
{
    json_t *body = json_object_get(answer, "retBody");
    struct bytes text;
    if (json_is_string(body)) {
        const char *told = json_string_value(body);
        text = bytes_text(told);
        if (text_starts(told, mark)) TRY(ems_open(work->arena, ems->key, told, &text));
        *ret_body = json_parse(text);
    } else {
        *ret_body = json_incref(body);
    }
    ENSURE(json_is_object(*ret_body) || json_is_array(*ret_body), ERROR_RELAY_ANSWER);
    return OK;
}

/* Takes over JSON. */
static struct result exchange(struct ems *ems, struct work *work, const char *api, json_t *json,
                              json_t **ret_body)
{
    struct http_request request = { "POST",
                                    ems->o.url,
                                    { "User-Agent: hufu-relay",
                                      "Content-Type: application/x-www-form-urlencoded; charset=UTF-8" },
                                    { 0 },
                                    ems->o.ca_file,
                                    0 };
    struct http_answer answer;
    TRY(write_form(ems, work, api, json, &request.body));
    TRY(http_send(work, &request, &answer));
    if (answer.status == 429 || answer.status == 503)
        return diag_log(work->diag, ERROR_RELAY_RATE, "EMS says %ld", answer.status);
    if (answer.status < 200 || answer.status > 299)
        return diag_log(work->diag, ERROR_RELAY_ANSWER, "EMS says %ld", answer.status);
    json_t *told CLEANUP(json_free_p) = json_parse(answer.body);
    const char *code = told ? json_text(work, told, "retCode") : NULL;
    ENSURE(code, ERROR_RELAY_ANSWER);
    if (!text_equal(code, done)) return refused(work, told);
    return body_of(ems, work, told, ret_body);
}

/* ---- what is asked ---- */

/* Behind the first of ENDS that has something in front of it, PART_MAX at most; NULL when there is none. */
static const char *after_first(const char *text, const char *const *ends, size_t count)
{
    const char *first = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *end = strstr(text, ends[i]);
        if (!end || end == text || end - text > PART_MAX) continue;
        end += strlen(ends[i]);
        if (!first || end < first) first = end;
    }
    return first;
}

bool ems_place_of(struct arena *arena, const char *province, const char *address, struct ems_place *ret_place)
{
    static const char *const alone[] = { "北京市", "天津市", "上海市", "重庆市" };
    static const char *const cities[] = { "市", "自治州", "地区", "盟" }, *const counties[] = { "区", "县",
                                                                                                "市", "旗" };
    struct ems_place p = { 0 };
    if (text_starts(address, province)) address += strlen(province);
    for (size_t i = 0; i < COUNT(alone); i++)
        if (text_equal(province, alone[i])) p.city = province;
    const char *city = p.city ? NULL : after_first(address, cities, COUNT(cities));
    if (city) {
        p.city = arena_text(arena, bytes_of(address, (size_t)(city - address)));
        address = city;
    }
    const char *county = after_first(address, counties, COUNT(counties));
    if (!p.city || !county || !*county) return false;
    p.county = arena_text(arena, bytes_of(address, (size_t)(county - address)));
    p.rest = county;
    *ret_place = p;
    return p.county != NULL;
}

static json_t *person(const char *name, const char *mobile, const char *province,
                      const struct ems_place *place, const char *postcode)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s*}", "name", name, "mobile", mobile, "prov", province,
                     "city", place->city, "county", place->county, "address", place->rest, "postCode",
                     postcode);
}

/* A waybill as the platform gives it: letters and digits. */
static const char *waybill_of(struct work *work, const json_t *item)
{
    static const char good[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *text = json_text(work, item, "waybillNo");
    size_t len = text ? strlen(text) : 0;
    return len >= 8 && len <= 20 && strspn(text, good) == len ? text : NULL;
}

/* The one that was asked for, and no other. */
static struct result taken_of(struct work *work, const json_t *body, const char *order,
                              struct relay_parcel_taken *ret)
{
    const json_t *item = json_is_array(body) ? json_array_get(body, 0) : body;
    const char *about = json_text(work, item, "logisticsOrderNo");
    if (about && !text_equal(about, order))
        return diag_log(work->diag, ERROR_RELAY_ANSWER, "the answer is about another order");
    ret->waybill = waybill_of(work, item);
    return OK;
}

struct result ems_order(struct ems *ems, struct work *work, const struct relay_parcel *ask,
                        struct relay_parcel_taken *ret_taken)
{
    const struct ems_options *o = &ems->o;
    const struct ems_place from = { o->sender_city, o->sender_county, o->sender_address };
    struct relay_parcel_taken taken = { 0 };
    struct ems_place to;
    json_t *body CLEANUP(json_free_p) = NULL;
    if (!ems_place_of(work->arena, ask->province, ask->address, &to))
        return diag_detail(work->diag, ERROR_PARCEL_ADDRESS,
                           "收件地址不是“某市某区（县）……”的样子，没有下单");
    const char *now = now_text(work);
    ENSURE(now, ERROR_OUT_OF_ROOM);
    json_t *json = json_pack("[{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:[{s:s, s:i}]}]", "ecommerceUserId",
                             ask->order, "logisticsOrderNo", ask->order, "createdTime", now,
                             "contentsAttribute", "3", "bizProductNo", o->product, "sender",
                             person(o->sender, o->sender_mobile, o->sender_province, &from, NULL), "receiver",
                             person(ask->recipient, ask->mobile, ask->province, &to, ask->postcode), "cargos",
                             "cargoName", "USBKey", "cargoQuantity", 1);
    TRY(exchange(ems, work, "020003", json, &body));
    TRY(taken_of(work, body, ask->order, &taken));
    ENSURE(taken.waybill, ERROR_RELAY_ANSWER);
    *ret_taken = taken;
    return OK;
}

/* ---- where it is ---- */

const char *ems_event_state(const char *code, const char *name)
{
    static const struct {
        const char *code, *part, *state;
    } known[] = { { NULL, "退回", "returned" },  { NULL, "退件", "returned" },
                  { "704", NULL, "delivered" },  { NULL, "未妥投", "delivering" },
                  { NULL, "妥投", "delivered" }, { "702", NULL, "delivering" },
                  { "705", NULL, "delivering" }, { NULL, "下段", "delivering" },
                  { NULL, "收寄", "collected" }, { NULL, "揽收", "collected" } };
    for (size_t i = 0; i < COUNT(known); i++)
        if ((known[i].code && text_equal(known[i].code, code)) ||
            (known[i].part && strstr(name, known[i].part)))
            return known[i].state;
    return "moving";
}

/* "2026-11-30 12:32:28", Shanghai. */
static bool time_of(const char *text, int64_t *ret_time_s)
{
    struct civil c = { 0 };
    char end;
    if (!text || sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d%c", &c.year, &c.month, &c.day, &c.hour, &c.minute,
                        &c.second, &end) != 6)
        return false;
    return !failed(civil_from_shanghai(&c, ret_time_s));
}

static struct result read_event(struct work *work, const json_t *item, struct relay_parcel_event *ret_event)
{
    const char *code = json_text(work, item, "opCode"), *name = json_text(work, item, "opName");
    const char *words = json_text(work, item, "opDesc"), *place = json_text(work, item, "opOrgName");
    struct relay_parcel_event e = { 0 };
    if (!name || !*name || strlen(name) > WORDS_MAX || !time_of(json_text(work, item, "opTime"), &e.at_s))
        return FAIL(ERROR_RELAY_ANSWER);
    e.state = ems_event_state(code ? code : "", name);
    e.words = words && *words && strlen(words) <= EVENT_WORDS_MAX ? words : name;
    e.place = place && *place && strlen(place) <= WORDS_MAX ? place : NULL;
    *ret_event = e;
    return OK;
}

struct result ems_track(struct ems *ems, struct work *work, const struct relay_parcel_ask *ask,
                        struct relay_parcel_way *ret_way)
{
    struct relay_parcel_way way = { 0 };
    json_t *body CLEANUP(json_free_p) = NULL;
    size_t room = RELAY_EVENTS_MAX;
    json_t *json = json_pack("{s:s, s:s}", "waybillNo", ask->waybill, "direction", "0");
    TRY(exchange(ems, work, "040001", json, &body));
    ENSURE(json_is_array(body), ERROR_RELAY_ANSWER);
    struct writer w = writer_of(arena_take(work->arena, room), room);
    ENSURE(w.ptr, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < json_array_size(body) && way.count < EMS_EVENTS_MAX; i++) {
        const json_t *item = json_array_get(body, i);
        const char *about = json_text(work, item, "traceNo");
        struct relay_parcel_event event;
        if (about && !text_equal(about, ask->waybill))
            return diag_log(work->diag, ERROR_RELAY_ANSWER, "the answer is about another waybill");
        TRY(read_event(work, item, &event));
        shape_write(&relay_parcel_event_shape, &event, &w);
        if (w.full) break;
        way.count++;
        way.events = bytes_of(w.ptr, w.len);
    }
    *ret_way = way;
    return OK;
}
