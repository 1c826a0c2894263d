/* The CAs whose certificates are spoken of, found by what an OCSP request says of them: hashes of name and key under
 * SHA-1, SHA-256 or SM3, which clients choose. Read from the published folder when the process starts. */
#pragma once

#include "base/diag.h"
#include "pki/ocsp.h"

enum { ISSUERS_MAX = 8, ISSUER_NAME_MAX = 32 };

struct issuers;

/* Reads each ca/NAME.cer below FOLDER, a descriptor. ERROR_IO, or what is wrong with a certificate; DIAG's log text has
 * its name. */
RESULT issuers_load(int folder, struct diag *diag, struct issuers **ret_issuers);
void issuers_free(struct issuers *issuers);
/* The NAME of the CA that ID speaks of; NULL: none of ours. */
const char *issuers_find(const struct issuers *issuers, const struct ocsp_id *id);
