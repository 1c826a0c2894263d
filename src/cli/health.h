/* Whether an installation answers: what `hufu status` shows and `hufu serve` waits for. */
#pragma once

#include <jansson.h>

#include "cli/installation.h"

/* GET /api/v1/health of the web that listens where [serve] says: its JSON, which the caller frees.
 * ERROR_CLIENT_UNREACHABLE, ERROR_CLIENT_ANSWER. */
RESULT health_ask(const struct installation *installation, struct diag *diag, json_t **ret_health);
/* Whether something accepts connections at "127.0.0.1:PORT" or "http://127.0.0.1:PORT". */
bool health_listens(const char *address);
