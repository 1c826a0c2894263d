/* Scans in pieces (service/upload.h), under the names of Resumable Uploads for HTTP: Upload-Offset says where a piece
 * begins and, in the answer, where the next one does. */
#include "service/upload.h"

#include <stdio.h>

#include "web/api_desk.h"

static struct api_upload show(const struct upload_row *row)
{
    return (struct api_upload){ .id = row->id, .kind = row->kind, .size = row->size, .offset = row->arrived,
                                .ends_s = upload_ends_s(row) };
}

static struct result answer_upload(struct call *call, const struct upload_row *row)
{
    char offset[24];
    struct api_upload answer = show(row);
    answer.sm3 = text_hex(call->arena, row->sm3);
    ENSURE(answer.sm3, ERROR_OUT_OF_ROOM);
    snprintf(offset, sizeof offset, "%lld", (long long)row->arrived);
    TRY(answer_record(call, &api_upload_shape, &answer));
    http_answer_field(call->request, "Upload-Offset", offset);
    return OK;
}

struct result api_upload_begin(struct call *call)
{
    struct act act = app_act(call);
    const struct api_upload_begin *asked = call->body;
    struct upload_file file = { .number = call_text(call, "number"), .name = asked->kind, .size = asked->size };
    struct upload_row row;
    TRY(text_from_hex(call->arena, asked->sm3, &file.sm3));
    TRY(upload_begin(&act, &file, &row));
    return answer_upload(call, &row);
}

struct result api_upload_append(struct call *call)
{
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    uint64_t at;
    struct upload_row row;
    if (failed(text_number(call_text(call, "Upload-Offset"), FILES_UPLOAD_MAX, &at)))
        return diag_field(call->diag, ERROR_FIELD_FORMAT, "Upload-Offset", "应为 0 到 %d 的整数", FILES_UPLOAD_MAX);
    TRY(upload_append(&act, call_text(call, "number"), &id, (int64_t)at, call->upload.fd, (int64_t)call->upload.size,
                      &row));
    return answer_upload(call, &row);
}

struct result api_upload_finish(struct call *call)
{
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct attachment_row row;
    TRY(upload_finish(&act, call_text(call, "number"), &id, &row));
    struct api_attachment answer = desk_show_attachment(&row);
    return answer_record(call, &api_attachment_shape, &answer);
}

struct result api_upload_list(struct call *call)
{
    struct act act = app_act(call);
    struct upload_row *rows;
    size_t count;
    TRY(upload_list(&act, call_text(call, "number"), &rows, &count));
    struct api_upload *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) {
        answer[i] = show(&rows[i]);
        answer[i].sm3 = text_hex(call->arena, rows[i].sm3);
        ENSURE(answer[i].sm3, ERROR_OUT_OF_ROOM);
    }
    return answer_list(call, &api_upload_shape, answer, count, NULL);
}

struct result api_upload_cancel(struct call *call)
{
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    return upload_cancel(&act, call_text(call, "number"), &id);
}
