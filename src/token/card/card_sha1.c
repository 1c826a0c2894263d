#include "token/card/card_sha1.h"

#include <assert.h>

#include "base/secret.h"

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static uint32_t mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
    if (round < 20) return ((b & c) | (~b & d)) + 0x5A827999;
    if (round < 40) return (b ^ c ^ d) + 0x6ED9EBA1;
    if (round < 60) return ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC;
    return (b ^ c ^ d) + 0xCA62C1D6;
}

void card_sha1(struct bytes message, uint8_t ret_hash[CARD_SHA1_SIZE])
{
    uint32_t h[5] = { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0 }, w[80];
    uint8_t block[64] = { 0 };
    assert(message.len <= CARD_SHA1_MESSAGE_MAX);
    memcpy(block, message.ptr, message.len);
    block[message.len] = 0x80;
    block[62] = (uint8_t)(message.len * 8 >> 8);
    block[63] = (uint8_t)(message.len * 8);
    struct reader r = reader_of(BYTES(block));
    for (int i = 0; i < 16; i++) w[i] = read_u32(&r);
    for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 80; i++) {
        uint32_t t = rotate(a, 5) + mix(i, b, c, d) + e + w[i];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = t;
    }
    const uint32_t out[5] = { h[0] + a, h[1] + b, h[2] + c, h[3] + d, h[4] + e };
    struct writer writer = writer_of(ret_hash, CARD_SHA1_SIZE);
    for (int i = 0; i < 5; i++) write_u32(&writer, out[i]);
    secret_wipe(w, sizeof w);
    secret_wipe(block, sizeof block);
}
