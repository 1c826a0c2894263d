/* A secret in shares of which any THRESHOLD give it back and fewer say nothing of it (Shamir 1979), byte by byte over
 * GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1. Constant time in secret and shares. No allocation, no I/O.
 * A wrong or altered share gives a wrong secret: whoever joins shares must know the secret by something else. */
#pragma once

#include "crypto/drbg.h"

enum { SHAMIR_SHARES_MAX = 16, SHAMIR_THRESHOLD_MIN = 2, SHAMIR_SECRET_MAX = 32 };

struct shamir_share {
    uint8_t number; /* from 1; not secret */
    uint8_t value[SHAMIR_SECRET_MAX]; /* as long as the secret; the caller's to wipe */
};

/* Splits SECRET (1 to SHAMIR_SECRET_MAX bytes) into COUNT shares. ERROR_SHARES unless
 * SHAMIR_THRESHOLD_MIN ≤ threshold ≤ count ≤ SHAMIR_SHARES_MAX. */
RESULT shamir_split(struct bytes secret, size_t threshold, size_t count, struct drbg *drbg,
                    struct shamir_share *ret_shares);
/* Joins COUNT shares of a secret of LEN bytes; COUNT is the threshold or more. ERROR_SHARES when there are too few to
 * be any, a number is 0 or twice. */
RESULT shamir_join(const struct shamir_share *shares, size_t count, size_t len, uint8_t *ret_secret);
