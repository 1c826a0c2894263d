#include "service/certify.h"

#include "base/fault.h"
#include "base/random.h"
#include "ipc/signer_api.h"
#include "service/journal.h"

enum { ASK_MS = 20000, PAIR_MAX = 4 };

/* ---- looking ---- */

struct result certify_list(const struct act *act, struct certificate_row **ret_rows, size_t *ret_count)
{
    struct key_row params = { .id = act->account, .limit_count = CERTIFY_LIST_MAX };
    void *rows;
    TRY(store_list(act->service->store, STATEMENT_CERTIFICATE_LIST_OF, RECORD(key_row_shape, &params), act->arena,
                   &certificate_row_shape, CERTIFY_LIST_MAX, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

struct result certify_get(const struct act *act, const char *serial, struct certificate_row *ret_row)
{
    struct key_row params = { .key = serial };
    struct certificate_row row;
    TRY(store_one(act->service->store, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &params), act->arena,
                  &certificate_row_shape, &row));
    ENSURE(act->kind != ACTOR_HOLDER || id_equal(&row.holder, &act->account), ERROR_NOT_FOUND);
    *ret_row = row;
    return OK;
}

const char *certify_state(const struct certificate_row *row, int64_t now_s)
{
    if (!text_equal(row->state, "valid")) return row->state;
    if (now_s > row->not_after_s) return "expired";
    return row->transit ? "transit" : "valid";
}

struct result certify_pair(struct tx *tx, const struct act *act, const struct certificate_row *row,
                           const char **ret_serials)
{
    struct key_row params = { .key = row->pair, .limit_count = PAIR_MAX };
    const char *list = NULL;
    void *found;
    size_t count;
    TRY(tx_list(tx, STATEMENT_CERTIFICATE_LIST_PAIR, RECORD(key_row_shape, &params), act->arena,
                &certificate_row_shape, PAIR_MAX, &found, &count));
    const struct certificate_row *rows = found;
    for (size_t i = 0; i < count; i++) {
        list = list ? arena_format(act->arena, "%s,%s", list, rows[i].serial) : rows[i].serial;
        ENSURE(list, ERROR_OUT_OF_ROOM);
    }
    ENSURE(list, ERROR_STORE_DAMAGED);
    *ret_serials = list;
    return OK;
}

/* ---- revocation ---- */

struct revocation {
    const struct act *act;
    const char *serial, *reason;
    const char *text;
    struct evidence evidence;
    struct approve_statement signed_text;
    struct decision_row kept;
};

static struct result revoke_text(struct tx *tx, const struct revocation *r, const char *nonce,
                                 const char *operator_serial, const char *time, const char **ret_text)
{
    const struct act *act = r->act;
    struct key_row key = { .key = r->serial };
    struct certificate_row row;
    struct account_row account;
    struct organization_row organization;
    char holder[ID_TEXT_LEN + 1];
    TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), act->arena, &certificate_row_shape, &row));
    ENSURE(!text_equal(row.state, "revoked"), ERROR_CERTIFICATE_STATE);
    key.id = row.holder;
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena, &account_row_shape, &account));
    key.id = account.organization;
    TRY(tx_one(tx, STATEMENT_ORGANIZATION_GET, RECORD(key_row_shape, &key), act->arena, &organization_row_shape,
               &organization));
    id_text(&row.holder, holder);
    struct approve_statement s = { .application = row.application, .service = "revoke", .holder = holder,
                                   .holder_name = account.name, .organization = organization.credit_code,
                                   .organization_name = organization.name, .medium = "-", .profile = "-",
                                   .reason = r->reason, .validity = "-", .nonce = nonce,
                                   .operator_serial = operator_serial, .time = time };
    TRY(certify_pair(tx, act, &row, &s.revokes));
    ENSURE(s.time, ERROR_OUT_OF_ROOM);
    return statement_write(&approve_statement_shape, &s, act->arena, ret_text);
}

static struct result draft(struct tx *tx, void *context)
{
    struct revocation *r = context;
    struct operator_row operator;
    char nonce[ID_TEXT_LEN + 1];
    struct id random = random_id();
    id_text(&random, nonce);
    TRY(evidence_role(tx, r->act, "reviewer", &operator));
    return revoke_text(tx, r, nonce, operator.serial, evidence_time(r->act), &r->text);
}

struct result certify_revocation_draft(const struct act *act, const char *serial, const char *reason,
                                       const char **ret_statement)
{
    struct revocation r = { .act = act, .serial = serial, .reason = reason };
    TRY(store_read(act->service->store, draft, &r));
    *ret_statement = r.text;
    return OK;
}

static struct result keep(struct tx *tx, void *context)
{
    struct revocation *r = context;
    const struct approve_statement *s = &r->signed_text;
    struct operator_row operator;
    const char *text;
    TRY(evidence_role(tx, r->act, "reviewer", &operator));
    TRY(revoke_text(tx, r, s->nonce, s->operator_serial, s->time, &text));
    ENSURE(text_equal(text, r->evidence.statement), ERROR_DECISION_STATEMENT);
    TRY(evidence_check(r->act, &operator, &r->evidence));
    return evidence_keep(tx, r->act, s->application, "revoke", s->nonce, &r->evidence, &r->kept);
}

static struct result ask(const struct revocation *r, struct signer_revoked *ret_revoked)
{
    struct signer_revoke record = { .approval1 = r->kept.statement, .approval_signature1 = r->kept.signature };
    struct ipc_call call = { SIGNER_REVOKE, &signer_revoke_shape, &signer_revoked_shape, -1, ASK_MS };
    TRY(id_parse(r->kept.nonce, &record.request));
    return journal_ask(r->act, &call, &record, ret_revoked);
}

struct result certify_revoke(const struct act *act, const char *serial, const char *statement, struct bytes signature,
                             struct certificate_row *ret_row)
{
    struct revocation r = { .act = act, .serial = serial };
    struct signer_revoked revoked;
    ENSURE(!failed(statement_read(&approve_statement_shape, statement, act->arena, &r.signed_text)),
           ERROR_DECISION_STATEMENT);
    r.reason = r.signed_text.reason;
    r.evidence = (struct evidence){ statement, signature, r.signed_text.operator_serial, r.signed_text.time };
    TRY(store_write(act->service->store, keep, &r));
    FAULT("web:revoke-kept");
    TRY(ask(&r, &revoked));
    FAULT("web:revoked");
    TRY(journal_catch_up(act, revoked.index));
    return certify_get(act, serial, ret_row);
}
