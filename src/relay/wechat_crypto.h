/* The cryptography of WeChat Pay API v3: SHA256withRSA over lines of text, AES-256-GCM for what callbacks
 * carry. Both sides of the protocol use it, the relay and the simulator. */
#pragma once

#include <openssl/evp.h>

#include "base/arena.h"

enum { WECHAT_API_KEY_SIZE = 32, WECHAT_GCM_NONCE_SIZE = 12, WECHAT_GCM_TAG_SIZE = 16, WECHAT_RSA_BITS_MIN = 2048,
       WECHAT_WINDOW_S = 300 };

/* A private key, or a public one alone or in a certificate, in PEM. ERROR_RELAY_CONFIG unless it is RSA of
 * at least WECHAT_RSA_BITS_MIN bits. */
RESULT wechat_private_key(struct bytes pem, EVP_PKEY **ret_key);
/* RET_SERIAL: the certificate's serial number in upper-case hex, in ARENA; NULL when PEM is a bare key. */
RESULT wechat_public_key(struct bytes pem, struct arena *arena, EVP_PKEY **ret_key, const char **ret_serial);

/* What is signed: COUNT parts, a line each: of a request its method, path with query, time, nonce and body; of
 * an answer or a callback its time, nonce and body. ptr NULL when the arena is full. */
struct bytes wechat_lines(struct arena *arena, const struct bytes *parts, size_t count);

/* In Base64, in ARENA. */
RESULT wechat_sign(EVP_PKEY *key, struct bytes text, struct arena *arena, const char **ret_signature);
/* ERROR_SIGNATURE_INVALID, also for what is not Base64. */
RESULT wechat_verify(EVP_PKEY *key, struct bytes text, const char *signature, struct arena *arena);

/* CIPHERTEXT ends with the tag. ERROR_DECRYPT. */
RESULT wechat_open(const uint8_t key[WECHAT_API_KEY_SIZE], struct bytes nonce, struct bytes associated,
                   struct bytes ciphertext, struct arena *arena, struct bytes *ret_plain);
RESULT wechat_seal(const uint8_t key[WECHAT_API_KEY_SIZE], struct bytes nonce, struct bytes associated,
                   struct bytes plain, struct arena *arena, struct bytes *ret_ciphertext);
