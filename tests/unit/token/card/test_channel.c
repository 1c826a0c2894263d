/* Protected channels: what is changed, repeated or misplaced ends them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "world.h"

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

static const struct bytes nothing = { 0 };

/* The last command once more, as who listened has it. */
static uint16_t again(struct world *w, const struct world_channel *c)
{
    size_t len = card_exchange(w->card, bytes_of(c->last, c->last_len), world_answer);
    return (uint16_t)(world_answer[len - 2] << 8 | world_answer[len - 1]);
}

static void whole_commands_go_through(void **state)
{
    struct world *w = *state;
    struct world_channel c;
    world_channel_open(w, &c);
    assert_int_equal(world_channel_send(w, &c, 0x80040000, nothing, NULL), 0x9000);
    assert_int_equal(world_answer_len, 288);
    assert_int_equal(world_channel_send(w, &c, 0x80260000, bytes_text("none"), NULL), 0x6A8B);
    assert_int_equal(world_channel_send(w, &c, 0x80060000, nothing, NULL), 0x6D00);
    assert_int_equal(world_channel_send(w, &c, 0xB01C0100, nothing, NULL), 0x6986); /* none within another */
    assert_int_equal(world_channel_send(w, &c, 0xB0100000, nothing, NULL), 0x6986);
}

static void a_repeated_command_ends_the_channel(void **state)
{
    struct world *w = *state;
    struct world_channel c;
    uint16_t outer;
    world_channel_open(w, &c);
    assert_int_equal(world_channel_send(w, &c, 0x80040000, nothing, NULL), 0x9000);
    assert_int_equal(again(w, &c), 0x6988);
    assert_int_equal(world_channel_send(w, &c, 0x80040000, nothing, &outer), 0);
    assert_int_equal(outer, 0x6988);
}

static void every_changed_byte_ends_the_channel(void **state)
{
    struct world *w = *state;
    uint16_t outer;
    for (size_t at = 7; at < 7 + 7 + 16; at++) { /* the sealed command and its tag */
        struct world_channel c;
        world_channel_open(w, &c);
        c.flip = at;
        assert_int_equal(world_channel_send(w, &c, 0x80040000, nothing, &outer), 0);
        assert_int_equal(outer, 0x6988);
        c.flip = 0;
        assert_int_equal(world_channel_send(w, &c, 0x80040000, nothing, &outer), 0);
        assert_int_equal(outer, 0x6988);
    }
}

static void channels_are_apart(void **state)
{
    struct world *w = *state;
    struct world_channel a, b;
    uint8_t point[SM2_POINT_SIZE];
    uint16_t app, container, outer;
    world_produce(w, "824619", point);
    world_channel_open(w, &a);
    world_channel_open(w, &b);
    assert_int_not_equal(a.number, b.number);
    world_open_holder(w, &a, &app, &container);
    assert_int_equal(world_channel_verify(w, &a, app, "824619"), 0x9000);
    world_open_holder(w, &b, &app, &container);
    put_begin();
    put_u16(app);
    put_u16(container);
    put_u32(16);
    put_text("1234567812345678message");
    assert_int_equal(world_channel_send(w, &b, 0x80740100, put_end(), NULL), 0x6982); /* the PIN was given in a */
    assert_int_equal(world_channel_send(w, &a, 0x80740100, put_end(), NULL), 0x9000);
    /* what was sealed for one is nothing for the other */
    uint8_t number = a.number, turn = a.turn;
    a.number = b.number;
    a.turn = b.turn;
    assert_int_equal(world_channel_send(w, &a, 0x80040000, nothing, &outer), 0);
    assert_int_equal(outer, 0x6988);
    a.number = number;
    a.turn = turn;
    assert_int_equal(world_channel_send(w, &b, 0x80040000, nothing, &outer), 0); /* it closed b */
    assert_int_equal(world_channel_send(w, &a, 0x80740100, put_end(), NULL), 0x9000);
    assert_int_equal(world_channel_send(w, &a, 0xB01E0000, nothing, &outer), 0);
    assert_int_equal(outer, 0x6988); /* closed from inside */
    world_channel_open(w, &a);
    world_power(w);
    assert_int_equal(world_channel_send(w, &a, 0x80040000, nothing, &outer), 0);
    assert_int_equal(outer, 0x6988);
}

/* With all places taken, the one that lay idle longest goes. */
static void the_idle_channel_makes_place(void **state)
{
    struct world *w = *state;
    struct world_channel c[CARD_CHANNELS_MAX];
    uint16_t outer;
    for (int i = 0; i < CARD_CHANNELS_MAX - 1; i++) world_channel_open(w, &c[i]);
    assert_int_equal(world_channel_send(w, &c[0], 0x80040000, nothing, NULL), 0x9000);
    world_channel_open(w, &c[CARD_CHANNELS_MAX - 1]);
    assert_int_equal(world_channel_send(w, &c[1], 0x80040000, nothing, &outer), 0);
    assert_int_equal(outer, 0x6988);
    assert_int_equal(world_channel_send(w, &c[0], 0x80040000, nothing, NULL), 0x9000);
    assert_int_equal(world_channel_send(w, &c[CARD_CHANNELS_MAX - 1], 0x80040000, nothing, NULL), 0x9000);
}

static void bad_openings_are_refused(void **state)
{
    struct world *w = *state;
    put_begin();
    put_zeros(128); /* not on the curve */
    assert_int_equal(world_send(w, 0xB0100000, put_end()), 0x6A80);
    put_begin();
    put(BYTES(w->issuing_key.public.point));
    put_zeros(64);
    assert_int_equal(world_send(w, 0xB0100000, put_end()), 0x6A80);
    assert_int_equal(world_send(w, 0xB0100000, bytes_of(world_data.ptr, 127)), 0x6700);
    assert_int_equal(world_send(w, 0xB01C0000, put_end()), 0x6A86);
    assert_int_equal(world_send(w, 0xB01C0900, put_end()), 0x6A86);
    assert_int_equal(world_send(w, 0xB01C0100, put_end()), 0x6988);
    struct world_channel c;
    world_channel_open(w, &c);
    c.turn ^= 1; /* another one in the same place: it is not disturbed */
    assert_int_equal(world_channel_send(w, &c, 0x80040000, nothing, NULL), 0);
    c.turn ^= 1;
    assert_int_equal(world_channel_send(w, &c, 0x80040000, nothing, NULL), 0x9000);
}

/* The largest command and answer, wrapped. */
static void large_commands(void **state)
{
    struct world *w = *state;
    struct world_channel c;
    uint8_t point[SM2_POINT_SIZE];
    static uint8_t message[8192];
    uint16_t app, container;
    struct sm2_public key;
    world_produce(w, "824619", point);
    assert_false(failed(sm2_public_init(&key, point)));
    world_channel_open(w, &c);
    world_open_holder(w, &c, &app, &container);
    assert_int_equal(world_channel_verify(w, &c, app, "824619"), 0x9000);
    put_begin();
    put_u16(app);
    put_u16(container);
    put_u32(16);
    put_text("1234567812345678");
    put(BYTES(message));
    assert_int_equal(world_channel_send(w, &c, 0x80740100, put_end(), NULL), 0x9000);
    assert_false(failed(sm2_verify(&key, BYTES(message), world_answer + 4)));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(whole_commands_go_through), T(a_repeated_command_ends_the_channel), T(every_changed_byte_ends_the_channel),
        T(channels_are_apart), T(the_idle_channel_makes_place), T(bad_openings_are_refused), T(large_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
