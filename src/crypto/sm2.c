#include "crypto/sm2.h"

#include <assert.h>

#include "base/secret.h"
#include "crypto/public.h"
#include "crypto/sm2_point.h"
#include "crypto/sm2_scalar.h"

const struct bytes sm2_default_identity = { (const uint8_t *)"1234567812345678", 16 };

static const uint64_t one[LIMBS] = { 1 };

/* a ‖ b ‖ x_G ‖ y_G, as Z takes them. */
static const uint8_t curve[4 * 32] = {
    0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFC,
    0x28, 0xE9, 0xFA, 0x9E, 0x9D, 0x9F, 0x5E, 0x34, 0x4D, 0x5A, 0x9E, 0x4B, 0xCF, 0x65, 0x09, 0xA7,
    0xF3, 0x97, 0x89, 0xF5, 0x15, 0xAB, 0x8F, 0x92, 0xDD, 0xBC, 0xBD, 0x41, 0x4D, 0x94, 0x0E, 0x93,
    0x32, 0xC4, 0xAE, 0x2C, 0x1F, 0x19, 0x81, 0x19, 0x5F, 0x99, 0x04, 0x46, 0x6A, 0x39, 0xC9, 0x94,
    0x8F, 0xE3, 0x0B, 0xBF, 0xF2, 0x66, 0x0B, 0xE1, 0x71, 0x5A, 0x45, 0x89, 0x33, 0x4C, 0x74, 0xC7,
    0xBC, 0x37, 0x36, 0xA2, 0xF4, 0xF6, 0x77, 0x9C, 0x59, 0xBD, 0xCE, 0xE3, 0x6B, 0x69, 0x21, 0x53,
    0xD0, 0xA9, 0x87, 0x7C, 0xC6, 0x2A, 0x47, 0x40, 0x02, 0xDF, 0x32, 0xE5, 0x21, 0x39, 0xF0, 0xA0,
};

/* ---- keys ---- */

static struct sm2_affine point_of(const struct sm2_public *key)
{
    struct sm2_affine point;
    memcpy(point.x, key->x, sizeof point.x);
    memcpy(point.y, key->y, sizeof point.y);
    return point;
}

static void public_of(struct sm2_public *ret_key, const struct sm2_affine *point)
{
    sm2_point_store(ret_key->point, point);
    memcpy(ret_key->x, point->x, sizeof point->x);
    memcpy(ret_key->y, point->y, sizeof point->y);
    sm2_z(ret_key, sm2_default_identity, ret_key->z);
}

struct result sm2_public_init(struct sm2_public *ret_key, const uint8_t point[SM2_POINT_SIZE])
{
    struct sm2_affine affine;
    ENSURE(sm2_point_load(&affine, point), ERROR_KEY_INVALID);
    public_of(ret_key, &affine);
    return OK;
}

/* Whether 1 ≤ k < LIMIT; 0 or 1, without a jump. */
static uint64_t in_range(const uint64_t k[LIMBS], const uint64_t limit[LIMBS])
{
    return (limbs_zero(k) ^ 1) & limbs_less(k, limit);
}

/* D is in its range. */
static void private_of(struct sm2_private *ret_key, const uint64_t d[LIMBS])
{
    struct sm2_affine point;
    uint64_t sum[LIMBS];
    sm2_point_base(&point, d);
    limbs_add(sum, d, one);
    memcpy(ret_key->d, d, sizeof ret_key->d);
    scalar_invert_montgomery(ret_key->inverse, sum);
    public_of(&ret_key->public, &point);
    secret_wipe(sum, sizeof sum);
}

struct result sm2_private_init(struct sm2_private *ret_key, const uint8_t d[SM2_KEY_SIZE])
{
    uint64_t k[LIMBS], limit[LIMBS];
    limbs_load(k, d);
    limbs_sub(limit, scalar_n, one); /* d = n - 1 has no (1 + d)^-1 */
    uint64_t good = in_range(k, limit);
    CRYPTO_PUBLIC(&good, sizeof good); /* it is returned */
    if (good) private_of(ret_key, k);
    secret_wipe(k, sizeof k);
    ENSURE(good, ERROR_KEY_INVALID);
    return OK;
}

/* 1 ≤ k < LIMIT, each with the same probability, from the generator with ADDITIONAL input. */
static struct result draw(struct drbg *drbg, struct bytes additional, const uint64_t limit[LIMBS],
                          uint64_t ret_k[LIMBS])
{
    uint8_t b[32];
    uint64_t good;
    do {
        TRY(drbg_fill_with(drbg, additional, b, sizeof b));
        limbs_load(ret_k, b);
        good = in_range(ret_k, limit);
        CRYPTO_PUBLIC(&good, sizeof good); /* says nothing on the number that is kept */
    } while (!good);
    secret_wipe(b, sizeof b);
    return OK;
}

struct result sm2_private_generate(struct sm2_private *ret_key, struct drbg *drbg)
{
    uint64_t d[LIMBS], limit[LIMBS];
    limbs_sub(limit, scalar_n, one);
    TRY(draw(drbg, (struct bytes){ 0 }, limit, d));
    private_of(ret_key, d);
    secret_wipe(d, sizeof d);
    return OK;
}

void sm2_private_bytes(const struct sm2_private *key, uint8_t ret_d[SM2_KEY_SIZE])
{
    limbs_store(ret_d, key->d);
}

void sm2_private_done(struct sm2_private *key)
{
    secret_wipe(key, sizeof *key);
}

/* ---- digests ---- */

void sm2_z(const struct sm2_public *key, struct bytes identity, uint8_t ret_z[SM3_SIZE])
{
    assert(identity.len <= SM2_IDENTITY_MAX);
    const uint8_t bits[2] = { (uint8_t)(identity.len * 8 >> 8), (uint8_t)(identity.len * 8) };
    struct sm3 sm3;
    sm3_init(&sm3);
    sm3_update(&sm3, BYTES(bits));
    sm3_update(&sm3, identity);
    sm3_update(&sm3, BYTES(curve));
    sm3_update(&sm3, BYTES(key->point));
    sm3_final(&sm3, ret_z);
}

void sm2_digest(const struct sm2_public *key, struct bytes message, uint8_t ret_e[SM3_SIZE])
{
    struct sm3 sm3;
    sm3_init(&sm3);
    sm3_update(&sm3, BYTES(key->z));
    sm3_update(&sm3, message);
    sm3_final(&sm3, ret_e);
}

/* ---- signature ---- */

/* x of k·G modulo n. */
static void commitment(uint64_t ret_x[LIMBS], const uint64_t k[LIMBS])
{
    struct sm2_affine point;
    uint8_t b[SM2_POINT_SIZE];
    sm2_point_base(&point, k);
    sm2_point_store(b, &point);
    limbs_load(ret_x, b);
    scalar_reduce(ret_x, ret_x);
}

/* One try with K. 0 if the standard wants another k. */
static uint64_t sign_with(const struct sm2_private *key, const uint64_t e[LIMBS], const uint64_t k[LIMBS],
                          uint64_t ret_r[LIMBS], uint64_t ret_s[LIMBS])
{
    uint64_t sum[LIMBS];
    commitment(ret_r, k);
    scalar_add(ret_r, ret_r, e);
    scalar_add(sum, ret_r, k); /* 0 exactly when r + k = n, since r = 0 is refused below */
    scalar_mul_montgomery(ret_s, sum, key->inverse);
    scalar_sub(ret_s, ret_s, ret_r); /* (1+d)^-1·(k - rd) = (1+d)^-1·(k + r) - r */
    uint64_t good = (limbs_zero(ret_r) ^ 1) & (limbs_zero(sum) ^ 1) & (limbs_zero(ret_s) ^ 1);
    secret_wipe(sum, sizeof sum);
    return good;
}

struct result sm2_sign_digest(const struct sm2_private *key, const uint8_t e[SM3_SIZE], struct drbg *drbg,
                              uint8_t ret_signature[SM2_SIGNATURE_SIZE])
{
    uint8_t hedge[SM2_KEY_SIZE + SM3_SIZE];
    uint64_t k[LIMBS], digest[LIMBS], r[LIMBS], s[LIMBS], good;
    limbs_load(digest, e);
    scalar_reduce(digest, digest);
    /* The nonce depends on key and digest too: a generator whose state came back from a snapshot then gives
     * away no key by one k for two digests. */
    sm2_private_bytes(key, hedge);
    memcpy(hedge + SM2_KEY_SIZE, e, SM3_SIZE);
    do {
        struct result drawn = draw(drbg, BYTES(hedge), scalar_n, k);
        if (failed(drawn)) {
            secret_wipe(hedge, sizeof hedge);
            return drawn;
        }
        good = sign_with(key, digest, k, r, s);
        CRYPTO_PUBLIC(&good, sizeof good); /* says nothing on the k that is kept */
    } while (!good);
    limbs_store(ret_signature, r);
    limbs_store(ret_signature + 32, s);
    secret_wipe(hedge, sizeof hedge);
    secret_wipe(k, sizeof k);
    return OK;
}

struct result sm2_sign(const struct sm2_private *key, struct bytes message, struct drbg *drbg,
                       uint8_t ret_signature[SM2_SIGNATURE_SIZE])
{
    uint8_t e[SM3_SIZE];
    sm2_digest(&key->public, message, e);
    return sm2_sign_digest(key, e, drbg, ret_signature);
}

struct result sm2_verify_digest(const struct sm2_public *key, const uint8_t e[SM3_SIZE],
                                const uint8_t signature[SM2_SIGNATURE_SIZE])
{
    const struct sm2_affine point = point_of(key);
    uint64_t r[LIMBS], s[LIMBS], t[LIMBS], v[LIMBS];
    limbs_load(r, signature);
    limbs_load(s, signature + 32);
    ENSURE(in_range(r, scalar_n) && in_range(s, scalar_n), ERROR_SIGNATURE_INVALID);
    scalar_add(t, r, s);
    ENSURE(!limbs_zero(t), ERROR_SIGNATURE_INVALID);
    limbs_load(v, e);
    scalar_reduce(v, v);
    scalar_sub(v, r, v);
    ENSURE(sm2_point_check(s, t, &point, v), ERROR_SIGNATURE_INVALID);
    return OK;
}

struct result sm2_verify(const struct sm2_public *key, struct bytes message,
                         const uint8_t signature[SM2_SIGNATURE_SIZE])
{
    uint8_t e[SM3_SIZE];
    sm2_digest(key, message, e);
    return sm2_verify_digest(key, e, signature);
}

/* ---- encryption ---- */

/* OUT = IN under the key stream of SHARED = x2 ‖ y2. 0 if the stream is all zero, which the standard refuses. */
static uint64_t mask_text(const uint8_t shared[SM2_POINT_SIZE], struct bytes in, uint8_t *out)
{
    uint8_t stream[SM2_PLAINTEXT_MAX], any = 0;
    sm3_kdf(bytes_of(shared, SM2_POINT_SIZE), stream, in.len);
    for (size_t i = 0; i < in.len; i++) {
        any |= stream[i];
        out[i] = in.ptr[i] ^ stream[i];
    }
    secret_wipe(stream, in.len);
    return is_zero(any) ^ 1;
}

/* C3 = SM3(x2 ‖ text ‖ y2). */
static void text_hash(const uint8_t shared[SM2_POINT_SIZE], struct bytes text, uint8_t ret_hash[SM3_SIZE])
{
    struct sm3 sm3;
    sm3_init(&sm3);
    sm3_update(&sm3, bytes_of(shared, 32));
    sm3_update(&sm3, text);
    sm3_update(&sm3, bytes_of(shared + 32, 32));
    sm3_final(&sm3, ret_hash);
}

static void share(uint8_t ret_shared[SM2_POINT_SIZE], const uint64_t k[LIMBS], const struct sm2_affine *p)
{
    struct sm2_affine point;
    sm2_point_multiply(&point, k, p);
    sm2_point_store(ret_shared, &point);
    secret_wipe(&point, sizeof point);
}

struct result sm2_encrypt(const struct sm2_public *key, struct bytes in, struct drbg *drbg, uint8_t *ret_out)
{
    const struct sm2_affine p = point_of(key);
    struct sm2_affine c1;
    uint8_t shared[SM2_POINT_SIZE];
    uint64_t k[LIMBS], good;
    ENSURE(in.len >= 1 && in.len <= SM2_PLAINTEXT_MAX, ERROR_TOO_LARGE);
    do {
        TRY(draw(drbg, (struct bytes){ 0 }, scalar_n, k));
        share(shared, k, &p);
        good = mask_text(shared, in, ret_out + SM2_CIPHERTEXT_EXTRA);
        CRYPTO_PUBLIC(&good, sizeof good); /* says nothing on the k that is kept */
    } while (!good);
    text_hash(shared, in, ret_out + SM2_POINT_SIZE);
    sm2_point_base(&c1, k);
    sm2_point_store(ret_out, &c1);
    secret_wipe(k, sizeof k);
    secret_wipe(shared, sizeof shared);
    return OK;
}

struct result sm2_decrypt(const struct sm2_private *key, struct bytes in, uint8_t *ret_out)
{
    struct sm2_affine c1;
    uint8_t shared[SM2_POINT_SIZE], hash[SM3_SIZE];
    ENSURE(in.len > SM2_CIPHERTEXT_EXTRA && in.len - SM2_CIPHERTEXT_EXTRA <= SM2_PLAINTEXT_MAX, ERROR_DECRYPT);
    const size_t len = in.len - SM2_CIPHERTEXT_EXTRA;
    memset(ret_out, 0, len);
    ENSURE(sm2_point_load(&c1, in.ptr), ERROR_DECRYPT);
    share(shared, key->d, &c1);
    uint64_t good = mask_text(shared, bytes_of(in.ptr + SM2_CIPHERTEXT_EXTRA, len), ret_out);
    text_hash(shared, bytes_of(ret_out, len), hash);
    good &= secret_equal(hash, in.ptr + SM2_POINT_SIZE, SM3_SIZE);
    secret_wipe(shared, sizeof shared);
    secret_wipe(hash, sizeof hash);
    CRYPTO_PUBLIC(&good, sizeof good); /* it is returned */
    if (!good) secret_wipe(ret_out, len);
    ENSURE(good, ERROR_DECRYPT);
    return OK;
}
