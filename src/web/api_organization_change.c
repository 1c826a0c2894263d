/* Changes of an organization's name or credit code (R-ORG-1). */
#include "service/organization_change.h"

#include "api_gen.h"
#include "web/app.h"

static struct api_organization_change show(const struct organization_change_row *row)
{
    return (struct api_organization_change){ .id = row->id, .organization = row->organization, .name = row->name,
                                             .credit_code = row->credit_code, .old_name = row->old_name,
                                             .old_credit_code = row->old_credit_code, .state = row->state,
                                             .type = row->type, .size = row->size, .asked_by = row->asked_by,
                                             .asked_s = row->asked_s, .decided_by = row->decided_by,
                                             .decided_s = row->decided_s, .words = row->words };
}

struct result api_organization_change_enter(struct call *call)
{
    struct act act = app_act(call);
    struct organization_change_ask asked = { call_id(call, "id"), call_text(call, "name"),
                                             call_text(call, "credit_code"), call->upload.fd,
                                             (int64_t)call->upload.size };
    struct organization_change_row row;
    TRY(organization_change_ask(&act, &asked, &row));
    struct api_organization_change answer = show(&row);
    return answer_record(call, &api_organization_change_shape, &answer);
}

struct result api_organization_change_list(struct call *call)
{
    struct act act = app_act(call);
    struct organization_change_row *rows;
    size_t count;
    const char *next;
    bool waiting = text_equal(call_text(call, "state"), "waiting");
    TRY(organization_change_list(&act, waiting, call_text(call, "after"), &rows, &count, &next));
    struct api_organization_change *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) answer[i] = show(&rows[i]);
    return answer_list(call, &api_organization_change_shape, answer, count, next);
}

struct result api_organization_change_decide(struct call *call)
{
    const struct api_organization_change_decision *asked = call->body;
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct organization_change_row row;
    TRY(organization_change_decide(&act, &id, text_equal(asked->decision, "approve"), asked->words, &row));
    struct api_organization_change answer = show(&row);
    return answer_record(call, &api_organization_change_shape, &answer);
}

struct result api_organization_change_evidence(struct call *call)
{
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct organization_change_row row;
    int fd;
    TRY(organization_change_evidence(&act, &id, &row, &fd));
    return answer_scan(call, fd, row.type, "organization-change");
}
