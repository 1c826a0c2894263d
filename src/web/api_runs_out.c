/* What runs out, for administrators and auditors. */
#include "api_gen.h"
#include "service/runs_out.h"
#include "web/app.h"

struct result api_runs_out_list(struct call *call)
{
    struct act act = app_act(call);
    struct runs_out *rows;
    size_t count;
    TRY(runs_out_list(&act, &rows, &count));
    struct api_runs_out *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_runs_out){ .kind = rows[i].kind, .words = rows[i].words, .mend = rows[i].mend,
                                           .end_s = rows[i].end_s, .over = rows[i].over };
    return answer_list(call, &api_runs_out_shape, answer, count, NULL);
}
