#include "p256_key.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

enum { DER_MAX = 80 };

static struct result sign(const struct signing_key *key, struct bytes message, struct drbg *drbg,
                          uint8_t ret_signature[KEY_SIGNATURE_SIZE])
{
    uint8_t der[DER_MAX];
    size_t len = sizeof der;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool made = EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key->holder) == 1 &&
                EVP_DigestSign(c, der, &len, message.ptr, message.len) == 1;
    EVP_MD_CTX_free(c);
    ENSURE(made, ERROR_KEY_INVALID);
    return sm2_signature_read(bytes_of(der, len), ret_signature);
}

struct signing_key p256_key_new(void)
{
    struct signing_key key = { .sign = sign, .holder = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256") };
    uint8_t whole[1 + KEY_POINT_SIZE];
    size_t len = 0;
    assert(key.holder && EVP_PKEY_get_octet_string_param(key.holder, OSSL_PKEY_PARAM_PUB_KEY, whole, sizeof whole, &len));
    struct result r = public_key_init(&key.public, KEY_P256, whole + 1);
    assert(len == sizeof whole && !failed(r));
    return key;
}

void p256_key_free(struct signing_key *key)
{
    EVP_PKEY_free(key->holder);
    *key = (struct signing_key){ .holder = NULL };
}
