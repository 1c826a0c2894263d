/* R-PKI-1 R-PKI-5 ECDSA on P-256 is verified as OpenSSL verifies it: what OpenSSL signed holds, and what was altered
 * or lies outside its range does not, whatever else it is. test-crypto-p256 [CASES] */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "crypto/p256.h"
#include "crypto/sha.h"

enum { CASES = 400, MESSAGE_MAX = 300, DER_MAX = 80 };

#define CHECK(cond) \
    do { \
        if (!(cond)) { \
            printf("not ok: %s (line %d)\n", #cond, __LINE__); \
            exit(1); \
        } \
    } while (0)

static const char order[] = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
static const char prime[] = "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF";

struct signed_one {
    EVP_PKEY *key;
    uint8_t point[P256_POINT_SIZE], message[MESSAGE_MAX], signature[P256_SIGNATURE_SIZE];
    size_t len;
};

static size_t drawn(size_t below)
{
    uint32_t n;
    random_fill(&n, sizeof n);
    return n % below;
}

static void number_of(const char *hex, int plus, uint8_t ret_number[32])
{
    BIGNUM *n = NULL;
    CHECK(BN_hex2bn(&n, hex));
    CHECK(plus >= 0 ? BN_add_word(n, (BN_ULONG)plus) : BN_sub_word(n, (BN_ULONG)-plus));
    CHECK(BN_bn2binpad(n, ret_number, 32) == 32);
    BN_free(n);
}

static void sign(struct signed_one *s)
{
    uint8_t der[DER_MAX];
    size_t len = sizeof der;
    const uint8_t *at = der;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    CHECK(EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, s->key) == 1);
    CHECK(EVP_DigestSign(c, der, &len, s->message, s->len) == 1);
    EVP_MD_CTX_free(c);
    ECDSA_SIG *read = d2i_ECDSA_SIG(NULL, &at, (long)len);
    CHECK(read && BN_bn2binpad(ECDSA_SIG_get0_r(read), s->signature, 32) == 32);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(read), s->signature + 32, 32) == 32);
    ECDSA_SIG_free(read);
}

static struct signed_one make(int number)
{
    struct signed_one s = { .len = (size_t)number % MESSAGE_MAX };
    uint8_t whole[1 + P256_POINT_SIZE];
    size_t len;
    s.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    CHECK(s.key && EVP_PKEY_get_octet_string_param(s.key, OSSL_PKEY_PARAM_PUB_KEY, whole, sizeof whole, &len) == 1);
    CHECK(len == sizeof whole && whole[0] == 4);
    memcpy(s.point, whole + 1, sizeof s.point);
    for (size_t i = 0; i < s.len; i++) s.message[i] = (uint8_t)drawn(256);
    sign(&s);
    return s;
}

static enum error verified(const struct signed_one *s)
{
    return p256_verify(s->point, bytes_of(s->message, s->len), s->signature).code;
}

static void check_hash(const struct signed_one *s)
{
    uint8_t ours[SHA_256_SIZE], theirs[SHA_256_SIZE];
    sha_256(bytes_of(s->message, s->len), ours);
    CHECK(EVP_Digest(s->message, s->len, theirs, NULL, EVP_sha256(), NULL) && memcmp(ours, theirs, 32) == 0);
    sha_1(bytes_of(s->message, s->len), ours);
    CHECK(EVP_Digest(s->message, s->len, theirs, NULL, EVP_sha1(), NULL) && memcmp(ours, theirs, 20) == 0);
}

/* One bit of signature, message or key. */
static void check_altered(const struct signed_one *s)
{
    struct signed_one bad = *s;
    size_t bit = drawn(8 * P256_SIGNATURE_SIZE);
    bad.signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    CHECK(verified(&bad) == ERROR_SIGNATURE_INVALID);
    bad = *s;
    if (bad.len > 0) {
        bad.message[bit % bad.len] ^= 1;
        CHECK(verified(&bad) == ERROR_SIGNATURE_INVALID);
    }
    bad = *s;
    bad.point[bit / 8] ^= (uint8_t)(1 << bit % 8);
    CHECK(p256_check(bad.point).code == ERROR_KEY_INVALID && verified(&bad) == ERROR_KEY_INVALID);
}

/* r and s at and beyond the ends of 1 … n-1. */
static void check_ranges(const struct signed_one *s)
{
    for (int half = 0; half < 2; half++) {
        uint8_t outside[4][32] = { { 0 } };
        number_of(order, 0, outside[1]);
        number_of(order, 1, outside[2]);
        memset(outside[3], 0xFF, 32);
        for (int i = 0; i < 4; i++) {
            struct signed_one bad = *s;
            memcpy(bad.signature + 32 * half, outside[i], 32);
            CHECK(verified(&bad) == ERROR_SIGNATURE_INVALID);
        }
        struct signed_one edge = *s;
        number_of(order, -1, edge.signature + 32 * half);
        CHECK(verified(&edge) == ERROR_SIGNATURE_INVALID);
    }
}

static void check_points(const struct signed_one *s)
{
    struct signed_one bad = *s;
    memset(bad.point, 0, sizeof bad.point);
    CHECK(p256_check(bad.point).code == ERROR_KEY_INVALID);
    memcpy(bad.point, s->point, sizeof bad.point);
    number_of(prime, 0, bad.point);
    CHECK(p256_check(bad.point).code == ERROR_KEY_INVALID);
    memcpy(bad.point, s->point, sizeof bad.point);
    number_of(prime, 0, bad.point + 32);
    CHECK(p256_check(bad.point).code == ERROR_KEY_INVALID);
    CHECK(!failed(p256_check(s->point)));
}

/* The base point for a key, d = 1: the sum meets its own summands, and infinity. */
static void check_base_point(void)
{
    struct signed_one s = { .len = 5, .message = "hello" };
    uint8_t hash[SHA_256_SIZE], d[32] = { [31] = 1 };
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n = NULL, *e = BN_new(), *r = BN_new(), *one = BN_bin2bn(d, 32, NULL);
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    uint8_t whole[65];
    CHECK(BN_hex2bn(&n, order) && group && one);
    CHECK(EC_POINT_point2oct(group, EC_GROUP_get0_generator(group), POINT_CONVERSION_UNCOMPRESSED, whole, 65, ctx) == 65);
    memcpy(s.point, whole + 1, 64);
    /* nonce 1: r = x(G), s = e + r: then u·G + v·G is G itself */
    memcpy(s.signature, s.point, 32);
    sha_256(bytes_of(s.message, s.len), hash);
    CHECK(BN_bin2bn(hash, 32, e) && BN_bin2bn(s.point, 32, r) && BN_mod_add(e, e, r, n, ctx));
    CHECK(BN_bn2binpad(e, s.signature + 32, 32) == 32);
    CHECK(verified(&s) == ERROR_NONE);
    /* r = -e: the sum is infinity */
    CHECK(BN_bin2bn(hash, 32, e) && BN_nnmod(e, e, n, ctx) && BN_sub(r, n, e) && BN_bn2binpad(r, s.signature, 32) == 32);
    CHECK(verified(&s) == ERROR_SIGNATURE_INVALID);
    BN_CTX_free(ctx);
    BN_free(n), BN_free(e), BN_free(r), BN_free(one);
    EC_GROUP_free(group);
}

/* A key for which s = 5 holds for the message, with nonce 1: s + n, the same number in 32 bytes, must not. */
static void check_another_s(void)
{
    struct signed_one s = { .len = 5, .message = "hello" };
    uint8_t hash[SHA_256_SIZE], whole[65];
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n = NULL, *x = NULL, *d = BN_new(), *r = BN_new();
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *q = EC_POINT_new(group);
    sha_256(bytes_of(s.message, s.len), hash);
    CHECK(EC_POINT_point2oct(group, EC_GROUP_get0_generator(group), POINT_CONVERSION_UNCOMPRESSED, whole, 65, ctx) == 65);
    CHECK(BN_hex2bn(&n, order) && (x = BN_bin2bn(whole + 1, 32, NULL)) && BN_nnmod(r, x, n, ctx));
    /* d = (5 - e) / r */
    CHECK(BN_bin2bn(hash, 32, d) && BN_sub(d, n, d) && BN_add_word(d, 5) && BN_mod_inverse(x, r, n, ctx));
    CHECK(BN_mod_mul(d, d, x, n, ctx) && EC_POINT_mul(group, q, d, NULL, NULL, ctx));
    CHECK(EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED, whole, 65, ctx) == 65);
    memcpy(s.point, whole + 1, 64);
    CHECK(BN_bn2binpad(r, s.signature, 32) == 32);
    s.signature[63] = 5;
    CHECK(verified(&s) == ERROR_NONE);
    number_of(order, 5, s.signature + 32);
    CHECK(verified(&s) == ERROR_SIGNATURE_INVALID);
    BN_CTX_free(ctx);
    BN_free(n), BN_free(x), BN_free(d), BN_free(r);
    EC_POINT_free(q);
    EC_GROUP_free(group);
}

int main(int argc, char **argv)
{
    int cases = argc > 1 ? atoi(argv[1]) : CASES; /* lint: banned, a number from whoever runs it by hand */
    for (int i = 0; i < cases; i++) {
        struct signed_one s = make(i);
        CHECK(verified(&s) == ERROR_NONE);
        check_hash(&s);
        check_altered(&s);
        if (i < 8) check_ranges(&s), check_points(&s);
        EVP_PKEY_free(s.key);
    }
    check_base_point();
    check_another_s();
    printf("ok: %d cases\n", cases);
    return 0;
}
