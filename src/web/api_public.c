/* What everybody may know: how the service is, whom to ask, what is agreed to, what it costs. */
#include "api_gen.h"
#include "service/agreement.h"
#include "service/authority.h"
#include "service/kind.h"
#include "service/tariff.h"
#include "web/app.h"

struct result api_health(struct call *call)
{
    static const char *const names[PEER_COUNT] = { [PEER_SIGNER] = "signer", [PEER_FILES] = "files",
                                                   [PEER_RELAY] = "relay" };
    const struct service *service = &((struct app *)call->app)->service;
    char missing[64];
    struct writer w = writer_of(missing, sizeof missing);
    for (enum peer peer = 0; peer < PEER_COUNT; peer++)
        if (!peers_there(service->peers, peer, NULL)) write_format(&w, "%s%s", w.len ? "," : "", names[peer]);
    struct api_health answer = { .status = w.len ? "degraded" : "ok", .version = HUFU_VERSION,
                                 .journal_size = authorities_journal_size(service->authorities),
                                 .demonstration = service->settings.demonstration };
    if (w.len) answer.missing = arena_text(call->arena, bytes_of(missing, w.len));
    return answer_record(call, &api_health_shape, &answer);
}

struct result api_about_get(struct call *call)
{
    const struct service_settings *s = &((struct app *)call->app)->service.settings;
    struct api_about answer = { .brand = s->brand, .address = s->portal_address, .portal = s->portal_origin,
                                .platform = s->platform_origin,
                                .service_line = s->service_line, .service_email = s->service_email,
                                .accounts_line = s->accounts_line, .complaints_line = s->complaints_line,
                                .return_address = s->return_address, .agent = s->agent,
                                .wechat = s->wechat, .alipay = s->alipay, .courier = s->courier,
                                .transfer_name = s->transfer_name, .transfer_account = s->transfer_account,
                                .transfer_bank = s->transfer_bank,
                                .demonstration = s->demonstration };
    return answer_record(call, &api_about_shape, &answer);
}

struct result api_agreement_get(struct call *call)
{
    struct act act = app_act(call);
    struct agreement_row row;
    TRY(agreement_current(&act, &row));
    struct api_agreement answer = { row.version, row.title, row.text, row.issued_s };
    return answer_record(call, &api_agreement_shape, &answer);
}

struct prices {
    const struct act *act;
    struct tariff_row *rows;
    size_t count;
};

static struct result read_prices(struct tx *tx, void *context)
{
    struct prices *p = context;
    return tariff_list(tx, p->act->now_s, p->act->arena, &p->rows, &p->count);
}

struct result api_tariff_list(struct call *call)
{
    struct act act = app_act(call);
    struct prices prices = { .act = &act };
    TRY(store_read(act.service->store, read_prices, &prices));
    struct api_tariff_item *answer = arena_array(call->arena, prices.count, sizeof *answer);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < prices.count; i++)
        answer[i] = (struct api_tariff_item){ .service = prices.rows[i].service, .item = prices.rows[i].item,
                                              .amount_fen = prices.rows[i].amount_fen, .unit = prices.rows[i].unit,
                                              .from_s = prices.rows[i].from_s };
    return answer_list(call, &api_tariff_item_shape, answer, prices.count, NULL);
}

/* Their names, joined by commas. */
static const char *scan_names(enum kind kind, struct arena *arena)
{
    const struct kind_scan *scan;
    char names[128];
    struct writer w = writer_of(names, sizeof names);
    for (size_t i = 0; (scan = kind_scan_at(kind, false, i)); i++)
        write_format(&w, "%s%s", i ? "," : "", scan->name);
    return arena_text(arena, bytes_of(names, w.len));
}

struct result api_service_list(struct call *call)
{
    static const char *const words[] = { [FULFIL_NOTHING] = "nothing", [FULFIL_PRODUCTION] = "production",
                                         [FULFIL_DOWNLOAD] = "download", [FULFIL_UNLOCK] = "unlock" };
    struct api_service_rule *answer = arena_array(call->arena, KIND_COUNT, sizeof *answer);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        const struct kind_rule *rule = kind_rule(kind);
        answer[kind] = (struct api_service_rule){
            .service = rule->name, .title = rule->page_name, .fee_item = rule->fee_item, .half_days = rule->half_days,
            .usbkey = words[rule->usbkey], .shield = words[rule->shield],
            .about_certificate = rule->about_certificate, .successor = rule->successor, .returns = rule->returns,
            .offered = !rule->unasked,
            .asks_reason = rule->revoking != REVOKE_NEVER && !rule->reason, .scans = scan_names(kind, call->arena)
        };
        ENSURE(answer[kind].scans, ERROR_OUT_OF_ROOM);
    }
    return answer_list(call, &api_service_rule_shape, answer, KIND_COUNT, NULL);
}
