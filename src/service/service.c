#include "service/service.h"

struct act service_act(struct service *service, struct arena *arena, struct diag *diag)
{
    return (struct act){ .service = service, .arena = arena, .diag = diag, .now_s = clock_now(service->clock),
                         .kind = ACTOR_SYSTEM, .name = "系统", .client = "-", .request = "-" };
}
