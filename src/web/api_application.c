/* Applications, for their holders (R-APPLY-1, R-APPLY-2, R-FORM-1, R-FORM-2, R-FORM-5). */
#include "service/deputy.h"

#include "web/api_desk.h"

struct result api_application_new(struct call *call)
{
    const struct api_application_new *asked = call->body;
    struct act act = app_act(call);
    struct application_row row;
    enum kind kind;
    TRY(kind_find(asked->service, &kind));
    TRY(application_begin(&act, kind, &row));
    return desk_answer(call, &row);
}

static struct result answer_applications(struct call *call, const struct application_row *rows, size_t count,
                                         const char *next)
{
    struct api_application *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) TRY(desk_show(call->arena, &rows[i], &answer[i]));
    return answer_list(call, &api_application_shape, answer, count, next);
}

struct result api_application_list(struct call *call)
{
    struct act act = app_act(call);
    struct application_row *rows;
    size_t count;
    const char *next;
    TRY(application_list(&act, call_text(call, "after"), &rows, &count, &next));
    return answer_applications(call, rows, count, next);
}

struct result api_application_get(struct call *call)
{
    struct act act = app_act(call);
    struct application_row row;
    TRY(application_get(&act, call_text(call, "number"), &row));
    return desk_answer(call, &row);
}

struct result api_application_agree(struct call *call)
{
    const struct api_application_agreement *asked = call->body;
    struct act act = app_act(call);
    struct application_edit edit;
    struct application_row row;
    TRY(desk_edit(call, &edit));
    TRY(application_agree(&act, &edit, asked->version, &row));
    return desk_answer(call, &row);
}

struct result api_application_details(struct call *call)
{
    const struct api_application_details *asked = call->body;
    struct act act = app_act(call);
    struct application_edit edit;
    struct application_row row;
    struct application_details details = { .organization_name = asked->organization_name,
                                           .credit_code = asked->credit_code,
                                           .organization_address = asked->organization_address,
                                           .holder_name = asked->holder_name,
                                           .document_type = asked->document_type,
                                           .document_number = asked->document_number,
                                           .mobile = asked->mobile,
                                           .email = asked->email,
                                           .invoice_title = asked->invoice_title,
                                           .tax_number = asked->tax_number,
                                           .invoice_email = asked->invoice_email };
    TRY(desk_edit(call, &edit));
    TRY(application_fill(&act, &edit, &details, &row));
    return desk_answer(call, &row);
}

struct result api_application_medium(struct call *call)
{
    const struct api_application_medium *asked = call->body;
    struct act act = app_act(call);
    struct application_edit edit;
    struct application_row row;
    struct application_medium medium = { .medium = asked->medium, .recipient = asked->recipient,
                                         .recipient_mobile = asked->recipient_mobile, .province = asked->province,
                                         .address = asked->address, .postcode = asked->postcode };
    TRY(desk_edit(call, &edit));
    TRY(application_choose(&act, &edit, &medium, &row));
    return desk_answer(call, &row);
}

struct result api_application_submit(struct call *call)
{
    struct act act = app_act(call);
    struct application_edit edit;
    struct application_row row;
    TRY(desk_edit(call, &edit));
    TRY(application_submit(&act, &edit, &row));
    return desk_answer(call, &row);
}

struct result api_application_withdraw(struct call *call)
{
    struct act act = app_act(call);
    struct application_edit edit;
    struct application_row row;
    TRY(desk_edit(call, &edit));
    TRY(application_withdraw(&act, &edit, &row));
    return desk_answer(call, &row);
}

struct result api_application_particulars(struct call *call)
{
    const struct api_application_particulars *asked = call->body;
    struct act act = app_act(call);
    struct application_edit edit;
    struct application_row row;
    struct application_particulars particulars = { asked->reason, asked->successor_mobile, asked->keep_encryption };
    TRY(desk_edit(call, &edit));
    TRY(application_particularize(&act, &edit, &particulars, &row));
    return desk_answer(call, &row);
}

struct result api_application_confirm(struct call *call)
{
    struct act act = app_act(call);
    struct application_row row;
    TRY(application_confirm(&act, call_text(call, "number"), &row));
    return desk_answer(call, &row);
}

struct result api_application_key_sent(struct call *call)
{
    const struct api_key_sent *asked = call->body;
    struct act act = app_act(call);
    struct application_row row;
    TRY(application_key_sent(&act, call_text(call, "number"), asked->waybill, &row));
    return desk_answer(call, &row);
}

struct result api_deputy_name(struct call *call)
{
    const struct api_deputy_new *asked = call->body;
    struct act act = app_act(call);
    struct application_edit edit;
    struct application_row row;
    TRY(desk_edit(call, &edit));
    TRY(deputy_name(&act, &edit, asked->mobile, &row));
    return desk_answer(call, &row);
}

struct result api_deputy_end(struct call *call)
{
    struct act act = app_act(call);
    struct application_edit edit;
    struct application_row row;
    TRY(desk_edit(call, &edit));
    TRY(deputy_end(&act, &edit, &row));
    return desk_answer(call, &row);
}

struct result api_deputy_list(struct call *call)
{
    struct act act = app_act(call);
    struct application_row *rows;
    size_t count;
    const char *next;
    TRY(deputy_list(&act, call_text(call, "after"), &rows, &count, &next));
    return answer_applications(call, rows, count, next);
}

struct result api_application_events(struct call *call)
{
    struct act act = app_act(call);
    struct application_row row;
    char topic[SSE_TOPIC_MAX];
    /* Only one's own. */
    TRY(application_get(&act, call_text(call, "number"), &row));
    struct writer w = writer_of(topic, sizeof topic - 1);
    write_format(&w, "application/%s", row.number);
    topic[w.len] = '\0';
    return answer_sse(call, arena_text(call->arena, bytes_text(topic)));
}
