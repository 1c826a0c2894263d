/* SHA-256 and HMAC with it (RFC 2104), as gateways sign requests with a shared secret. Texts are lower-case hex. */
#pragma once

#include "base/text.h"

enum { HMAC_SIZE = 32 };

void hmac_sha256(struct bytes key, struct bytes text, uint8_t ret_mac[HMAC_SIZE]);
/* NULL when the arena is full. */
const char *hmac_sha256_hex(struct arena *arena, struct bytes key, struct bytes text);
const char *hmac_hash_hex(struct arena *arena, struct bytes text); /* SHA-256 alone */
