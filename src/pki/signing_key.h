/* A key that signs certificates, lists and OCSP answers, whoever holds it: a software key of this process, or a key in
 * a module that another process talks to (signer/hsm.h). What is handed over is always the message, never a digest:
 * a holder that wants one makes it by the key's algorithm (public_key.h), for SM2 with Z of the default identity. A
 * module with SM2 (GM/T 0018, SDF) stands behind the same function. */
#pragma once

#include "crypto/drbg.h"
#include "pki/public_key.h"

struct signing_key {
    struct public_key public;
    /* Signs; ERROR_HSM_… when its holder cannot now. NULL: there is no key. */
    struct result (*sign)(const struct signing_key *key, struct bytes message, struct drbg *drbg,
                          uint8_t ret_signature[KEY_SIGNATURE_SIZE]);
    void *holder; /* what SIGN needs; outlives the key */
};

/* A software key; PRIVATE outlives it and is not changed. */
struct signing_key signing_key_sm2(const struct sm2_private *private);

/* The signature, r ‖ s, which has been verified: a fault of the machine or of a module must not leave as a signature
 * that tells of the key, or that nobody accepts. ERROR_KEY_INVALID without a key; ERROR_SIGNATURE_INVALID when what
 * was made does not hold; otherwise as its holder. */
RESULT signing_key_sign(const struct signing_key *key, struct bytes message, struct drbg *drbg,
                        uint8_t ret_signature[KEY_SIGNATURE_SIZE]);
