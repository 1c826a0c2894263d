/* The trail of who did what: a Merkle log as the signer's journal is (merkle/tree.h), kept in the database so that an
 * entry is written in the same transaction as the act. A leaf is made as those of merkle/ledger.h, of the entry's row
 * written by its shape without place and salt. */
#pragma once

#include "merkle/tree.h"
#include "store/rows.h"
#include "store/store.h"

/* Gives ENTRY its place and salt and writes it. */
RESULT audit_trail_append(struct tx *tx, struct audit_row *entry, struct arena *arena);
/* The leaf that belongs to ENTRY; ERROR_STORE_DAMAGED when it has no salt. */
RESULT audit_trail_leaf(const struct audit_row *entry, struct tree_hash *ret_leaf);
/* How many entries there are, and the root of their tree. */
RESULT audit_trail_head(struct tx *tx, struct arena *arena, uint64_t *ret_size, struct tree_hash *ret_root);
