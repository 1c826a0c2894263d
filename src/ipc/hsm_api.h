/* What hufu-signer may ask of hufu-hsm, which alone loads the library of a hardware security module: which public key
 * belongs to a label, a signature over a digest, and how the module is. They share one socket pair of `hufu serve`'s,
 * which outlives both, so there is no hello; an answer may find nobody, and what was asked of a process that has ended
 * meanwhile is not answered: the asker waits a little and refuses. hufu-hsm decides nothing: what is signed was
 * decided and built by the signer, the only one that can reach it.
 *
 * Answered with ERROR_HSM_TOKEN, ERROR_HSM_PIN, ERROR_HSM_KEY or ERROR_HSM_LIBRARY, with the library's own code by name
 * in the log's words, and never with anything of the PIN. */
#pragma once

#include "ipc/ipc.h"

enum hsm_message {
    HSM_BEGAN = 0x600, /* nothing; unasked, once, when hufu-hsm begins: what was asked before is not answered */
    HSM_KEY = 0x601,   /* hsm_key → hsm_key_found */
    HSM_SIGN = 0x602,  /* hsm_sign → hsm_signed */
    HSM_LOOK = 0x603   /* nothing → hsm_seen: opens the token as for a signature */
};

enum { HSM_LABEL_MAX = 64, HSM_POINT_SIZE = 64, HSM_DIGEST_SIZE = 32, HSM_SIGNATURE_SIZE = 64, HSM_TOKEN_MAX = 32 };

/* As enum key_algorithm of pki. An interface of GM/T 0018 (SDF) signs digests of SM2 in the same way. */
enum hsm_algorithm { HSM_SM2 = 0, HSM_P256 = 1 };

struct hsm_key {
    const char *label;
};
extern const struct shape hsm_key_shape;

struct hsm_key_found {
    int64_t algorithm;      /* enum hsm_algorithm */
    struct bytes point;     /* X ‖ Y */
};
extern const struct shape hsm_key_found_shape;

struct hsm_sign {
    const char *label;
    int64_t algorithm;
    struct bytes point;     /* the public key must be this one: ERROR_HSM_KEY */
    struct bytes digest;
};
extern const struct shape hsm_sign_shape;

struct hsm_signed {
    struct bytes signature; /* r ‖ s */
};
extern const struct shape hsm_signed_shape;

struct hsm_seen {
    const char *token, *serial; /* of the token */
};
extern const struct shape hsm_seen_shape;
