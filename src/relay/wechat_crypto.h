/* The cryptography of WeChat Pay API v3: lines of text that are signed (relay/rsa.h), AES-256-GCM for what callbacks
 * carry. Both sides of the protocol use it, the relay and the simulator. */
#pragma once

#include "relay/rsa.h"

enum { WECHAT_API_KEY_SIZE = 32, WECHAT_GCM_NONCE_SIZE = 12, WECHAT_GCM_TAG_SIZE = 16,
       WECHAT_WINDOW_S = 300 };

/* What is signed: COUNT parts, a line each: of a request its method, path with query, time, nonce and body; of
 * an answer or a callback its time, nonce and body. ptr NULL when the arena is full. */
struct bytes wechat_lines(struct arena *arena, const struct bytes *parts, size_t count);

/* CIPHERTEXT ends with the tag. ERROR_DECRYPT. */
RESULT wechat_open(const uint8_t key[WECHAT_API_KEY_SIZE], struct bytes nonce, struct bytes associated,
                   struct bytes ciphertext, struct arena *arena, struct bytes *ret_plain);
RESULT wechat_seal(const uint8_t key[WECHAT_API_KEY_SIZE], struct bytes nonce, struct bytes associated,
                   struct bytes plain, struct arena *arena, struct bytes *ret_ciphertext);
