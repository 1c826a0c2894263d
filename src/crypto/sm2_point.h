/* Points of the recommended curve (GB/T 32918.5): y² = x³ - 3x + b. Internal to crypto. */
#pragma once

#include <stdbool.h>

#include "crypto/limbs.h"

/* In Montgomery form; never the point at infinity. */
struct sm2_affine {
    uint64_t x[LIMBS], y[LIMBS];
};

/* Whether X ‖ Y has coordinates below p and lies on the curve; RET_POINT is set only then. */
bool sm2_point_load(struct sm2_affine *ret_point, const uint8_t in[64]);
void sm2_point_store(uint8_t ret_out[64], const struct sm2_affine *point);

/* k·G for 1 ≤ k < n, in constant time. */
void sm2_point_base(struct sm2_affine *ret_point, const uint64_t k[LIMBS]);
/* k·P for 1 ≤ k < n, in constant time. */
void sm2_point_multiply(struct sm2_affine *ret_point, const uint64_t k[LIMBS], const struct sm2_affine *p);
/* a + b in constant time; RET_POINT may be one of them. False, with RET_POINT unchanged, for infinity. */
bool sm2_point_add(struct sm2_affine *ret_point, const struct sm2_affine *a, const struct sm2_affine *b);
/* Whether s·G + t·P is a point whose x, modulo n, is V. All below n; takes its time from the values. */
bool sm2_point_check(const uint64_t s[LIMBS], const uint64_t t[LIMBS], const struct sm2_affine *p,
                     const uint64_t v[LIMBS]);
