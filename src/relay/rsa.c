#include "relay/rsa.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/text.h"

static void bio_free_p(BIO **bio)
{
    BIO_free(*bio);
}

static void x509_free_p(X509 **certificate)
{
    X509_free(*certificate);
}

static void key_free_p(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void digest_free_p(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

static bool good_key(const EVP_PKEY *key)
{
    return key && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
}

/* No passphrase is asked for: there is no terminal to ask at. */
static int no_passphrase(char *into, int size, int writing, void *closure)
{
    return -1;
}

struct result rsa_private_key(struct bytes pem, EVP_PKEY **ret_key)
{
    BIO *bio CLEANUP(bio_free_p) = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key CLEANUP(key_free_p) = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    ENSURE(good_key(key), ERROR_RELAY_CONFIG);
    *ret_key = TAKE(key);
    return OK;
}

struct result rsa_public_key(struct bytes pem, struct arena *arena, EVP_PKEY **ret_key, const char **ret_serial)
{
    BIO *bio CLEANUP(bio_free_p) = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *certificate CLEANUP(x509_free_p) = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    const char *serial = NULL;
    EVP_PKEY *key CLEANUP(key_free_p) = NULL;
    if (certificate) {
        BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
        char *hex = number ? BN_bn2hex(number) : NULL;
        serial = hex ? arena_text(arena, bytes_text(hex)) : NULL;
        OPENSSL_free(hex);
        BN_free(number);
        ENSURE(serial, ERROR_RELAY_CONFIG);
        key = X509_get_pubkey(certificate);
    } else {
        BIO_reset(bio);
        key = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    }
    ENSURE(good_key(key), ERROR_RELAY_CONFIG);
    *ret_key = TAKE(key);
    *ret_serial = serial;
    return OK;
}

struct result rsa_sign(EVP_PKEY *key, struct bytes text, struct arena *arena, const char **ret_signature)
{
    ENSURE(text.ptr, ERROR_OUT_OF_ROOM);
    EVP_MD_CTX *context CLEANUP(digest_free_p) = EVP_MD_CTX_new();
    uint8_t signature[1024];
    size_t len = sizeof signature;
    bool ok = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(context, signature, &len, text.ptr, text.len) == 1;
    ENSURE(ok, ERROR_INTERNAL);
    const char *text64 = text_base64(arena, bytes_of(signature, len));
    ENSURE(text64, ERROR_OUT_OF_ROOM);
    *ret_signature = text64;
    return OK;
}

struct result rsa_verify(EVP_PKEY *key, struct bytes text, const char *signature, struct arena *arena)
{
    struct bytes raw;
    ENSURE(text.ptr, ERROR_OUT_OF_ROOM);
    ENSURE(!failed(text_from_base64(arena, signature, &raw)), ERROR_SIGNATURE_INVALID);
    EVP_MD_CTX *context CLEANUP(digest_free_p) = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(context, raw.ptr, raw.len, text.ptr, text.len) == 1;
    ENSURE(ok, ERROR_SIGNATURE_INVALID);
    return OK;
}
