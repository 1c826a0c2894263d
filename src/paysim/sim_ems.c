#include "paysim/sim_ems.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "relay/ems.h"
#include "relay/json.h"

enum { WINDOW_S = 600, SLOW_S = 20 };

/* How it behaves, set by POST /sim/ems?mode=… */
enum mode { NORMAL, WRONG_SIGNATURE, SLOW, DOWN, GARBAGE, REFUSES, UNKNOWN, OTHER, REVERSED, LOST, MODES };
static const char *const modes[MODES] = { "normal",  "wrong-signature", "slow",  "down",     "garbage",
                                          "refuses", "unknown",         "other", "reversed", "lost" };

static const struct {
    const char *name, *code, *words, *told;
} events[] = {
    { "collected", "203", "收寄计费信息", "您的快件已由【演示揽投部】收寄" },
    { "moving", "389", "处理中心封车", "快件离开【演示处理中心】，发往下一站" },
    { "delivering", "702", "投递邮件接收-下段", "快件正在派送中，请保持电话畅通" },
    { "failed", "705", "投递结果反馈-未妥投", "收件人电话无法接通，将再次投递" },
    { "delivered", "704", "投递结果反馈-妥投", "您的快件已签收" },
    { "returned", "708", "投递结果反馈-退回", "快件已退回寄件人" },
};

static void say(const struct sim_request *q, struct sim_answer *a, int status, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(object);
    a->status = status;
    a->type = "application/json; charset=utf-8";
    a->body = text ? arena_text(q->arena, bytes_text(text)) : NULL;
    free(text);
}

static void refuse(const struct sim_request *q, struct sim_answer *a, const char *code, const char *words)
{
    say(q, a, 200, json_pack("{s:s, s:s, s:b}", "retCode", code, "retMsg", words, "success", 0));
}

/* Takes over BODY. Sealed, as nobody else could make it. */
static void give(struct sim *sim, const struct sim_request *q, struct sim_answer *a, json_t *body)
{
    static const char other[] = "AAAAAAAAAAAAAAAAAAAAAA==";
    bool wrong = atomic_load(&sim->ems_mode) == WRONG_SIGNATURE;
    struct bytes text = { 0 };
    const char *sealed = failed(json_write(q->arena, body, &text))
                             ? NULL
                             : ems_seal(q->arena, wrong ? other : sim->keys->ems_key, text);
    say(q, a, 200,
        json_pack("{s:s, s:s, s:b, s:s}", "retCode", "00000", "retMsg", "成功", "success", 1, "retBody",
                  sealed ? sealed : ""));
}

/* ---- who asks ---- */

static bool in_time(const char *text)
{
    struct civil c = { 0 };
    int64_t at_s;
    if (!text || sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d", &c.year, &c.month, &c.day, &c.hour, &c.minute,
                        &c.second) != 6)
        return false;
    return !failed(civil_from_shanghai(&c, &at_s)) && llabs(sim_now() - at_s) < WINDOW_S;
}

/* NULL: it is not ours, with the answer said. The caller frees it. */
static json_t *read_asked(struct sim *sim, const struct sim_request *q, struct sim_answer *a,
                          const char **ret_api)
{
    struct url_form form;
    struct bytes text;
    if (failed(url_form_parse(q->body, q->arena, &form)))
        return refuse(q, a, "B0001", "报文格式错误"), NULL;
    const char *sender = url_form_get(&form, "senderNo"),
               *authorization = url_form_get(&form, "authorization");
    const char *sealed = url_form_get(&form, "logitcsInterface");
    *ret_api = url_form_get(&form, "apiCode");
    if (!text_equal(sender, EMS_SENDER) || !text_equal(authorization, sim->keys->ems_authorization))
        return refuse(q, a, "B0002", "授权码不正确"), NULL;
    if (!in_time(url_form_get(&form, "timeStamp"))) return refuse(q, a, "B0003", "时间戳超出范围"), NULL;
    json_t *json =
        sealed && !failed(ems_open(q->arena, sim->keys->ems_key, sealed, &text)) ? json_parse(text) : NULL;
    if (!json) refuse(q, a, "B0004", "解密失败");
    return json;
}

/* ---- parcels ---- */

struct taking {
    const struct sim_request *q;
    const char *order;
    const json_t *asked;
    json_t *told; /* a copy */
};

static bool take(json_t *parcel, void *closure)
{
    struct taking *t = closure;
    bool fresh = json_object_size(parcel) == 0;
    if (fresh) {
        unsigned hash = 5381;
        for (const char *p = t->order; *p; p++) hash = hash * 33 + (unsigned char)*p;
        json_object_set_new(parcel, "out_trade_no", json_string(t->order)); /* by which it is kept */
        json_object_set_new(parcel, "waybillNo", json_string(arena_format(t->q->arena, "98%011u", hash)));
        json_object_set_new(parcel, "asked", json_deep_copy(t->asked));
        json_object_set_new(parcel, "state", json_string("ordered"));
        json_object_set_new(parcel, "events", json_array());
    }
    t->told = json_deep_copy(parcel);
    return fresh;
}

static void order(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const json_t *item)
{
    struct taking t = { q, json_string_value(json_object_get(item, "logisticsOrderNo")), item, NULL };
    const json_t *to = json_object_get(item, "receiver");
    if (!t.order || !json_is_object(to) || !json_is_object(json_object_get(item, "sender")))
        return refuse(q, a, "B0010", "缺少收件人或寄件人信息");
    if (failed(orders_update(sim->parcels, t.order, take, &t))) return refuse(q, a, "B0500", "系统繁忙");
    bool other = atomic_load(&sim->ems_mode) == OTHER;
    if (atomic_load(&sim->ems_mode) == LOST) { /* taken, and the answer does not come */
        json_decref(t.told);
        return say(q, a, 503, json_pack("{s:s}", "retMsg", "维护中"));
    }
    give(sim, q, a,
         json_pack("{s:s, s:O}", "logisticsOrderNo", other ? "another" : t.order, "waybillNo",
                   json_object_get(t.told, "waybillNo")));
    json_decref(t.told);
}

struct finding {
    struct arena *arena;
    const char *waybill;
    const char *order;
    json_t *events; /* a copy */
};

static void look(const json_t *parcel, void *closure)
{
    struct finding *f = closure;
    if (!text_equal(json_string_value(json_object_get(parcel, "waybillNo")), f->waybill) || f->events) return;
    f->events = json_deep_copy(json_object_get(parcel, "events"));
    const char *order = json_string_value(json_object_get(parcel, "out_trade_no"));
    f->order = order ? arena_text(f->arena, bytes_text(order)) : NULL;
}

static void track(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const json_t *item)
{
    struct finding f = { q->arena, json_string_value(json_object_get(item, "waybillNo")), NULL, NULL };
    enum mode mode = (enum mode)atomic_load(&sim->ems_mode);
    if (f.waybill && mode != UNKNOWN) orders_each(sim->parcels, look, &f);
    if (!f.events) return refuse(q, a, "B0011", "运单号不存在");
    json_t *told = json_array();
    size_t count = json_array_size(f.events);
    for (size_t i = 0; i < count; i++)
        json_array_append(told, json_array_get(f.events, mode == REVERSED ? count - 1 - i : i));
    json_decref(f.events);
    give(sim, q, a, told);
}

void sim_ems_answer(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer)
{
    enum mode mode = (enum mode)atomic_load(&sim->ems_mode);
    const char *api = NULL;
    if (mode == SLOW) sleep(SLOW_S);
    if (mode == DOWN) return say(request, ret_answer, 503, json_pack("{s:s}", "retMsg", "维护中"));
    if (mode == GARBAGE) return say(request, ret_answer, 200, json_pack("[s]", "502 Bad Gateway"));
    if (mode == REFUSES) return refuse(request, ret_answer, "B0020", "收件地址超出服务范围");
    json_t *json CLEANUP(json_free_p) = read_asked(sim, request, ret_answer, &api);
    const json_t *item = json_is_array(json) ? json_array_get(json, 0) : json;
    if (!json) return;
    if (text_equal(api, "020003")) order(sim, request, ret_answer, item);
    else if (text_equal(api, "040001")) track(sim, request, ret_answer, item);
    else refuse(request, ret_answer, "B0005", "接口代码不存在");
}

/* ---- what happens to a parcel ---- */

struct happening {
    const struct sim_request *q;
    size_t event;
};

static bool happen(json_t *parcel, void *closure)
{
    const struct happening *h = closure;
    struct civil c = civil_shanghai(sim_now());
    const char *now = arena_format(h->q->arena, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day,
                                   c.hour, c.minute, c.second);
    json_t *event =
        json_pack("{s:O, s:s, s:s, s:s, s:s, s:s}", "traceNo", json_object_get(parcel, "waybillNo"), "opTime",
                  now, "opCode", events[h->event].code, "opName", events[h->event].words, "opDesc",
                  events[h->event].told, "opOrgName", "演示揽投部");
    return event && json_array_append_new(json_object_get(parcel, "events"), event) == 0;
}

static bool set_event(struct sim *sim, const struct sim_request *q, const char *waybill)
{
    struct finding f = { q->arena, waybill, NULL, NULL };
    struct happening h = { q, COUNT(events) };
    for (size_t i = 0; i < COUNT(events); i++)
        if (text_equal(q->query_mode, events[i].name)) h.event = i;
    orders_each(sim->parcels, look, &f);
    json_decref(f.events);
    return f.order && h.event < COUNT(events) && !failed(orders_update(sim->parcels, f.order, happen, &h));
}

void sim_ems_set(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer)
{
    static const char parcel[] = "/sim/ems/";
    bool done = false;
    if (text_starts(request->path, parcel)) {
        done = set_event(sim, request, request->path + strlen(parcel));
    } else {
        for (int i = 0; i < MODES; i++)
            if (text_equal(request->query_mode, modes[i])) {
                atomic_store(&sim->ems_mode, i);
                done = true;
            }
    }
    say(request, ret_answer, done ? 200 : 404, json_object());
}
