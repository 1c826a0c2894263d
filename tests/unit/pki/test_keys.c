/* Keys on their way: enveloped for a USBKey (GM/T 0016, GM/T 0009), and wrapped on disk. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "crypto/sm4.h"
#include "pki/enveloped.h"
#include "pki/key_wrap.h"
#include "pki/sm2_der.h"

struct keys {
    struct drbg drbg;
    struct sm2_private container, encryption, other;
    uint8_t blob[ENVELOPED_KEY_SIZE];
};

static int setup(void **state)
{
    static struct keys k;
    static const uint8_t seed[DRBG_ENTROPY_MIN] = { 1 };
    drbg_init(&k.drbg, BYTES(seed), (struct bytes){ 0 }, (struct bytes){ 0 });
    assert_false(failed(sm2_private_generate(&k.container, &k.drbg)));
    assert_false(failed(sm2_private_generate(&k.encryption, &k.drbg)));
    assert_false(failed(sm2_private_generate(&k.other, &k.drbg)));
    assert_false(failed(enveloped_key_seal(&k.encryption, &k.container.public, &k.drbg, k.blob)));
    *state = &k;
    return 0;
}

static void assert_same_key(const struct sm2_private *a, const struct sm2_private *b)
{
    uint8_t x[SM2_KEY_SIZE], y[SM2_KEY_SIZE];
    sm2_private_bytes(a, x);
    sm2_private_bytes(b, y);
    assert_memory_equal(x, y, sizeof x);
}

/* R-PKI-2: the encryption key reaches the token enveloped for its signing key, and no other key opens it. */
static void r_pki_2_enveloped_key_opens_for_its_token_only(void **state)
{
    struct keys *k = *state;
    struct sm2_private opened;
    assert_false(failed(enveloped_key_open(&k->container, BYTES(k->blob), &opened)));
    assert_same_key(&opened, &k->encryption);
    assert_int_equal(enveloped_key_open(&k->other, BYTES(k->blob), &opened).code, ERROR_ENVELOPE_MISMATCH);
    assert_int_equal(enveloped_key_open(&k->encryption, BYTES(k->blob), &opened).code,
                     ERROR_ENVELOPE_MISMATCH);
    struct sm2_public named;
    assert_false(failed(enveloped_key_public(BYTES(k->blob), &named)));
    assert_memory_equal(named.point, k->encryption.public.point, SM2_POINT_SIZE);
}

/* The struct of GM/T 0016 with ULONG of 4 bytes, packed: where each field stands. */
static void blob_has_the_layout_of_gmt_0016(void **state)
{
    static const uint8_t start[12] = { 1, 0, 0, 0, 1, 4, 0, 0, 0, 1, 0, 0 };
    static const uint8_t zeros[32] = { 0 }, bits[4] = { 0, 1, 0, 0 }, len[4] = { 16, 0, 0, 0 };
    struct keys *k = *state;
    const uint8_t *b = k->blob, *point = k->encryption.public.point;
    assert_int_equal(ENVELOPED_KEY_SIZE, 373 + 15);
    assert_memory_equal(b, start, 12);
    assert_memory_equal(b + 76, bits, 4);
    assert_memory_equal(b + 80, zeros, 32);
    assert_memory_equal(b + 112, point, 32);
    assert_memory_equal(b + 144, zeros, 32);
    assert_memory_equal(b + 176, point + 32, 32);
    assert_memory_equal(b + 208, zeros, 32);
    assert_memory_equal(b + 272, zeros, 32);
    assert_memory_equal(b + 368, len, 4);
    /* by hand: session key, then the private key in the last 32 bytes */
    uint8_t cipher[SM2_CIPHERTEXT_EXTRA + 16], session[16], plain[64], d[32];
    memcpy(cipher, b + 240, 32);
    memcpy(cipher + 32, b + 304, 32);
    memcpy(cipher + 64, b + 336, 32);
    memcpy(cipher + 96, b + 372, 16);
    assert_false(failed(sm2_decrypt(&k->container, BYTES(cipher), session)));
    struct sm4 sm4;
    sm4_init(&sm4, session);
    sm4_ecb_decrypt(&sm4, b + 12, 64, plain);
    sm2_private_bytes(&k->encryption, d);
    assert_memory_equal(plain, zeros, 32);
    assert_memory_equal(plain + 32, d, 32);
}

/* A bit changed anywhere: refused. Only the half of the field that holds no key may say anything. */
static void each_bit_of_the_blob_counts(void **state)
{
    struct keys *k = *state;
    uint8_t blob[ENVELOPED_KEY_SIZE];
    for (size_t i = 0; i < sizeof blob; i++) {
        memcpy(blob, k->blob, sizeof blob);
        blob[i] ^= (uint8_t)(1u << i % 8);
        struct sm2_private opened;
        struct result r = enveloped_key_open(&k->container, BYTES(blob), &opened);
        if (i >= 12 && i < 12 + 32) {
            assert_false(failed(r));
            assert_same_key(&opened, &k->encryption);
            continue;
        }
        bool form = i < 12 || (i >= 76 && i < 112) || (i >= 144 && i < 176) || (i >= 208 && i < 240) ||
                    (i >= 272 && i < 304) || (i >= 368 && i < 372);
        assert_int_equal(r.code, form ? ERROR_ENVELOPE : ERROR_ENVELOPE_MISMATCH);
    }
    struct sm2_private opened;
    assert_int_equal(enveloped_key_open(&k->container, bytes_of(k->blob, sizeof blob - 1), &opened).code,
                     ERROR_ENVELOPE);
    uint8_t longer[ENVELOPED_KEY_SIZE + 1] = { 0 };
    memcpy(longer, k->blob, sizeof blob);
    assert_int_equal(enveloped_key_open(&k->container, BYTES(longer), &opened).code, ERROR_ENVELOPE);
}

/* The private key of somebody else under the public key that is promised. */
static void private_key_that_does_not_match_is_refused(void **state)
{
    struct keys *k = *state;
    uint8_t blob[ENVELOPED_KEY_SIZE];
    memcpy(blob, k->blob, sizeof blob);
    memcpy(blob + 112, k->other.public.point, 32);
    memcpy(blob + 176, k->other.public.point + 32, 32);
    struct sm2_private opened;
    assert_int_equal(enveloped_key_open(&k->container, BYTES(blob), &opened).code, ERROR_ENVELOPE_MISMATCH);
}

/* Some CAs put the 32 bytes first. */
static void key_in_the_first_half_is_found(void **state)
{
    struct keys *k = *state;
    uint8_t blob[ENVELOPED_KEY_SIZE];
    memcpy(blob, k->blob, sizeof blob);
    memcpy(blob + 12, k->blob + 44, 32);
    memset(blob + 44, 0, 32);
    struct sm2_private opened;
    assert_false(failed(enveloped_key_open(&k->container, BYTES(blob), &opened)));
    assert_same_key(&opened, &k->encryption);
}

static void der_form_goes_both_ways(void **state)
{
    struct keys *k = *state;
    uint8_t room[ENVELOPED_KEY_DER_MAX], blob[ENVELOPED_KEY_SIZE];
    struct writer w = writer_of(room, sizeof room);
    struct bytes der = { 0 };
    assert_false(failed(enveloped_key_to_der(BYTES(k->blob), &w)));
    assert_false(failed(writer_end(&w, &der)));
    assert_false(failed(der_check(der)));
    assert_false(failed(enveloped_key_from_der(der, blob)));
    struct sm2_private opened;
    assert_false(failed(enveloped_key_open(&k->container, BYTES(blob), &opened)));
    assert_same_key(&opened, &k->encryption);
    for (size_t n = 0; n < der.len; n++)
        assert_int_equal(enveloped_key_from_der(bytes_of(room, n), blob).code, ERROR_ENVELOPE);
    for (size_t i = 0; i < der.len; i++) {
        room[i] ^= 0x20;
        if (!failed(enveloped_key_from_der(der, blob)))
            assert_true(failed(enveloped_key_open(&k->container, BYTES(blob), &opened)));
        room[i] ^= 0x20;
    }
    room[der.len] = 0;
    assert_int_equal(enveloped_key_from_der(bytes_of(room, der.len + 1), blob).code, ERROR_ENVELOPE);
    struct writer small = writer_of(blob, 100);
    assert_false(failed(enveloped_key_to_der(BYTES(k->blob), &small)));
    assert_true(small.full);
}

/* ---- wrapped on disk ---- */

static const uint8_t wrapping_key[32] = { 9, 9, 9 };

static struct key_wrapping under_key(void)
{
    return (struct key_wrapping){ .key = BYTES(wrapping_key), .version = 7, .label = "issuing-ca" };
}

static struct key_wrapping under_passphrase(const char *passphrase)
{
    return (struct key_wrapping){ .passphrase = bytes_text(passphrase),
                                  .version = 1,
                                  .rounds = KEY_WRAP_ROUNDS_MIN,
                                  .label = "issuing-ca" };
}

static struct bytes wrap(struct keys *k, const struct key_wrapping *how, uint8_t room[KEY_WRAP_SIZE_MAX])
{
    uint8_t d[SM2_KEY_SIZE];
    struct bytes wrapped = { 0 };
    struct writer w = writer_of(room, KEY_WRAP_SIZE_MAX);
    sm2_private_bytes(&k->encryption, d);
    assert_false(failed(key_wrap(how, BYTES(d), &k->drbg, &w)));
    assert_false(failed(writer_end(&w, &wrapped)));
    assert_int_equal(wrapped.len, sizeof d + KEY_WRAP_EXTRA);
    return wrapped;
}

static void wrapped_key_opens_with_the_same_key_and_label(void **state)
{
    struct keys *k = *state;
    uint8_t room[KEY_WRAP_SIZE_MAX], d[SM2_KEY_SIZE], back[SM2_KEY_SIZE] = { 0 };
    struct key_wrapping how = under_key();
    struct bytes wrapped = wrap(k, &how, room);
    uint32_t version = 0;
    assert_false(failed(key_wrap_version(wrapped, &version)));
    assert_int_equal(version, 7);
    sm2_private_bytes(&k->encryption, d);
    assert_false(failed(key_unwrap(&how, wrapped, back, sizeof back)));
    assert_memory_equal(back, d, sizeof d);

    uint8_t kept[SM2_KEY_SIZE] = { 5 };
    how.label = "root-ca";
    assert_int_equal(key_unwrap(&how, wrapped, kept, sizeof kept).code, ERROR_KEY_UNWRAP);
    uint8_t other[32] = { 9, 9, 8 };
    how = under_key();
    how.key = BYTES(other);
    assert_int_equal(key_unwrap(&how, wrapped, kept, sizeof kept).code, ERROR_KEY_UNWRAP);
    how = under_key();
    assert_int_equal(key_unwrap(&how, wrapped, kept, 16).code, ERROR_KEY_WRAPPED);
    assert_int_equal(kept[0], 5);
}

static void wrong_passphrase_does_not_open(void **state)
{
    struct keys *k = *state;
    uint8_t room[KEY_WRAP_SIZE_MAX], back[SM2_KEY_SIZE];
    struct key_wrapping how = under_passphrase("虎符 correct horse");
    struct bytes wrapped = wrap(k, &how, room);
    assert_false(failed(key_unwrap(&how, wrapped, back, sizeof back)));
    how = under_passphrase("虎符 correct horsf");
    assert_int_equal(key_unwrap(&how, wrapped, back, sizeof back).code, ERROR_KEY_UNWRAP);
    how = under_key();
    assert_int_equal(key_unwrap(&how, wrapped, back, sizeof back).code, ERROR_KEY_WRAPPED);
}

static void each_bit_of_a_wrapped_key_counts(void **state)
{
    struct keys *k = *state;
    uint8_t room[KEY_WRAP_SIZE_MAX], again[KEY_WRAP_SIZE_MAX], back[SM2_KEY_SIZE];
    struct key_wrapping how = under_key();
    struct bytes wrapped = wrap(k, &how, room);
    assert_int_not_equal(memcmp(wrap(k, &how, again).ptr + 14, wrapped.ptr + 14, 28),
                         0); /* salt, nonce drawn anew */
    for (size_t i = 0; i < wrapped.len; i++) {
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            room[i] ^= (uint8_t)bit;
            enum error code = key_unwrap(&how, wrapped, back, sizeof back).code;
            bool form = i < 6 || (i >= 10 && i < 14) || (i >= 42 && i < 46);
            assert_int_equal(code, form ? ERROR_KEY_WRAPPED : ERROR_KEY_UNWRAP);
            room[i] ^= (uint8_t)bit;
        }
    }
    for (size_t n = 0; n < wrapped.len; n++)
        assert_int_equal(key_unwrap(&how, bytes_of(room, n), back, sizeof back).code, ERROR_KEY_WRAPPED);
    room[wrapped.len] = 0;
    assert_int_equal(key_unwrap(&how, bytes_of(room, wrapped.len + 1), back, sizeof back).code,
                     ERROR_KEY_WRAPPED);
    assert_false(failed(key_unwrap(&how, wrapped, back, sizeof back)));
}

static void wrapping_has_limits(void **state)
{
    struct keys *k = *state;
    uint8_t room[2 * KEY_WRAP_SIZE_MAX], secret[KEY_WRAP_SECRET_MAX + 1] = { 0 };
    struct writer w = writer_of(room, sizeof room);
    struct key_wrapping how = under_key();
    assert_int_equal(key_wrap(&how, bytes_of(secret, 0), &k->drbg, &w).code, ERROR_TOO_LARGE);
    assert_int_equal(key_wrap(&how, BYTES(secret), &k->drbg, &w).code, ERROR_TOO_LARGE);
    how.key.len = 15;
    assert_int_equal(key_wrap(&how, bytes_of(secret, 8), &k->drbg, &w).code, ERROR_KEY_INVALID);
    how.key.len = 0;
    assert_int_equal(key_wrap(&how, bytes_of(secret, 8), &k->drbg, &w).code, ERROR_KEY_INVALID);
    how = under_passphrase("p");
    how.rounds = KEY_WRAP_ROUNDS_MIN - 1;
    assert_int_equal(key_wrap(&how, bytes_of(secret, 8), &k->drbg, &w).code, ERROR_KEY_INVALID);
    how = under_passphrase("p");
    how.key = BYTES(wrapping_key);
    assert_int_equal(key_wrap(&how, bytes_of(secret, 8), &k->drbg, &w).code, ERROR_KEY_INVALID);
    assert_int_equal(w.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(r_pki_2_enveloped_key_opens_for_its_token_only, setup),
        cmocka_unit_test_setup(blob_has_the_layout_of_gmt_0016, setup),
        cmocka_unit_test_setup(each_bit_of_the_blob_counts, setup),
        cmocka_unit_test_setup(private_key_that_does_not_match_is_refused, setup),
        cmocka_unit_test_setup(key_in_the_first_half_is_found, setup),
        cmocka_unit_test_setup(der_form_goes_both_ways, setup),
        cmocka_unit_test_setup(wrapped_key_opens_with_the_same_key_and_label, setup),
        cmocka_unit_test_setup(wrong_passphrase_does_not_open, setup),
        cmocka_unit_test_setup(each_bit_of_a_wrapped_key_counts, setup),
        cmocka_unit_test_setup(wrapping_has_limits, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
