#include "crypto/drbg.h"

#include <assert.h>

#include "base/secret.h"

enum { REQUESTS_MAX = 1 << 20 };

/* Hash_df of SP 800-90A §10.3.1 over the concatenation of PARTS, to one seed. */
static void derive(const struct bytes *parts, size_t count, uint8_t ret_seed[DRBG_SEED_LEN])
{
    static const uint8_t bits[4] = { 0, 0, DRBG_SEED_LEN * 8 >> 8, DRBG_SEED_LEN * 8 & 0xFF };
    uint8_t hash[2][SM3_SIZE];
    for (uint8_t i = 0; i < 2; i++) {
        struct sm3 sm3;
        uint8_t counter = (uint8_t)(i + 1);
        sm3_init(&sm3);
        sm3_update(&sm3, bytes_of(&counter, 1));
        sm3_update(&sm3, BYTES(bits));
        for (size_t k = 0; k < count; k++) sm3_update(&sm3, parts[k]);
        sm3_final(&sm3, hash[i]);
    }
    memcpy(ret_seed, hash, DRBG_SEED_LEN);
    secret_wipe(hash, sizeof hash);
}

/* V or C are fed back into derive, so it goes through a copy. */
static void seed(struct drbg *drbg, const struct bytes *parts, size_t count)
{
    static const uint8_t zero[1] = { 0 };
    uint8_t v[DRBG_SEED_LEN];
    derive(parts, count, v);
    memcpy(drbg->v, v, sizeof v);
    derive((struct bytes[]){ BYTES(zero), BYTES(v) }, 2, drbg->c);
    drbg->count = 1;
    secret_wipe(v, sizeof v);
}

void drbg_init(struct drbg *drbg, struct bytes entropy, struct bytes nonce, struct bytes personal)
{
    assert(entropy.len >= DRBG_ENTROPY_MIN);
    seed(drbg, (struct bytes[]){ entropy, nonce, personal }, 3);
}

void drbg_reseed(struct drbg *drbg, struct bytes entropy)
{
    static const uint8_t one[1] = { 1 };
    assert(entropy.len >= DRBG_ENTROPY_MIN);
    seed(drbg, (struct bytes[]){ BYTES(one), BYTES(drbg->v), entropy }, 3);
}

/* SUM += ADDEND, both big-endian, modulo 2^440. */
static void add(uint8_t sum[DRBG_SEED_LEN], const uint8_t *addend, size_t len)
{
    unsigned carry = 0;
    for (size_t i = 0; i < DRBG_SEED_LEN; i++) {
        uint8_t *at = &sum[DRBG_SEED_LEN - 1 - i];
        carry += *at + (i < len ? addend[len - 1 - i] : 0u);
        *at = (uint8_t)carry;
        carry >>= 8;
    }
}

/* Hash(TAG ‖ V ‖ MORE) added to V. */
static void step(struct drbg *drbg, uint8_t tag, struct bytes more)
{
    struct sm3 sm3;
    uint8_t hash[SM3_SIZE];
    sm3_init(&sm3);
    sm3_update(&sm3, bytes_of(&tag, 1));
    sm3_update(&sm3, BYTES(drbg->v));
    sm3_update(&sm3, more);
    sm3_final(&sm3, hash);
    add(drbg->v, hash, sizeof hash);
    secret_wipe(hash, sizeof hash);
}

struct result drbg_fill_with(struct drbg *drbg, struct bytes additional, uint8_t *ret_bytes, size_t len)
{
    static const uint8_t one[1] = { 1 };
    uint8_t data[DRBG_SEED_LEN], hash[SM3_SIZE], count[8];
    assert(len <= DRBG_REQUEST_MAX);
    ENSURE(drbg->count <= REQUESTS_MAX, ERROR_RESEED_NEEDED);
    if (additional.len) step(drbg, 2, additional);
    memcpy(data, drbg->v, sizeof data);
    while (len) {
        size_t take = len < SM3_SIZE ? len : SM3_SIZE;
        sm3_hash(BYTES(data), hash);
        memcpy(ret_bytes, hash, take);
        add(data, one, 1);
        ret_bytes += take;
        len -= take;
    }
    step(drbg, 3, (struct bytes){ 0 });
    add(drbg->v, drbg->c, DRBG_SEED_LEN);
    for (size_t i = 0; i < 8; i++) count[i] = (uint8_t)(drbg->count >> (56 - 8 * i));
    add(drbg->v, count, sizeof count);
    drbg->count++;
    secret_wipe(data, sizeof data);
    secret_wipe(hash, sizeof hash);
    return OK;
}

struct result drbg_fill(struct drbg *drbg, uint8_t *ret_bytes, size_t len)
{
    return drbg_fill_with(drbg, (struct bytes){ 0 }, ret_bytes, len);
}

void drbg_done(struct drbg *drbg)
{
    secret_wipe(drbg, sizeof *drbg);
}
