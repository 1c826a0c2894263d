/* Who did what, for auditors and administrators. */
#include "api_gen.h"
#include "service/audit.h"
#include "web/app.h"

struct result api_audit_list(struct call *call)
{
    struct act act = app_act(call);
    struct audit_row *rows;
    size_t count;
    const char *next;
    const struct audit_wish wish = { .after = call_text(call, "after"), .text = call_text(call, "text"),
                                     .action = call_text(call, "action"), .from = call_text(call, "from"),
                                     .until = call_text(call, "until") };
    TRY(audit_list(&act, &wish, &rows, &count, &next));
    struct api_audit_entry *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_audit_entry){ .id = rows[i].id, .at_s = rows[i].at_s, .actor = rows[i].actor,
                                              .action = rows[i].action, .subject = rows[i].subject,
                                              .detail = rows[i].detail, .request = rows[i].request,
                                              .client = rows[i].client };
    return answer_list(call, &api_audit_entry_shape, answer, count, next);
}
