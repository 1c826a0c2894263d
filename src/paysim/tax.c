#include "paysim/tax.h"

#include <stdlib.h>

#include "base/text.h"
#include "relay/tax.h"

static const char prefix[] = "/v1/invoices/";

/* How it behaves, set by POST /sim/tax?mode=… */
enum mode { NORMAL, WAITS, REFUSES, WRONG_SIGNATURE, DOWN, OTHER, MODES };
static const char *const modes[MODES] = { "normal", "waits", "refuses", "wrong-signature", "down", "other" };

static void say(const struct sim_request *q, struct sim_answer *a, int status, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(object);
    a->status = status;
    a->type = "application/json; charset=utf-8";
    a->body = text ? arena_text(q->arena, bytes_text(text)) : NULL;
    a->len = a->body ? strlen(a->body) : 0;
    free(text);
}

static struct bytes key_of(const struct sim *sim)
{
    return bytes_of(sim->keys->tax_key, sizeof sim->keys->tax_key);
}

static bool is_known(const struct sim *sim, const struct sim_request *q)
{
    uint64_t when;
    if (!q->tax[0] || !q->tax[1] || !q->tax[2] || !q->tax[3]) return false;
    if (failed(text_number(q->tax[1], INT64_MAX / 2, &when))) return false;
    if (llabs(sim_now() - (int64_t)when) >= TAX_WINDOW_S || !text_equal(q->tax[0], TAX_ACCOUNT)) return false;
    const char *right = tax_signature(q->arena, key_of(sim), q->method, q->target, q->tax[1], q->tax[2], q->body);
    return right && text_equal(right, q->tax[3]);
}

static void sign(const struct sim *sim, const struct sim_request *q, struct sim_answer *a)
{
    const char *when = arena_format(q->arena, "%lld", (long long)sim_now());
    const char *status = arena_format(q->arena, "%d", a->status);
    struct bytes body = bytes_of(a->body, a->len);
    bool wrong = atomic_load(&sim->tax_mode) == WRONG_SIGNATURE;
    const char *signature = tax_signature(q->arena, key_of(sim), "answer", status, when,
                                          wrong ? "another nonce" : q->tax[2] ? q->tax[2] : "", body);
    a->headers[0][0] = "Tax-Timestamp";
    a->headers[0][1] = when;
    a->headers[1][0] = "Tax-Signature";
    a->headers[1][1] = signature ? signature : "";
}

/* ---- invoices ---- */

struct making {
    const struct sim *sim;
    const struct sim_request *q;
    const char *number;
    enum mode mode;
    bool conflict;
    json_t *told; /* a copy */
};

/* 20 digits, made of our number's: each has one of its own. */
static const char *official_number(struct arena *arena, const char *number)
{
    char *digits = arena_format(arena, "%020d", 0);
    for (size_t len = 0; digits && *number && len < 20; number++)
        if (*number >= '0' && *number <= '9') digits[len++] = *number;
    return digits ? digits : "";
}

/* The first time it is asked for it is made, or put aside while the platform works on it; the same number is the
 * same. */
static bool make(json_t *invoice, void *closure)
{
    struct making *m = closure;
    const char *document = arena_text(m->q->arena, m->q->body);
    bool known = json_object_size(invoice) > 0, changed = false;
    const char *state = json_string_value(json_object_get(invoice, "State"));
    m->conflict = known && !text_equal(json_string_value(json_object_get(invoice, "Document")), document) &&
                  !text_equal(state, "refused");
    if (!m->conflict && !text_equal(state, "issued")) {
        const char *next = m->mode == WAITS ? "accepted" : m->mode == REFUSES ? "refused" : "issued";
        json_object_set_new(invoice, "out_trade_no", json_string(m->number)); /* by which it is kept */
        json_object_set_new(invoice, "EIid", json_string(m->number));
        json_object_set_new(invoice, "Document", json_string(document ? document : ""));
        json_object_set_new(invoice, "State", json_string(next));
        if (m->mode == REFUSES) json_object_set_new(invoice, "Reason", json_string("购买方纳税人识别号与名称不匹配"));
        if (text_equal(next, "issued")) {
            json_object_set_new(invoice, "InvoiceNumber", json_string(official_number(m->q->arena, m->number)));
            json_object_set_new(invoice, "IssueTime", json_integer(sim_now()));
        }
        changed = true;
    }
    m->told = json_deep_copy(invoice);
    return changed;
}

static void put(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const char *number)
{
    struct making m = { sim, q, number, (enum mode)atomic_load(&sim->tax_mode), false, NULL };
    struct result r = orders_update(sim->invoices, number, make, &m);
    if (failed(r) || m.conflict) {
        say(q, a, failed(r) ? 500 : 409, json_pack("{s:s}", "Reason", "申请编号已用于另一张发票"));
    } else {
        json_object_del(m.told, "Document");
        json_object_del(m.told, "out_trade_no");
        if (m.mode == OTHER) json_object_set_new(m.told, "EIid", json_string("another"));
        say(q, a, 200, m.told);
        m.told = NULL;
    }
    json_decref(m.told);
}

static void get(struct sim *sim, const struct sim_request *q, struct sim_answer *a, const char *tail)
{
    size_t len = strcspn(tail, "/");
    const char *number = arena_text(q->arena, bytes_of(tail, len)), *kind = tail[len] ? tail + len + 1 : "";
    json_t *invoice = orders_find(sim->invoices, number ? number : "");
    bool issued = text_equal(json_string_value(json_object_get(invoice, "State")), "issued");
    struct bytes file = { 0 };
    if (issued && text_equal(kind, "pdf")) file = tax_pdf(q->arena, invoice);
    if (issued && text_equal(kind, "ofd")) file = tax_ofd(q->arena, invoice);
    json_decref(invoice);
    if (!file.ptr) {
        say(q, a, 404, json_pack("{s:s}", "Reason", "没有这个文件"));
        return;
    }
    *a = (struct sim_answer){ .status = 200, .type = "application/octet-stream", .body = (const char *)file.ptr,
                              .len = file.len };
}

void tax_answer(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer)
{
    const char *tail = text_starts(request->path, prefix) ? request->path + strlen(prefix) : "";
    bool write = text_equal(request->method, "PUT");
    if (atomic_load(&sim->tax_mode) == DOWN) {
        say(request, ret_answer, 503, json_pack("{s:s}", "Reason", "维护中"));
    } else if (!is_known(sim, request)) {
        say(request, ret_answer, 401, json_pack("{s:s}", "Reason", "签名不对"));
    } else if (write && *tail && !strchr(tail, '/')) {
        put(sim, request, ret_answer, tail);
    } else {
        get(sim, request, ret_answer, tail);
    }
    sign(sim, request, ret_answer);
}

void tax_set_mode(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer)
{
    for (int i = 0; i < MODES; i++)
        if (text_equal(request->query_mode, modes[i])) {
            atomic_store(&sim->tax_mode, i);
            say(request, ret_answer, 200, json_object());
            return;
        }
    say(request, ret_answer, 404, json_pack("{s:s}", "Reason", "没有这种模式"));
}
