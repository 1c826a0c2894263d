#include "web/call_internal.h"

struct error_answer {
    int64_t code;
    const char *name, *message, *detail, *hint, *field;
    struct id request_id;
};

static const struct shape_field error_fields[] = {
    SHAPE_INT(struct error_answer, code),
    SHAPE_TEXT(struct error_answer, name, 64),
    SHAPE_TEXT(struct error_answer, message, DIAG_TEXT_MAX),
    SHAPE_TEXT(struct error_answer, detail, DIAG_TEXT_MAX),
    SHAPE_TEXT(struct error_answer, hint, DIAG_TEXT_MAX),
    SHAPE_TEXT(struct error_answer, field, DIAG_FIELD_MAX),
    SHAPE_ID(struct error_answer, request_id),
};
static const struct shape error_shape = SHAPE("error", struct error_answer, error_fields);
static const struct json_check error_checks[COUNT(error_fields)] = { 0 };
static const struct json_type error_type = { &error_shape, error_checks };

/* TEXT without the piece of a character that a full buffer cut at its end; NULL if it says nothing. */
static const char *whole(struct arena *arena, const char *text)
{
    size_t len = strlen(text);
    for (int cut = 0; cut < 4 && len > 0; cut++, len--)
        if (text_lines(bytes_of(text, len))) return arena_text(arena, bytes_of(text, len));
    return NULL;
}

bool router_english(const struct http_request *request)
{
    const char *languages = http_field(request, "Accept-Language");
    return languages && (languages[0] == 'e' || languages[0] == 'E') && (languages[1] == 'n' || languages[1] == 'N');
}

void router_answer_error(struct http_request *request, struct call *call, enum error code)
{
    const struct error_entry *e = error_find(code);
    bool english = router_english(request);
    struct error_answer answer = {
        .code = e->code,
        .name = e->name,
        .message = english ? e->en : e->zh,
        .hint = english ? e->hint_en : e->hint_zh,
        .detail = whole(request->arena, request->diag.detail),
        .field = whole(request->arena, request->diag.field),
        .request_id = request->id,
    };
    struct bytes json = bytes_text("{}");
    /* A full arena still gets its status. */
    IGNORE(json_write(&error_type, &answer, request->arena, NULL, &json));
    http_answer_body(request, e->status, "application/json", json);
    if (e->retry) http_answer_field(request, "Retry-After", "1");
    if (call) call->error = e->code;
}
