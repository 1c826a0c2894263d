/* The outbox, for the console (R-OPS-7). */
#include "api_gen.h"
#include "service/notice.h"
#include "web/app.h"

struct result api_notice_list(struct call *call)
{
    struct act act = app_act(call);
    struct notice_row *rows;
    size_t count;
    const char *next;
    TRY(notice_list(&act, call_text(call, "after"), &rows, &count, &next));
    struct api_notice *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_notice){ .id = rows[i].id, .channel = rows[i].channel, .recipient = rows[i].recipient,
                                         .template = rows[i].template, .subject = rows[i].subject,
                                         .state = rows[i].state, .tries = rows[i].tries,
                                         .created_s = rows[i].created_s, .sent_s = rows[i].sent_s,
                                         .last_error = rows[i].last_error };
    return answer_list(call, &api_notice_shape, answer, count, next);
}
