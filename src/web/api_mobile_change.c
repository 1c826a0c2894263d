/* Changes of mobile numbers (R-ACCT-8): asked for at the portal, entered and decided at the console. */
#include "service/mobile_change.h"

#include "api_gen.h"
#include "service/mask.h"
#include "web/app.h"

/* The new number in full for whoever compares it with the evidence. */
static struct result show(const struct call *call, const struct mobile_change_row *row,
                          struct api_mobile_change *ret_answer)
{
    bool keeper = call_role(call, "administrator");
    *ret_answer = (struct api_mobile_change){ .id = row->id, .account = row->account,
                                              .holder_name = row->holder_name,
                                              .mobile = keeper ? row->mobile : mask_mobile(call->arena, row->mobile),
                                              .old_mobile = mask_mobile(call->arena, row->old_mobile),
                                              .state = row->state, .type = row->type, .size = row->size,
                                              .asked_by = row->asked_by, .asked_s = row->asked_s,
                                              .decided_by = row->decided_by, .decided_s = row->decided_s,
                                              .words = row->words };
    ENSURE(ret_answer->mobile && ret_answer->old_mobile, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result answer_change(struct call *call, const struct mobile_change_row *row)
{
    struct api_mobile_change answer;
    TRY(show(call, row, &answer));
    return answer_record(call, &api_mobile_change_shape, &answer);
}

static struct result answer_changes(struct call *call, const struct mobile_change_row *rows, size_t count,
                                    const char *next)
{
    struct api_mobile_change *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) TRY(show(call, &rows[i], &answer[i]));
    return answer_list(call, &api_mobile_change_shape, answer, count, next);
}

struct result api_mobile_code_send(struct call *call)
{
    const struct api_sms_code_new *asked = call->body;
    struct act act = app_act(call);
    return mobile_change_code(&act, asked->mobile);
}

struct result api_mobile_proof_new(struct call *call)
{
    const struct api_sms_login *asked = call->body;
    struct act act = app_act(call);
    struct mobile_proof_row row;
    TRY(mobile_change_prove(&act, asked->mobile, asked->code, &row));
    struct api_mobile_proof answer = { .mobile = row.mobile, .ends_s = row.proven_s + MOBILE_PROOF_S };
    return answer_record(call, &api_mobile_proof_shape, &answer);
}

static struct result ask(struct call *call, const struct id *account, const char *mobile)
{
    struct act act = app_act(call);
    struct mobile_change_ask asked = { *account, mobile, call->upload.fd, (int64_t)call->upload.size };
    struct mobile_change_row row;
    TRY(mobile_change_ask(&act, &asked, &row));
    return answer_change(call, &row);
}

struct result api_mobile_change_new(struct call *call)
{
    struct id account = call_id(call, "account");
    return ask(call, id_empty(&account) ? &call->principal.account : &account, NULL);
}

struct result api_mobile_change_own(struct call *call)
{
    struct act act = app_act(call);
    struct mobile_change_row *rows;
    size_t count;
    TRY(mobile_change_own(&act, &rows, &count));
    return answer_changes(call, rows, count, NULL);
}

struct result api_mobile_change_withdraw(struct call *call)
{
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    TRY(mobile_change_withdraw(&act, &id));
    return answer_empty(call, call->operation->status);
}

struct result api_mobile_change_enter(struct call *call)
{
    struct id account = call_id(call, "id");
    return ask(call, &account, call_text(call, "mobile"));
}

struct result api_mobile_change_list(struct call *call)
{
    struct act act = app_act(call);
    struct mobile_change_row *rows;
    size_t count;
    const char *next;
    bool waiting = text_equal(call_text(call, "state"), "waiting");
    TRY(mobile_change_list(&act, waiting, call_text(call, "after"), &rows, &count, &next));
    return answer_changes(call, rows, count, next);
}

struct result api_mobile_change_decide(struct call *call)
{
    const struct api_mobile_change_decision *asked = call->body;
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct mobile_change_row row;
    TRY(mobile_change_decide(&act, &id, text_equal(asked->decision, "approve"), asked->words, &row));
    return answer_change(call, &row);
}

struct result api_mobile_change_evidence(struct call *call)
{
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct mobile_change_row row;
    int fd;
    TRY(mobile_change_evidence(&act, &id, &row, &fd));
    return answer_scan(call, fd, row.type, "mobile-change");
}
