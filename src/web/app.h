/* What joins the rules to HTTP: who asks, how a handler speaks to them, what is kept of writes that come twice.
 * call->app of every handler is a struct app. */
#pragma once

#include "service/session.h"
#include "web/router.h"

struct app {
    struct service service;
    struct sse *sse;
};

/* Of the host that set it alone: portal, console and platform have one each. */
#define APP_COOKIE "session"

/* The call as the rules see it: their struct act, valid as long as the call. */
struct act app_act(const struct call *call);

/* For the router (router.h). The principal's own is its struct session. */
RESULT app_identify(struct call *call, struct principal *ret_principal);
RESULT app_repeat_find(struct call *call, const struct call_repeat *repeat, struct call_kept *ret_kept);
RESULT app_repeat_keep(struct call *call, const struct call_repeat *repeat, const struct call_kept *kept);
