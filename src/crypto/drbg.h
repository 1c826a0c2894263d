/* Hash_DRBG over SM3 (GM/T 0105, NIST SP 800-90A §10.1.1), reseeded by its owner. One owner, one DRBG:
 * nothing is shared between threads, and a child of fork makes its own. */
#pragma once

#include "crypto/sm3.h"

enum { DRBG_SEED_LEN = 55, DRBG_ENTROPY_MIN = 32, DRBG_REQUEST_MAX = 65536 };

struct drbg {
    uint8_t v[DRBG_SEED_LEN], c[DRBG_SEED_LEN];
    uint64_t count;
};

/* ENTROPY: at least 32 bytes of full entropy; NONCE and PERSONAL distinguish instances and may be empty. */
void drbg_init(struct drbg *drbg, struct bytes entropy, struct bytes nonce, struct bytes personal);
void drbg_reseed(struct drbg *drbg, struct bytes entropy);
/* LEN at most DRBG_REQUEST_MAX (asserted). ERROR_RESEED_NEEDED after 2^20 requests without a reseed. */
RESULT drbg_fill(struct drbg *drbg, uint8_t *ret_bytes, size_t len);
/* As drbg_fill, with ADDITIONAL input mixed into the state first: two copies of one state (a virtual machine
 * restored from a snapshot) go separate ways as soon as they are asked for different things. */
RESULT drbg_fill_with(struct drbg *drbg, struct bytes additional, uint8_t *ret_bytes, size_t len);
void drbg_done(struct drbg *drbg);
