/* A log as an auditor looks at it: what its records give is held against what its tree has and what signed heads vouch
 * for, and what was done to it gets its own name. Files are only read, also while their owner writes on; a log that
 * ledger.h would refuse or cut is told about here. Leaves of other logs (the audit trail in the database) are looked at
 * in the same way. */
#pragma once

#include "base/diag.h"
#include "merkle/head.h"
#include "merkle/ledger.h"

struct inspected {
    struct id id;
    struct tree_hash *found, *known;     /* leaves as the records give them; as the tree has them */
    uint64_t found_count, known_count;
    uint64_t erased;                     /* records whose content was erased */
    uint64_t unfinished;                 /* bytes behind the last whole record */
    bool tree_altered;                   /* its inner nodes are not those of its leaves */
    bool open;                           /* its owner has it open: records may lie behind the newest head */
};

/* Reads the log in FOLDER. ERROR_IO, ERROR_JOURNAL_DAMAGED (no log at all), with words in DIAG. */
RESULT inspect_read(const char *folder, struct diag *diag, struct inspected *ret_log);
void inspect_done(struct inspected *log);

/* The first record, which says whose log it is; body in ARENA. ERROR_NOT_FOUND when there is none, or it is erased;
 * ERROR_JOURNAL_CHANGED, ERROR_IO. */
RESULT inspect_first(const char *folder, struct arena *arena, struct diag *diag, struct ledger_record *ret_record);

/* Hands each record that is whole, with its number and its body as it lies in the file, to EACH, until one fails: with
 * that. ERROR_IO. */
RESULT inspect_each(const char *folder, struct diag *diag,
                    struct result (*each)(void *context, uint64_t index, const struct ledger_record *record),
                    void *context);

/* The root of the first COUNT leaves. */
void inspect_root(const struct tree_hash *leaves, uint64_t count, struct tree_hash *ret_root);

/* Whether LOG is what OWN, its newest head, vouches for:
 *   ERROR_JOURNAL_CHANGED, _REMOVED, _INSERTED, _REORDERED  the first record that is not as it was
 *   ERROR_JOURNAL_CUT       the end is missing
 *   ERROR_JOURNAL_ALTERED   records and tree are both others than the signed ones
 *   ERROR_JOURNAL_TREE      the records are the signed ones, the tree beside them is not
 * DIAG says which record. */
RESULT inspect_log(const struct inspected *log, const struct head *own, struct diag *diag);
/* Whether LOG goes on from HEAD, published earlier: ERROR_JOURNAL_CUT when it is shorter, ERROR_JOURNAL_FORK when it
 * is another one. */
RESULT inspect_head(const struct inspected *log, const struct head *head, struct diag *diag);
