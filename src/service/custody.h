/* Custodians of the encryption keys, and what is handed to them for an authority (R-PKI-2, R-OPS-4). What people decide
 * they sign where they are together, and `hufu ceremony` brings both statements at once: they are checked by the signer
 * alone, and nothing is kept here but what the journal says. */
#pragma once

#include "ipc/signer_api.h"
#include "service/service.h"

/* Two statements with their signatures. */
struct custody_signed {
    const char *statement1, *statement2;
    struct bytes signature1, signature2;
};

/* Appoints custodians by two administrators' HUFU-CUSTODY-v1; KEYS: X ‖ Y of each, in the order of their names. The
 * same two statements again: the same answer. The signer's errors. */
RESULT custody_appoint(const struct act *act, const struct custody_signed *evidence, struct bytes keys,
                       struct signer_custody_done *ret_done);
/* The encryption key that a reviewer's and an auditor's HUFU-JUDICIAL-v1 names, as the custodians open it. Again: the
 * same. The signer's errors. */
RESULT custody_order(const struct act *act, const struct custody_signed *evidence,
                     struct signer_judicial_opened *ret_opened);
