/* SHA-1 and SHA-256 (FIPS 180-4) of messages that lie in one piece. SHA-1 names issuers in OCSP (RFC 6960 §4.1.1),
 * where nothing rests on its strength, and is for nothing else; SHA-256 does the same and is what ECDSA signs
 * (crypto/p256.h). No allocation, no I/O. */
#pragma once

#include "base/bytes.h"

enum { SHA_1_SIZE = 20, SHA_256_SIZE = 32 };

void sha_1(struct bytes data, uint8_t ret_hash[SHA_1_SIZE]);
void sha_256(struct bytes data, uint8_t ret_hash[SHA_256_SIZE]);
