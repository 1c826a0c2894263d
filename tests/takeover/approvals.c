/* R-OPS-3, R-OPS-4: without a fitting approval nothing is issued or revoked. */
#include "takeover.h"

#include "base/random.h"

/* ---- none, or another one ---- */

static void r_ops_3_no_approval(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    order.open.approval1 = order.issue.approval1 = NULL;
    order_refused(s, &order, ERROR_APPROVAL_MISSING);
    order.open.approval1 = order.issue.approval1 = "";
    order_refused(s, &order, ERROR_STATEMENT);
}

static void r_ops_3_approval_without_its_signature(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    order.open.approval_signature1 = order.issue.approval_signature1 = (struct bytes){ 0 };
    order_refused(s, &order, ERROR_SIGNATURE_INVALID);
    uint8_t zeros[SM2_SIGNATURE_SIZE] = { 0 };
    order.open.approval_signature1 = order.issue.approval_signature1 = BYTES(zeros);
    order_refused(s, &order, ERROR_SIGNATURE_INVALID);
}

/* R-OPS-3: the approval altered in each line. */
static void r_ops_3_approval_altered_in_each_line(void **state)
{
    struct scene *s = *state;
    for (size_t line = 0; line <= approve_statement_shape.count; line++) {
        struct cast_order order;
        cast_order(s->cast, &order);
        cast_sign_order(s->cast, &order);
        order.issue.approval1 = order.open.approval1 = alter_line(s->cast, order.issue.approval1, line);
        order_refused(s, &order, ERROR_NONE);
    }
}

/* … also when the card was opened with the true one, and the producer signed for the altered one. */
static void r_ops_3_approval_altered_after_the_card_was_opened(void **state)
{
    struct scene *s = *state;
    struct signer_issued issued;
    for (size_t line = 1; line <= approve_statement_shape.count; line++) {
        struct cast_order order;
        opened_order(s, &order);
        order.issue.approval1 = alter_line(s->cast, order.issue.approval1, line);
        order.produce.approval = cast_hash(s->cast, bytes_text(order.issue.approval1));
        order.issue.statement1 = cast_text(s->cast, &produce_statement_shape, &order.produce);
        order.issue.signature1 = cast_sign(s->cast, &order.producer->key, order.issue.statement1);
        order.issue.possession = cast_sign(s->cast, &order.key, order.issue.statement1);
        refused(s, cast_issue(s->cast, s->peer, &order, &issued), SIGNER_ISSUE, ERROR_NONE);
    }
    assert_int_equal(cast_count(s->cast, s->peer, JOURNAL_ISSUED), 0);
}

static void r_ops_3_approval_for_another_application(void **state)
{
    struct scene *s = *state;
    struct cast_order order, other;
    cast_order(s->cast, &order);
    cast_order(s->cast, &other);
    order.card_statement.application = other.approve[0].application;
    cast_sign_order(s->cast, &order);
    order_refused(s, &order, ERROR_EVIDENCE_MISMATCH);
    cast_order(s->cast, &order);
    order.produce.application = other.approve[0].application;
    cast_sign_order(s->cast, &order);
    order_refused(s, &order, ERROR_EVIDENCE_MISMATCH);
}

/* The producer signed for one approval, the request brings another one of the same application. */
static void r_ops_3_approval_for_another_holder(void **state)
{
    struct scene *s = *state;
    struct cast_order order, other;
    cast_order(s->cast, &order);
    cast_order(s->cast, &other);
    other.approve[0].application = order.approve[0].application;
    cast_sign_order(s->cast, &order);
    cast_sign_order(s->cast, &other);
    order.issue.approval1 = other.issue.approval1;
    order.issue.approval_signature1 = other.issue.approval_signature1;
    order_refused(s, &order, ERROR_EVIDENCE_MISMATCH);
}

static void r_ops_3_approval_for_another_service_medium_or_profile(void **state)
{
    static const struct {
        const char *service, *medium, *profile;
    } all[] = { { "revoke", "usbkey", "holder" }, { "unlock", "usbkey", "holder" }, { "renew", "usbkey", "holder" },
                { "anything", "usbkey", "holder" }, { "-", "usbkey", "holder" }, { "apply", "shield", "holder" },
                { "apply", "-", "holder" },         { "apply", "usbkey", "operator" }, { "apply", "usbkey", "-" } };
    struct scene *s = *state;
    for (size_t i = 0; i < COUNT(all); i++) {
        struct cast_order order;
        cast_order(s->cast, &order);
        order.approve[0].service = all[i].service;
        order.approve[0].medium = all[i].medium;
        order.approve[0].profile = all[i].profile;
        cast_sign_order(s->cast, &order);
        order_refused(s, &order, ERROR_APPROVAL_UNFIT);
    }
}

static void r_ops_3_validity_that_is_none(void **state)
{
    struct scene *s = *state;
    const char *const all[] = { "-", "2y", "1Y", "until:", "until:0", "until:-1", "until:1e9",
                                cast_time(s->cast, s->cast->now_s + DAY_S),
                                arena_format(s->cast->arena, "until:%lld", (long long)s->cast->now_s - 1),
                                arena_format(s->cast->arena, "until:0%lld", (long long)s->cast->now_s + DAY_S),
                                arena_format(s->cast->arena, "until:%lld", (long long)s->cast->now_s + 6 * 366 * DAY_S) };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct cast_order order;
        cast_order(s->cast, &order);
        order.approve[0].validity = all[i];
        cast_sign_order(s->cast, &order);
        order_refused(s, &order, ERROR_VALIDITY_UNFIT);
    }
}

/* A refusal that a reviewer signed is no approval. */
static void r_ops_3_rejection_is_no_approval(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    const char *body = strchr(order.issue.approval1, '\n');
    order.issue.approval1 = order.open.approval1 = arena_format(s->cast->arena, "HUFU-REJECT-v1%s", body);
    order.issue.approval_signature1 = order.open.approval_signature1 =
        cast_sign(s->cast, &order.reviewer[0]->key, order.issue.approval1);
    order_refused(s, &order, ERROR_STATEMENT);
}

/* ---- by somebody else ---- */

static void r_ops_3_approval_by_who_may_not(void **state)
{
    struct scene *s = *state;
    struct cast_person stranger = { .name = "审核员一", .serial = "0123456789abcdef0123456789abcdef" };
    assert_ok(sm2_private_generate(&stranger.key, &s->cast->drbg));
    const struct {
        struct cast_person *by;
        enum error error;
    } all[] = { { cast_person(s->cast, "制证员一"), ERROR_OPERATOR_ROLE },
                { cast_person(s->cast, "管理员一"), ERROR_OPERATOR_ROLE },
                { &stranger, ERROR_OPERATOR_UNKNOWN } };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct cast_order order;
        cast_order(s->cast, &order);
        order.reviewer[0] = all[i].by;
        cast_sign_order(s->cast, &order);
        order_refused(s, &order, all[i].error);
    }
}

/* Signed by an own key in the name of a reviewer, and by one reviewer in the name of another. */
static void r_ops_3_approval_in_a_reviewers_name(void **state)
{
    struct scene *s = *state;
    struct cast_person stranger = *cast_person(s->cast, "审核员一");
    struct cast_person second = *cast_person(s->cast, "审核员二");
    assert_ok(sm2_private_generate(&stranger.key, &s->cast->drbg));
    second.serial = stranger.serial;
    struct cast_person *const all[] = { &stranger, &second };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct cast_order order;
        cast_order(s->cast, &order);
        order.reviewer[0] = all[i];
        cast_sign_order(s->cast, &order);
        order_refused(s, &order, ERROR_SIGNATURE_INVALID);
    }
}

/* ---- four eyes ---- */

/* A certificate for ORDER's holder, and an approval of SERVICE that replaces it. */
static void replacing_order(struct scene *s, const char *service, struct cast_order *ret_order)
{
    struct cast_order first;
    struct signer_issued issued;
    opened_order(s, &first);
    assert_ok(cast_issue(s->cast, s->peer, &first, &issued));
    cast_order(s->cast, ret_order);
    for (size_t i = 0; i < EVIDENCE_MAX; i++) {
        struct approve_statement *a = &ret_order->approve[i];
        a->service = service;
        a->holder = first.approve[0].holder;
        a->revokes = cast_serial(s->cast, issued.signing_certificate);
        a->reason = "superseded";
        a->validity = arena_format(s->cast->arena, "until:%lld", (long long)s->cast->now_s + 100 * DAY_S);
    }
}

static void r_ops_4_two_reviewers_where_two_are_asked_for(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_issued issued;
    replacing_order(s, "lost", &order);
    cast_sign_order(s->cast, &order);
    order_refused(s, &order, ERROR_APPROVAL_SECOND_MISSING);

    replacing_order(s, "lost", &order);
    order.reviewer[1] = cast_person(s->cast, "审核员二");
    cast_sign_order(s->cast, &order);
    assert_ok(cast_open(s->cast, s->peer, &order));
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
}

/* R-ACCT-4, R-OPS-4 */
static void r_ops_4_one_person_is_not_two_reviewers(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    replacing_order(s, "lost", &order);
    order.reviewer[1] = order.reviewer[0];
    cast_sign_order(s->cast, &order);
    order_refused(s, &order, ERROR_APPROVAL_SAME_PERSON);

    /* The very same statement twice. */
    replacing_order(s, "lost", &order);
    cast_sign_order(s->cast, &order);
    order.issue.approval2 = order.open.approval2 = order.issue.approval1;
    order.issue.approval_signature2 = order.open.approval_signature2 = order.issue.approval_signature1;
    order_refused(s, &order, ERROR_APPROVAL_SAME_PERSON);
}

static void r_ops_4_both_approve_the_same(void **state)
{
    struct scene *s = *state;
    for (size_t i = 0; i < approve_statement_shape.count; i++) {
        const struct shape_field *f = &approve_statement_shape.fields[i];
        struct cast_order order;
        if (text_equal(f->name, "nonce") || text_equal(f->name, "operator_serial") || text_equal(f->name, "time"))
            continue;
        replacing_order(s, "lost", &order);
        order.reviewer[1] = cast_person(s->cast, "审核员二");
        *(const char **)shape_at(f, &order.approve[1]) = "x";
        cast_sign_order(s->cast, &order);
        order_refused(s, &order, ERROR_APPROVALS_DIFFER);
    }
}

static void r_ops_4_second_approval_is_checked_like_the_first(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    replacing_order(s, "lost", &order);
    order.reviewer[1] = cast_person(s->cast, "制证员一");
    cast_sign_order(s->cast, &order);
    order_refused(s, &order, ERROR_OPERATOR_ROLE);
    replacing_order(s, "lost", &order);
    order.reviewer[1] = cast_person(s->cast, "审核员二");
    cast_sign_order(s->cast, &order);
    order.issue.approval_signature2 = order.open.approval_signature2 = order.issue.approval_signature1;
    order_refused(s, &order, ERROR_SIGNATURE_INVALID);
}

static void r_ops_4_who_reviewed_does_not_produce(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    cast_order(s->cast, &order);
    order.reviewer[0] = order.producer = cast_person(s->cast, "审核制证员");
    cast_sign_order(s->cast, &order);
    order_refused(s, &order, ERROR_PRODUCER_REVIEWED);
}

/* ---- used before ---- */

static void r_ops_3_approval_counts_once(void **state)
{
    struct scene *s = *state;
    struct cast_order order, again;
    struct signer_issued issued, second;
    opened_order(s, &order);
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
    /* The same request: the same answer, and nothing new. */
    assert_ok(cast_issue(s->cast, s->peer, &order, &second));
    assert_true(bytes_equal(issued.signing_certificate, second.signing_certificate));
    assert_int_equal(cast_count(s->cast, s->peer, JOURNAL_ISSUED), 1);
    /* Another id. */
    order.issue.request = random_id();
    refused(s, cast_issue(s->cast, s->peer, &order, &second), SIGNER_ISSUE, ERROR_APPROVAL_USED);
    /* Another card and key, produced for the same approval. */
    cast_order(s->cast, &again);
    again.approve[0] = order.approve[0];
    again.card_statement.application = again.produce.application = order.approve[0].application;
    cast_sign_order(s->cast, &again);
    order_refused(s, &again, ERROR_APPROVAL_USED);
    /* A fresh approval under the old number. */
    cast_order(s->cast, &again);
    again.approve[0].nonce = order.approve[0].nonce;
    cast_sign_order(s->cast, &again);
    order_refused(s, &again, ERROR_APPROVAL_USED);
}

static void r_ops_3_request_id_counts_for_its_content(void **state)
{
    struct scene *s = *state;
    struct cast_order order, other;
    struct signer_issued issued;
    opened_order(s, &order);
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
    opened_order(s, &other);
    other.issue.request = order.issue.request;
    refused(s, cast_issue(s->cast, s->peer, &other, &issued), SIGNER_ISSUE, ERROR_REQUEST_REPEATED);
    other.issue.request = order.open.request; /* of another kind of request */
    refused(s, cast_issue(s->cast, s->peer, &other, &issued), SIGNER_ISSUE, ERROR_REQUEST_REPEATED);
    other.issue.request = (struct id){ { 0 } };
    refused(s, cast_issue(s->cast, s->peer, &other, &issued), SIGNER_ISSUE, ERROR_MALFORMED);
    assert_int_equal(cast_count(s->cast, s->peer, JOURNAL_ISSUED), 1);
}

static void r_ops_3_number_of_an_approval_has_one_spelling(void **state)
{
    struct scene *s = *state;
    const char *const all[] = { "-", "0", "0123456789ABCDEFGHJKMNPQRS", "zzzzzzzzzzzzzzzzzzzzzzzzzz" };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct cast_order order;
        cast_order(s->cast, &order);
        order.approve[0].nonce = all[i];
        cast_sign_order(s->cast, &order);
        order_refused(s, &order, ERROR_STATEMENT);
    }
}

static void r_ops_3_times_of_statements_are_plausible(void **state)
{
    struct scene *s = *state;
    const struct {
        int64_t by_s;
        enum error error;
    } all[] = { { 3600, ERROR_STATEMENT_EARLY }, { -31 * DAY_S, ERROR_STATEMENT_OLD } };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct cast_order order;
        cast_order(s->cast, &order);
        order.approve[0].time = cast_time(s->cast, s->cast->now_s + all[i].by_s);
        cast_sign_order(s->cast, &order);
        order_refused(s, &order, all[i].error);
        cast_order(s->cast, &order);
        order.produce.time = cast_time(s->cast, s->cast->now_s + all[i].by_s);
        cast_sign_order(s->cast, &order);
        order_refused(s, &order, all[i].error);
    }
    struct cast_order order;
    cast_order(s->cast, &order);
    order.approve[0].time = "now";
    cast_sign_order(s->cast, &order);
    order_refused(s, &order, ERROR_STATEMENT);
}

/* ---- revocation ---- */

static void r_revoke_1_only_what_was_approved_is_revoked(void **state)
{
    struct scene *s = *state;
    struct cast_order order, other;
    struct signer_issued issued, others;
    struct signer_revoked done;
    struct signer_revoke ask;
    opened_order(s, &order);
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
    opened_order(s, &other);
    assert_ok(cast_issue(s->cast, s->peer, &other, &others));
    const char *serial = cast_serial(s->cast, issued.signing_certificate);

    struct signer_revoke nothing = { .request = random_id() };
    refused(s, cast_ask(s->cast, s->peer, SIGNER_REVOKE, &nothing, &done), SIGNER_REVOKE, ERROR_APPROVAL_MISSING);
    nothing.approval1 = order.issue.approval1; /* of an issuance */
    nothing.approval_signature1 = order.issue.approval_signature1;
    refused(s, cast_ask(s->cast, s->peer, SIGNER_REVOKE, &nothing, &done), SIGNER_REVOKE, ERROR_APPROVAL_UNFIT);
    cast_revocation(s->cast, &other, serial, "keyCompromise", &ask); /* another holder's */
    refused(s, cast_ask(s->cast, s->peer, SIGNER_REVOKE, &ask, &done), SIGNER_REVOKE, ERROR_SERIAL_OTHER);
    cast_revocation(s->cast, &order, "0123456789abcdef0123456789abcdef", "keyCompromise", &ask);
    refused(s, cast_ask(s->cast, s->peer, SIGNER_REVOKE, &ask, &done), SIGNER_REVOKE, ERROR_SERIAL_UNKNOWN);
}

static void r_revoke_2_approval_revokes_once(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_issued issued;
    struct signer_revoked done;
    struct signer_revoke ask;
    opened_order(s, &order);
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
    const char *serial = cast_serial(s->cast, issued.signing_certificate);
    cast_revocation(s->cast, &order, serial, "cACompromise", &ask);
    refused(s, cast_ask(s->cast, s->peer, SIGNER_REVOKE, &ask, &done), SIGNER_REVOKE, ERROR_REASON_UNFIT);
    cast_revocation(s->cast, &order, serial, "keyCompromise", &ask);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_REVOKE, &ask, &done));
    assert_string_equal(done.serials, serial);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_REVOKE, &ask, &done)); /* the same request again */
    ask.request = random_id();
    refused(s, cast_ask(s->cast, s->peer, SIGNER_REVOKE, &ask, &done), SIGNER_REVOKE, ERROR_APPROVAL_USED);
    cast_revocation(s->cast, &order, serial, "superseded", &ask);
    refused(s, cast_ask(s->cast, s->peer, SIGNER_REVOKE, &ask, &done), SIGNER_REVOKE, ERROR_REVOKED_ALREADY);
    assert_int_equal(cast_count(s->cast, s->peer, JOURNAL_REVOKED), 1);
}

/* What a new certificate replaces is revoked with it, whether or not web asks for it. */
static void r_lost_1_replaced_certificate_is_revoked_at_the_latest_with_the_new_one(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_issued issued;
    struct journal_revoked revoked;
    replacing_order(s, "damaged", &order);
    order.reviewer[1] = cast_person(s->cast, "审核员二");
    cast_sign_order(s->cast, &order);
    assert_ok(cast_open(s->cast, s->peer, &order));
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
    struct cast_record record = cast_journal(s->cast, s->peer, issued.index - 1);
    assert_int_equal(record.type, JOURNAL_REVOKED);
    cast_read(s->cast, &record, &journal_revoked_shape, &revoked);
    assert_string_equal(revoked.serials, order.approve[0].revokes);
}

int takeover_approvals(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(r_ops_3_no_approval),
        SCENE(r_ops_3_approval_without_its_signature),
        SCENE(r_ops_3_approval_altered_in_each_line),
        SCENE(r_ops_3_approval_altered_after_the_card_was_opened),
        SCENE(r_ops_3_approval_for_another_application),
        SCENE(r_ops_3_approval_for_another_holder),
        SCENE(r_ops_3_approval_for_another_service_medium_or_profile),
        SCENE(r_ops_3_validity_that_is_none),
        SCENE(r_ops_3_rejection_is_no_approval),
        SCENE(r_ops_3_approval_by_who_may_not),
        SCENE(r_ops_3_approval_in_a_reviewers_name),
        SCENE(r_ops_4_two_reviewers_where_two_are_asked_for),
        SCENE(r_ops_4_one_person_is_not_two_reviewers),
        SCENE(r_ops_4_both_approve_the_same),
        SCENE(r_ops_4_second_approval_is_checked_like_the_first),
        SCENE(r_ops_4_who_reviewed_does_not_produce),
        SCENE(r_ops_3_approval_counts_once),
        SCENE(r_ops_3_request_id_counts_for_its_content),
        SCENE(r_ops_3_number_of_an_approval_has_one_spelling),
        SCENE(r_ops_3_times_of_statements_are_plausible),
        SCENE(r_revoke_1_only_what_was_approved_is_revoked),
        SCENE(r_revoke_2_approval_revokes_once),
        SCENE(r_lost_1_replaced_certificate_is_revoked_at_the_latest_with_the_new_one),
    };
    return cmocka_run_group_tests_name("approvals", tests, NULL, NULL);
}
