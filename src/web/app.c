#include "web/app.h"

struct act app_act(const struct call *call)
{
    static const enum actor_kind kinds[] = { [PRINCIPAL_NONE] = ACTOR_SYSTEM, [PRINCIPAL_HOLDER] = ACTOR_HOLDER,
                                             [PRINCIPAL_OPERATOR] = ACTOR_OPERATOR,
                                             [PRINCIPAL_PLATFORM] = ACTOR_HOLDER };
    struct app *app = call->app;
    const struct principal *p = &call->principal;
    return (struct act){ .service = &app->service, .arena = call->arena, .diag = call->diag, .now_s = call->now_s,
                         .kind = kinds[p->kind], .account = p->account, .name = p->name ? p->name : "-",
                         .serial = p->serial, .roles = p->roles, .client = call->client,
                         .request = call->request_id };
}
