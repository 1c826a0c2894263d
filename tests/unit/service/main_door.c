#include <string.h>

#include "office.h"
#include "door.h"

static int run(struct server *engine)
{
    return run_seal_tests(engine) + run_directory_tests(engine) + run_sms_tests(engine) + run_session_tests(engine) +
           run_key_login_tests(engine) + run_notice_tests(engine) + run_organization_tests(engine);
}

/* test-door [sqlite]: without PostgreSQL, which takes longer than all the rest. */
int main(int argc, char **argv)
{
    int failures = run_identity_tests() + run(NULL);
    if (argc == 2 && strcmp(argv[1], "sqlite") == 0) return failures;
    struct server *server = server_start();
    failures += run(server);
    server_stop(server);
    return failures;
}
