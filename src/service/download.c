#include "service/download.h"

#include "base/fault.h"
#include "base/random.h"
#include "crypto/sm3.h"
#include "service/journal.h"

enum { ASK_MS = 20000 };

struct taking {
    const struct act *act;
    const char *number;
    struct download_key key;
    struct application_row row;
    struct certificate_row about; /* whose key signs: that is replaced */
    struct decision_row approval, second, kept; /* SECOND is empty where one is enough */
    const char *text;
    struct evidence evidence;
    const struct production_signed *with;
    bool issued; /* by this very statement, before */
    struct signer_issued pair;
};

/* Whoever has the certificate when it is done; ERROR_APPLICATION_STATE for a service without a download. */
static struct result load(struct tx *tx, struct taking *t)
{
    const struct act *act = t->act;
    enum kind kind;
    TRY(desk_load(tx, act, t->number, &t->row));
    TRY(kind_find(t->row.service, &kind));
    const struct id *whose = kind_rule(kind)->successor ? &t->row.successor : &t->row.holder;
    ENSURE(act->kind == ACTOR_HOLDER && id_equal(&act->account, whose), ERROR_NOT_PERMITTED);
    bool shield = text_equal(t->row.medium, "shield");
    ENSURE(!shield && kind_fulfilment(kind, shield) == FULFIL_DOWNLOAD, ERROR_APPLICATION_STATE);
    return OK;
}

static struct result enter(struct tx *tx, struct taking *t)
{
    struct key_row params;
    TRY(load(tx, t));
    ENSURE(text_equal(t->row.state, state_name(STATE_APPROVED)), ERROR_APPLICATION_STATE);
    const char *signs = t->key.certificate ? t->key.certificate : t->row.about;
    ENSURE(text_equal(signs, t->row.about) || text_equal(signs, t->row.serial), ERROR_DOWNLOAD_CARD);
    params = (struct key_row){ .key = signs };
    TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &params), t->act->arena, &certificate_row_shape,
               &t->about));
    ENSURE(text_equal(t->about.card, t->key.card), ERROR_DOWNLOAD_CARD);
    TRY(evidence_latest(tx, t->act, t->row.number, "approve", &t->approval));
    t->second = (struct decision_row){ 0 };
    return t->row.keep_encryption ? evidence_second(tx, t->act, &t->approval, &t->second) : OK;
}

static struct result write_text_of(const struct taking *t, const char *time, const char **ret_text)
{
    uint8_t hash[SM3_SIZE];
    evidence_hash(t->approval.statement, hash);
    struct download_statement s = { .origin = t->act->service->settings.portal_origin, .application = t->row.number,
                                    .service = t->row.keep_encryption ? DOWNLOAD_CHANGE_KEEP : t->row.service,
                                    .approval = text_hex(t->act->arena, BYTES(hash)),
                                    .card = t->key.card, .container = t->key.container,
                                    .public_key = t->key.public_key, .attestation = t->key.attestation,
                                    .certificate = t->about.serial, .time = time };
    ENSURE(s.approval && s.time, ERROR_OUT_OF_ROOM);
    return statement_write(&download_statement_shape, &s, t->act->arena, ret_text);
}

static struct result draft(struct tx *tx, void *context)
{
    struct taking *t = context;
    TRY(enter(tx, t));
    return write_text_of(t, evidence_time(t->act), &t->text);
}

struct result download_draft(const struct act *act, const char *number, const struct download_key *key,
                             const char **ret_statement)
{
    struct taking t = { .act = act, .number = number, .key = *key };
    TRY(store_read(act->service->store, draft, &t));
    *ret_statement = t.text;
    return OK;
}

/* Whether this very statement has led to the pair already; then the pair is what is answered. */
static struct result look_again(struct tx *tx, struct taking *t)
{
    uint8_t hash[SM3_SIZE];
    evidence_hash(t->with->statement, hash);
    struct key_row params = { .key = t->number, .hash = BYTES(hash) };
    t->issued = false;
    TRY(load(tx, t));
    if (!text_equal(t->row.state, state_name(STATE_ISSUED))) return OK;
    struct result r = tx_one(tx, STATEMENT_DECISION_BY_HASH, RECORD(key_row_shape, &params), t->act->arena,
                             &decision_row_shape, &t->kept);
    if (r.code == ERROR_NOT_FOUND) return OK;
    TRY(r);
    TRY(production_read_pair(tx, t->act, &t->row, &t->pair));
    t->issued = true;
    return OK;
}

/* Of the key on record, as evidence_check asks of an operator's. */
static struct result check(const struct taking *t)
{
    const struct operator_row signatory = { .serial = t->about.serial, .certificate = t->about.der };
    return evidence_check(t->act, &signatory, &t->evidence);
}

static struct result keep(struct tx *tx, void *context)
{
    struct taking *t = context;
    struct id id = random_id();
    const char *text, *nonce = text_id(t->act->arena, &id);
    TRY(look_again(tx, t));
    if (t->issued) return OK;
    TRY(enter(tx, t));
    TRY(write_text_of(t, t->evidence.time, &text));
    ENSURE(text_equal(text, t->evidence.statement), ERROR_DECISION_STATEMENT);
    TRY(check(t));
    ENSURE(nonce, ERROR_OUT_OF_ROOM);
    return evidence_keep(tx, t->act, t->row.number, "download", nonce, &t->evidence, &t->kept);
}

static struct result ask(const struct taking *t, struct signer_issued *ret_issued)
{
    struct signer_issue ask = { .statement1 = t->kept.statement, .signature1 = t->kept.signature,
                                .approval1 = t->approval.statement, .approval_signature1 = t->approval.signature,
                                .approval2 = t->second.statement, .approval_signature2 = t->second.signature,
                                .card_certificate = t->with->card_certificate, .possession = t->with->possession };
    struct ipc_call call = { SIGNER_ISSUE, &signer_issue_shape, &signer_issued_shape, -1, ASK_MS };
    TRY(id_parse(t->kept.nonce, &ask.request));
    return journal_ask(t->act, &call, &ask, ret_issued);
}

struct result download_make(const struct act *act, const char *number, const struct production_signed *with,
                            struct signer_issued *ret_issued)
{
    struct taking t = { .act = act, .number = number, .with = with };
    struct download_statement s;
    ENSURE(!failed(statement_read(&download_statement_shape, with->statement, act->arena, &s)),
           ERROR_DECISION_STATEMENT);
    t.key = (struct download_key){ s.card, s.container, s.public_key, s.attestation, s.certificate };
    t.evidence = (struct evidence){ with->statement, with->signature, s.certificate, s.time };
    TRY(store_write(act->service->store, keep, &t));
    FAULT("web:download-kept");
    if (!t.issued) {
        struct result r = ask(&t, &t.pair);
        /* For an answer that was lost with the signer: what it did came to the database before it was asked again. */
        if (r.code == ERROR_APPROVAL_USED) TRY(store_read(act->service->store, draft, &t));
        TRY(r);
        FAULT("web:download-issued");
        TRY(journal_catch_up(act, t.pair.index));
    }
    *ret_issued = t.pair;
    return OK;
}

static struct result pair_again(struct tx *tx, void *context)
{
    struct taking *t = context;
    TRY(load(tx, t));
    ENSURE(text_equal(t->row.state, state_name(STATE_ISSUED)), ERROR_APPLICATION_STATE);
    return production_read_pair(tx, t->act, &t->row, &t->pair);
}

struct result download_pair(const struct act *act, const char *number, struct signer_issued *ret_issued)
{
    struct taking t = { .act = act, .number = number };
    TRY(store_read(act->service->store, pair_again, &t));
    *ret_issued = t.pair;
    return OK;
}
