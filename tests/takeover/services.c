/* What is done with certificates and USBKeys that exist: unlock, recovery, hold and release. */
#include "takeover.h"

#include "base/random.h"
#include "pki/enveloped.h"

/* ---- helpers ---- */

struct holding {
    struct cast_order order;
    struct signer_issued issued;
    const char *signing, *encryption; /* serials */
    bool travels; /* its USBKey is in transit yet */
};

static void issued_holding(struct scene *s, struct holding *ret_holding)
{
    struct holding *h = ret_holding;
    opened_order(s, &h->order);
    assert_ok(cast_issue(s->cast, s->peer, &h->order, &h->issued));
    if (!h->travels) assert_ok(cast_receive(s->cast, s->peer, &h->order, &h->issued));
    h->signing = cast_serial(s->cast, h->issued.signing_certificate);
    h->encryption = cast_serial(s->cast, h->issued.encryption_certificate);
}

static void restart(struct scene *s)
{
    struct signer_state where;
    assert_int_equal(stage_stop(s->stage), 0);
    stage_start(s->stage, takeover_program, NULL);
    assert_ok(stage_greet(s->stage, s->cast, &where));
}

/* An approval of SERVICE for HOLDER by BY. */
static const char *approval(struct scene *s, const struct holding *h, const char *service, const struct cast_person *by,
                            struct bytes *ret_signature)
{
    struct approve_statement a = h->order.approve[0];
    a.application = arena_format(s->cast->arena, "20261125%08d7", ++s->cast->applications);
    a.service = service;
    a.medium = a.profile = a.validity = a.revokes = a.reason = "-";
    a.nonce = cast_nonce(s->cast);
    a.operator_serial = by->serial;
    a.time = cast_time(s->cast, s->cast->now_s);
    const char *text = cast_text(s->cast, &approve_statement_shape, &a);
    *ret_signature = cast_sign(s->cast, &by->key, text);
    return text;
}

/* ---- unlock ---- */

static struct signer_unlock unlock_of(struct scene *s, const struct holding *h)
{
    struct signer_unlock ask = { .request = random_id(), .card = h->order.card->serial,
                                 .challenge = bytes_text("sixteen random b") };
    ask.approval1 = approval(s, h, "unlock", cast_person(s->cast, "审核员一"), &ask.approval_signature1);
    return ask;
}

static void refused_unlock(struct scene *s, const struct signer_unlock *ask, enum error error)
{
    struct signer_unlocked unlocked;
    refused(s, cast_ask(s->cast, s->peer, SIGNER_UNLOCK, ask, &unlocked), SIGNER_UNLOCK, error);
}

/* R-UNLOCK-2: the answer is the one that this card works out with its own administrator key. */
static void r_unlock_2_answer_fits_the_card_and_its_challenge(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_card_opened opened;
    struct holding h = { 0 };
    struct signer_unlocked unlocked, again;
    uint8_t admin[CARD_KEY_SIZE], approval_hash[SM3_SIZE], expected[CARD_UNLOCK_ANSWER_SIZE];
    uint32_t version;
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_CARD, &order.open, &opened));
    assert_ok(card_admin_open(&order.card->key, opened.admin_sealed.ptr, &version, admin));
    h.order = order;
    assert_ok(cast_issue(s->cast, s->peer, &h.order, &h.issued));
    struct signer_unlock ask = unlock_of(s, &h);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_UNLOCK, &ask, &unlocked));
    sm3_hash(bytes_text(ask.approval1), approval_hash);
    card_unlock_answer(admin, bytes_text(order.card->serial), ask.challenge.ptr, approval_hash, expected);
    assert_true(bytes_equal(unlocked.answer, BYTES(expected)));
    restart(s);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_UNLOCK, &ask, &again)); /* the same request */
    assert_true(bytes_equal(unlocked.answer, again.answer));
}

static void r_unlock_2_approval_unlocks_one_key_once(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 }, other = { 0 };
    struct signer_unlocked unlocked;
    issued_holding(s, &h);
    issued_holding(s, &other);
    struct signer_unlock ask = unlock_of(s, &h), good = ask;
    ask.card = other.order.card->serial; /* another holder's */
    refused_unlock(s, &ask, ERROR_CARD_HOLDER);
    ask.card = "HF00000000";
    refused_unlock(s, &ask, ERROR_CARD_HOLDER);
    ask.card = NULL;
    refused_unlock(s, &ask, ERROR_CARD_HOLDER);
    ask = good;
    ask.challenge = bytes_text("short");
    refused_unlock(s, &ask, ERROR_CARD_HOLDER);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_UNLOCK, &good, &unlocked));
    /* A second challenge, under the same request or another one. */
    ask = good;
    ask.challenge = bytes_text("another 16 bytes");
    refused_unlock(s, &ask, ERROR_REQUEST_REPEATED);
    ask.request = random_id();
    refused_unlock(s, &ask, ERROR_APPROVAL_USED);
    restart(s);
    refused_unlock(s, &ask, ERROR_APPROVAL_USED);
}

static void r_unlock_2_without_a_fitting_approval(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 };
    struct signer_revoked revoked;
    struct signer_revoke revoke;
    issued_holding(s, &h);
    struct signer_unlock ask = unlock_of(s, &h), none = ask;
    none.approval1 = NULL;
    refused_unlock(s, &none, ERROR_APPROVAL_MISSING);
    none.approval1 = h.order.issue.approval1; /* that issued the certificate */
    none.approval_signature1 = h.order.issue.approval_signature1;
    refused_unlock(s, &none, ERROR_APPROVAL_UNFIT);
    none = ask;
    none.approval1 = approval(s, &h, "unlock", cast_person(s->cast, "制证员一"), &none.approval_signature1);
    refused_unlock(s, &none, ERROR_OPERATOR_ROLE);
    for (size_t line = 0; line <= approve_statement_shape.count; line++) {
        none = ask;
        none.approval1 = alter_line(s->cast, ask.approval1, line);
        refused_unlock(s, &none, ERROR_NONE);
    }
    /* A revoked certificate's key stays locked. */
    cast_revocation(s->cast, &h.order, h.signing, "keyCompromise", &revoke);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_REVOKE, &revoke, &revoked));
    refused_unlock(s, &ask, ERROR_CARD_HOLDER);
}

/* A card that was opened anew is on its way to another holder. */
static void r_unlock_2_card_that_was_opened_anew(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 };
    struct cast_order next;
    issued_holding(s, &h);
    cast_order(s->cast, &next);
    next.card = h.order.card;
    next.card_statement.card = next.produce.card = h.order.card->serial;
    cast_sign_order(s->cast, &next);
    assert_ok(cast_open(s->cast, s->peer, &next));
    struct signer_unlock ask = unlock_of(s, &h);
    refused_unlock(s, &ask, ERROR_CARD_HOLDER);
}

/* ---- recovery ---- */

/* An order that replaces what H holds, approved by two. */
static void replacement(struct scene *s, const struct holding *h, struct cast_order *ret_order)
{
    cast_order(s->cast, ret_order);
    ret_order->reviewer[1] = cast_person(s->cast, "审核员二");
    for (size_t i = 0; i < EVIDENCE_MAX; i++) {
        struct approve_statement *a = &ret_order->approve[i];
        a->service = "lost";
        a->holder = h->order.approve[0].holder;
        a->revokes = arena_format(s->cast->arena, "%s,%s", h->signing, h->encryption);
        a->reason = "keyCompromise";
        a->validity = arena_format(s->cast->arena, "until:%lld", (long long)s->cast->now_s + 100 * DAY_S);
    }
}

static struct signer_recover recover_of(const struct cast_order *order)
{
    return (struct signer_recover){ .request = random_id(),
                                    .approval1 = order->issue.approval1,
                                    .approval_signature1 = order->issue.approval_signature1,
                                    .approval2 = order->issue.approval2,
                                    .approval_signature2 = order->issue.approval_signature2 };
}

static void refused_recovery(struct scene *s, const struct signer_recover *ask, enum error error)
{
    struct signer_recovered recovered;
    refused(s, cast_ask(s->cast, s->peer, SIGNER_RECOVER, ask, &recovered), SIGNER_RECOVER, error);
}

/* R-LOST-4: the old encryption key comes into the new USBKey, and what was encrypted to it can be read there. */
static void r_lost_4_old_encryption_key_is_recovered_into_the_new_key(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 };
    struct cast_order order;
    struct signer_issued issued;
    struct signer_recovered recovered, again;
    struct certificate *old = NULL;
    issued_holding(s, &h);
    assert_ok(certificate_parse(h.issued.encryption_certificate, s->cast->arena, &old));
    static const char words[] = "data of before";
    uint8_t cipher[sizeof words + SM2_CIPHERTEXT_EXTRA], plain[sizeof words];
    assert_ok(sm2_encrypt(public_key_as_sm2(&old->key), bytes_of(words, sizeof words), &s->cast->drbg, cipher));

    replacement(s, &h, &order);
    cast_sign_order(s->cast, &order);
    assert_ok(cast_open(s->cast, s->peer, &order));
    struct signer_recover ask = recover_of(&order);
    refused_recovery(s, &ask, ERROR_RECOVER_BEFORE_ISSUE);
    ask.request = random_id();
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_RECOVER, &ask, &recovered));
    assert_string_equal(recovered.serials, h.encryption);
    assert_int_equal(recovered.keys.len, RECOVERED_KEY_SIZE);
    struct sm2_private key, nobody;
    assert_ok(enveloped_key_open(&order.key, recovered.keys, &key));
    assert_ok(sm2_decrypt(&key, BYTES(cipher), plain));
    assert_string_equal((char *)plain, words);
    assert_true(failed(enveloped_key_open(&h.order.key, recovered.keys, &nobody))); /* not into the lost one */
    restart(s);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_RECOVER, &ask, &again));
    assert_true(bytes_equal(recovered.keys, again.keys));
    ask.request = random_id();
    refused_recovery(s, &ask, ERROR_APPROVAL_USED);
}

/* R-OPS-4: always two persons, also where the settings ask for one. */
static void r_ops_4_recovery_takes_two_approvals(void **state)
{
    struct scene *s = *state;
    struct stage *lax = stage_new("four_eyes = none\n");
    stage_free(s->stage);
    s->stage = lax;
    stage_start(lax, takeover_program, NULL);
    s->peer = &lax->peer;
    s->cast->person_count = 0;
    cast_set_up(s->cast, s->peer);
    struct holding h = { 0 };
    struct cast_order order;
    struct signer_issued issued;
    issued_holding(s, &h);
    replacement(s, &h, &order);
    order.reviewer[1] = NULL;
    cast_sign_order(s->cast, &order);
    assert_ok(cast_open(s->cast, s->peer, &order));
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued)); /* one was enough for this */
    struct signer_recover ask = recover_of(&order);
    refused_recovery(s, &ask, ERROR_APPROVAL_SECOND_MISSING);
    ask.approval2 = ask.approval1;
    ask.approval_signature2 = ask.approval_signature1;
    refused_recovery(s, &ask, ERROR_APPROVAL_SAME_PERSON);
}

/* The approvals list another person's certificate: neither is it revoked nor its key given away. */
static void r_lost_4_another_holders_key_is_not_recovered(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 }, victim = { 0 };
    struct cast_order order;
    issued_holding(s, &h);
    issued_holding(s, &victim);
    replacement(s, &h, &order);
    for (size_t i = 0; i < EVIDENCE_MAX; i++) order.approve[i].revokes = victim.encryption;
    cast_sign_order(s->cast, &order);
    order_refused(s, &order, ERROR_SERIAL_OTHER);
    struct signer_recover ask = recover_of(&order);
    refused_recovery(s, &ask, ERROR_RECOVER_BEFORE_ISSUE);
    /* Approvals of another service recover nothing. */
    ask = recover_of(&h.order);
    ask.approval2 = ask.approval1;
    refused_recovery(s, &ask, ERROR_NONE);
}

/* R-CHANGE-4: what a change of holder left to this one comes into the new USBKey too; not what it left to another, nor
 * by an approval that was not carried out. */
static void r_change_4_what_passed_on_is_recovered(void **state)
{
    struct scene *s = *state;
    struct holding former = { 0 }, h = { 0 };
    struct cast_order order, change;
    struct signer_issued issued;
    struct signer_recovered recovered;
    struct signer_revoked revoked;
    issued_holding(s, &former);
    issued_holding(s, &h);
    replacement(s, &h, &order);
    cast_sign_order(s->cast, &order);
    assert_ok(cast_open(s->cast, s->peer, &order));
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
    for (int right = 0; right < 2; right++) {
        cast_order(s->cast, &change);
        change.reviewer[1] = cast_person(s->cast, "审核员二");
        for (size_t i = 0; i < EVIDENCE_MAX; i++) {
            struct approve_statement *a = &change.approve[i];
            a->service = "change";
            a->profile = APPROVE_PROFILE_KEEP;
            if (right) a->holder = h.order.approve[0].holder;
            a->revokes = arena_format(s->cast->arena, "%s,%s", former.signing, former.encryption);
            a->reason = "affiliationChanged";
            a->validity = arena_format(s->cast->arena, "until:%lld", (long long)s->cast->now_s + 50 * DAY_S);
        }
        cast_sign_order(s->cast, &change);
        struct signer_recover ask = recover_of(&order);
        ask.passed = change.issue.approval1;
        refused_recovery(s, &ask, right ? ERROR_APPROVAL_UNFIT : ERROR_SERIAL_OTHER);
    }
    const struct signer_revoke revoke = { random_id(), change.issue.approval1, change.issue.approval_signature1,
                                          change.issue.approval2, change.issue.approval_signature2 };
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_REVOKE, &revoke, &revoked));
    struct signer_recover ask = recover_of(&order);
    ask.passed = change.issue.approval1;
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_RECOVER, &ask, &recovered));
    assert_string_equal(recovered.serials, arena_format(s->cast->arena, "%s,%s", h.encryption, former.encryption));
}

static void r_lost_4_nothing_to_recover(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 };
    struct cast_order order;
    struct signer_issued issued;
    issued_holding(s, &h);
    replacement(s, &h, &order);
    for (size_t i = 0; i < EVIDENCE_MAX; i++) order.approve[i].revokes = h.signing;
    cast_sign_order(s->cast, &order);
    assert_ok(cast_open(s->cast, s->peer, &order));
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
    struct signer_recover ask = recover_of(&order);
    refused_recovery(s, &ask, ERROR_RECOVER_NONE);
}

/* ---- hold and release ---- */

static struct result hold(struct scene *s, const char *holder, const char *serials, struct signer_held *ret_held)
{
    const struct signer_hold ask = { random_id(), holder, serials };
    return cast_ask(s->cast, s->peer, SIGNER_HOLD, &ask, ret_held);
}

static struct signer_release release_of(struct scene *s, const struct holding *h, const char *serials, const char *by)
{
    const struct cast_person *person = cast_person(s->cast, by);
    const struct release_statement statement = {
        .application = "-", .holder = h->order.approve[0].holder, .holder_name = "张三", .certificates = serials,
        .nonce = cast_nonce(s->cast), .operator_serial = person->serial, .time = cast_time(s->cast, s->cast->now_s),
    };
    struct signer_release ask = { .request = random_id() };
    ask.statement1 = cast_text(s->cast, &release_statement_shape, &statement);
    ask.signature1 = cast_sign(s->cast, &person->key, ask.statement1);
    return ask;
}

static void refused_release(struct scene *s, const struct signer_release *ask, enum error error)
{
    struct signer_released released;
    refused(s, cast_ask(s->cast, s->peer, SIGNER_RELEASE, ask, &released), SIGNER_RELEASE, error);
}

/* R-REVOKE-3: at once and without an operator; only a reviewer's statement lifts it. */
static void r_revoke_3_hold_needs_no_operator_and_its_release_does(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 };
    struct signer_held held, again;
    struct signer_released released;
    issued_holding(s, &h);
    const char *holder = h.order.approve[0].holder;
    const char *both = arena_format(s->cast->arena, "%s,%s", h.signing, h.encryption);
    const struct signer_hold ask = { random_id(), holder, both };
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_HOLD, &ask, &held));
    assert_string_equal(held.serials, both);
    restart(s);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_HOLD, &ask, &again));
    assert_int_equal(held.index, again.index);
    refused(s, hold(s, holder, both, &again), SIGNER_HOLD, ERROR_HELD_ALREADY);

    struct signer_release lift = release_of(s, &h, both, "管理员一");
    refused_release(s, &lift, ERROR_OPERATOR_ROLE);
    lift = release_of(s, &h, both, "审核员一");
    lift.statement1 = NULL;
    refused_release(s, &lift, ERROR_STATEMENT);
    for (size_t line = 0; line <= release_statement_shape.count; line++) {
        lift = release_of(s, &h, both, "审核员一");
        lift.statement1 = alter_line(s->cast, lift.statement1, line);
        refused_release(s, &lift, ERROR_NONE);
    }
    lift = release_of(s, &h, both, "审核员一");
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_RELEASE, &lift, &released));
    assert_string_equal(released.serials, both);
    lift.request = random_id();
    refused_release(s, &lift, ERROR_APPROVAL_USED);
}

/* R-REVOKE-3: this act without an operator has a measure: whoever took over web does not undo a release with it. It
 * is in the journal, and a restart changes nothing. (So many an hour: tests/unit/signer.) */
static void r_revoke_3_hold_does_not_undo_a_release(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 };
    struct signer_held held;
    struct signer_released released;
    issued_holding(s, &h);
    const char *holder = h.order.approve[0].holder;
    const char *both = arena_format(s->cast->arena, "%s,%s", h.encryption, h.signing);
    assert_ok(hold(s, holder, h.signing, &held));
    struct signer_release lift = release_of(s, &h, h.signing, "审核员一");
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_RELEASE, &lift, &released));
    refused(s, hold(s, holder, h.signing, &held), SIGNER_HOLD, ERROR_HOLD_LIMIT);
    restart(s);
    refused(s, hold(s, holder, both, &held), SIGNER_HOLD, ERROR_HOLD_LIMIT);
    assert_ok(hold(s, holder, h.encryption, &held));
    assert_int_equal(cast_count(s->cast, s->peer, JOURNAL_HELD), 2);
}

/* R-OPS-9: in the organization's name as at the holder's word, for the organization that a reviewer approved alone, with
 * who asked in the journal; both kinds share one measure, over a restart too. */
static void r_ops_9_hold_in_the_organizations_name(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 }, other = { 0 };
    struct signer_held held, again;
    struct signer_released released;
    issued_holding(s, &h);
    issued_holding(s, &other);
    const struct approve_statement *approval = &h.order.approve[0];
    char account[ID_TEXT_LEN + 1];
    const struct id asker = random_id();
    id_text(&asker, account);
    const struct signer_hold_for right = { random_id(), approval->holder, h.signing, approval->organization, account };
    struct signer_hold_for ask = right;
#define REFUSED(what, error) \
    ask.request = random_id(); \
    refused(s, cast_ask(s->cast, s->peer, SIGNER_HOLD_FOR, &(what), &held), SIGNER_HOLD_FOR, error)
    ask.organization = "91110000000000000A";
    REFUSED(ask, ERROR_SERIAL_OTHER);
    ask.organization = NULL;
    REFUSED(ask, ERROR_STATEMENT);
    ask = right;
    ask.asked_by = NULL;
    REFUSED(ask, ERROR_STATEMENT);
    ask.asked_by = "somebody";
    REFUSED(ask, ERROR_STATEMENT);
    ask = right;
    ask.serials = other.signing;
    REFUSED(ask, ERROR_SERIAL_OTHER);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_HOLD_FOR, &right, &held));
    assert_string_equal(held.serials, h.signing);
    restart(s);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_HOLD_FOR, &right, &again));
    assert_int_equal(held.index, again.index);
    ask = right;
    REFUSED(ask, ERROR_HELD_ALREADY);
    refused(s, hold(s, approval->holder, h.signing, &held), SIGNER_HOLD, ERROR_HELD_ALREADY);
    struct signer_release lift = release_of(s, &h, h.signing, "管理员一");
    refused_release(s, &lift, ERROR_OPERATOR_ROLE);
    lift = release_of(s, &h, h.signing, "审核员一");
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_RELEASE, &lift, &released));
    REFUSED(ask, ERROR_HOLD_LIMIT);
    refused(s, hold(s, approval->holder, h.signing, &held), SIGNER_HOLD, ERROR_HOLD_LIMIT);
    assert_ok(hold(s, approval->holder, h.encryption, &held));
    assert_int_equal(cast_count(s->cast, s->peer, JOURNAL_HELD_FOR), 1);
    assert_int_equal(cast_count(s->cast, s->peer, JOURNAL_HELD), 1);
#undef REFUSED
}

/* R-OPS-9: a record of before there were holds in an organization's name, byte by byte as it was written, is read. */
static void r_ops_9_holds_of_before_are_read(void **state)
{
    struct scene *s = *state;
    static const uint8_t before[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, /* request */
                                      0, 0, 0, 2, 'h', '1', 0, 0, 0, 2, '0', 'a',          /* holder, serials */
                                      0, 0, 0, 0, 0x6a, 0, 0, 1,                           /* held_s */
                                      0xff, 0xff, 0xff, 0xff };                            /* content: none */
    struct reader r = reader_of(BYTES(before));
    struct journal_held held;
    assert_ok(shape_read(&journal_held_shape, &r, s->cast->arena, &held));
    assert_ok(reader_end(&r));
    assert_string_equal(held.holder, "h1");
    assert_string_equal(held.serials, "0a");
    assert_int_equal(held.held_s, 0x6a000001);
}

static void r_revoke_3_hold_is_on_the_holders_own_certificates(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 }, other = { 0 };
    struct signer_held held;
    issued_holding(s, &h);
    issued_holding(s, &other);
    const char *holder = h.order.approve[0].holder;
    refused(s, hold(s, holder, other.signing, &held), SIGNER_HOLD, ERROR_SERIAL_OTHER);
    refused(s, hold(s, holder, "0123456789abcdef0123456789abcdef", &held), SIGNER_HOLD, ERROR_SERIAL_UNKNOWN);
    const char *const bad[] = { "", ",", arena_format(s->cast->arena, "%s,", h.signing),
                                arena_format(s->cast->arena, "%s,%s", h.signing, h.signing) };
    for (size_t i = 0; i < COUNT(bad); i++) refused(s, hold(s, holder, bad[i], &held), SIGNER_HOLD, ERROR_STATEMENT);
    refused(s, hold(s, NULL, h.signing, &held), SIGNER_HOLD, ERROR_STATEMENT);
    refused(s, hold(s, holder, NULL, &held), SIGNER_HOLD, ERROR_STATEMENT);
    refused(s, hold(s, holder, "-", &held), SIGNER_HOLD, ERROR_HELD_ALREADY);
}

/* R-REVOKE-2: a release does not bring a revoked certificate back, nor touch one that is not held. */
static void r_revoke_2_release_revives_nothing(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 };
    struct signer_held held;
    struct signer_revoked revoked;
    struct signer_revoke revoke;
    issued_holding(s, &h);
    struct signer_release lift = release_of(s, &h, h.signing, "审核员一");
    refused_release(s, &lift, ERROR_NOT_HELD);
    assert_ok(hold(s, h.order.approve[0].holder, h.signing, &held));
    cast_revocation(s->cast, &h.order, h.signing, "keyCompromise", &revoke);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_REVOKE, &revoke, &revoked));
    lift = release_of(s, &h, h.signing, "审核员一");
    refused_release(s, &lift, ERROR_NOT_HELD);
    refused(s, hold(s, h.order.approve[0].holder, h.signing, &held), SIGNER_HOLD, ERROR_HELD_ALREADY);
}

/* ---- in transit ---- */

static struct result receive(struct scene *s, const char *holder, const char *serials, struct signer_received *ret_received)
{
    const struct signer_receive ask = { random_id(), holder, serials };
    return cast_ask(s->cast, s->peer, SIGNER_RECEIVE, &ask, ret_received);
}

static void issued_travelling(struct scene *s, struct holding *ret_holding)
{
    ret_holding->travels = true;
    issued_holding(s, ret_holding);
}

/* R-SHIP-3: what its producer sent by post is in transit until the word that it came, once, also after a restart. The
 * word is the holder's about own certificates, and about nothing else. */
static void r_ship_3_the_receipt_ends_the_transit_once(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 }, other = { 0 };
    struct signer_received received, again;
    issued_travelling(s, &h);
    issued_travelling(s, &other);
    const char *holder = h.order.approve[0].holder;
    const char *both = arena_format(s->cast->arena, "%s,%s", h.signing, h.encryption);
    refused(s, receive(s, holder, other.signing, &received), SIGNER_RECEIVE, ERROR_SERIAL_OTHER);
    refused(s, receive(s, holder, "0123456789abcdef0123456789abcdef", &received), SIGNER_RECEIVE, ERROR_SERIAL_UNKNOWN);
    refused(s, receive(s, NULL, both, &received), SIGNER_RECEIVE, ERROR_STATEMENT);
    refused(s, receive(s, holder, NULL, &received), SIGNER_RECEIVE, ERROR_STATEMENT);
    refused(s, receive(s, holder, "-", &received), SIGNER_RECEIVE, ERROR_NOT_IN_TRANSIT);
    const struct signer_receive ask = { random_id(), holder, both };
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_RECEIVE, &ask, &received));
    assert_string_equal(received.serials, both);
    restart(s);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_RECEIVE, &ask, &again));
    assert_int_equal(received.index, again.index);
    refused(s, receive(s, holder, both, &received), SIGNER_RECEIVE, ERROR_NOT_IN_TRANSIT);
    assert_int_equal(cast_count(s->cast, s->peer, JOURNAL_RECEIVED), 1);
}

/* R-SHIP-3, R-REVOKE-3: whoever took over web does not lift a hold by the word of a receipt, and what is in transit is
 * not in use by a reviewer's release; R-REVOKE-2: nor does it bring back what was revoked on the way. */
static void r_ship_3_the_receipt_lifts_no_hold_and_revives_nothing(void **state)
{
    struct scene *s = *state;
    struct holding h = { 0 };
    struct signer_held held;
    struct signer_received received;
    struct signer_released released;
    struct signer_revoked revoked;
    struct signer_revoke revoke;
    issued_travelling(s, &h);
    const char *holder = h.order.approve[0].holder;
    struct signer_release lift = release_of(s, &h, h.signing, "审核员一");
    refused_release(s, &lift, ERROR_NOT_HELD);
    assert_ok(hold(s, holder, h.signing, &held));
    assert_ok(receive(s, holder, h.signing, &received));
    refused(s, receive(s, holder, h.signing, &received), SIGNER_RECEIVE, ERROR_NOT_IN_TRANSIT);
    refused(s, hold(s, holder, h.signing, &held), SIGNER_HOLD, ERROR_HELD_ALREADY); /* still */
    assert_ok(hold(s, holder, h.encryption, &held));
    lift = release_of(s, &h, h.encryption, "审核员一");
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_RELEASE, &lift, &released));
    assert_ok(receive(s, holder, h.encryption, &received)); /* the release left it in transit */
    issued_travelling(s, &h);
    cast_revocation(s->cast, &h.order, h.signing, "superseded", &revoke);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_REVOKE, &revoke, &revoked));
    refused(s, receive(s, h.order.approve[0].holder, h.signing, &received), SIGNER_RECEIVE, ERROR_NOT_IN_TRANSIT);
}

/* R-SHIP-3: nothing is issued for a USBKey by a statement that does not say that it is sent: not by that of earlier
 * builds, and not by one with another word. */
static void r_ship_3_production_says_how_the_usbkey_gets_there(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    const struct {
        const struct shape *shape;
        const char *delivery;
    } tries[] = { { &produce_1_statement_shape, NULL }, { &produce_statement_shape, "hand" } };
    for (size_t i = 0; i < COUNT(tries); i++) {
        struct signer_issued issued;
        opened_order(s, &order);
        order.produce.delivery = tries[i].delivery;
        order.issue.statement1 = cast_text(s->cast, tries[i].shape, &order.produce);
        order.issue.signature1 = cast_sign(s->cast, &order.producer->key, order.issue.statement1);
        order.issue.possession = cast_sign(s->cast, &order.key, order.issue.statement1);
        refused(s, cast_issue(s->cast, s->peer, &order, &issued), SIGNER_ISSUE, ERROR_STATEMENT);
    }
}

int takeover_services(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(r_unlock_2_answer_fits_the_card_and_its_challenge),
        SCENE(r_unlock_2_approval_unlocks_one_key_once),
        SCENE(r_unlock_2_without_a_fitting_approval),
        SCENE(r_unlock_2_card_that_was_opened_anew),
        SCENE(r_ship_3_the_receipt_ends_the_transit_once),
        SCENE(r_ship_3_the_receipt_lifts_no_hold_and_revives_nothing),
        SCENE(r_ship_3_production_says_how_the_usbkey_gets_there),
        SCENE(r_lost_4_old_encryption_key_is_recovered_into_the_new_key),
        SCENE(r_ops_4_recovery_takes_two_approvals),
        SCENE(r_lost_4_another_holders_key_is_not_recovered),
        SCENE(r_change_4_what_passed_on_is_recovered),
        SCENE(r_lost_4_nothing_to_recover),
        SCENE(r_revoke_3_hold_needs_no_operator_and_its_release_does),
        SCENE(r_revoke_3_hold_does_not_undo_a_release),
        SCENE(r_revoke_3_hold_is_on_the_holders_own_certificates),
        SCENE(r_ops_9_hold_in_the_organizations_name),
        SCENE(r_ops_9_holds_of_before_are_read),
        SCENE(r_revoke_2_release_revives_nothing),
    };
    return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
