/* An organization's own account, for those who run it (R-ACCT-6, R-OPS-9), and what the console has to do with it. */
#include "service/organization.h"

#include "service/certify.h"
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

struct result api_organization_accounts(struct call *call)
{
    struct act act = app_act(call);
    struct account_row *rows;
    size_t count;
    const char *next;
    TRY(organization_people(&act, call_text(call, "after"), &rows, &count, &next));
    struct api_account *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) {
        answer[i] = (struct api_account){ .id = rows[i].id, .organization = rows[i].organization,
                                          .organization_name = rows[i].organization_name, .name = rows[i].name,
                                          .mobile = mask_mobile(call->arena, rows[i].mobile),
                                          .email = mask_email(call->arena, rows[i].email), .state = rows[i].state,
                                          .created_s = rows[i].created_s };
        ENSURE(answer[i].mobile && answer[i].email, ERROR_OUT_OF_ROOM);
    }
    return answer_list(call, &api_account_shape, answer, count, next);
}

struct result api_organization_applications(struct call *call)
{
    struct act act = app_act(call);
    struct application_row *rows;
    size_t count;
    const char *next;
    TRY(organization_applications(&act, call_text(call, "after"), &rows, &count, &next));
    struct api_application *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) TRY(desk_show(call->arena, &rows[i], &answer[i]));
    return answer_list(call, &api_application_shape, answer, count, next);
}

struct result api_organization_certificates(struct call *call)
{
    struct act act = app_act(call);
    struct certificate_row *rows;
    size_t count;
    const char *next;
    TRY(organization_certificates(&act, call_text(call, "after"), &rows, &count, &next));
    struct api_certificate *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_certificate){ .serial = rows[i].serial, .purpose = rows[i].purpose,
                                              .state = certify_state(&rows[i], call->now_s),
                                              .subject = rows[i].subject, .holder = rows[i].holder,
                                              .holder_name = rows[i].holder_name, .medium = rows[i].medium,
                                              .not_before_s = rows[i].not_before_s,
                                              .not_after_s = rows[i].not_after_s, .revoked_s = rows[i].revoked_s,
                                              .reason = rows[i].reason };
    return answer_list(call, &api_certificate_shape, answer, count, next);
}

struct result api_organization_revocation(struct call *call)
{
    const struct api_revocation_ask *asked = call->body;
    struct act act = app_act(call);
    return organization_ask_revocation(&act, call_text(call, "serial"), asked->reason, asked->words);
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
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_revocation_wish){ .serial = rows[i].serial, .holder = rows[i].holder,
                                                  .holder_name = rows[i].holder_name,
                                                  .organization_name = rows[i].organization_name,
                                                  .reason = rows[i].reason, .words = rows[i].words,
                                                  .asked_by = rows[i].asked_by, .asked_s = rows[i].asked_s,
                                                  .due_s = rows[i].due_s };
    return answer_list(call, &api_revocation_wish_shape, answer, count, NULL);
}

struct result api_revocation_refuse(struct call *call)
{
    const struct api_revocation_refusal *asked = call->body;
    struct act act = app_act(call);
    return revocation_wish_refuse(&act, call_text(call, "serial"), asked->words);
}
