#include "service/hold.h"

#include "base/fault.h"
#include "base/random.h"
#include "ipc/signer_api.h"
#include "service/certify.h"
#include "service/journal.h"
#include "service/organization.h"
#include "service/session.h"

enum { ASK_MS = 20000 };

/* ---- at the holder's word ---- */

struct holding {
    const struct act *act;
    const char *serial;
    bool held; /* already */
    const char *holder, *serials;
    const char *organization; /* of the approval on which it was issued */
};

static struct result can_be_held(struct tx *tx, struct holding *h, const struct certificate_row *row)
{
    const char *state = certify_state(row, h->act->now_s);
    h->held = text_equal(row->state, "held");
    ENSURE(h->held || text_equal(state, "valid") || text_equal(state, "transit"), ERROR_CERTIFICATE_STATE);
    h->holder = text_id(h->act->arena, &row->holder);
    ENSURE(h->holder, ERROR_OUT_OF_ROOM);
    return certify_pair(tx, h->act, row, &h->serials);
}

static struct result look(struct tx *tx, void *context)
{
    struct holding *h = context;
    const struct act *act = h->act;
    struct key_row key = { .key = h->serial };
    struct certificate_row row;
    TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), act->arena, &certificate_row_shape, &row));
    ENSURE(act->kind == ACTOR_HOLDER && id_equal(&row.holder, &act->account), ERROR_NOT_FOUND);
    return can_be_held(tx, h, &row);
}

struct result hold_place(const struct act *act, const char *serial, struct certificate_row *ret_row)
{
    struct holding h = { .act = act, .serial = serial };
    struct ipc_call call = { SIGNER_HOLD, &signer_hold_shape, &signer_held_shape, -1, ASK_MS };
    struct signer_held held;
    ENSURE(session_may_enter(act->means, "revoke"), ERROR_NOT_PERMITTED);
    TRY(store_read(act->service->store, look, &h));
    if (h.held) return certify_get(act, serial, ret_row);
    /* Whose it is the signer looks by itself. */
    const struct signer_hold ask = { random_id(), text_id(act->arena, &act->account), h.serials };
    ENSURE(ask.holder, ERROR_OUT_OF_ROOM);
    TRY(journal_ask(act, &call, &ask, &held));
    FAULT("web:held");
    TRY(journal_catch_up(act, held.index));
    return certify_get(act, serial, ret_row);
}

/* ---- in the name of the holder's organization ---- */

static struct result look_for(struct tx *tx, void *context)
{
    struct holding *h = context;
    const struct act *act = h->act;
    struct certificate_row row;
    struct application_row application;
    TRY(organization_certificate_of(tx, act, h->serial, &row));
    struct key_row key = { .key = row.application };
    TRY(tx_one(tx, STATEMENT_APPLICATION_GET, RECORD(key_row_shape, &key), act->arena, &application_row_shape,
               &application));
    h->organization = application.credit_code;
    return can_be_held(tx, h, &row);
}

struct result hold_place_for(const struct act *act, const char *serial, struct certificate_row *ret_row)
{
    struct holding h = { .act = act, .serial = serial };
    struct ipc_call call = { SIGNER_HOLD_FOR, &signer_hold_for_shape, &signer_held_shape, -1, ASK_MS };
    struct signer_held held;
    TRY(store_read(act->service->store, look_for, &h));
    if (h.held) return organization_certificate(act, serial, ret_row);
    const struct signer_hold_for ask = { random_id(), h.holder, h.serials, h.organization,
                                         text_id(act->arena, &act->account) };
    ENSURE(ask.asked_by, ERROR_OUT_OF_ROOM);
    TRY(journal_ask(act, &call, &ask, &held));
    FAULT("web:held-for");
    TRY(journal_catch_up(act, held.index));
    return organization_certificate(act, serial, ret_row);
}

/* ---- by a reviewer ---- */

struct releasing {
    const struct act *act;
    const char *serial;
    const char *text;
    struct evidence evidence;
    struct release_statement signed_text;
    struct decision_row kept;
};

static struct result release_text(struct tx *tx, const struct releasing *r, const char *nonce,
                                  const char *operator_serial, const char *time, const char **ret_text)
{
    const struct act *act = r->act;
    struct key_row key = { .key = r->serial };
    struct certificate_row row;
    struct account_row account;
    char holder[ID_TEXT_LEN + 1];
    TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), act->arena, &certificate_row_shape, &row));
    ENSURE(text_equal(row.state, "held"), ERROR_NOT_HELD);
    key.id = row.holder;
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena, &account_row_shape, &account));
    id_text(&row.holder, holder);
    struct release_statement s = { .application = row.application, .holder = holder, .holder_name = account.name,
                                   .nonce = nonce, .operator_serial = operator_serial, .time = time };
    TRY(certify_pair(tx, act, &row, &s.certificates));
    ENSURE(s.time, ERROR_OUT_OF_ROOM);
    return statement_write(&release_statement_shape, &s, act->arena, ret_text);
}

static struct result draft(struct tx *tx, void *context)
{
    struct releasing *r = context;
    struct operator_row operator;
    char nonce[ID_TEXT_LEN + 1];
    struct id random = random_id();
    id_text(&random, nonce);
    TRY(evidence_role(tx, r->act, "reviewer", &operator));
    return release_text(tx, r, nonce, operator.serial, evidence_time(r->act), &r->text);
}

struct result hold_release_draft(const struct act *act, const char *serial, const char **ret_statement)
{
    struct releasing r = { .act = act, .serial = serial };
    TRY(store_read(act->service->store, draft, &r));
    *ret_statement = r.text;
    return OK;
}

static struct result keep(struct tx *tx, void *context)
{
    struct releasing *r = context;
    const struct release_statement *s = &r->signed_text;
    struct operator_row operator;
    const char *text;
    TRY(evidence_role(tx, r->act, "reviewer", &operator));
    TRY(release_text(tx, r, s->nonce, s->operator_serial, s->time, &text));
    ENSURE(text_equal(text, r->evidence.statement), ERROR_DECISION_STATEMENT);
    TRY(evidence_check(r->act, &operator, &r->evidence));
    return evidence_keep(tx, r->act, s->application, "release", s->nonce, &r->evidence, &r->kept);
}

struct result hold_release(const struct act *act, const char *serial, const char *statement, struct bytes signature,
                           struct certificate_row *ret_row)
{
    struct releasing r = { .act = act, .serial = serial };
    struct ipc_call call = { SIGNER_RELEASE, &signer_release_shape, &signer_released_shape, -1, ASK_MS };
    struct signer_released released;
    ENSURE(!failed(statement_read(&release_statement_shape, statement, act->arena, &r.signed_text)),
           ERROR_DECISION_STATEMENT);
    r.evidence = (struct evidence){ statement, signature, r.signed_text.operator_serial, r.signed_text.time };
    TRY(store_write(act->service->store, keep, &r));
    FAULT("web:release-kept");
    struct signer_release ask = { .statement1 = r.kept.statement, .signature1 = r.kept.signature };
    TRY(id_parse(r.kept.nonce, &ask.request));
    TRY(journal_ask(act, &call, &ask, &released));
    FAULT("web:released");
    TRY(journal_catch_up(act, released.index));
    return certify_get(act, serial, ret_row);
}
