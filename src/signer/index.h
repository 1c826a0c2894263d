/* What the signer must find at once: which requests were done, which approvals were used, which certificates and keys
 * exist and how they stand. Made of the journal, kept in memory: 24 bytes an entry. Keys are hashed under a number
 * drawn by the process, so that nobody who chooses keys can make them meet. */
#pragma once

#include "signer/snapshot.h"
#include "signer/standing.h"

enum index_kind {
    INDEX_REQUEST,     /* id of a request → its record, with the type of it */
    INDEX_USED,        /* purpose ‖ one-time number of an approval → the record that used it up */
    INDEX_STATEMENT,   /* hash of a statement that counts once → its record */
    INDEX_CERTIFICATE, /* serial (bytes) → record of its issuance, with its standing */
    INDEX_KEY,         /* public key → record of its first certificate */
    INDEX_CARD,        /* serial of a USBKey → record of its last opening, with the type of it */
    INDEX_HOLDING,     /* serial of a USBKey → record of the last issuance on it */
    /* of the key centre's own */
    INDEX_CENTRE_KEY,      /* public key → its record, with how it stands */
    INDEX_CENTRE_CUSTODIAL, /* public key → record with its latest wrapping for custodians */
    INDEX_CENTRE_HOLDER,   /* public key ‖ holder → record by which it was given to that holder */
    /* of the signer again */
    INDEX_HOLD             /* serial (text) → record of its last hold, with the type of it unless JOURNAL_HELD */
};

struct index_value {
    uint64_t record;
    uint8_t note; /* of certificates enum standing, of requests enum journal_record */
};

struct index;

struct index *index_new(void);
void index_free(struct index *index);
bool index_find(const struct index *index, enum index_kind kind, struct bytes key, struct index_value *ret_value);
bool index_has(const struct index *index, enum index_kind kind, struct bytes key);
/* Adds, or changes what is there. */
void index_put(struct index *index, enum index_kind kind, struct bytes key, struct index_value value);
size_t index_count(const struct index *index);

/* For a snapshot: all of it. index_read: ERROR_MALFORMED. */
void index_write(const struct index *index, struct snapshot_out *out);
RESULT index_read(struct reader *r, struct index **ret_index);
