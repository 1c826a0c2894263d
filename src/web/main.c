/* hufu-web: HTTP, the rules and the database. Parses what strangers send and holds no key of the CA. */
#include <stdlib.h>

#include "api_gen.h"
#include "web/app.h"

int main(void)
{
    static const struct clock clock = { clock_system, 0 };
    static const struct call_host hosts[] = { { CALL_HOST_PORTAL, "portal.localhost", "http://portal.localhost" } };
    struct router_options options = { .clock = &clock, .operations = api_operations,
                                      .operation_count = api_operation_count, .hosts = hosts,
                                      .host_count = COUNT(hosts) };
    router_free(router_new(&options));
    return EXIT_SUCCESS;
}
