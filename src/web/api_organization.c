/* An organization's own account, for those who run it (R-ACCT-6, R-OPS-9), and what the console has to do with it. */
#include "service/organization.h"

#include "service/hold.h"
#include "service/mask.h"
#include "service/revocation_wish.h"
#include "web/api_desk.h"

struct result api_organization_own(struct call *call)
{
    struct act act = app_act(call);
    struct organization_row row;
    TRY(organization_own(&act, &row));
    struct api_organization answer = { .id = row.id, .name = row.name, .credit_code = row.credit_code,
                                       .address = row.address, .created_s = row.created_s };
    return answer_record(call, &api_organization_shape, &answer);
}

/* How to reach somebody is shown in part; identity documents not at all. */
static struct result show_person(const struct call *call, const struct account_row *row, struct api_account *ret_answer)
{
    *ret_answer = (struct api_account){ .id = row->id, .organization = row->organization,
                                        .organization_name = row->organization_name, .name = row->name,
                                        .mobile = mask_mobile(call->arena, row->mobile),
                                        .email = mask_email(call->arena, row->email), .state = row->state,
                                        .created_s = row->created_s };
    ENSURE(ret_answer->mobile && ret_answer->email, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result api_organization_accounts(struct call *call)
{
    const struct organization_wish wish = { .after = call_text(call, "after"), .text = call_text(call, "text") };
    struct act act = app_act(call);
    struct account_row *rows;
    size_t count;
    const char *next;
    TRY(organization_people(&act, &wish, &rows, &count, &next));
    struct api_account *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) TRY(show_person(call, &rows[i], &answer[i]));
    return answer_list(call, &api_account_shape, answer, count, next);
}

struct result api_organization_account(struct call *call)
{
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct account_row row;
    struct api_account answer;
    bool runs;
    TRY(organization_person(&act, &id, &row));
    TRY(show_person(call, &row, &answer));
    TRY(organization_runs_one(&act, &id, &runs));
    answer.runs_organization = runs;
    return answer_record(call, &api_account_shape, &answer);
}

struct result api_organization_applications(struct call *call)
{
    const struct organization_wish wish = { .after = call_text(call, "after"), .text = call_text(call, "text"),
                                            .holder = call_id(call, "holder") };
    struct act act = app_act(call);
    struct application_row *rows;
    size_t count;
    const char *next;
    TRY(organization_applications(&act, &wish, &rows, &count, &next));
    struct api_application *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) TRY(desk_show(call->arena, &rows[i], &answer[i]));
    return answer_list(call, &api_application_shape, answer, count, next);
}

struct result api_organization_application(struct call *call)
{
    struct act act = app_act(call);
    struct application_row row;
    TRY(organization_application(&act, call_text(call, "number"), &row));
    return desk_answer(call, &row);
}

static struct api_certificate show_certificate(const struct call *call, const struct certificate_row *row)
{
    struct api_certificate answer = desk_show_certificate(call, row);
    answer.der = bytes_of(NULL, 0);
    answer.holder_name = row->holder_name;
    if (row->wish_s)
        answer.wish = row->wish_refused_s ? "refused" : text_equal(row->state, "revoked") ? "done" : "waiting";
    return answer;
}

struct result api_organization_certificates(struct call *call)
{
    const char *which = call_text(call, "which");
    const struct organization_wish wish = { .after = call_text(call, "after"), .text = call_text(call, "text"),
                                            .holder = call_id(call, "holder"),
                                            .which = text_equal(which, "ending")    ? ORGANIZATION_ENDING
                                                     : text_equal(which, "waiting") ? ORGANIZATION_WAITING
                                                                                    : ORGANIZATION_ALL };
    struct act act = app_act(call);
    struct certificate_row *rows;
    size_t count;
    const char *next;
    TRY(organization_certificates(&act, &wish, &rows, &count, &next));
    struct api_certificate *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) answer[i] = show_certificate(call, &rows[i]);
    return answer_list(call, &api_certificate_shape, answer, count, next);
}

static struct result answer_certificate(struct call *call, const struct certificate_row *row)
{
    struct api_certificate answer = show_certificate(call, row);
    return answer_record(call, &api_certificate_shape, &answer);
}

struct result api_organization_certificate(struct call *call)
{
    struct act act = app_act(call);
    struct certificate_row row;
    TRY(organization_certificate(&act, call_text(call, "serial"), &row));
    return answer_certificate(call, &row);
}

struct result api_organization_hold(struct call *call)
{
    struct act act = app_act(call);
    struct certificate_row row;
    TRY(hold_place_for(&act, call_text(call, "serial"), &row));
    return answer_certificate(call, &row);
}

struct result api_organization_revocation(struct call *call)
{
    const struct api_revocation_ask *asked = call->body;
    struct act act = app_act(call);
    return organization_ask_revocation(&act, call_text(call, "serial"), asked->reason, asked->words);
}

static struct api_revocation_wish show_wish(const struct revocation_wish_row *row)
{
    return (struct api_revocation_wish){ .serial = row->serial, .holder = row->holder, .holder_name = row->holder_name,
                                         .organization_name = row->organization_name, .reason = row->reason,
                                         .words = row->words, .asked_by = row->asked_by, .asked_s = row->asked_s,
                                         .due_s = row->due_s, .state = revocation_wish_state(row),
                                         .refused_s = row->refused_s, .refused_words = row->refused_words,
                                         .asked_for = id_empty(&row->asked_account) ? "console" : "organization",
                                         .certificate_state = row->certificate_state };
}

struct result api_organization_revocation_get(struct call *call)
{
    struct act act = app_act(call);
    struct revocation_wish_row row;
    TRY(organization_revocation(&act, call_text(call, "serial"), &row));
    struct api_revocation_wish answer = show_wish(&row);
    return answer_record(call, &api_revocation_wish_shape, &answer);
}

/* ---- the console ---- */

struct result api_account_organization_role(struct call *call)
{
    const struct api_organization_role *asked = call->body;
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    TRY(organization_name_administrator(&act, &id, asked->administrator));
    return answer_record(call, &api_organization_role_shape, asked);
}

struct result api_revocation_list(struct call *call)
{
    struct act act = app_act(call);
    struct revocation_wish_row *rows;
    size_t count;
    TRY(revocation_wish_list(&act, &rows, &count));
    struct api_revocation_wish *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) answer[i] = show_wish(&rows[i]);
    return answer_list(call, &api_revocation_wish_shape, answer, count, NULL);
}

struct result api_revocation_refuse(struct call *call)
{
    const struct api_revocation_refusal *asked = call->body;
    struct act act = app_act(call);
    return revocation_wish_refuse(&act, call_text(call, "serial"), asked->words);
}
