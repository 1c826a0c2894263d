#include "crypto/sha.h"

#include <string.h>

enum { BLOCK = 64, LENGTH_AT = 56 };

/* Padding and a step over a block are what the two have in common. */

typedef void step(uint32_t *state, const uint32_t block[16]);

static uint32_t left(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static void step_sha1(uint32_t *h, const uint32_t block[16])
{
    uint32_t w[80], v[5];
    memcpy(w, block, 16 * sizeof *w);
    memcpy(v, h, sizeof v);
    for (int i = 16; i < 80; i++) w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f = (v[1] ^ v[2] ^ v[3]) + (i < 40 ? 0x6ED9EBA1 : 0xCA62C1D6);
        if (i < 20) f = ((v[1] & v[2]) | (~v[1] & v[3])) + 0x5A827999;
        else if (i >= 40 && i < 60) f = ((v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])) + 0x8F1BBCDC;
        const uint32_t next[5] = { left(v[0], 5) + f + v[4] + w[i], v[0], left(v[1], 30), v[2], v[3] };
        memcpy(v, next, sizeof v);
    }
    for (int i = 0; i < 5; i++) h[i] += v[i];
}

static const uint32_t sha256_round[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void step_sha256(uint32_t *h, const uint32_t block[16])
{
    uint32_t w[64], v[8];
    memcpy(w, block, 16 * sizeof *w);
    memcpy(v, h, sizeof v);
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + (left(w[i - 15], 25) ^ left(w[i - 15], 14) ^ w[i - 15] >> 3) + w[i - 7] +
               (left(w[i - 2], 15) ^ left(w[i - 2], 13) ^ w[i - 2] >> 10);
    for (int i = 0; i < 64; i++) {
        uint32_t one = v[7] + (left(v[4], 26) ^ left(v[4], 21) ^ left(v[4], 7)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) +
                       sha256_round[i] + w[i];
        uint32_t two = (left(v[0], 30) ^ left(v[0], 19) ^ left(v[0], 10)) +
                       ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        const uint32_t next[8] = { one + two, v[0], v[1], v[2], v[3] + one, v[4], v[5], v[6] };
        memcpy(v, next, sizeof v);
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
}

static void take_block(step *with, uint32_t *state, const uint8_t block[BLOCK])
{
    uint32_t words[16];
    struct reader r = reader_of(bytes_of(block, BLOCK));
    for (int i = 0; i < 16; i++) words[i] = read_u32(&r);
    with(state, words);
}

static void hash_by(step *with, uint32_t *state, size_t size, struct bytes data, uint8_t *ret_hash)
{
    uint8_t block[BLOCK] = { 0 };
    uint64_t bits = (uint64_t)data.len * 8;
    for (; data.len >= BLOCK; data = bytes_of(data.ptr + BLOCK, data.len - BLOCK)) take_block(with, state, data.ptr);
    if (data.len > 0) memcpy(block, data.ptr, data.len);
    block[data.len] = 0x80;
    if (data.len >= LENGTH_AT) {
        take_block(with, state, block);
        memset(block, 0, sizeof block);
    }
    struct writer length = writer_of(block + LENGTH_AT, BLOCK - LENGTH_AT);
    write_u64(&length, bits);
    take_block(with, state, block);
    struct writer w = writer_of(ret_hash, size);
    for (size_t i = 0; i < size / 4; i++) write_u32(&w, state[i]);
}

void sha_1(struct bytes data, uint8_t ret_hash[SHA_1_SIZE])
{
    uint32_t state[] = { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0 };
    hash_by(step_sha1, state, SHA_1_SIZE, data, ret_hash);
}

void sha_256(struct bytes data, uint8_t ret_hash[SHA_256_SIZE])
{
    uint32_t state[] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    hash_by(step_sha256, state, SHA_256_SIZE, data, ret_hash);
}
