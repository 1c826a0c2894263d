/* Certificates issued by profile, and the path from a leaf to an anchor. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
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

/* R-PKI-1: public key, holder's name, CA's signature, validity, issuer, serial number. */
static void r_pki_1_certificate_carries_what_the_guide_lists(void **state)
{
    struct world *w = *state;
    const struct certificate *c = w->holder;
    assert_memory_equal(c->key.point, w->holder_key.public.point, SM2_POINT_SIZE);
    assert_string_equal(name_text(&c->subject, w->arena), "CN=张三,O=虎符科技有限公司,C=CN");
    assert_string_equal(name_text(&c->issuer, w->arena), "CN=虎符签发 CA,O=虎符,C=CN");
    assert_false(failed(certificate_check_signature(c, &w->issuing->key)));
    assert_int_equal(certificate_check_signature(c, &w->root->key).code, ERROR_CERTIFICATE_SIGNATURE);
    char text[CIVIL_TEXT_MAX];
    civil_iso(c->not_before_s, text);
    assert_string_equal(text, "2026-11-23T06:00:00Z");
    civil_iso(c->not_after_s, text);
    assert_string_equal(text, "2027-11-23T05:59:59Z");
    assert_int_equal(c->serial.len, ISSUE_SERIAL_SIZE);
    assert_true(c->serial.ptr[0] > 0 && c->serial.ptr[0] < 0x80);
    assert_int_equal(strlen(certificate_serial_text(c, w->arena)), 32);
    assert_string_not_equal(certificate_serial_text(c, w->arena),
                            certificate_serial_text(w->encryption, w->arena));
    struct bytes code = certificate_text_extension(c, oid_bytes(OID_CREDIT_CODE));
    assert_true(bytes_equal(code, bytes_text("91350100M000100Y43")));
    assert_true(bytes_equal(c->crl_url, bytes_text("http://status.example/issuing.crl")));
    assert_true(bytes_equal(c->ocsp_url, bytes_text("http://status.example/ocsp")));
    assert_true(bytes_equal(c->ca_url, bytes_text("http://status.example/issuing.cer")));
    assert_true(oid_is(c->policy, OID_ANY_POLICY));
}

/* R-PKI-2: a pair under one name, one key for signing, the other for encryption; none takes the other's
 * place. */
static void r_pki_2_pair_has_separate_uses(void **state)
{
    struct world *w = *state;
    assert_true(name_equal(&w->holder->subject, &w->encryption->subject));
    assert_int_equal(w->holder->key_usage, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION);
    assert_int_equal(w->encryption->key_usage,
                     KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_DATA_ENCIPHERMENT | KEY_USAGE_KEY_AGREEMENT);
    assert_false(w->holder->has_basic_constraints);
    assert_false(w->encryption->has_basic_constraints);
}

static void each_leaf_serves_its_purpose_and_no_other(void **state)
{
    struct world *w = *state;
    const struct certificate *const leaves[] = { w->holder, w->encryption, w->operator, w->card };
    for (size_t i = 0; i < COUNT(leaves); i++) {
        for (size_t k = 0; k < COUNT(leaves); k++) {
            const struct certificate *at = NULL;
            struct result r = world_check(w, leaves[i], (enum certificate_purpose)k, WORLD_NOW, &at);
            assert_int_equal(r.code, i == k ? ERROR_NONE : ERROR_CERTIFICATE_USAGE);
            assert_ptr_equal(at, i == k ? NULL : leaves[i]);
        }
    }
    assert_int_equal(world_check(w, w->issuing, PURPOSE_SIGNING, WORLD_NOW, NULL).code,
                     ERROR_CERTIFICATE_USAGE);
    assert_int_equal(world_check(w, w->root, PURPOSE_SIGNING, WORLD_NOW, NULL).code, ERROR_CERTIFICATE_USAGE);
}

/* R-LOGIN-4: the first and the last second are valid, the ones beside them are not, each with its own reason.
 */
static void validity_is_inclusive_to_the_second(void **state)
{
    struct world *w = *state;
    const struct certificate *c = w->holder, *at = NULL;
    assert_false(failed(world_check(w, c, PURPOSE_SIGNING, c->not_before_s, NULL)));
    assert_false(failed(world_check(w, c, PURPOSE_SIGNING, c->not_after_s, NULL)));
    assert_int_equal(world_check(w, c, PURPOSE_SIGNING, c->not_before_s - 1, &at).code,
                     ERROR_CERTIFICATE_NOT_YET);
    assert_ptr_equal(at, c);
    at = NULL;
    assert_int_equal(world_check(w, c, PURPOSE_SIGNING, c->not_after_s + 1, &at).code,
                     ERROR_CERTIFICATE_EXPIRED);
    assert_ptr_equal(at, c);
    /* beyond the issuer's end */
    assert_int_equal(world_check(w, c, PURPOSE_SIGNING, w->issuing->not_after_s + 1, NULL).code,
                     ERROR_CERTIFICATE_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(r_pki_1_certificate_carries_what_the_guide_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(r_pki_2_pair_has_separate_uses, setup, teardown),
        cmocka_unit_test_setup_teardown(each_leaf_serves_its_purpose_and_no_other, setup, teardown),
        cmocka_unit_test_setup_teardown(validity_is_inclusive_to_the_second, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
