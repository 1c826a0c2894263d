#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "world.h"

#include "base/clock.h"
#include "base/random.h"
#include "crypto/sm2_exchange.h"
#include "pki/issue.h"
#include "pki/statement.h"
#include "token/card/card_sha1.h"

enum { NOW = 1800000000 };

uint8_t world_answer[CARD_ANSWER_MAX];
size_t world_answer_len;

/* ---- storage in memory ---- */

static struct result storage_write(void *context, struct bytes image)
{
    struct world *w = context;
    bool fails = ++w->writes == w->fail_at;
    if (!fails || w->fail_after) {
        memcpy(w->image, image.ptr, image.len);
        w->image_len = image.len;
    }
    return fails ? FAIL(ERROR_IO) : OK;
}

static struct result storage_read(void *context, struct bytes *ret_image)
{
    struct world *w = context;
    *ret_image = bytes_of(w->image, w->image_len);
    return OK;
}

static void storage_entropy(void *context, uint8_t *into, size_t len)
{
    (void)context;
    random_fill(into, len);
}

/* ---- who makes it ---- */

static struct certificate *issue(struct world *w, const struct profile *profile, struct certificate_fields *fields,
                                 const struct certificate *issuer, const struct sm2_private *issuer_key)
{
    struct issuance issuance = { profile, fields, issuer, signing_key_sm2(issuer_key) };
    struct diag diag = { 0 };
    struct bytes der;
    struct certificate *c;
    struct result r = certificate_issue(&issuance, &w->drbg, w->arena, &diag, &der);
    if (failed(r)) fail_msg("%s: %d %s", profile->name, (int)r.code, diag.log);
    assert_false(failed(certificate_parse(der, w->arena, &c)));
    return c;
}

static struct certificate_fields fields_of(const struct sm2_public *key, const char *name, int years)
{
    return (struct certificate_fields){
        .subject = { .country = "CN", .organization = "虎符", .common_name = name },
        .key = public_key_sm2(key),
        .not_before_s = NOW,
        .not_after_s = certificate_validity_end(NOW, years),
    };
}

static void make_authorities(struct world *w)
{
    struct certificate_fields f = fields_of(&w->maker_key.public, "Card Maker", 30);
    w->maker = issue(w, &profile_card_maker_ca, &f, NULL, &w->maker_key);
    f = fields_of(&w->issuing_key.public, "虎符根", 30);
    w->issuing = issue(w, &profile_root_ca, &f, NULL, &w->issuing_key);
}

static void make_image(struct world *w)
{
    struct card_state *s = calloc(1, sizeof *s);
    struct certificate_fields f = fields_of(&w->own_key.public, "USBKey", 20);
    struct bytes image;
    assert_non_null(s);
    f.subject.serial_number = WORLD_SERIAL;
    const struct certificate *own = issue(w, &profile_card, &f, w->maker, &w->maker_key);
    s->serial.len = sizeof WORLD_SERIAL - 1;
    memcpy(s->serial.text, WORLD_SERIAL, sizeof WORLD_SERIAL - 1);
    s->maker.len = 5;
    memcpy(s->maker.text, "Maker", 5);
    sm2_private_bytes(&w->own_key, s->own_key);
    card_device_key(BYTES(w->transport_key), bytes_text(WORLD_SERIAL), s->device_key);
    s->own_certificate.len = (uint16_t)own->der.len;
    memcpy(s->own_certificate.der, own->der.ptr, own->der.len);
    assert_false(failed(card_state_encode(s, w->image, sizeof w->image, &image)));
    w->image_len = image.len;
    free(s);
}

struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);
    uint8_t seed[DRBG_ENTROPY_MIN] = { 9 };
    assert_non_null(w);
    w->arena = arena_new(8 << 20);
    drbg_init(&w->drbg, BYTES(seed), (struct bytes){ 0 }, (struct bytes){ 0 });
    struct sm2_private *const keys[] = { &w->maker_key, &w->issuing_key, &w->own_key, &w->encryption_key };
    for (size_t i = 0; i < COUNT(keys); i++) assert_false(failed(sm2_private_generate(keys[i], &w->drbg)));
    memset(w->transport_key, 0x17, sizeof w->transport_key);
    memset(w->master_key, 0x4D, sizeof w->master_key);
    make_authorities(w);
    make_image(w);
    w->card = calloc(1, sizeof *w->card);
    assert_non_null(w->card);
    world_power(w);
    return w;
}

void world_free(struct world *w)
{
    arena_free(w->arena);
    free(w->card);
    free(w);
}

void world_power(struct world *w)
{
    struct card_io io = { w, storage_write, storage_read, storage_entropy };
    assert_false(failed(card_init(w->card, &io)));
}

/* ---- what an issuer answers ---- */

void world_device_answer(const struct world *w, const uint8_t challenge[CARD_CHALLENGE_SIZE], uint8_t ret_answer[16])
{
    uint8_t key[CARD_KEY_SIZE];
    card_device_key(BYTES(w->transport_key), bytes_text(WORLD_SERIAL), key);
    card_device_answer(key, challenge, ret_answer);
}

void world_admin_sealed(struct world *w, uint8_t ret_sealed[CARD_ADMIN_SEALED_SIZE])
{
    uint8_t key[CARD_KEY_SIZE];
    card_admin_key(BYTES(w->master_key), bytes_text(WORLD_SERIAL), key);
    assert_false(failed(card_admin_seal(&w->own_key.public, 1, key, &w->drbg, ret_sealed)));
}

void world_unlock_answer(const struct world *w, const uint8_t challenge[CARD_UNLOCK_CHALLENGE_SIZE],
                         const char *approval, uint8_t ret_answer[CARD_UNLOCK_ANSWER_SIZE])
{
    uint8_t key[CARD_KEY_SIZE], hash[SM3_SIZE];
    card_admin_key(BYTES(w->master_key), bytes_text(WORLD_SERIAL), key);
    sm3_hash(bytes_text(approval), hash);
    card_unlock_answer(key, bytes_text(WORLD_SERIAL), challenge, hash, ret_answer);
}

struct bytes world_certificate(struct world *w, const uint8_t point[SM2_POINT_SIZE], const struct profile *profile)
{
    struct sm2_public key;
    assert_false(failed(sm2_public_init(&key, point)));
    struct certificate_fields f = fields_of(&key, "张三", 1);
    f.credit_code = "91350100M000100Y43";
    f.crl_url = f.ca_url = "http://status.example/issuing.crl";
    f.ocsp_url = "http://status.example/ocsp";
    f.policy = "2.5.29.32.0";
    return issue(w, profile, &f, w->issuing, &w->issuing_key)->der;
}

void world_envelope(struct world *w, const uint8_t point[SM2_POINT_SIZE], uint8_t ret_blob[ENVELOPED_KEY_SIZE])
{
    struct sm2_public container;
    assert_false(failed(sm2_public_init(&container, point)));
    assert_false(failed(enveloped_key_seal(&w->encryption_key, &container, &w->drbg, ret_blob)));
}

const char *world_download_text(struct world *w, const char *service, const char *container,
                                const uint8_t point[SM2_POINT_SIZE])
{
    const char *zeros = "0000000000000000000000000000000000000000000000000000000000000000";
    const char *text = NULL;
    struct download_statement s = {
        .origin = "https://portal.example",
        .application = "20261124000000017",
        .service = service,
        .approval = zeros,
        .card = WORLD_SERIAL,
        .container = container,
        .public_key = text_hex(w->arena, bytes_of(point, SM2_POINT_SIZE)),
        .attestation = arena_format(w->arena, "%s%s", zeros, zeros),
        .certificate = "0badcafe",
        .time = "1800000000",
    };
    assert_false(failed(statement_write(&download_statement_shape, &s, w->arena, &text)));
    return text;
}

const char *world_produce_text(struct world *w, const char *card, const uint8_t point[SM2_POINT_SIZE])
{
    const char *zeros = "0000000000000000000000000000000000000000000000000000000000000000";
    const char *text = NULL;
    struct produce_statement s = {
        .application = "20261124000000017",
        .approval = zeros,
        .card = card,
        .public_key = text_hex(w->arena, bytes_of(point, SM2_POINT_SIZE)),
        .attestation = arena_format(w->arena, "%s%s", zeros, zeros),
        .delivery = PRODUCE_POST,
        .operator_serial = "0badcafe",
        .time = "1800000000",
    };
    assert_false(failed(statement_write(&produce_statement_shape, &s, w->arena, &text)));
    return text;
}

/* ---- commands by hand ---- */

static struct bytes encode(uint32_t header, struct bytes data, uint16_t le, uint8_t *into, size_t room)
{
    struct writer out = writer_of(into, room);
    write_u32(&out, header);
    write_u8(&out, 0);
    if (data.len) {
        write_u16(&out, (uint16_t)data.len);
        write_bytes(&out, data);
    }
    write_u16(&out, le);
    assert_false(out.full);
    return bytes_of(into, out.len);
}

static uint16_t run(struct world *w, struct bytes command)
{
    size_t len = card_exchange(w->card, command, world_answer);
    world_answer_len = len - 2;
    return (uint16_t)(world_answer[len - 2] << 8 | world_answer[len - 1]);
}

uint16_t world_send_le(struct world *w, uint32_t header, struct bytes data, uint16_t le)
{
    uint8_t command[CARD_COMMAND_MAX + 16];
    return run(w, encode(header, data, le, command, sizeof command));
}

uint16_t world_send(struct world *w, uint32_t header, struct bytes data)
{
    return world_send_le(w, header, data, 0);
}

/* ---- a protected channel by hand ---- */

void world_channel_open(struct world *w, struct world_channel *channel)
{
    struct sm2_private own, ephemeral;
    struct sm2_public card_ephemeral;
    struct sm2_confirmation expected;
    uint8_t keys[2 * SM4_KEY_SIZE];
    assert_false(failed(sm2_private_generate(&own, &w->drbg)));
    assert_false(failed(sm2_private_generate(&ephemeral, &w->drbg)));
    put_begin();
    put(BYTES(own.public.point));
    put(BYTES(ephemeral.public.point));
    assert_int_equal(world_send(w, 0xB0100000, put_end()), 0x9000);
    assert_int_equal(world_answer_len, SM2_POINT_SIZE + SM3_SIZE + 2);
    assert_false(failed(sm2_public_init(&card_ephemeral, world_answer)));
    struct sm2_exchange x = { true, &own, &ephemeral, &w->own_key.public, &card_ephemeral, sm2_default_identity,
                              bytes_text(WORLD_SERIAL) };
    assert_false(failed(sm2_exchange(&x, keys, sizeof keys, &expected)));
    assert_memory_equal(expected.responder, world_answer + SM2_POINT_SIZE, SM3_SIZE);
    memset(channel, 0, sizeof *channel);
    memcpy(channel->key_out, keys, SM4_KEY_SIZE);
    memcpy(channel->key_in, keys + SM4_KEY_SIZE, SM4_KEY_SIZE);
    channel->number = world_answer[world_answer_len - 2];
    channel->turn = world_answer[world_answer_len - 1];
}

static void gcm_nonce(uint32_t count, uint8_t ret_nonce[SM4_GCM_NONCE_SIZE])
{
    struct writer w = writer_of(ret_nonce, SM4_GCM_NONCE_SIZE);
    write_u64(&w, 0);
    write_u32(&w, count);
}

uint16_t world_channel_send(struct world *w, struct world_channel *channel, uint32_t header, struct bytes data,
                            uint16_t *ret_outer)
{
    static uint8_t inner[CARD_COMMAND_MAX], sealed[CARD_COMMAND_MAX], plain[CARD_ANSWER_MAX];
    const uint8_t outer[4] = { 0xB0, 0x1C, channel->number, channel->turn };
    uint8_t nonce[SM4_GCM_NONCE_SIZE];
    struct sm4 sm4;
    struct bytes command = encode(header, data, channel->le, inner, sizeof inner);
    channel->le = 0;
    gcm_nonce(channel->count, nonce);
    sm4_init(&sm4, channel->key_out);
    sm4_gcm_seal(&sm4, nonce, BYTES(outer), command, sealed, sealed + command.len);
    struct bytes wire = encode(0xB01C0000u | (uint32_t)channel->number << 8 | channel->turn, bytes_of(sealed, command.len + 16), 0,
                               channel->last, sizeof channel->last);
    channel->last_len = wire.len;
    if (channel->flip) channel->last[channel->flip] ^= 0x20;
    uint16_t sw = run(w, wire);
    if (ret_outer) *ret_outer = sw;
    if (sw != 0x9000) return 0;
    assert_true(world_answer_len >= 18);
    size_t len = world_answer_len - 16;
    sm4_init(&sm4, channel->key_in);
    assert_false(failed(sm4_gcm_open(&sm4, nonce, BYTES(outer), bytes_of(world_answer, len), world_answer + len, plain)));
    channel->count++;
    world_answer_len = len - 2;
    memcpy(world_answer, plain, len);
    return (uint16_t)(plain[len - 2] << 8 | plain[len - 1]);
}

/* ---- building data ---- */

static uint8_t data_buffer[CARD_COMMAND_MAX];
struct writer world_data;

void put_begin(void)
{
    world_data = writer_of(data_buffer, sizeof data_buffer);
}

void put_u16(uint32_t v)
{
    write_u8(&world_data, (uint8_t)v);
    write_u8(&world_data, (uint8_t)(v >> 8));
}

void put_u32(uint32_t v)
{
    put_u16(v & 0xFFFF);
    put_u16(v >> 16);
}

void put(struct bytes b)
{
    write_bytes(&world_data, b);
}

void put_text(const char *text)
{
    write_text(&world_data, text);
}

void put_zeros(size_t count)
{
    for (size_t i = 0; i < count; i++) write_u8(&world_data, 0);
}

void put_padded(const char *text, size_t size)
{
    put_text(text);
    put_zeros(size - strlen(text));
}

struct bytes put_end(void)
{
    assert_false(world_data.full);
    return bytes_of(world_data.ptr, world_data.len);
}

/* ---- the commands of 2012 ---- */

static void device_auth(struct world *w)
{
    uint8_t answer[16];
    assert_int_equal(world_send_le(w, 0x80500000, (struct bytes){ 0 }, 8), 0x9000);
    world_device_answer(w, world_answer, answer);
    assert_int_equal(world_send(w, 0x80100002, BYTES(answer)), 0x9000);
}

void world_put_application(void)
{
    put_begin();
    put_padded(WORLD_APP, 48);
    put_padded(WORLD_ADMIN, 16);
    put_u32(6);
    put_padded(WORLD_USER, 16);
    put_u32(6);
    put_u32(0x10);
    write_u8(&world_data, 4);
    write_u8(&world_data, 8);
    put_u16(4);
}

void world_application(struct world *w)
{
    device_auth(w);
    world_put_application();
    assert_int_equal(world_send(w, 0x80200000, put_end()), 0x9000);
    assert_int_equal(world_send(w, 0x80260000, bytes_text(WORLD_APP)), 0x9000);
    assert_int_equal(world_answer_len, 10);
    assert_int_equal(world_answer[8], 1);
}

/* First 16 bytes of SHA-1 over the PIN padded to 16. */
static void key_2012(const char *pin, uint8_t ret_key[16])
{
    uint8_t padded[16] = { 0 }, hash[CARD_SHA1_SIZE];
    memcpy(padded, pin, strlen(pin));
    card_sha1(BYTES(padded), hash);
    memcpy(ret_key, hash, 16);
}

uint16_t world_verify(struct world *w, uint16_t app, int type, const char *pin)
{
    uint8_t key[16], block[16] = { 0 };
    struct sm4 sm4;
    assert_int_equal(world_send_le(w, 0x80500000, (struct bytes){ 0 }, 8), 0x9000);
    memcpy(block, world_answer, 8);
    key_2012(pin, key);
    sm4_init(&sm4, key);
    sm4_ecb_encrypt(&sm4, block, 16, block);
    put_begin();
    put_u16(app);
    put(BYTES(block));
    return world_send(w, 0x80180000u | (uint32_t)type, put_end());
}

uint16_t world_replace(struct world *w, uint8_t ins, uint16_t app, int type, const char *prover, const char *fresh,
                       bool with_length)
{
    uint8_t key[16], padded[16] = { 0 }, iv[16] = { 0 }, message[48] = { 0x84, ins, 0, (uint8_t)type };
    struct sm4 sm4;
    assert_int_equal(world_send_le(w, 0x80500000, (struct bytes){ 0 }, 8), 0x9000);
    memcpy(iv, world_answer, 8);
    key_2012(prover, key);
    sm4_init(&sm4, key);
    memcpy(padded, fresh, strlen(fresh));
    sm4_ecb_encrypt(&sm4, padded, 16, padded);
    put_begin();
    put_u16(app);
    put(BYTES(padded));
    message[5] = (uint8_t)(world_data.len + (with_length ? 4 : 0));
    memcpy(message + 6, world_data.ptr, world_data.len);
    message[6 + world_data.len] = 0x80;
    sm4_cbc_encrypt(&sm4, iv, message, 32, message);
    put(bytes_of(iv, 4));
    return world_send(w, 0x84000000u | (uint32_t)ins << 16 | (uint32_t)type, put_end());
}

void world_container(struct world *w, uint8_t ret_point[SM2_POINT_SIZE])
{
    world_application(w);
    assert_int_equal(world_verify(w, 1, 1, WORLD_USER), 0x9000);
    put_begin();
    put_u16(1);
    put_text("C");
    assert_int_equal(world_send(w, 0x80400000, put_end()), 0x9000);
    put_begin();
    put_u16(1);
    put_u16(1);
    put_u32(256);
    assert_int_equal(world_send(w, 0x80700000, put_end()), 0x9000);
    assert_int_equal(world_answer_len, SM2_POINT_SIZE);
    memcpy(ret_point, world_answer, SM2_POINT_SIZE);
}

/* ---- a holder's key ---- */

void world_open_holder(struct world *w, struct world_channel *c, uint16_t *ret_app, uint16_t *ret_container)
{
    assert_int_equal(world_channel_send(w, c, 0x80260000, bytes_text(CARD_APPLICATION), NULL), 0x9000);
    *ret_app = world_answer[8];
    put_begin();
    put_u16(*ret_app);
    put_text(CARD_CONTAINER);
    assert_int_equal(world_channel_send(w, c, 0x80420000, put_end(), NULL), 0x9000);
    *ret_container = world_answer[0];
}

uint16_t world_channel_verify(struct world *w, struct world_channel *c, uint16_t app, const char *pin)
{
    put_begin();
    put_u16(app);
    put_text(pin);
    return world_channel_send(w, c, 0x80180101, put_end(), NULL);
}

void world_flags(struct world *w, uint8_t ret_flags[3])
{
    assert_int_equal(world_send(w, 0xB0200000, (struct bytes){ 0 }), 0x9000);
    memcpy(ret_flags, world_answer, 3);
}

static void produce_open(struct world *w, uint8_t ret_point[SM2_POINT_SIZE])
{
    uint8_t answer[16], sealed[CARD_ADMIN_SEALED_SIZE];
    assert_int_equal(world_send(w, 0xB0600000, (struct bytes){ 0 }), 0x9000);
    world_device_answer(w, world_answer, answer);
    world_admin_sealed(w, sealed);
    put_begin();
    put(BYTES(answer));
    put(BYTES(sealed));
    write_u8(&world_data, sizeof CARD_APPLICATION - 1);
    put_text(CARD_APPLICATION);
    write_u8(&world_data, sizeof CARD_CONTAINER - 1);
    put_text(CARD_CONTAINER);
    assert_int_equal(world_send(w, 0xB0620000, put_end()), 0x9000);
    memcpy(ret_point, world_answer, SM2_POINT_SIZE);
}

void world_produce(struct world *w, const char *pin, uint8_t ret_point[SM2_POINT_SIZE])
{
    struct world_channel c;
    uint16_t app, container;
    produce_open(w, ret_point);
    world_channel_open(w, &c);
    world_open_holder(w, &c, &app, &container);
    struct bytes der = world_certificate(w, ret_point, &profile_holder_signing);
    put_begin();
    put_u16(app);
    put_u16(container);
    write_u8(&world_data, 1);
    put_u32((uint32_t)der.len);
    put(der);
    assert_int_equal(world_channel_send(w, &c, 0x804C0000, put_end(), NULL), 0x9000);
    assert_int_equal(world_channel_send(w, &c, 0xB06A0000, (struct bytes){ 0 }, NULL), 0x9000);
    if (!pin) return;
    put_begin();
    put_u16(app);
    write_u8(&world_data, 6);
    put_text("000000");
    write_u8(&world_data, (uint8_t)strlen(pin));
    put_text(pin);
    assert_int_equal(world_channel_send(w, &c, 0x80160101, put_end(), NULL), 0x9000);
}
