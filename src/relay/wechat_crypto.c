#include "relay/wechat_crypto.h"

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

static void cipher_free_p(EVP_CIPHER_CTX **context)
{
    EVP_CIPHER_CTX_free(*context);
}

static bool good_key(const EVP_PKEY *key)
{
    return key && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= WECHAT_RSA_BITS_MIN;
}

/* No passphrase is asked for: there is no terminal to ask at. */
static int no_passphrase(char *into, int size, int writing, void *closure)
{
    return -1;
}

struct result wechat_private_key(struct bytes pem, EVP_PKEY **ret_key)
{
    BIO *bio CLEANUP(bio_free_p) = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key CLEANUP(key_free_p) = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    ENSURE(good_key(key), ERROR_RELAY_CONFIG);
    *ret_key = TAKE(key);
    return OK;
}

struct result wechat_public_key(struct bytes pem, struct arena *arena, EVP_PKEY **ret_key, const char **ret_serial)
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

struct bytes wechat_lines(struct arena *arena, const struct bytes *parts, size_t count)
{
    size_t room = 0;
    for (size_t i = 0; i < count; i++) room += parts[i].len + 1;
    uint8_t *into = arena_take(arena, room);
    if (!into) return (struct bytes){ 0 };
    struct writer w = writer_of(into, room);
    for (size_t i = 0; i < count; i++) {
        write_bytes(&w, parts[i]);
        write_u8(&w, '\n');
    }
    return bytes_of(into, w.len);
}

struct result wechat_sign(EVP_PKEY *key, struct bytes text, struct arena *arena, const char **ret_signature)
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

struct result wechat_verify(EVP_PKEY *key, struct bytes text, const char *signature, struct arena *arena)
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

struct result wechat_open(const uint8_t key[WECHAT_API_KEY_SIZE], struct bytes nonce, struct bytes associated,
                          struct bytes ciphertext, struct arena *arena, struct bytes *ret_plain)
{
    ENSURE(nonce.len == WECHAT_GCM_NONCE_SIZE && ciphertext.len >= WECHAT_GCM_TAG_SIZE, ERROR_DECRYPT);
    int len = (int)(ciphertext.len - WECHAT_GCM_TAG_SIZE), done = 0, rest = 0, skipped = 0;
    uint8_t tag[WECHAT_GCM_TAG_SIZE], *plain = arena_take(arena, (size_t)len + 1);
    ENSURE(plain, ERROR_OUT_OF_ROOM);
    memcpy(tag, ciphertext.ptr + len, sizeof tag);
    EVP_CIPHER_CTX *context CLEANUP(cipher_free_p) = EVP_CIPHER_CTX_new();
    bool ok = context && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce.ptr) == 1 &&
              EVP_DecryptUpdate(context, NULL, &skipped, associated.ptr, (int)associated.len) == 1 &&
              EVP_DecryptUpdate(context, plain, &done, ciphertext.ptr, len) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) == 1 &&
              EVP_DecryptFinal_ex(context, plain + done, &rest) == 1;
    ENSURE(ok, ERROR_DECRYPT);
    *ret_plain = bytes_of(plain, (size_t)len);
    return OK;
}

struct result wechat_seal(const uint8_t key[WECHAT_API_KEY_SIZE], struct bytes nonce, struct bytes associated,
                          struct bytes plain, struct arena *arena, struct bytes *ret_ciphertext)
{
    ENSURE(nonce.len == WECHAT_GCM_NONCE_SIZE, ERROR_INTERNAL);
    int done = 0, rest = 0, skipped = 0;
    uint8_t *into = arena_take(arena, plain.len + WECHAT_GCM_TAG_SIZE);
    ENSURE(into, ERROR_OUT_OF_ROOM);
    EVP_CIPHER_CTX *context CLEANUP(cipher_free_p) = EVP_CIPHER_CTX_new();
    bool ok = context && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce.ptr) == 1 &&
              EVP_EncryptUpdate(context, NULL, &skipped, associated.ptr, (int)associated.len) == 1 &&
              EVP_EncryptUpdate(context, into, &done, plain.ptr, (int)plain.len) == 1 &&
              EVP_EncryptFinal_ex(context, into + done, &rest) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, WECHAT_GCM_TAG_SIZE, into + plain.len) == 1;
    ENSURE(ok, ERROR_INTERNAL);
    *ret_ciphertext = bytes_of(into, plain.len + WECHAT_GCM_TAG_SIZE);
    return OK;
}
