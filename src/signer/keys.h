/* The keys that the signer holds. On disk each is wrapped under the process's key with its name for a label
 * (pki/key_wrap.h); docs/keys.md lists them all. The root's key is used while the CAs are made and is not loaded after
 * that, so that its file can be taken away from the machine. Not to be copied: issuing_ca points into it. */
#pragma once

#include "base/diag.h"
#include "pki/signing_key.h"
#include "process/key.h"

enum { MASTER_KEY_SIZE = 32, TRANSPORT_KEY_SIZE = 16, MASTER_VERSION = 1 };

struct keys {
    bool there;
    bool issuing_elsewhere;                /* in a module (hsm.h): set before they are made or loaded */
    struct sm2_private issuing, operators, head;
    struct signing_key issuing_ca;         /* signs certificates of holders and their lists */
    uint8_t master[MASTER_KEY_SIZE];       /* of the USBKeys' administrator keys, version MASTER_VERSION */
    uint8_t transport[TRANSPORT_KEY_SIZE]; /* of the maker: authenticates to fresh cards */
    uint8_t centre[MASTER_KEY_SIZE];       /* what the key centre wraps its stores with */
};

/* Draws all keys that are held here and writes them to FOLDER; RET_ROOT is the caller's to wipe; NULL: the root is
 * elsewhere. Overwrites what an attempt left that never reached the journal. ERROR_IO, ERROR_RESEED_NEEDED. */
RESULT keys_make(const char *folder, const uint8_t process_key[PROCESS_KEY_SIZE],
                 const uint8_t transport[TRANSPORT_KEY_SIZE], struct drbg *drbg, struct keys *ret_keys,
                 struct sm2_private *ret_root);
/* ERROR_CA_KEYS with the key's name in DIAG when one is missing or does not open. */
RESULT keys_load(const char *folder, const uint8_t process_key[PROCESS_KEY_SIZE], struct diag *diag,
                 struct keys *ret_keys);
void keys_done(struct keys *keys);

/* The key of the OCSP responder, which comes and goes with its certificate: file "ocsp-responder.key". ERROR_NOT_FOUND,
 * ERROR_CA_KEYS. */
RESULT keys_write_responder(const char *folder, const uint8_t process_key[PROCESS_KEY_SIZE],
                            const struct sm2_private *key, struct drbg *drbg);
RESULT keys_read_responder(const char *folder, const uint8_t process_key[PROCESS_KEY_SIZE],
                           struct sm2_private *ret_key);
