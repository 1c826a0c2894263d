/* The reviewer's part (R-OPS-1 to R-OPS-3, R-DAMAGED-1). */
#include "service/damaged.h"
#include "service/review.h"

#include "base/secret.h"
#include "web/api_desk.h"

struct result api_queue_list(struct call *call)
{
    struct act act = app_act(call);
    struct application_row *rows;
    size_t count;
    TRY(review_queue(&act, call_text(call, "state"), &rows, &count));
    struct api_queue_item *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_queue_item){ .number = rows[i].number, .service = rows[i].service,
                                             .state = rows[i].state, .holder_name = rows[i].holder_name,
                                             .organization_name = rows[i].organization_name,
                                             .medium = rows[i].medium, .submitted_s = rows[i].submitted_s,
                                             .due_s = rows[i].due_s, .version = rows[i].version };
    return answer_list(call, &api_queue_item_shape, answer, count, NULL);
}

struct result api_review_get(struct call *call)
{
    struct act act = app_act(call);
    struct application_row row;
    TRY(application_get(&act, call_text(call, "number"), &row));
    return desk_answer(call, &row);
}

struct result api_review_differences(struct call *call)
{
    struct act act = app_act(call);
    struct difference list[REVIEW_DIFFERENCES_MAX];
    size_t count;
    TRY(review_differences(&act, call_text(call, "number"), list, &count));
    struct api_difference *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_difference){ .field = list[i].field, .directory = list[i].directory,
                                             .application = list[i].application };
    return answer_list(call, &api_difference_shape, answer, count, NULL);
}

struct result api_review_history(struct call *call)
{
    struct act act = app_act(call);
    struct audit_row *rows;
    size_t count;
    TRY(review_history(&act, call_text(call, "number"), &rows, &count));
    return desk_answer_history(call, rows, count);
}

/* The number leaves with the answer; what it was made from is wiped, the request's arena is given back at its end. */
struct result api_review_identity(struct call *call)
{
    struct act act = app_act(call);
    char document[DOCUMENT_NUMBER_MAX + 1];
    const char *mobile;
    TRY(review_identity(&act, call_text(call, "number"), document, &mobile));
    struct api_identity answer = { .document_number = document, .mobile = mobile };
    struct result r = answer_record(call, &api_identity_shape, &answer);
    secret_wipe(document, sizeof document);
    return r;
}

struct result api_application_return(struct call *call)
{
    const struct api_return_new *asked = call->body;
    struct act act = app_act(call);
    struct application_row row;
    TRY(review_return(&act, call_text(call, "number"), asked->reason, asked->items, asked->words, &row));
    return desk_answer(call, &row);
}

struct result api_decision_draft(struct call *call)
{
    const struct api_decision_new *asked = call->body;
    struct act act = app_act(call);
    const char *statement;
    TRY(review_draft(&act, call_text(call, "number"), text_equal(asked->decision, "approve"), asked->words,
                     &statement));
    return desk_answer_draft(call, statement);
}

struct result api_decision_make(struct call *call)
{
    const struct api_signed *asked = call->body;
    struct act act = app_act(call);
    struct application_row row;
    TRY(review_decide(&act, call_text(call, "number"), asked->statement, asked->signature, &row));
    return desk_answer(call, &row);
}

struct result api_key_received(struct call *call)
{
    struct act act = app_act(call);
    struct application_row row;
    TRY(damaged_take_back(&act, call_text(call, "number"), &row));
    return desk_answer(call, &row);
}

struct result api_key_inspected(struct call *call)
{
    const struct api_inspection *asked = call->body;
    struct act act = app_act(call);
    struct application_row row;
    TRY(damaged_inspect(&act, call_text(call, "number"), text_equal(asked->fault, "holder"), asked->words, &row));
    return desk_answer(call, &row);
}
