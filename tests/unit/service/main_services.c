#include "counter.h"
#include "desk_tests.h"

int main(int argc, char **argv)
{
    /* By hand: one test or several by name, on SQLite alone ("lost*"). */
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
        return run_services_tests(NULL);
    }
    struct server *server = server_start();
    int failures = run_services_tests(NULL) + run_services_tests(server);
    server_stop(server);
    return failures;
}
