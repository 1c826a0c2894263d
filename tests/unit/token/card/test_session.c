/* Session keys, ciphers, MACs, digests and agreement in the card, against the same made here. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "crypto/sm2_exchange.h"
#include "world.h"

enum { ECB = 0x401, CBC = 0x402, CFB = 0x404, OFB = 0x408, MAC = 0x410 };

static const uint8_t key[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54,
                                 0x32, 0x10 };
static const uint8_t iv[16] = { 7, 6, 5, 4, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7 };

static int setup(void **state)
{
    *state = world_new();
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static uint16_t new_key(struct world *w, uint32_t algorithm)
{
    put_begin();
    put_u32(algorithm);
    put(BYTES(key));
    assert_int_equal(world_send(w, 0x80A20000, put_end()), 0x9000);
    return (uint16_t)(world_answer[0] | world_answer[1] << 8);
}

static uint16_t begin(struct world *w, uint8_t ins, uint16_t id, uint32_t iv_len, uint32_t padding)
{
    put_begin();
    put_u16(id);
    put_u32(iv_len);
    put(bytes_of(iv, iv_len));
    put_u32(padding);
    put_u32(0);
    return world_send(w, 0x80000000u | (uint32_t)ins << 16, put_end());
}

static uint16_t feed(struct world *w, uint8_t ins, uint16_t id, struct bytes data)
{
    put_begin();
    put_u16(id);
    put(data);
    return world_send(w, 0x80000000u | (uint32_t)ins << 16, put_end());
}

/* What the mode makes of LEN bytes of DATA, padded if asked for. */
static size_t expected(uint32_t mode, bool padded, const uint8_t *data, size_t len, uint8_t *out)
{
    struct sm4 sm4;
    uint8_t v[16], plain[256];
    memcpy(plain, data, len);
    memcpy(v, iv, 16);
    sm4_init(&sm4, key);
    if (mode == CFB || mode == OFB) {
        for (size_t at = 0; at < len; at += 16) {
            size_t take = len - at < 16 ? len - at : 16;
            uint8_t pad[16];
            sm4_ecb_encrypt(&sm4, v, 16, pad);
            for (size_t i = 0; i < take; i++) out[at + i] = plain[at + i] ^ pad[i];
            memcpy(v, mode == CFB ? out + at : pad, take);
        }
        return len;
    }
    if (padded) {
        uint8_t missing = (uint8_t)(16 - len % 16);
        memset(plain + len, missing, missing);
        len += missing;
    }
    if (mode == ECB) sm4_ecb_encrypt(&sm4, plain, len, out);
    else sm4_cbc_encrypt(&sm4, v, plain, len, out);
    return len;
}

/* Every mode, length and way of cutting it up, there and back. */
static void modes(void **state)
{
    struct world *w = *state;
    static const uint32_t all[] = { ECB, CBC, CFB, OFB };
    uint8_t data[100], want[128], got[128];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 13);
    for (size_t m = 0; m < COUNT(all); m++)
        for (int padded = 0; padded <= 1; padded++)
            for (size_t len = 0; len <= 80; len += padded || m >= 2 ? 1 : 16)
                for (size_t piece = 1; piece <= 64; piece *= 4) {
                    uint16_t id = new_key(w, all[m]);
                    size_t want_len = expected(all[m], padded, data, len, want), got_len = 0;
                    assert_int_equal(begin(w, 0xA4, id, m ? 16 : 0, (uint32_t)padded), 0x9000);
                    for (size_t at = 0; at < len; at += piece) {
                        assert_int_equal(feed(w, 0xA8, id, bytes_of(data + at, len - at < piece ? len - at : piece)), 0x9000);
                        memcpy(got + got_len, world_answer, world_answer_len);
                        got_len += world_answer_len;
                    }
                    assert_int_equal(feed(w, 0xAA, id, (struct bytes){ 0 }), 0x9000);
                    memcpy(got + got_len, world_answer, world_answer_len);
                    got_len += world_answer_len;
                    assert_int_equal(got_len, want_len);
                    assert_memory_equal(got, want, want_len);
                    assert_int_equal(begin(w, 0xAC, id, m ? 16 : 0, (uint32_t)padded), 0x9000);
                    assert_int_equal(feed(w, 0xAE, id, bytes_of(want, want_len)), 0x9000); /* at once */
                    assert_int_equal(world_answer_len, len);
                    assert_memory_equal(world_answer, data, len);
                    put_begin();
                    put_u16(id);
                    assert_int_equal(world_send(w, 0x80C40000, put_end()), 0x9000);
                }
}

static void wrong_uses(void **state)
{
    struct world *w = *state;
    uint8_t block[16] = { 0 };
    uint16_t id = new_key(w, CBC);
    assert_int_equal(feed(w, 0xA8, id, BYTES(block)), 0x6A9F); /* not begun */
    assert_int_equal(begin(w, 0xA4, id, 8, 0), 0x6A80);        /* IV too short */
    assert_int_equal(begin(w, 0xA4, id, 16, 2), 0x6A80);       /* padding unknown */
    assert_int_equal(begin(w, 0xA4, (uint16_t)(id + 1), 16, 0), 0x6A9F);
    assert_int_equal(begin(w, 0xA4, id, 16, 0), 0x9000);
    assert_int_equal(feed(w, 0xB0, id, BYTES(block)), 0x6A9F); /* it was begun to encrypt */
    assert_int_equal(feed(w, 0xA6, id, bytes_of(block, 15)), 0x6700);
    assert_int_equal(begin(w, 0xAC, id, 16, 1), 0x9000);
    assert_int_equal(feed(w, 0xAE, id, BYTES(block)), 0x6A9B); /* no padding comes out */
    assert_int_equal(begin(w, 0xAC, id, 16, 1), 0x9000);
    assert_int_equal(feed(w, 0xAE, id, (struct bytes){ 0 }), 0x6700);
    put_begin();
    put_u32(0x101); /* SM1 */
    put(BYTES(key));
    assert_int_equal(world_send(w, 0x80A20000, put_end()), 0x6A99);
    for (int i = 1; i < CARD_OBJECTS_MAX; i++) (void)new_key(w, ECB);
    put_begin();
    put_u32(ECB);
    put(BYTES(key));
    assert_int_equal(world_send(w, 0x80A20000, put_end()), 0x6A84);
    world_power(w);
    assert_int_equal(begin(w, 0xA4, id, 16, 0), 0x6A9F); /* gone with the power */
}

static void macs_and_digests(void **state)
{
    struct world *w = *state;
    uint8_t data[48], chained[48], v[16], hash[SM3_SIZE], z[SM3_SIZE];
    struct sm4 sm4;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)i;
    memcpy(v, iv, 16);
    sm4_init(&sm4, key);
    sm4_cbc_encrypt(&sm4, v, data, sizeof data, chained);
    uint16_t id = new_key(w, MAC);
    assert_int_equal(begin(w, 0xA4, id, 16, 0), 0x6A99); /* a key for MACs does not encrypt */
    assert_int_equal(begin(w, 0xBC, id, 16, 0), 0x9000);
    uint16_t mac = (uint16_t)(world_answer[0] | world_answer[1] << 8);
    assert_int_equal(feed(w, 0xC0, mac, bytes_of(data, 20)), 0x9000);
    assert_int_equal(world_answer_len, 0);
    assert_int_equal(feed(w, 0xC0, mac, bytes_of(data + 20, 28)), 0x9000);
    assert_int_equal(feed(w, 0xC2, mac, (struct bytes){ 0 }), 0x9000);
    assert_memory_equal(world_answer, chained + 32, 16);
    assert_int_equal(feed(w, 0xC2, mac, (struct bytes){ 0 }), 0x6A9F);

    put_begin();
    put_u32(1);
    assert_int_equal(world_send(w, 0x80B40000, put_end()), 0x9000);
    uint16_t digest = (uint16_t)(world_answer[0] | world_answer[1] << 8);
    assert_int_equal(feed(w, 0xB8, digest, bytes_of(data, 11)), 0x9000);
    assert_int_equal(feed(w, 0xB6, digest, bytes_of(data + 11, 37)), 0x9000);
    sm3_hash(BYTES(data), hash);
    assert_memory_equal(world_answer, hash, SM3_SIZE);
    put_begin(); /* with Z in front, as signatures want it */
    put_u32(1);
    put_u32(256);
    put(BYTES(w->own_key.public.point));
    put_u32(16);
    put_text("1234567812345678");
    assert_int_equal(world_send(w, 0x80B40000, put_end()), 0x9000);
    digest = (uint16_t)(world_answer[0] | world_answer[1] << 8);
    assert_int_equal(feed(w, 0xB6, digest, bytes_text("message")), 0x9000);
    sm2_digest(&w->own_key.public, bytes_text("message"), z);
    assert_memory_equal(world_answer, z, SM3_SIZE);
    put_begin();
    put_u32(2); /* SHA-1 */
    assert_int_equal(world_send(w, 0x80B40000, put_end()), 0x6A99);
}

/* The container with the world's encryption pair in it. */
static void with_encryption_pair(struct world *w)
{
    uint8_t point[SM2_POINT_SIZE], blob[ENVELOPED_KEY_SIZE];
    world_container(w, point);
    world_envelope(w, point, blob);
    put_begin();
    put_u16(1);
    put_u16(1);
    put(bytes_of(blob, 12));
    put(bytes_of(blob + 240, 32));
    put(bytes_of(blob + 304, 32));
    put(bytes_of(blob + 336, 52));
    put_u32(256);
    put(bytes_of(blob + 112, 32));
    put(bytes_of(blob + 176, 32));
    put_u32(64);
    put(bytes_of(blob + 12, 64));
    assert_int_equal(world_send(w, 0x80720000, put_end()), 0x9000);
}

/* A session key for somebody, who opens it; and one for this container, which only its PIN opens. */
static void session_keys_travel_enveloped(void **state)
{
    struct world *w = *state;
    uint8_t cipher[SM2_CIPHERTEXT_EXTRA + 16], session[16], block[16] = { 9 }, want[16];
    struct sm4 sm4;
    with_encryption_pair(w);
    put_begin();
    put_u16(1);
    put_u16(1);
    put_u32(256);
    put(BYTES(w->issuing_key.public.point));
    put_u32(ECB);
    assert_int_equal(world_send(w, 0x80780000, put_end()), 0x9000);
    assert_int_equal(world_answer_len, 4 + 96 + 4 + 16 + 2);
    memcpy(cipher, world_answer + 4, 96);
    memcpy(cipher + 96, world_answer + 104, 16);
    uint16_t id = (uint16_t)(world_answer[120] | world_answer[121] << 8);
    assert_false(failed(sm2_decrypt(&w->issuing_key, BYTES(cipher), session)));
    assert_int_equal(begin(w, 0xA4, id, 0, 0), 0x9000);
    assert_int_equal(feed(w, 0xA6, id, BYTES(block)), 0x9000);
    sm4_init(&sm4, session);
    sm4_ecb_encrypt(&sm4, block, 16, want);
    assert_memory_equal(world_answer, want, 16);

    assert_false(failed(sm2_encrypt(&w->encryption_key.public, BYTES(key), &w->drbg, cipher)));
    for (int round = 0; round < 2; round++) {
        put_begin();
        put_u16(1);
        put_u16(1);
        put_u32(ECB);
        put_u32(4 + 96 + 4 + 16);
        put_u32(256);
        put(bytes_of(cipher, 96));
        put_u32(16);
        put(bytes_of(cipher + 96, 16));
        assert_int_equal(world_send(w, 0x80A00000, put_end()), round ? 0x6A9B : 0x9000);
        if (!round) id = (uint16_t)(world_answer[0] | world_answer[1] << 8);
        cipher[100] ^= 1;
    }
    assert_int_equal(begin(w, 0xA4, id, 0, 0), 0x9000);
    assert_int_equal(feed(w, 0xA6, id, BYTES(block)), 0x9000);
    sm4_init(&sm4, key);
    sm4_ecb_encrypt(&sm4, block, 16, want);
    assert_memory_equal(world_answer, want, 16);
}

static void check_agreed(struct world *w, uint16_t id, const uint8_t agreed[16])
{
    uint8_t block[16] = { 4 }, want[16];
    struct sm4 sm4;
    sm4_init(&sm4, agreed);
    sm4_ecb_encrypt(&sm4, block, 16, want);
    assert_int_equal(begin(w, 0xA4, id, 0, 0), 0x9000);
    assert_int_equal(feed(w, 0xA6, id, BYTES(block)), 0x9000);
    assert_memory_equal(world_answer, want, 16);
}

/* Both roles of SM2's key agreement, the other side made here. */
static void agreement(void **state)
{
    struct world *w = *state;
    struct sm2_private ephemeral;
    struct sm2_public card_ephemeral;
    struct sm2_confirmation unused;
    uint8_t agreed[16];
    with_encryption_pair(w);
    assert_false(failed(sm2_private_generate(&ephemeral, &w->drbg)));
    put_begin();
    put_u16(1);
    put_u16(1);
    put_u32(ECB);
    put_u32(5);
    put_text("alice");
    assert_int_equal(world_send(w, 0x80820000, put_end()), 0x9000);
    assert_false(failed(sm2_public_init(&card_ephemeral, world_answer + 4)));
    uint16_t id = (uint16_t)(world_answer[68] | world_answer[69] << 8);
    put_begin();
    put_u16(id);
    put_u32(256);
    put(BYTES(w->issuing_key.public.point));
    put_u32(256);
    put(BYTES(ephemeral.public.point));
    put_u32(3);
    put_text("bob");
    assert_int_equal(world_send(w, 0x80860000, put_end()), 0x9000);
    struct sm2_exchange x = { false, &w->issuing_key, &ephemeral, &w->encryption_key.public, &card_ephemeral,
                              bytes_text("bob"), bytes_text("alice") };
    assert_false(failed(sm2_exchange(&x, agreed, 16, &unused)));
    check_agreed(w, (uint16_t)(world_answer[0] | world_answer[1] << 8), agreed);
    put_begin();
    put_u16(id);
    put_u32(256);
    put(BYTES(w->issuing_key.public.point));
    put_u32(256);
    put(BYTES(ephemeral.public.point));
    put_u32(3);
    put_text("bob");
    assert_int_equal(world_send(w, 0x80860000, put_end()), 0x6A9F); /* used up */

    put_begin(); /* now the card answers */
    put_u16(1);
    put_u16(1);
    put_u32(ECB);
    put_u32(256);
    put(BYTES(w->issuing_key.public.point));
    put_u32(256);
    put(BYTES(ephemeral.public.point));
    put_u32(5);
    put_text("alice");
    put_u32(3);
    put_text("bob");
    assert_int_equal(world_send(w, 0x80840000, put_end()), 0x9000);
    assert_false(failed(sm2_public_init(&card_ephemeral, world_answer + 4)));
    id = (uint16_t)(world_answer[68] | world_answer[69] << 8);
    x.initiator = true;
    assert_false(failed(sm2_exchange(&x, agreed, 16, &unused)));
    check_agreed(w, id, agreed);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = { T(modes), T(wrong_uses), T(macs_and_digests),
                                        T(session_keys_travel_enveloped), T(agreement) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
