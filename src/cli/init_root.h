/* `hufu init` under a root of a ceremony: it asks for certificates and waits for them. */
#pragma once

#include "cli/init_plan.h"
#include "cli/init_signer.h"

/* Has the signer make its keys, writes their requests to a new folder PLACE.requests, and asks on standard input until
 * the certificates lie there and the signer takes them. BEGIN is what SIGNER_BEGIN is asked with, but for the
 * certificates. ERROR_FOLDER_FAILED, ERROR_BEGIN_FIELD when standard input ends. */
RESULT init_root_begin(const struct init_folder *folder, struct init_signer *signer, const struct init_plan *plan,
                       const struct signer_begin *begin, struct diag *diag, struct signer_state *ret_state);
