#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "world.h"

#include "base/clock.h"
#include "base/random.h"
#include "pki/issue.h"
#include "pki/statement.h"

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
    struct issuance issuance = { profile, fields, issuer, issuer_key };
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
        .key = key,
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
        .operator_serial = "0badcafe",
        .time = "1800000000",
    };
    assert_false(failed(statement_write(&produce_statement_shape, &s, w->arena, &text)));
    return text;
}

/* ---- commands by hand ---- */

uint16_t world_send(struct world *w, uint32_t header, struct bytes data)
{
    uint8_t command[CARD_COMMAND_MAX];
    struct writer out = writer_of(command, sizeof command);
    write_u32(&out, header);
    if (data.len) {
        write_u8(&out, 0);
        write_u16(&out, (uint16_t)data.len);
        write_bytes(&out, data);
    }
    assert_false(out.full);
    size_t len = card_exchange(w->card, bytes_of(command, out.len), world_answer);
    world_answer_len = len - 2;
    return (uint16_t)(world_answer[len - 2] << 8 | world_answer[len - 1]);
}
