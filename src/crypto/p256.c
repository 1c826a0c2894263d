#include "crypto/p256.h"

#include "crypto/limbs.h"
#include "crypto/sha.h"

/* ---- numbers modulo p or n, in Montgomery form ---- */

struct modulus {
    uint64_t m[LIMBS];
    uint64_t inverse;            /* -1/m modulo 2^64 */
    uint64_t one[LIMBS], square[LIMBS]; /* 2^256 and 2^512 modulo m */
};

static const struct modulus p = {
    { 0xFFFFFFFFFFFFFFFF, 0x00000000FFFFFFFF, 0x0000000000000000, 0xFFFFFFFF00000001 },
    0x0000000000000001,
    { 0x0000000000000001, 0xFFFFFFFF00000000, 0xFFFFFFFFFFFFFFFF, 0x00000000FFFFFFFE },
    { 0x0000000000000003, 0xFFFFFFFBFFFFFFFF, 0xFFFFFFFFFFFFFFFE, 0x00000004FFFFFFFD },
};

static const struct modulus n = {
    { 0xF3B9CAC2FC632551, 0xBCE6FAADA7179E84, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF00000000 },
    0xCCD1C8AAEE00BC4F,
    { 0x0C46353D039CDAAF, 0x4319055258E8617B, 0x0000000000000000, 0x00000000FFFFFFFF },
    { 0x83244C95BE79EEA2, 0x4699799C49BD6FA6, 0x2845B2392B6BEC59, 0x66E12D94F3D95620 },
};

/* The curve's b and base point. */
static const uint64_t curve_b[LIMBS] = { 0xD89CDF6229C4BDDF, 0xACF005CD78843090, 0xE5A220ABF7212ED6,
                                         0xDC30061D04874834 };
static const uint64_t base_x[LIMBS] = { 0x79E730D418A9143C, 0x75BA95FC5FEDB601, 0x79FB732B77622510,
                                        0x18905F76A53755C6 };
static const uint64_t base_y[LIMBS] = { 0xDDF25357CE95560A, 0x8B4AB8E4BA19E45C, 0xD2E88688DD21F325,
                                        0x8571FF1825885D85 };

static void multiply(const struct modulus *mod, uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t t[2 * LIMBS], top = 0;
    limbs_multiply(t, a, b);
    for (int i = 0; i < LIMBS; i++) {
        const uint64_t factor = t[i] * mod->inverse;
        uint64_t carry = 0;
        for (int k = 0; k < LIMBS; k++) {
            uint128 sum = (uint128)factor * mod->m[k] + t[i + k] + carry;
            t[i + k] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
        }
        uint128 last = (uint128)t[i + LIMBS] + carry + top;
        t[i + LIMBS] = (uint64_t)last;
        top = (uint64_t)(last >> 64);
    }
    limbs_reduce_once(r, t + LIMBS, top, mod->m);
}

static void square(uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    multiply(&p, r, a, a);
}

static void add(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t sum[LIMBS], carry = limbs_add(sum, a, b);
    limbs_reduce_once(r, sum, carry, p.m);
}

static void subtract(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    uint64_t difference[LIMBS];
    if (limbs_sub(difference, a, b)) limbs_add(difference, difference, p.m);
    memcpy(r, difference, sizeof difference);
}

static bool bit_of(const uint64_t a[LIMBS], int i)
{
    return a[i / 64] >> i % 64 & 1;
}

/* a^(m-2) = 1/a, for m is prime. */
static void invert(const struct modulus *mod, uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    uint64_t exponent[LIMBS], x[LIMBS];
    memcpy(exponent, mod->m, sizeof exponent);
    exponent[0] -= 2; /* the lowest limb of neither modulus is below 2 */
    memcpy(x, mod->one, sizeof x);
    for (int i = 255; i >= 0; i--) {
        multiply(mod, x, x, x);
        if (bit_of(exponent, i)) multiply(mod, x, x, a);
    }
    memcpy(r, x, sizeof x);
}

static void into(const struct modulus *mod, uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    multiply(mod, r, a, mod->square);
}

static void out_of(const struct modulus *mod, uint64_t r[LIMBS], const uint64_t a[LIMBS])
{
    static const uint64_t plain_one[LIMBS] = { 1 };
    multiply(mod, r, a, plain_one);
}

/* ---- points: Jacobian, X/Z², Y/Z³; Z = 0 is the point at infinity ---- */

struct point {
    uint64_t x[LIMBS], y[LIMBS], z[LIMBS];
};

/* a = -3: M = 3(X - Z²)(X + Z²), S = 4XY². */
static void point_double(struct point *r, const struct point *a)
{
    uint64_t zz[LIMBS], yy[LIMBS], s[LIMBS], m[LIMBS], t[LIMBS];
    struct point d;
    square(zz, a->z);
    square(yy, a->y);
    multiply(&p, s, a->x, yy);
    add(s, s, s);
    add(s, s, s);
    subtract(m, a->x, zz);
    add(t, a->x, zz);
    multiply(&p, m, m, t);
    add(t, m, m);
    add(m, m, t);
    square(d.x, m);
    subtract(d.x, d.x, s);
    subtract(d.x, d.x, s);
    multiply(&p, d.z, a->y, a->z);
    add(d.z, d.z, d.z);
    square(yy, yy); /* 8Y⁴ */
    for (int i = 0; i < 3; i++) add(yy, yy, yy);
    subtract(t, s, d.x);
    multiply(&p, d.y, m, t);
    subtract(d.y, d.y, yy);
    *r = d;
}

static void point_add(struct point *r, const struct point *a, const struct point *b)
{
    uint64_t zza[LIMBS], zzb[LIMBS], u[LIMBS], h[LIMBS], s[LIMBS], w[LIMBS], hh[LIMBS], t[LIMBS];
    struct point d;
    if (limbs_zero(a->z)) { *r = *b; return; }
    if (limbs_zero(b->z)) { *r = *a; return; }
    square(zza, a->z);
    square(zzb, b->z);
    multiply(&p, u, a->x, zzb);
    multiply(&p, h, b->x, zza);
    subtract(h, h, u); /* H = U2 - U1 */
    multiply(&p, s, a->y, zzb);
    multiply(&p, s, s, b->z);
    multiply(&p, w, b->y, zza);
    multiply(&p, w, w, a->z);
    subtract(w, w, s); /* W = S2 - S1 */
    if (limbs_zero(h) && limbs_zero(w)) { point_double(r, a); return; }
    square(hh, h);
    multiply(&p, u, u, hh); /* U1 H²; H = 0 leads to infinity by itself */
    multiply(&p, t, hh, h); /* H³ */
    square(d.x, w);
    subtract(d.x, d.x, t);
    subtract(d.x, d.x, u);
    subtract(d.x, d.x, u);
    multiply(&p, d.z, a->z, b->z);
    multiply(&p, d.z, d.z, h);
    multiply(&p, s, s, t);
    subtract(u, u, d.x);
    multiply(&p, d.y, w, u);
    subtract(d.y, d.y, s);
    *r = d;
}

/* a·G + b·Q, bit by bit, with both looked at together. */
static void add_multiples(struct point *ret_sum, const uint64_t a[LIMBS], const uint64_t b[LIMBS],
                          const struct point *q)
{
    struct point ways[4] = { 0 }, sum = { 0 };
    memcpy(ways[1].x, base_x, sizeof base_x);
    memcpy(ways[1].y, base_y, sizeof base_y);
    memcpy(ways[1].z, p.one, sizeof p.one);
    ways[2] = *q;
    point_add(&ways[3], &ways[1], &ways[2]);
    for (int i = 255; i >= 0; i--) {
        int way = bit_of(a, i) + 2 * bit_of(b, i);
        point_double(&sum, &sum);
        if (way) point_add(&sum, &sum, &ways[way]);
    }
    *ret_sum = sum;
}

/* Y² = X³ - 3X + b */
static bool is_on_curve(const uint64_t x[LIMBS], const uint64_t y[LIMBS])
{
    uint64_t left[LIMBS], right[LIMBS];
    square(left, y);
    square(right, x);
    multiply(&p, right, right, x);
    for (int i = 0; i < 3; i++) subtract(right, right, x);
    add(right, right, curve_b);
    return limbs_equal(left, right);
}

static struct result load(const uint8_t point[P256_POINT_SIZE], struct point *ret_point)
{
    struct point q;
    limbs_load(q.x, point);
    limbs_load(q.y, point + 32);
    ENSURE(limbs_less(q.x, p.m) && limbs_less(q.y, p.m), ERROR_KEY_INVALID);
    into(&p, q.x, q.x);
    into(&p, q.y, q.y);
    memcpy(q.z, p.one, sizeof q.z);
    ENSURE(is_on_curve(q.x, q.y), ERROR_KEY_INVALID);
    *ret_point = q;
    return OK;
}

/* ---- what is offered ---- */

struct result p256_check(const uint8_t point[P256_POINT_SIZE])
{
    struct point q;
    return load(point, &q);
}

/* FIPS 186-5 §6.4.2: x of (e/s)·G + (r/s)·Q is r modulo n. */
struct result p256_verify(const uint8_t point[P256_POINT_SIZE], struct bytes message,
                          const uint8_t signature[P256_SIGNATURE_SIZE])
{
    uint8_t hash[SHA_256_SIZE];
    uint64_t r[LIMBS], s[LIMBS], e[LIMBS], u[LIMBS], v[LIMBS], x[LIMBS];
    struct point q, sum;
    TRY(load(point, &q));
    limbs_load(r, signature);
    limbs_load(s, signature + 32);
    ENSURE(!limbs_zero(r) && !limbs_zero(s) && limbs_less(r, n.m) && limbs_less(s, n.m), ERROR_SIGNATURE_INVALID);
    sha_256(message, hash);
    limbs_load(e, hash);
    limbs_reduce_once(e, e, 0, n.m);
    into(&n, s, s);
    invert(&n, s, s);
    multiply(&n, u, e, s); /* one of the two is in Montgomery form, so the product is not */
    multiply(&n, v, r, s);
    add_multiples(&sum, u, v, &q);
    ENSURE(!limbs_zero(sum.z), ERROR_SIGNATURE_INVALID);
    invert(&p, x, sum.z);
    square(x, x);
    multiply(&p, x, x, sum.x);
    out_of(&p, x, x);
    limbs_reduce_once(x, x, 0, n.m);
    ENSURE(limbs_equal(x, r), ERROR_SIGNATURE_INVALID);
    return OK;
}
