#include "counter.h"
#include "desk_tests.h"

int main(void)
{
    struct server *server = server_start();
    int failures = run_state_tests();
    for (int i = 0; i < 2; i++) {
        struct server *engine = i ? server : NULL;
        failures += run_application_tests(engine);
        failures += run_payment_tests(engine);
        failures += run_review_tests(engine);
        failures += run_production_tests(engine);
    }
    server_stop(server);
    return failures;
}
