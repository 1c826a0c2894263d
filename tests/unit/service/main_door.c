#include "office.h"
#include "door.h"

int main(void)
{
    struct server *server = server_start();
    int failures = run_identity_tests();
    for (int i = 0; i < 2; i++) {
        struct server *engine = i ? server : NULL;
        failures += run_seal_tests(engine);
        failures += run_directory_tests(engine);
        failures += run_sms_tests(engine);
        failures += run_session_tests(engine);
        failures += run_key_login_tests(engine);
        failures += run_notice_tests(engine);
        failures += run_organization_tests(engine);
    }
    server_stop(server);
    return failures;
}
