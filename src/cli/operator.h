/* An operator at the console, from the command line: logs in with the own USBKey through the agent, as the
 * page does. */
#pragma once

#include "base/arena.h"
#include "cli/agent_client.h"
#include "cli/place.h"

struct operator_login {
    const char *role;  /* of the person of a demonstration whose USBKey is taken: "administrator" */
    const char *card;  /* serial number of the USBKey; NULL: by ROLE, or the only one that is plugged in */
    const char *agent; /* where the agent listens; NULL: where the installation says */
};

/* An operator who is logged in, with the own USBKey at hand to sign by. */
struct operator_work {
    struct client *agent, *console;
    json_t *key;     /* as the agent lists it */
    const char *pin; /* of a demonstration's person; NULL: the agent asks for it */
};

/* As operator_log_in. End with operator_end. */
RESULT operator_begin(const struct place *place, const struct operator_login *login, struct diag *diag,
                      struct operator_work *ret_work);
void operator_end(struct operator_work *work);
/* Serial number of the certificate that signs; "" when there is none. */
const char *operator_serial(const struct operator_work *work);
/* Has STATEMENT signed: RET_SIGNATURE in base64, in ARENA. */
RESULT operator_sign(const struct operator_work *work, const char *statement, struct arena *arena, struct diag *diag,
                     const char **ret_signature);

/* RET_CONSOLE is logged in; free with client_free. The agent asks for the PIN in its window; in a
 * demonstration the PIN of its people is sent along. ERROR_DEMO_KEY when no such USBKey is plugged in, or
 * whatever agent and console say. */
RESULT operator_log_in(const struct place *place, const struct operator_login *login, struct diag *diag,
                       struct client **ret_console);
