/* What the journal vouches for of the audit trail (audit_trail.h), and the proof that the trail goes on from there. */
#pragma once

#include "merkle/tree.h"
#include "store/rows.h"
#include "store/store.h"

enum { AUDIT_HEAD_BATCH = 1000000 }; /* entries that one proof covers at most; the next one goes on */

/* Keeps HEAD, a record of the journal: its fields but the peaks, which are worked out of the leaves. They stay empty
 * where the trail is shorter or another one: then nothing is proven any more, and the journal refuses what follows. */
RESULT audit_head_keep(struct tx *tx, const struct audit_head_row *head, struct arena *arena);
/* The last one kept; all zero when there is none. */
RESULT audit_head_last(struct tx *tx, struct arena *arena, struct audit_head_row *ret_head);

struct audit_growth {
    int64_t size;
    struct tree_hash root;
    struct bytes path; /* consistency proof from the last head's size to SIZE */
};
/* How far the trail is beyond HEAD, in ARENA; size is HEAD's where it did not grow. ERROR_STORE_DAMAGED where leaves
 * are missing. */
RESULT audit_head_growth(struct tx *tx, const struct audit_head_row *head, struct arena *arena,
                         struct audit_growth *ret_growth);
