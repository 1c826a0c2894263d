/* SM3 (GB/T 32905, GM/T 0004): hash of 32 bytes. HMAC (RFC 2104) and the key derivation function of
 * GB/T 32918.4 §5.4.3 over it. No allocation, no I/O, no globals; lengths are public, contents are not. */
#pragma once

#include "base/bytes.h"

enum { SM3_SIZE = 32, SM3_BLOCK = 64 };

struct sm3 {
    uint32_t state[8];
    uint64_t total; /* bytes so far */
    uint8_t block[SM3_BLOCK];
};

void sm3_init(struct sm3 *sm3);
void sm3_update(struct sm3 *sm3, struct bytes data);
/* Wipes the context. */
void sm3_final(struct sm3 *sm3, uint8_t ret_hash[SM3_SIZE]);
void sm3_hash(struct bytes data, uint8_t ret_hash[SM3_SIZE]);

struct sm3_hmac {
    struct sm3 inner, outer;
};
void sm3_hmac_init(struct sm3_hmac *hmac, struct bytes key);
void sm3_hmac_update(struct sm3_hmac *hmac, struct bytes data);
void sm3_hmac_final(struct sm3_hmac *hmac, uint8_t ret_mac[SM3_SIZE]); /* wipes */
void sm3_hmac(struct bytes key, struct bytes data, uint8_t ret_mac[SM3_SIZE]);

/* LEN bytes from Z, counter from 1 (GB/T 32918.4 §5.4.3). */
void sm3_kdf(struct bytes z, uint8_t *ret_key, size_t len);
/* PBKDF2 (RFC 8018) with HMAC-SM3, one block: a key of 32 bytes from a passphrase. */
void sm3_pbkdf2(struct bytes passphrase, struct bytes salt, uint32_t rounds, uint8_t ret_key[SM3_SIZE]);
