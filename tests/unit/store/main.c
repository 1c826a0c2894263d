#include "server.h"
#include "tests.h"

/* test-store WRITER, the path of store-writer. */
int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    struct server *server = server_start();
    int failures = run_store_tests(server);
    failures += run_copy_tests(server);
    failures += run_fault_tests(server, argv[1]);
    server_stop(server);
    return failures;
}
