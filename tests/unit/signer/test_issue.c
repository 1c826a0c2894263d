/* SIGNER_CARD and SIGNER_ISSUE, as they should go. */
#include "tests.h"

static struct certificate *parse(struct play *p, struct bytes der)
{
    struct certificate *c = NULL;
    assert_ok(certificate_parse(der, p->cast->arena, &c));
    return c;
}

/* R-PKI-1, R-PKI-2, R-APPLY-3: the pair is that of the approval, chains up to the root, and its encryption key comes
 * enveloped for the key made in the card. */
static void r_pki_2_pair_is_issued_as_it_was_approved(void **state)
{
    struct play *p = *state;
    struct cast_order order;
    struct signer_issued issued;
    struct signer_state where;
    struct sm2_private opened;
    cast_order(p->cast, &order);
    cast_sign_order(p->cast, &order);
    assert_ok(cast_open(p->cast, p->peer, &order));
    assert_ok(cast_issue(p->cast, p->peer, &order, &issued));
    assert_ok(stage_greet(p->stage, p->cast, &where));
    struct certificate *signing = parse(p, issued.signing_certificate), *issuing = parse(p, where.issuing_certificate);
    struct certificate *encryption = parse(p, issued.encryption_certificate), *root = parse(p, where.root_certificate);
    const struct certificate *between[] = { issuing }, *anchors[] = { root };
    struct chain chain = { signing, between, 1, anchors, 1, NOW, PURPOSE_SIGNING };
    assert_ok(chain_check(&chain, NULL));
    chain.leaf = encryption;
    chain.purpose = PURPOSE_ENCRYPTION;
    assert_ok(chain_check(&chain, NULL));
    assert_memory_equal(signing->key.point, order.key.public.point, SM2_POINT_SIZE);
    assert_string_equal(name_text(&signing->subject, p->cast->arena),
                        arena_format(p->cast->arena, "CN=张三,serialNumber=%s,O=测试单位,C=CN", order.approve[0].holder));
    assert_int_equal(signing->not_before_s, NOW);
    assert_int_equal(signing->not_after_s, certificate_validity_end(NOW, 1));
    assert_ok(enveloped_key_open(&order.key, issued.enveloped_key, &opened));
    assert_memory_equal(encryption->key.point, opened.public.point, SM2_POINT_SIZE);
}

/* R-RENEW-4, R-RENEW-5: "renew:<old end>" is believed for the end of a certificate that the approval revokes, and of no
 * other; and a producer's USBKey gets it in the place of an approved download only. */
static void r_renew_4_old_end_is_that_of_a_certificate_it_revokes(void **state)
{
    struct play *p = *state;
    struct cast_order order, stranger, next;
    struct signer_issued issued, strangers;
    cast_order(p->cast, &order);
    cast_order(p->cast, &stranger);
    stranger.approve[0].validity = arena_format(p->cast->arena, "until:%d", NOW + 77 * (int)DAY_S);
    cast_sign_order(p->cast, &order);
    cast_sign_order(p->cast, &stranger);
    assert_ok(cast_open(p->cast, p->peer, &order));
    assert_ok(cast_issue(p->cast, p->peer, &order, &issued));
    assert_ok(cast_open(p->cast, p->peer, &stranger));
    assert_ok(cast_issue(p->cast, p->peer, &stranger, &strangers));
    const char *serial = cast_serial(p->cast, issued.signing_certificate);
    int64_t end_s = parse(p, issued.signing_certificate)->not_after_s;
    const struct {
        const char *revokes;
        int64_t old_end_s;
        enum error error;
    } tries[] = { { "-", end_s, ERROR_VALIDITY_UNFIT },         { serial, end_s + 1, ERROR_VALIDITY_UNFIT },
                  { serial, NOW + 77 * DAY_S, ERROR_VALIDITY_UNFIT }, { serial, end_s, ERROR_FORMER_MISSING } };
    for (size_t i = 0; i < COUNT(tries); i++) {
        cast_order(p->cast, &next);
        next.approve[0].holder = order.approve[0].holder;
        next.approve[0].revokes = tries[i].revokes;
        next.approve[0].reason = tries[i].revokes[0] == '-' ? "-" : "superseded";
        next.approve[0].validity = arena_format(p->cast->arena, "renew:%lld", (long long)tries[i].old_end_s);
        cast_sign_order(p->cast, &next);
        assert_ok(cast_open(p->cast, p->peer, &next));
        assert_error(cast_issue(p->cast, p->peer, &next, &issued), tries[i].error);
    }
}

int test_issue(void)
{
    const struct CMUnitTest tests[] = {
        PLAY(r_pki_2_pair_is_issued_as_it_was_approved),
        PLAY(r_renew_4_old_end_is_that_of_a_certificate_it_revokes),
    };
    return cmocka_run_group_tests_name("issue", tests, NULL, NULL);
}
