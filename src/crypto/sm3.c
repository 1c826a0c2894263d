#include "crypto/sm3.h"

#include "base/secret.h"

/* T_j <<< j of GB/T 32905 §4.2. */
static const uint32_t constants[64] = {
    0x79CC4519, 0xF3988A32, 0xE7311465, 0xCE6228CB, 0x9CC45197, 0x3988A32F, 0x7311465E, 0xE6228CBC,
    0xCC451979, 0x988A32F3, 0x311465E7, 0x6228CBCE, 0xC451979C, 0x88A32F39, 0x11465E73, 0x228CBCE6,
    0x9D8A7A87, 0x3B14F50F, 0x7629EA1E, 0xEC53D43C, 0xD8A7A879, 0xB14F50F3, 0x629EA1E7, 0xC53D43CE,
    0x8A7A879D, 0x14F50F3B, 0x29EA1E76, 0x53D43CEC, 0xA7A879D8, 0x4F50F3B1, 0x9EA1E762, 0x3D43CEC5,
    0x7A879D8A, 0xF50F3B14, 0xEA1E7629, 0xD43CEC53, 0xA879D8A7, 0x50F3B14F, 0xA1E7629E, 0x43CEC53D,
    0x879D8A7A, 0x0F3B14F5, 0x1E7629EA, 0x3CEC53D4, 0x79D8A7A8, 0xF3B14F50, 0xE7629EA1, 0xCEC53D43,
    0x9D8A7A87, 0x3B14F50F, 0x7629EA1E, 0xEC53D43C, 0xD8A7A879, 0xB14F50F3, 0x629EA1E7, 0xC53D43CE,
    0x8A7A879D, 0x14F50F3B, 0x29EA1E76, 0x53D43CEC, 0xA7A879D8, 0x4F50F3B1, 0x9EA1E762, 0x3D43CEC5,
};

static const uint32_t initial[8] = { 0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600,
                                     0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E };

static inline uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

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

/* W_j lies in w[j mod 16]; this puts W_j into the place of W_j-16. */
static inline uint32_t expand(uint32_t w[16], unsigned j)
{
    uint32_t x = w[j & 15] ^ w[(j + 7) & 15] ^ rotate(w[(j + 13) & 15], 15);
    x ^= rotate(x, 15) ^ rotate(x, 23);
    return w[j & 15] = x ^ rotate(w[(j + 3) & 15], 7) ^ w[(j + 10) & 15];
}

#define PARITY(x, y, z) ((x) ^ (y) ^ (z))
#define MAJORITY(x, y, z) (((x) & (y)) | (((x) | (y)) & (z)))
#define CHOICE(x, y, z) ((((y) ^ (z)) & (x)) ^ (z))
#define READY(w, j) ((w)[(j) & 15])

/* Round j; the eight registers change their names instead of moving. AHEAD gives W_j+4. */
#define ROUND(a, b, c, d, e, f, g, h, j, t, ff, gg, ahead)                  \
    do {                                                                    \
        const uint32_t a12 = rotate(a, 12), ss1 = rotate(a12 + e + (t), 7); \
        const uint32_t wj = w[(j) & 15], w4 = ahead(w, (j) + 4);            \
        d += ff(a, b, c) + (ss1 ^ a12) + (wj ^ w4);                         \
        h += gg(e, f, g) + ss1 + wj;                                        \
        b = rotate(b, 9);                                                   \
        f = rotate(f, 19);                                                  \
        h ^= rotate(h, 9) ^ rotate(h, 17);                                  \
    } while (0)

/* Four rounds bring the names back to where they were. */
#define ROUNDS(j, t, ff, gg, ahead)                                         \
    do {                                                                    \
        ROUND(a, b, c, d, e, f, g, h, (j), (t)[(j)], ff, gg, ahead);        \
        ROUND(d, a, b, c, h, e, f, g, (j) + 1, (t)[(j) + 1], ff, gg, ahead); \
        ROUND(c, d, a, b, g, h, e, f, (j) + 2, (t)[(j) + 2], ff, gg, ahead); \
        ROUND(b, c, d, a, f, g, h, e, (j) + 3, (t)[(j) + 3], ff, gg, ahead); \
    } while (0)

static void compress(uint32_t state[8], const uint8_t *data, size_t blocks)
{
    uint32_t w[16];
    for (; blocks; blocks--, data += SM3_BLOCK) {
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        for (unsigned j = 0; j < 16; j++) w[j] = load(data + 4 * j);
        ROUNDS(0, constants, PARITY, PARITY, READY);
        ROUNDS(4, constants, PARITY, PARITY, READY);
        ROUNDS(8, constants, PARITY, PARITY, READY);
        ROUNDS(12, constants, PARITY, PARITY, expand);
        for (const uint32_t *t = constants + 16; t < constants + 64; t += 16) {
            ROUNDS(0, t, MAJORITY, CHOICE, expand);
            ROUNDS(4, t, MAJORITY, CHOICE, expand);
            ROUNDS(8, t, MAJORITY, CHOICE, expand);
            ROUNDS(12, t, MAJORITY, CHOICE, expand);
        }
        state[0] ^= a;
        state[1] ^= b;
        state[2] ^= c;
        state[3] ^= d;
        state[4] ^= e;
        state[5] ^= f;
        state[6] ^= g;
        state[7] ^= h;
    }
    secret_wipe(w, sizeof w);
}

void sm3_init(struct sm3 *sm3)
{
    memcpy(sm3->state, initial, sizeof initial);
    sm3->total = 0;
}

void sm3_update(struct sm3 *sm3, struct bytes data)
{
    if (data.len == 0) return;
    size_t held = sm3->total % SM3_BLOCK;
    sm3->total += data.len;
    if (held) {
        size_t room = SM3_BLOCK - held, take = data.len < room ? data.len : room;
        memcpy(sm3->block + held, data.ptr, take);
        if (take < room) return;
        compress(sm3->state, sm3->block, 1);
        data.ptr += take;
        data.len -= take;
    }
    compress(sm3->state, data.ptr, data.len / SM3_BLOCK);
    size_t rest = data.len % SM3_BLOCK;
    if (rest) memcpy(sm3->block, data.ptr + data.len - rest, rest);
}

void sm3_final(struct sm3 *sm3, uint8_t ret_hash[SM3_SIZE])
{
    size_t held = sm3->total % SM3_BLOCK;
    uint64_t bits = sm3->total << 3;
    sm3->block[held++] = 0x80;
    if (held > SM3_BLOCK - 8) {
        memset(sm3->block + held, 0, SM3_BLOCK - held);
        compress(sm3->state, sm3->block, 1);
        held = 0;
    }
    memset(sm3->block + held, 0, SM3_BLOCK - 8 - held);
    store(sm3->block + SM3_BLOCK - 8, (uint32_t)(bits >> 32));
    store(sm3->block + SM3_BLOCK - 4, (uint32_t)bits);
    compress(sm3->state, sm3->block, 1);
    for (size_t i = 0; i < 8; i++) store(ret_hash + 4 * i, sm3->state[i]);
    secret_wipe(sm3, sizeof *sm3);
}

void sm3_hash(struct bytes data, uint8_t ret_hash[SM3_SIZE])
{
    struct sm3 sm3;
    sm3_init(&sm3);
    sm3_update(&sm3, data);
    sm3_final(&sm3, ret_hash);
}

void sm3_hmac_init(struct sm3_hmac *hmac, struct bytes key)
{
    uint8_t pad[SM3_BLOCK] = { 0 };
    if (key.len > SM3_BLOCK)
        sm3_hash(key, pad);
    else if (key.len)
        memcpy(pad, key.ptr, key.len);
    for (size_t i = 0; i < SM3_BLOCK; i++) pad[i] ^= 0x36;
    sm3_init(&hmac->inner);
    sm3_update(&hmac->inner, BYTES(pad));
    for (size_t i = 0; i < SM3_BLOCK; i++) pad[i] ^= 0x36 ^ 0x5C;
    sm3_init(&hmac->outer);
    sm3_update(&hmac->outer, BYTES(pad));
    secret_wipe(pad, sizeof pad);
}

void sm3_hmac_update(struct sm3_hmac *hmac, struct bytes data)
{
    sm3_update(&hmac->inner, data);
}

void sm3_hmac_final(struct sm3_hmac *hmac, uint8_t ret_mac[SM3_SIZE])
{
    uint8_t hash[SM3_SIZE];
    sm3_final(&hmac->inner, hash);
    sm3_update(&hmac->outer, BYTES(hash));
    sm3_final(&hmac->outer, ret_mac);
    secret_wipe(hash, sizeof hash);
}

void sm3_hmac(struct bytes key, struct bytes data, uint8_t ret_mac[SM3_SIZE])
{
    struct sm3_hmac hmac;
    sm3_hmac_init(&hmac, key);
    sm3_hmac_update(&hmac, data);
    sm3_hmac_final(&hmac, ret_mac);
}

void sm3_kdf(struct bytes z, uint8_t *ret_key, size_t len)
{
    struct sm3 start, sm3;
    uint8_t hash[SM3_SIZE], number[4];
    sm3_init(&start);
    sm3_update(&start, z);
    for (uint32_t i = 1; len; i++) {
        size_t take = len < SM3_SIZE ? len : SM3_SIZE;
        sm3 = start;
        store(number, i);
        sm3_update(&sm3, BYTES(number));
        sm3_final(&sm3, hash);
        memcpy(ret_key, hash, take);
        ret_key += take;
        len -= take;
    }
    secret_wipe(&start, sizeof start);
    secret_wipe(hash, sizeof hash);
}

void sm3_pbkdf2(struct bytes passphrase, struct bytes salt, uint32_t rounds, uint8_t ret_key[SM3_SIZE])
{
    static const uint8_t first[4] = { 0, 0, 0, 1 };
    struct sm3_hmac start, hmac;
    uint8_t u[SM3_SIZE], sum[SM3_SIZE];
    sm3_hmac_init(&start, passphrase);
    hmac = start;
    sm3_hmac_update(&hmac, salt);
    sm3_hmac_update(&hmac, BYTES(first));
    sm3_hmac_final(&hmac, u);
    memcpy(sum, u, sizeof sum);
    for (uint32_t i = 1; i < rounds; i++) {
        hmac = start;
        sm3_hmac_update(&hmac, BYTES(u));
        sm3_hmac_final(&hmac, u);
        for (size_t k = 0; k < SM3_SIZE; k++) sum[k] ^= u[k];
    }
    memcpy(ret_key, sum, sizeof sum);
    secret_wipe(&start, sizeof start);
    secret_wipe(u, sizeof u);
    secret_wipe(sum, sizeof sum);
}
