#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "world.h"

#include "base/clock.h"

static const char crl_url[] = "http://status.example/issuing.crl";

struct certificate *world_issue(struct world *w, const struct profile *profile,
                                const struct certificate_fields *fields, const struct certificate *issuer,
                                const struct sm2_private *issuer_key)
{
    struct issuance issuance = { profile, fields, issuer, signing_key_sm2(issuer_key) };
    struct diag diag = { 0 };
    struct bytes der = { 0 };
    struct certificate *c = NULL;
    struct result r = certificate_issue(&issuance, &w->drbg, w->arena, &diag, &der);
    if (failed(r)) fail_msg("%s: %d %s", profile->name, (int)r.code, diag.log);
    r = certificate_parse(der, w->arena, &c);
    if (failed(r)) fail_msg("%s: parse %d", profile->name, (int)r.code);
    return c;
}

struct certificate_fields world_fields(const struct sm2_private *key, const char *common_name)
{
    int64_t from_s = WORLD_NOW - DAY_S;
    return (struct certificate_fields){
        .subject = { .country = "CN", .organization = "虎符科技有限公司", .common_name = common_name },
        .key = public_key_sm2(&key->public),
        .not_before_s = from_s,
        .not_after_s = certificate_validity_end(from_s, 1),
        .credit_code = "91350100M000100Y43",
        .crl_url = crl_url,
        .ocsp_url = "http://status.example/ocsp",
        .ca_url = "http://status.example/issuing.cer",
        .policy = "2.5.29.32.0",
    };
}

static struct certificate_fields ca_fields(const struct sm2_private *key, const char *common_name, int years)
{
    int64_t from_s = WORLD_NOW - 2 * DAY_S;
    return (struct certificate_fields){
        .subject = { .country = "CN", .organization = "虎符", .common_name = common_name },
        .key = public_key_sm2(&key->public),
        .not_before_s = from_s,
        .not_after_s = certificate_validity_end(from_s, years),
    };
}

static void make_cas(struct world *w)
{
    struct certificate_fields f = ca_fields(&w->root_key, "虎符根 CA", 30);
    w->root = world_issue(w, &profile_root_ca, &f, NULL, &w->root_key);
    f = ca_fields(&w->maker_key, "Card Maker CA", 30);
    w->maker = world_issue(w, &profile_card_maker_ca, &f, NULL, &w->maker_key);
    f = ca_fields(&w->issuing_key, "虎符签发 CA", 20);
    f.crl_url = "http://status.example/root.crl";
    w->issuing = world_issue(w, &profile_issuing_ca, &f, w->root, &w->root_key);
    f = ca_fields(&w->operators_key, "虎符操作员 CA", 20);
    w->operators = world_issue(w, &profile_operators_ca, &f, w->root, &w->root_key);
}

static void make_leaves(struct world *w)
{
    struct certificate_fields f = world_fields(&w->holder_key, "张三");
    w->holder = world_issue(w, &profile_holder_signing, &f, w->issuing, &w->issuing_key);
    f.key = public_key_sm2(&w->encryption_key.public);
    w->encryption = world_issue(w, &profile_holder_encryption, &f, w->issuing, &w->issuing_key);
    f = world_fields(&w->operator_key, "审核员");
    f.credit_code = NULL;
    w->operator= world_issue(w, &profile_operator, &f, w->operators, &w->operators_key);
    f = ca_fields(&w->card_key, "USBKey", 20);
    f.subject.serial_number = "HF00000001";
    w->card = world_issue(w, &profile_card, &f, w->maker, &w->maker_key);
}

struct world *world_new(void)
{
    static const uint8_t seed[DRBG_ENTROPY_MIN] = { 7 };
    struct arena *arena = arena_new(64 << 20);
    struct world *w = ARENA_NEW(arena, struct world);
    w->arena = arena;
    drbg_init(&w->drbg, BYTES(seed), (struct bytes){ 0 }, (struct bytes){ 0 });
    struct sm2_private *const keys[] = {
        &w->root_key,   &w->issuing_key,    &w->operators_key, &w->maker_key,
        &w->holder_key, &w->encryption_key, &w->operator_key,  &w->card_key
    };
    for (size_t i = 0; i < COUNT(keys); i++) assert_false(failed(sm2_private_generate(keys[i], &w->drbg)));
    make_cas(w);
    make_leaves(w);
    return w;
}

void world_free(struct world *w)
{
    arena_free(w->arena);
}

struct result world_check(const struct world *w, const struct certificate *leaf,
                          enum certificate_purpose purpose, int64_t time_s,
                          const struct certificate **ret_failed)
{
    const struct certificate *const between[] = { w->issuing, w->operators };
    const struct certificate *const anchors[] = { w->maker, w->root };
    struct chain chain = { leaf, between, COUNT(between), anchors, COUNT(anchors), time_s, purpose };
    return chain_check(&chain, ret_failed);
}

struct bytes world_sign(struct world *w, struct bytes tbs, const struct sm2_private *key)
{
    uint8_t signature[SM2_SIGNATURE_SIZE];
    struct writer out = writer_of(arena_take(w->arena, 2 * CERTIFICATE_SIZE_MAX), 2 * CERTIFICATE_SIZE_MAX);
    struct bytes whole = { 0 };
    assert_false(failed(sm2_sign(key, tbs, &w->drbg, signature)));
    signed_write(&out, tbs, KEY_SM2, signature);
    assert_false(failed(writer_end(&out, &whole)));
    return whole;
}
