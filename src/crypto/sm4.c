#include "crypto/sm4.h"

#include <assert.h>

#include "base/secret.h"
#include "crypto/public.h"
#include "crypto/sm4_box.h"

/* Blocks are worked on beside each other: FEW share one vector, one word of each block in a lane; MANY fill
 * eight vectors, which are then turned into bit slices. Chained modes have to do with one lane. */
typedef uint32_t words __attribute__((vector_size(16)));

enum { ROUNDS = 32, FEW = 4, SLICES = 8, MANY = FEW * SLICES, MANY_FROM = 9 };

static inline uint32_t load(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline void store(uint8_t *b, uint32_t v)
{
    b[0] = (uint8_t)(v >> 24);
    b[1] = (uint8_t)(v >> 16);
    b[2] = (uint8_t)(v >> 8);
    b[3] = (uint8_t)v;
}

static inline words rotate(words x, int n)
{
    return x << n | x >> (32 - n);
}

/* The linear transformation L of the rounds. */
static inline words mix(words b)
{
    return b ^ rotate(b, 2) ^ rotate(b, 10) ^ rotate(b, 18) ^ rotate(b, 24);
}

/* The S-box on each byte of one vector. Bits stay where they are, eight apart: most of the slice idles, but
 * nothing has to be transposed. */
static inline words box_few(words t)
{
    const sm4_slice low = { 0x0101010101010101, 0x0101010101010101 };
    sm4_slice x[8], out = { 0, 0 };
    for (int i = 0; i < 8; i++) x[i] = (sm4_slice)t >> i;
    sm4_box(x);
    for (int i = 0; i < 8; i++) out |= (x[i] & low) << i;
    return (words)out;
}

#define SWAP(a, b, shift, mask)                              \
    do {                                                     \
        const sm4_slice swap_ = ((a) >> (shift) ^ (b)) & (mask); \
        (b) ^= swap_;                                        \
        (a) ^= swap_ << (shift);                             \
    } while (0)

/* Bit i of the bytes of vector j changes places with bit j of the bytes of vector i. */
static inline void transpose(sm4_slice x[SLICES])
{
    const sm4_slice m4 = { 0x0F0F0F0F0F0F0F0F, 0x0F0F0F0F0F0F0F0F }, m2 = { 0x3333333333333333, 0x3333333333333333 },
                    m1 = { 0x5555555555555555, 0x5555555555555555 };
    for (int i = 0; i < 4; i++) SWAP(x[i], x[i + 4], 4, m4);
    for (int i = 0; i < 8; i += 4) {
        SWAP(x[i], x[i + 2], 2, m2);
        SWAP(x[i + 1], x[i + 3], 2, m2);
    }
    for (int i = 0; i < 8; i += 2) SWAP(x[i], x[i + 1], 1, m1);
}

static void box_many(words t[SLICES])
{
    sm4_slice x[SLICES];
    for (int i = 0; i < SLICES; i++) x[i] = (sm4_slice)t[i];
    transpose(x);
    sm4_box(x);
    transpose(x);
    for (int i = 0; i < SLICES; i++) t[i] = (words)x[i];
}

/* COUNT (at most 4) blocks to four vectors of which lane b holds block b, and back, words in reverse order
 * as the last step of the cipher wants it. */
static inline void gather(words x[4], const uint8_t *in, size_t count)
{
    uint32_t lane[4][FEW] = { { 0 } };
    for (size_t b = 0; b < count; b++)
        for (size_t k = 0; k < 4; k++) lane[k][b] = load(in + SM4_BLOCK * b + 4 * k);
    memcpy(x, lane, sizeof lane);
}

static inline void scatter(const words x[4], uint8_t *out, size_t count)
{
    uint32_t lane[4][FEW];
    memcpy(lane, x, sizeof lane);
    for (size_t b = 0; b < count; b++)
        for (size_t k = 0; k < 4; k++) store(out + SM4_BLOCK * b + 4 * k, lane[3 - k][b]);
}

static inline words all(uint32_t v)
{
    return (words){ v, v, v, v };
}

static void crypt_few(const uint32_t keys[ROUNDS], const uint8_t *in, uint8_t *out, size_t count)
{
    words x[4];
    gather(x, in, count);
    for (int i = 0; i < ROUNDS; i += 4) {
        x[0] ^= mix(box_few(x[1] ^ x[2] ^ x[3] ^ all(keys[i])));
        x[1] ^= mix(box_few(x[2] ^ x[3] ^ x[0] ^ all(keys[i + 1])));
        x[2] ^= mix(box_few(x[3] ^ x[0] ^ x[1] ^ all(keys[i + 2])));
        x[3] ^= mix(box_few(x[0] ^ x[1] ^ x[2] ^ all(keys[i + 3])));
    }
    scatter(x, out, count);
}

/* A round of MANY blocks: x[g][k] is word k of the blocks of group g, the new word goes to TO. */
static inline void round_many(words x[SLICES][4], uint32_t key, int to)
{
    const int a = (to + 1) & 3, b = (to + 2) & 3, c = (to + 3) & 3;
    words t[SLICES];
    for (int g = 0; g < SLICES; g++) t[g] = x[g][a] ^ x[g][b] ^ x[g][c] ^ all(key);
    box_many(t);
    for (int g = 0; g < SLICES; g++) x[g][to] ^= mix(t[g]);
}

static void crypt_many(const uint32_t keys[ROUNDS], const uint8_t *in, uint8_t *out, size_t count)
{
    words x[SLICES][4] = { 0 };
    for (size_t g = 0; g * FEW < count; g++)
        gather(x[g], in + SM4_BLOCK * FEW * g, count - g * FEW < FEW ? count - g * FEW : FEW);
    for (int i = 0; i < ROUNDS; i += 4) {
        round_many(x, keys[i], 0);
        round_many(x, keys[i + 1], 1);
        round_many(x, keys[i + 2], 2);
        round_many(x, keys[i + 3], 3);
    }
    for (size_t g = 0; g * FEW < count; g++)
        scatter(x[g], out + SM4_BLOCK * FEW * g, count - g * FEW < FEW ? count - g * FEW : FEW);
}

/* COUNT at most MANY blocks. */
static void crypt(const uint32_t keys[ROUNDS], const uint8_t *in, uint8_t *out, size_t count)
{
    if (count >= MANY_FROM) {
        crypt_many(keys, in, out, count);
        return;
    }
    for (; count > FEW; count -= FEW, in += FEW * SM4_BLOCK, out += FEW * SM4_BLOCK) crypt_few(keys, in, out, FEW);
    crypt_few(keys, in, out, count);
}

static void reverse(const struct sm4 *sm4, uint32_t ret_keys[ROUNDS])
{
    for (int i = 0; i < ROUNDS; i++) ret_keys[i] = sm4->round_keys[ROUNDS - 1 - i];
}

void sm4_init(struct sm4 *sm4, const uint8_t key[SM4_KEY_SIZE])
{
    static const uint32_t family[4] = { 0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC };
    uint32_t k[4];
    for (int i = 0; i < 4; i++) k[i] = load(key + 4 * i) ^ family[i];
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t ck = 0; /* CK_i: byte j is 7·(4i + j) mod 256 */
        for (uint32_t j = 0; j < 4; j++) ck = ck << 8 | (7 * (4 * i + j) & 0xFF);
        words b = box_few(all(k[(i + 1) & 3] ^ k[(i + 2) & 3] ^ k[(i + 3) & 3] ^ ck));
        b ^= rotate(b, 13) ^ rotate(b, 23);
        sm4->round_keys[i] = k[i & 3] ^= b[0];
    }
    secret_wipe(k, sizeof k);
}

void sm4_wipe(struct sm4 *sm4)
{
    secret_wipe(sm4, sizeof *sm4);
}

static void ecb(const uint32_t keys[ROUNDS], const uint8_t *in, size_t len, uint8_t *out)
{
    assert(len % SM4_BLOCK == 0);
    for (size_t left = len / SM4_BLOCK; left;) {
        size_t take = left < MANY ? left : MANY;
        crypt(keys, in, out, take);
        in += take * SM4_BLOCK;
        out += take * SM4_BLOCK;
        left -= take;
    }
}

void sm4_ecb_encrypt(const struct sm4 *sm4, const uint8_t *in, size_t len, uint8_t *out)
{
    ecb(sm4->round_keys, in, len, out);
}

void sm4_ecb_decrypt(const struct sm4 *sm4, const uint8_t *in, size_t len, uint8_t *out)
{
    uint32_t keys[ROUNDS];
    reverse(sm4, keys);
    ecb(keys, in, len, out);
    secret_wipe(keys, sizeof keys);
}

static inline void xor_block(uint8_t *out, const uint8_t *a, const uint8_t *b)
{
    for (size_t i = 0; i < SM4_BLOCK; i++) out[i] = a[i] ^ b[i];
}

void sm4_cbc_encrypt(const struct sm4 *sm4, uint8_t iv[SM4_BLOCK], const uint8_t *in, size_t len, uint8_t *out)
{
    assert(len % SM4_BLOCK == 0);
    for (; len; len -= SM4_BLOCK, in += SM4_BLOCK, out += SM4_BLOCK) {
        xor_block(iv, iv, in);
        crypt_few(sm4->round_keys, iv, iv, 1);
        memcpy(out, iv, SM4_BLOCK);
    }
}

void sm4_cbc_decrypt(const struct sm4 *sm4, uint8_t iv[SM4_BLOCK], const uint8_t *in, size_t len, uint8_t *out)
{
    uint32_t keys[ROUNDS];
    uint8_t plain[MANY * SM4_BLOCK], last[SM4_BLOCK];
    assert(len % SM4_BLOCK == 0);
    reverse(sm4, keys);
    for (size_t left = len / SM4_BLOCK; left;) {
        size_t take = left < MANY ? left : MANY;
        crypt(keys, in, plain, take);
        memcpy(last, in + (take - 1) * SM4_BLOCK, SM4_BLOCK);
        /* From the end, since OUT may lie over IN. */
        for (size_t i = take; i-- > 0;)
            xor_block(out + i * SM4_BLOCK, plain + i * SM4_BLOCK, i ? in + (i - 1) * SM4_BLOCK : iv);
        memcpy(iv, last, SM4_BLOCK);
        in += take * SM4_BLOCK;
        out += take * SM4_BLOCK;
        left -= take;
    }
    secret_wipe(keys, sizeof keys);
    secret_wipe(plain, sizeof plain);
}

/* Counts up the last WIDTH bytes of the block. */
static void count_up(uint8_t counter[SM4_BLOCK], size_t width)
{
    unsigned carry = 1;
    for (size_t i = SM4_BLOCK; i-- > SM4_BLOCK - width;) {
        carry += counter[i];
        counter[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void stream(const struct sm4 *sm4, uint8_t counter[SM4_BLOCK], size_t width, struct bytes in, uint8_t *out)
{
    uint8_t pad[MANY * SM4_BLOCK];
    for (size_t at = 0; at < in.len;) {
        size_t take = in.len - at < sizeof pad ? in.len - at : sizeof pad;
        size_t blocks = (take + SM4_BLOCK - 1) / SM4_BLOCK;
        for (size_t i = 0; i < blocks; i++) {
            memcpy(pad + i * SM4_BLOCK, counter, SM4_BLOCK);
            count_up(counter, width);
        }
        crypt(sm4->round_keys, pad, pad, blocks);
        for (size_t i = 0; i < take; i++) out[at + i] = in.ptr[at + i] ^ pad[i];
        at += take;
    }
    secret_wipe(pad, sizeof pad);
}

void sm4_ctr(const struct sm4 *sm4, uint8_t counter[SM4_BLOCK], const uint8_t *in, size_t len, uint8_t *out)
{
    stream(sm4, counter, SM4_BLOCK, bytes_of(in, len), out);
}

/* ---- GCM ---- */

struct ghash {
    uint64_t h0, h1, h2, r0, r1, r2; /* the key's halves and their sum, and the same with their bits reversed */
    uint64_t y0, y1;
};

static inline uint64_t load64(const uint8_t *b)
{
    return (uint64_t)load(b) << 32 | load(b + 4);
}

static inline void store64(uint8_t *b, uint64_t v)
{
    store(b, (uint32_t)(v >> 32));
    store(b + 4, (uint32_t)v);
}

/* Low half of the carry-less product: integer multiplication with holes between the bits, so that carries
 * fall into the holes (T. Pornin, BearSSL, "Constant-time GHASH"). */
static uint64_t multiply(uint64_t x, uint64_t y)
{
    const uint64_t m0 = 0x1111111111111111, m1 = m0 << 1, m2 = m0 << 2, m3 = m0 << 3;
    const uint64_t x0 = x & m0, x1 = x & m1, x2 = x & m2, x3 = x & m3;
    const uint64_t y0 = y & m0, y1 = y & m1, y2 = y & m2, y3 = y & m3;
    return ((x0 * y0 ^ x1 * y3 ^ x2 * y2 ^ x3 * y1) & m0) | ((x0 * y1 ^ x1 * y0 ^ x2 * y3 ^ x3 * y2) & m1) |
           ((x0 * y2 ^ x1 * y1 ^ x2 * y0 ^ x3 * y3) & m2) | ((x0 * y3 ^ x1 * y2 ^ x2 * y1 ^ x3 * y0) & m3);
}

static uint64_t mirror(uint64_t x)
{
    static const uint64_t masks[6] = { 0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F,
                                       0x00FF00FF00FF00FF, 0x0000FFFF0000FFFF, 0x00000000FFFFFFFF };
    for (int i = 0; i < 6; i++) x = (x & masks[i]) << (1 << i) | (x >> (1 << i) & masks[i]);
    return x;
}

static void ghash_init(struct ghash *g, const struct sm4 *sm4)
{
    uint8_t h[SM4_BLOCK] = { 0 };
    crypt_few(sm4->round_keys, h, h, 1);
    g->h1 = load64(h);
    g->h0 = load64(h + 8);
    g->r0 = mirror(g->h0);
    g->r1 = mirror(g->h1);
    g->h2 = g->h0 ^ g->h1;
    g->r2 = g->r0 ^ g->r1;
    g->y0 = g->y1 = 0;
    secret_wipe(h, sizeof h);
}

static void ghash_block(struct ghash *g, const uint8_t block[SM4_BLOCK])
{
    const uint64_t y1 = g->y1 ^ load64(block), y0 = g->y0 ^ load64(block + 8);
    const uint64_t s0 = mirror(y0), s1 = mirror(y1);
    uint64_t z0 = multiply(y0, g->h0), z1 = multiply(y1, g->h1), z2 = multiply(y0 ^ y1, g->h2) ^ z0 ^ z1;
    uint64_t u0 = multiply(s0, g->r0), u1 = multiply(s1, g->r1), u2 = multiply(s0 ^ s1, g->r2) ^ u0 ^ u1;
    /* 256-bit product, lowest word first, one place short because GCM's bits stand in reverse. */
    uint64_t v0 = z0, v1 = z2 ^ mirror(u0) >> 1, v2 = z1 ^ mirror(u2) >> 1, v3 = mirror(u1) >> 1;
    v3 = v3 << 1 | v2 >> 63;
    v2 = v2 << 1 | v1 >> 63;
    v1 = v1 << 1 | v0 >> 63;
    v0 <<= 1;
    v2 ^= v0 ^ v0 >> 1 ^ v0 >> 2 ^ v0 >> 7;
    v1 ^= v0 << 63 ^ v0 << 62 ^ v0 << 57;
    v3 ^= v1 ^ v1 >> 1 ^ v1 >> 2 ^ v1 >> 7;
    v2 ^= v1 << 63 ^ v1 << 62 ^ v1 << 57;
    g->y0 = v2;
    g->y1 = v3;
}

/* DATA with zeros up to a whole block. */
static void ghash_data(struct ghash *g, struct bytes data)
{
    uint8_t rest[SM4_BLOCK] = { 0 };
    for (; data.len >= SM4_BLOCK; data.ptr += SM4_BLOCK, data.len -= SM4_BLOCK) ghash_block(g, data.ptr);
    if (data.len == 0) return;
    memcpy(rest, data.ptr, data.len);
    ghash_block(g, rest);
}

static void gcm_counter(const uint8_t nonce[SM4_GCM_NONCE_SIZE], uint32_t value, uint8_t ret_counter[SM4_BLOCK])
{
    memcpy(ret_counter, nonce, SM4_GCM_NONCE_SIZE);
    store(ret_counter + SM4_GCM_NONCE_SIZE, value);
}

static void gcm_tag(const struct sm4 *sm4, const uint8_t nonce[SM4_GCM_NONCE_SIZE], struct bytes aad,
                    struct bytes cipher, uint8_t ret_tag[SM4_GCM_TAG_SIZE])
{
    struct ghash g;
    uint8_t block[SM4_BLOCK], mask[SM4_BLOCK];
    assert((uint64_t)cipher.len <= ((uint64_t)1 << 36) - 32);
    ghash_init(&g, sm4);
    ghash_data(&g, aad);
    ghash_data(&g, cipher);
    store64(block, (uint64_t)aad.len * 8);
    store64(block + 8, (uint64_t)cipher.len * 8);
    ghash_block(&g, block);
    store64(block, g.y1);
    store64(block + 8, g.y0);
    gcm_counter(nonce, 1, mask);
    crypt_few(sm4->round_keys, mask, mask, 1);
    xor_block(ret_tag, block, mask);
    secret_wipe(&g, sizeof g);
    secret_wipe(block, sizeof block);
    secret_wipe(mask, sizeof mask);
}

void sm4_gcm_seal(const struct sm4 *sm4, const uint8_t nonce[SM4_GCM_NONCE_SIZE], struct bytes aad, struct bytes in,
                  uint8_t *ret_out, uint8_t ret_tag[SM4_GCM_TAG_SIZE])
{
    uint8_t counter[SM4_BLOCK];
    gcm_counter(nonce, 2, counter);
    stream(sm4, counter, 4, in, ret_out);
    gcm_tag(sm4, nonce, aad, bytes_of(ret_out, in.len), ret_tag);
}

struct result sm4_gcm_open(const struct sm4 *sm4, const uint8_t nonce[SM4_GCM_NONCE_SIZE], struct bytes aad,
                           struct bytes in, const uint8_t tag[SM4_GCM_TAG_SIZE], uint8_t *ret_out)
{
    uint8_t counter[SM4_BLOCK], expected[SM4_GCM_TAG_SIZE];
    gcm_tag(sm4, nonce, aad, in, expected);
    bool equal = secret_equal(expected, tag, sizeof expected);
    CRYPTO_PUBLIC(&equal, sizeof equal); /* it is returned */
    secret_wipe(expected, sizeof expected);
    ENSURE(equal, ERROR_DECRYPT);
    gcm_counter(nonce, 2, counter);
    stream(sm4, counter, 4, in, ret_out);
    return OK;
}
