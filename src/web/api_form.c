/* The form (R-FORM-3): printed for its holder, shown to reviewers. */
#include "service/form.h"

#include "web/api_desk.h"

struct result api_form_print(struct call *call)
{
    struct act act = app_act(call);
    struct form_row row;
    TRY(form_print(&act, call_text(call, "number"), &row));
    struct api_form answer = { .revision = row.revision, .size = row.size, .sm3 = text_hex(call->arena, row.sm3),
                               .code = row.code };
    ENSURE(answer.sm3, ERROR_OUT_OF_ROOM);
    return answer_record(call, &api_form_shape, &answer);
}

static struct result answer_form(struct call *call)
{
    struct act act = app_act(call);
    struct form_row row;
    int fd;
    TRY(form_open(&act, call_text(call, "number"), &row, &fd));
    const char *name = arena_format(call->arena, "受理表-%s-%lld.pdf", row.application, (long long)row.revision);
    return answer_file(call, fd, "application/pdf", name ? name : "form.pdf", true);
}

struct result api_form_get(struct call *call)
{
    return answer_form(call);
}

struct result api_review_form(struct call *call)
{
    return answer_form(call);
}
