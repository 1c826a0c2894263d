/* Signed tree heads: what the journal says of itself to the outside (docs/PROTOCOL.journal). A text like a statement,
 * signed by the tree head key, with the signature as its last line. */
#pragma once

#include "crypto/sm2.h"
#include "merkle/tree.h"
#include "pki/statement.h"

enum { HEAD_SIZE_MAX = 512 };

struct head {
    struct id incarnation;
    uint64_t size;
    struct tree_hash root;
    int64_t time_s;
};

/* Writes and signs; the text is in ARENA. */
RESULT head_sign(const struct head *head, const struct sm2_private *key, struct drbg *drbg, struct arena *arena,
                 struct bytes *ret_text);
/* Reads TEXT and checks the signature: ERROR_STATEMENT, ERROR_SIGNATURE_INVALID. */
RESULT head_check(struct bytes text, const struct sm2_public *key, struct arena *arena, struct head *ret_head);
