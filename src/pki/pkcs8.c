#include "pki/pkcs8.h"

#include "base/secret.h"
#include "crypto/sha.h"
#include "crypto/sm4.h"
#include "pki/der.h"
#include "pki/oid.h"

enum { PLAIN_MAX = 160, SALT_SIZE = 16, SHA_BLOCK = 64, VERSION_KEY = 0, VERSION_EC_KEY = 1, POINT_PLAIN = 0x04 };

static void write_oid(struct writer *w, enum oid oid)
{
    der_write(w, DER_OID, oid_bytes(oid));
}

/* ---- PBKDF2 ---- */

struct hmac {
    uint8_t inner[SHA_BLOCK + SHA_256_SIZE], outer[SHA_BLOCK + SHA_256_SIZE];
};

static void hmac_init(struct hmac *hmac, struct bytes key)
{
    uint8_t block[SHA_BLOCK] = { 0 };
    if (key.len > SHA_BLOCK) sha_256(key, block);
    else memcpy(block, key.ptr, key.len);
    for (size_t i = 0; i < SHA_BLOCK; i++) {
        hmac->inner[i] = block[i] ^ 0x36;
        hmac->outer[i] = block[i] ^ 0x5C;
    }
    secret_wipe(block, sizeof block);
}

/* DATA has at most SHA_256_SIZE bytes. */
static void hmac_of(struct hmac *hmac, struct bytes data, uint8_t ret_mac[SHA_256_SIZE])
{
    memcpy(hmac->inner + SHA_BLOCK, data.ptr, data.len);
    sha_256(bytes_of(hmac->inner, SHA_BLOCK + data.len), hmac->outer + SHA_BLOCK);
    sha_256(BYTES(hmac->outer), ret_mac);
}

static void derive(struct bytes passphrase, const uint8_t salt[SALT_SIZE], uint8_t ret_key[SHA_256_SIZE])
{
    struct hmac hmac;
    uint8_t u[SHA_256_SIZE], first[SALT_SIZE + 4] = { 0 };
    memcpy(first, salt, SALT_SIZE);
    first[SALT_SIZE + 3] = 1;
    hmac_init(&hmac, passphrase);
    hmac_of(&hmac, BYTES(first), u);
    memcpy(ret_key, u, sizeof u);
    for (int i = 1; i < PKCS8_ROUNDS; i++) {
        hmac_of(&hmac, BYTES(u), u);
        for (size_t k = 0; k < sizeof u; k++) ret_key[k] ^= u[k];
    }
    secret_wipe(&hmac, sizeof hmac);
    secret_wipe(u, sizeof u);
}

/* ---- what is written ---- */

/* PrivateKeyInfo with ECPrivateKey (RFC 5915) in it, filled up to whole blocks. */
static struct result write_plain(const struct sm2_private *key, uint8_t ret_plain[PLAIN_MAX], size_t *ret_len)
{
    struct writer w = writer_of(ret_plain, PLAIN_MAX);
    uint8_t d[SM2_KEY_SIZE], point[1 + SM2_POINT_SIZE] = { POINT_PLAIN };
    memcpy(point + 1, key->public.point, SM2_POINT_SIZE);
    sm2_private_bytes(key, d);
    size_t info = der_begin(&w, DER_SEQUENCE);
    der_write_small(&w, VERSION_KEY);
    size_t algorithm = der_begin(&w, DER_SEQUENCE);
    write_oid(&w, OID_EC_PUBLIC_KEY);
    write_oid(&w, OID_SM2);
    der_finish(&w, algorithm);
    size_t octets = der_begin(&w, DER_OCTET_STRING), own = der_begin(&w, DER_SEQUENCE);
    der_write_small(&w, VERSION_EC_KEY);
    der_write(&w, DER_OCTET_STRING, BYTES(d));
    size_t public = der_begin(&w, DER_CONSTRUCTED + 1);
    der_write_bits(&w, BYTES(point));
    der_finish(&w, public);
    der_finish(&w, own);
    der_finish(&w, octets);
    der_finish(&w, info);
    secret_wipe(d, sizeof d);
    for (uint8_t fill = (uint8_t)(SM4_BLOCK - w.len % SM4_BLOCK), i = 0; i < fill; i++) write_u8(&w, fill);
    *ret_len = w.len;
    return w.full ? FAIL(ERROR_TOO_LARGE) : OK;
}

static void write_scheme(struct writer *w, const uint8_t salt[SALT_SIZE], const uint8_t iv[SM4_BLOCK])
{
    size_t scheme = der_begin(w, DER_SEQUENCE);
    write_oid(w, OID_PBES2);
    size_t both = der_begin(w, DER_SEQUENCE), derivation = der_begin(w, DER_SEQUENCE);
    write_oid(w, OID_PBKDF2);
    size_t parameters = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OCTET_STRING, bytes_of(salt, SALT_SIZE));
    der_write_small(w, PKCS8_ROUNDS);
    size_t prf = der_begin(w, DER_SEQUENCE);
    write_oid(w, OID_HMAC_WITH_SHA256);
    der_write_null(w);
    der_finish(w, prf);
    der_finish(w, parameters);
    der_finish(w, derivation);
    size_t cipher = der_begin(w, DER_SEQUENCE);
    write_oid(w, OID_SM4_CBC);
    der_write(w, DER_OCTET_STRING, bytes_of(iv, SM4_BLOCK));
    der_finish(w, cipher);
    der_finish(w, both);
    der_finish(w, scheme);
}

struct result pkcs8_seal(const struct sm2_private *key, struct bytes passphrase, struct drbg *drbg, struct writer *w)
{
    uint8_t plain[PLAIN_MAX], derived[SHA_256_SIZE], random[SALT_SIZE + SM4_BLOCK], iv[SM4_BLOCK];
    size_t len;
    struct sm4 sm4;
    ENSURE(passphrase.len >= 1 && passphrase.len <= PKCS8_PASSPHRASE_MAX, ERROR_TOO_LARGE);
    TRY(drbg_fill(drbg, random, sizeof random));
    struct result r = write_plain(key, plain, &len);
    if (!failed(r)) {
        derive(passphrase, random, derived);
        memcpy(iv, random + SALT_SIZE, sizeof iv);
        sm4_init(&sm4, derived);
        sm4_cbc_encrypt(&sm4, iv, plain, len, plain);
        sm4_wipe(&sm4);
        secret_wipe(derived, sizeof derived);
        size_t whole = der_begin(w, DER_SEQUENCE);
        write_scheme(w, random, random + SALT_SIZE);
        der_write(w, DER_OCTET_STRING, bytes_of(plain, len));
        der_finish(w, whole);
        if (w->full) r = FAIL(ERROR_TOO_LARGE);
    }
    secret_wipe(plain, sizeof plain);
    return r;
}
