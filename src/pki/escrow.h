/* Private keys kept for later: encryption keys of holders, wrapped for custodians. The custodial key is an SM2 key pair
 * whose private half exists in shares only, each sealed to a custodian's own key; what is wrapped for it is opened
 * where enough custodians come together, never in the signer. docs/PROTOCOL.escrow has the formats. No allocation. */
#pragma once

#include "crypto/shamir.h"
#include "crypto/sm2.h"

enum {
    ESCROW_BLOB_SIZE = SM2_KEY_SIZE + SM2_CIPHERTEXT_EXTRA,      /* a private key, wrapped */
    ESCROW_SHARE_PLAIN = 1 + SM2_KEY_SIZE,                       /* number ‖ value */
    ESCROW_SHARE_SIZE = ESCROW_SHARE_PLAIN + SM2_CIPHERTEXT_EXTRA
};

/* Makes a custodial key and seals a share of its private half to each of COUNT custodians' keys; the private half is
 * gone when this returns. ERROR_SHARES as shamir_split, ERROR_RESEED_NEEDED. RET_SHARES: COUNT times
 * ESCROW_SHARE_SIZE bytes. */
RESULT escrow_make(const struct sm2_public *custodians, size_t count, size_t threshold, struct drbg *drbg,
                   struct sm2_public *ret_custodial, uint8_t (*ret_shares)[ESCROW_SHARE_SIZE]);
/* One share, sealed to a custodian's key: the number is seen by nobody either. ERROR_RESEED_NEEDED. */
RESULT escrow_share_seal(const struct shamir_share *share, const struct sm2_public *custodian, struct drbg *drbg,
                         uint8_t ret_sealed[ESCROW_SHARE_SIZE]);
/* What a custodian does with the own share. ERROR_DECRYPT. RET_SHARE is the caller's to wipe. */
RESULT escrow_share_open(const struct sm2_private *custodian, const uint8_t sealed[ESCROW_SHARE_SIZE],
                         struct shamir_share *ret_share);
/* The custodial private key from shares. ERROR_SHARES when they do not give the private key of CUSTODIAL: too few, or
 * one is wrong. RET_KEY is the caller's to wipe. */
RESULT escrow_join(const struct shamir_share *shares, size_t count, const struct sm2_public *custodial,
                   struct sm2_private *ret_key);

/* KEY wrapped for the custodians. */
RESULT escrow_wrap(const struct sm2_private *key, const struct sm2_public *custodial, struct drbg *drbg,
                   uint8_t ret_blob[ESCROW_BLOB_SIZE]);
/* ERROR_DECRYPT, also when what is inside is not the private key of PUBLIC. RET_KEY is the caller's to wipe. */
RESULT escrow_unwrap(const struct sm2_private *custodial, const uint8_t blob[ESCROW_BLOB_SIZE],
                     const struct sm2_public *public, struct sm2_private *ret_key);
