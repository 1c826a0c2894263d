/* Revocation lists and OCSP: what is made is read back the same, accepted by OpenSSL, and never signed when it is not
 * what was asked for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/clock.h"
#include "pki/ocsp.h"
#include "world.h"

enum { REVOKED = 40, ISSUE_ARENA = 4 * 1024 * 1024, HASH = 20 };

static const char partition[] = "http://status.example/crl/7.crl";

struct status {
    struct world *world;
    struct arena *arena;
    struct sm2_private responder_key;
    struct certificate *responder;
    uint8_t serials[REVOKED][ISSUE_SERIAL_SIZE];
    struct crl_entry entries[REVOKED];
    struct crl_fields list;
    struct ocsp_single single;
    struct ocsp_fields answer;
};

static void make_entries(struct status *s)
{
    for (size_t i = 0; i < REVOKED; i++) {
        s->serials[i][0] = (uint8_t)(1 + i % 5);
        assert_false(failed(drbg_fill(&s->world->drbg, s->serials[i] + 1, 15)));
        s->entries[i] = (struct crl_entry){ BYTES(s->serials[i]), WORLD_NOW - 1000 + (int64_t)i, CRL_UNSPECIFIED };
    }
    s->entries[3].reason = CRL_KEY_COMPROMISE;
    s->entries[4].reason = CRL_CERTIFICATE_HOLD;
    qsort(s->entries, REVOKED, sizeof s->entries[0], crl_entry_order);
}

static int setup(void **state)
{
    static struct status s;
    static const uint8_t name_hash[HASH] = { 1 }, key_hash[HASH] = { 2 };
    s = (struct status){ .world = world_new(), .arena = arena_new(ISSUE_ARENA) };
    assert_false(failed(sm2_private_generate(&s.responder_key, &s.world->drbg)));
    struct certificate_fields f = { .subject = { .country = "CN", .organization = "虎符", .common_name = "OCSP 1" },
                                    .key = public_key_sm2(&s.responder_key.public),
                                    .not_before_s = WORLD_NOW - DAY_S,
                                    .not_after_s = WORLD_NOW + 30 * DAY_S };
    s.responder = world_issue(s.world, &profile_ocsp_responder, &f, s.world->issuing, &s.world->issuing_key);
    make_entries(&s);
    s.list = (struct crl_fields){ s.world->issuing, signing_key_sm2(&s.world->issuing_key), WORLD_NOW, WORLD_NOW + DAY_S,
                                  258, partition, s.entries, REVOKED };
    s.single = (struct ocsp_single){ .id = { .hash = OCSP_HASH_SHA1, .name_hash = BYTES(name_hash),
                                             .key_hash = BYTES(key_hash), .serial = s.world->holder->serial },
                                     .status = OCSP_GOOD, .this_update_s = WORLD_NOW,
                                     .next_update_s = WORLD_NOW + 3600 };
    s.answer = (struct ocsp_fields){ s.world->issuing, s.responder, signing_key_sm2(&s.responder_key), WORLD_NOW, &s.single, 1, { 0 } };
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    struct status *s = *state;
    arena_free(s->arena);
    world_free(s->world);
    return 0;
}

static struct bytes issue_list(struct status *s)
{
    struct bytes der = { 0 };
    struct diag diag = { 0 };
    struct result r = crl_issue(&s->list, &s->world->drbg, s->arena, &diag, &der);
    if (failed(r)) fail_msg("%d %s", (int)r.code, diag.log);
    return der;
}

static struct bytes issue_answer(struct status *s)
{
    struct bytes der = { 0 };
    struct diag diag = { 0 };
    struct result r = ocsp_issue(&s->answer, &s->world->drbg, s->arena, &diag, &der);
    if (failed(r)) fail_msg("%d %s", (int)r.code, diag.log);
    return der;
}

/* What OpenSSL makes of TBS under the issuer's key with the standard identity. */
static void assert_openssl_verifies(const struct certificate *signer, const uint8_t *tbs, size_t tbs_len,
                                    const ASN1_BIT_STRING *signature)
{
    const uint8_t *p = signer->der.ptr;
    X509 *x = d2i_X509(NULL, &p, (long)signer->der.len);
    assert_non_null(x);
    EVP_PKEY *key = X509_get_pubkey(x);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    EVP_PKEY_CTX_set1_id(ctx, sm2_default_identity.ptr, (int)sm2_default_identity.len);
    EVP_MD_CTX_set_pkey_ctx(md, ctx);
    assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sm3(), NULL, key), 1);
    assert_int_equal(EVP_DigestVerify(md, signature->data, (size_t)signature->length, tbs, tbs_len), 1);
    EVP_MD_CTX_free(md);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    X509_free(x);
}

/* R-PKI-3: a partition's list says what was revoked, when and why. */
static void r_pki_3_list_is_read_back(void **state)
{
    struct status *s = *state;
    struct crl crl;
    struct crl_entry entry;
    assert_false(failed(crl_parse(issue_list(s), &crl)));
    assert_false(failed(crl_check(&crl, s->world->issuing, WORLD_NOW + 5)));
    assert_int_equal(crl.count, REVOKED);
    assert_true(bytes_equal(crl.url, bytes_text(partition)));
    for (size_t i = 0; i < REVOKED; i++) {
        assert_true(crl_find(&crl, s->entries[i].serial, &entry));
        assert_int_equal(entry.revoked_s, s->entries[i].revoked_s);
        assert_int_equal(entry.reason, s->entries[i].reason);
    }
    assert_false(crl_find(&crl, s->world->holder->serial, NULL));
    assert_int_equal(crl_check(&crl, s->world->issuing, WORLD_NOW + DAY_S + 1).code, ERROR_CRL_STALE);
    assert_int_equal(crl_check(&crl, s->world->operators, WORLD_NOW).code, ERROR_CRL_FOREIGN);
    assert_int_equal(crl_check(&crl, s->world->holder, WORLD_NOW).code, ERROR_CRL_FOREIGN);
}

/* R-PKI-5: OpenSSL reads the same list and finds its signature good. */
static void r_pki_5_openssl_accepts_the_list(void **state)
{
    struct status *s = *state;
    struct bytes der = issue_list(s);
    const uint8_t *p = der.ptr;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);
    const ASN1_BIT_STRING *signature;
    uint8_t *tbs = NULL;
    assert_non_null(crl);
    assert_ptr_equal(p, der.ptr + der.len);
    assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), REVOKED);
    X509_CRL_get0_signature(crl, &signature, NULL);
    int len = i2d_re_X509_CRL_tbs(crl, &tbs);
    assert_openssl_verifies(s->world->issuing, tbs, (size_t)len, signature);
    OPENSSL_free(tbs);
    X509_CRL_free(crl);
}

static void full_and_empty_lists_are_read_back(void **state)
{
    struct status *s = *state;
    struct crl crl;
    s->list.url = NULL;
    s->list.count = 0;
    assert_false(failed(crl_parse(issue_list(s), &crl)));
    assert_int_equal(crl.count, 0);
    assert_null(crl.url.ptr);
}

static void assert_not_signed(struct status *s, enum error error)
{
    struct bytes der = { 0 };
    assert_int_equal(crl_issue(&s->list, &s->world->drbg, s->arena, NULL, &der).code, error);
    assert_null(der.ptr);
}

static void lists_against_the_rules_are_not_signed(void **state)
{
    struct status *s = *state;
    const struct crl_fields good = s->list;
    struct crl_entry twice[2] = { s->entries[0], s->entries[0] }, turned[2] = { s->entries[1], s->entries[0] };
    s->list.entries = twice, s->list.count = 2;
    assert_not_signed(s, ERROR_CRL_ENTRIES);
    s->list.entries = turned;
    assert_not_signed(s, ERROR_CRL_ENTRIES);
    s->list = good, s->list.next_update_s = WORLD_NOW + 32 * DAY_S;
    assert_not_signed(s, ERROR_LINT);
    s->list = good, s->list.next_update_s = WORLD_NOW;
    assert_not_signed(s, ERROR_LINT);
    s->list = good, s->list.issuer_key = signing_key_sm2(&s->world->root_key);
    assert_not_signed(s, ERROR_KEY_INVALID);
    s->list = good, s->list.issuer = s->world->holder, s->list.issuer_key = signing_key_sm2(&s->world->holder_key);
    assert_not_signed(s, ERROR_LINT);
    s->list = good, twice[0].revoked_s = WORLD_NOW + 1, s->list.entries = twice, s->list.count = 1;
    assert_not_signed(s, ERROR_LINT);
    s->list = good, twice[0] = s->entries[0], twice[0].reason = CRL_REMOVE_FROM_CRL, s->list.entries = twice,
    s->list.count = 1;
    assert_not_signed(s, ERROR_LINT);
}

/* R-PKI-3: an answer of a delegated responder says good, revoked with reason, unknown. */
static void r_pki_3_answers_are_read_back(void **state)
{
    static const enum ocsp_status all[] = { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };
    struct status *s = *state;
    for (size_t i = 0; i < COUNT(all); i++) {
        struct ocsp_response response;
        s->single.status = all[i];
        s->single.revoked_s = WORLD_NOW - 60;
        s->single.reason = CRL_KEY_COMPROMISE;
        assert_false(failed(ocsp_parse(issue_answer(s), &response)));
        assert_false(failed(ocsp_check(&response, s->world->issuing, WORLD_NOW + 60, s->arena)));
        assert_int_equal(response.singles[0].status, all[i]);
        if (all[i] == OCSP_REVOKED) assert_int_equal(response.singles[0].reason, CRL_KEY_COMPROMISE);
        assert_int_equal(ocsp_check(&response, s->world->issuing, WORLD_NOW + 3601, s->arena).code, ERROR_OCSP_STALE);
        assert_int_equal(ocsp_check(&response, s->world->operators, WORLD_NOW, s->arena).code, ERROR_OCSP_FOREIGN);
    }
}

/* Someone whom the issuer certified for something else must not answer for it. */
static void answers_of_others_are_foreign(void **state)
{
    struct status *s = *state;
    struct ocsp_response response;
    struct signed_parts parts = { .signed_by = KEY_SM2 };
    uint8_t tbs_room[2048], der_room[8192];
    struct writer tbs = writer_of(tbs_room, sizeof tbs_room), der = writer_of(der_room, sizeof der_room);
    s->answer.responder = s->world->holder;
    ocsp_build(&s->answer, &tbs);
    struct bytes data = parts.tbs = bytes_of(tbs_room, tbs.len);
    assert_false(failed(sm2_sign(&s->world->holder_key, data, &s->world->drbg, parts.signature)));
    ocsp_wrap(&der, &parts, s->world->holder->der);
    assert_false(failed(ocsp_parse(bytes_of(der_room, der.len), &response)));
    assert_int_equal(ocsp_check(&response, s->world->issuing, WORLD_NOW, s->arena).code, ERROR_OCSP_FOREIGN);
    s->answer.responder_key = signing_key_sm2(&s->world->holder_key);
    assert_int_equal(ocsp_issue(&s->answer, &s->world->drbg, s->arena, NULL, &data).code, ERROR_LINT);
}

static void answers_against_the_rules_are_not_signed(void **state)
{
    struct status *s = *state;
    const struct ocsp_single good = s->single;
    struct bytes der = { 0 };
    s->single.next_update_s = WORLD_NOW + 11 * DAY_S;
    assert_int_equal(ocsp_issue(&s->answer, &s->world->drbg, s->arena, NULL, &der).code, ERROR_LINT);
    s->single = good, s->single.this_update_s = WORLD_NOW + 1;
    assert_int_equal(ocsp_issue(&s->answer, &s->world->drbg, s->arena, NULL, &der).code, ERROR_LINT);
    s->single = good, s->single.status = OCSP_REVOKED, s->single.revoked_s = WORLD_NOW + 1;
    assert_int_equal(ocsp_issue(&s->answer, &s->world->drbg, s->arena, NULL, &der).code, ERROR_LINT);
    s->single = good, s->answer.produced_s = WORLD_NOW + 31 * DAY_S;
    assert_int_equal(ocsp_issue(&s->answer, &s->world->drbg, s->arena, NULL, &der).code, ERROR_LINT);
    assert_null(der.ptr);
}

/* R-PKI-5: OpenSSL reads the answer to its own request, nonce included, and finds the signature good. */
static void r_pki_5_openssl_asks_and_accepts(void **state)
{
    struct status *s = *state;
    const uint8_t *p = s->world->holder->der.ptr, *q = s->world->issuing->der.ptr;
    X509 *holder = d2i_X509(NULL, &p, (long)s->world->holder->der.len);
    X509 *issuing = d2i_X509(NULL, &q, (long)s->world->issuing->der.len);
    OCSP_REQUEST *asked = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), holder, issuing);
    assert_non_null(OCSP_request_add0_id(asked, OCSP_CERTID_dup(id)));
    assert_int_equal(OCSP_request_add1_nonce(asked, NULL, 32), 1);
    uint8_t *der = NULL;
    int len = i2d_OCSP_REQUEST(asked, &der);
    struct ocsp_request request;
    assert_false(failed(ocsp_request_parse(bytes_of(der, (size_t)len), &request)));
    assert_int_equal(request.count, 1);
    assert_true(bytes_equal(request.ids[0].serial, s->world->holder->serial));
    s->single.id = request.ids[0];
    s->answer.nonce = request.nonce;
    struct bytes answer = issue_answer(s);
    const uint8_t *r = answer.ptr;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &r, (long)answer.len);
    assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    assert_int_equal(OCSP_check_nonce(asked, basic), 1);
    int status = -1;
    assert_int_equal(OCSP_resp_find_status(basic, id, &status, NULL, NULL, NULL, NULL), 1);
    assert_int_equal(status, V_OCSP_CERTSTATUS_GOOD);
    uint8_t *tbs = NULL;
    int tbs_len = i2d_OCSP_RESPDATA((OCSP_RESPDATA *)(uintptr_t)OCSP_resp_get0_respdata(basic), &tbs);
    const ASN1_OCTET_STRING *signature = OCSP_resp_get0_signature(basic);
    assert_openssl_verifies(s->responder, tbs, (size_t)tbs_len, signature);
    OPENSSL_free(tbs);
    OPENSSL_free(der);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(asked);
    X509_free(holder);
    X509_free(issuing);
}

/* Cut anywhere, with any bit turned: refused or the same, never a crash (the sanitizers watch). */
static void damaged_messages_are_refused_or_foreign(void **state)
{
    struct status *s = *state;
    struct bytes answer = issue_answer(s);
    uint8_t copy[OCSP_RESPONSE_SIZE_MAX];
    struct ocsp_response response;
    for (size_t len = 0; len < answer.len; len++)
        assert_true(failed(ocsp_parse(bytes_of(answer.ptr, len), &response)));
    for (size_t at = 0; at < answer.len; at++) {
        memcpy(copy, answer.ptr, answer.len);
        copy[at] ^= (uint8_t)(1 << at % 8);
        struct result r = ocsp_parse(bytes_of(copy, answer.len), &response);
        if (!failed(r)) r = ocsp_check(&response, s->world->issuing, WORLD_NOW, s->arena);
        assert_true(failed(r));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(r_pki_3_list_is_read_back),
        TEST(r_pki_5_openssl_accepts_the_list),
        TEST(full_and_empty_lists_are_read_back),
        TEST(lists_against_the_rules_are_not_signed),
        TEST(r_pki_3_answers_are_read_back),
        TEST(answers_of_others_are_foreign),
        TEST(answers_against_the_rules_are_not_signed),
        TEST(r_pki_5_openssl_asks_and_accepts),
        TEST(damaged_messages_are_refused_or_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
