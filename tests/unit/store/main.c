#include "server.h"
#include "tests.h"

int main(void)
{
    struct server *server = server_start();
    int failures = run_store_tests(server);
    server_stop(server);
    return failures;
}
