/* Numbers of 256 bits in four limbs of 64, the lowest first, in constant time. Internal to crypto. */
#pragma once

#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 uint128;

enum { LIMBS = 4 };

/* a + b + *carry; *carry becomes what did not fit. */
static inline uint64_t add_carry(uint64_t a, uint64_t b, uint64_t *carry)
{
    uint128 sum = (uint128)a + b + *carry;
    *carry = (uint64_t)(sum >> 64);
    return (uint64_t)sum;
}

/* a - b - *borrow. */
static inline uint64_t sub_borrow(uint64_t a, uint64_t b, uint64_t *borrow)
{
    uint128 difference = (uint128)a - b - *borrow;
    *borrow = (uint64_t)(difference >> 64) & 1;
    return (uint64_t)difference;
}

/* All ones when BIT is 1, zero when it is 0. The compiler may not see that there are only two values, or it
 * might make a jump of it. */
static inline uint64_t mask_of(uint64_t bit)
{
    __asm__("" : "+r"(bit));
    return 0 - bit;
}

/* 1 when v is 0, else 0. */
static inline uint64_t is_zero(uint64_t v)
{
    return 1 ^ ((v | (0 - v)) >> 63);
}

static inline uint64_t limbs_zero(const uint64_t a[LIMBS])
{
    return is_zero(a[0] | a[1] | a[2] | a[3]);
}

static inline uint64_t limbs_equal(const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    return is_zero((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]));
}

/* R = A where MASK is all ones; unchanged where it is zero. */
static inline void limbs_move(uint64_t r[LIMBS], const uint64_t a[LIMBS], uint64_t mask)
{
    for (int i = 0; i < LIMBS; i++) r[i] ^= (r[i] ^ a[i]) & mask;
}

static inline uint64_t limbs_add(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) r[i] = add_carry(a[i], b[i], &carry);
    return carry;
}

static inline uint64_t limbs_sub(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t borrow = 0;
    for (int i = 0; i < LIMBS; i++) r[i] = sub_borrow(a[i], b[i], &borrow);
    return borrow;
}

/* 1 when a < b, else 0. */
static inline uint64_t limbs_less(const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t difference[LIMBS];
    return limbs_sub(difference, a, b);
}

/* The value HIGH·2^256 + a, which is below 2m, modulo m. */
static inline void limbs_reduce_once(uint64_t r[LIMBS], const uint64_t a[LIMBS], uint64_t high,
                                     const uint64_t m[LIMBS])
{
    uint64_t less[LIMBS];
    uint64_t borrow = limbs_sub(less, a, m);
    uint64_t keep = mask_of(borrow & (high ^ 1));
    for (int i = 0; i < LIMBS; i++) r[i] = less[i] ^ ((less[i] ^ a[i]) & keep);
}

static inline void limbs_multiply(uint64_t t[2 * LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    memset(t, 0, 2 * LIMBS * sizeof t[0]);
    for (int i = 0; i < LIMBS; i++) {
        uint64_t carry = 0;
        for (int k = 0; k < LIMBS; k++) {
            uint128 product = (uint128)a[k] * b[i] + t[i + k] + carry;
            t[i + k] = (uint64_t)product;
            carry = (uint64_t)(product >> 64);
        }
        t[i + LIMBS] = carry;
    }
}

/* 32 bytes, big-endian. */
static inline void limbs_load(uint64_t r[LIMBS], const uint8_t b[32])
{
    for (int i = 0; i < LIMBS; i++) {
        uint64_t v = 0;
        for (int k = 0; k < 8; k++) v = v << 8 | b[8 * (LIMBS - 1 - i) + k];
        r[i] = v;
    }
}

static inline void limbs_store(uint8_t b[32], const uint64_t a[LIMBS])
{
    for (int i = 0; i < LIMBS; i++)
        for (int k = 0; k < 8; k++) b[8 * (LIMBS - 1 - i) + k] = (uint8_t)(a[i] >> (56 - 8 * k));
}
