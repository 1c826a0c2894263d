/* Logins with the USBKey: R-LOGIN-2, R-LOGIN-4, R-LOGIN-8, R-SMS-2, R-SMS-3. */
#include "office.h"
#include "door.h"

#include <stdlib.h>

#include "../pki/world.h"
#include "base/random.h"
#include "pki/statement.h"
#include "service/key_login.h"

_Static_assert((int)OFFICE_NOW == (int)WORLD_NOW, "one time for both worlds");

static const struct key_login_door portal = { "holder", "https://portal.example" },
                                   console = { "operator", "https://console.example" },
                                   platform = { "platform", "https://platform.example" };

/* Certificates of the small PKI, known to the database as the journal would have made them. */
struct key_world {
    struct office *office;
    struct world *pki;
    struct account_row account;
    const char *holder_serial, *operator_serial;
};

static void add_certificate(struct key_world *w, const struct certificate *c, const char *state, const char **ret_serial)
{
    struct office *office = w->office;
    const char *serial = certificate_serial_text(c, office->arena);
    struct certificate_row row = { .serial = serial, .ca_id = "a", .purpose = "signing", .pair = serial,
                                   .holder = w->account.id, .application = "20261124000000178", .medium = "usbkey",
                                   .subject = "CN=张三", .der = c->der, .not_before_s = c->not_before_s,
                                   .not_after_s = c->not_after_s, .state = state };
    assert_ok(store_change(office->service.store, STATEMENT_CERTIFICATE_INSERT, RECORD(certificate_row_shape, &row)));
    *ret_serial = serial;
}

static int set_up(void **state)
{
    office_set_up(state);
    struct key_world *w = calloc(1, sizeof *w);
    w->office = *state;
    w->pki = world_new();
    w->account = office_account(w->office, "13800000001", office_numbers[0]);
    struct signer_state told = { .size = 7, .root_certificate = w->pki->root->der,
                                 .issuing_certificate = w->pki->issuing->der,
                                 .operators_certificate = w->pki->operators->der };
    assert_ok(authorities_set(w->office->service.authorities, &told));
    add_certificate(w, w->pki->holder, "valid", &w->holder_serial);
    w->operator_serial = certificate_serial_text(w->pki->operator, w->office->arena);
    struct operator_row row = { .serial = w->operator_serial, .name = "审核员一", .roles = "reviewer",
                                .certificate = w->pki->operator->der, .state = "active", .added_s = OFFICE_NOW };
    assert_ok(store_change(w->office->service.store, STATEMENT_OPERATOR_INSERT, RECORD(operator_row_shape, &row)));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct key_world *w = *state;
    void *office = w->office;
    world_free(w->pki);
    free(w);
    return office_tear_down(&office);
}

static struct key_login_draft draft(struct key_world *w, const struct key_login_door *door, const char *serial)
{
    struct act act = office_act(w->office);
    struct key_login_draft d;
    assert_ok(key_login_begin(&act, door, serial, &d));
    return d;
}

static struct bytes sign(struct key_world *w, const struct sm2_private *key, const char *text)
{
    uint8_t signature[SM2_SIGNATURE_SIZE];
    assert_ok(sm2_sign(key, bytes_text(text), &w->pki->drbg, signature));
    return arena_bytes(w->office->arena, BYTES(signature));
}

static struct result finish(struct key_world *w, const struct key_login_door *door, const struct id *id,
                            struct bytes certificate, struct bytes signature, struct session *ret_session)
{
    struct act act = office_act(w->office);
    struct key_login_proof proof = { certificate, signature };
    struct session_token token;
    return key_login_finish(&act, door, id, &proof, ret_session, &token);
}

/* The whole of a login with CERTIFICATE and its KEY. */
static struct result log_in(struct key_world *w, const struct key_login_door *door, const struct certificate *certificate,
                            const struct sm2_private *key, struct session *ret_session)
{
    const char *serial = certificate_serial_text(certificate, w->office->arena);
    struct key_login_draft d = draft(w, door, serial);
    return finish(w, door, &d.id, certificate->der, sign(w, key, d.statement), ret_session);
}

/* R-LOGIN-2, R-LOGIN-8: the holder comes in to the platform, and what was signed is kept with what it stood on. */
static void a_holder_logs_in_to_the_platform(void **state)
{
    struct key_world *w = *state;
    struct session session;
    struct key_login_draft d = draft(w, &platform, w->holder_serial);
    struct bytes signature = sign(w, &w->pki->holder_key, d.statement);
    assert_int_equal(d.expires_s, OFFICE_NOW + 120);
    assert_ok(finish(w, &platform, &d.id, w->pki->holder->der, signature, &session));
    assert_string_equal(session.row.kind, "platform");
    assert_string_equal(session.row.name, "张三");
    assert_string_equal(session.row.means, "usbkey");
    assert_true(id_equal(&session.row.account, &w->account.id));
    struct key_row key = { .id = d.id };
    struct login_evidence_row kept;
    assert_ok(store_one(w->office->service.store, STATEMENT_LOGIN_EVIDENCE_GET, RECORD(key_row_shape, &key),
                        w->office->arena, &login_evidence_row_shape, &kept));
    assert_string_equal(kept.statement, d.statement);
    assert_true(bytes_equal(kept.signature, signature));
    assert_true(bytes_equal(kept.certificate, w->pki->holder->der));
    assert_string_equal(kept.status, "valid");
    assert_string_equal(kept.serial, w->holder_serial);
    assert_string_equal(kept.client, "192.0.2.7");
    assert_int_equal(kept.at_s, OFFICE_NOW);
}

/* R-LOGIN-2: what is signed is the server's own: the host that was asked, the relying party, a number used once. */
static void the_statement_is_the_servers_own(void **state)
{
    struct key_world *w = *state;
    struct key_login_draft a = draft(w, &platform, w->holder_serial), b = draft(w, &platform, w->holder_serial);
    struct login_statement fields, other;
    assert_ok(statement_read(&login_statement_shape, a.statement, w->office->arena, &fields));
    assert_ok(statement_read(&login_statement_shape, b.statement, w->office->arena, &other));
    assert_string_equal(fields.means, "usbkey");
    assert_string_equal(fields.origin, "https://platform.example");
    assert_string_equal(fields.relying_party, "国资监管平台");
    assert_string_equal(fields.certificate, w->holder_serial);
    assert_string_not_equal(fields.nonce, other.nonce);
    assert_string_not_equal(fields.session, other.session);
    assert_int_equal(strlen(fields.nonce), 32);
}

/* R-SMS-3: an operator comes in to the console with the own USBKey. */
static void an_operator_logs_in_to_the_console(void **state)
{
    struct key_world *w = *state;
    struct session session;
    assert_ok(log_in(w, &console, w->pki->operator, &w->pki->operator_key, &session));
    assert_string_equal(session.row.kind, "operator");
    assert_string_equal(session.row.roles, "reviewer");
    assert_string_equal(session.row.serial, w->operator_serial);
}

/* R-SMS-3, R-LOGIN-4: holders at the console and operators elsewhere are told that it is the wrong certificate. */
static void each_host_takes_its_own_people(void **state)
{
    struct key_world *w = *state;
    struct session session;
    assert_error(log_in(w, &console, w->pki->holder, &w->pki->holder_key, &session), ERROR_LOGIN_CERTIFICATE_USAGE);
    assert_error(log_in(w, &portal, w->pki->operator, &w->pki->operator_key, &session), ERROR_LOGIN_CERTIFICATE_USAGE);
    assert_error(log_in(w, &platform, w->pki->operator, &w->pki->operator_key, &session),
                 ERROR_LOGIN_CERTIFICATE_USAGE);
    assert_error(log_in(w, &platform, w->pki->encryption, &w->pki->encryption_key, &session),
                 ERROR_LOGIN_CERTIFICATE_USAGE);
}

/* R-LOGIN-4: used before. */
static void a_login_is_used_once(void **state)
{
    struct key_world *w = *state;
    struct session session;
    struct key_login_draft d = draft(w, &platform, w->holder_serial);
    struct bytes signature = sign(w, &w->pki->holder_key, d.statement);
    assert_ok(finish(w, &platform, &d.id, w->pki->holder->der, signature, &session));
    assert_error(finish(w, &platform, &d.id, w->pki->holder->der, signature, &session), ERROR_LOGIN_USED);
    struct id unknown = random_id();
    assert_error(finish(w, &platform, &unknown, w->pki->holder->der, signature, &session), ERROR_LOGIN_UNKNOWN);
    /* nor does its signature open another one */
    struct key_login_draft other = draft(w, &platform, w->holder_serial);
    assert_error(finish(w, &platform, &other.id, w->pki->holder->der, signature, &session), ERROR_LOGIN_SIGNATURE);
}

/* R-LOGIN-4: two minutes, to the second. */
static void a_login_lasts_two_minutes(void **state)
{
    struct key_world *w = *state;
    struct session session;
    struct key_login_draft d = draft(w, &platform, w->holder_serial);
    struct bytes signature = sign(w, &w->pki->holder_key, d.statement);
    office_pass(w->office, 121);
    assert_error(finish(w, &platform, &d.id, w->pki->holder->der, signature, &session), ERROR_LOGIN_OVER);
    assert_ok(session_clean(&w->office->service));
    assert_error(finish(w, &platform, &d.id, w->pki->holder->der, signature, &session), ERROR_LOGIN_OVER);
    d = draft(w, &platform, w->holder_serial);
    office_pass(w->office, 120);
    assert_ok(finish(w, &platform, &d.id, w->pki->holder->der, sign(w, &w->pki->holder_key, d.statement), &session));
}

/* R-LOGIN-4: signed for another of our addresses, or finished at another host. */
static void a_signature_is_for_one_origin(void **state)
{
    struct key_world *w = *state;
    struct session session;
    struct key_login_draft d = draft(w, &platform, w->holder_serial);
    struct login_statement fields;
    const char *text;
    assert_ok(statement_read(&login_statement_shape, d.statement, w->office->arena, &fields));
    fields.origin = "https://portal.example";
    assert_ok(statement_write(&login_statement_shape, &fields, w->office->arena, &text));
    assert_error(finish(w, &platform, &d.id, w->pki->holder->der, sign(w, &w->pki->holder_key, text), &session),
                 ERROR_LOGIN_ORIGIN);
    fields.origin = "https://phishing.example";
    assert_ok(statement_write(&login_statement_shape, &fields, w->office->arena, &text));
    assert_error(finish(w, &platform, &d.id, w->pki->holder->der, sign(w, &w->pki->holder_key, text), &session),
                 ERROR_LOGIN_SIGNATURE);
    struct bytes good = sign(w, &w->pki->holder_key, d.statement);
    assert_error(finish(w, &portal, &d.id, w->pki->holder->der, good, &session), ERROR_LOGIN_ORIGIN);
    struct key_login_door moved = { "platform", "https://portal.example" };
    assert_error(finish(w, &moved, &d.id, w->pki->holder->der, good, &session), ERROR_LOGIN_ORIGIN);
    assert_ok(finish(w, &platform, &d.id, w->pki->holder->der, good, &session));
}

/* R-LOGIN-4: each line of the statement counts. */
static void an_altered_statement_is_worthless(void **state)
{
    struct key_world *w = *state;
    struct session session;
    struct key_login_draft d = draft(w, &platform, w->holder_serial);
    for (size_t at = 0; at < strlen(d.statement); at += 3) {
        char *text = arena_text(w->office->arena, bytes_text(d.statement));
        text[at] = text[at] == 'a' ? 'b' : 'a';
        assert_error(finish(w, &platform, &d.id, w->pki->holder->der, sign(w, &w->pki->holder_key, text), &session),
                     ERROR_LOGIN_SIGNATURE);
    }
}

/* R-LOGIN-4: another key, another certificate, no signature at all. */
static void a_wrong_signature_is_refused(void **state)
{
    struct key_world *w = *state;
    struct session session;
    struct key_login_draft d = draft(w, &platform, w->holder_serial);
    struct bytes good = sign(w, &w->pki->holder_key, d.statement);
    struct bytes wrong[] = { sign(w, &w->pki->encryption_key, d.statement), bytes_of(good.ptr, 63), { 0 },
                             bytes_of("0000000000000000000000000000000000000000000000000000000000000000", 64) };
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_error(finish(w, &platform, &d.id, w->pki->holder->der, wrong[i], &session), ERROR_LOGIN_SIGNATURE);
    assert_error(finish(w, &platform, &d.id, w->pki->encryption->der, good, &session), ERROR_LOGIN_CERTIFICATE_OTHER);
    assert_error(finish(w, &platform, &d.id, bytes_text("nonsense"), good, &session), ERROR_LOGIN_CERTIFICATE_FOREIGN);
    assert_ok(finish(w, &platform, &d.id, w->pki->holder->der, good, &session));
}

/* R-LOGIN-4: of another CA, though it has the same serial number and name. */
static void a_foreign_certificate_is_refused(void **state)
{
    struct key_world *w = *state;
    struct session session;
    struct certificate_fields fields = world_fields(&w->pki->encryption_key, "张三");
    struct certificate_fields ca = { .subject = { .country = "CN", .organization = "虎符", .common_name = "虎符签发 CA" },
                                     .key = public_key_sm2(&w->pki->card_key.public), .not_before_s = OFFICE_NOW - 2 * DAY_S,
                                     .not_after_s = OFFICE_NOW + 1000 * DAY_S };
    struct certificate *forged_ca = world_issue(w->pki, &profile_root_ca, &ca, NULL, &w->pki->card_key);
    struct certificate *forged = world_issue(w->pki, &profile_holder_signing, &fields, forged_ca, &w->pki->card_key);
    assert_error(log_in(w, &platform, forged, &w->pki->encryption_key, &session), ERROR_LOGIN_CERTIFICATE_FOREIGN);
    assert_error(log_in(w, &platform, w->pki->card, &w->pki->card_key, &session), ERROR_LOGIN_CERTIFICATE_FOREIGN);
}

/* R-LOGIN-4: revoked, on hold, not yet handed over: each said, and written down; the login is used up by it. */
static void a_certificate_that_is_not_valid_is_refused(void **state)
{
    static const struct {
        const char *state;
        enum error error;
    } cases[] = { { "revoked", ERROR_LOGIN_CERTIFICATE_REVOKED }, { "held", ERROR_LOGIN_CERTIFICATE_HELD },
                  { "issued", ERROR_LOGIN_CERTIFICATE_HELD } };
    struct key_world *w = *state;
    struct session session;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sm2_private key;
        const char *serial;
        struct audit_row *rows;
        assert_ok(sm2_private_generate(&key, &w->pki->drbg));
        struct certificate_fields fields = world_fields(&key, "张三");
        struct certificate *c = world_issue(w->pki, &profile_holder_signing, &fields, w->pki->issuing,
                                            &w->pki->issuing_key);
        add_certificate(w, c, cases[i].state, &serial);
        const struct key_login_door *doors[] = { &platform, &portal };
        for (size_t k = 0; k < COUNT(doors); k++) {
            struct key_login_draft d = draft(w, doors[k], serial);
            struct bytes signature = sign(w, &key, d.statement);
            office_pass(w->office, 1);
            assert_error(finish(w, doors[k], &d.id, c->der, signature, &session), cases[i].error);
            assert_error(finish(w, doors[k], &d.id, c->der, signature, &session), ERROR_LOGIN_USED);
            office_audits(w->office, &rows);
            assert_string_equal(rows[0].action, "session.refuse");
            assert_string_equal(rows[0].detail, error_find(cases[i].error)->zh);
            assert_string_equal(rows[0].actor_id, serial);
        }
        sm2_private_done(&key);
    }
}

/* R-LOGIN-4: expired; R-SMS-2: at the portal an expired one opens renewal. */
static void an_expired_certificate_opens_renewal_only(void **state)
{
    struct key_world *w = *state;
    struct session session;
    w->office->clock.offset_s = w->pki->holder->not_after_s;
    assert_ok(log_in(w, &platform, w->pki->holder, &w->pki->holder_key, &session));
    assert_ok(log_in(w, &portal, w->pki->holder, &w->pki->holder_key, &session));
    assert_string_equal(session.row.means, "usbkey");
    office_pass(w->office, 1);
    assert_error(log_in(w, &platform, w->pki->holder, &w->pki->holder_key, &session),
                 ERROR_LOGIN_CERTIFICATE_EXPIRED);
    assert_ok(log_in(w, &portal, w->pki->holder, &w->pki->holder_key, &session));
    assert_string_equal(session.row.means, "usbkey-expired");
    assert_true(session_may_enter(session.row.means, "renew"));
    assert_false(session_may_enter(session.row.means, "revoke"));
    w->office->clock.offset_s = w->pki->operator->not_after_s + 1;
    assert_error(log_in(w, &console, w->pki->operator, &w->pki->operator_key, &session),
                 ERROR_LOGIN_CERTIFICATE_EXPIRED);
    w->office->clock.offset_s = w->pki->holder->not_before_s - 1;
    assert_error(log_in(w, &platform, w->pki->holder, &w->pki->holder_key, &session),
                 ERROR_LOGIN_CERTIFICATE_NOT_YET);
}

/* R-LOGIN-4: the account is suspended or closed. */
static void the_account_must_be_open(void **state)
{
    struct key_world *w = *state;
    struct session session;
    struct account_row row;
    struct act act = office_act(w->office);
    assert_ok(directory_account_set_state(&act, &w->account.id, "suspended", "离岗", &row));
    assert_error(log_in(w, &platform, w->pki->holder, &w->pki->holder_key, &session), ERROR_ACCOUNT_SUSPENDED);
    assert_error(log_in(w, &portal, w->pki->holder, &w->pki->holder_key, &session), ERROR_ACCOUNT_SUSPENDED);
    act = office_act(w->office);
    assert_ok(directory_account_set_state(&act, &w->account.id, "closed", "离职", &row));
    assert_error(log_in(w, &platform, w->pki->holder, &w->pki->holder_key, &session), ERROR_ACCOUNT_NOT_OPEN);
}

/* R-LOGIN-4: before the signature holds nothing is said about certificate or account. */
static void strangers_learn_nothing(void **state)
{
    struct key_world *w = *state;
    struct session session;
    struct account_row row;
    struct act act = office_act(w->office);
    assert_ok(directory_account_set_state(&act, &w->account.id, "suspended", "离岗", &row));
    struct key_login_draft d = draft(w, &platform, w->holder_serial);
    struct bytes wrong = sign(w, &w->pki->encryption_key, d.statement);
    assert_error(finish(w, &platform, &d.id, w->pki->holder->der, wrong, &session), ERROR_LOGIN_SIGNATURE);
    /* a serial that nobody has begins as any other */
    d = draft(w, &platform, "ffffffffffffffffffffffffffffffff");
    assert_non_null(strstr(d.statement, "ffffffffffffffffffffffffffffffff"));
}

/* R-SMS-3: who was taken out of the register; R-LOGIN-4: whom the database does not know. */
static void the_database_must_know_it(void **state)
{
    struct key_world *w = *state;
    struct session session;
    struct key_row key = { .key = w->operator_serial };
    assert_ok(store_change(w->office->service.store, STATEMENT_OPERATOR_REMOVE, RECORD(key_row_shape, &key)));
    assert_error(log_in(w, &console, w->pki->operator, &w->pki->operator_key, &session),
                 ERROR_LOGIN_OPERATOR_REMOVED);
    struct certificate_fields fields = world_fields(&w->pki->encryption_key, "审核员");
    fields.credit_code = NULL;
    struct certificate *operator = world_issue(w->pki, &profile_operator, &fields, w->pki->operators,
                                               &w->pki->operators_key);
    assert_error(log_in(w, &console, operator, &w->pki->encryption_key, &session), ERROR_LOGIN_CERTIFICATE_UNKNOWN);
    fields = world_fields(&w->pki->encryption_key, "张三");
    struct certificate *holder = world_issue(w->pki, &profile_holder_signing, &fields, w->pki->issuing,
                                             &w->pki->issuing_key);
    assert_error(log_in(w, &platform, holder, &w->pki->encryption_key, &session), ERROR_LOGIN_CERTIFICATE_UNKNOWN);
    /* known under its serial number, but as another certificate */
    struct certificate other = *holder;
    const char *serial;
    other.der = w->pki->holder->der;
    add_certificate(w, &other, "valid", &serial);
    assert_error(log_in(w, &platform, holder, &w->pki->encryption_key, &session), ERROR_LOGIN_CERTIFICATE_UNKNOWN);
    struct operator_row row = { .serial = certificate_serial_text(operator, w->office->arena), .name = "审核员二",
                                .roles = "reviewer", .certificate = w->pki->operator->der, .state = "active",
                                .added_s = OFFICE_NOW };
    assert_ok(store_change(w->office->service.store, STATEMENT_OPERATOR_INSERT, RECORD(operator_row_shape, &row)));
    assert_error(log_in(w, &console, operator, &w->pki->encryption_key, &session), ERROR_LOGIN_CERTIFICATE_UNKNOWN);
}

/* Until the signer told who the CAs are nobody comes in by certificate. */
static void nobody_comes_in_before_the_signer_spoke(void **state)
{
    struct key_world *w = *state;
    struct session session;
    struct authorities *told = w->office->service.authorities;
    w->office->service.authorities = authorities_new();
    assert_error(log_in(w, &platform, w->pki->holder, &w->pki->holder_key, &session), ERROR_LOGIN_NOT_READY);
    authorities_free(w->office->service.authorities);
    w->office->service.authorities = told;
    assert_int_equal(authorities_journal_size(told), 7);
    struct signer_state broken = { .root_certificate = bytes_text("x"), .issuing_certificate = bytes_text("x"),
                                   .operators_certificate = bytes_text("x") };
    assert_true(failed(authorities_set(told, &broken)));
    assert_ok(log_in(w, &platform, w->pki->holder, &w->pki->holder_key, &session));
}

int run_key_login_tests(struct server *server)
{
#define T_KEY(test) cmocka_unit_test_prestate_setup_teardown(test, set_up, tear_down, server)
    const struct CMUnitTest tests[] = {
        T_KEY(a_holder_logs_in_to_the_platform),
        T_KEY(the_statement_is_the_servers_own),
        T_KEY(an_operator_logs_in_to_the_console),
        T_KEY(each_host_takes_its_own_people),
        T_KEY(a_login_is_used_once),
        T_KEY(a_login_lasts_two_minutes),
        T_KEY(a_signature_is_for_one_origin),
        T_KEY(an_altered_statement_is_worthless),
        T_KEY(a_wrong_signature_is_refused),
        T_KEY(a_foreign_certificate_is_refused),
        T_KEY(a_certificate_that_is_not_valid_is_refused),
        T_KEY(an_expired_certificate_opens_renewal_only),
        T_KEY(the_account_must_be_open),
        T_KEY(strangers_learn_nothing),
        T_KEY(the_database_must_know_it),
        T_KEY(nobody_comes_in_before_the_signer_spoke),
    };
    return cmocka_run_group_tests_name("key login", tests, NULL, NULL);
}
