#include "counter.h"
#include "desk_tests.h"

int main(int argc, char **argv)
{
    /* By hand: one test or several by name, on SQLite alone ("pay*"). */
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
        return run_state_tests() + run_application_tests(NULL) + run_review_tests(NULL) + run_payment_tests(NULL) +
               run_production_tests(NULL);
    }
    struct server *server = server_start();
    int failures = run_state_tests() + run_application_tests(NULL) + run_review_tests(NULL);
    for (int i = 0; i < 2; i++) {
        struct server *engine = i ? server : NULL;
        failures += run_payment_tests(engine);
        failures += run_production_tests(engine);
    }
    server_stop(server);
    return failures;
}
