/* The trail of who did what, in the database, as `hufu audit verify` looks at it. */
#pragma once

#include "cli/audit_heads.h"

/* KNOWN: "SIZE:ROOT" as it was printed earlier, or NULL. HEADS are held against it, and told of by audit_heads_tell.
 * RET_WITNESS: what the database knows of the journal.
 * ERROR_JOURNAL_CHANGED and its neighbours, and those of store.h, with words in DIAG. */
RESULT audit_trail_verify(const struct installation *installation, const char *known, struct audit_heads *heads,
                          struct arena *arena, struct diag *diag, struct audit_told *ret_told,
                          struct audit_witness *ret_witness);
