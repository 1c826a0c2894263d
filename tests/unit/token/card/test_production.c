/* Production under issuer authentication, attestation, unlocking, renewal's second container. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "pki/statement.h"
#include "world.h"

static const struct bytes nothing = { 0 };
static const char pin[] = "824619", wrong[] = "197340";

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

/* ---- opening ---- */

static void put_open(struct world *w, const uint8_t answer[16])
{
    uint8_t sealed[CARD_ADMIN_SEALED_SIZE];
    world_admin_sealed(w, sealed);
    put_begin();
    put(bytes_of(answer, 16));
    put(BYTES(sealed));
    write_u8(&world_data, 4);
    put_text("HUFU");
    write_u8(&world_data, 6);
    put_text("HUFU-1");
}

static void challenge(struct world *w, uint8_t ret_answer[16])
{
    assert_int_equal(world_send(w, 0xB0600000, nothing), 0x9000);
    world_device_answer(w, world_answer, ret_answer);
}

static void open_production(struct world *w, uint8_t ret_point[SM2_POINT_SIZE])
{
    uint8_t answer[16];
    challenge(w, answer);
    put_open(w, answer);
    assert_int_equal(world_send(w, 0xB0620000, put_end()), 0x9000);
    assert_int_equal(world_answer_len, 128);
    memcpy(ret_point, world_answer, SM2_POINT_SIZE);
}

/* R-APPLY-3: only the issuer opens a key, each challenge serves once, and a refusal changes nothing. */
static void r_apply_3_only_the_issuer_opens_production(void **state)
{
    struct world *w = *state;
    uint8_t answer[16] = { 0 }, first[8], flags[3];
    put_open(w, answer);
    assert_int_equal(world_send(w, 0xB0620000, put_end()), 0x6982);
    challenge(w, answer);
    memcpy(first, world_answer, sizeof first);
    answer[0] ^= 1;
    put_open(w, answer);
    assert_int_equal(world_send(w, 0xB0620000, put_end()), 0x6982);
    answer[0] ^= 1;
    put_open(w, answer);
    world_data.ptr[30] ^= 1; /* administrator key not for this card */
    assert_int_equal(world_send(w, 0xB0620000, put_end()), 0x6A80);
    put_open(w, answer);
    assert_int_equal(world_send(w, 0xB0620000, bytes_of(world_data.ptr, world_data.len - 1)), 0x6700);
    assert_int_equal(w->writes, 0);
    world_power(w); /* the producer signs in between, and readers switch idle cards off */
    put_open(w, answer);
    assert_int_equal(world_send(w, 0xB0620000, put_end()), 0x9000);
    world_flags(w, flags);
    assert_int_equal(flags[0], 1);
    assert_int_equal(world_send(w, 0xB0620000, put_end()), 0x6982); /* an answer serves once */
    assert_int_equal(world_send(w, 0xB0600000, nothing), 0x9000);
    assert_memory_not_equal(world_answer, first, sizeof first);
}

static uint16_t write_certificate(struct world *w, struct world_channel *c, const uint8_t point[SM2_POINT_SIZE])
{
    uint16_t app, container;
    world_channel_open(w, c);
    world_open_holder(w, c, &app, &container);
    struct bytes der = world_certificate(w, point, &profile_holder_signing);
    put_begin();
    put_u16(app);
    put_u16(container);
    write_u8(&world_data, 1);
    put_u32((uint32_t)der.len);
    put(der);
    return world_channel_send(w, c, 0x804C0000, put_end(), NULL);
}

/* R-APPLY-3: nothing of production is possible before it is opened or after it is closed. */
static void r_apply_3_production_ends_with_its_closing(void **state)
{
    struct world *w = *state;
    struct world_channel c;
    uint8_t point[SM2_POINT_SIZE];
    const char *text = world_produce_text(w, WORLD_SERIAL, w->own_key.public.point);
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(text)), 0x6982);
    assert_int_equal(world_send(w, 0xB06A0000, nothing), 0x6982);
    world_produce(w, NULL, point);
    assert_int_equal(world_send(w, 0xB06A0000, nothing), 0x9000); /* its answer may have been lost: again */
    text = world_produce_text(w, WORLD_SERIAL, point);
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(text)), 0x6982);
    assert_int_equal(write_certificate(w, &c, point), 0x6982);
    world_power(w);
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(text)), 0x6982);
    uint16_t app, container;
    world_channel_open(w, &c);
    world_open_holder(w, &c, &app, &container);
    assert_int_equal(world_channel_verify(w, &c, app, wrong), 0x63C5);
    assert_int_equal(world_send(w, 0xB06A0000, nothing), 0x6982); /* somebody has it by now */
}

/* R-APPLY-3: opened once, it goes on where it was when the power comes back. */
static void r_apply_3_production_outlives_the_power(void **state)
{
    struct world *w = *state;
    struct world_channel c;
    uint8_t point[SM2_POINT_SIZE], flags[3];
    open_production(w, point);
    world_power(w);
    const char *text = world_produce_text(w, WORLD_SERIAL, point);
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(text)), 0x9000);
    world_power(w);
    const char *later = arena_format(w->arena, "%.*s1\n", (int)strlen(text) - 1, text);
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(later)), 0x6986); /* one text, power or not */
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(text)), 0x9000);
    assert_int_equal(write_certificate(w, &c, point), 0x9000);
    world_power(w);
    assert_int_equal(world_send(w, 0xB06A0000, nothing), 0x9000);
    world_flags(w, flags);
    assert_int_equal(flags[0], 2);
    /* but nobody signs with it, or gives it a PIN, before it is closed */
    open_production(w, point);
    uint16_t app, container;
    world_channel_open(w, &c);
    world_open_holder(w, &c, &app, &container);
    assert_int_equal(world_channel_verify(w, &c, app, "000000"), 0x6986);
    put_begin();
    put_u16(app);
    put_u16(container);
    put_u32(16);
    put_text("1234567812345678message");
    assert_int_equal(world_channel_send(w, &c, 0x80740100, put_end(), NULL), 0x6982);
}

/* ---- attestation, proof ---- */

/* R-APPLY-3: the card's own key says that this key was made in it, in the text that everybody else builds too. */
static void r_apply_3_attestation_is_the_statement_of_the_cards_key(void **state)
{
    struct world *w = *state;
    uint8_t point[SM2_POINT_SIZE], attestation[SM2_SIGNATURE_SIZE];
    const char *text;
    open_production(w, point);
    memcpy(attestation, world_answer + 64, sizeof attestation);
    struct attest_statement s = { WORLD_SERIAL, CARD_CONTAINER, text_hex(w->arena, BYTES(point)) };
    assert_false(failed(statement_write(&attest_statement_shape, &s, w->arena, &text)));
    assert_false(failed(sm2_verify(&w->own_key.public, bytes_text(text), attestation)));
    struct world_channel c;
    uint16_t app, container;
    world_channel_open(w, &c);
    world_open_holder(w, &c, &app, &container);
    put_begin();
    put_u16(app);
    put_u16(container);
    assert_int_equal(world_channel_send(w, &c, 0xB0320000, put_end(), NULL), 0x9000);
    assert_false(failed(sm2_verify(&w->own_key.public, bytes_text(text), world_answer)));
    /* the first operators prove possession over that very text */
    struct sm2_public key;
    assert_false(failed(sm2_public_init(&key, point)));
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(text)), 0x9000);
    assert_false(failed(sm2_verify(&key, bytes_text(text), world_answer)));
}

/* R-APPLY-3: the fresh key signs the production statement of this card and key once, and nothing else. */
static void r_apply_3_proof_signs_one_statement(void **state)
{
    struct world *w = *state;
    uint8_t point[SM2_POINT_SIZE];
    struct sm2_public key;
    open_production(w, point);
    assert_false(failed(sm2_public_init(&key, point)));
    const char *good = world_produce_text(w, WORLD_SERIAL, point);
    const char *bad[] = {
        "", "HUFU-LOGIN-v1\n", world_produce_text(w, "HF00000043", point),
        world_produce_text(w, WORLD_SERIAL, w->own_key.public.point),
        arena_format(w->arena, "HUFU-PRODUCE-v3%s", good + 15),
        arena_format(w->arena, "%scard: %s\n", good, WORLD_SERIAL), /* a line twice */
        arena_format(w->arena, "x%s", good),
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(world_send(w, 0xB0660000, bytes_text(bad[i])), 0x6A80);
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(good)), 0x9000);
    assert_false(failed(sm2_verify(&key, bytes_text(good), world_answer)));
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(good)), 0x9000); /* its answer may have been lost */
    const char *later = arena_format(w->arena, "%.*s1\n", (int)strlen(good) - 1, good); /* another time */
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(later)), 0x6986);
    open_production(w, point); /* a fresh key has its own */
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(good)), 0x6A80);
    assert_int_equal(world_send(w, 0xB0660000, bytes_text(world_produce_text(w, WORLD_SERIAL, point))), 0x9000);
}

/* A holder's key signs no bare digests. */
static void holders_keys_sign_no_bare_digests(void **state)
{
    struct world *w = *state;
    struct world_channel c;
    uint8_t point[SM2_POINT_SIZE];
    uint16_t app, container;
    world_produce(w, pin, point);
    world_channel_open(w, &c);
    world_open_holder(w, &c, &app, &container);
    assert_int_equal(world_channel_verify(w, &c, app, pin), 0x9000);
    put_begin();
    put_u16(app);
    put_u16(container);
    put_zeros(32);
    assert_int_equal(world_channel_send(w, &c, 0x80740200, put_end(), NULL), 0x6A9C);
}

/* ---- R-UNLOCK-2 ---- */

static void lock_it(struct world *w)
{
    struct world_channel c;
    uint16_t app, container;
    world_channel_open(w, &c);
    world_open_holder(w, &c, &app, &container);
    for (int i = 0; i < 5; i++) (void)world_channel_verify(w, &c, app, wrong);
    assert_int_equal(world_channel_verify(w, &c, app, wrong), 0x6983);
}

static void r_unlock_2_the_issuers_answer_unlocks_once(void **state)
{
    struct world *w = *state;
    uint8_t point[SM2_POINT_SIZE], answer[CARD_UNLOCK_ANSWER_SIZE], flags[3];
    assert_int_equal(world_send(w, 0xB0800000, nothing), 0x6A8B); /* blank */
    world_produce(w, pin, point);
    lock_it(w);
    world_flags(w, flags);
    assert_memory_equal(flags, "\4\0\6", 3);
    memset(answer, 0, sizeof answer);
    assert_int_equal(world_send(w, 0xB0820000, BYTES(answer)), 0x6982);
    for (size_t at = 0; at < sizeof answer; at += 9) { /* every part of the answer counts */
        assert_int_equal(world_send(w, 0xB0800000, nothing), 0x9000);
        world_unlock_answer(w, world_answer, "approval 1", answer);
        answer[at] ^= 1;
        assert_int_equal(world_send(w, 0xB0820000, BYTES(answer)), 0x6982);
    }
    assert_int_equal(world_send(w, 0xB0800000, nothing), 0x9000);
    assert_int_equal(world_answer_len, CARD_UNLOCK_CHALLENGE_SIZE);
    world_unlock_answer(w, world_answer, "approval 1", answer);
    world_power(w); /* the answer may come after the reader switched the card off */
    assert_int_equal(world_send(w, 0xB0820000, BYTES(answer)), 0x9000);
    assert_int_equal(world_send(w, 0xB0820000, BYTES(answer)), 0x6982); /* once */
    world_flags(w, flags);
    assert_memory_equal(flags, "\2\6\6", 3); /* 000000, to be changed before anything else */
    world_power(w);
    lock_it(w);
    assert_int_equal(world_send(w, 0xB0800000, nothing), 0x9000);
    world_unlock_answer(w, world_answer, "approval 1", answer);
    assert_int_equal(world_send(w, 0xB0820000, BYTES(answer)), 0x6986); /* an approval unlocks one key once */
    assert_int_equal(world_send(w, 0xB0800000, nothing), 0x9000);
    world_unlock_answer(w, world_answer, "approval 2", answer);
    assert_int_equal(world_send(w, 0xB0820000, BYTES(answer)), 0x9000);
}

/* R-UNLOCK-2: the administrator key can be renewed under the issuer's authentication only. */
static void r_unlock_2_a_new_administrator_key(void **state)
{
    struct world *w = *state;
    uint8_t point[SM2_POINT_SIZE], sealed[CARD_ADMIN_SEALED_SIZE], answer[CARD_UNLOCK_ANSWER_SIZE], device[16];
    world_produce(w, pin, point);
    memset(w->master_key, 0x99, sizeof w->master_key);
    world_admin_sealed(w, sealed);
    assert_int_equal(world_send(w, 0xB0640000, BYTES(sealed)), 0x6982);
    assert_int_equal(world_send_le(w, 0x80500000, nothing, 8), 0x9000);
    world_device_answer(w, world_answer, device);
    assert_int_equal(world_send(w, 0x80100002, BYTES(device)), 0x9000);
    sealed[40] ^= 1;
    assert_int_equal(world_send(w, 0xB0640000, BYTES(sealed)), 0x6A80);
    sealed[40] ^= 1;
    assert_int_equal(world_send(w, 0xB0640000, BYTES(sealed)), 0x9000);
    lock_it(w);
    assert_int_equal(world_send(w, 0xB0800000, nothing), 0x9000);
    world_unlock_answer(w, world_answer, "approval", answer);
    assert_int_equal(world_send(w, 0xB0820000, BYTES(answer)), 0x9000);
}

/* ---- R-RENEW-3: a second container, made current when its certificates are in ---- */

static void r_renew_3_the_second_container_becomes_current(void **state)
{
    struct world *w = *state;
    struct world_channel c;
    uint8_t point[SM2_POINT_SIZE];
    uint16_t app, first, second;
    world_produce(w, pin, point);
    world_channel_open(w, &c);
    world_open_holder(w, &c, &app, &first);
    assert_int_equal(world_channel_verify(w, &c, app, pin), 0x9000);
    put_begin();
    put_u16(app);
    put_text("HUFU-2");
    assert_int_equal(world_channel_send(w, &c, 0x80400000, put_end(), NULL), 0x9000);
    second = world_answer[0];
    put_begin();
    put_u16(app);
    put_u16(second);
    put_u32(256);
    assert_int_equal(world_channel_send(w, &c, 0x80700000, put_end(), NULL), 0x9000);
    memcpy(point, world_answer, sizeof point);
    put_begin();
    put_u16(app);
    put_u16(second);
    assert_int_equal(world_channel_send(w, &c, 0xB0340000, put_end(), NULL), 0x9000); /* no digests */
    assert_int_equal(world_channel_send(w, &c, 0xB0320000, put_end(), NULL), 0x9000); /* attested like the first */
    assert_int_equal(world_channel_send(w, &c, 0xB0360000, put_end(), NULL), 0x6A96); /* not without certificate */
    struct bytes der = world_certificate(w, point, &profile_holder_signing);
    put_begin();
    put_u16(app);
    put_u16(second);
    write_u8(&world_data, 1);
    put_u32((uint32_t)der.len);
    put(der);
    assert_int_equal(world_channel_send(w, &c, 0x804C0000, put_end(), NULL), 0x9000);
    put_begin();
    put_u16(app);
    put_u16(second);
    assert_int_equal(world_channel_send(w, &c, 0xB0360000, put_end(), NULL), 0x9000);
    world_power(w);
    assert_int_equal(world_send(w, 0xB0200000, nothing), 0x9000);
    assert_memory_equal(world_answer, "\3\6\6\4HUFU\6HUFU-2", 15);
    world_channel_open(w, &c);
    world_open_holder(w, &c, &app, &first); /* the earlier one stays */
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(r_apply_3_only_the_issuer_opens_production),
        T(r_apply_3_production_ends_with_its_closing),
        T(r_apply_3_production_outlives_the_power),
        T(r_apply_3_attestation_is_the_statement_of_the_cards_key),
        T(r_apply_3_proof_signs_one_statement),
        T(holders_keys_sign_no_bare_digests),
        T(r_unlock_2_the_issuers_answer_unlocks_once),
        T(r_unlock_2_a_new_administrator_key),
        T(r_renew_3_the_second_container_becomes_current),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
