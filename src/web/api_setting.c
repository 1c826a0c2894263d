/* Settings: tariff and words of notices, which people change here, who changed what, and what is set elsewhere. */
#include "api_gen.h"
#include "service/lapse.h"
#include "service/price.h"
#include "service/setting_change.h"
#include "service/wording.h"
#include "web/app.h"

/* ---- set elsewhere ---- */

struct result api_setting_list(struct call *call)
{
    static const char configuration[] = "configuration", program[] = "program";
    const struct service_settings *s = &((struct app *)call->app)->service.settings;
    const struct {
        const char *name, *text, *place;
        int days;
    } all[] = { { "brand", s->brand, configuration, 0 },
                { "address", s->portal_address, configuration, 0 },
                { "service_line", s->service_line, configuration, 0 },
                { "service_email", s->service_email, configuration, 0 },
                { "accounts_line", s->accounts_line, configuration, 0 },
                { "complaints_line", s->complaints_line, configuration, 0 },
                { "return_address", s->return_address, configuration, 0 },
                { "lapse_days", NULL, program, LAPSE_DAYS },
                { "lapse_unpaid_days", NULL, program, LAPSE_UNPAID_DAYS },
                { "lapse_warn_days", NULL, program, LAPSE_WARN_DAYS },
                { "lapse_unpaid_tell_days", NULL, program, LAPSE_UNPAID_TELL_DAYS } };
    struct api_setting *answer = arena_array(call->arena, COUNT(all), sizeof *answer);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < COUNT(all); i++) {
        const char *text = all[i].text ? all[i].text : "-";
        const char *value = all[i].days ? arena_format(call->arena, "%d", all[i].days) : text;
        ENSURE(value, ERROR_OUT_OF_ROOM);
        answer[i] = (struct api_setting){ all[i].name, value, all[i].place };
    }
    return answer_list(call, &api_setting_shape, answer, COUNT(all), NULL);
}

struct result api_setting_change_list(struct call *call)
{
    struct act act = app_act(call);
    struct setting_change_row *rows;
    size_t count;
    const char *next;
    TRY(setting_change_list(&act, call_text(call, "kind"), call_text(call, "name"), call_text(call, "after"), &rows,
                            &count, &next));
    struct api_setting_change *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_setting_change){ .id = rows[i].id, .name = rows[i].name, .before = rows[i].old_text,
                                                 .after = rows[i].new_text, .made_by = rows[i].made_by,
                                                 .made_s = rows[i].made_s };
    return answer_list(call, &api_setting_change_shape, answer, count, next);
}

/* ---- tariff ---- */

static struct api_price show_price(const struct price *p)
{
    static const char *const times[] = { [PRICE_PAST] = "past", [PRICE_NOW] = "now", [PRICE_COMING] = "coming" };
    return (struct api_price){ .service = p->row.service, .item = p->row.item, .amount_fen = p->row.amount_fen,
                               .unit = p->row.unit, .from_s = p->row.from_s, .time = times[p->time],
                               .charged = p->charged, .entered_by = p->row.entered_by,
                               .entered_s = p->row.entered_s };
}

struct result api_price_list(struct call *call)
{
    struct act act = app_act(call);
    struct price *list;
    size_t count;
    TRY(price_list(&act, &list, &count));
    struct api_price *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) answer[i] = show_price(&list[i]);
    return answer_list(call, &api_price_shape, answer, count, NULL);
}

struct result api_price_enter(struct call *call)
{
    const struct api_price_new *asked = call->body;
    struct act act = app_act(call);
    const struct price_wish wish = { asked->service, asked->item, asked->from, asked->amount_fen, asked->before_fen };
    struct price price;
    TRY(price_enter(&act, &wish, &price));
    struct api_price answer = show_price(&price);
    return answer_record(call, &api_price_shape, &answer);
}

struct result api_price_withdraw(struct call *call)
{
    const struct api_price_withdrawal *asked = call->body;
    struct act act = app_act(call);
    return price_withdraw(&act, asked->service, asked->item, asked->from_s);
}

/* ---- notices ---- */

struct result api_notice_name_list(struct call *call)
{
    const struct service_settings *s = &((struct app *)call->app)->service.settings;
    const struct template_name own[] = { { "brand", "机构名称", s->brand },
                                         { "portal", "服务平台官方网址", s->portal_address } };
    size_t count = COUNT(own) + notice_names_count;
    struct api_notice_name *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) {
        const struct template_name *n = i < COUNT(own) ? &own[i] : &notice_names[i - COUNT(own)];
        answer[i] = (struct api_notice_name){ n->name, n->what, n->sample };
    }
    return answer_list(call, &api_notice_name_shape, answer, count, NULL);
}

/* The names that whoever tells of it gives, in the order of their table. */
static const char *names_of(struct arena *arena, const struct template *template)
{
    char room[1024];
    struct writer w = writer_of(room, sizeof room);
    write_text(&w, "brand,portal");
    for (size_t i = 0; i < notice_names_count; i++)
        if (template_gives(template, bytes_text(notice_names[i].name))) write_format(&w, ",%s", notice_names[i].name);
    return w.full ? NULL : arena_text(arena, bytes_of(room, w.len));
}

static struct result show_wording(struct arena *arena, const struct wording *w, struct api_notice_template *ret_answer)
{
    const struct template *t = w->template;
    *ret_answer = (struct api_notice_template){ .name = t->name, .title = t->title, .version = w->version,
                                                .changed = w->changed, .unfit = w->unfit, .secret = t->secret,
                                                .needs = t->needs, .gives = names_of(arena, t),
                                                .sms = w->words.sms, .subject = w->words.subject,
                                                .text = w->words.text, .changed_by = w->changed_by,
                                                .changed_s = w->changed_s };
    ENSURE(ret_answer->gives, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result answer_wording(struct call *call, const struct wording *wording)
{
    struct api_notice_template answer;
    TRY(show_wording(call->arena, wording, &answer));
    return answer_record(call, &api_notice_template_shape, &answer);
}

struct result api_template_list(struct call *call)
{
    struct act act = app_act(call);
    struct wording *list;
    size_t count;
    TRY(wording_list(&act, &list, &count));
    struct api_notice_template *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) TRY(show_wording(call->arena, &list[i], &answer[i]));
    return answer_list(call, &api_notice_template_shape, answer, count, NULL);
}

struct result api_template_get(struct call *call)
{
    struct act act = app_act(call);
    struct wording wording;
    TRY(wording_find(&act, call_text(call, "name"), &wording));
    return answer_wording(call, &wording);
}

struct result api_template_change(struct call *call)
{
    const struct api_notice_template_change *asked = call->body;
    struct act act = app_act(call);
    const struct template_words words = { asked->sms, asked->subject, asked->text };
    struct wording wording;
    TRY(wording_change(&act, call_text(call, "name"), asked->version, &words, &wording));
    return answer_wording(call, &wording);
}

struct result api_template_restore(struct call *call)
{
    const struct api_notice_template_restore *asked = call->body;
    struct act act = app_act(call);
    struct wording wording;
    TRY(wording_change(&act, call_text(call, "name"), asked->version, NULL, &wording));
    return answer_wording(call, &wording);
}
