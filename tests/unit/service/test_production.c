/* The journal followed and what production does around the signer: R-APPLY-3, R-APPLY-4, R-PKI-1, R-PKI-2, R-REVOKE-1,
 * R-SHIP-1, R-SHIP-3. The signer itself is in tests/api and tests/takeover; here its records come as it would tell them. */
#include "counter.h"
#include "desk_tests.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "service/certify.h"
#include "service/journal_apply.h"
#include "service/production.h"
#include "service/receipt.h"
#include "service/session.h"
#include "service/shipment.h"

static struct result open_card(struct counter *c, const char *number, const char *serial)
{
    struct act act = counter_as(c, &c->producer);
    struct production_card card = { serial, "0011223344556677", bytes_text("certificate") };
    struct signer_card_opened opened;
    const char *text;
    TRY(production_card_draft(&act, number, &card, &text));
    return production_card_open(&act, number, text, counter_sign(c, &c->producer, text), card.card_certificate, &opened);
}

/* Everything up to a pair that is issued but not in its USBKey yet. */
static struct application_row in_issued(struct counter *c)
{
    struct application_row row = counter_in(c, STATE_APPROVED);
    counter_journal_begin(c);
    /* The signer here refuses everything: the statement is kept and the state set before it is asked. */
    assert_error(open_card(c, row.number, "HF00000001"), ERROR_JOURNAL_BUSY);
    return counter_issue(c, row.number, 0);
}

/* R-APPLY-3: the statement and the state are there before the signer is asked. */
static void a_card_is_opened_for_what_was_approved(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_IN_REVIEW);
    assert_error(open_card(c, row.number, "HF00000001"), ERROR_APPLICATION_STATE);
    counter_decide(c, row.number, true);
    assert_error(open_card(c, row.number, "HF00000001"), ERROR_JOURNAL_BUSY);
    row = counter_get(c, row.number);
    assert_string_equal(row.state, "in-production");
    assert_string_equal(row.card, "HF00000001");
    /* begun anew with another USBKey */
    office_pass(c->office, 1);
    assert_error(open_card(c, row.number, "HF00000002"), ERROR_JOURNAL_BUSY);
    assert_string_equal(counter_get(c, row.number).card, "HF00000002");
}

/* R-APPLY-3: who does not produce, what was not drafted. */
static void what_opens_no_card(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_APPROVED);
    struct act act = counter_as(c, &c->producer), reviewer = counter_as(c, &c->reviewer);
    struct production_card card = { "HF00000001", "0011223344556677", bytes_text("certificate") };
    struct signer_card_opened opened;
    const char *text;
    assert_error(production_card_draft(&reviewer, row.number, &card, &text), ERROR_NOT_PERMITTED);
    assert_ok(production_card_draft(&act, row.number, &card, &text));
    struct bytes signature = counter_sign(c, &c->producer, text);
    /* another certificate than the one that was signed for */
    assert_error(production_card_open(&act, row.number, text, signature, bytes_text("other"), &opened),
                 ERROR_DECISION_STATEMENT);
    assert_error(production_card_open(&act, row.number, text, counter_sign(c, &c->reviewer, text), card.card_certificate,
                                      &opened), ERROR_DECISION_SIGNATURE);
    assert_error(production_card_open(&act, row.number, "x", signature, card.card_certificate, &opened),
                 ERROR_DECISION_STATEMENT);
    office_pass(c->office, EVIDENCE_FRESH_S + 1);
    act = counter_as(c, &c->producer);
    assert_error(production_card_open(&act, row.number, text, signature, card.card_certificate, &opened),
                 ERROR_DECISION_STALE);
    assert_string_equal(counter_get(c, row.number).state, "approved");
}

/* R-APPLY-3: a key of another USBKey than the one that was opened last is not drafted for. */
static void the_key_comes_from_the_card_that_was_opened(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_APPROVED);
    struct production_key key = { "HF00000002", "00", "00" };
    struct produce_statement s;
    const char *text;
    struct act act = counter_as(c, &c->producer);
    assert_error(production_draft(&act, row.number, &key, &text), ERROR_APPLICATION_STATE);
    assert_error(open_card(c, row.number, "HF00000001"), ERROR_JOURNAL_BUSY);
    assert_error(production_draft(&act, row.number, &key, &text), ERROR_PRODUCTION_CARD);
    key.card = "HF00000001";
    assert_ok(production_draft(&act, row.number, &key, &text));
    assert_ok(statement_read(&produce_statement_shape, text, c->office->arena, &s));
    assert_string_equal(s.application, row.number);
    uint8_t hash[32];
    evidence_hash(counter_approval(c, row.number), hash);
    assert_string_equal(s.approval, text_hex(c->office->arena, BYTES(hash)));
}

/* R-PKI-1, R-PKI-2: the pair is in the database as the journal has it, and opens nothing yet. */
static void certificates_come_from_the_journal(void **state)
{
    struct counter *c = *state;
    struct application_row row = in_issued(c);
    struct act act = counter_holder(c);
    struct certificate_row *rows;
    struct key_row key = { .id = c->account.id };
    struct certificate_row current;
    size_t count;
    assert_string_equal(row.state, "issued");
    assert_int_equal(strlen(row.serial), 32);
    assert_ok(certify_list(&act, &rows, &count));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(rows[i].pair, row.serial);
        assert_string_equal(rows[i].state, "issued");
        assert_int_equal(rows[i].journal_index, 1);
        assert_non_null(strstr(rows[i].subject, "张三"));
    }
    assert_error(store_one(c->office->service.store, STATEMENT_CERTIFICATE_CURRENT, RECORD(key_row_shape, &key),
                           c->office->arena, &certificate_row_shape, &current), ERROR_NOT_FOUND);
    /* the approval is used up */
    struct decision_row approval;
    uint8_t hash[32];
    evidence_hash(counter_approval(c, row.number), hash);
    key.hash = BYTES(hash);
    assert_ok(store_one(c->office->service.store, STATEMENT_DECISION_BY_HASH, RECORD(key_row_shape, &key), c->office->arena,
                        &decision_row_shape, &approval));
    assert_int_equal(approval.used, 1);
}

/* R-PKI-1: each record once and in order. */
static void records_are_applied_once(void **state)
{
    struct counter *c = *state;
    struct application_row row = in_issued(c);
    struct told *t = counter_tell(1);
    struct journal_issued record = counter_issued(c, row.number, 0);
    counter_add(t, JOURNAL_ISSUED, &journal_issued_shape, &record);
    assert_error(counter_apply(c, t), ERROR_STORE_CONFLICT); /* applied already */
    t = counter_tell(3);
    counter_add(t, JOURNAL_SEALED, NULL, NULL);
    assert_error(counter_apply(c, t), ERROR_STORE_CONFLICT); /* one is missing before it */
    t = counter_tell(0);
    struct journal_begin begin = { .incarnation = random_id(), .root_certificate = bytes_text("a"),
                                   .issuing_certificate = bytes_text("a"), .operators_certificate = bytes_text("a") };
    counter_add(t, JOURNAL_BEGIN, &journal_begin_shape, &begin);
    assert_error(counter_apply(c, t), ERROR_STORE_CONFLICT); /* another journal */
    t = counter_tell(2);
    counter_add(t, (enum journal_record)99, NULL, NULL);
    assert_error(counter_apply(c, t), ERROR_IPC_VERSION); /* of a newer signer */
    t = counter_tell(2);
    counter_add(t, JOURNAL_SEALED, NULL, NULL);
    t->w.len--;
    assert_error(counter_apply(c, t), ERROR_IPC_BROKEN);
    t = counter_tell(2);
    counter_add(t, JOURNAL_SEALED, NULL, NULL);
    assert_ok(counter_apply(c, t));
}

/* R-PKI-1: a pair that nobody expected is kept, noted, and stays unusable; the journal is right. */
static void an_unexpected_pair_is_kept(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_APPROVED);
    counter_journal_begin(c);
    counter_issue(c, row.number, 0); /* no USBKey was opened for it, as far as this database knows */
    assert_string_equal(counter_get(c, row.number).state, "approved");
    assert_string_equal(counter_audit(c, "journal.unexpected").subject, row.number);
}

/* R-APPLY-3, R-APPLY-4: closed, its certificates are good, the envelope is gone, the holder is told. */
static void production_ends(void **state)
{
    struct counter *c = *state;
    struct application_row row = in_issued(c);
    struct act act = counter_as(c, &c->producer);
    struct certificate_row *rows;
    struct enveloped_key_row envelope;
    struct key_row key = { .key = row.number };
    size_t count;
    assert_ok(store_one(c->office->service.store, STATEMENT_ENVELOPED_KEY_GET, RECORD(key_row_shape, &key),
                        c->office->arena, &enveloped_key_row_shape, &envelope));
    struct act reviewer = counter_as(c, &c->reviewer);
    assert_error(production_finish(&reviewer, row.number, &row), ERROR_NOT_PERMITTED);
    assert_ok(production_finish(&act, row.number, &row));
    assert_string_equal(row.state, "produced");
    assert_int_equal(row.finished_s, OFFICE_NOW); /* the promised time ends with production */
    struct act holder = counter_holder(c);
    assert_ok(certify_list(&holder, &rows, &count));
    for (size_t i = 0; i < count; i++) assert_string_equal(rows[i].state, "valid");
    assert_error(store_one(c->office->service.store, STATEMENT_ENVELOPED_KEY_GET, RECORD(key_row_shape, &key),
                           c->office->arena, &enveloped_key_row_shape, &envelope), ERROR_NOT_FOUND);
    counter_notice(c, "application-produced", "sms");
    assert_error(production_finish(&act, row.number, &row), ERROR_APPLICATION_STATE);
    assert_error(open_card(c, row.number, "HF00000001"), ERROR_APPLICATION_STATE);
}

/* R-APPLY-3: after the issue no other USBKey is begun; it is remade under a new approval, which revokes the pair. */
static void remade_after_the_issue(void **state)
{
    struct counter *c = *state;
    struct application_row row = in_issued(c);
    struct act act = counter_as(c, &c->producer);
    struct approve_statement s;
    const char *text;
    assert_error(open_card(c, row.number, "HF00000002"), ERROR_PRODUCTION_ISSUED);
    assert_ok(production_remake(&act, row.number, "USBKey 写入时断电", &row));
    assert_string_equal(row.state, "in-review");
    act = counter_as(c, &c->reviewer);
    assert_ok(review_draft(&act, row.number, true, NULL, &text));
    assert_ok(statement_read(&approve_statement_shape, text, c->office->arena, &s));
    assert_non_null(strstr(s.revokes, row.serial));
    assert_non_null(strstr(s.revokes, ",")); /* both of the pair */
    assert_string_equal(s.reason, "superseded");
}

/* R-SHIP-1, R-APPLY-4: the waybill is recorded, shown and told. */
static void it_is_sent(void **state)
{
    struct counter *c = *state;
    struct application_row row = in_issued(c);
    struct act act = counter_as(c, &c->producer), holder = counter_holder(c);
    struct shipment_row shipment;
    struct parcel_row parcel;
    assert_error(shipment_get(&holder, row.number, &shipment, &parcel), ERROR_SHIPMENT_NONE);
    assert_error(shipment_add(&act, row.number, "ems", "1234567890123", NULL, &shipment), ERROR_APPLICATION_STATE);
    assert_ok(production_finish(&act, row.number, &row));
    assert_ok(shipment_add(&act, row.number, "ems", "1234567890123", NULL, &shipment));
    assert_ok(shipment_get(&holder, row.number, &shipment, &parcel));
    assert_string_equal(shipment.waybill, "1234567890123");
    row = counter_get(c, row.number);
    assert_string_equal(row.state, "shipped");
    assert_int_equal(row.open, 0);
    counter_notice(c, "application-shipped", "email");
    counter_sent(c, "1234567890123");
    assert_error(shipment_add(&act, row.number, "ems", "1234567890123", NULL, &shipment), ERROR_APPLICATION_STATE);
}

static struct certificate_row certificate_at(struct counter *c, const char *serial)
{
    struct act act = counter_as(c, &c->producer);
    struct certificate_row row;
    assert_ok(certify_get(&act, serial, &row));
    return row;
}

/* The code of the last SMS to the holder. */
static const char *receipt_code_of(struct counter *c)
{
    const struct sent *sent;
    office_run_jobs(c->office);
    const char *at = NULL;
    for (size_t i = office_sent(c->office, &sent); i > 0 && !at; i--) at = strstr(sent[i - 1].text, "确认收到 USBKey，验证码 ");
    assert_non_null(at);
    at = strstr(at, "验证码 ");
    return arena_text(c->office->arena, bytes_of(at + strlen("验证码 "), 6));
}

static struct application_row in_shipped(struct counter *c)
{
    struct application_row row = in_issued(c);
    struct act act = counter_as(c, &c->producer);
    struct shipment_row shipment;
    assert_ok(production_finish(&act, row.number, &row));
    assert_ok(shipment_add(&act, row.number, "ems", "1234567890123", NULL, &shipment));
    return counter_get(c, row.number);
}

/* R-SHIP-3: by its holder, once it is sent, with a code of this purpose to the account's mobile. The word is kept before
 * the signer is told (there is none here), and need not be given again. */
static void its_receipt_is_confirmed_by_a_code(void **state)
{
    struct counter *c = *state;
    struct application_row row = in_issued(c);
    struct act producer = counter_as(c, &c->producer), holder = counter_holder(c), stranger = holder;
    struct session session;
    struct session_token token;
    struct shipment_row shipment;
    stranger.account = random_id();
    assert_ok(production_finish(&producer, row.number, &row));
    assert_string_equal(certify_state(&(struct certificate_row){ .state = "valid", .transit = 1, .not_after_s = 9 }, 5), "transit");
    assert_int_equal(certificate_at(c, row.serial).transit, 1);
    assert_error(receipt_code(&holder, row.number), ERROR_APPLICATION_STATE); /* not sent yet */
    assert_error(receipt_confirm(&holder, row.number, "123456", &row), ERROR_APPLICATION_STATE);
    assert_ok(shipment_add(&producer, row.number, "ems", "1234567890123", NULL, &shipment));
    assert_error(receipt_code(&producer, row.number), ERROR_NOT_PERMITTED);
    assert_error(receipt_code(&stranger, row.number), ERROR_NOT_FOUND);
    assert_error(receipt_confirm(&holder, row.number, "123456", &row), ERROR_SMS_CODE_OVER); /* none was asked for */
    assert_ok(receipt_code(&holder, row.number));
    assert_error(receipt_code(&holder, row.number), ERROR_SMS_TOO_SOON);
    const char *code = receipt_code_of(c);
    /* it opens no login */
    assert_error(session_login_sms(&holder, c->account.mobile, code, "https://portal.example", &session, &token),
                 ERROR_SMS_CODE_OVER);
    assert_error(receipt_confirm(&holder, row.number, code[0] == '0' ? "100000" : "000000", &row), ERROR_SMS_CODE_WRONG);
    assert_error(receipt_confirm(&holder, row.number, code, &row), ERROR_JOURNAL_BUSY);
    counter_audit(c, "receipt.confirm");
    assert_string_equal(counter_get(c, row.number).state, "shipped");
    assert_error(receipt_confirm(&holder, row.number, "000000", &row), ERROR_JOURNAL_BUSY);
    size_t left;
    assert_error(receipt_work(&c->office->service, &left), ERROR_JOURNAL_BUSY);
    assert_string_equal(counter_receive(c, row.number).state, "done");
    assert_ok(receipt_work(&c->office->service, &left));
    assert_int_equal(left, 0);
    assert_int_equal(certificate_at(c, row.serial).transit, 0);
    counter_notice(c, "certificate-received", "sms");
}

/* R-SHIP-3: whoever had it sent before certificates travelled in transit has nothing to wait for. */
static void a_receipt_of_earlier_builds_needs_no_signer(void **state)
{
    struct counter *c = *state;
    struct application_row row = in_shipped(c);
    struct act holder = counter_holder(c);
    counter_sql(c, "UPDATE certificate SET transit = 0");
    assert_ok(receipt_code(&holder, row.number));
    assert_ok(receipt_confirm(&holder, row.number, receipt_code_of(c), &row));
    assert_string_equal(row.state, "done");
}

/* R-SHIP-3, R-REVOKE-3, R-SHIP-4: on hold beside it stays so; what was revoked on its way is not confirmed, and the job
 * leaves it alone; what is sent again is confirmed anew. */
static void what_happens_on_the_way(void **state)
{
    struct counter *c = *state;
    struct application_row row = in_shipped(c);
    struct act holder = counter_holder(c);
    struct shipment_row shipment;
    size_t left;
    counter_sql(c, "UPDATE certificate SET state = 'held'");
    assert_string_equal(counter_receive(c, row.number).state, "done");
    assert_string_equal(certificate_at(c, row.serial).state, "held");
    counter_sql(c, "UPDATE application SET state = 'shipped'");
    counter_sql(c, "UPDATE certificate SET state = 'valid', transit = 1");
    assert_ok(receipt_code(&holder, row.number));
    assert_error(receipt_confirm(&holder, row.number, receipt_code_of(c), &row), ERROR_JOURNAL_BUSY);
    counter_sql(c, "UPDATE certificate SET state = 'revoked'");
    assert_error(receipt_confirm(&holder, row.number, "000000", &row), ERROR_CERTIFICATE_STATE);
    assert_error(receipt_code(&holder, row.number), ERROR_CERTIFICATE_STATE);
    assert_ok(receipt_work(&c->office->service, &left));
    assert_int_equal(left, 0);
    counter_sql(c, "UPDATE application SET state = 'produced'");
    counter_sql(c, "UPDATE certificate SET state = 'valid'");
    struct act producer = counter_as(c, &c->producer);
    assert_ok(shipment_add(&producer, row.number, "ems", "1234567890124", NULL, &shipment));
    assert_error(receipt_confirm(&holder, row.number, "000000", &row), ERROR_SMS_CODE_OVER);
}

/* R-REVOKE-1: revoked at once in the database, its sessions end, the holder is told, once. */
static void a_revocation_of_the_journal(void **state)
{
    struct counter *c = *state;
    struct application_row row = in_issued(c);
    struct act act = counter_as(c, &c->producer), holder = counter_holder(c), reviewer = counter_as(c, &c->reviewer);
    struct certificate_row *rows, one;
    struct approve_statement s;
    const char *text;
    size_t count;
    assert_ok(production_finish(&act, row.number, &row));
    assert_ok(certify_revocation_draft(&reviewer, row.serial, "keyCompromise", &text));
    assert_ok(statement_read(&approve_statement_shape, text, c->office->arena, &s));
    assert_string_equal(s.service, "revoke");
    assert_string_equal(s.reason, "keyCompromise");
    struct session_row session = { .token_hash = bytes_text("12345678901234567890123456789012"), .kind = "platform",
                                   .account = c->account.id, .name = "张三", .roles = "", .serial = row.serial,
                                   .means = "usbkey", .origin = "https://platform.example", .created_s = OFFICE_NOW,
                                   .expires_s = OFFICE_NOW + 3600 };
    assert_ok(store_change(c->office->service.store, STATEMENT_SESSION_INSERT, RECORD(session_row_shape, &session)));
    struct journal_revoked record = { .request = random_id(), .serials = s.revokes, .reason = "keyCompromise",
                                      .application = row.number, .revoked_s = OFFICE_NOW + 5, .approval1 = text,
                                      .approval_signature1 = counter_sign(c, &c->reviewer, text) };
    struct told *t = counter_tell(2);
    counter_add(t, JOURNAL_REVOKED, &journal_revoked_shape, &record);
    assert_ok(counter_apply(c, t));
    assert_ok(certify_list(&holder, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(rows[i].state, "revoked");
        assert_int_equal(rows[i].revoked_s, OFFICE_NOW + 5);
        assert_string_equal(rows[i].reason, "keyCompromise");
    }
    struct key_row key = { .hash = session.token_hash, .at_s = OFFICE_NOW };
    assert_error(store_one(c->office->service.store, STATEMENT_SESSION_GET, RECORD(key_row_shape, &key), c->office->arena,
                           &session_row_shape, &session), ERROR_NOT_FOUND);
    assert_true(id_equal(&c->office->ended, &c->account.id));
    counter_notice(c, "certificate-revoked", "sms");
    /* What is revoked is not revoked again. */
    assert_error(certify_revocation_draft(&reviewer, row.serial, "superseded", &text), ERROR_CERTIFICATE_STATE);
    assert_error(certify_get(&holder, "00000000000000000000000000000000", &one), ERROR_NOT_FOUND);
}

/* R-REVOKE-1, R-OPS-3: a revocation that was altered, is signed by another key, or by who may not. */
static void what_revokes_nothing(void **state)
{
    struct counter *c = *state;
    struct application_row row = in_issued(c);
    struct act act = counter_as(c, &c->reviewer), producer = counter_as(c, &c->producer);
    struct certificate_row out;
    struct approve_statement s;
    const char *text, *altered;
    assert_error(certify_revocation_draft(&producer, row.serial, "keyCompromise", &text), ERROR_NOT_PERMITTED);
    assert_ok(certify_revocation_draft(&act, row.serial, "keyCompromise", &text));
    assert_ok(statement_read(&approve_statement_shape, text, c->office->arena, &s));
    s.revokes = "00000000000000000000000000000000";
    assert_ok(statement_write(&approve_statement_shape, &s, c->office->arena, &altered));
    assert_error(certify_revoke(&act, row.serial, altered, counter_sign(c, &c->reviewer, altered), &out),
                 ERROR_DECISION_STATEMENT);
    assert_error(certify_revoke(&act, row.serial, text, counter_sign(c, &c->other, text), &out),
                 ERROR_DECISION_SIGNATURE);
    assert_error(certify_revoke(&act, row.serial, "x", counter_sign(c, &c->reviewer, "x"), &out),
                 ERROR_DECISION_STATEMENT);
}

/* The register of operators is what the journal says. */
static void operators_come_from_the_journal(void **state)
{
    struct counter *c = *state;
    struct operator_row row;
    struct key_row key = { .key = "4d00000000000000000000000000000b" };
    struct journal_operator record = { .change = "add", .serial = key.key, .name = "财务一", .roles = "finance",
                                       .certificate = bytes_text("certificate") };
    counter_journal_begin(c);
    struct told *t = counter_tell(1);
    counter_add(t, JOURNAL_OPERATOR, &journal_operator_shape, &record);
    assert_ok(counter_apply(c, t));
    struct store *store = c->office->service.store;
    assert_ok(store_one(store, STATEMENT_OPERATOR_GET, RECORD(key_row_shape, &key), c->office->arena, &operator_row_shape,
                        &row));
    assert_string_equal(row.state, "active");
    record.change = "remove";
    record.certificate = (struct bytes){ 0 };
    t = counter_tell(2);
    counter_add(t, JOURNAL_OPERATOR, &journal_operator_shape, &record);
    assert_ok(counter_apply(c, t));
    assert_ok(store_one(store, STATEMENT_OPERATOR_GET, RECORD(key_row_shape, &key), c->office->arena, &operator_row_shape,
                        &row));
    assert_string_equal(row.state, "removed");
}

int run_production_tests(struct server *server)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) { #name, name, counter_set_up, counter_tear_down, server }
        TEST(a_card_is_opened_for_what_was_approved),
        TEST(what_opens_no_card),
        TEST(the_key_comes_from_the_card_that_was_opened),
        TEST(certificates_come_from_the_journal),
        TEST(records_are_applied_once),
        TEST(an_unexpected_pair_is_kept),
        TEST(production_ends),
        TEST(remade_after_the_issue),
        TEST(it_is_sent),
        TEST(its_receipt_is_confirmed_by_a_code),
        TEST(a_revocation_of_the_journal),
        TEST(what_revokes_nothing),
        TEST(operators_come_from_the_journal),
    };
    /* They alter the file of the database, which there is of SQLite. */
    const struct CMUnitTest altered[] = {
        TEST(a_receipt_of_earlier_builds_needs_no_signer),
        TEST(what_happens_on_the_way),
    };
    int failures = cmocka_run_group_tests_name(server ? "production on postgresql" : "production", tests, NULL, NULL);
    return failures + (server ? 0 : cmocka_run_group_tests_name("production altered", altered, NULL, NULL));
}
