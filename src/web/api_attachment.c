/* Scans (R-FORM-4): uploaded by the holder, looked at by reviewers. */
#include "service/attachment.h"

#include "web/api_desk.h"

struct result api_attachment_upload(struct call *call)
{
    struct act act = app_act(call);
    struct attachment_row row;
    struct attachment_new new = { .number = call_text(call, "number"), .name = call_text(call, "kind"),
                                  .fd = call->upload.fd, .size = (int64_t)call->upload.size };
    TRY(attachment_add(&act, &new, &row));
    struct api_attachment answer = desk_show_attachment(&row);
    return answer_record(call, &api_attachment_shape, &answer);
}

struct result api_attachment_list(struct call *call)
{
    return desk_answer_attachments(call, call_text(call, "number"));
}

struct result api_review_attachments(struct call *call)
{
    return desk_answer_attachments(call, call_text(call, "number"));
}

struct result api_review_attachment(struct call *call)
{
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct attachment_row row;
    int fd;
    TRY(attachment_open(&act, call_text(call, "number"), &id, &row, &fd));
    return answer_scan(call, fd, row.type, arena_format(call->arena, "%s-%s", row.application, row.kind));
}
