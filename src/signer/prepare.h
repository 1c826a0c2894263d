/* Setting up under a root that is elsewhere: SIGNER_BEGIN with certificates that SIGNER_PREPARE asked for. */
#pragma once

#include "signer/call.h"

/* Makes the keys that are held here and finds the issuing CA's where a module holds it. RET_ROOT as in keys_make.
 * ERROR_IO, ERROR_HSM_…. */
RESULT prepare_keys(struct call *call, const struct signer_begin *ask, struct sm2_private *ret_root);

/* Puts the certificates of ASK, whose maker_transport_key has its length, into RECORD. ERROR_BEGIN_FIELD unless the
 * root is one, and each of the others is for the signer's own key, by that root, of its profile, with the name that was
 * asked for, and valid now. */
RESULT prepare_take(struct call *call, const struct signer_begin *ask, struct journal_begin *record);
