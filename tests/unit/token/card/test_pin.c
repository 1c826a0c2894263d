/* PINs: tries, weak ones, 000000, the commands of 2012 and the protected ones. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "token/card/card_internal.h"
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

static const char wrong[] = "197340", other[] = "580273";

/* ---- R-UNLOCK-1: six wrong PINs in a row lock ---- */

static void r_unlock_1_six_wrong_pins_lock(void **state)
{
    struct world *w = *state;
    world_application(w);
    for (int left = 5; left > 0; left--) assert_int_equal(world_verify(w, 1, 1, wrong), 0x63C0 | left);
    assert_int_equal(world_verify(w, 1, 1, wrong), 0x6983); /* the sixth says it */
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x6983);
    world_power(w);
    assert_int_equal(world_send(w, 0x80260000, bytes_text(WORLD_APP)), 0x9000);
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x6983); /* for good */
    assert_int_equal(world_replace(w, 0x16, 1, 1, WORLD_USER, other, false), 0x6983);
    assert_int_equal(world_verify(w, 1, 0, WORLD_ADMIN), 0x9000);
    /* the administrator's PIN sets another one */
    assert_int_equal(world_replace(w, 0x1A, 1, 0, WORLD_ADMIN, other, false), 0x9000);
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x63C5);
    assert_int_equal(world_verify(w, 1, 1, other), 0x9000);
}

static void r_unlock_1_tries_come_back_with_the_right_pin(void **state)
{
    struct world *w = *state;
    world_application(w);
    for (int round = 0; round < 3; round++) {
        for (int left = 5; left > 0; left--) assert_int_equal(world_verify(w, 1, 1, wrong), 0x63C0 | left);
        assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x9000);
    }
}

/* Wrong tries of ChangePIN and UnblockPIN count like those of VerifyPIN. */
static void r_unlock_1_every_command_that_takes_a_pin_counts(void **state)
{
    struct world *w = *state;
    world_application(w);
    assert_int_equal(world_verify(w, 1, 1, wrong), 0x63C5);
    assert_int_equal(world_replace(w, 0x16, 1, 1, wrong, other, false), 0x63C4);
    assert_int_equal(world_replace(w, 0x16, 1, 1, wrong, other, true), 0x63C3);
    for (int left = 5; left > 0; left--)
        assert_int_equal(world_replace(w, 0x1A, 1, 0, wrong, other, false), 0x63C0 | left);
    assert_int_equal(world_replace(w, 0x1A, 1, 0, wrong, other, false), 0x6983);
    assert_int_equal(world_verify(w, 1, 0, WORLD_ADMIN), 0x6983);
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x9000);
}

/* A try is off, durably, before the PIN is looked at: who cuts the power during the comparison gains nothing. */
static void r_unlock_1_the_try_is_written_before_the_comparison(void **state)
{
    struct world *w = *state;
    world_application(w);
    w->fail_at = w->writes + 1;
    w->fail_after = true; /* written, and then the power goes */
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x6581);
    w->fail_at = 0;
    world_power(w);
    assert_int_equal(world_send(w, 0x80260000, bytes_text(WORLD_APP)), 0x9000);
    put_begin();
    put_u16(1);
    assert_int_equal(world_send(w, 0x80140001, put_end()), 0x9000);
    assert_memory_equal(world_answer, "\6\5\1", 3);
    /* and where it cannot be written, no PIN is compared */
    w->fail_at = w->writes + 1;
    w->fail_after = false;
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x6581);
    w->fail_at = 0;
    assert_int_equal(world_send(w, 0x80260000, bytes_text(WORLD_APP)), 0x9000);
    put_begin();
    put_u16(1);
    put_text("C");
    assert_int_equal(world_send(w, 0x80400000, put_end()), 0x6982);
}

static void locking_ends_what_is_logged_in(void **state)
{
    struct world *w = *state;
    struct world_channel a, b;
    uint8_t point[SM2_POINT_SIZE];
    uint16_t app, container;
    world_produce(w, WORLD_USER, point);
    world_channel_open(w, &a);
    world_channel_open(w, &b);
    world_open_holder(w, &a, &app, &container);
    world_open_holder(w, &b, &app, &container);
    assert_int_equal(world_channel_verify(w, &a, app, WORLD_USER), 0x9000);
    for (int i = 0; i < 6; i++) (void)world_channel_verify(w, &b, app, wrong);
    put_begin();
    put_u16(app);
    put_u16(container);
    put_u32(16);
    put_text("1234567812345678message");
    assert_int_equal(world_channel_send(w, &a, 0x80740100, put_end(), NULL), 0x6982);
}

/* ---- R-KEY-1: which PINs are taken ---- */

static void r_key_1_weak_pins_are_refused_in_the_card(void **state)
{
    static const char *const weak[] = { "111111", "888888", "aaaaaaaa", "123456", "654321", "12345678", "345678",
                                        "890123", "210987", "abcdef", "fedcba", "135791", "246802", "121212",
                                        "123123", "456456", "112233", "332211", "111222", "12121212", "520520",
                                        "147258", "159357", "qwerty", "QWERTY", "Abc123", "1qaz2wsx", "woaini1314",
                                        "password", "5201314", "11112222" };
    static const char *const good[] = { "824619", "580273", "739264", "k7#mQ2x", "918273a", "1234567812345678x",
                                        "907214", "31415926" };
    for (size_t i = 0; i < COUNT(weak); i++)
        if (!card_pin_weak(bytes_text(weak[i]))) fail_msg("%s is taken", weak[i]);
    for (size_t i = 0; i < COUNT(good); i++)
        if (card_pin_weak(bytes_text(good[i]))) fail_msg("%s is refused", good[i]);
    struct world *w = *state;
    world_application(w);
    assert_int_equal(world_replace(w, 0x16, 1, 1, WORLD_USER, "123456", false), 0x6A97);
    assert_int_equal(world_replace(w, 0x16, 1, 1, WORLD_USER, "000000", false), 0x6A97);
    assert_int_equal(world_replace(w, 0x16, 1, 1, WORLD_USER, "82461", false), 0x6A80);
    assert_int_equal(world_replace(w, 0x16, 1, 1, WORLD_USER, "8246 1", false), 0x6A80);
    assert_int_equal(world_replace(w, 0x16, 1, 1, WORLD_USER, WORLD_USER, false), 0x6A97); /* no change at all */
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x9000);
    assert_int_equal(world_replace(w, 0x1A, 1, 0, WORLD_ADMIN, "666666", false), 0x6A97);
    assert_int_equal(world_replace(w, 0x16, 1, 1, WORLD_USER, "0123456789ABCDEz", false), 0x9000); /* 16: the most */
}

static uint16_t channel_change(struct world *w, struct world_channel *c, uint16_t app, const char *old,
                               const char *fresh)
{
    put_begin();
    put_u16(app);
    write_u8(&world_data, (uint8_t)strlen(old));
    put_text(old);
    write_u8(&world_data, (uint8_t)strlen(fresh));
    put_text(fresh);
    return world_channel_send(w, c, 0x80160101, put_end(), NULL);
}

/* R-KEY-1: 000000 opens nothing but its own change, for every command that wants the user. */
static void r_key_1_the_default_pin_allows_only_its_change(void **state)
{
    struct world *w = *state;
    struct world_channel c;
    uint8_t point[SM2_POINT_SIZE], flags[3];
    uint16_t app, container;
    world_produce(w, NULL, point);
    world_flags(w, flags);
    assert_memory_equal(flags, "\2\6\6", 3);
    world_channel_open(w, &c);
    world_open_holder(w, &c, &app, &container);
    assert_int_equal(world_channel_verify(w, &c, app, "000000"), 0x9000);
    static const struct {
        uint32_t header;
        const char *more; /* behind application and container */
    } wants_user[] = { { 0x80740100, "\x10\0\0\0" "1234567812345678message" }, { 0x80700000, "\0\1\0" },
                       { 0xB0340000, "" }, { 0xB0360000, "" },
                       { 0x80820000, "\1\4\0" } };
    for (size_t i = 0; i < COUNT(wants_user); i++) {
        put_begin();
        put_u16(app);
        put_u16(container);
        put_text(wants_user[i].more);
        if (wants_user[i].header == 0x80740100) {
            world_data.len = 4;
            put_u32(16);
            put_text("1234567812345678message");
        }
        if (wants_user[i].header == 0x80700000) {
            world_data.len = 4;
            put_u32(256);
        }
        assert_int_equal(world_channel_send(w, &c, wants_user[i].header, put_end(), NULL), 0x6985);
    }
    put_begin();
    put_u16(app);
    put_text("another");
    assert_int_equal(world_channel_send(w, &c, 0x80400000, put_end(), NULL), 0x6985); /* CreateContainer */
    assert_int_equal(world_channel_send(w, &c, 0x80480000, put_end(), NULL), 0x6985); /* DeleteContainer */
    assert_int_equal(channel_change(w, &c, app, "000000", "000000"), 0x6A97);
    assert_int_equal(channel_change(w, &c, app, wrong, other), 0x63C5);
    assert_int_equal(channel_change(w, &c, app, "000000", other), 0x9000);
    world_flags(w, flags);
    assert_memory_equal(flags, "\3\6\6", 3);
    assert_int_equal(world_channel_verify(w, &c, app, other), 0x9000);
}

/* ---- what a transcript gives away ---- */

/* PINs of a holder's key are taken only in a protected channel, and the form of 2012 is not among them. */
static void pins_of_holders_never_travel_in_the_open(void **state)
{
    struct world *w = *state;
    uint8_t point[SM2_POINT_SIZE];
    world_produce(w, WORLD_USER, point);
    assert_int_equal(world_send(w, 0x80260000, bytes_text(CARD_APPLICATION)), 0x9000);
    uint16_t app = world_answer[8];
    put_begin();
    put_u16(app);
    put_text(WORLD_USER);
    assert_int_equal(world_send(w, 0x80180101, put_end()), 0x6982);
    assert_int_equal(world_verify(w, app, 1, WORLD_USER), 0x6982);
    assert_int_equal(world_replace(w, 0x16, app, 1, WORLD_USER, other, false), 0x6982);
    uint8_t flags[3];
    world_flags(w, flags);
    assert_memory_equal(flags, "\3\6\6", 3); /* and none of this cost a try */
}

/* Neither PIN nor anything made of it alone stands in what goes over the wire, and no two runs are alike. */
static void a_transcript_says_nothing_of_the_pin(void **state)
{
    struct world *w = *state;
    struct world_channel c;
    uint8_t point[SM2_POINT_SIZE], first[CARD_COMMAND_MAX];
    uint16_t app, container;
    size_t len = 0;
    world_produce(w, WORLD_USER, point);
    for (int round = 0; round < 2; round++) {
        world_channel_open(w, &c);
        world_open_holder(w, &c, &app, &container);
        assert_int_equal(world_channel_verify(w, &c, app, WORLD_USER), 0x9000);
        for (size_t i = 0; i + 6 <= c.last_len; i++) assert_memory_not_equal(c.last + i, WORLD_USER, 6);
        if (round) {
            assert_int_equal(c.last_len, len);
            assert_memory_not_equal(c.last + 7, first + 7, len - 9);
        }
        len = c.last_len;
        memcpy(first, c.last, len);
    }
}

static void each_challenge_of_2012_serves_once(void **state)
{
    struct world *w = *state;
    uint8_t command[18];
    world_application(w);
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x9000);
    memcpy(command, world_data.ptr, sizeof command);
    assert_int_equal(world_send(w, 0x80180001, BYTES(command)), 0x6984); /* repeated by who listened */
    assert_int_equal(world_send_le(w, 0x80500000, (struct bytes){ 0 }, 8), 0x9000);
    assert_int_equal(world_send(w, 0x80180001, BYTES(command)), 0x63C5);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(r_unlock_1_six_wrong_pins_lock),
        T(r_unlock_1_tries_come_back_with_the_right_pin),
        T(r_unlock_1_every_command_that_takes_a_pin_counts),
        T(r_unlock_1_the_try_is_written_before_the_comparison),
        T(locking_ends_what_is_logged_in),
        T(r_key_1_weak_pins_are_refused_in_the_card),
        T(r_key_1_the_default_pin_allows_only_its_change),
        T(pins_of_holders_never_travel_in_the_open),
        T(a_transcript_says_nothing_of_the_pin),
        T(each_challenge_of_2012_serves_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
