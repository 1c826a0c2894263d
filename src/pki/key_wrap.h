/* Secrets at rest: private keys of CAs and master keys, sealed by SM4-GCM under a passphrase (PBKDF2 with
 * HMAC-SM3) or under another key. What is sealed is bound to a label and names the version of the key that
 * seals it. docs/PROTOCOL.key has the format. */
#pragma once

#include "crypto/drbg.h"

enum {
    KEY_WRAP_SECRET_MAX = 256,
    KEY_WRAP_EXTRA = 62,          /* bytes that the format adds */
    KEY_WRAP_SIZE_MAX = KEY_WRAP_SECRET_MAX + KEY_WRAP_EXTRA,
    KEY_WRAP_KEY_MIN = 16,
    KEY_WRAP_KEY_MAX = 32,
    KEY_WRAP_ROUNDS = 200000,     /* a quarter of a second */
    KEY_WRAP_ROUNDS_MIN = 10000,  /* fewer and more are refused, here and in what is read */
    KEY_WRAP_ROUNDS_MAX = 10000000,
};

/* Either PASSPHRASE or KEY (16 to 32 bytes) is given, the other one empty. */
struct key_wrapping {
    struct bytes passphrase, key;
    uint32_t version;  /* of the passphrase or key; goes into what is written, not asked when it is read */
    uint32_t rounds;   /* of PBKDF2, to write with a passphrase */
    const char *label; /* what is sealed: "issuing-ca". Not written; another one does not open it */
};

/* Writes SECRET sealed to W. ERROR_KEY_INVALID for what is wrong in HOW, ERROR_TOO_LARGE for an empty or longer
 * secret. */
RESULT key_wrap(const struct key_wrapping *how, struct bytes secret, struct drbg *drbg, struct writer *w);
/* Opens WRAPPED, which must hold exactly LEN bytes. ERROR_KEY_WRAPPED when it is not of the format or of
 * another kind or length, ERROR_KEY_UNWRAP when passphrase, key or label are others or a byte was altered.
 * RET_SECRET is the caller's to wipe. */
RESULT key_unwrap(const struct key_wrapping *how, struct bytes wrapped, uint8_t *ret_secret, size_t len);
/* The version of the key that sealed WRAPPED, not yet authenticated: which key to fetch. */
RESULT key_wrap_version(struct bytes wrapped, uint32_t *ret_version);
