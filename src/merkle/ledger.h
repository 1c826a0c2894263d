/* A log that no one can alter unnoticed: typed records in files, and beside them a Merkle tree (tree.h) whose leaves
 * are salted hashes of the records, so that a record's content can be erased and the tree still proves the rest.
 * The signer's journal and the audit trail of web are such logs. docs/PROTOCOL.journal has the format of the files.
 *
 * Records are written at once and are safe when ledger_sync has returned: whoever answers for one calls it before, once
 * for all that wait. What a crash leaves unfinished at the end is cut when the log is opened. The tree and the places
 * of the records are made of the records anew where they lag behind.
 *
 * One owner: calls are not synchronized. A folder is open once at a time, in all processes (ERROR_JOURNAL_BUSY). */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "base/text.h"
#include "merkle/tree.h"

enum {
    LEDGER_BODY_MAX = 64 * 1024,
    LEDGER_SALT_SIZE = 16,
    LEDGER_DATA_MAX = 2 + 1 + 8 + LEDGER_SALT_SIZE + LEDGER_BODY_MAX,
    LEDGER_CHECKPOINT_EVERY = 4096 /* so many records are read again at most when it is opened */
};

struct ledger;

struct ledger_record {
    uint16_t type;   /* what the body is, for whoever writes it */
    uint8_t version; /* of the body's form */
    int64_t time_s;
    struct bytes body;
};

/* A record as it is read back. */
struct ledger_entry {
    struct ledger_record record; /* body: ptr NULL when it was erased */
    uint8_t salt[LEDGER_SALT_SIZE];
    struct tree_hash leaf;
};

/* Opens the log in FOLDER, which exists; makes an empty one where there is none. DURABLE: so many records are known to
 * have been synced (a signed tree head says so); 0 when nothing is known. Fewer, or a damaged one among them, is
 * ERROR_JOURNAL_DAMAGED; beyond them a damaged record is the unfinished end and is cut with all that follows.
 * Other errors: ERROR_JOURNAL_BUSY, ERROR_IO, with words for the log in DIAG. */
RESULT ledger_open(const char *folder, uint64_t durable, struct diag *diag, struct ledger **ret_ledger);
/* Writes a checkpoint; what was not synced may be lost. */
void ledger_free(struct ledger *ledger);
static inline void ledger_free_p(struct ledger **ledger)
{
    ledger_free(*ledger);
}

/* Bytes that were cut when it was opened. */
uint64_t ledger_cut(const struct ledger *ledger);
/* Drawn when the log was made; tells logs apart. */
struct id ledger_id(const struct ledger *ledger);
uint64_t ledger_size(const struct ledger *ledger); /* records, synced or not */
int64_t ledger_last_time(const struct ledger *ledger); /* of the last record; 0 when empty */

/* ERROR_TOO_LARGE, with nothing written, for a body over LEDGER_BODY_MAX. ERROR_JOURNAL_WRITE when it could not be
 * written: from then on, here and in ledger_sync, every call fails, for what is on disk is not known any more. */
RESULT ledger_append(struct ledger *ledger, const struct ledger_record *record, uint64_t *ret_index);
/* Everything appended so far is on disk when this returns. ERROR_JOURNAL_WRITE as above. */
RESULT ledger_sync(struct ledger *ledger);

/* The record INDEX, body in ARENA; checked against its leaf (ERROR_JOURNAL_DAMAGED). ERROR_NOT_FOUND beyond the end,
 * ERROR_OUT_OF_ROOM, ERROR_IO. */
RESULT ledger_read(const struct ledger *ledger, uint64_t index, struct arena *arena, struct ledger_entry *ret_entry);
/* Erases salt and body of INDEX on disk; its leaf stays. For personal data whose time has come. */
RESULT ledger_erase(struct ledger *ledger, uint64_t index);

/* ERROR_NOT_FOUND where LEAF, OLD or SIZE is beyond the end (and for a proof about the empty tree). */
RESULT ledger_root(const struct ledger *ledger, uint64_t size, struct tree_hash *ret_root);
RESULT ledger_leaf(const struct ledger *ledger, uint64_t leaf, struct tree_hash *ret_hash);
/* Write the proof to W. */
RESULT ledger_inclusion(const struct ledger *ledger, uint64_t leaf, uint64_t size, struct writer *w);
RESULT ledger_consistency(const struct ledger *ledger, uint64_t old, uint64_t size, struct writer *w);

/* What a verifier works out for itself: the leaf of a record with its salt, SM3(00 ‖ data), and that data. */
void ledger_leaf_of(const struct ledger_record *record, const uint8_t salt[LEDGER_SALT_SIZE],
                    struct tree_hash *ret_leaf);
void ledger_data(const struct ledger_record *record, const uint8_t salt[LEDGER_SALT_SIZE], struct writer *w);
/* Reads every record and holds it against its leaf, and the tree against its leaves. ERROR_JOURNAL_DAMAGED with the
 * first bad one in DIAG. */
RESULT ledger_verify(const struct ledger *ledger, struct diag *diag);
