#include "pki/escrow.h"

#include "base/secret.h"

struct result escrow_share_seal(const struct shamir_share *share, const struct sm2_public *custodian,
                                struct drbg *drbg, uint8_t ret_sealed[ESCROW_SHARE_SIZE])
{
    uint8_t plain[ESCROW_SHARE_PLAIN];
    plain[0] = share->number;
    memcpy(plain + 1, share->value, SM2_KEY_SIZE);
    struct result r = sm2_encrypt(custodian, BYTES(plain), drbg, ret_sealed);
    secret_wipe(plain, sizeof plain);
    return r;
}

struct result escrow_make(const struct sm2_public *custodians, size_t count, size_t threshold, struct drbg *drbg,
                          struct sm2_public *ret_custodial, uint8_t (*ret_shares)[ESCROW_SHARE_SIZE])
{
    struct shamir_share shares[SHAMIR_SHARES_MAX];
    struct sm2_private key;
    uint8_t d[SM2_KEY_SIZE];
    ENSURE(count <= SHAMIR_SHARES_MAX, ERROR_SHARES);
    TRY(sm2_private_generate(&key, drbg));
    sm2_private_bytes(&key, d);
    struct sm2_public custodial = key.public;
    struct result r = shamir_split(BYTES(d), threshold, count, drbg, shares);
    for (size_t i = 0; i < count && !failed(r); i++)
        r = escrow_share_seal(&shares[i], &custodians[i], drbg, ret_shares[i]);
    sm2_private_done(&key);
    secret_wipe(d, sizeof d);
    secret_wipe(shares, sizeof shares);
    TRY(r);
    *ret_custodial = custodial;
    return OK;
}

struct result escrow_share_open(const struct sm2_private *custodian, const uint8_t sealed[ESCROW_SHARE_SIZE],
                                struct shamir_share *ret_share)
{
    uint8_t plain[ESCROW_SHARE_PLAIN];
    TRY(sm2_decrypt(custodian, bytes_of(sealed, ESCROW_SHARE_SIZE), plain));
    ret_share->number = plain[0];
    memcpy(ret_share->value, plain + 1, SM2_KEY_SIZE);
    secret_wipe(plain, sizeof plain);
    return OK;
}

/* The private key D, if it belongs to PUBLIC. */
static bool fits(const uint8_t d[SM2_KEY_SIZE], const struct sm2_public *public, struct sm2_private *ret_key)
{
    struct sm2_private key;
    if (failed(sm2_private_init(&key, d))) return false;
    bool same = bytes_equal(BYTES(key.public.point), BYTES(public->point));
    if (same) *ret_key = key;
    sm2_private_done(&key);
    return same;
}

struct result escrow_join(const struct shamir_share *shares, size_t count, const struct sm2_public *custodial,
                          struct sm2_private *ret_key)
{
    uint8_t d[SM2_KEY_SIZE];
    TRY(shamir_join(shares, count, sizeof d, d));
    bool good = fits(d, custodial, ret_key);
    secret_wipe(d, sizeof d);
    ENSURE(good, ERROR_SHARES);
    return OK;
}

struct result escrow_wrap(const struct sm2_private *key, const struct sm2_public *custodial, struct drbg *drbg,
                          uint8_t ret_blob[ESCROW_BLOB_SIZE])
{
    uint8_t d[SM2_KEY_SIZE];
    sm2_private_bytes(key, d);
    struct result r = sm2_encrypt(custodial, BYTES(d), drbg, ret_blob);
    secret_wipe(d, sizeof d);
    return r;
}

struct result escrow_unwrap(const struct sm2_private *custodial, const uint8_t blob[ESCROW_BLOB_SIZE],
                            const struct sm2_public *public, struct sm2_private *ret_key)
{
    uint8_t d[SM2_KEY_SIZE];
    TRY(sm2_decrypt(custodial, bytes_of(blob, ESCROW_BLOB_SIZE), d));
    bool good = fits(d, public, ret_key);
    secret_wipe(d, sizeof d);
    ENSURE(good, ERROR_DECRYPT);
    return OK;
}
