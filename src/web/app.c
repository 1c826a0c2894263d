#include "web/app.h"

struct act app_act(const struct call *call)
{
    static const enum actor_kind kinds[] = { [PRINCIPAL_NONE] = ACTOR_SYSTEM, [PRINCIPAL_HOLDER] = ACTOR_HOLDER,
                                             [PRINCIPAL_OPERATOR] = ACTOR_OPERATOR,
                                             [PRINCIPAL_PLATFORM] = ACTOR_HOLDER };
    struct app *app = call->app;
    const struct principal *p = &call->principal;
    const struct session *session = p->own;
    return (struct act){ .service = &app->service, .arena = call->arena, .diag = call->diag, .now_s = call->now_s,
                         .kind = kinds[p->kind], .account = p->account, .name = p->name ? p->name : "-",
                         .serial = p->serial, .roles = p->roles, .means = session ? session->row.means : NULL,
                         .client = call->client, .request = call->request_id };
}

/* ---- who asks ---- */

static struct result session_of(struct call *call, struct session *ret_session)
{
    const char *token = call_cookie(call, APP_COOKIE);
    struct act act = app_act(call);
    ENSURE(token, ERROR_NOT_FOUND);
    return session_find(&act, token, call->host->origin, ret_session);
}

struct result app_identify(struct call *call, struct principal *ret_principal)
{
    static const struct {
        const char *name;
        enum principal_kind kind;
    } kinds[] = { { "holder", PRINCIPAL_HOLDER }, { "operator", PRINCIPAL_OPERATOR },
                  { "platform", PRINCIPAL_PLATFORM } };
    struct session *session = ARENA_NEW(call->arena, struct session);
    ENSURE(session, ERROR_OUT_OF_ROOM);
    struct result r = session_of(call, session);
    if (r.code == ERROR_NOT_FOUND) return OK; /* nobody */
    TRY(r);
    const struct session_row *row = &session->row;
    struct principal p = { .account = row->account, .session = session->id, .name = row->name, .roles = row->roles,
                           .serial = row->serial, .own = session };
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (text_equal(kinds[i].name, row->kind)) p.kind = kinds[i].kind;
    *ret_principal = p;
    return OK;
}

/* ---- writes that come twice ---- */

struct result app_repeat_find(struct call *call, const struct call_repeat *repeat, struct call_kept *ret_kept)
{
    struct app *app = call->app;
    struct idempotency_row row;
    struct key_row key = { .hash = BYTES(repeat->key) };
    struct call_kept kept = { 0 };
    TRY(store_one(app->service.store, STATEMENT_IDEMPOTENCY_GET, RECORD(key_row_shape, &key), call->arena,
                  &idempotency_row_shape, &row));
    ENSURE(row.request_hash.len == sizeof kept.content, ERROR_STORE_DAMAGED);
    memcpy(kept.content, row.request_hash.ptr, sizeof kept.content);
    kept.status = (int)row.status;
    kept.answer = row.answer;
    *ret_kept = kept;
    return OK;
}

struct result app_repeat_keep(struct call *call, const struct call_repeat *repeat, const struct call_kept *kept)
{
    struct app *app = call->app;
    struct idempotency_row row = { .hash = BYTES(repeat->key), .request_hash = BYTES(kept->content),
                                   .status = kept->status, .answer = kept->answer, .created_s = call->now_s };
    return store_change(app->service.store, STATEMENT_IDEMPOTENCY_INSERT, RECORD(idempotency_row_shape, &row));
}
