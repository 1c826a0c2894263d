/* Who is logged in at this host, and logging in by SMS (R-SMS-1). */
#include "api_gen.h"
#include "service/kind.h"
#include "service/organization.h"
#include "service/sms.h"
#include "web/app.h"
#include "web/api_session.h"

struct result api_sms_code_send(struct call *call)
{
    const struct api_sms_code_new *asked = call->body;
    struct act act = app_act(call);
    return sms_want(&act, SMS_LOGIN, asked->mobile);
}

/* The services that a session may enter, joined by commas. */
static struct result name_doors(struct call *call, const char *means, const char **ret_names)
{
    char names[200];
    struct writer w = writer_of(names, sizeof names);
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        const char *name = kind_rule(kind)->name;
        if (session_may_enter(means, name)) write_format(&w, "%s%s", w.len ? "," : "", name);
    }
    *ret_names = w.len ? arena_text(call->arena, bytes_of(names, w.len)) : NULL;
    ENSURE(!w.full && (!w.len || *ret_names), ERROR_OUT_OF_ROOM);
    return OK;
}

struct result session_answer(struct call *call, const struct session *session)
{
    const struct session_row *row = &session->row;
    struct api_session answer = { .kind = row->kind, .account = row->account, .name = row->name,
                                  .organization_name = session->organization_name, .mobile = session->mobile,
                                  .roles = row->roles[0] ? row->roles : NULL, .serial = row->serial,
                                  .expires_s = row->expires_s, .origin = row->origin, .means = row->means };
    if (text_equal(row->kind, "holder")) {
        struct act act = app_act(call);
        bool runs;
        TRY(name_doors(call, row->means, &answer.enters));
        TRY(organization_runs_one(&act, &row->account, &runs));
        answer.runs_organization = runs;
    }
    return answer_record(call, &api_session_shape, &answer);
}

struct result session_answer_new(struct call *call, const struct session *session, const struct session_token *token)
{
    TRY(answer_cookie(call, APP_COOKIE, token->text, 0));
    return session_answer(call, session);
}

struct result api_session_new(struct call *call)
{
    const struct api_sms_login *asked = call->body;
    struct act act = app_act(call);
    struct session session;
    struct session_token token;
    TRY(session_login_sms(&act, asked->mobile, asked->code, call->host->origin, &session, &token));
    return session_answer_new(call, &session, &token);
}

struct result api_session_get(struct call *call)
{
    return session_answer(call, call->principal.own);
}

struct result api_session_end(struct call *call)
{
    struct act act = app_act(call);
    TRY(session_end(&act, call_cookie(call, APP_COOKIE)));
    return answer_cookie(call, APP_COOKIE, "", -1);
}
