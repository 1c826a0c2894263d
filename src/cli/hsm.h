/* How the hardware security module of an installation is, as the signer told it last (signer/hsm.h). */
#pragma once

#include "cli/installation.h"

enum { HSM_STATE_MAX = 128 };

/* "ready LABEL SERIAL" or the name of the error that signing meets; false where there is no module, or nothing was told
 * yet. What is told holds while the installation runs. */
bool hsm_state(const struct installation *installation, char ret_state[HSM_STATE_MAX]);
bool hsm_ready(const char *state);
/* What STATE means and what to do, in the language of the command; of one that is ready: NULL. */
const struct error_entry *hsm_error(const char *state);
