/* The field of the recommended curve: integers modulo p = 2^256 - 2^224 - 2^96 + 2^64 - 1, held as a·2^256 mod p
 * (Montgomery form) and always below p. Constant time. Internal to crypto; R may be an operand everywhere. */
#pragma once

#include "crypto/limbs.h"

static const uint64_t fe_p[LIMBS] = { 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF00000000, 0xFFFFFFFFFFFFFFFF,
                                      0xFFFFFFFEFFFFFFFF };
/* 2^256 and 2^512 modulo p. */
static const uint64_t fe_one[LIMBS] = { 1, 0xFFFFFFFF, 0, 0x100000000 };
static const uint64_t fe_square_of_r[LIMBS] = { 0x0000000200000003, 0x00000002FFFFFFFF, 0x0000000100000001,
                                                0x0000000400000002 };

static inline void fe_copy(uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    memcpy(r, a, LIMBS * sizeof r[0]);
}

static inline void fe_add(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t sum[LIMBS];
    uint64_t carry = limbs_add(sum, a, b);
    limbs_reduce_once(r, sum, carry, fe_p);
}

static inline void fe_sub(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t difference[LIMBS], back[LIMBS];
    uint64_t mask = mask_of(limbs_sub(difference, a, b));
    for (int i = 0; i < LIMBS; i++) back[i] = fe_p[i] & mask;
    limbs_add(r, difference, back);
}

static inline void fe_double(uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    fe_add(r, a, a);
}

static inline void fe_halve(uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    uint64_t sum[LIMBS], add[LIMBS];
    uint64_t odd = mask_of(a[0] & 1);
    for (int i = 0; i < LIMBS; i++) add[i] = fe_p[i] & odd;
    uint64_t carry = limbs_add(sum, a, add);
    for (int i = 0; i < LIMBS; i++) r[i] = sum[i] >> 1 | (i < LIMBS - 1 ? sum[i + 1] : carry) << 63;
}

/* t / 2^256 mod p, for t < p·2^256. Since p = -1 mod 2^64, the multiple of p that clears the lowest limb m is
 * m·p itself, and m·(p + 1)/2^64 = m·(2^192 - 2^160 - 2^32 + 1) needs shifts only. */
static inline void fe_reduce(uint64_t r[LIMBS], const uint64_t t[2 * LIMBS])
{
    uint64_t u[2 * LIMBS], top = 0;
    memcpy(u, t, sizeof u);
    for (int i = 0; i < LIMBS; i++) {
        const uint64_t m = u[i], low = m << 32, high = m >> 32;
        uint64_t borrow = 0, carry = 0, w[LIMBS];
        w[0] = sub_borrow(m, low, &borrow);
        w[1] = sub_borrow(0, high, &borrow);
        w[2] = sub_borrow(0, low, &borrow);
        w[3] = m - high - borrow;
        for (int k = 0; k < LIMBS - 1; k++) u[i + 1 + k] = add_carry(u[i + 1 + k], w[k], &carry);
        uint128 last = (uint128)u[i + LIMBS] + w[3] + carry + top;
        u[i + LIMBS] = (uint64_t)last;
        top = (uint64_t)(last >> 64);
    }
    limbs_reduce_once(r, u + LIMBS, top, fe_p);
}

static inline void fe_mul(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t t[2 * LIMBS];
    limbs_multiply(t, a, b);
    fe_reduce(r, t);
}

static inline void fe_square(uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    fe_mul(r, a, a);
}

static inline void fe_to_montgomery(uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    fe_mul(r, a, fe_square_of_r);
}

static inline void fe_from_montgomery(uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    uint64_t t[2 * LIMBS] = { a[0], a[1], a[2], a[3] };
    fe_reduce(r, t);
}
