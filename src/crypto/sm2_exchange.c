#include "crypto/sm2_exchange.h"

#include <assert.h>

#include "base/secret.h"
#include "crypto/public.h"
#include "crypto/sm2_point.h"
#include "crypto/sm2_scalar.h"

static struct sm2_affine point_of(const struct sm2_public *key)
{
    struct sm2_affine point;
    memcpy(point.x, key->x, sizeof point.x);
    memcpy(point.y, key->y, sizeof point.y);
    return point;
}

/* 2^127 + (x mod 2^127) of a point. */
static void shortened(uint64_t r[LIMBS], const struct sm2_public *key)
{
    limbs_load(r, key->point);
    r[1] |= (uint64_t)1 << 63;
    r[2] = r[3] = 0;
}

/* t·(P + x̄·R) of the peer, with t = d + x̄·r of this side. False for the point at infinity. */
static bool shared_point(const struct sm2_exchange *x, uint8_t ret_point[SM2_POINT_SIZE])
{
    uint64_t t[LIMBS], s[LIMBS];
    struct sm2_affine p = point_of(x->peer), r = point_of(x->peer_ephemeral);
    shortened(s, &x->own_ephemeral->public);
    scalar_mul(t, s, x->own_ephemeral->d);
    scalar_add(t, t, x->own->d);
    shortened(s, x->peer_ephemeral);
    scalar_mul(s, s, t);
    uint64_t good = (limbs_zero(t) | limbs_zero(s)) ^ 1;
    CRYPTO_PUBLIC(&good, sizeof good); /* 0 with a chance of 2^-255 */
    if (good) {
        sm2_point_multiply(&p, t, &p);
        sm2_point_multiply(&r, s, &r);
        good = sm2_point_add(&p, &p, &r);
    }
    if (good) sm2_point_store(ret_point, &p);
    secret_wipe(t, sizeof t);
    secret_wipe(s, sizeof s);
    secret_wipe(&p, sizeof p);
    secret_wipe(&r, sizeof r);
    return good;
}

static void confirm(uint8_t tag, const uint8_t point[SM2_POINT_SIZE], const uint8_t inner[SM3_SIZE],
                    uint8_t ret_hash[SM3_SIZE])
{
    struct sm3 sm3;
    sm3_init(&sm3);
    sm3_update(&sm3, bytes_of(&tag, 1));
    sm3_update(&sm3, bytes_of(point + 32, 32));
    sm3_update(&sm3, bytes_of(inner, SM3_SIZE));
    sm3_final(&sm3, ret_hash);
}

struct result sm2_exchange(const struct sm2_exchange *x, uint8_t *ret_key, size_t len,
                           struct sm2_confirmation *ret_confirmation)
{
    /* x ‖ y ‖ Z of the initiator ‖ Z of the responder */
    uint8_t shared[SM2_POINT_SIZE + 2 * SM3_SIZE], inner[SM3_SIZE];
    const size_t own_z = SM2_POINT_SIZE + (x->initiator ? 0 : SM3_SIZE);
    const size_t peer_z = SM2_POINT_SIZE + (x->initiator ? SM3_SIZE : 0);
    const struct sm2_public *own = &x->own_ephemeral->public, *peer = x->peer_ephemeral;
    struct sm3 sm3;
    assert(len <= SM2_EXCHANGE_KEY_MAX);
    ENSURE(shared_point(x, shared), ERROR_KEY_INVALID);
    sm2_z(&x->own->public, x->own_identity, shared + own_z);
    sm2_z(x->peer, x->peer_identity, shared + peer_z);
    sm3_kdf(BYTES(shared), ret_key, len);
    sm3_init(&sm3);
    sm3_update(&sm3, bytes_of(shared, 32));
    sm3_update(&sm3, bytes_of(shared + SM2_POINT_SIZE, 2 * SM3_SIZE));
    sm3_update(&sm3, BYTES((x->initiator ? own : peer)->point));
    sm3_update(&sm3, BYTES((x->initiator ? peer : own)->point));
    sm3_final(&sm3, inner);
    confirm(2, shared, inner, ret_confirmation->responder);
    confirm(3, shared, inner, ret_confirmation->initiator);
    secret_wipe(shared, sizeof shared);
    secret_wipe(inner, sizeof inner);
    return OK;
}
