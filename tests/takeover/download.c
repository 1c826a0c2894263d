/* R-RENEW-3, R-CHANGE-2: a pair for a USBKey in its holder's hands comes from an approval and the key on record only. */
#include "takeover.h"

#include "base/random.h"

struct download {
    struct cast_order old, order; /* what is replaced; the approval, new key and request of what takes its place */
    struct signer_issued issued;
    const char *signing;
    bool travels; /* the USBKey is in transit */
    struct download_statement statement;
    const struct sm2_private *signer; /* who signs as the key on record: &old.key */
};

static struct bytes attest(struct scene *s, const struct cast_card *card, const struct download_statement *d)
{
    const struct attest_statement a = { d->card, d->container, d->public_key };
    return cast_sign(s->cast, &card->key, cast_text(s->cast, &attest_statement_shape, &a));
}

static void sign_statement(struct scene *s, struct download *d)
{
    struct signer_issue *ask = &d->order.issue;
    ask->request = random_id();
    ask->statement1 = cast_text(s->cast, &download_statement_shape, &d->statement);
    ask->signature1 = cast_sign(s->cast, d->signer, ask->statement1);
    ask->possession = cast_sign(s->cast, &d->order.key, ask->statement1);
}

/* A certificate that exists, and everything as it should be for another one of SERVICE in its place. */
static void begin(struct scene *s, const char *service, const char *validity, struct download *ret_download)
{
    struct download *d = ret_download;
    struct certificate *old = NULL;
    *d = (struct download){ .travels = text_equal(service, "renew in transit") };
    if (d->travels) service = "renew";
    opened_order(s, &d->old);
    assert_ok(cast_issue(s->cast, s->peer, &d->old, &d->issued));
    if (!d->travels) assert_ok(cast_receive(s->cast, s->peer, &d->old, &d->issued));
    assert_ok(certificate_parse(d->issued.signing_certificate, s->cast->arena, &old));
    d->signing = cast_serial(s->cast, d->issued.signing_certificate);
    d->signer = &d->old.key;
    cast_order(s->cast, &d->order);
    d->order.card = d->old.card;
    struct approve_statement *a = &d->order.approve[0];
    bool renew = text_equal(service, "renew");
    a->service = service;
    if (renew) a->holder = d->old.approve[0].holder;
    a->revokes = arena_format(s->cast->arena, "%s,%s", d->signing,
                              cast_serial(s->cast, d->issued.encryption_certificate));
    a->reason = renew ? "superseded" : "affiliationChanged";
    a->validity = validity ? validity
                           : arena_format(s->cast->arena, "%s:%lld", renew ? "renew" : "until",
                                          (long long)old->not_after_s);
    cast_sign_order(s->cast, &d->order);
    d->statement = (struct download_statement){
        .origin = "https://portal.example", .application = a->application, .service = service,
        .approval = cast_hash(s->cast, bytes_text(d->order.issue.approval1)), .card = d->old.card->serial,
        .container = "HUFU-2", .public_key = cast_hex(s->cast, BYTES(d->order.key.public.point)),
        .certificate = d->signing, .time = cast_time(s->cast, s->cast->now_s),
    };
    d->statement.attestation = cast_hex(s->cast, attest(s, d->old.card, &d->statement));
    sign_statement(s, d);
}

static void refused_download(struct scene *s, struct download *d, enum error error)
{
    struct signer_issued issued;
    refused(s, cast_issue(s->cast, s->peer, &d->order, &issued), SIGNER_ISSUE, error);
}

static void revoke(struct scene *s, const struct download *d, const char *reason)
{
    struct signer_revoke ask;
    struct signer_revoked revoked;
    cast_revocation(s->cast, &d->old, d->signing, reason, &ask);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_REVOKE, &ask, &revoked));
}

/* R-RENEW-3, R-RENEW-4: what all attempts differ from. The old pair is revoked with it, and it happens once. */
static void r_renew_4_the_right_way_works_once(void **state)
{
    struct scene *s = *state;
    struct download d;
    struct signer_issued issued, again;
    struct certificate *old = NULL, *fresh = NULL;
    begin(s, "renew", NULL, &d);
    assert_ok(cast_issue(s->cast, s->peer, &d.order, &issued));
    assert_ok(certificate_parse(d.issued.signing_certificate, s->cast->arena, &old));
    assert_ok(certificate_parse(issued.signing_certificate, s->cast->arena, &fresh));
    assert_int_equal(fresh->not_after_s, certificate_validity_end(old->not_after_s + 1, 1));
    assert_ok(cast_issue(s->cast, s->peer, &d.order, &again)); /* the same request */
    assert_true(bytes_equal(issued.signing_certificate, again.signing_certificate));
    assert_int_equal(cast_count(s->cast, s->peer, JOURNAL_REVOKED), 1);
    sign_statement(s, &d);
    refused_download(s, &d, ERROR_APPROVAL_USED);
    assert_int_equal(stage_stop(s->stage), 0); /* and so it stands in the journal */
    struct signer_state where;
    stage_start(s->stage, takeover_program, NULL);
    assert_ok(stage_greet(s->stage, s->cast, &where));
    refused_download(s, &d, ERROR_APPROVAL_USED);
}

/* R-CHANGE-2: the former holder's certificate is revoked at the approval; its key signs for this approval alone. */
static void r_change_2_a_certificate_revoked_by_the_change_itself(void **state)
{
    struct scene *s = *state;
    struct download d;
    struct signer_issued issued;
    struct signer_revoked revoked;
    begin(s, "change", NULL, &d);
    const struct signer_revoke ask = { random_id(), d.order.issue.approval1, d.order.issue.approval_signature1 };
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_REVOKE, &ask, &revoked));
    assert_ok(cast_issue(s->cast, s->peer, &d.order, &issued));
    begin(s, "change", NULL, &d);
    revoke(s, &d, "keyCompromise");
    refused_download(s, &d, ERROR_CERTIFICATE_REVOKED);
    begin(s, "renew", NULL, &d);
    const struct signer_hold hold = { random_id(), d.old.approve[0].holder, d.signing };
    struct signer_held held;
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_HOLD, &hold, &held));
    refused_download(s, &d, ERROR_CERTIFICATE_REVOKED);
    begin(s, "renew in transit", NULL, &d); /* R-SHIP-3 */
    refused_download(s, &d, ERROR_CERTIFICATE_REVOKED);
}

static void r_renew_3_without_an_approval_for_it(void **state)
{
    struct scene *s = *state;
    struct download d, other;
    begin(s, "renew", NULL, &d);
    struct signer_issue good = d.order.issue;
    d.order.issue.approval1 = NULL;
    refused_download(s, &d, ERROR_APPROVAL_MISSING);
    d.order.issue = good;
    d.order.issue.approval1 = d.old.issue.approval1; /* used, and of another service */
    d.order.issue.approval_signature1 = d.old.issue.approval_signature1;
    refused_download(s, &d, ERROR_APPROVAL_USED);
    begin(s, "change", NULL, &other);
    d.order.issue = good;
    d.order.issue.approval1 = other.order.issue.approval1; /* of another application */
    d.order.issue.approval_signature1 = other.order.issue.approval_signature1;
    refused_download(s, &d, ERROR_EVIDENCE_MISMATCH);
    /* of a producer's services a holder's signature makes nothing, and the other way round */
    begin(s, "apply", "1y", &d);
    refused_download(s, &d, ERROR_STATEMENT);
    begin(s, "renew", NULL, &d);
    d.order.produce = (struct produce_statement){ .application = d.order.approve[0].application,
                                                  .card = d.old.card->serial, .delivery = PRODUCE_POST };
    cast_sign_order(s->cast, &d.order);
    refused_download(s, &d, ERROR_STATEMENT);
}

static void r_renew_3_another_card_or_key_on_record(void **state)
{
    struct scene *s = *state;
    struct download d, other;
    struct cast_card *card = cast_card(s->cast, NULL);
    begin(s, "renew", NULL, &other);
    begin(s, "renew", NULL, &d);
    const struct download_statement good = d.statement;
    d.statement.card = card->serial; /* attested by it, but not the one on record */
    d.statement.attestation = cast_hex(s->cast, attest(s, card, &d.statement));
    d.order.issue.card_certificate = card->certificate;
    sign_statement(s, &d);
    refused_download(s, &d, ERROR_CARD_HOLDER);
    d.statement = good;
    d.order.issue.card_certificate = d.old.card->certificate;
    d.signer = &other.old.key;
    sign_statement(s, &d);
    refused_download(s, &d, ERROR_SIGNATURE_INVALID);
    d.statement.certificate = other.signing; /* a key on record, but not one that is replaced */
    sign_statement(s, &d);
    refused_download(s, &d, ERROR_SERIAL_OTHER);
    d.signer = &d.order.key; /* the new key for itself */
    d.statement = good;
    sign_statement(s, &d);
    refused_download(s, &d, ERROR_SIGNATURE_INVALID);
    d.signer = &d.old.key;
    d.statement.certificate = cast_serial(s->cast, d.issued.encryption_certificate); /* listed, but it does not sign */
    sign_statement(s, &d);
    refused_download(s, &d, ERROR_SERIAL_OTHER);
}

static void r_renew_3_a_key_that_was_not_made_in_the_card(void **state)
{
    struct scene *s = *state;
    struct download d;
    begin(s, "renew", NULL, &d);
    d.statement.container = "HUFU-3";
    sign_statement(s, &d);
    refused_download(s, &d, ERROR_CARD_ATTESTATION);
    begin(s, "renew", NULL, &d);
    d.order.issue.possession = cast_sign(s->cast, &d.old.key, d.order.issue.statement1);
    refused_download(s, &d, ERROR_POSSESSION);
    begin(s, "renew", NULL, &d);
    d.statement.public_key = cast_hex(s->cast, BYTES(d.old.key.public.point)); /* certified before */
    d.statement.attestation = cast_hex(s->cast, attest(s, d.old.card, &d.statement));
    sign_statement(s, &d);
    refused_download(s, &d, ERROR_KEY_REPEATED);
}

static void r_renew_3_statement_altered_in_each_line(void **state)
{
    struct scene *s = *state;
    struct download d;
    begin(s, "renew", NULL, &d);
    const char *good = d.order.issue.statement1;
    for (size_t line = 0; line <= download_statement_shape.count; line++) {
        d.order.issue.request = random_id();
        d.order.issue.statement1 = alter_line(s->cast, good, line);
        d.order.issue.possession = cast_sign(s->cast, &d.order.key, d.order.issue.statement1);
        refused_download(s, &d, ERROR_NONE);
    }
}

/* R-CHANGE-2, R-RENEW-4: not longer than the rule, whatever a reviewer was made to sign. */
static void r_renew_4_validity_that_is_longer(void **state)
{
    struct scene *s = *state;
    struct download d;
    const char *longer = arena_format(s->cast->arena, "until:%lld", (long long)s->cast->now_s + 2 * 366 * DAY_S);
    begin(s, "change", longer, &d);
    refused_download(s, &d, ERROR_VALIDITY_UNFIT);
    begin(s, "renew", longer, &d);
    refused_download(s, &d, ERROR_VALIDITY_UNFIT);
    const char *later = arena_format(s->cast->arena, "renew:%lld", (long long)s->cast->now_s + 400 * DAY_S);
    begin(s, "renew", later, &d);
    refused_download(s, &d, ERROR_VALIDITY_UNFIT);
}

/* ---- the USBKey is lost or broken before it took what was approved ---- */

/* A fresh USBKey of SERVICE in the place of what D has approved, everything as it should be; of APPLICATION, unless that
 * is NULL. */
static void replacement(struct scene *s, const struct download *d, const char *service, const char *application,
                        struct cast_order *ret_order)
{
    struct cast_order *order = ret_order;
    const struct approve_statement *approved = &d->order.approve[0];
    bool passes = text_equal(approved->service, "change");
    cast_order(s->cast, order);
    order->reviewer[1] = cast_person(s->cast, "审核员二");
    if (application) order->card_statement.application = order->produce.application = application;
    for (size_t i = 0; i < EVIDENCE_MAX; i++) {
        struct approve_statement *a = &order->approve[i];
        if (application) a->application = application;
        a->service = service;
        a->holder = approved->holder;
        a->revokes = passes ? "-" : approved->revokes;
        a->reason = passes ? "-" : text_equal(service, "lost") ? "keyCompromise" : "superseded";
        a->validity = approved->validity;
    }
    cast_sign_order(s->cast, order);
    order->issue.former = d->order.issue.approval1;
    order->issue.former_signature = d->order.issue.approval_signature1;
    assert_ok(cast_open(s->cast, s->peer, order));
}

static void refused_replacement(struct scene *s, const struct cast_order *order, enum error error)
{
    struct signer_issue ask = order->issue;
    struct signer_issued issued;
    ask.request = random_id();
    refused(s, cast_ask(s->cast, s->peer, SIGNER_ISSUE, &ask, &issued), SIGNER_ISSUE, error);
}

/* R-LOST-2, R-RENEW-5: the year that was approved goes over to the new USBKey, once, whichever comes first; made again
 * for the same application it has it again. */
static void r_renew_5_a_replacement_uses_up_the_renewal(void **state)
{
    struct scene *s = *state;
    struct download d;
    struct cast_order order, other, again;
    struct signer_issued issued;
    struct signer_state where;
    struct certificate *fresh = NULL;
    begin(s, "renew", NULL, &d);
    replacement(s, &d, "damaged", NULL, &order);
    replacement(s, &d, "damaged", NULL, &other);
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
    assert_ok(certificate_parse(issued.signing_certificate, s->cast->arena, &fresh));
    assert_true(fresh->not_after_s > s->cast->now_s + 366 * DAY_S);
    refused_download(s, &d, ERROR_APPROVAL_USED);
    refused_replacement(s, &other, ERROR_APPROVAL_USED);
    assert_int_equal(stage_stop(s->stage), 0);
    stage_start(s->stage, takeover_program, NULL);
    assert_ok(stage_greet(s->stage, s->cast, &where));
    refused_download(s, &d, ERROR_APPROVAL_USED);
    replacement(s, &d, "damaged", order.approve[0].application, &again);
    assert_ok(cast_issue(s->cast, s->peer, &again, &issued));
    assert_int_equal(cast_count(s->cast, s->peer, JOURNAL_REPLACED), 1);
    begin(s, "renew", NULL, &d); /* the other way round */
    assert_ok(cast_issue(s->cast, s->peer, &d.order, &issued));
    replacement(s, &d, "lost", NULL, &order);
    refused_replacement(s, &order, ERROR_APPROVAL_USED);
}

static void r_renew_5_no_year_without_a_renewal_of_this_holder(void **state)
{
    struct scene *s = *state;
    struct download d, stranger;
    struct cast_order order;
    begin(s, "renew", NULL, &stranger);
    begin(s, "renew", NULL, &d);
    replacement(s, &d, "lost", NULL, &order);
    const struct signer_issue good = order.issue;
    order.issue.former = NULL;
    refused_replacement(s, &order, ERROR_FORMER_MISSING);
    order.issue = good;
    order.issue.former_signature = cast_sign(s->cast, &d.old.key, good.former); /* by no reviewer */
    refused_replacement(s, &order, ERROR_SIGNATURE_INVALID);
    order.issue.former = stranger.order.issue.approval1;
    order.issue.former_signature = stranger.order.issue.approval_signature1;
    refused_replacement(s, &order, ERROR_FORMER_UNFIT);
    begin(s, "reissue", NULL, &stranger); /* which gives no year */
    stranger.order.approve[0].holder = d.order.approve[0].holder;
    cast_sign_order(s->cast, &stranger.order);
    order.issue.former = stranger.order.issue.approval1;
    order.issue.former_signature = stranger.order.issue.approval_signature1;
    refused_replacement(s, &order, ERROR_FORMER_UNFIT);
    order.issue = good;
    revoke(s, &d, "privilegeWithdrawn"); /* meanwhile, for cause */
    refused_replacement(s, &order, ERROR_CERTIFICATE_REVOKED);
    begin(s, "renew", NULL, &d);
    replacement(s, &d, "apply", NULL, &order);
    refused_replacement(s, &order, ERROR_FORMER_UNFIT);
}

/* R-CHANGE-2: nothing of the new holder's is replaced, so the change itself is what it stands on. */
static void r_change_2_a_replacement_uses_up_the_change(void **state)
{
    struct scene *s = *state;
    struct download d;
    struct cast_order order;
    struct signer_issued issued;
    struct signer_revoked revoked;
    begin(s, "change", NULL, &d);
    replacement(s, &d, "lost", NULL, &order);
    refused_replacement(s, &order, ERROR_SERIAL_OTHER); /* the former holder's goes on yet */
    const struct signer_revoke ask = { random_id(), d.order.issue.approval1, d.order.issue.approval_signature1 };
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_REVOKE, &ask, &revoked));
    const struct signer_issue good = order.issue;
    order.issue.former = NULL;
    refused_replacement(s, &order, ERROR_FORMER_MISSING);
    order.issue = good;
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
    refused_download(s, &d, ERROR_APPROVAL_USED);
}

int takeover_download(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(r_renew_4_the_right_way_works_once),
        SCENE(r_change_2_a_certificate_revoked_by_the_change_itself),
        SCENE(r_renew_3_without_an_approval_for_it),
        SCENE(r_renew_3_another_card_or_key_on_record),
        SCENE(r_renew_3_a_key_that_was_not_made_in_the_card),
        SCENE(r_renew_3_statement_altered_in_each_line),
        SCENE(r_renew_4_validity_that_is_longer),
        SCENE(r_renew_5_a_replacement_uses_up_the_renewal),
        SCENE(r_renew_5_no_year_without_a_renewal_of_this_holder),
        SCENE(r_change_2_a_replacement_uses_up_the_change),
    };
    return cmocka_run_group_tests_name("download", tests, NULL, NULL);
}
