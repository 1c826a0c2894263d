/* The power goes at every write: before it, or behind it. The card then stands as before the command or as after it,
 * and the command can be given again. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "world.h"

static const struct bytes nothing = { 0 };
static const char pin[] = "824619", wrong[] = "197340";

/* What the steps leave for each other. */
struct life {
    struct world *w;
    uint8_t point[SM2_POINT_SIZE];
    struct world_channel c;
    uint16_t app, container;
    int approvals;
    const char *name; /* of the container that is written to */
};

static void open_channel(struct life *l)
{
    world_channel_open(l->w, &l->c);
    world_open_holder(l->w, &l->c, &l->app, &l->container);
    if (!l->name) return;
    put_begin();
    put_u16(l->app);
    put_text(l->name);
    assert_int_equal(world_channel_send(l->w, &l->c, 0x80420000, put_end(), NULL), 0x9000);
    l->container = world_answer[0];
}

/* The outer status word where the card could not write: the channel ended with it. */
static uint16_t inside(struct life *l, uint32_t header)
{
    uint16_t outer, sw = world_channel_send(l->w, &l->c, header, put_end(), &outer);
    return sw ? sw : outer;
}

/* ---- the steps: each gets ready what it needs, sends one command that writes, and returns what it answered ---- */

static uint16_t produce_open(struct life *l)
{
    uint8_t answer[16], sealed[CARD_ADMIN_SEALED_SIZE];
    assert_int_equal(world_send(l->w, 0xB0600000, nothing), 0x9000);
    world_device_answer(l->w, world_answer, answer);
    world_admin_sealed(l->w, sealed);
    put_begin();
    put(BYTES(answer));
    put(BYTES(sealed));
    write_u8(&world_data, 4);
    put_text("HUFU");
    write_u8(&world_data, 6);
    put_text("HUFU-1");
    uint16_t sw = world_send(l->w, 0xB0620000, put_end());
    if (sw == 0x9000) memcpy(l->point, world_answer, sizeof l->point);
    return sw;
}

static uint16_t prove(struct life *l)
{
    return world_send(l->w, 0xB0660000, bytes_text(world_produce_text(l->w, WORLD_SERIAL, l->point)));
}

static void put_pair(const uint8_t blob[ENVELOPED_KEY_SIZE])
{
    put(bytes_of(blob, 12));
    put(bytes_of(blob + 240, 32));
    put(bytes_of(blob + 304, 32));
    put(bytes_of(blob + 336, 52));
    put_u32(256);
    put(bytes_of(blob + 112, 32));
    put(bytes_of(blob + 176, 32));
    put_u32(64);
    put(bytes_of(blob + 12, 64));
}

static uint16_t write_pair(struct life *l)
{
    uint8_t blob[ENVELOPED_KEY_SIZE];
    open_channel(l);
    world_envelope(l->w, l->point, blob);
    put_begin();
    put_u16(l->app);
    put_u16(l->container);
    put_pair(blob);
    return inside(l, 0x80720000);
}

static uint16_t write_certificate(struct life *l, const uint8_t *point, uint8_t kind)
{
    open_channel(l);
    struct bytes der =
        world_certificate(l->w, point, kind ? &profile_holder_signing : &profile_holder_encryption);
    put_begin();
    put_u16(l->app);
    put_u16(l->container);
    write_u8(&world_data, kind);
    put_u32((uint32_t)der.len);
    put(der);
    return inside(l, 0x804C0000);
}

static uint16_t write_signing(struct life *l)
{
    return write_certificate(l, l->point, 1);
}

static uint16_t write_encryption(struct life *l)
{
    return write_certificate(l, l->w->encryption_key.public.point, 0);
}

static uint16_t produce_close(struct life *l)
{
    return world_send(l->w, 0xB06A0000, nothing);
}

static uint16_t change_pin(struct life *l)
{
    open_channel(l);
    put_begin();
    put_u16(l->app);
    write_u8(&world_data, 6);
    put_text("000000");
    write_u8(&world_data, 6);
    put_text(pin);
    return inside(l, 0x80160101);
}

static uint16_t verify(struct life *l, const char *text)
{
    open_channel(l);
    put_begin();
    put_u16(l->app);
    put_text(text);
    return inside(l, 0x80180101);
}

static uint16_t verify_right(struct life *l)
{
    return verify(l, pin);
}

static uint16_t verify_wrong(struct life *l)
{
    return verify(l, wrong);
}

static uint16_t write_file(struct life *l)
{
    uint16_t sw = verify(l, pin);
    if (sw != 0x9000) return sw;
    put_begin();
    put_padded("notes", 32);
    put_u32(64);
    put_u32(0xFF);
    put_u32(0x10);
    return inside(l, 0x80300000u | l->app);
}

static uint16_t unlock(struct life *l)
{
    char approval[2] = { (char)('a' + l->approvals++), 0 };
    uint8_t answer[CARD_UNLOCK_ANSWER_SIZE];
    assert_int_equal(world_send(l->w, 0xB0800000, nothing), 0x9000);
    world_unlock_answer(l->w, world_answer, approval, answer);
    return world_send(l->w, 0xB0820000, BYTES(answer));
}

/* A renewal: at every write, the key in use is the old one, and after the last the new one. */
static uint16_t download_open(struct life *l)
{
    uint16_t sw = world_send(l->w, 0xB0740000, nothing);
    if (sw != 0x9000) return sw;
    memcpy(l->point, world_answer, sizeof l->point);
    assert_memory_equal(world_answer + 128, "\x06HUFU-2", 7);
    l->name = "HUFU-2";
    return sw;
}

static uint16_t download_prove(struct life *l)
{
    l->name = NULL;
    uint16_t sw = verify(l, pin);
    l->name = "HUFU-2";
    if (sw != 0x9000) return sw;
    put_begin();
    put_text(world_download_text(l->w, "renew", "HUFU-2", l->point));
    return inside(l, 0xB0760000);
}

static uint16_t download_close(struct life *l)
{
    uint16_t sw = world_send(l->w, 0xB0780000, nothing);
    if (sw == 0x9000) l->name = NULL;
    return sw;
}

/* ---- the steps of somebody else's program, with an application, files and containers of its own ---- */

static const char other_pin[] = "Qw7-xk";

static void enter_issuer(struct life *l)
{
    uint8_t answer[16];
    world_channel_open(l->w, &l->c);
    l->c.le = CARD_CHALLENGE_SIZE;
    assert_int_equal(world_channel_send(l->w, &l->c, 0x80500000, nothing, NULL), 0x9000);
    world_device_answer(l->w, world_answer, answer);
    assert_int_equal(world_channel_send(l->w, &l->c, 0x80100002, BYTES(answer), NULL), 0x9000);
}

static uint16_t set_label(struct life *l)
{
    enter_issuer(l);
    put_begin();
    put_text("mine");
    return inside(l, 0x80020000);
}

/* The same key anew: what matters here is the write. */
static uint16_t change_device_key(struct life *l)
{
    uint8_t key[CARD_KEY_SIZE];
    enter_issuer(l);
    card_device_key(BYTES(l->w->transport_key), bytes_text(WORLD_SERIAL), key);
    put_begin();
    put(BYTES(key));
    return inside(l, 0x80120102);
}

static uint16_t create_application(struct life *l)
{
    enter_issuer(l);
    world_put_application();
    return inside(l, 0x80200000);
}

static uint16_t delete_application(struct life *l)
{
    enter_issuer(l);
    put_begin();
    put_text(WORLD_APP);
    return inside(l, 0x80240000);
}

static void put_app(struct life *l)
{
    put_begin();
    put_u16(l->app);
}

/* With the application open, and the PIN of TYPE given. */
static uint16_t enter(struct life *l, int type, const char *text)
{
    world_channel_open(l->w, &l->c);
    assert_int_equal(world_channel_send(l->w, &l->c, 0x80260000, bytes_text(WORLD_APP), NULL), 0x9000);
    l->app = world_answer[8];
    put_app(l);
    put_text(text);
    return inside(l, 0x80180100u | (uint32_t)type);
}

static uint16_t named(struct life *l, uint32_t header, const char *name)
{
    uint16_t sw = enter(l, 1, WORLD_USER);
    if (sw != 0x9000) return sw;
    put_app(l);
    put_text(name);
    return inside(l, header);
}

static uint16_t create_container(struct life *l)
{
    return named(l, 0x80400000, "C");
}

static uint16_t delete_container(struct life *l)
{
    return named(l, 0x80480000, "C");
}

static uint16_t open_container(struct life *l)
{
    uint16_t sw = named(l, 0x80420000, "C");
    if (sw == 0x9000) l->container = world_answer[0];
    put_app(l);
    put_u16(l->container);
    return sw;
}

static uint16_t generate(struct life *l)
{
    uint16_t sw = open_container(l);
    if (sw != 0x9000) return sw;
    put_u32(256);
    sw = inside(l, 0x80700000);
    if (sw == 0x9000) memcpy(l->point, world_answer, sizeof l->point);
    return sw;
}

static uint16_t import_pair(struct life *l)
{
    uint8_t blob[ENVELOPED_KEY_SIZE];
    uint16_t sw = open_container(l);
    if (sw != 0x9000) return sw;
    world_envelope(l->w, l->point, blob);
    put_pair(blob);
    return inside(l, 0x80720000);
}

static uint16_t import_certificate(struct life *l)
{
    struct bytes der = world_certificate(l->w, l->point, &profile_holder_signing);
    uint16_t sw = open_container(l);
    if (sw != 0x9000) return sw;
    write_u8(&world_data, 1);
    put_u32((uint32_t)der.len);
    put(der);
    return inside(l, 0x804C0000);
}

static uint16_t import_other_certificate(struct life *l)
{
    struct bytes der =
        world_certificate(l->w, l->w->encryption_key.public.point, &profile_holder_encryption);
    uint16_t sw = open_container(l);
    if (sw != 0x9000) return sw;
    write_u8(&world_data, 0);
    put_u32((uint32_t)der.len);
    put(der);
    return inside(l, 0x804C0000);
}

static uint16_t on_container(struct life *l, uint32_t header)
{
    uint16_t sw = open_container(l);
    return sw == 0x9000 ? inside(l, header) : sw;
}

static uint16_t forbid_digests(struct life *l)
{
    return on_container(l, 0xB0340000);
}

static uint16_t set_current(struct life *l)
{
    return on_container(l, 0xB0360000);
}

static uint16_t create_file(struct life *l)
{
    uint16_t sw = enter(l, 1, WORLD_USER);
    if (sw != 0x9000) return sw;
    put_begin();
    put_padded("data", 32);
    put_u32(16);
    put_u32(0xFF);
    put_u32(0x10);
    return inside(l, 0x80300000u | l->app);
}

static uint16_t fill_file(struct life *l)
{
    uint16_t sw = enter(l, 1, WORLD_USER);
    if (sw != 0x9000) return sw;
    put_app(l);
    put_u16(2);
    put_u16(4);
    put_text("data");
    put_u16(3);
    put_text("abc");
    return inside(l, 0x803A0000);
}

static uint16_t delete_file(struct life *l)
{
    uint16_t sw = enter(l, 1, WORLD_USER);
    if (sw != 0x9000) return sw;
    put_begin();
    put_text("data");
    return inside(l, 0x80320000u | l->app);
}

/* ChangePIN and UnblockPIN: the PIN that proves, the one that is set. */
static uint16_t replace(struct life *l, uint32_t header, const char *prover, const char *fresh)
{
    world_channel_open(l->w, &l->c);
    assert_int_equal(world_channel_send(l->w, &l->c, 0x80260000, bytes_text(WORLD_APP), NULL), 0x9000);
    l->app = world_answer[8];
    put_app(l);
    write_u8(&world_data, (uint8_t)strlen(prover));
    put_text(prover);
    write_u8(&world_data, (uint8_t)strlen(fresh));
    put_text(fresh);
    return inside(l, header);
}

static uint16_t change_user(struct life *l)
{
    return replace(l, 0x80160101, WORLD_USER, other_pin);
}

static uint16_t change_admin(struct life *l)
{
    return replace(l, 0x80160100, WORLD_ADMIN, other_pin);
}

static uint16_t wrong_user(struct life *l)
{
    return enter(l, 1, wrong);
}

static uint16_t wrong_admin(struct life *l)
{
    return replace(l, 0x801A0100, wrong, WORLD_USER);
}

static uint16_t unblock(struct life *l)
{
    return replace(l, 0x801A0100, other_pin, WORLD_USER);
}

static uint16_t verify_user(struct life *l)
{
    return enter(l, 1, WORLD_USER);
}

/* ---- the life of a card ---- */

struct step {
    uint16_t (*run)(struct life *l);
    uint16_t good, again; /* what it answers, and what when it had happened already */
    uint8_t state;        /* of the flags, behind it */
};

static const struct step holder_steps[] = {
    { produce_open, 0x9000, 0x9000, 1 },      { prove, 0x9000, 0x9000, 1 },
    { write_pair, 0x9000, 0x9000, 1 },
    { write_encryption, 0x9000, 0x9000, 1 },  { write_signing, 0x9000, 0x9000, 1 },
    { produce_close, 0x9000, 0x9000, 2 },     { change_pin, 0x9000, 0x63C0, 3 },
    { verify_right, 0x9000, 0x9000, 3 },     { write_file, 0x9000, 0x6A92, 3 },
    { download_open, 0x9000, 0x9000, 3 },    { download_prove, 0x9000, 0x9000, 3 },
    { write_pair, 0x9000, 0x9000, 3 },       { write_encryption, 0x9000, 0x9000, 3 },
    { write_signing, 0x9000, 0x9000, 3 },    { download_close, 0x9000, 0x9000, 3 },
    { verify_wrong, 0x63C0, 0x63C0, 3 },     { verify_wrong, 0x63C0, 0x63C0, 3 },
    { verify_wrong, 0x63C0, 0x63C0, 3 },     { verify_wrong, 0x63C0, 0x63C0, 3 },
    { verify_wrong, 0x63C0, 0x63C0, 3 },     { verify_wrong, 0x6983, 0x6983, 4 },
    { unlock, 0x9000, 0x9000, 2 },           { change_pin, 0x9000, 0x63C0, 3 },
};

/* Every other command that writes. Where a PIN was changed, the old one costs a try. */
static const struct step foreign_steps[] = {
    { set_label, 0x9000, 0x9000, 0 },          { change_device_key, 0x9000, 0x9000, 0 },
    { create_application, 0x9000, 0x6A89, 0 }, { create_container, 0x9000, 0x6E02, 0 },
    { generate, 0x9000, 0x9000, 0 },           { import_pair, 0x9000, 0x9000, 0 },
    { import_other_certificate, 0x9000, 0x9000, 0 },
    { import_certificate, 0x9000, 0x9000, 0 }, { forbid_digests, 0x9000, 0x9000, 0 },
    { set_current, 0x9000, 0x9000, 0 },        { create_file, 0x9000, 0x6A92, 0 },
    { fill_file, 0x9000, 0x9000, 0 },          { delete_file, 0x9000, 0x6A93, 0 },
    { delete_container, 0x9000, 0x6A91, 0 },   { change_user, 0x9000, 0x63C0, 0 },
    { wrong_user, 0x63C0, 0x63C0, 0 },         { change_admin, 0x9000, 0x63C0, 0 },
    { wrong_admin, 0x63C0, 0x63C0, 0 },        { unblock, 0x9000, 0x9000, 0 },
    { verify_user, 0x9000, 0x9000, 0 },        { delete_application, 0x9000, 0x6A8B, 0 },
};

static uint8_t state_of(struct world *w)
{
    uint8_t flags[3];
    world_flags(w, flags);
    return flags[0];
}

static bool fits(uint16_t sw, uint16_t expected)
{
    return sw == expected || (expected == 0x63C0 && (sw & 0xFFF0) == 0x63C0);
}

/* The power comes back: what is written is whole; where nothing was, it is as before to the byte. */
static void power_back(struct world *w, const uint8_t *before, size_t before_len, bool written)
{
    if (!written) assert_int_equal(w->image_len, before_len);
    if (!written) assert_memory_equal(w->image, before, before_len);
    world_power(w);
}

/* Walks through the life, with a fault at write FAIL_AT (0: none). Returns how many writes there were. */
static int live(const struct step *steps, size_t count, int fail_at, bool fail_after)
{
    struct life l = { .w = world_new() };
    static uint8_t before[CARD_IMAGE_MAX];
    size_t failures = 0;
    l.w->fail_at = fail_at;
    l.w->fail_after = fail_after;
    for (size_t i = 0; i < count; i++) {
        size_t before_len = l.w->image_len;
        int writes = l.w->writes;
        memcpy(before, l.w->image, before_len);
        uint16_t sw = steps[i].run(&l);
        if (sw == 0x6581) {
            failures++;
            bool more = l.w->writes > writes + 1; /* tries were taken off by a write that did hold */
            power_back(l.w, before, before_len, fail_after || more);
            sw = steps[i].run(&l);
            if (!fits(sw, steps[i].good) && !fits(sw, steps[i].again) && sw != 0x6983)
                fail_msg("write %d (%d), step %zu again: %04x", fail_at, fail_after, i, sw);
        } else if (!fits(sw, steps[i].good) && !(failures && sw == 0x6983))
            fail_msg("write %d (%d), step %zu: %04x", fail_at, fail_after, i, sw);
        uint8_t state = state_of(l.w);
        if (state != steps[i].state && !(failures && state == 4)) /* a try lost in the fault locks one step earlier */
            fail_msg("write %d (%d), step %zu: state %d", fail_at, fail_after, i, state);
    }
    assert_int_equal(failures, fail_at ? 1 : 0);
    int writes = l.w->writes;
    world_free(l.w);
    return writes;
}

static void at_every_write(const struct step *steps, size_t count)
{
    int writes = live(steps, count, 0, false);
    assert_true(writes > 20);
    for (int at = 1; at <= writes; at++) {
        live(steps, count, at, false);
        live(steps, count, at, true);
    }
}

static void the_power_goes_at_every_write(void **state)
{
    at_every_write(holder_steps, COUNT(holder_steps));
}

static void the_power_goes_at_every_write_of_another_program(void **state)
{
    at_every_write(foreign_steps, COUNT(foreign_steps));
}

/* Tries are never given by a loss of power: however often it goes, six wrong PINs are the most. */
static void r_unlock_1_no_loss_of_power_gives_tries(void **state)
{
    struct life l = { .w = world_new() };
    world_produce(l.w, pin, l.point);
    int compared = 0;
    for (int round = 0; round < 40; round++) {
        l.w->fail_at = round % 3 ? l.w->writes + 1 + round % 2 : 0;
        l.w->fail_after = round % 5 == 0;
        uint16_t sw = verify(&l, wrong);
        if ((sw & 0xFFF0) == 0x63C0) compared++;
        if (sw == 0x6983) break;
        l.w->fail_at = 0;
        world_power(l.w);
    }
    assert_true(compared <= 5);
    l.w->fail_at = 0;
    world_power(l.w);
    assert_int_equal(verify(&l, pin), 0x6983);
    world_free(l.w);
}

/* ---- the image ---- */

static void every_changed_byte_of_an_image_is_noticed(void **state)
{
    struct world *w = world_new();
    uint8_t point[SM2_POINT_SIZE];
    struct card_state *s = malloc(sizeof *s);
    static uint8_t image[CARD_IMAGE_MAX];
    struct bytes again;
    world_produce(w, pin, point);
    assert_false(failed(card_state_decode(bytes_of(w->image, w->image_len), s)));
    assert_false(failed(card_state_encode(s, image, sizeof image, &again)));
    assert_int_equal(again.len, w->image_len);
    assert_memory_equal(again.ptr, w->image, again.len);
    assert_int_equal(card_state_encode(s, image, 400, &again).code, ERROR_TOO_LARGE);
    for (size_t at = 0; at < w->image_len; at++) {
        w->image[at] ^= 1;
        assert_int_equal(card_state_decode(bytes_of(w->image, w->image_len), s).code, ERROR_CARD_IMAGE);
        w->image[at] ^= 1;
    }
    for (size_t len = 0; len < w->image_len; len++)
        assert_int_equal(card_state_decode(bytes_of(w->image, len), s).code, ERROR_CARD_IMAGE);
    free(s);
    world_free(w);
}

/* Images whose checksum holds but whose contents contradict themselves. */
static void contradictory_images_are_refused(void **state)
{
    struct world *w = world_new();
    uint8_t point[SM2_POINT_SIZE];
    struct card_state *s = malloc(sizeof *s);
    world_produce(w, pin, point);
    size_t refused = 0;
    for (size_t at = 0; at + SM3_SIZE < w->image_len; at++) {
        uint8_t was = w->image[at];
        w->image[at] = 0xEE;
        sm3_hash(bytes_of(w->image, w->image_len - SM3_SIZE), w->image + w->image_len - SM3_SIZE);
        struct result r = card_state_decode(bytes_of(w->image, w->image_len), s);
        refused += failed(r);
        w->image[at] = was;
    }
    assert_true(refused > 40); /* lengths, kinds, slots, flags; the rest are bytes of names, keys and certificates */
    free(s);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_power_goes_at_every_write),
        cmocka_unit_test(the_power_goes_at_every_write_of_another_program),
        cmocka_unit_test(r_unlock_1_no_loss_of_power_gives_tries),
        cmocka_unit_test(every_changed_byte_of_an_image_is_noticed),
        cmocka_unit_test(contradictory_images_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
