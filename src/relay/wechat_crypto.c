#include "relay/wechat_crypto.h"

#include <openssl/evp.h>

static void cipher_free_p(EVP_CIPHER_CTX **context)
{
    EVP_CIPHER_CTX_free(*context);
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
