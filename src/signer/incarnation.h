/* A restored installation is another one than that it was copied from: what it goes on with is its own. `hufu restore`
 * leaves the id of the new incarnation in the signer's folder, with size and root of the audit trail that it restored:
 * a struct journal_restored by its shape, without "before" (earlier builds: the id's text). The next start writes it to
 * the journal before anything else, so that tree heads tell the two apart. */
#pragma once

#include "signer/signer.h"

/* Begins the incarnation that FOLDER/incarnation names, unless it is begun already; synced and with a signed head when
 * this returns, and the file is gone. The journal was read. ERROR_JOURNAL_DAMAGED for a file that is neither,
 * ERROR_CLOCK, ERROR_JOURNAL_WRITE, ERROR_IO. */
RESULT incarnation_begin(struct signer *signer, struct diag *diag);
