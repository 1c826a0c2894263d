/* R-RENEW-3, R-CHANGE-2: a key that has left production takes new certificates. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "pki/statement.h"
#include "world.h"

static const struct bytes nothing = { 0 };
static const char pin[] = "824619";

struct holder {
    struct world *w;
    struct world_channel c;
    uint16_t app, first, second;
    uint8_t old_key[SM2_POINT_SIZE], new_key[SM2_POINT_SIZE];
};

static void open_channel(struct holder *h)
{
    world_channel_open(h->w, &h->c);
    world_open_holder(h->w, &h->c, &h->app, &h->first);
}

static uint16_t look(struct holder *h, const char *name, uint16_t *ret_container)
{
    put_begin();
    put_u16(h->app);
    put_text(name);
    uint16_t sw = world_channel_send(h->w, &h->c, 0x80420000, put_end(), NULL);
    if (sw == 0x9000) *ret_container = world_answer[0];
    return sw;
}

/* A key in its holder's hands, and a new pair in the making. */
static void begin(struct holder *h)
{
    *h = (struct holder){ .w = world_new() };
    world_produce(h->w, pin, h->old_key);
    assert_int_equal(world_send(h->w, 0xB0740000, nothing), 0x9000);
    memcpy(h->new_key, world_answer, sizeof h->new_key);
    open_channel(h);
    assert_int_equal(look(h, "HUFU-2", &h->second), 0x9000);
}

static uint16_t prove(struct holder *h, const char *text)
{
    return world_channel_send(h->w, &h->c, 0xB0760000, bytes_text(text), NULL);
}

static const char *text_of(struct holder *h, const char *service)
{
    return world_download_text(h->w, service, "HUFU-2", h->new_key);
}

static uint16_t write_certificate(struct holder *h)
{
    struct bytes der = world_certificate(h->w, h->new_key, &profile_holder_signing);
    put_begin();
    put_u16(h->app);
    put_u16(h->second);
    write_u8(&world_data, 1);
    put_u32((uint32_t)der.len);
    put(der);
    return world_channel_send(h->w, &h->c, 0x804C0000, put_end(), NULL);
}

static void current_is(struct holder *h, const char *name)
{
    assert_int_equal(world_send(h->w, 0xB0200000, nothing), 0x9000);
    assert_memory_equal(world_answer + 3, "\x04HUFU", 5);
    assert_int_equal(world_answer[8], strlen(name));
    assert_memory_equal(world_answer + 9, name, strlen(name));
}

/* The new key is made in this card, and is the same one until its certificates are in. */
static void r_renew_3_the_new_key_is_attested_and_waits(void **state)
{
    struct holder h;
    struct sm2_public key;
    const char *text;
    begin(&h);
    world_power(h.w);
    assert_int_equal(world_send(h.w, 0xB0740200, nothing), 0x9000);
    assert_memory_equal(world_answer, h.new_key, sizeof h.new_key);
    struct attest_statement s = { WORLD_SERIAL, "HUFU-2", text_hex(h.w->arena, BYTES(h.new_key)) };
    assert_false(failed(statement_write(&attest_statement_shape, &s, h.w->arena, &text)));
    assert_false(failed(sm2_verify(&h.w->own_key.public, bytes_text(text), world_answer + 64)));
    current_is(&h, "HUFU-1");
    assert_int_equal(world_send(h.w, 0xB0740100, nothing), 0x9000); /* another one where it is asked for */
    assert_memory_not_equal(world_answer, h.new_key, sizeof h.new_key);
    assert_false(failed(sm2_public_init(&key, world_answer)));
    world_free(h.w);
}

/* Without the holder's PIN, or for another card, container, key or service, nothing is signed and nothing written. */
static void r_renew_3_nothing_without_the_pin_and_the_right_statement(void **state)
{
    struct holder h;
    begin(&h);
    const char *good = text_of(&h, "renew");
    assert_int_equal(prove(&h, good), 0x6982);
    assert_int_equal(write_certificate(&h), 0x6982);
    assert_int_equal(world_channel_verify(h.w, &h.c, h.app, pin), 0x9000);
    assert_int_equal(prove(&h, world_download_text(h.w, "renew", "HUFU-1", h.new_key)), 0x6A80);
    assert_int_equal(prove(&h, world_download_text(h.w, "renew", "HUFU-2", h.old_key)), 0x6A80);
    assert_int_equal(prove(&h, text_of(&h, "apply")), 0x6A80);
    assert_int_equal(prove(&h, world_produce_text(h.w, WORLD_SERIAL, h.new_key)), 0x6A80);
    assert_int_equal(prove(&h, arena_format(h.w->arena, "%sservice: renew\n", good)), 0x6A80);
    assert_int_equal(world_send(h.w, 0xB0780000, nothing), 0x6982);
    put_begin();
    put_u16(h.app);
    put_u16(h.second);
    assert_int_equal(world_channel_send(h.w, &h.c, 0xB0360000, put_end(), NULL), 0x6986); /* no way around it */
    current_is(&h, "HUFU-1");
    world_free(h.w);
}

static void take(struct holder *h, const char *service)
{
    struct sm2_public old_key, new_key;
    const char *text = text_of(h, service);
    assert_int_equal(world_channel_verify(h->w, &h->c, h->app, pin), 0x9000);
    assert_int_equal(prove(h, text), 0x9000);
    assert_false(failed(sm2_public_init(&old_key, h->old_key)));
    assert_false(failed(sm2_public_init(&new_key, h->new_key)));
    assert_false(failed(sm2_verify(&old_key, bytes_text(text), world_answer)));
    assert_false(failed(sm2_verify(&new_key, bytes_text(text), world_answer + SM2_SIGNATURE_SIZE)));
    assert_int_equal(world_send(h->w, 0xB0780000, nothing), 0x6A96);
    world_power(h->w); /* the server issues in between; the PIN is not asked for again */
    open_channel(h);
    assert_int_equal(look(h, "HUFU-2", &h->second), 0x9000);
    assert_int_equal(write_certificate(h), 0x9000);
    current_is(h, "HUFU-1");
    assert_int_equal(world_send(h->w, 0xB0780000, nothing), 0x9000);
    assert_int_equal(world_send(h->w, 0xB0780000, nothing), 0x9000); /* the first answer may have been lost */
    current_is(h, "HUFU-2");
}

/* R-RENEW-4: what was encrypted to the earlier key can still be read; the PIN stays. */
static void r_renew_4_the_earlier_container_stays(void **state)
{
    struct holder h;
    uint8_t flags[3];
    uint16_t old;
    begin(&h);
    take(&h, "renew");
    world_flags(h.w, flags);
    assert_int_equal(flags[0], 3);
    open_channel(&h);
    assert_int_equal(look(&h, "HUFU-1", &old), 0x9000);
    assert_int_equal(world_channel_verify(h.w, &h.c, h.app, pin), 0x9000);
    assert_int_equal(world_send(h.w, 0xB0740000, nothing), 0x9000); /* and the next year */
    assert_memory_equal(world_answer + 128, "\x06HUFU-3", 7);
    world_free(h.w);
}

/* R-CHANGE-2, R-CHANGE-4: the former holder's keys and PIN are gone; the new holder must set one. */
static void r_change_2_nothing_of_the_former_holder_stays(void **state)
{
    struct holder h;
    uint8_t flags[3];
    uint16_t gone;
    begin(&h);
    take(&h, "change");
    world_flags(h.w, flags);
    assert_int_equal(flags[0], 2);
    world_channel_open(h.w, &h.c);
    assert_int_equal(world_channel_send(h.w, &h.c, 0x80260000, bytes_text(CARD_APPLICATION), NULL), 0x9000);
    h.app = world_answer[8];
    assert_int_equal(look(&h, "HUFU-1", &gone), 0x6A91);
    assert_int_equal(world_channel_verify(h.w, &h.c, h.app, pin), 0x63C5);
    assert_int_equal(world_send(h.w, 0xB0740000, nothing), 0x6985); /* no next download before that */
    world_free(h.w);
}

/* R-RENEW-4: earlier keys stay until there is no room for another; the refusal leaves everything as it is. */
static void r_renew_4_a_full_key_refuses_another(void **state)
{
    (void)state;
    struct holder h;
    char name[8];
    begin(&h);
    for (unsigned number = 2; number <= CARD_CONTAINERS_MAX; number++) {
        snprintf(name, sizeof name, "HUFU-%u", number);
        assert_int_equal(world_send(h.w, 0xB0740000, nothing), 0x9000);
        memcpy(h.new_key, world_answer, sizeof h.new_key);
        open_channel(&h);
        assert_int_equal(look(&h, name, &h.second), 0x9000);
        assert_int_equal(world_channel_verify(h.w, &h.c, h.app, pin), 0x9000);
        assert_int_equal(prove(&h, world_download_text(h.w, "renew", name, h.new_key)), 0x9000);
        assert_int_equal(write_certificate(&h), 0x9000);
        assert_int_equal(world_send(h.w, 0xB0780000, nothing), 0x9000);
        current_is(&h, name);
    }
    assert_int_equal(world_send(h.w, 0xB0740000, nothing), 0x6A84);
    assert_int_equal(world_send(h.w, 0xB0740100, nothing), 0x6A84);
    current_is(&h, name);
    world_free(h.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r_renew_3_the_new_key_is_attested_and_waits),
        cmocka_unit_test(r_renew_3_nothing_without_the_pin_and_the_right_statement),
        cmocka_unit_test(r_renew_4_the_earlier_container_stays),
        cmocka_unit_test(r_renew_4_a_full_key_refuses_another),
        cmocka_unit_test(r_change_2_nothing_of_the_former_holder_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
