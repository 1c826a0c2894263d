/* What the signer's journal vouches for of the trail of who did what (R-OPS-6), as `hufu audit verify` looks at it. The
 * heads are read before the database, so that they are behind it while it is written on, and told of when the journal
 * is known to be the signed one. */
#pragma once

#include "cli/audit_journal.h"

struct audit_heads {
    size_t count;
    struct audit_head {
        uint64_t record, size; /* of the journal; of the trail */
        struct tree_hash root;
        enum error found;      /* ERROR_NONE, ERROR_JOURNAL_CUT or ERROR_JOURNAL_FORK */
    } *all;
    uint64_t lost; /* of an installation before it was restored, with more than the backup had */
};

/* Those in the journal of INSTALLATION, the smallest first. Records that cannot be understood are left out: the
 * journal's own verification names them. ERROR_IO. */
RESULT audit_heads_read(const struct installation *installation, struct diag *diag, struct audit_heads *ret_heads);
void audit_heads_done(struct audit_heads *heads);

/* Holds them against the COUNT leaves of the trail. */
void audit_heads_hold(struct audit_heads *heads, const struct tree_hash *leaves, uint64_t count);
/* ERROR_JOURNAL_CUT, ERROR_JOURNAL_FORK with words in DIAG for the first one that does not hold. */
RESULT audit_heads_tell(const struct audit_heads *heads, struct diag *diag);
