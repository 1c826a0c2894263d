/* Integers modulo n, the order of the recommended curve's base point; always below n. Constant time.
 * Internal to crypto; R may be an operand everywhere. */
#pragma once

#include "crypto/limbs.h"

extern const uint64_t scalar_n[LIMBS];

/* A number below 2^256 modulo n. */
void scalar_reduce(uint64_t r[LIMBS], const uint64_t a[LIMBS]);
void scalar_add(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS]);
void scalar_sub(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS]);
/* a·b / 2^256: with one operand in Montgomery form (a·2^256) the plain product. */
void scalar_mul_montgomery(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS]);
void scalar_mul(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS]);
/* The inverse of a, times 2^256; 0 for 0. */
void scalar_invert_montgomery(uint64_t r[LIMBS], const uint64_t a[LIMBS]);
