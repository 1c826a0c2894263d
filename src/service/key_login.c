#include "service/key_login.h"

#include "base/fault.h"
#include "base/random.h"
#include "ipc/signer_api.h"
#include "pki/ocsp.h"
#include "pki/statement.h"
#include "service/audit.h"
#include "service/authority.h"
#include "service/evidence.h"
#include "service/journal.h"

enum { STATUS_MS = 2000 };

/* ---- beginning ---- */

struct result key_login_begin(const struct act *act, const struct key_login_door *door, const char *serial,
                              struct key_login_draft *ret_draft)
{
    uint8_t nonce[16];
    struct id id = random_id();
    random_fill(nonce, sizeof nonce);
    char session[ID_TEXT_LEN + 1];
    id_text(&id, session);
    struct login_statement fields = { .means = "usbkey", .origin = door->origin,
                                      .relying_party = act->service->settings.relying_party, .session = session,
                                      .nonce = text_hex(act->arena, BYTES(nonce)), .certificate = serial,
                                      .time = arena_format(act->arena, "%lld", (long long)act->now_s) };
    struct key_login_row row = { .id = id, .kind = door->kind, .origin = door->origin, .serial = serial,
                                 .created_s = act->now_s };
    TRY(statement_write(&login_statement_shape, &fields, act->arena, &row.statement));
    TRY(store_change(act->service->store, STATEMENT_KEY_LOGIN_INSERT, RECORD(key_login_row_shape, &row)));
    *ret_draft = (struct key_login_draft){ id, row.statement, act->now_s + KEY_LOGIN_LIFE_S };
    return OK;
}

/* ---- what can be said before the database is asked about the certificate ---- */

struct login {
    const struct act *act;
    const struct key_login_door *door;
    const struct key_login_proof *proof;
    struct key_login_row draft;
    struct certificate *certificate;
    bool expired;
    struct bytes ocsp;  /* the CA's word about the certificate; ptr NULL: it could not be asked */
    enum error ca_says; /* why not; ERROR_NONE: nothing against it */
    struct session_token token;
    struct session_row session;
    enum error why; /* it is refused; ERROR_NONE: it is not */
};

static struct result check_draft(const struct login *l)
{
    ENSURE(text_equal(l->draft.kind, l->door->kind) && text_equal(l->draft.origin, l->door->origin),
           ERROR_LOGIN_ORIGIN);
    ENSURE(!l->draft.used, ERROR_LOGIN_USED);
    ENSURE(l->act->now_s - l->draft.created_s <= KEY_LOGIN_LIFE_S, ERROR_LOGIN_OVER);
    return OK;
}

static struct result check_certificate(struct login *l)
{
    const struct act *act = l->act;
    struct result r = certificate_parse(l->proof->certificate, act->arena, &l->certificate);
    if (failed(r)) return diag_log(act->diag, ERROR_LOGIN_CERTIFICATE_FOREIGN, "parse=%d", (int)r.code);
    const char *serial = certificate_serial_text(l->certificate, act->arena);
    ENSURE(serial, ERROR_OUT_OF_ROOM);
    ENSURE(text_equal(serial, l->draft.serial), ERROR_LOGIN_CERTIFICATE_OTHER);
    enum certificate_purpose purpose = text_equal(l->door->kind, "operator") ? PURPOSE_OPERATOR : PURPOSE_SIGNING;
    r = authorities_check(act->service->authorities, l->certificate, purpose, act->now_s);
    if (r.code == ERROR_CERTIFICATE_EXPIRED) {
        /* Whether it is anything else as well, its last second tells. */
        l->expired = true;
        r = authorities_check(act->service->authorities, l->certificate, purpose, l->certificate->not_after_s);
    }
    switch (r.code) {
    case ERROR_NONE: return OK;
    case ERROR_LOGIN_NOT_READY: return r;
    case ERROR_CERTIFICATE_USAGE: return FAIL(ERROR_LOGIN_CERTIFICATE_USAGE);
    case ERROR_CERTIFICATE_NOT_YET: return FAIL(ERROR_LOGIN_CERTIFICATE_NOT_YET);
    default: return diag_log(act->diag, ERROR_LOGIN_CERTIFICATE_FOREIGN, "chain=%d", (int)r.code);
    }
}

/* Whether it is the draft, but for another of our addresses, that was signed. */
static bool signed_elsewhere(const struct login *l)
{
    const struct service_settings *s = &l->act->service->settings;
    const char *const origins[] = { s->portal_origin, s->console_origin, s->platform_origin };
    for (size_t i = 0; i < COUNT(origins); i++) {
        struct login_statement fields;
        const char *text;
        if (failed(statement_read(&login_statement_shape, l->draft.statement, l->act->arena, &fields))) return false;
        fields.origin = origins[i];
        if (failed(statement_write(&login_statement_shape, &fields, l->act->arena, &text))) return false;
        if (!failed(public_key_verify(&l->certificate->key, bytes_text(text), l->proof->signature.ptr))) return true;
    }
    return false;
}

static struct result check_signature(const struct login *l)
{
    ENSURE(l->proof->signature.len == SM2_SIGNATURE_SIZE, ERROR_LOGIN_SIGNATURE);
    struct result r = public_key_verify(&l->certificate->key, bytes_text(l->draft.statement), l->proof->signature.ptr);
    if (!failed(r)) return OK;
    return FAIL(signed_elsewhere(l) ? ERROR_LOGIN_ORIGIN : ERROR_LOGIN_SIGNATURE);
}

/* ---- what the CA says ---- */

/* How the certificate stands, signed by the CA now over this very statement: evidence of the login, and the last word
 * where the database does not know yet. While the signer does not answer, the database alone decides. */
static struct result ask_status(struct login *l)
{
    const struct act *act = l->act;
    uint8_t hash[STATUS_TOLD_NONCE];
    const struct signer_status ask = { .serial = l->draft.serial, .nonce = BYTES(hash) };
    const struct ipc_call call = { SIGNER_STATUS, &signer_status_shape, &signer_status_told_shape, -1, STATUS_MS };
    struct signer_status_told told;
    struct ocsp_response response;
    if (text_equal(l->door->kind, "operator")) return OK; /* what counts for operators is the register */
    evidence_hash(l->draft.statement, hash);
    struct result r = journal_ask(act, &call, &ask, &told);
    if (failed(r)) return r.code == ERROR_OUT_OF_ROOM ? r : OK;
    TRY(ocsp_parse(told.response, &response));
    const struct ocsp_single *single = &response.singles[0];
    ENSURE(response.count == 1, ERROR_OCSP_RESPONSE);
    l->ocsp = told.response;
    if (single->status != OCSP_GOOD)
        l->ca_says = single->reason == CRL_CERTIFICATE_HOLD ? ERROR_LOGIN_CERTIFICATE_HELD
                                                            : ERROR_LOGIN_CERTIFICATE_REVOKED;
    return OK;
}

/* ---- what the database says; in the closure that uses the login up ---- */

static struct result judge_operator(struct tx *tx, struct login *l)
{
    struct key_row key = { .key = l->draft.serial };
    struct operator_row operator;
    struct result r = tx_one(tx, STATEMENT_OPERATOR_GET, RECORD(key_row_shape, &key), l->act->arena,
                             &operator_row_shape, &operator);
    if (r.code == ERROR_NOT_FOUND) l->why = ERROR_LOGIN_CERTIFICATE_UNKNOWN;
    if (r.code == ERROR_NOT_FOUND) return OK;
    TRY(r);
    if (!bytes_equal(operator.certificate, l->proof->certificate))
        l->why = ERROR_LOGIN_CERTIFICATE_UNKNOWN;
    else if (!text_equal(operator.state, "active"))
        l->why = ERROR_LOGIN_OPERATOR_REMOVED;
    else if (l->expired)
        l->why = ERROR_LOGIN_CERTIFICATE_EXPIRED;
    l->session.name = operator.name;
    l->session.roles = operator.roles;
    return OK;
}

static enum error judge_state(const struct login *l, const struct certificate_row *row)
{
    bool portal = text_equal(l->door->kind, "holder");
    if (!bytes_equal(row->der, l->proof->certificate)) return ERROR_LOGIN_CERTIFICATE_UNKNOWN;
    if (text_equal(row->state, "revoked")) return ERROR_LOGIN_CERTIFICATE_REVOKED;
    if (!text_equal(row->state, "valid")) return ERROR_LOGIN_CERTIFICATE_HELD;
    if (row->transit) return ERROR_LOGIN_CERTIFICATE_TRANSIT;
    if (l->ca_says != ERROR_NONE) return l->ca_says;
    return l->expired && !portal ? ERROR_LOGIN_CERTIFICATE_EXPIRED : ERROR_NONE;
}

static struct result judge_holder(struct tx *tx, struct login *l)
{
    struct key_row key = { .key = l->draft.serial };
    struct certificate_row row;
    struct account_row account;
    struct result r = tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), l->act->arena,
                             &certificate_row_shape, &row);
    if (r.code == ERROR_NOT_FOUND) l->why = ERROR_LOGIN_CERTIFICATE_UNKNOWN;
    if (r.code == ERROR_NOT_FOUND) return OK;
    TRY(r);
    l->why = judge_state(l, &row);
    key.id = row.holder;
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), l->act->arena, &account_row_shape, &account));
    if (l->why == ERROR_NONE && text_equal(account.state, "suspended")) l->why = ERROR_ACCOUNT_SUSPENDED;
    if (l->why == ERROR_NONE && text_equal(account.state, "closed")) l->why = ERROR_ACCOUNT_NOT_OPEN;
    l->session.account = account.id;
    l->session.name = account.name;
    return OK;
}

static struct result keep_evidence(struct tx *tx, const struct login *l)
{
    struct login_evidence_row row = { .id = l->draft.id, .statement = l->draft.statement,
                                      .signature = l->proof->signature, .serial = l->draft.serial,
                                      .certificate = l->proof->certificate,
                                      .status = l->expired ? "expired" : "valid", .client = l->act->client,
                                      .at_s = l->act->now_s, .ocsp = l->ocsp };
    return tx_run(tx, STATEMENT_LOGIN_EVIDENCE_INSERT, RECORD(login_evidence_row_shape, &row), NULL);
}

static struct result log_in(struct tx *tx, void *context)
{
    struct login *l = context;
    bool operator = text_equal(l->door->kind, "operator");
    struct key_row key = { .id = l->draft.id };
    l->why = ERROR_NONE;
    l->session = (struct session_row){ .kind = l->door->kind, .roles = "", .serial = l->draft.serial,
                                       .means = l->expired ? "usbkey-expired" : "usbkey", .origin = l->door->origin };
    struct result r = tx_change(tx, STATEMENT_KEY_LOGIN_USE, RECORD(key_row_shape, &key));
    ENSURE(r.code != ERROR_STORE_CONFLICT, ERROR_LOGIN_USED);
    TRY(r);
    TRY(operator ? judge_operator(tx, l) : judge_holder(tx, l));
    struct act as = *l->act;
    as.account = l->session.account;
    as.name = l->session.name ? l->session.name : as.name;
    as.serial = l->draft.serial;
    if (l->why != ERROR_NONE) return audit_write(tx, &as, "session.refuse", l->door->kind, error_find(l->why)->zh);
    TRY(session_begin(tx, l->act, &l->session, &l->token));
    TRY(keep_evidence(tx, l));
    return audit_write(tx, &as, "session.begin", l->door->kind, "USBKey 登录");
}

struct result key_login_finish(const struct act *act, const struct key_login_door *door, const struct id *id,
                               const struct key_login_proof *proof, struct session *ret_session,
                               struct session_token *ret_token)
{
    struct login login = { .act = act, .door = door, .proof = proof, .token = session_token_make() };
    struct key_row key = { .id = *id };
    struct result r = store_one(act->service->store, STATEMENT_KEY_LOGIN_GET, RECORD(key_row_shape, &key), act->arena,
                                &key_login_row_shape, &login.draft);
    ENSURE(r.code != ERROR_NOT_FOUND, ERROR_LOGIN_UNKNOWN);
    TRY(r);
    TRY(check_draft(&login));
    TRY(check_certificate(&login));
    TRY(check_signature(&login));
    TRY(ask_status(&login));
    FAULT("web:login-checked");
    TRY(store_write(act->service->store, log_in, &login));
    FAULT("web:login-used");
    ENSURE(login.why == ERROR_NONE, login.why);
    TRY(session_find(act, login.token.text, door->origin, ret_session));
    *ret_token = login.token;
    return OK;
}
