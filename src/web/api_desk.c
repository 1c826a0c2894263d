#include "web/api_desk.h"

#include <stdio.h>

#include "service/attachment.h"
#include "service/certify.h"
#include "service/former.h"
#include "service/item.h"
#include "service/lapse.h"
#include "service/mask.h"

struct result desk_edit(struct call *call, struct application_edit *ret_edit)
{
    struct application_edit edit = { .number = call_text(call, "number") };
    const char *match = call_header(call, "If-Match");
    if (match && strcmp(match, "*") != 0) {
        size_t len = strlen(match);
        uint64_t version;
        const char *digits = len > 2 && match[0] == '"' && match[len - 1] == '"'
                                 ? arena_text(call->arena, bytes_of(match + 1, len - 2))
                                 : NULL;
        if (!digits || failed(text_number(digits, INT64_MAX, &version)))
            return diag_field(call->diag, ERROR_FIELD_FORMAT, "If-Match", "应为读取时得到的 ETag");
        edit.guarded = true;
        edit.version = (int64_t)version;
    }
    *ret_edit = edit;
    return OK;
}

/* NULL stays NULL; a full arena is told by the caller's check of *RET_OK. */
static const char *masked(const char *(*mask)(struct arena *, const char *), struct arena *arena, const char *value,
                          bool *ret_ok)
{
    const char *text = value ? mask(arena, value) : NULL;
    if (value && !text) *ret_ok = false;
    return text;
}

struct result desk_show(struct arena *arena, const struct application_row *row, struct api_application *ret_answer)
{
    bool ok = true;
    *ret_answer = (struct api_application){
        .number = row->number,
        .service = row->service,
        .state = row->state,
        .version = row->version,
        .holder = row->holder,
        .agreement_version = row->agreement_version,
        .agreed_s = row->agreed_s,
        .confirmed = item_sections(arena, row->confirmed),
        .organization_name = row->organization_name,
        .credit_code = row->credit_code,
        .organization_address = row->organization_address,
        .holder_name = row->holder_name,
        .document_type = row->document_type,
        .document_number = row->document_mask,
        .mobile = masked(mask_mobile, arena, row->mobile, &ok),
        .email = row->email,
        .invoice_title = row->invoice_title,
        .tax_number = row->tax_number,
        .invoice_email = row->invoice_email,
        .medium = row->medium,
        .recipient = row->recipient,
        .recipient_mobile = masked(mask_mobile, arena, row->recipient_mobile, &ok),
        .province = row->province,
        .address = row->address,
        .postcode = row->postcode,
        .fee_fen = row->fee_fen,
        .form_revision = row->form_revision,
        .created_s = row->created_s,
        .submitted_s = row->submitted_s,
        .started_s = row->started_s,
        .due_s = row->due_s,
        .returned_s = row->returned_s,
        .return_reason = row->return_reason,
        .return_items = row->return_items,
        .return_words = row->return_words,
        .about = row->about,
        .origin = row->origin,
        .reason = row->revoke_reason,
        .successor = row->successor,
        .successor_confirmed_s = row->successor_confirmed_s,
        .key_waybill = row->key_waybill,
        .key_received_s = row->key_received_s,
        .inspected_s = row->inspected_s,
        .decided_s = row->decided_s,
        .finished_s = row->finished_s,
        .lapses_s = lapse_possible(row) ? lapse_at(row) : 0,
        .serial = row->serial,
        .card = row->card,
        .former = row->former,
        .deputy = row->deputy,
        .deputy_name = row->deputy_name,
        .deputy_mobile = masked(mask_mobile, arena, row->deputy_mobile, &ok),
    };
    ENSURE(ok, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result desk_answer(struct call *call, const struct application_row *row)
{
    struct api_application answer;
    char etag[32];
    struct act act = app_act(call);
    TRY(desk_show(call->arena, row, &answer));
    if (text_equal(row->state, state_name(STATE_REPLACED)))
        TRY(former_replaced_by(&act, row->number, &answer.replaced_by));
    snprintf(etag, sizeof etag, "\"%lld\"", (long long)row->version);
    TRY(answer_record(call, &api_application_shape, &answer));
    http_answer_field(call->request, "ETag", etag);
    return OK;
}

struct api_attachment desk_show_attachment(const struct attachment_row *row)
{
    return (struct api_attachment){ .id = row->id, .kind = row->kind, .type = row->type, .size = row->size,
                                    .pages = row->pages, .revision = row->revision, .uploaded_s = row->uploaded_s };
}

struct result desk_answer_attachments(struct call *call, const char *number)
{
    struct act act = app_act(call);
    struct attachment_row *rows;
    size_t count;
    TRY(attachment_list(&act, number, &rows, &count));
    struct api_attachment *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) answer[i] = desk_show_attachment(&rows[i]);
    return answer_list(call, &api_attachment_shape, answer, count, NULL);
}

struct result desk_answer_draft(struct call *call, const char *statement)
{
    struct api_draft answer = { .statement = statement };
    return answer_record(call, &api_draft_shape, &answer);
}

struct result desk_answer_pair(struct call *call, const struct signer_issued *issued)
{
    struct api_produced answer = { .signing_certificate = issued->signing_certificate,
                                   .encryption_certificate = issued->encryption_certificate,
                                   .enveloped_key = issued->enveloped_key };
    return answer_record(call, &api_produced_shape, &answer);
}

struct api_certificate desk_show_certificate(const struct call *call, const struct certificate_row *row)
{
    struct api_certificate answer = { .serial = row->serial, .purpose = row->purpose,
                                     .state = certify_state(row, call->now_s), .subject = row->subject,
                                     .holder = row->holder, .application = row->application,
                                     .medium = row->medium, .card = row->card,
                                     .not_before_s = row->not_before_s, .not_after_s = row->not_after_s,
                                     .revoked_s = row->revoked_s, .reason = row->reason, .der = row->der };
    if (!text_equal(row->state, "held")) return answer;
    answer.held_s = row->held_s;
    answer.held_by = row->held_name;
    answer.held_for = row->held_for ? "organization" : "holder";
    return answer;
}

struct result desk_answer_certificates(struct call *call, const struct certificate_row *rows, size_t count)
{
    struct api_certificate *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) answer[i] = desk_show_certificate(call, &rows[i]);
    return answer_list(call, &api_certificate_shape, answer, count, NULL);
}

struct result desk_answer_history(struct call *call, const struct audit_row *rows, size_t count)
{
    struct api_audit_entry *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_audit_entry){ .id = rows[i].id, .at_s = rows[i].at_s, .actor = rows[i].actor,
                                              .action = rows[i].action, .subject = rows[i].subject,
                                              .detail = rows[i].detail, .request = rows[i].request };
    return answer_list(call, &api_audit_entry_shape, answer, count, NULL);
}
