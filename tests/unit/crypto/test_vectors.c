/* R-PKI-1 the algorithms give what the standards say (tests/vectors/crypto.txt), and refuse what they must. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"
#include "crypto/sm2_exchange.h"
#include "crypto/sm4.h"

enum { LINE_MAX_SIZE = 2048, FIELDS_MAX = 8, MILLION = 1000 * 1000 };

struct vector {
    struct arena *arena;
    const char *operation;
    struct bytes field[FIELDS_MAX];
    size_t count;
};

/* A field: hex, "-" for nothing, or text behind '"' with '_' for blanks. */
static struct bytes field_read(struct arena *arena, char *word)
{
    if (strcmp(word, "-") == 0) return (struct bytes){ 0 };
    if (*word == '"') {
        for (char *c = word; *c; c++)
            if (*c == '_') *c = ' ';
        return arena_bytes(arena, bytes_text(word + 1));
    }
    struct bytes b;
    assert_false(failed(text_from_hex(arena, word, &b)));
    return b;
}

static bool vector_read(FILE *file, struct arena *arena, struct vector *v)
{
    char line[LINE_MAX_SIZE];
    while (fgets(line, sizeof line, file)) {
        if (*line == '#' || *line == '\n') continue;
        arena_reset(arena);
        *v = (struct vector){ .arena = arena };
        char *save = NULL, *word = strtok_r(line, " \n", &save);
        v->operation = arena_text(arena, bytes_text(word));
        while ((word = strtok_r(NULL, " \n", &save)) != NULL) v->field[v->count++] = field_read(arena, word);
        return true;
    }
    return false;
}

static void check_sm3(const struct vector *v)
{
    uint8_t hash[SM3_SIZE];
    sm3_hash(v->field[0], hash);
    assert_memory_equal(hash, v->field[1].ptr, SM3_SIZE);
    /* in pieces of every size, with the same result */
    for (size_t piece = 1; piece <= v->field[0].len; piece++) {
        struct sm3 sm3;
        sm3_init(&sm3);
        for (size_t at = 0; at < v->field[0].len; at += piece) {
            size_t left = v->field[0].len - at;
            sm3_update(&sm3, bytes_of(v->field[0].ptr + at, left < piece ? left : piece));
        }
        sm3_final(&sm3, hash);
        assert_memory_equal(hash, v->field[1].ptr, SM3_SIZE);
    }
}

static void check_sm4(const struct vector *v, int times)
{
    struct sm4 sm4;
    uint8_t block[SM4_BLOCK];
    sm4_init(&sm4, v->field[0].ptr);
    memcpy(block, v->field[1].ptr, sizeof block);
    for (int i = 0; i < times; i++) sm4_ecb_encrypt(&sm4, block, sizeof block, block);
    assert_memory_equal(block, v->field[2].ptr, sizeof block);
    for (int i = 0; i < times; i++) sm4_ecb_decrypt(&sm4, block, sizeof block, block);
    assert_memory_equal(block, v->field[1].ptr, sizeof block);
}

static void check_gcm(const struct vector *v)
{
    struct sm4 sm4;
    uint8_t out[LINE_MAX_SIZE], tag[SM4_GCM_TAG_SIZE], plain[LINE_MAX_SIZE];
    size_t len = v->field[3].len;
    sm4_init(&sm4, v->field[0].ptr);
    sm4_gcm_seal(&sm4, v->field[1].ptr, v->field[2], v->field[3], out, tag);
    assert_memory_equal(out, v->field[4].ptr, len);
    assert_memory_equal(tag, v->field[5].ptr, sizeof tag);
    assert_false(failed(sm4_gcm_open(&sm4, v->field[1].ptr, v->field[2], bytes_of(out, len), tag, plain)));
    assert_memory_equal(plain, v->field[3].ptr, len);
    for (size_t bit = 0; bit < 8 * sizeof tag; bit++) {
        tag[bit / 8] ^= (uint8_t)(1 << bit % 8);
        memset(plain, 0x5A, len);
        struct result r = sm4_gcm_open(&sm4, v->field[1].ptr, v->field[2], bytes_of(out, len), tag, plain);
        assert_int_equal(r.code, ERROR_DECRYPT);
        assert_int_equal(plain[0], 0x5A); /* nothing of it was given out */
        tag[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void check_verify(const struct vector *v)
{
    struct sm2_private key;
    uint8_t signature[SM2_SIGNATURE_SIZE];
    assert_false(failed(sm2_private_init(&key, v->field[0].ptr)));
    assert_memory_equal(key.public.point, v->field[1].ptr, SM2_POINT_SIZE);
    assert_false(failed(sm2_verify(&key.public, v->field[2], v->field[3].ptr)));
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        memcpy(signature, v->field[3].ptr, sizeof signature);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(sm2_verify(&key.public, v->field[2], signature).code, ERROR_SIGNATURE_INVALID);
    }
    assert_int_equal(sm2_verify(&key.public, bytes_text("message digesT"), v->field[3].ptr).code,
                     ERROR_SIGNATURE_INVALID);
}

static void check_decrypt(const struct vector *v)
{
    struct sm2_private key;
    uint8_t cipher[LINE_MAX_SIZE], plain[LINE_MAX_SIZE];
    struct writer w = writer_of(cipher, sizeof cipher);
    for (size_t i = 1; i <= 3; i++) write_bytes(&w, v->field[i]);
    assert_false(failed(sm2_private_init(&key, v->field[0].ptr)));
    assert_false(failed(sm2_decrypt(&key, bytes_of(cipher, w.len), plain)));
    assert_memory_equal(plain, v->field[4].ptr, v->field[4].len);
    for (size_t at = 0; at < w.len; at++) {
        cipher[at] ^= 1;
        assert_int_equal(sm2_decrypt(&key, bytes_of(cipher, w.len), plain).code, ERROR_DECRYPT);
        assert_int_equal(plain[0], 0);
        cipher[at] ^= 1;
    }
}

/* Both sides come to the same; another identity or key leads elsewhere. */
static void check_exchange(const struct vector *v)
{
    struct sm2_private k[4]; /* A, its ephemeral key, B, its ephemeral key */
    struct sm2_confirmation a, b;
    uint8_t key_a[16], key_b[16];
    for (size_t i = 0; i < COUNT(k); i++) assert_false(failed(sm2_private_init(&k[i], v->field[i].ptr)));
    struct sm2_exchange of_a = { true, &k[0], &k[1], &k[2].public, &k[3].public, sm2_default_identity,
                                 sm2_default_identity };
    struct sm2_exchange of_b = { false, &k[2], &k[3], &k[0].public, &k[1].public, sm2_default_identity,
                                 sm2_default_identity };
    assert_false(failed(sm2_exchange(&of_a, key_a, sizeof key_a, &a)));
    assert_false(failed(sm2_exchange(&of_b, key_b, sizeof key_b, &b)));
    assert_memory_equal(key_a, v->field[4].ptr, sizeof key_a);
    assert_memory_equal(key_b, v->field[4].ptr, sizeof key_b);
    assert_memory_equal(a.responder, v->field[5].ptr, SM3_SIZE);
    assert_memory_equal(a.initiator, v->field[6].ptr, SM3_SIZE);
    assert_memory_equal(&a, &b, sizeof a);
    of_b.peer_identity = bytes_text("another");
    assert_false(failed(sm2_exchange(&of_b, key_b, sizeof key_b, &b)));
    assert_memory_not_equal(key_a, key_b, sizeof key_b);
    of_a.peer = &k[1].public;
    assert_false(failed(sm2_exchange(&of_a, key_b, sizeof key_b, &b)));
    assert_memory_not_equal(key_a, key_b, sizeof key_b);
    assert_memory_not_equal(a.responder, b.responder, SM3_SIZE);
}

static void r_pki_1_vectors_of_the_standards(void **state)
{
    FILE *file = fopen(VECTORS, "r");
    assert_non_null(file);
    struct arena *arena = arena_new(64 * 1024);
    struct vector v;
    int seen = 0;
    for (; vector_read(file, arena, &v); seen++) {
        if (text_equal(v.operation, "sm3")) check_sm3(&v);
        else if (text_equal(v.operation, "sm4")) check_sm4(&v, 1);
        else if (text_equal(v.operation, "sm4-million")) check_sm4(&v, MILLION);
        else if (text_equal(v.operation, "sm4-gcm")) check_gcm(&v);
        else if (text_equal(v.operation, "sm2-verify")) check_verify(&v);
        else if (text_equal(v.operation, "sm2-decrypt")) check_decrypt(&v);
        else if (text_equal(v.operation, "sm2-exchange")) check_exchange(&v);
        else fail_msg("unknown operation %s", v.operation);
    }
    assert_int_equal(seen, 9);
    arena_free(arena);
    fclose(file);
}

/* n of GB/T 32918.5, minus 2, minus 1, and itself. */
static void number_near_n(int below, uint8_t into[SM2_KEY_SIZE])
{
    static const uint8_t n[SM2_KEY_SIZE] = { 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                             0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x72, 0x03, 0xDF, 0x6B, 0x21, 0xC6,
                                             0x05, 0x2B, 0x53, 0xBB, 0xF4, 0x09, 0x39, 0xD5, 0x41, 0x23 };
    memcpy(into, n, SM2_KEY_SIZE);
    into[SM2_KEY_SIZE - 1] = (uint8_t)(into[SM2_KEY_SIZE - 1] - below);
}

static void private_keys_out_of_range_are_refused(void **state)
{
    struct sm2_private key;
    uint8_t d[SM2_KEY_SIZE] = { 0 };
    assert_int_equal(sm2_private_init(&key, d).code, ERROR_KEY_INVALID);
    for (int below = 0; below <= 1; below++) { /* n - 1 has no inverse of 1 + d */
        number_near_n(below, d);
        assert_int_equal(sm2_private_init(&key, d).code, ERROR_KEY_INVALID);
    }
    number_near_n(2, d);
    assert_false(failed(sm2_private_init(&key, d)));
}

static void points_off_the_curve_are_refused(void **state)
{
    struct sm2_private key;
    struct sm2_public public;
    uint8_t d[SM2_KEY_SIZE] = { [31] = 7 }, point[SM2_POINT_SIZE];
    assert_false(failed(sm2_private_init(&key, d)));
    for (size_t at = 0; at < SM2_POINT_SIZE; at++) {
        memcpy(point, key.public.point, sizeof point);
        point[at] ^= 0x10;
        assert_int_equal(sm2_public_init(&public, point).code, ERROR_KEY_INVALID);
    }
    memset(point, 0, sizeof point);
    assert_int_equal(sm2_public_init(&public, point).code, ERROR_KEY_INVALID);
    memset(point, 0xFF, sizeof point); /* coordinates above p */
    assert_int_equal(sm2_public_init(&public, point).code, ERROR_KEY_INVALID);
}

static void signatures_out_of_range_are_refused(void **state)
{
    struct sm2_private key;
    uint8_t d[SM2_KEY_SIZE] = { [31] = 7 }, signature[SM2_SIGNATURE_SIZE];
    struct bytes message = bytes_text("x");
    assert_false(failed(sm2_private_init(&key, d)));
    for (int half = 0; half < 2; half++)
        for (int kind = 0; kind < 2; kind++) { /* 0 and n, for r and for s */
            memset(signature, 1, sizeof signature);
            if (kind == 0) memset(signature + 32 * half, 0, 32);
            else number_near_n(0, signature + 32 * half);
            assert_int_equal(sm2_verify(&key.public, message, signature).code, ERROR_SIGNATURE_INVALID);
        }
}

static void lengths_out_of_range_are_refused(void **state)
{
    static uint8_t plain[SM2_PLAINTEXT_MAX + 1], out[SM2_PLAINTEXT_MAX + 1 + SM2_CIPHERTEXT_EXTRA];
    static const uint8_t entropy[DRBG_ENTROPY_MIN] = { 9 };
    struct drbg drbg;
    struct sm2_private key;
    drbg_init(&drbg, BYTES(entropy), (struct bytes){ 0 }, (struct bytes){ 0 });
    assert_false(failed(sm2_private_generate(&key, &drbg)));
    assert_int_equal(sm2_encrypt(&key.public, bytes_of(plain, 0), &drbg, out).code, ERROR_TOO_LARGE);
    assert_int_equal(sm2_encrypt(&key.public, BYTES(plain), &drbg, out).code, ERROR_TOO_LARGE);
    for (size_t len = 0; len <= SM2_CIPHERTEXT_EXTRA; len++)
        assert_int_equal(sm2_decrypt(&key, bytes_of(out, len), plain).code, ERROR_DECRYPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r_pki_1_vectors_of_the_standards),
        cmocka_unit_test(private_keys_out_of_range_are_refused),
        cmocka_unit_test(points_off_the_curve_are_refused),
        cmocka_unit_test(signatures_out_of_range_are_refused),
        cmocka_unit_test(lengths_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
