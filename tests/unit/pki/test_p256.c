/* R-PKI-1 R-PKI-4 CAs on P-256 whose keys somebody else holds: certificates of holders, lists and OCSP answers below
 * them; what such a holder fails with is passed on, and what it makes wrongly never leaves. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "p256_key.h"
#include "pki/ocsp.h"
#include "pki/request.h"
#include "world.h"

#include "base/clock.h"

struct authority {
    struct world *world;
    struct signing_key root_key, issuing_key, responder_key;
    struct certificate *root, *issuing, *responder;
};

static struct certificate_fields fields_of(const struct public_key *key, const char *name, int years)
{
    return (struct certificate_fields){
        .subject = { .country = "CN", .organization = "虎符", .common_name = name },
        .key = *key,
        .not_before_s = WORLD_NOW - DAY_S,
        .not_after_s = certificate_validity_end(WORLD_NOW - DAY_S, years),
    };
}

static struct result issue(struct authority *a, const struct issuance *issuance, struct certificate **ret_certificate)
{
    struct diag diag = { 0 };
    struct bytes der;
    TRY(certificate_issue(issuance, &a->world->drbg, a->world->arena, &diag, &der));
    return certificate_parse(der, a->world->arena, ret_certificate);
}

static int set_up(void **state)
{
    struct authority *a = calloc(1, sizeof *a);
    assert_non_null(a);
    a->world = world_new();
    a->root_key = p256_key_new();
    a->issuing_key = p256_key_new();
    a->responder_key = p256_key_new();
    struct certificate_fields f = fields_of(&a->root_key.public, "P-256 Root", 30);
    struct issuance issuance = { &profile_root_ca, &f, NULL, a->root_key };
    assert_false(failed(issue(a, &issuance, &a->root)));
    f = fields_of(&a->issuing_key.public, "P-256 Issuing", 20);
    issuance = (struct issuance){ &profile_issuing_ca, &f, a->root, a->root_key };
    assert_false(failed(issue(a, &issuance, &a->issuing)));
    f = fields_of(&a->responder_key.public, "OCSP", 1);
    issuance = (struct issuance){ &profile_ocsp_responder, &f, a->issuing, a->issuing_key };
    assert_false(failed(issue(a, &issuance, &a->responder)));
    *state = a;
    return 0;
}

static int tear_down(void **state)
{
    struct authority *a = *state;
    p256_key_free(&a->root_key);
    p256_key_free(&a->issuing_key);
    p256_key_free(&a->responder_key);
    world_free(a->world);
    free(a);
    return 0;
}

static struct issuance of_holder(struct authority *a, struct certificate_fields *fields)
{
    *fields = world_fields(&a->world->holder_key, "张三");
    return (struct issuance){ &profile_holder_signing, fields, a->issuing, a->issuing_key };
}

static void a_holder_below_is_accepted(void **state)
{
    struct authority *a = *state;
    struct certificate_fields f;
    struct issuance issuance = of_holder(a, &f);
    struct certificate *leaf = NULL;
    assert_false(failed(issue(a, &issuance, &leaf)));
    assert_int_equal(leaf->signed_by, KEY_P256);
    assert_int_equal(leaf->key.algorithm, KEY_SM2);
    const struct certificate *between[] = { a->issuing }, *anchors[] = { a->root };
    struct chain chain = { leaf, between, 1, anchors, 1, WORLD_NOW, PURPOSE_SIGNING };
    assert_false(failed(chain_check(&chain, NULL)));
    /* SM2 verifies nothing that P-256 signed, whatever is named */
    leaf->signed_by = KEY_SM2;
    assert_int_equal(chain_check(&chain, NULL).code, ERROR_CERTIFICATE_SIGNATURE);
}

/* Which certificates may have which keys is the profile's. */
static void people_have_keys_of_sm2(void **state)
{
    struct authority *a = *state;
    struct certificate_fields f;
    struct certificate *leaf;
    struct issuance issuance = of_holder(a, &f);
    f.key = a->responder_key.public;
    assert_int_equal(issue(a, &issuance, &leaf).code, ERROR_PROFILE_FIELD);
    f = fields_of(&a->responder_key.public, "Operators", 20);
    issuance = (struct issuance){ &profile_operators_ca, &f, a->root, a->root_key };
    assert_int_equal(issue(a, &issuance, &leaf).code, ERROR_PROFILE_FIELD);
    issuance = of_holder(a, &f);
    issuance.issuer_key = signing_key_sm2(&a->world->issuing_key);
    assert_int_equal(issue(a, &issuance, &leaf).code, ERROR_KEY_INVALID);
}

static void a_list_is_accepted(void **state)
{
    struct authority *a = *state;
    const struct crl_entry entries[] = { { bytes_of("\x05", 1), WORLD_NOW - 100, CRL_KEY_COMPROMISE } };
    struct crl_fields fields = { a->issuing, a->issuing_key, WORLD_NOW, WORLD_NOW + DAY_S, 7, NULL, entries, 1 };
    struct bytes der = { 0 };
    struct crl crl;
    assert_false(failed(crl_issue(&fields, &a->world->drbg, a->world->arena, NULL, &der)));
    assert_false(failed(crl_parse(der, &crl)));
    assert_false(failed(crl_check(&crl, a->issuing, WORLD_NOW)));
    assert_int_equal(crl_check(&crl, a->root, WORLD_NOW).code, ERROR_CRL_FOREIGN);
}

static void an_answer_is_accepted(void **state)
{
    struct authority *a = *state;
    uint8_t hash[32] = { 1 };
    struct ocsp_single single = { .id = { OCSP_HASH_SM3, BYTES(hash), BYTES(hash), bytes_of("\x05", 1), { 0 } },
                                  .this_update_s = WORLD_NOW, .next_update_s = WORLD_NOW + DAY_S };
    struct ocsp_fields fields = { a->issuing, a->responder, a->responder_key, WORLD_NOW, &single, 1, { 0 } };
    struct ocsp_response response;
    struct bytes der = { 0 };
    assert_false(failed(ocsp_issue(&fields, &a->world->drbg, a->world->arena, NULL, &der)));
    assert_false(failed(ocsp_parse(der, &response)));
    assert_false(failed(ocsp_check(&response, a->issuing, WORLD_NOW, a->world->arena)));
    assert_int_equal(ocsp_check(&response, a->root, WORLD_NOW, a->world->arena).code, ERROR_OCSP_FOREIGN);
}

static void a_request_proves_possession(void **state)
{
    struct authority *a = *state;
    const struct name_fields name = { .country = "CN", .organization = "虎符", .common_name = "P-256 Issuing" };
    struct request request;
    struct bytes der = { 0 };
    assert_false(failed(request_make(&name, &a->issuing_key, &a->world->drbg, a->world->arena, &der)));
    assert_false(failed(request_parse(der, &request)));
    assert_true(public_key_equal(&request.key, &a->issuing_key.public));
}

/* ---- holders that fail ---- */

static struct result away(const struct signing_key *key, struct bytes message, struct drbg *drbg,
                          uint8_t ret_signature[KEY_SIGNATURE_SIZE])
{
    return FAIL(ERROR_BUSY);
}

/* As a module does that is broken, or that was swapped for another one: the signature of another message. */
static struct result wrong(const struct signing_key *key, struct bytes message, struct drbg *drbg,
                           uint8_t ret_signature[KEY_SIGNATURE_SIZE])
{
    const struct signing_key *right = key->holder;
    return right->sign(right, bytes_of(message.ptr, message.len - 1), drbg, ret_signature);
}

static void a_holder_that_fails_issues_nothing(void **state)
{
    struct authority *a = *state;
    struct certificate_fields f;
    struct certificate *leaf = NULL;
    struct issuance issuance = of_holder(a, &f);
    issuance.issuer_key.sign = away;
    assert_int_equal(issue(a, &issuance, &leaf).code, ERROR_BUSY);
    issuance.issuer_key.sign = wrong;
    issuance.issuer_key.holder = &a->issuing_key;
    assert_int_equal(issue(a, &issuance, &leaf).code, ERROR_SIGNATURE_INVALID);
    issuance.issuer_key.sign = NULL;
    assert_int_equal(issue(a, &issuance, &leaf).code, ERROR_KEY_INVALID);
    assert_null(leaf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_holder_below_is_accepted),
        cmocka_unit_test(people_have_keys_of_sm2),
        cmocka_unit_test(a_list_is_accepted),
        cmocka_unit_test(an_answer_is_accepted),
        cmocka_unit_test(a_request_proves_possession),
        cmocka_unit_test(a_holder_that_fails_issues_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
