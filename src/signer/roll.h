/* Every certificate that was issued to a holder, in the order of issue, and how it stands now: what revocation lists
 * and OCSP answers are made of. Made of the journal, kept in memory: 48 bytes a certificate.
 *
 * The order makes the partitions of revocation lists: partition N has the certificates N × ROLL_PARTITION and on.
 * So a list has a bound however many are revoked, and one whose certificates have all ended is done with. */
#pragma once

#include "base/arena.h"
#include "pki/crl.h"
#include "signer/index.h"

enum { ROLL_PARTITION = 1024, ROLL_SERIAL_SIZE = 16, ROLL_NONE = -1 };

struct certified {
    uint8_t serial[ROLL_SERIAL_SIZE];
    uint64_t record;      /* of the journal, by which it was issued */
    int64_t not_after_s;
    int64_t since_s;      /* it stands as it does; 0: from the beginning */
    uint8_t standing;     /* enum standing */
    uint8_t reason;       /* enum crl_reason, unless it is valid */
};

struct roll;

struct roll *roll_new(void);
void roll_free(struct roll *roll);
size_t roll_count(const struct roll *roll);
const struct certified *roll_at(const struct roll *roll, size_t position);

/* Records never go back (asserted). */
void roll_add(struct roll *roll, const struct certified *certified);
/* Where SERIAL (text, as in statements) of RECORD stands; ROLL_NONE. */
int64_t roll_find(const struct roll *roll, uint64_t record, struct bytes serial_text);
/* From now on it stands so; it is noted as changed. */
void roll_change(struct roll *roll, size_t position, enum standing standing, enum crl_reason reason, int64_t since_s);

/* Positions that changed and were not taken yet, the oldest first; ROLL_NONE: none. */
int64_t roll_changed(const struct roll *roll);
void roll_changed_taken(struct roll *roll);

/* For a snapshot. roll_read fills an empty one; ERROR_MALFORMED. */
void roll_write(const struct roll *roll, struct snapshot_out *out);
RESULT roll_read(struct reader *r, struct roll *roll);
