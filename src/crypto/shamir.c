#include "crypto/shamir.h"

#include "base/secret.h"

/* ---- GF(2^8) ---- */

static uint8_t multiply(uint8_t a, uint8_t b)
{
    unsigned product = 0, x = a;
    for (int i = 0; i < 8; i++) {
        product ^= x & (0u - (b >> i & 1u));
        x = (x << 1) ^ (0x11Bu & (0u - (x >> 7 & 1u)));
    }
    return (uint8_t)product;
}

/* a^254; 0 for 0. */
static uint8_t invert(uint8_t a)
{
    uint8_t power = a, result = 1;
    for (int i = 0; i < 7; i++) {
        power = multiply(power, power);
        result = multiply(result, power);
    }
    return result;
}

/* ---- shares ---- */

/* The value at X of the polynomial with COUNT coefficients, the constant first. */
static uint8_t evaluate(const uint8_t *coefficients, size_t count, uint8_t x)
{
    uint8_t y = 0;
    for (size_t i = count; i > 0; i--) y = multiply(y, x) ^ coefficients[i - 1];
    return y;
}

struct result shamir_split(struct bytes secret, size_t threshold, size_t count, struct drbg *drbg,
                           struct shamir_share *ret_shares)
{
    uint8_t polynomial[SHAMIR_SHARES_MAX];
    ENSURE(secret.len >= 1 && secret.len <= SHAMIR_SECRET_MAX, ERROR_SHARES);
    ENSURE(threshold >= SHAMIR_THRESHOLD_MIN && threshold <= count && count <= SHAMIR_SHARES_MAX, ERROR_SHARES);
    struct result r = OK;
    for (size_t k = 0; k < secret.len && !failed(r); k++) {
        polynomial[0] = secret.ptr[k];
        r = drbg_fill(drbg, polynomial + 1, threshold - 1);
        for (size_t i = 0; i < count && !failed(r); i++)
            ret_shares[i].value[k] = evaluate(polynomial, threshold, (uint8_t)(i + 1));
    }
    for (size_t i = 0; i < count; i++) ret_shares[i].number = (uint8_t)(i + 1);
    secret_wipe(polynomial, sizeof polynomial);
    return r;
}

/* Lagrange's weight of share AT for the value at 0; numbers are public. */
static uint8_t weight(const struct shamir_share *shares, size_t count, size_t at)
{
    uint8_t above = 1, below = 1;
    for (size_t i = 0; i < count; i++) {
        if (i == at) continue;
        above = multiply(above, shares[i].number);
        below = multiply(below, shares[i].number ^ shares[at].number);
    }
    return multiply(above, invert(below));
}

struct result shamir_join(const struct shamir_share *shares, size_t count, size_t len, uint8_t *ret_secret)
{
    ENSURE(count >= SHAMIR_THRESHOLD_MIN && count <= SHAMIR_SHARES_MAX, ERROR_SHARES);
    ENSURE(len >= 1 && len <= SHAMIR_SECRET_MAX, ERROR_SHARES);
    for (size_t i = 0; i < count; i++) {
        ENSURE(shares[i].number != 0, ERROR_SHARES);
        for (size_t k = 0; k < i; k++) ENSURE(shares[i].number != shares[k].number, ERROR_SHARES);
    }
    memset(ret_secret, 0, len);
    for (size_t i = 0; i < count; i++) {
        uint8_t w = weight(shares, count, i);
        for (size_t k = 0; k < len; k++) ret_secret[k] ^= multiply(shares[i].value[k], w);
    }
    return OK;
}
