/* SM4 (GB/T 32907, GM/T 0002) and its modes: ECB and CBC without padding, CTR, GCM (NIST SP 800-38D with a
 * 12-byte nonce). Constant time: no table is indexed by a secret. No allocation, no I/O, no globals. */
#pragma once

#include "base/bytes.h"

enum { SM4_KEY_SIZE = 16, SM4_BLOCK = 16, SM4_GCM_NONCE_SIZE = 12, SM4_GCM_TAG_SIZE = 16 };

struct sm4 {
    uint32_t round_keys[32];
};

void sm4_init(struct sm4 *sm4, const uint8_t key[SM4_KEY_SIZE]);
void sm4_wipe(struct sm4 *sm4);

/* LEN is a multiple of 16 (asserted). IN and OUT may be the same place. IV is moved on, so that calls can
 * be chained. */
void sm4_ecb_encrypt(const struct sm4 *sm4, const uint8_t *in, size_t len, uint8_t *out);
void sm4_ecb_decrypt(const struct sm4 *sm4, const uint8_t *in, size_t len, uint8_t *out);
void sm4_cbc_encrypt(const struct sm4 *sm4, uint8_t iv[SM4_BLOCK], const uint8_t *in, size_t len, uint8_t *out);
void sm4_cbc_decrypt(const struct sm4 *sm4, uint8_t iv[SM4_BLOCK], const uint8_t *in, size_t len, uint8_t *out);
/* Any LEN; the counter is the whole block, big-endian. A call that ends inside a block ends the chain. */
void sm4_ctr(const struct sm4 *sm4, uint8_t counter[SM4_BLOCK], const uint8_t *in, size_t len, uint8_t *out);

/* OUT has room for in.len. At most 2^36 - 32 bytes. A nonce is never used twice under one key. */
void sm4_gcm_seal(const struct sm4 *sm4, const uint8_t nonce[SM4_GCM_NONCE_SIZE], struct bytes aad, struct bytes in,
                  uint8_t *ret_out, uint8_t ret_tag[SM4_GCM_TAG_SIZE]);
/* ERROR_DECRYPT, with nothing written, when the tag does not hold. */
RESULT sm4_gcm_open(const struct sm4 *sm4, const uint8_t nonce[SM4_GCM_NONCE_SIZE], struct bytes aad, struct bytes in,
                    const uint8_t tag[SM4_GCM_TAG_SIZE], uint8_t *ret_out);
