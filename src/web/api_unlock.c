/* The holder's USBKey is unlocked (R-UNLOCK-2). */
#include "service/unlock.h"

#include "web/api_desk.h"

struct result api_unlock(struct call *call)
{
    const struct api_unlock_new *asked = call->body;
    struct act act = app_act(call);
    struct bytes challenge, answer;
    ENSURE(!failed(text_from_hex(call->arena, asked->challenge, &challenge)), ERROR_MALFORMED);
    TRY(unlock_answer(&act, call_text(call, "number"), asked->card, challenge, &answer));
    struct api_unlock_answer told = { .answer = text_hex(call->arena, answer) };
    ENSURE(told.answer, ERROR_OUT_OF_ROOM);
    return answer_record(call, &api_unlock_answer_shape, &told);
}
