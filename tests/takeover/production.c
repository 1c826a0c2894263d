/* R-APPLY-3, R-OPS-3: without a producer who signed for this key in this card, nothing is issued. */
#include "takeover.h"

#include "base/random.h"

/* ---- the producer's statements ---- */

static void r_apply_3_production_statement_altered_in_each_line(void **state)
{
    struct scene *s = *state;
    for (size_t line = 0; line <= produce_statement_shape.count; line++) {
        struct cast_order order;
        cast_order(s->cast, &order);
        cast_sign_order(s->cast, &order);
        order.issue.statement1 = alter_line(s->cast, order.issue.statement1, line);
        order.issue.possession = cast_sign(s->cast, &order.key, order.issue.statement1);
        order_refused(s, &order, ERROR_NONE);
    }
}

static void r_apply_3_card_statement_altered_in_each_line(void **state)
{
    struct scene *s = *state;
    for (size_t line = 0; line <= card_statement_shape.count; line++) {
        struct cast_order order;
        struct signer_issued issued;
        cast_order(s->cast, &order);
        cast_sign_order(s->cast, &order);
        order.open.statement1 = alter_line(s->cast, order.open.statement1, line);
        refused(s, cast_open(s->cast, s->peer, &order), SIGNER_CARD, ERROR_NONE);
        refused(s, cast_issue(s->cast, s->peer, &order, &issued), SIGNER_ISSUE, ERROR_CARD_NOT_OPENED);
    }
}

static void r_apply_3_producer_who_is_none(void **state)
{
    struct scene *s = *state;
    struct cast_person stranger = { .name = "制证员一", .serial = "0123456789abcdef0123456789abcdef" };
    struct cast_person thief = *cast_person(s->cast, "制证员一");
    assert_ok(sm2_private_generate(&stranger.key, &s->cast->drbg));
    assert_ok(sm2_private_generate(&thief.key, &s->cast->drbg));
    const struct {
        struct cast_person *by;
        enum error error;
    } all[] = { { cast_person(s->cast, "审核员二"), ERROR_OPERATOR_ROLE },
                { cast_person(s->cast, "管理员一"), ERROR_OPERATOR_ROLE },
                { &stranger, ERROR_OPERATOR_UNKNOWN },
                { &thief, ERROR_SIGNATURE_INVALID } };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct cast_order order;
        struct signer_issued issued;
        /* Already the card is not opened for them … */
        cast_order(s->cast, &order);
        order.producer = all[i].by;
        cast_sign_order(s->cast, &order);
        order_refused(s, &order, all[i].error);
        /* … and with an opened card they cannot have a key certified. */
        opened_order(s, &order);
        order.producer = all[i].by;
        order.produce = (struct produce_statement){ .application = order.approve[0].application,
                                                    .card = order.card->serial, .delivery = PRODUCE_POST };
        cast_sign_order(s->cast, &order);
        refused(s, cast_issue(s->cast, s->peer, &order, &issued), SIGNER_ISSUE, all[i].error);
    }
}

static void r_apply_3_no_production_statement(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_issued issued;
    opened_order(s, &order);
    const char *produced = order.issue.statement1;
    order.issue.statement1 = NULL;
    refused(s, cast_issue(s->cast, s->peer, &order, &issued), SIGNER_ISSUE, ERROR_STATEMENT);
    order.issue.statement1 = order.open.statement1; /* another kind of statement */
    order.issue.signature1 = order.open.signature1;
    refused(s, cast_issue(s->cast, s->peer, &order, &issued), SIGNER_ISSUE, ERROR_STATEMENT);
    order.issue.statement1 = produced;
    refused(s, cast_issue(s->cast, s->peer, &order, &issued), SIGNER_ISSUE, ERROR_SIGNATURE_INVALID);
}

/* ---- the key ---- */

/* Web has its own key and everything else of a true production. */
static void r_apply_3_another_key_than_was_produced(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_issued issued;
    struct sm2_private own;
    assert_ok(sm2_private_generate(&own, &s->cast->drbg));
    opened_order(s, &order);
    /* put into the statement: the producer's signature does not cover it */
    struct produce_statement p = order.produce;
    p.public_key = cast_hex(s->cast, BYTES(own.public.point));
    order.issue.statement1 = cast_text(s->cast, &produce_statement_shape, &p);
    order.issue.possession = cast_sign(s->cast, &own, order.issue.statement1);
    refused(s, cast_issue(s->cast, s->peer, &order, &issued), SIGNER_ISSUE, ERROR_SIGNATURE_INVALID);
}

/* … and a producer who signs for it without looking: the card did not attest it. */
static void r_apply_3_key_that_was_not_made_in_the_card(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct sm2_private own;
    struct cast_card *second = cast_card(s->cast, NULL);
    assert_ok(sm2_private_generate(&own, &s->cast->drbg));
    struct attest_statement other_container = { "", "HUFU-2", "" };
    for (int how = 0; how < 5; how++) {
        cast_order(s->cast, &order);
        other_container.card = order.card->serial;
        other_container.public_key = cast_hex(s->cast, BYTES(order.key.public.point));
        const char *text = cast_text(s->cast, &attest_statement_shape, &other_container);
        struct bytes attestations[] = {
            cast_attest(s->cast, order.card, &own.public),   /* of another key */
            cast_attest(s->cast, second, &order.key.public), /* by another card */
            cast_sign(s->cast, &own, text),                  /* by no card */
            cast_sign(s->cast, &order.card->key, text),      /* in another container */
            { (const uint8_t *)"short", 5 },
        };
        order.produce.attestation = cast_hex(s->cast, attestations[how]);
        cast_sign_order(s->cast, &order);
        order_refused(s, &order, ERROR_CARD_ATTESTATION);
    }
}

/* R-PKI-1 */
static void r_apply_3_possession_that_fails(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_issued issued;
    struct sm2_private own;
    assert_ok(sm2_private_generate(&own, &s->cast->drbg));
    opened_order(s, &order);
    const char *text = order.issue.statement1;
    struct bytes all[] = { cast_sign(s->cast, &own, text), cast_sign(s->cast, &order.key, "another text"),
                           order.issue.signature1, { 0 }, { (const uint8_t *)"short", 5 } };
    for (size_t i = 0; i < COUNT(all); i++) {
        order.issue.possession = all[i];
        refused(s, cast_issue(s->cast, s->peer, &order, &issued), SIGNER_ISSUE, ERROR_POSSESSION);
    }
    order.issue.possession = cast_sign(s->cast, &order.key, text);
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
}

static void r_apply_3_key_is_certified_once(void **state)
{
    struct scene *s = *state;
    struct cast_order order, again;
    struct signer_issued issued;
    opened_order(s, &order);
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
    cast_order(s->cast, &again);
    again.card = order.card;
    again.key = order.key;
    again.card_statement.card = again.produce.card = order.card->serial;
    cast_sign_order(s->cast, &again);
    order_refused(s, &again, ERROR_KEY_REPEATED);
    /* An operator's key does not become a holder's. */
    cast_order(s->cast, &again);
    again.key = cast_person(s->cast, "审核员一")->key;
    cast_sign_order(s->cast, &again);
    order_refused(s, &again, ERROR_KEY_REPEATED);
}

static void r_apply_3_key_that_is_no_point(void **state)
{
    struct scene *s = *state;
    uint8_t zeros[SM2_POINT_SIZE] = { 0 };
    const char *const all[] = { "00", "-", cast_hex(s->cast, BYTES(zeros)) };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct cast_order order;
        struct attest_statement attest;
        cast_order(s->cast, &order);
        attest = (struct attest_statement){ order.card->serial, CARD_CONTAINER, all[i] };
        order.produce.public_key = all[i];
        order.produce.attestation = cast_hex(
            s->cast, cast_sign(s->cast, &order.card->key, cast_text(s->cast, &attest_statement_shape, &attest)));
        cast_sign_order(s->cast, &order);
        order_refused(s, &order, ERROR_KEY_INVALID);
    }
}

/* ---- the card ---- */

static void r_apply_3_card_of_a_foreign_maker(void **state)
{
    struct scene *s = *state;
    struct sm2_private maker;
    struct cast_order order;
    assert_ok(sm2_private_generate(&maker, &s->cast->drbg));
    cast_order(s->cast, &order);
    order.card = cast_card(s->cast, &maker);
    order.card_statement.card = order.produce.card = order.card->serial;
    cast_sign_order(s->cast, &order);
    /* Its root bears the same name, but not the key. */
    order_refused(s, &order, ERROR_CERTIFICATE_FOREIGN);
}

static void r_apply_3_certificate_of_another_card(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct cast_card *other = cast_card(s->cast, NULL);
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    order.open.card_certificate = order.issue.card_certificate = other->certificate;
    order_refused(s, &order, ERROR_CARD_OTHER);
    /* A holder's certificate is no card's. */
    struct cast_order first;
    struct signer_issued issued;
    opened_order(s, &first);
    assert_ok(cast_issue(s->cast, s->peer, &first, &issued));
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    order.open.card_certificate = order.issue.card_certificate = issued.signing_certificate;
    order_refused(s, &order, ERROR_CERTIFICATE_FOREIGN);
    order.open.card_certificate = order.issue.card_certificate = bytes_text("no certificate");
    order_refused(s, &order, ERROR_NONE);
    order.open.card_certificate = order.issue.card_certificate = s->cast->maker->der;
    order_refused(s, &order, ERROR_NONE);
}

/* A producer who signs for one USBKey with the certificate of another one. */
static void r_apply_3_card_under_another_ones_certificate(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct cast_card *other = cast_card(s->cast, NULL);
    cast_order(s->cast, &order);
    order.card_statement.card_key = cast_hash(s->cast, other->certificate);
    cast_sign_order(s->cast, &order);
    order.open.card_certificate = order.issue.card_certificate = other->certificate;
    order_refused(s, &order, ERROR_CARD_OTHER);
}

static void r_apply_3_card_that_was_not_opened_for_this(void **state)
{
    struct scene *s = *state;
    struct cast_order order, other;
    struct signer_issued issued;
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    refused(s, cast_issue(s->cast, s->peer, &order, &issued), SIGNER_ISSUE, ERROR_CARD_NOT_OPENED);
    /* Opened for an operator, when all was set up. */
    cast_order(s->cast, &other);
    other.card = cast_person(s->cast, "审核员二")->card;
    other.card_statement.card = other.produce.card = other.card->serial;
    cast_sign_order(s->cast, &other);
    refused(s, cast_issue(s->cast, s->peer, &other, &issued), SIGNER_ISSUE, ERROR_CARD_NOT_OPENED);
    /* Opened for this one, then for another application. */
    opened_order(s, &order);
    cast_order(s->cast, &other);
    other.card = order.card;
    other.card_statement.card = other.produce.card = order.card->serial;
    cast_sign_order(s->cast, &other);
    assert_ok(cast_open(s->cast, s->peer, &other));
    refused(s, cast_issue(s->cast, s->peer, &order, &issued), SIGNER_ISSUE, ERROR_CARD_NOT_OPENED);
}

static void r_apply_3_opening_counts_once(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_card_opened first, second;
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_CARD, &order.open, &first));
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_CARD, &order.open, &second));
    assert_true(bytes_equal(first.admin_sealed, second.admin_sealed));
    assert_true(bytes_equal(first.device_answer, second.device_answer));
    assert_int_equal(stage_stop(s->stage), 0);
    stage_start(s->stage, takeover_program, NULL);
    struct signer_state where;
    assert_ok(stage_greet(s->stage, s->cast, &where));
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_CARD, &order.open, &second));
    assert_true(bytes_equal(first.admin_sealed, second.admin_sealed));
    order.open.request = random_id();
    refused(s, cast_open(s->cast, s->peer, &order), SIGNER_CARD, ERROR_APPROVAL_USED);
}

/* The administrator key comes sealed: only the card opens it, and it is another one for each card. */
static void r_unlock_2_administrator_key_is_the_cards_alone(void **state)
{
    struct scene *s = *state;
    uint8_t keys[2][CARD_KEY_SIZE], answer[SM4_BLOCK], device[CARD_KEY_SIZE];
    for (int i = 0; i < 2; i++) {
        struct cast_order order;
        struct signer_card_opened opened;
        struct sm2_private other;
        uint32_t version = 0;
        cast_order(s->cast, &order);
        cast_sign_order(s->cast, &order);
        assert_ok(cast_ask(s->cast, s->peer, SIGNER_CARD, &order.open, &opened));
        assert_int_equal(opened.admin_sealed.len, CARD_ADMIN_SEALED_SIZE);
        assert_ok(card_admin_open(&order.card->key, opened.admin_sealed.ptr, &version, keys[i]));
        assert_int_equal(version, opened.master_version);
        assert_ok(sm2_private_generate(&other, &s->cast->drbg));
        assert_true(failed(card_admin_open(&other, opened.admin_sealed.ptr, &version, answer)));
        card_device_key(BYTES(s->cast->transport), bytes_text(order.card->serial), device);
        card_device_answer(device, (const uint8_t *)"\1\2\3\4\5\6\7\10", answer);
        assert_true(bytes_equal(opened.device_answer, BYTES(answer)));
    }
    assert_memory_not_equal(keys[0], keys[1], CARD_KEY_SIZE);
}

int takeover_production(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(r_apply_3_production_statement_altered_in_each_line),
        SCENE(r_apply_3_card_statement_altered_in_each_line),
        SCENE(r_apply_3_producer_who_is_none),
        SCENE(r_apply_3_no_production_statement),
        SCENE(r_apply_3_another_key_than_was_produced),
        SCENE(r_apply_3_key_that_was_not_made_in_the_card),
        SCENE(r_apply_3_possession_that_fails),
        SCENE(r_apply_3_key_is_certified_once),
        SCENE(r_apply_3_key_that_is_no_point),
        SCENE(r_apply_3_card_of_a_foreign_maker),
        SCENE(r_apply_3_certificate_of_another_card),
        SCENE(r_apply_3_card_under_another_ones_certificate),
        SCENE(r_apply_3_card_that_was_not_opened_for_this),
        SCENE(r_apply_3_opening_counts_once),
        SCENE(r_unlock_2_administrator_key_is_the_cards_alone),
    };
    return cmocka_run_group_tests_name("production", tests, NULL, NULL);
}
