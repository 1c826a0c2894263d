/* An operator at the console, from the command line: logs in with the own USBKey through the agent, as the
 * page does. */
#pragma once

#include "cli/agent_client.h"
#include "cli/place.h"

struct operator_login {
    const char *role;  /* of the person of a demonstration whose USBKey is taken: "administrator" */
    const char *card;  /* serial number of the USBKey; NULL: by ROLE, or the only one that is plugged in */
    const char *agent; /* where the agent listens; NULL: where the installation says */
};

/* RET_CONSOLE is logged in; free with client_free. The agent asks for the PIN in its window; in a
 * demonstration the PIN of its people is sent along. ERROR_DEMO_KEY when no such USBKey is plugged in, or
 * whatever agent and console say. */
RESULT operator_log_in(const struct place *place, const struct operator_login *login, struct diag *diag,
                       struct client **ret_console);
