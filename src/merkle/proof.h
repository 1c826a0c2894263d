/* The proof that a record stands in a journal, as its holder keeps it: checked by whoever has the root's certificate,
 * with nothing else at hand (R-OPS-6, RFC 9162 §2.1.3). */
#pragma once

#include "merkle/head.h"
#include "merkle/ledger.h"
#include "pki/certificate.h"

struct proof {
    uint64_t leaf, size;          /* the record's number, from 0; the tree's records */
    struct bytes data;            /* of the record: type, version, time, salt, body (docs/PROTOCOL.journal) */
    struct bytes path;            /* tree.h */
    struct bytes head;            /* signed text */
    struct bytes head_certificate; /* DER: of the key that signed it, issued by the root */
};

struct proven {
    struct head head;
    struct tree_hash leaf;
    struct ledger_record record;  /* its body is a view of the proof's data */
};

/* ERROR_JOURNAL_HEAD: the head's certificate is not one for tree heads by ROOT, the signature is not by its key, or the
 * head is of another size. ERROR_JOURNAL_PROOF: the record does not stand there. DIAG (may be NULL) says which. */
RESULT proof_check(const struct proof *proof, const struct certificate *root, struct arena *arena, struct diag *diag,
                   struct proven *ret_proven);
