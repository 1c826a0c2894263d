/* The signer's state, and how it changes: by records of the journal alone. What a record does to register and index is
 * written down once (signer_apply) and happens in the same way when the record is made and when it is read again at
 * the next start. */
#pragma once

#include "base/clock.h"
#include "ipc/signer_api.h"
#include "pki/chain.h"
#include "merkle/head.h"
#include "merkle/ledger.h"
#include "signer/hsm.h"
#include "signer/index.h"
#include "signer/key_centre.h"
#include "signer/keys.h"
#include "signer/operators.h"
#include "signer/publish.h"
#include "signer/hourly.h"
#include "signer/roll.h"
#include "signer/settings.h"

enum phase {
    PHASE_EMPTY = 1,   /* nothing but SIGNER_BEGIN */
    PHASE_SETUP = 2,   /* until SIGNER_SEAL */
    PHASE_HELLO = 4,   /* sealed; the peer has not shown where it stands */
    PHASE_SERVING = 8
};

enum { SIGNER_ARENA_MAX = 1024 * 1024 };

/* The peer's audit trail as the journal vouches for it. */
struct trail {
    uint64_t record; /* of the journal; 0: none yet */
    uint64_t size;
    struct tree_hash root;
    int64_t time_s;
};

/* Certificates of the CAs, parsed; they live in an arena of their own. */
struct authority {
    struct arena *arena;
    struct certificate *root, *issuing, *operators, *head, *maker;
};

struct signer {
    struct signer_settings settings;
    const struct clock *clock;
    const char *keys_folder, *journal_folder, *centre_folder;
    uint8_t process_key[PROCESS_KEY_SIZE];
    struct drbg drbg;
    struct keys keys;
    struct hsm *hsm;    /* with the issuing CA's key; NULL: it is a software key */
    struct authority authority;
    struct id incarnation;
    struct ledger *journal;
    uint64_t published; /* size in the last tree head that was written out */
    uint64_t snapshot;  /* size in the last snapshot (state.h) */
    struct index *index;
    struct operators *operators;
    struct roll *roll;
    uint64_t responder_record; /* of the last responder's certificate; 0: none */
    struct publisher *publisher;
    struct key_centre *centre; /* NULL while the journal is empty */
    int64_t custody_version;   /* of the custodial key; 0: no custodians yet */
    struct hourly refusals; /* written to the journal: a flood must not fill the disk */
    struct hourly holds;    /* at holders' words alone */
    struct hourly trails;   /* heads of the peer's audit trail */
    struct trail trail;
    enum phase phase;
};

/* Opens keys and journal below settings->folder and reads the journal: ERROR_CA_KEYS, ERROR_JOURNAL_DAMAGED,
 * ERROR_JOURNAL_BUSY, ERROR_IO, with words for the log in DIAG. PROCESS_KEY is copied. SETTINGS' texts and CLOCK
 * outlive the signer. */
RESULT signer_open(const struct signer_settings *settings, const uint8_t process_key[PROCESS_KEY_SIZE],
                   const struct clock *clock, struct diag *diag, struct signer **ret_signer);
void signer_free(struct signer *signer);
static inline void signer_free_p(struct signer **signer)
{
    signer_free(*signer);
}

/* Opens the key centre, once there are keys. */
RESULT signer_open_centre(struct signer *signer, struct diag *diag);
/* Whether there is work to do ahead while nobody asks, and a small piece of it, synced. */
bool signer_idle_due(const struct signer *signer);
RESULT signer_idle(struct signer *signer);

/* Writes RECORD to the journal and applies it. It is not safe before signer_sync. ERROR_CLOCK when TIME_S is before the
 * last record's, ERROR_JOURNAL_WRITE. */
RESULT signer_record(struct signer *signer, enum journal_record type, int64_t time_s, const struct shape *shape,
                     const void *record, struct arena *arena, int64_t *ret_index);
/* Everything recorded is on disk when this returns; publishes the new tree head. ERROR_JOURNAL_WRITE. */
RESULT signer_sync(struct signer *signer);
/* The body of record INDEX, which must be of TYPE (ERROR_JOURNAL_DAMAGED), as SHAPE says. */
RESULT signer_recall(const struct signer *signer, uint64_t index, enum journal_record type, const struct shape *shape,
                     struct arena *arena, void *ret_record);
/* Signs the tree head of the first SIZE records. ERROR_NOT_FOUND. */
RESULT signer_head(struct signer *signer, uint64_t size, struct arena *arena, struct bytes *ret_head);

/* What record INDEX means for the state. ERROR_JOURNAL_DAMAGED when it cannot be understood. */
RESULT signer_apply(struct signer *signer, uint64_t index, const struct ledger_record *record, struct arena *arena);
