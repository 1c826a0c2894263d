/* The USBKeys that are plugged in, over all libraries. A page names one by an id made of library and serial number,
 * which says nothing about paths and stays the same when it is plugged in elsewhere. */
#pragma once

#include "base/arena.h"
#include "pki/certificate.h"
#include "token/agent/library.h"

enum { KEY_ID_LEN = 26, KEYS_MAX = LIBRARIES_MAX * HELPER_DEVICES_MAX };

struct key {
    char id[KEY_ID_LEN + 1];
    struct library *library;
    char device[HELPER_TEXT_MAX + 1], serial[HELPER_TEXT_MAX + 1];
    char label[HELPER_TEXT_MAX + 1], manufacturer[HELPER_TEXT_MAX + 1];
};

/* How one stands, asked freshly. Bytes live in the arena it was read into. */
struct key_state {
    enum helper_state state;
    int tries;                       /* HELPER_NO_TRIES: not known */
    struct bytes signing, encryption; /* DER; ptr NULL where absent */
};

/* What was found last, so that an operation does not ask every library again. */
struct keys {
    struct libraries *libraries;
    pthread_mutex_t lock;
    size_t count;
    struct key of[KEYS_MAX];
};

void keys_init(struct keys *keys, struct libraries *libraries);
/* Asks all libraries at the same time and copies what was found; one that crashes, hangs or fails has no keys.
 * RET_KEYS has room for KEYS_MAX. */
size_t keys_list(struct keys *keys, struct key *ret_keys);
/* The key with this id, as it was found last or after looking again. ERROR_AGENT_NO_KEY. */
RESULT keys_find(struct keys *keys, const char *id, struct key *ret_key);
/* Forgets what was found: a key was not where it had been. */
void keys_forget(struct keys *keys);
RESULT keys_state(const struct key *key, struct arena *arena, struct diag *diag, struct key_state *ret_state);
/* What helpers answer, which is not to be trusted: their libraries share their memory. */
size_t keys_read_list(struct reader *answer, struct library *library, struct key *ret_keys); /* HELPER_DEVICES_MAX */
/* ERROR_AGENT_LIBRARY_CRASHED for an answer that is none, ERROR_OUT_OF_ROOM. */
RESULT keys_read_state(struct reader *answer, int tries, struct arena *arena, struct key_state *ret_state);
/* Begins a question about KEY: library_begin and the two blocks that name it. */
void keys_begin(const struct key *key, enum helper_op op, struct library_call *ret_call);
