/* A change of what the directory has that takes evidence and a decision: of a mobile number (R-ACCT-8), of an
 * organization's name (R-ORG-1). Whoever asks gives a scan; an administrator looks at it and decides, and never is who
 * asked. What is changed, who may ask and who is told is said by its kind; the file, the row, its states, the looks and
 * the entries of the audit trail are the same for all of them and stand here. */
#pragma once

#include "service/service.h"
#include "store/rows.h"

enum { CHECKED_CHANGE_PAGE = 50 };

/* ROW: of rows that begin with a change_row, as all of them below do. */
struct checked_change {
    const char *use;    /* of the sealed files (service/seal.h) */
    const char *action; /* what its entries of the audit trail begin with */
    const struct shape *row;
    size_t subject; /* where in a row the id stands of what is changed */
    enum statement insert, get, list_waiting, list_decided, decide, withdraw; /* the last where it can be */
    enum error own, decided; /* by who asked; when there is nothing to decide any more */
    /* In the closure: does what "approved", "rejected" or "withdrawn" leads to, and tells who is to know. */
    RESULT (*settle)(struct tx *tx, const struct act *act, struct change_row *row);
};

/* The evidence is SIZE bytes of FD, which stays the caller's. LOOK and INSERT are closures over CONTEXT: LOOK checks
 * whether it may be asked before the file is taken, INSERT checks again and ends with checked_change_insert. ROW is in
 * CONTEXT, has what the kind has of its own, and is filled here; its file is nobody's business afterwards. Nothing is
 * left of what is refused: ERROR_FILE_…, ERROR_NOT_PERMITTED for who is nobody. */
struct checked_change_ask {
    const struct act *act;
    const struct checked_change *kind;
    struct change_row *row;
    int fd;
    int64_t size;
    store_fn *look, *insert;
    void *context;
};
RESULT checked_change_ask(const struct checked_change_ask *ask);
/* DETAIL: for the audit trail. */
RESULT checked_change_insert(struct tx *tx, const struct checked_change_ask *ask, const char *detail);

/* Those that wait, or those that are decided; the newest first. AFTER is the cursor of the page before or NULL.
 * RET_NEXT: NULL on the last. */
RESULT checked_change_list(const struct act *act, const struct checked_change *kind, bool waiting, const char *after,
                           void **ret_rows, size_t *ret_count, const char **ret_next);
/* The evidence, as a descriptor that is the caller's; the look is in the audit trail, and is not given without it. */
RESULT checked_change_evidence(const struct act *act, const struct checked_change *kind, const struct id *id,
                               struct change_row *row, int *ret_fd);
/* WORDS: what was checked, or why not. The kind's own errors; ERROR_NOT_PERMITTED for who is no operator. */
RESULT checked_change_decide(const struct act *act, const struct checked_change *kind, const struct id *id,
                             bool approve, const char *words, struct change_row *row);

/* By the account that it is about, whoever asked: row and file are gone, the audit trail knows of it. The kind's error
 * when it is decided; ERROR_NOT_FOUND for anybody else. */
RESULT checked_change_withdraw(const struct act *act, const struct checked_change *kind, const struct id *id,
                               struct change_row *row);
