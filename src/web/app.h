/* What joins the rules to HTTP: who asks, how a handler speaks to them, what is kept of writes that come twice.
 * call->app of every handler is a struct app. */
#pragma once

#include "service/service.h"
#include "web/router.h"

struct app {
    struct service service;
    struct sse *sse;
};

/* The call as the rules see it: their struct act, valid as long as the call. */
struct act app_act(const struct call *call);
