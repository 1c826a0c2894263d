/* The directory, for the console: organizations and accounts (R-ACCT-1 to 3). */
#include "api_gen.h"
#include "service/directory.h"
#include "service/mask.h"
#include "service/organization.h"
#include "web/app.h"

/* ---- organizations ---- */

static struct api_organization show_organization(const struct organization_row *row)
{
    return (struct api_organization){ .id = row->id, .name = row->name, .credit_code = row->credit_code,
                                      .address = row->address, .created_s = row->created_s };
}

struct result api_organization_new(struct call *call)
{
    const struct api_organization_new *asked = call->body;
    struct act act = app_act(call);
    struct organization_row what = { .name = asked->name, .credit_code = asked->credit_code,
                                     .address = asked->address }, row;
    TRY(directory_organization_new(&act, &what, &row));
    struct api_organization answer = show_organization(&row);
    return answer_record(call, &api_organization_shape, &answer);
}

struct result api_organization_list(struct call *call)
{
    struct act act = app_act(call);
    struct organization_row *rows;
    size_t count;
    const char *next;
    TRY(directory_organization_list(&act, call_text(call, "after"), &rows, &count, &next));
    struct api_organization *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) answer[i] = show_organization(&rows[i]);
    return answer_list(call, &api_organization_shape, answer, count, next);
}

/* ---- accounts ---- */

/* Identity numbers are masked for everybody; how to reach somebody is for those who keep the directory. */
static struct result show_account(const struct call *call, const struct account_row *row,
                                  struct api_account *ret_answer)
{
    bool keeper = call_role(call, "administrator");
    struct api_account answer = { .id = row->id, .organization = row->organization,
                                  .organization_name = row->organization_name, .name = row->name,
                                  .document_type = row->document_type, .document_number = row->document_mask,
                                  .mobile = row->mobile, .email = row->email, .state = row->state,
                                  .created_s = row->created_s };
    if (!keeper) {
        answer.mobile = mask_mobile(call->arena, row->mobile);
        answer.email = mask_email(call->arena, row->email);
        ENSURE(answer.mobile && answer.email, ERROR_OUT_OF_ROOM);
    }
    *ret_answer = answer;
    return OK;
}

static struct result answer_account(struct call *call, const struct account_row *row)
{
    struct act act = app_act(call);
    struct api_account answer;
    bool runs;
    TRY(show_account(call, row, &answer));
    TRY(organization_runs_one(&act, &row->id, &runs));
    answer.runs_organization = runs;
    return answer_record(call, &api_account_shape, &answer);
}

struct result api_account_new(struct call *call)
{
    const struct api_account_new *asked = call->body;
    struct act act = app_act(call);
    struct account_new what = { .organization = asked->organization, .name = asked->name,
                                .document_type = asked->document_type, .document_number = asked->document_number,
                                .mobile = asked->mobile, .email = asked->email };
    struct account_row row;
    TRY(directory_account_new(&act, &what, &row));
    return answer_account(call, &row);
}

struct result api_account_list(struct call *call)
{
    struct act act = app_act(call);
    struct id organization = call_id(call, "organization");
    struct account_row *rows;
    size_t count;
    const char *next;
    TRY(directory_account_list(&act, &organization, call_text(call, "after"), &rows, &count, &next));
    struct api_account *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) TRY(show_account(call, &rows[i], &answer[i]));
    return answer_list(call, &api_account_shape, answer, count, next);
}

struct result api_account_get(struct call *call)
{
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct account_row row;
    TRY(directory_account_get(&act, &id, &row));
    return answer_account(call, &row);
}

struct result api_account_state(struct call *call)
{
    const struct api_account_state *asked = call->body;
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct account_row row;
    TRY(directory_account_set_state(&act, &id, asked->state, asked->reason, &row));
    return answer_account(call, &row);
}
