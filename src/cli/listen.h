/* The socket that hufu-web is handed. */
#pragma once

#include "base/diag.h"

/* ADDRESS: "127.0.0.1:8080", "[::1]:8080" or "unix:PATH" (made with mode 0660, of GROUP unless that is NULL, so
 * that nginx may connect). ERROR_USER_UNKNOWN for a group that does not exist; ERROR_PORT_TAKEN with who has it in
 * DIAG's log text; ERROR_CONFIG for what is no address. */
RESULT listen_open(const char *address, const char *group, struct diag *diag, int *ret_socket);
/* Who listens on TCP PORT, as "NAME (process PID)"; false when it cannot be told. */
bool listen_holder(unsigned port, char *into, unsigned long room);
