/* Logging in with the USBKey, at each host for its own people (R-SMS-2, R-SMS-3, R-LOGIN-2). */
#include "api_gen.h"
#include "service/key_login.h"
#include "web/api_session.h"

static struct key_login_door door_of(const struct call *call)
{
    const char *kind = call->host->kind == CALL_HOST_CONSOLE    ? "operator"
                       : call->host->kind == CALL_HOST_PLATFORM ? "platform"
                                                                : "holder";
    return (struct key_login_door){ kind, call->host->origin };
}

struct result api_key_login_new(struct call *call)
{
    const struct api_key_login_new *asked = call->body;
    struct act act = app_act(call);
    struct key_login_door door = door_of(call);
    struct key_login_draft draft;
    TRY(key_login_begin(&act, &door, asked->serial, &draft));
    struct api_key_login_draft answer = { draft.id, draft.statement, draft.expires_s };
    return answer_record(call, &api_key_login_draft_shape, &answer);
}

struct result api_key_login_finish(struct call *call)
{
    const struct api_key_login_proof *asked = call->body;
    struct act act = app_act(call);
    struct key_login_door door = door_of(call);
    struct key_login_proof proof = { asked->certificate, asked->signature };
    struct id id = call_id(call, "id");
    struct session session;
    struct session_token token;
    TRY(key_login_finish(&act, &door, &id, &proof, &session, &token));
    return session_answer_new(call, &session, &token);
}
