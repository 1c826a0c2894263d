/* `hufu audit proof`: a certificate's proof, as its holder downloaded it, checked with the root's certificate alone. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"

/* FILE: the JSON that the portal hands out; ROOT: file of the root certificate (DER), as whoever checks has it. Prints
 * what was proven, as one JSON object where JSON says so. ERROR_PROOF_FILE names the field that is not right;
 * ERROR_JOURNAL_PROOF, ERROR_JOURNAL_HEAD when it does not hold; ERROR_IO. */
RESULT audit_proof(const char *file, const char *root, bool json, struct diag *diag);
