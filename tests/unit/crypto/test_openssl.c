/* R-PKI-5 a million random cases in which OpenSSL must come to the same: hashes, ciphers, signatures both ways,
 * encryption both ways. test-openssl [CASES [SEED]] */
#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/sm2.h"
#include "crypto/sm4.h"

enum { DATA_MAX = 512, DER_MAX = 1024, CASES = 1000 * 1000, KEYS = 64, PUBLIC_KEY_EVERY = 50 };

struct run {
    struct drbg drbg;
    uint8_t data[DATA_MAX], ours[DATA_MAX + SM2_CIPHERTEXT_EXTRA], theirs[DER_MAX];
    size_t len;
    struct sm2_private key[KEYS];
    EVP_PKEY *their_key[KEYS];
    EVP_MD *sm3;
    EVP_CIPHER *ecb, *cbc, *ctr;
    EVP_CIPHER_CTX *cipher;
    EVP_MD_CTX *digest;
};

#define CHECK(cond) \
    do { \
        if (!(cond)) { \
            printf("not ok: %s (line %d)\n", #cond, __LINE__); \
            exit(1); \
        } \
    } while (0)

static void fill(struct run *r, void *into, size_t len)
{
    CHECK(!failed(drbg_fill(&r->drbg, into, len)));
}

static size_t number(struct run *r, size_t below)
{
    uint32_t n;
    fill(r, &n, sizeof n);
    return n % below;
}

/* ---- hashes and ciphers ---- */

static void case_sm3(struct run *r)
{
    uint8_t a[SM3_SIZE], b[SM3_SIZE];
    sm3_hash(bytes_of(r->data, r->len), a);
    CHECK(EVP_Digest(r->data, r->len, b, NULL, r->sm3, NULL));
    CHECK(memcmp(a, b, sizeof a) == 0);
}

static void case_hmac(struct run *r)
{
    uint8_t a[SM3_SIZE], b[SM3_SIZE];
    size_t key_len = number(r, 100);
    sm3_hmac(bytes_of(r->ours, key_len), bytes_of(r->data, r->len), a);
    CHECK(HMAC(r->sm3, r->ours, (int)key_len, r->data, r->len, b, NULL));
    CHECK(memcmp(a, b, sizeof a) == 0);
}

static void case_kdf(struct run *r)
{
    size_t want = 1 + number(r, 4 * SM3_SIZE);
    uint8_t ours[4 * SM3_SIZE], input[DATA_MAX + 4], block[SM3_SIZE];
    sm3_kdf(bytes_of(r->data, r->len), ours, want);
    memcpy(input, r->data, r->len);
    for (size_t i = 0; i * SM3_SIZE < want; i++) {
        const uint8_t counter[4] = { 0, 0, 0, (uint8_t)(i + 1) };
        memcpy(input + r->len, counter, 4);
        CHECK(EVP_Digest(input, r->len + 4, block, NULL, r->sm3, NULL));
        size_t left = want - i * SM3_SIZE;
        CHECK(memcmp(ours + i * SM3_SIZE, block, left < SM3_SIZE ? left : SM3_SIZE) == 0);
    }
}

static void their_cipher(struct run *r, const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv, size_t len)
{
    int n = 0;
    CHECK(EVP_EncryptInit_ex2(r->cipher, cipher, key, iv, NULL));
    CHECK(EVP_CIPHER_CTX_set_padding(r->cipher, 0));
    CHECK(EVP_EncryptUpdate(r->cipher, r->theirs, &n, r->data, (int)len) && (size_t)n == len);
}

static void case_sm4(struct run *r)
{
    uint8_t key[SM4_KEY_SIZE], iv[SM4_BLOCK], ours_iv[SM4_BLOCK];
    struct sm4 sm4;
    fill(r, key, sizeof key);
    fill(r, iv, sizeof iv);
    memcpy(ours_iv, iv, sizeof iv);
    sm4_init(&sm4, key);
    size_t whole = r->len & ~(size_t)15, kind = number(r, 3), len = kind == 2 ? r->len : whole;
    their_cipher(r, kind == 0 ? r->ecb : kind == 1 ? r->cbc : r->ctr, key, iv, len);
    if (kind == 0) sm4_ecb_encrypt(&sm4, r->data, len, r->ours);
    else if (kind == 1) sm4_cbc_encrypt(&sm4, ours_iv, r->data, len, r->ours);
    else sm4_ctr(&sm4, ours_iv, r->data, len, r->ours);
    CHECK(memcmp(r->ours, r->theirs, len) == 0);
    memcpy(ours_iv, iv, sizeof iv);
    if (kind == 0) sm4_ecb_decrypt(&sm4, r->ours, len, r->ours);
    else if (kind == 1) sm4_cbc_decrypt(&sm4, ours_iv, r->ours, len, r->ours);
    else sm4_ctr(&sm4, ours_iv, r->ours, len, r->ours);
    CHECK(memcmp(r->ours, r->data, len) == 0);
}

/* ---- GCM: OpenSSL 3.0 has none over SM4, so GHASH is done bit by bit here, over its ECB ---- */

static void gf_multiply(uint8_t x[16], const uint8_t h[16])
{
    uint8_t z[16] = { 0 }, v[16];
    memcpy(v, h, sizeof v);
    for (int bit = 0; bit < 128; bit++) {
        if (x[bit / 8] >> (7 - bit % 8) & 1)
            for (int i = 0; i < 16; i++) z[i] ^= v[i];
        int low = v[15] & 1;
        for (int i = 15; i > 0; i--) v[i] = (uint8_t)(v[i] >> 1 | v[i - 1] << 7);
        v[0] = (uint8_t)(v[0] >> 1 ^ (low ? 0xE1 : 0));
    }
    memcpy(x, z, sizeof z);
}

static void ghash(uint8_t y[16], const uint8_t h[16], const uint8_t *data, size_t len)
{
    for (size_t at = 0; at < len; at += 16) {
        for (size_t i = 0; i < 16 && at + i < len; i++) y[i] ^= data[at + i];
        gf_multiply(y, h);
    }
}

static void case_gcm(struct run *r)
{
    uint8_t key[SM4_KEY_SIZE], nonce[SM4_GCM_NONCE_SIZE], tag[SM4_GCM_TAG_SIZE], aad[40], h[16], y[16] = { 0 };
    uint8_t counter[16] = { [15] = 1 }, lengths[16] = { 0 }, data[DATA_MAX];
    size_t aad_len = number(r, sizeof aad), len = r->len;
    struct sm4 sm4;
    fill(r, key, sizeof key);
    fill(r, nonce, sizeof nonce);
    fill(r, aad, sizeof aad);
    sm4_init(&sm4, key);
    sm4_gcm_seal(&sm4, nonce, bytes_of(aad, aad_len), bytes_of(r->data, len), r->ours, tag);
    memcpy(data, r->data, len);
    memcpy(counter, nonce, sizeof nonce);
    memset(r->data, 0, 16);
    their_cipher(r, r->ecb, key, NULL, 16);
    memcpy(h, r->theirs, 16);
    ghash(y, h, aad, aad_len);
    ghash(y, h, r->ours, len);
    for (int i = 0; i < 4; i++) {
        lengths[7 - i] = (uint8_t)(aad_len * 8 >> 8 * i);
        lengths[15 - i] = (uint8_t)(len * 8 >> 8 * i);
    }
    ghash(y, h, lengths, 16);
    /* counter 1 masks the tag, the text begins at counter 2 */
    memset(r->data, 0, 16);
    memcpy(r->data + 16, data, len <= DATA_MAX - 16 ? len : DATA_MAX - 16);
    size_t text = len <= DATA_MAX - 16 ? len : DATA_MAX - 16;
    their_cipher(r, r->ctr, key, counter, 16 + text);
    CHECK(memcmp(r->ours, r->theirs + 16, text) == 0);
    for (int i = 0; i < 16; i++) CHECK(tag[i] == (y[i] ^ r->theirs[i]));
    CHECK(!failed(sm4_gcm_open(&sm4, nonce, bytes_of(aad, aad_len), bytes_of(r->ours, len), tag, r->ours)));
    CHECK(memcmp(r->ours, data, len) == 0);
}

/* ---- SM2 ---- */

static EVP_PKEY *their_key(const struct sm2_private *key)
{
    uint8_t d[SM2_KEY_SIZE], point[1 + SM2_POINT_SIZE] = { 4 };
    sm2_private_bytes(key, d);
    memcpy(point + 1, key->public.point, SM2_POINT_SIZE);
    BIGNUM *n = BN_bin2bn(d, sizeof d, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, n);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    EVP_PKEY *made = NULL;
    CHECK(EVP_PKEY_fromdata_init(ctx) == 1 && EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_KEYPAIR, params) == 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    return made;
}

static size_t integer_write(uint8_t *into, const uint8_t number32[32])
{
    size_t skip = 0;
    while (skip < 31 && !number32[skip]) skip++;
    size_t zero = number32[skip] >> 7, len = 32 - skip + zero;
    into[0] = 2;
    into[1] = (uint8_t)len;
    into[2] = 0;
    memcpy(into + 2 + zero, number32 + skip, 32 - skip);
    return 2 + len;
}

static const uint8_t *integer_read(const uint8_t *from, uint8_t ret_number[32])
{
    size_t len = from[1];
    CHECK(from[0] == 2 && len >= 1 && len <= 33);
    memset(ret_number, 0, 32);
    if (len == 33) memcpy(ret_number, from + 3, 32);
    else memcpy(ret_number + 32 - len, from + 2, len);
    return from + 2 + len;
}

static EVP_PKEY_CTX *distinguished(struct run *r, EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    CHECK(EVP_PKEY_CTX_set1_id(ctx, sm2_default_identity.ptr, sm2_default_identity.len) == 1);
    CHECK(EVP_MD_CTX_reset(r->digest));
    EVP_MD_CTX_set_pkey_ctx(r->digest, ctx);
    return ctx;
}

static void case_sign(struct run *r)
{
    size_t at = number(r, KEYS);
    uint8_t signature[SM2_SIGNATURE_SIZE], der[80] = { 0x30 };
    CHECK(!failed(sm2_sign(&r->key[at], bytes_of(r->data, r->len), &r->drbg, signature)));
    size_t len = integer_write(der + 2, signature);
    len += integer_write(der + 2 + len, signature + 32);
    der[1] = (uint8_t)len;
    EVP_PKEY_CTX *ctx = distinguished(r, r->their_key[at]);
    CHECK(EVP_DigestVerifyInit(r->digest, NULL, r->sm3, NULL, r->their_key[at]) == 1);
    CHECK(EVP_DigestVerify(r->digest, der, len + 2, r->data, r->len) == 1);
    EVP_PKEY_CTX_free(ctx);
}

static void case_verify(struct run *r)
{
    size_t at = number(r, KEYS), len = sizeof r->theirs;
    uint8_t signature[SM2_SIGNATURE_SIZE];
    EVP_PKEY_CTX *ctx = distinguished(r, r->their_key[at]);
    CHECK(EVP_DigestSignInit(r->digest, NULL, r->sm3, NULL, r->their_key[at]) == 1);
    CHECK(EVP_DigestSign(r->digest, r->theirs, &len, r->data, r->len) == 1);
    EVP_PKEY_CTX_free(ctx);
    integer_read(integer_read(r->theirs + 2, signature), signature + 32);
    CHECK(!failed(sm2_verify(&r->key[at].public, bytes_of(r->data, r->len), signature)));
    r->data[0] ^= 1;
    CHECK(failed(sm2_verify(&r->key[at].public, bytes_of(r->data, r->len), signature)));
}

static size_t cipher_header(uint8_t *into, uint8_t tag, size_t len)
{
    into[0] = tag;
    if (len < 128) return into[1] = (uint8_t)len, 2;
    if (len < 256) return into[1] = 0x81, into[2] = (uint8_t)len, 3;
    return into[1] = 0x82, into[2] = (uint8_t)(len >> 8), into[3] = (uint8_t)len, 4;
}

static void case_encrypt(struct run *r)
{
    size_t at = number(r, KEYS), n = sizeof r->theirs;
    uint8_t body[DER_MAX], der[DER_MAX];
    CHECK(!failed(sm2_encrypt(&r->key[at].public, bytes_of(r->data, r->len), &r->drbg, r->ours)));
    size_t len = integer_write(body, r->ours);
    len += integer_write(body + len, r->ours + 32);
    len += cipher_header(body + len, 4, SM3_SIZE);
    memcpy(body + len, r->ours + 64, SM3_SIZE);
    len += SM3_SIZE;
    len += cipher_header(body + len, 4, r->len);
    memcpy(body + len, r->ours + SM2_CIPHERTEXT_EXTRA, r->len);
    len += r->len;
    size_t head = cipher_header(der, 0x30, len);
    memcpy(der + head, body, len);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(r->their_key[at], NULL);
    CHECK(EVP_PKEY_decrypt_init(ctx) == 1 && EVP_PKEY_decrypt(ctx, r->theirs, &n, der, head + len) == 1);
    EVP_PKEY_CTX_free(ctx);
    CHECK(n == r->len && memcmp(r->theirs, r->data, n) == 0);
}

static void case_decrypt(struct run *r)
{
    size_t at = number(r, KEYS), n = sizeof r->theirs;
    uint8_t plain[DATA_MAX];
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(r->their_key[at], NULL);
    CHECK(EVP_PKEY_encrypt_init(ctx) == 1 && EVP_PKEY_encrypt(ctx, r->theirs, &n, r->data, r->len) == 1);
    EVP_PKEY_CTX_free(ctx);
    const uint8_t *p = r->theirs + (r->theirs[1] == 0x82 ? 4 : r->theirs[1] == 0x81 ? 3 : 2);
    p = integer_read(integer_read(p, r->ours), r->ours + 32);
    memcpy(r->ours + 64, p + 2, SM3_SIZE);
    memcpy(r->ours + SM2_CIPHERTEXT_EXTRA, r->theirs + n - r->len, r->len);
    CHECK(!failed(sm2_decrypt(&r->key[at], bytes_of(r->ours, r->len + SM2_CIPHERTEXT_EXTRA), plain)));
    CHECK(memcmp(plain, r->data, r->len) == 0);
}

static void open_run(struct run *r, uint64_t seed)
{
    uint8_t entropy[DRBG_ENTROPY_MIN] = { 0 };
    memcpy(entropy, &seed, sizeof seed);
    drbg_init(&r->drbg, BYTES(entropy), (struct bytes){ 0 }, (struct bytes){ 0 });
    r->sm3 = EVP_MD_fetch(NULL, "SM3", NULL);
    r->ecb = EVP_CIPHER_fetch(NULL, "SM4-ECB", NULL);
    r->cbc = EVP_CIPHER_fetch(NULL, "SM4-CBC", NULL);
    r->ctr = EVP_CIPHER_fetch(NULL, "SM4-CTR", NULL);
    r->cipher = EVP_CIPHER_CTX_new();
    r->digest = EVP_MD_CTX_new();
    CHECK(r->sm3 && r->ecb && r->cbc && r->ctr && r->cipher && r->digest);
    for (size_t i = 0; i < KEYS; i++) {
        CHECK(!failed(sm2_private_generate(&r->key[i], &r->drbg)));
        r->their_key[i] = their_key(&r->key[i]);
    }
}

static void close_run(struct run *r)
{
    for (size_t i = 0; i < KEYS; i++) EVP_PKEY_free(r->their_key[i]);
    EVP_MD_CTX_free(r->digest);
    EVP_CIPHER_CTX_free(r->cipher);
    EVP_CIPHER_free(r->ecb);
    EVP_CIPHER_free(r->cbc);
    EVP_CIPHER_free(r->ctr);
    EVP_MD_free(r->sm3);
}

int main(int argc, char **argv)
{
    static void (*const quick[])(struct run *) = { case_sm3, case_hmac, case_kdf, case_sm4, case_sm4, case_sm3 };
    static void (*const slow[])(struct run *) = { case_sign, case_verify, case_encrypt, case_decrypt, case_gcm };
    static struct run run;
    long cases = argc > 1 ? strtol(argv[1], NULL, 10) : CASES;
    open_run(&run, argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
    long public_key = 0;
    for (long i = 0; i < cases; i++) {
        if (i % (1 << 16) == 0) drbg_reseed(&run.drbg, bytes_of(run.data, DRBG_ENTROPY_MIN));
        bool is_slow = i % PUBLIC_KEY_EVERY == 0;
        run.len = 1 + number(&run, is_slow ? 300 : DATA_MAX - 16);
        fill(&run, run.data, run.len);
        if (is_slow) slow[public_key++ % (long)COUNT(slow)](&run);
        else quick[number(&run, COUNT(quick))](&run);
    }
    close_run(&run);
    printf("ok: %ld cases, %ld of them SM2 or GCM\n", cases, public_key);
    return 0;
}
