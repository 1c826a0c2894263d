/* The S-box of SM4 as a circuit over bits: no table, so no index and no cache line depends on a secret.
 * Internal to crypto.
 *
 * S(x) = A·I(A·x + c) + c with I the inverse in GF(2^8) mod x^8+x^7+x^6+x^5+x^4+x^2+1. The inverse is taken in
 * a tower of GF(2^4) that Boyar and Peralta gave for AES ("A depth-16 circuit for the AES S-box", 2011); the
 * linear layers before and behind it join A, the isomorphism between the two fields and the tower's base. */
#pragma once

#include <stdint.h>

/* 128 bits at a time. Every bit position is a computation of its own. */
typedef uint64_t sm4_slice __attribute__((vector_size(16)));

/* x[i] holds bit i (0 the lowest) of each byte, before and after. */
static inline void sm4_box(sm4_slice x[8])
{
    const sm4_slice x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3], x4 = x[4], x5 = x[5], x6 = x[6], x7 = x[7];
    /* from the bits of x to the tower field */
    const sm4_slice a0 = x2 ^ x4, a1 = x0 ^ x3, a2 = x1 ^ a1, a3 = x5 ^ a0, a4 = x6 ^ x7, y3 = x5 ^ a2,
                    y5 = x2 ^ x6, y10 = x7 ^ a0, a5 = x1 ^ a3, a6 = x3 ^ x7, a7 = x4 ^ a4, a8 = x7 ^ a2,
                    y8 = y3 ^ y5, a9 = x0 ^ y10, y2 = x1 ^ y5, y12 = a4 ^ a5, a10 = x7 ^ a5, a11 = x5 ^ a6,
                    a12 = x3 ^ a3, y16 = a1 ^ a3, a13 = x0 ^ x1, a14 = a0 ^ a4, y4 = a1 ^ a14,
                    y14 = a3 ^ a4, y0 = x1 ^ a6, a15 = x2 ^ x7, y21 = a2 ^ a3, a16 = a7 ^ a13,
                    a17 = a0 ^ a2, y9 = x4 ^ a8, y19 = y3 ^ a7, y1 = ~a11, y6 = ~a12, y7 = ~a9, y11 = ~a17,
                    y13 = x1, y15 = ~a10, y17 = ~a8, y18 = ~a16, y20 = ~a15;
    /* inversion there */
    const sm4_slice t2 = y12 & y15, t3 = y3 & y6, t4 = t3 ^ t2, t5 = y4 & y0, t6 = t5 ^ t2, t7 = y13 & y16,
                    t8 = y5 & y1, t9 = t8 ^ t7, t10 = y2 & y7, t11 = t10 ^ t7, t12 = y9 & y11,
                    t13 = y14 & y17, t14 = t13 ^ t12, t15 = y8 & y10, t16 = t15 ^ t12, t17 = t4 ^ t14,
                    t18 = t6 ^ t16, t19 = t9 ^ t14, t20 = t11 ^ t16, t21 = t17 ^ y20, t22 = t18 ^ y19,
                    t23 = t19 ^ y21, t24 = t20 ^ y18, t25 = t21 ^ t22, t26 = t21 & t23, t27 = t24 ^ t26,
                    t28 = t25 & t27, t29 = t28 ^ t22, t30 = t23 ^ t24, t31 = t22 ^ t26, t32 = t31 & t30,
                    t33 = t32 ^ t24, t34 = t23 ^ t33, t35 = t27 ^ t33, t36 = t24 & t35, t37 = t36 ^ t34,
                    t38 = t27 ^ t36, t39 = t29 & t38, t40 = t25 ^ t39, t41 = t40 ^ t37, t42 = t29 ^ t33,
                    t43 = t29 ^ t40, t44 = t33 ^ t37, t45 = t42 ^ t41;
    /* by the inverse */
    const sm4_slice z0 = t44 & y15, z1 = t37 & y6, z2 = t33 & y0, z3 = t43 & y16, z4 = t40 & y1,
                    z5 = t29 & y7, z6 = t42 & y11, z7 = t45 & y17, z8 = t41 & y10, z9 = t44 & y12,
                    z10 = t37 & y3, z11 = t33 & y4, z12 = t43 & y13, z13 = t40 & y5, z14 = t29 & y2,
                    z15 = t42 & y9, z16 = t45 & y14, z17 = t41 & y8;
    /* back to bits */
    const sm4_slice b0 = z6 ^ z10, b1 = z9 ^ z15, b2 = z4 ^ b0, b3 = z0 ^ z1, b4 = z13 ^ z14, b5 = z5 ^ z8,
                    b6 = z17 ^ b1, b7 = b2 ^ b4, b8 = b3 ^ b5, b9 = z3 ^ z7, b10 = z16 ^ b1, b11 = b8 ^ b10,
                    b12 = z11 ^ b7, b13 = z0 ^ b12, b14 = z12 ^ z13, b15 = z2 ^ z7, b16 = b3 ^ b6,
                    b17 = b9 ^ b11, b18 = z16 ^ b14, b19 = z10 ^ b17, b20 = b4 ^ b16, b21 = b0 ^ b20,
                    b22 = b6 ^ b9, b23 = z15 ^ b18, b24 = b8 ^ b12, b25 = z5 ^ b13, b26 = z11 ^ b6,
                    b27 = b15 ^ b25, b28 = b2 ^ b11, b29 = z7 ^ b21, b30 = b7 ^ b22;
    x[0] = ~b19;
    x[1] = ~b24;
    x[2] = b30;
    x[3] = b26;
    x[4] = ~b28;
    x[5] = b29;
    x[6] = ~b27;
    x[7] = ~b23;
}
