/* The proof that a certificate's issuance stands in the signer's journal, for its holder to keep (R-OPS-6). */
#pragma once

#include "merkle/proof.h"
#include "service/service.h"

struct certificate_proof {
    const char *serial;           /* as it was asked for */
    struct proof proof;           /* of the journal as far as the database has it */
    struct proven proven;         /* checked here before it is handed out */
};

/* ERROR_NOT_FOUND for a certificate that is not the holder's who asks; what the signer refuses with;
 * ERROR_JOURNAL_PROOF, ERROR_JOURNAL_HEAD when what it answered does not hold. */
RESULT certificate_proof(const struct act *act, const char *serial, struct certificate_proof *ret_proof);
