/* The commands of GM/T 0017, byte for byte, and what is wrong with them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "token/card/card_sha1.h"
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

static uint16_t raw(struct world *w, const char *hex)
{
    struct bytes command;
    assert_false(failed(text_from_hex(w->arena, hex, &command)));
    size_t len = card_exchange(w->card, command, world_answer);
    world_answer_len = len - 2;
    return (uint16_t)(world_answer[len - 2] << 8 | world_answer[len - 1]);
}

/* ISO 7816-4: short and extended lengths, each with and without Le. */
static void frames(void **state)
{
    struct world *w = *state;
    assert_int_equal(raw(w, "80040000"), 0x9000);
    assert_int_equal(world_answer_len, 288);
    assert_int_equal(raw(w, "8004000000"), 0x9000);       /* short Le 0 */
    assert_int_equal(raw(w, "80040000000120"), 0x9000);   /* extended Le 288 */
    assert_int_equal(raw(w, "80040000000000"), 0x9000);   /* extended Le 0: all */
    assert_int_equal(raw(w, "8004000000011f"), 0x6C00);   /* one too few */
    assert_int_equal(world_answer_len, 0);
    assert_int_equal(raw(w, "8004000010"), 0x6C00);       /* short Le 16 */
    assert_int_equal(raw(w, "8050000008"), 0x9000);
    assert_int_equal(world_answer_len, 8);
    assert_int_equal(raw(w, "8026000003415050"), 0x6A8B); /* short Lc: no application APP */
    assert_int_equal(raw(w, "802600000341505000"), 0x6A8B);
    assert_int_equal(raw(w, "80260000000003415050"), 0x6A8B);     /* extended Lc */
    assert_int_equal(raw(w, "802600000000034150500000"), 0x6A8B); /* … and Le */
    static const char *const broken[] = { "", "80", "800400", "8026000004415050", "80260000034150500000",
                                          "80260000000004415050", "8026000000000341505000", "802600000000000000",
                                          "8026000000000441505000000000" };
    for (size_t i = 0; i < COUNT(broken); i++) assert_int_equal(raw(w, broken[i]), 0x6700);
    assert_int_equal(raw(w, "00a40000"), 0x6E00);
    assert_int_equal(raw(w, "84040000"), 0x6E00); /* no MAC is defined for it */
    assert_int_equal(raw(w, "80060000"), 0x6D00);
    assert_int_equal(raw(w, "b0020000"), 0x6D00);
    assert_int_equal(raw(w, "80520000"), 0x6A81); /* RSA */
}

/* DEVINFO as it travels: 288 bytes, fields at their places, integers with the lowest byte first. */
static void device_info(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_send(w, 0x80040000, (struct bytes){ 0 }), 0x9000);
    const uint8_t *a = world_answer;
    assert_memory_equal(a, "\1\1\1\0Maker\0", 10);
    assert_memory_equal(a + 4 + 64 + 64 + 32, WORLD_SERIAL "\0", sizeof WORLD_SERIAL);
    assert_memory_equal(a + 200, "\x1f\x04\0\0\0\x0e\2\0\1\0\0\0\1\4\0\0", 16);
}

/* SHA-1 of FIPS 180-4, which the PIN keys of 2012 are made with. */
static void sha1(void **state)
{
    uint8_t hash[CARD_SHA1_SIZE];
    card_sha1(bytes_text("abc"), hash);
    assert_memory_equal(hash, "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d", 20);
    card_sha1(bytes_text(""), hash);
    assert_memory_equal(hash, "\xda\x39\xa3\xee\x5e\x6b\x4b\x0d\x32\x55\xbf\xef\x95\x60\x18\x90\xaf\xd8\x07\x09", 20);
}

/* ---- the issuer ---- */

static void device_auth_takes_each_challenge_once(void **state)
{
    struct world *w = *state;
    uint8_t answer[16], label[] = "my key";
    assert_int_equal(world_send(w, 0x80020000, BYTES(label)), 0x6982);
    memset(answer, 0, sizeof answer);
    assert_int_equal(world_send(w, 0x80100002, BYTES(answer)), 0x6984); /* no challenge */
    assert_int_equal(raw(w, "8050000008"), 0x9000);
    world_device_answer(w, world_answer, answer);
    answer[3] ^= 1;
    assert_int_equal(world_send(w, 0x80100002, BYTES(answer)), 0x6982);
    answer[3] ^= 1;
    assert_int_equal(world_send(w, 0x80100002, BYTES(answer)), 0x6984); /* used up by the wrong one */
    assert_int_equal(raw(w, "8050000008"), 0x9000);
    world_device_answer(w, world_answer, answer);
    assert_int_equal(world_send(w, 0x80100000, BYTES(answer)), 0x6A81); /* SM1 */
    assert_int_equal(world_send(w, 0x80100002, bytes_of(answer, 15)), 0x6700);
    assert_int_equal(world_send(w, 0x80100002, BYTES(answer)), 0x9000);
    assert_int_equal(world_send(w, 0x80020000, BYTES(label)), 0x9000);
    world_power(w);
    assert_int_equal(world_send(w, 0x80020000, BYTES(label)), 0x6982); /* rights end with the power */
    assert_int_equal(world_send(w, 0x80040000, (struct bytes){ 0 }), 0x9000);
    assert_string_equal((char *)world_answer + 132, "my key");
}

/* ChangeDevAuthKey: E(new key) and the MAC of 4 bytes under the present key, over header, length and data. */
static void device_key_is_changed_under_the_old_one(void **state)
{
    struct world *w = *state;
    uint8_t old[16], fresh[16] = { 1, 2, 3 }, iv[16] = { 0 }, message[32] = { 0x84, 0x12, 0, 2, 0, 16 }, answer[16];
    struct sm4 sm4;
    world_application(w); /* leaves DevAuth in force */
    card_device_key(BYTES(w->transport_key), bytes_text(WORLD_SERIAL), old);
    sm4_init(&sm4, old);
    assert_int_equal(raw(w, "8050000008"), 0x9000);
    memcpy(iv, world_answer, 8);
    sm4_ecb_encrypt(&sm4, fresh, 16, message + 6);
    message[22] = 0x80;
    put_begin();
    put(bytes_of(message + 6, 16));
    sm4_cbc_encrypt(&sm4, iv, message, 32, message);
    put(bytes_of(iv, 4));
    world_data.ptr[19] ^= 1;
    assert_int_equal(world_send(w, 0x84120002, put_end()), 0x6988);
    world_data.ptr[19] ^= 1;
    assert_int_equal(world_send(w, 0x84120002, put_end()), 0x6984); /* its challenge was used up */
    assert_int_equal(raw(w, "8050000008"), 0x9000);
    memset(iv, 0, sizeof iv);
    memcpy(iv, world_answer, 8);
    memset(message, 0, sizeof message);
    memcpy(message, "\x84\x12\0\2\0\x10", 6);
    sm4_ecb_encrypt(&sm4, fresh, 16, message + 6);
    message[22] = 0x80;
    sm4_cbc_encrypt(&sm4, iv, message, 32, message);
    put_begin();
    uint8_t sealed[16];
    sm4_ecb_encrypt(&sm4, fresh, 16, sealed);
    put(BYTES(sealed));
    put(bytes_of(iv, 4));
    assert_int_equal(world_send(w, 0x84120002, put_end()), 0x9000);
    world_power(w);
    assert_int_equal(raw(w, "8050000008"), 0x9000);
    card_device_answer(fresh, world_answer, answer);
    assert_int_equal(world_send(w, 0x80100002, BYTES(answer)), 0x9000);
}

/* ---- applications ---- */

static void put_application(const char *name, const char *admin, uint32_t admin_tries, const char *user,
                            uint32_t user_tries)
{
    put_begin();
    put_padded(name, 48);
    put_padded(admin, 16);
    put_u32(admin_tries);
    put_padded(user, 16);
    put_u32(user_tries);
    put_u32(0x10);
    put_u16(0x0802);
    put_u16(4);
}

static void applications(void **state)
{
    struct world *w = *state;
    world_application(w);
    put_application(WORLD_APP, WORLD_ADMIN, 6, WORLD_USER, 6);
    assert_int_equal(world_send(w, 0x80200000, put_end()), 0x6A89);
    put_application("", WORLD_ADMIN, 6, WORLD_USER, 6);
    assert_int_equal(world_send(w, 0x80200000, put_end()), 0x6A80);
    put_application("A234567890123456789012345678901234567890", WORLD_ADMIN, 6, WORLD_USER, 6);
    assert_int_equal(world_send(w, 0x80200000, put_end()), 0x6A80); /* 40 letters; 32 are the most */
    put_application("B", "73194", 6, WORLD_USER, 6);
    assert_int_equal(world_send(w, 0x80200000, put_end()), 0x6A80);
    put_application("B", WORLD_ADMIN, 0, WORLD_USER, 6);
    assert_int_equal(world_send(w, 0x80200000, put_end()), 0x6A80);
    put_application("B", WORLD_ADMIN, 6, WORLD_USER, 16);
    assert_int_equal(world_send(w, 0x80200000, put_end()), 0x6A80);
    put_application("B", WORLD_ADMIN, 6, "123456", 6);
    assert_int_equal(world_send(w, 0x80200000, put_end()), 0x6A97);
    put_application("B", WORLD_ADMIN, 6, WORLD_USER, 6);
    assert_int_equal(world_send(w, 0x80200000, bytes_of(world_data.ptr, 95)), 0x6700);
    assert_int_equal(world_send(w, 0x80200000, put_end()), 0x9000);
    assert_int_equal(world_send(w, 0x80220000, (struct bytes){ 0 }), 0x9000);
    assert_int_equal(world_answer_len, 7);
    assert_memory_equal(world_answer, "APP\0B\0", 7);
    for (const char *more = "CDE"; *more; more++) { /* room for 4 */
        char name[2] = { *more, 0 };
        put_application(name, WORLD_ADMIN, 6, WORLD_USER, 6);
        assert_int_equal(world_send(w, 0x80200000, put_end()), *more == 'E' ? 0x6A84 : 0x9000);
    }
    assert_int_equal(world_send(w, 0x80240000, bytes_text("X")), 0x6A8B);
    assert_int_equal(world_send(w, 0x80240000, bytes_text(WORLD_APP)), 0x9000);
    put_begin();
    put_u16(1);
    assert_int_equal(world_send(w, 0x80140001, put_end()), 0x6A88); /* its number is no one's now */
    world_power(w);
    assert_int_equal(world_send(w, 0x80240000, bytes_text("B")), 0x6982);
    assert_int_equal(world_send(w, 0x80260000, bytes_text("B")), 0x9000);
    put_begin();
    put_u16(2);
    assert_int_equal(world_send(w, 0x80280000, put_end()), 0x9000);
    assert_int_equal(world_send(w, 0x80280000, put_end()), 0x6A88);
}

/* ---- files ---- */

static void put_file(const char *name, size_t field, uint32_t size, uint32_t read, uint32_t write)
{
    put_begin();
    put_padded(name, field);
    put_u32(size);
    put_u32(read);
    put_u32(write);
}

static void put_part(uint32_t offset, const char *name)
{
    put_begin();
    put_u16(1);
    put_u16(offset);
    put_u16((uint32_t)strlen(name));
    put_text(name);
}

static void files(void **state)
{
    struct world *w = *state;
    world_application(w);
    put_file("notes", 32, 100, 0xFF, 0x10);
    assert_int_equal(world_send(w, 0x80300001, put_end()), 0x6982); /* the user may make files */
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x9000);
    put_file("notes", 32, 100, 0xFF, 0x10);
    assert_int_equal(world_send(w, 0x80300001, put_end()), 0x9000);
    assert_int_equal(world_send(w, 0x80300001, put_end()), 0x6A92);
    put_file("big", 48, CARD_FILE_ROOM, 0xFF, 0x10);
    assert_int_equal(world_send(w, 0x80300001, put_end()), 0x6A84);
    put_file("admin", 40, 16, 0x01, 0x01);
    assert_int_equal(world_send(w, 0x80300001, put_end()), 0x9000);
    put_file("odd", 33, 16, 0xFF, 0xFF);
    assert_int_equal(world_send(w, 0x80300001, put_end()), 0x6700);
    assert_int_equal(world_send(w, 0x80340001, (struct bytes){ 0 }), 0x9000);
    assert_memory_equal(world_answer, "notes\0admin\0", 13);
    put_part(90, "notes");
    put_u16(10);
    put_text("ten bytes.");
    assert_int_equal(world_send(w, 0x803A0000, put_end()), 0x9000);
    put_part(91, "notes");
    put_u16(10);
    put_text("ten bytes.");
    assert_int_equal(world_send(w, 0x803A0000, put_end()), 0x6B00);
    put_part(0, "admin");
    put_u16(1);
    put_text("x");
    assert_int_equal(world_send(w, 0x803A0000, put_end()), 0x6982);
    put_part(0, "admin");
    assert_int_equal(world_send(w, 0x80380000, put_end()), 0x6982);
    assert_int_equal(world_verify(w, 1, 0, WORLD_ADMIN), 0x9000);
    put_part(0, "admin");
    assert_int_equal(world_send(w, 0x80380000, put_end()), 0x9000);
    assert_int_equal(world_answer_len, 16);
    world_power(w);
    assert_int_equal(world_send(w, 0x80260000, bytes_text(WORLD_APP)), 0x9000);
    put_part(88, "notes");
    assert_int_equal(world_send(w, 0x80380000, put_end()), 0x9000); /* anybody may read it */
    assert_memory_equal(world_answer, "\0\0ten bytes.", 12);
    put_part(100, "notes");
    assert_int_equal(world_send(w, 0x80380000, put_end()), 0x6B00);
    put_part(0, "none");
    assert_int_equal(world_send(w, 0x80380000, put_end()), 0x6A93);
    assert_int_equal(world_send(w, 0x80360001, bytes_text("notes")), 0x9000);
    assert_memory_equal(world_answer, "\x64\0\0\0\xFF\0\0\0\x10\0\0", 12);
    assert_int_equal(world_send(w, 0x80320001, bytes_text("notes")), 0x6982);
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x9000);
    assert_int_equal(world_send(w, 0x80320001, bytes_text("notes")), 0x9000);
    assert_int_equal(world_send(w, 0x80360001, bytes_text("notes")), 0x6A93);
    assert_int_equal(world_send(w, 0x80360001, bytes_text("admin")), 0x9000);
}

/* ---- containers and SM2 ---- */

static void put_place(void)
{
    put_begin();
    put_u16(1);
    put_u16(1);
}

static void put_certificate(struct bytes der, uint8_t kind)
{
    put_place();
    write_u8(&world_data, kind);
    put_u32((uint32_t)der.len);
    put(der);
}

static void containers_and_certificates(void **state)
{
    struct world *w = *state;
    uint8_t point[SM2_POINT_SIZE];
    world_container(w, point);
    put_begin();
    put_u16(1);
    put_text("C");
    assert_int_equal(world_send(w, 0x80400000, put_end()), 0x6E02);
    assert_int_equal(world_send(w, 0x80420000, put_end()), 0x9000);
    assert_int_equal(world_send(w, 0x804A0000, put_end()), 0x9000);
    assert_memory_equal(world_answer, "\2\0\1\0\0\0\0\0\0\0\0", 11);
    struct bytes der = world_certificate(w, point, &profile_holder_signing);
    put_certificate(der, 0);
    assert_int_equal(world_send(w, 0x804C0000, put_end()), 0x6A95); /* no encryption pair yet */
    put_certificate(bytes_of(der.ptr, der.len - 1), 1);
    assert_int_equal(world_send(w, 0x804C0000, put_end()), 0x6A80);
    put_certificate(world_certificate(w, w->encryption_key.public.point, &profile_holder_signing), 1);
    assert_int_equal(world_send(w, 0x804C0000, put_end()), 0x6A80); /* for another key */
    put_certificate(der, 2);
    assert_int_equal(world_send(w, 0x804C0000, put_end()), 0x6A80);
    put_certificate(der, 1);
    assert_int_equal(world_send(w, 0x804C0000, put_end()), 0x9000);
    put_place();
    put_u32(256);
    assert_int_equal(world_send(w, 0x80700000, put_end()), 0x6986); /* a certified key is not replaced */
    world_power(w);
    assert_int_equal(world_send(w, 0x80260000, bytes_text(WORLD_APP)), 0x9000);
    put_place();
    assert_int_equal(world_send(w, 0x804E0100, put_end()), 0x6A94); /* container not opened */
    put_begin();
    put_u16(1);
    put_text("C");
    assert_int_equal(world_send(w, 0x80420000, put_end()), 0x9000);
    put_place();
    assert_int_equal(world_send(w, 0x804E0100, put_end()), 0x9000); /* anybody reads certificates */
    assert_int_equal(world_answer_len, der.len);
    assert_memory_equal(world_answer, der.ptr, der.len);
    assert_int_equal(world_send(w, 0x804E0000, put_end()), 0x6A96);
    assert_int_equal(world_send(w, 0x804E0200, put_end()), 0x6A86);
    put_certificate(der, 1);
    assert_int_equal(world_send(w, 0x804C0000, put_end()), 0x6982); /* nobody writes them without the PIN */
    put_begin();
    put_u16(1);
    put_text("C");
    assert_int_equal(world_send(w, 0x80480000, put_end()), 0x6982);
}

static void signatures(void **state)
{
    struct world *w = *state;
    uint8_t point[SM2_POINT_SIZE], digest[SM3_SIZE];
    struct sm2_public key;
    world_container(w, point);
    assert_false(failed(sm2_public_init(&key, point)));
    sm2_digest(&key, bytes_text("message"), digest);
    put_place();
    put(BYTES(digest));
    assert_int_equal(world_send(w, 0x80740200, put_end()), 0x9000);
    assert_int_equal(world_answer_len, 68);
    assert_memory_equal(world_answer, "\0\1\0", 4);
    assert_false(failed(sm2_verify(&key, bytes_text("message"), world_answer + 4)));
    assert_int_equal(world_send(w, 0x80740200, bytes_of(world_data.ptr, 35)), 0x6700);
    assert_int_equal(world_send(w, 0x80740000, put_end()), 0x6A86);
    put_place();
    put_u32(16);
    put_text("1234567812345678message");
    assert_int_equal(world_send(w, 0x80740100, put_end()), 0x9000); /* the card hashes it with Z */
    assert_false(failed(sm2_verify(&key, bytes_text("message"), world_answer + 4)));
    uint8_t signature[SM2_SIGNATURE_SIZE];
    memcpy(signature, world_answer + 4, sizeof signature);
    put_begin();
    put_u32(256);
    put(BYTES(point));
    put_u32(32);
    put(BYTES(digest));
    put(BYTES(signature));
    assert_int_equal(world_send(w, 0x80760000, put_end()), 0x9000);
    world_data.ptr[80] ^= 1;
    assert_int_equal(world_send(w, 0x80760000, put_end()), 0x6A98);
    put_place();
    put_u32(17); /* longer than what there is */
    put_text("1234567812345678");
    assert_int_equal(world_send(w, 0x80740100, put_end()), 0x6700);
}

/* R-PKI-2: the encryption pair comes enveloped for the signing key, in the layout of the command. */
static void r_pki_2_import_of_the_encryption_pair(void **state)
{
    struct world *w = *state;
    uint8_t point[SM2_POINT_SIZE], blob[ENVELOPED_KEY_SIZE];
    world_container(w, point);
    world_envelope(w, point, blob);
    put_place();
    put(bytes_of(blob, 12));            /* version, algorithm, bits */
    put(bytes_of(blob + 240, 32));      /* C1 */
    put(bytes_of(blob + 304, 32));
    put(bytes_of(blob + 336, 32 + 4 + 16)); /* hash, length, cipher */
    put_u32(256);
    put(bytes_of(blob + 112, 32));
    put(bytes_of(blob + 176, 32));
    put_u32(64);
    put(bytes_of(blob + 12, 64));
    size_t len = world_data.len;
    for (size_t at = 4; at < len; at += 7) {
        if (at >= len - 64 && at < len - 32) continue; /* filling: some CAs leave it, some do not */
        world_data.ptr[at] ^= 0x40;
        assert_int_equal(world_send(w, 0x80720000, put_end()), 0x6A80);
        world_data.ptr[at] ^= 0x40;
    }
    assert_int_equal(world_send(w, 0x80720000, bytes_of(world_data.ptr, len - 1)), 0x6700);
    assert_int_equal(world_send(w, 0x80720000, put_end()), 0x9000);
    put_place();
    assert_int_equal(world_send(w, 0x80880000, put_end()), 0x9000);
    assert_memory_equal(world_answer + 4, w->encryption_key.public.point, SM2_POINT_SIZE);
    /* and what is encrypted to it can be read, with the PIN */
    uint8_t cipher[SM2_CIPHERTEXT_EXTRA + 7];
    assert_false(failed(sm2_encrypt(&w->encryption_key.public, bytes_text("letters"), &w->drbg, cipher)));
    put_place();
    put_u32(256);
    put(bytes_of(cipher, SM2_CIPHERTEXT_EXTRA));
    put_u32(7);
    put(bytes_of(cipher + SM2_CIPHERTEXT_EXTRA, 7));
    assert_int_equal(world_send(w, 0xB0400000, put_end()), 0x9000);
    assert_int_equal(world_answer_len, 7);
    assert_memory_equal(world_answer, "letters", 7);
    world_data.ptr[world_data.len - 1] ^= 1;
    assert_int_equal(world_send(w, 0xB0400000, put_end()), 0x6A9B);
}

/* Keys that the host brings along. */
static void operations_with_keys_from_outside(void **state)
{
    struct world *w = *state;
    uint8_t d[SM2_KEY_SIZE], digest[SM3_SIZE], cipher[256];
    sm2_private_bytes(&w->encryption_key, d);
    sm2_digest(&w->encryption_key.public, bytes_text("m"), digest);
    put_begin();
    put_u32(256);
    put(BYTES(d));
    put_u32(32);
    put(BYTES(digest));
    assert_int_equal(world_send(w, 0x807E0000, put_end()), 0x9000);
    assert_false(failed(sm2_verify(&w->encryption_key.public, bytes_text("m"), world_answer + 4)));
    put_begin();
    put_u32(256);
    put(BYTES(w->encryption_key.public.point));
    put_u32(5);
    put_text("plain");
    assert_int_equal(world_send(w, 0x807A0000, put_end()), 0x9000);
    size_t len = world_answer_len;
    memcpy(cipher, world_answer, len);
    put_begin();
    put_u32(256);
    put(BYTES(d));
    put(bytes_of(cipher, len));
    assert_int_equal(world_send(w, 0x807C0000, put_end()), 0x9000);
    assert_memory_equal(world_answer, "plain", 5);
    put_begin();
    put_u32(256);
    put_zeros(64); /* not on the curve */
    put_u32(5);
    put_text("plain");
    assert_int_equal(world_send(w, 0x807A0000, put_end()), 0x6A80);
}

/* ---- every command with every wrong length, and without rights ---- */

static bool is_known(uint16_t sw)
{
    static const uint16_t words[] = { 0x9000, 0x6581, 0x6700, 0x6982, 0x6983, 0x6984, 0x6985, 0x6986, 0x6988, 0x698A,
                                      0x6A80, 0x6A81, 0x6A84, 0x6A86, 0x6A88, 0x6A89, 0x6A8B, 0x6A91, 0x6A92, 0x6A93,
                                      0x6A94, 0x6A95, 0x6A96, 0x6A97, 0x6A98, 0x6A99, 0x6A9B, 0x6A9C, 0x6A9F, 0x6B00,
                                      0x6C00, 0x6D00, 0x6E00, 0x6E02 };
    for (size_t i = 0; i < COUNT(words); i++)
        if (words[i] == sw) return true;
    return (sw & 0xFFF0) == 0x63C0;
}

/* Zeros and noise of every length: an answer of the table, and nothing that lasts is changed. */
static void no_command_changes_anything_without_rights(void **state)
{
    struct world *w = *state;
    uint8_t point[SM2_POINT_SIZE], noise[400];
    static const uint8_t classes[] = { 0x80, 0x84, 0xB0 };
    world_container(w, point);
    world_power(w);
    assert_int_equal(world_send(w, 0x80260000, bytes_text(WORLD_APP)), 0x9000);
    put_begin();
    put_u16(1);
    put_text("C");
    assert_int_equal(world_send(w, 0x80420000, put_end()), 0x9000);
    int writes = w->writes;
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)(i * 37 + 11);
    memcpy(noise, "\1\0\1\0", 4);
    for (size_t c = 0; c < COUNT(classes); c++)
        for (uint32_t ins = 0; ins < 256; ins++)
            for (size_t len = 0; len < sizeof noise; len += len < 140 ? 1 : 13) {
                uint32_t header = (uint32_t)classes[c] << 24 | ins << 16 | (len % 3) << 8 | len % 2;
                if (ins == 0x18 && len == 18) continue; /* a wrong PIN does count */
                uint16_t sw = world_send(w, header, bytes_of(noise, len));
                if (!is_known(sw)) fail_msg("%08x with %zu bytes: %04x", header, len, sw);
            }
    assert_int_equal(w->writes, writes);
    assert_int_equal(world_send(w, 0x80260000, bytes_text(WORLD_APP)), 0x9000); /* CloseApplication was among them */
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x9000);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(frames), T(device_info), T(sha1), T(device_auth_takes_each_challenge_once),
        T(device_key_is_changed_under_the_old_one), T(applications), T(files), T(containers_and_certificates),
        T(signatures), T(r_pki_2_import_of_the_encryption_pair), T(operations_with_keys_from_outside),
        T(no_command_changes_anything_without_rights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
