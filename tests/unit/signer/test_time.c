/* What time does to evidence: with a clock that can be set. */
#include "tests.h"

#include "base/random.h"

enum { MINUTE_S = 60 };

/* An order whose statements are signed now by everybody. */
static void signed_order(struct play *p, struct cast_order *ret_order)
{
    cast_order(p->cast, ret_order);
    cast_sign_order(p->cast, ret_order);
}

static void pass(struct play *p, int64_t seconds)
{
    p->stage->now_s += seconds;
    p->cast->now_s = p->stage->now_s;
}

/* R-OPS-3: an operator whose certificate has expired signs nothing. */
static void r_ops_3_expired_operator(void **state)
{
    struct play *p = *state;
    struct cast_order order;
    int64_t end_s = certificate_validity_end(NOW, 3);
    pass(p, end_s - NOW);
    signed_order(p, &order);
    assert_ok(cast_open(p->cast, p->peer, &order));
    pass(p, 1);
    signed_order(p, &order);
    assert_error(cast_open(p->cast, p->peer, &order), ERROR_CERTIFICATE_EXPIRED);
}

/* … and what was signed while it was valid does not outlive it. */
static void r_ops_3_approval_does_not_outlive_its_signatory(void **state)
{
    struct play *p = *state;
    struct cast_order order;
    pass(p, certificate_validity_end(NOW, 3) - NOW - MINUTE_S);
    signed_order(p, &order);
    pass(p, 2 * MINUTE_S);
    assert_error(cast_open(p->cast, p->peer, &order), ERROR_CERTIFICATE_EXPIRED);
}

static void r_ops_3_approvals_and_productions_age(void **state)
{
    struct play *p = *state;
    struct cast_order order;
    struct signer_issued issued;
    signed_order(p, &order);
    pass(p, 24 * 3600);
    assert_ok(cast_open(p->cast, p->peer, &order));
    assert_ok(cast_issue(p->cast, p->peer, &order, &issued));
    signed_order(p, &order);
    pass(p, 24 * 3600 + 1);
    assert_error(cast_open(p->cast, p->peer, &order), ERROR_STATEMENT_OLD);
    struct cast_order fresh;
    cast_order(p->cast, &fresh);
    fresh.approve[0].time = cast_time(p->cast, p->cast->now_s - 30 * DAY_S);
    cast_sign_order(p->cast, &fresh);
    assert_ok(cast_open(p->cast, p->peer, &fresh));
    pass(p, 1);
    assert_error(cast_issue(p->cast, p->peer, &fresh, &issued), ERROR_STATEMENT_OLD);
}

static void statements_may_be_five_minutes_ahead(void **state)
{
    struct play *p = *state;
    struct cast_order order;
    cast_order(p->cast, &order);
    order.approve[0].time = cast_time(p->cast, NOW + 300);
    cast_sign_order(p->cast, &order);
    assert_ok(cast_open(p->cast, p->peer, &order));
    cast_order(p->cast, &order);
    order.approve[0].time = cast_time(p->cast, NOW + 301);
    cast_sign_order(p->cast, &order);
    assert_error(cast_open(p->cast, p->peer, &order), ERROR_STATEMENT_EARLY);
}

/* A clock that was set back: nothing is recorded before what was recorded last, also after a restart. */
static void nothing_is_done_while_the_clock_is_behind(void **state)
{
    struct play *p = *state;
    struct cast_order order;
    struct signer_issued issued;
    signed_order(p, &order);
    assert_ok(cast_open(p->cast, p->peer, &order));
    int64_t size = cast_journal_size(p->cast, p->peer);
    p->stage->now_s = NOW - 1;
    assert_error(cast_issue(p->cast, p->peer, &order, &issued), ERROR_CLOCK);
    assert_int_equal(cast_journal_size(p->cast, p->peer), size);
    p->stage->now_s = NOW;
    assert_ok(cast_issue(p->cast, p->peer, &order, &issued));
    /* What was done is answered again all the same. */
    p->stage->now_s = NOW - 1;
    struct signer_issued again;
    assert_ok(cast_issue(p->cast, p->peer, &order, &again));
}

static void card_certificates_expire_too(void **state)
{
    struct play *p = *state;
    struct cast_order order;
    p->cast->card_days = 2;
    signed_order(p, &order);
    pass(p, 2 * DAY_S);
    order.card_statement.time = cast_time(p->cast, p->cast->now_s);
    cast_sign_order(p->cast, &order);
    assert_ok(cast_open(p->cast, p->peer, &order));
    pass(p, 1);
    order.card_statement.challenge = "1112131415161718";
    cast_sign_order(p->cast, &order);
    assert_error(cast_open(p->cast, p->peer, &order), ERROR_CERTIFICATE_EXPIRED);
}

/* R-RENEW-4 in the form that an approval gives it: an end on a fixed day is kept to the second. */
static void r_lost_2_end_of_validity_is_what_was_approved(void **state)
{
    struct play *p = *state;
    struct cast_order order;
    struct signer_issued issued;
    struct certificate *c = NULL;
    cast_order(p->cast, &order);
    order.approve[0].validity = arena_format(p->cast->arena, "until:%d", NOW + 12345678);
    cast_sign_order(p->cast, &order);
    assert_ok(cast_open(p->cast, p->peer, &order));
    assert_ok(cast_issue(p->cast, p->peer, &order, &issued));
    assert_ok(certificate_parse(issued.signing_certificate, p->cast->arena, &c));
    assert_int_equal(c->not_after_s, NOW + 12345678);
    assert_ok(certificate_parse(issued.encryption_certificate, p->cast->arena, &c));
    assert_int_equal(c->not_after_s, NOW + 12345678);
}

/* R-REVOKE-3: holds at a holder's word alone are so many an hour, over restarts too; a certificate can be put on hold
 * again a day after its last hold. */
static void r_revoke_3_holds_have_a_measure(void **state)
{
    enum { HOLDS = 3 };
    struct play *p = *state;
    struct cast_order orders[HOLDS + 1];
    struct signer_hold asks[HOLDS + 1];
    struct signer_held held;
    stage_set(p->stage, "holds_hour = 3\n");
    play_restart(p);
    for (int i = 0; i <= HOLDS; i++) {
        struct signer_issued issued;
        signed_order(p, &orders[i]);
        assert_ok(cast_open(p->cast, p->peer, &orders[i]));
        assert_ok(cast_issue(p->cast, p->peer, &orders[i], &issued));
        asks[i] = (struct signer_hold){ random_id(), orders[i].approve[0].holder,
                                        cast_serial(p->cast, issued.signing_certificate) };
    }
    for (int i = 0; i < HOLDS; i++) assert_ok(cast_ask(p->cast, p->peer, SIGNER_HOLD, &asks[i], &held));
    assert_error(cast_ask(p->cast, p->peer, SIGNER_HOLD, &asks[HOLDS], &held), ERROR_HOLD_LIMIT);
    play_restart(p);
    assert_error(cast_ask(p->cast, p->peer, SIGNER_HOLD, &asks[HOLDS], &held), ERROR_HOLD_LIMIT);
    pass(p, 3600);
    assert_ok(cast_ask(p->cast, p->peer, SIGNER_HOLD, &asks[HOLDS], &held));
}

static void r_revoke_3_hold_again_after_a_day(void **state)
{
    struct play *p = *state;
    struct cast_order order;
    struct signer_issued issued;
    struct signer_held held;
    struct signer_released released;
    signed_order(p, &order);
    assert_ok(cast_open(p->cast, p->peer, &order));
    assert_ok(cast_issue(p->cast, p->peer, &order, &issued));
    const char *serial = cast_serial(p->cast, issued.signing_certificate);
    struct signer_hold ask = { random_id(), order.approve[0].holder, serial };
    assert_ok(cast_ask(p->cast, p->peer, SIGNER_HOLD, &ask, &held));
    const struct cast_person *by = cast_person(p->cast, "审核员一");
    const struct release_statement s = { .application = "-", .holder = ask.holder, .holder_name = "张三",
                                         .certificates = serial, .nonce = cast_nonce(p->cast),
                                         .operator_serial = by->serial, .time = cast_time(p->cast, p->cast->now_s) };
    struct signer_release lift = { .request = random_id() };
    lift.statement1 = cast_text(p->cast, &release_statement_shape, &s);
    lift.signature1 = cast_sign(p->cast, &by->key, lift.statement1);
    assert_ok(cast_ask(p->cast, p->peer, SIGNER_RELEASE, &lift, &released));
    pass(p, DAY_S - 1);
    ask.request = random_id();
    assert_error(cast_ask(p->cast, p->peer, SIGNER_HOLD, &ask, &held), ERROR_HOLD_LIMIT);
    pass(p, 1);
    assert_ok(cast_ask(p->cast, p->peer, SIGNER_HOLD, &ask, &held));
}

static struct result renew(struct play *p, const char *name, const char *one, const char *two, const char **ret_serial)
{
    const struct cast_person *who = cast_person(p->cast, name);
    const struct operator_statement statement = {
        .change = "renew", .name = name, .roles = who->roles,
        .public_key = cast_hex(p->cast, BYTES(who->key.public.point)), .card = "HF99999999", .serial = who->serial };
    struct signer_operator ask = { .request = random_id() };
    struct signer_operator_done done;
    cast_operator_statement(p->cast, statement, cast_person(p->cast, one), &ask.statement1, &ask.signature1);
    cast_operator_statement(p->cast, statement, cast_person(p->cast, two), &ask.statement2, &ask.signature2);
    TRY(cast_ask(p->cast, p->peer, SIGNER_OPERATOR, &ask, &done));
    *ret_serial = cast_serial(p->cast, done.certificate);
    return OK;
}

/* R-OPS-9: administrators who renew each other ahead of the end keep the register going; who did not is out, and can be
 * let in again. */
static void r_ops_9_administrators_renew_each_other(void **state)
{
    struct play *p = *state;
    const char *one, *two, *three, *late;
    pass(p, certificate_validity_end(NOW, 3) - NOW - 30 * DAY_S);
    assert_ok(renew(p, "管理员一", "管理员一", "管理员二", &one));
    assert_ok(renew(p, "管理员二", "管理员一", "管理员二", &two));
    cast_person(p->cast, "管理员一")->serial = one;
    cast_person(p->cast, "管理员二")->serial = two;
    pass(p, 31 * DAY_S);
    assert_error(renew(p, "管理员三", "管理员三", "管理员一", &three), ERROR_CERTIFICATE_EXPIRED);
    assert_error(renew(p, "管理员三", "管理员一", "管理员三", &three), ERROR_CERTIFICATE_EXPIRED);
    play_restart(p);
    assert_ok(renew(p, "管理员三", "管理员一", "管理员二", &late));
    cast_person(p->cast, "管理员三")->serial = late;
    assert_ok(renew(p, "审核员一", "管理员三", "管理员二", &three));
}

int test_time(void)
{
    const struct CMUnitTest tests[] = {
        PLAY(r_ops_3_expired_operator),
        PLAY(r_ops_3_approval_does_not_outlive_its_signatory),
        PLAY(r_ops_3_approvals_and_productions_age),
        PLAY(statements_may_be_five_minutes_ahead),
        PLAY(nothing_is_done_while_the_clock_is_behind),
        PLAY(card_certificates_expire_too),
        PLAY(r_lost_2_end_of_validity_is_what_was_approved),
        PLAY(r_revoke_3_holds_have_a_measure),
        PLAY(r_revoke_3_hold_again_after_a_day),
        PLAY(r_ops_9_administrators_renew_each_other),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
