#include "crypto/sm2_scalar.h"

#include "base/secret.h"

const uint64_t scalar_n[LIMBS] = { 0x53BBF40939D54123, 0x7203DF6B21C6052B, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFEFFFFFFFF };

/* -1/n modulo 2^64; 2^256 and 2^512 modulo n. */
static const uint64_t n_inverse = 0x327F9E8872350975;
static const uint64_t one[LIMBS] = { 0xAC440BF6C62ABEDD, 0x8DFC2094DE39FAD4, 0, 0x0000000100000000 };
static const uint64_t square_of_r[LIMBS] = { 0x901192AF7C114F20, 0x3464504ADE6FA2FA, 0x620FC84C3AFFE0D4,
                                             0x1EB5E412A22B3D3B };

void scalar_reduce(uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    limbs_reduce_once(r, a, 0, scalar_n);
}

void scalar_add(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t sum[LIMBS];
    uint64_t carry = limbs_add(sum, a, b);
    limbs_reduce_once(r, sum, carry, scalar_n);
}

void scalar_sub(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t difference[LIMBS], back[LIMBS];
    uint64_t mask = mask_of(limbs_sub(difference, a, b));
    for (int i = 0; i < LIMBS; i++) back[i] = scalar_n[i] & mask;
    limbs_add(r, difference, back);
}

void scalar_mul_montgomery(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t t[2 * LIMBS], top = 0;
    limbs_multiply(t, a, b);
    for (int i = 0; i < LIMBS; i++) {
        const uint64_t m = t[i] * n_inverse;
        uint64_t carry = 0;
        for (int k = 0; k < LIMBS; k++) {
            uint128 sum = (uint128)m * scalar_n[k] + t[i + k] + carry;
            t[i + k] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
        }
        uint128 last = (uint128)t[i + LIMBS] + carry + top;
        t[i + LIMBS] = (uint64_t)last;
        top = (uint64_t)(last >> 64);
    }
    limbs_reduce_once(r, t + LIMBS, top, scalar_n);
}

void scalar_mul(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t am[LIMBS];
    scalar_mul_montgomery(am, a, square_of_r);
    scalar_mul_montgomery(r, am, b);
}

/* a^(n-2), four bits of the exponent, which is public, at a time. */
void scalar_invert_montgomery(uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    uint64_t powers[16][LIMBS], exponent[LIMBS], x[LIMBS];
    memcpy(powers[0], one, sizeof one);
    scalar_mul_montgomery(powers[1], a, square_of_r);
    for (int i = 2; i < 16; i++) scalar_mul_montgomery(powers[i], powers[i - 1], powers[1]);
    memcpy(exponent, scalar_n, sizeof exponent);
    exponent[0] -= 2;
    memcpy(x, one, sizeof one);
    for (int i = 63; i >= 0; i--) {
        for (int k = 0; k < 4; k++) scalar_mul_montgomery(x, x, x);
        scalar_mul_montgomery(x, x, powers[exponent[i / 16] >> 4 * (i % 16) & 15]);
    }
    memcpy(r, x, sizeof x);
    secret_wipe(powers, sizeof powers);
    secret_wipe(x, sizeof x);
}
