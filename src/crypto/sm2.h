/* SM2 (GB/T 32918, GM/T 0003): signature, public-key encryption, key pairs, on the recommended curve
 * (GB/T 32918.5). Constant time in everything that is secret; verification works on public values and may
 * take its time from them. No allocation, no I/O, no globals: randomness and buffers are the caller's.
 *
 * Wire forms: numbers are 32 bytes big-endian; a point is X ‖ Y, 64 bytes; a signature is r ‖ s, 64 bytes.
 * Field back end: 4 × 64-bit limbs, Montgomery; a 9 × 29 one for WASM comes with the phone. */
#pragma once

#include "crypto/drbg.h"

enum {
    SM2_KEY_SIZE = 32,
    SM2_POINT_SIZE = 64,
    SM2_SIGNATURE_SIZE = 64,
    SM2_PLAINTEXT_MAX = 4096,
    SM2_CIPHERTEXT_EXTRA = SM2_POINT_SIZE + SM3_SIZE, /* C1 ‖ C3 before C2 */
    SM2_IDENTITY_MAX = 8191
};

/* "1234567812345678", the identity that GM/T 0009 sets where none is agreed. */
extern const struct bytes sm2_default_identity;

/* A point of the curve, checked when it was made, with what verification wants beforehand. */
struct sm2_public {
    uint8_t point[SM2_POINT_SIZE];
    uint64_t x[4], y[4];  /* Montgomery form */
    uint8_t z[SM3_SIZE]; /* Z under the default identity */
};

/* d in 1 … n-2, and (1+d)^-1 which each signature needs. Wiped by sm2_private_done. */
struct sm2_private {
    uint64_t d[4], inverse[4];
    struct sm2_public public;
};

/* ERROR_KEY_INVALID unless POINT is on the curve and its coordinates are below p. */
RESULT sm2_public_init(struct sm2_public *ret_key, const uint8_t point[SM2_POINT_SIZE]);
/* ERROR_KEY_INVALID unless 1 ≤ d ≤ n-2. */
RESULT sm2_private_init(struct sm2_private *ret_key, const uint8_t d[SM2_KEY_SIZE]);
RESULT sm2_private_generate(struct sm2_private *ret_key, struct drbg *drbg);
void sm2_private_bytes(const struct sm2_private *key, uint8_t ret_d[SM2_KEY_SIZE]);
void sm2_private_done(struct sm2_private *key);

/* Z of GB/T 32918.2 §5.5. IDENTITY at most SM2_IDENTITY_MAX bytes (asserted). */
void sm2_z(const struct sm2_public *key, struct bytes identity, uint8_t ret_z[SM3_SIZE]);
/* e = SM3(Z ‖ message) under the default identity. */
void sm2_digest(const struct sm2_public *key, struct bytes message, uint8_t ret_e[SM3_SIZE]);

/* Signs e. r = 0, r + k = n and s = 0 are drawn again, as the standard says. */
RESULT sm2_sign_digest(const struct sm2_private *key, const uint8_t e[SM3_SIZE], struct drbg *drbg,
                       uint8_t ret_signature[SM2_SIGNATURE_SIZE]);
RESULT sm2_sign(const struct sm2_private *key, struct bytes message, struct drbg *drbg,
                uint8_t ret_signature[SM2_SIGNATURE_SIZE]);
/* ERROR_SIGNATURE_INVALID unless it holds; r and s outside 1 … n-1 included. */
RESULT sm2_verify_digest(const struct sm2_public *key, const uint8_t e[SM3_SIZE],
                         const uint8_t signature[SM2_SIGNATURE_SIZE]);
RESULT sm2_verify(const struct sm2_public *key, struct bytes message, const uint8_t signature[SM2_SIGNATURE_SIZE]);

/* C1 ‖ C3 ‖ C2 (GB/T 32918.4): ret_out has room for in.len + SM2_CIPHERTEXT_EXTRA.
 * in.len is 1 … SM2_PLAINTEXT_MAX, else ERROR_TOO_LARGE. Here and below ret_out does not overlap in. */
RESULT sm2_encrypt(const struct sm2_public *key, struct bytes in, struct drbg *drbg, uint8_t *ret_out);
/* ret_out has room for in.len - SM2_CIPHERTEXT_EXTRA. ERROR_DECRYPT, with ret_out zeroed, for anything that
 * is not a ciphertext for this key; the reasons are not told apart. */
RESULT sm2_decrypt(const struct sm2_private *key, struct bytes in, uint8_t *ret_out);
