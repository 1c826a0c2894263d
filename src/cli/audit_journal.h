/* The signer's journal as `hufu audit verify` looks at it. */
#pragma once

#include "cli/installation.h"
#include "merkle/inspect.h"

struct audit_told {
    uint64_t size;   /* that a head vouches for */
    const char *root;
    uint64_t erased; /* without their content */
    uint64_t beyond; /* behind the newest head, while it is written on */
    uint64_t heads;  /* published earlier, and found to be beginnings of it; of the trail: with those in the journal */
    uint64_t lost;   /* of the trail: heads of what came after the backup that was restored */
    uint64_t restored, restored_at; /* of the journal: how many times from a backup; the last time with this record */
};

/* What the database knows of the journal: how many records it has applied, and the root at a size before (0: none). */
struct audit_witness {
    uint64_t applied, size;
    struct tree_hash root;
};

/* ROOT: file of the root certificate, NULL: the installation's. HEADS: file with published heads, or NULL.
 * ERROR_JOURNAL_HEAD and those of inspect.h, with words in DIAG. */
RESULT audit_journal_verify(const struct installation *installation, const char *root, const char *heads,
                            const struct audit_witness *witness, struct arena *arena, struct diag *diag,
                            struct audit_told *ret_told);
