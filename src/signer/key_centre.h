/* The key centre: encryption key pairs of holders, from before they are needed until long after. Typed requests only,
 * so that an outside centre (GM/T 0014) can stand in its place; it knows no certificates and believes the signer, which
 * asks on people's evidence.
 *
 * Its stores are one log (merkle/ledger.h): each key is spare, in use or history. Every private key lies there wrapped
 * online, under the key centre's key, to be enveloped for the same holder's next USBKey; and, once custodians are
 * appointed, wrapped for them (pki/escrow.h), to be opened by them alone. docs/PROTOCOL.escrow has the records. */
#pragma once

#include "base/clock.h"
#include "base/diag.h"
#include "pki/enveloped.h"
#include "pki/escrow.h"

enum { KEY_CENTRE_KEY_SIZE = 32, KEY_CENTRE_SPARE_MAX = 4096 };

struct key_centre;

struct key_centre_options {
    const char *folder;                      /* exists; of the log */
    uint8_t wrapping_key[KEY_CENTRE_KEY_SIZE]; /* version 1 */
    struct drbg *drbg;                       /* the caller's; outlives the centre, as the clock does */
    const struct clock *clock;
    int64_t spare;                           /* keys to have ready */
};

/* ERROR_JOURNAL_DAMAGED, ERROR_JOURNAL_BUSY, ERROR_IO with words for the log in DIAG. */
RESULT key_centre_open(const struct key_centre_options *options, struct diag *diag, struct key_centre **ret_centre);
void key_centre_free(struct key_centre *centre);
/* What was done so far is on disk when this returns: before anybody learns of it. ERROR_JOURNAL_WRITE. */
RESULT key_centre_sync(struct key_centre *centre);

/* Whether there is work to do ahead: spare keys to make, keys to wrap for the custodians. */
bool key_centre_due(const struct key_centre *centre);
/* Does at most STEPS keys' worth of it. */
RESULT key_centre_work(struct key_centre *centre, int steps);

/* ---- what may be asked ---- */

/* A key that nobody has: its public half to be certified, its private half enveloped for CONTAINER, the signing key
 * made in the USBKey. */
struct key_centre_order {
    const struct sm2_public *container;
    const char *holder, *application;
};
struct key_centre_pair {
    struct sm2_public public;
    uint8_t enveloped[ENVELOPED_KEY_SIZE];
};
RESULT key_centre_take(struct key_centre *centre, const struct key_centre_order *order,
                       struct key_centre_pair *ret_pair);
/* The private half of POINT enveloped for another CONTAINER: recovery into a new USBKey. ORDER's holder is whom it was
 * given to.
 * ERROR_NOT_FOUND for a key that is not here, or was never given to ORDER's holder. */
RESULT key_centre_envelope(struct key_centre *centre, const uint8_t point[SM2_POINT_SIZE],
                           const struct key_centre_order *order, uint8_t ret_enveloped[ENVELOPED_KEY_SIZE]);
/* Its certificate is not used any more: into history. Keys that are not here are nothing to it. */
RESULT key_centre_retire(struct key_centre *centre, const uint8_t point[SM2_POINT_SIZE]);

/* From now on keys are wrapped for this custodial key, those that are here already one after the other. */
RESULT key_centre_custody(struct key_centre *centre, const struct sm2_public *custodial, int64_t version);
/* POINT's private half as the custodians can open it. ERROR_NOT_FOUND when there is none. */
struct key_centre_escrow {
    uint8_t blob[ESCROW_BLOB_SIZE];
    int64_t version; /* of the custodial key */
};
RESULT key_centre_escrow(struct key_centre *centre, const uint8_t point[SM2_POINT_SIZE],
                         struct key_centre_escrow *ret_escrow);

/* After a crash its log and the signer's journal may be a step apart: a key that was taken but never certified becomes
 * history, one that was certified is never spare. CERTIFIED tells which is which. Called once, after opening. */
RESULT key_centre_settle(struct key_centre *centre, bool (*certified)(const void *context, const uint8_t *point),
                         const void *context);

struct key_centre_counts {
    size_t spare, in_use, history;
    size_t for_custodians; /* wrapped for the custodial key of now */
};
struct key_centre_counts key_centre_counts(const struct key_centre *centre);
