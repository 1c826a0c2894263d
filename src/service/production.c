#include "service/production.h"

#include "base/fault.h"
#include "base/random.h"
#include "crypto/sm3.h"
#include "service/former.h"
#include "service/journal.h"

enum { ASK_MS = 20000 };

/* Of one reviewer, or of two; TWO is empty then. FORMER: of what it takes the place of, or empty. */
struct approvals {
    struct decision_row one, two, former;
};

#define FILL_APPROVALS(ask, approvals) \
    do { \
        (ask).approval1 = (approvals)->one.statement; \
        (ask).approval_signature1 = (approvals)->one.signature; \
        (ask).approval2 = (approvals)->two.statement; \
        (ask).approval_signature2 = (approvals)->two.signature; \
    } while (0)

/* ---- what both statements have in common ---- */

static const char *hash_hex(struct arena *arena, struct bytes data)
{
    uint8_t hash[SM3_SIZE];
    sm3_hash(data, hash);
    return text_hex(arena, BYTES(hash));
}

/* A certified thing of a producer: the row it is about, and who asks. */
static struct result enter(struct tx *tx, const struct act *act, const char *number, enum event event,
                           struct application_row *ret_row, struct operator_row *ret_operator)
{
    struct workflow_facts facts;
    const struct workflow_row *way;
    enum kind kind;
    enum state state;
    TRY(evidence_role(tx, act, "producer", ret_operator));
    TRY(desk_load(tx, act, number, ret_row));
    TRY(kind_find(ret_row->service, &kind));
    TRY(state_find(ret_row->state, &state));
    ENSURE(state != STATE_ISSUED || event != EVENT_OPEN, ERROR_PRODUCTION_ISSUED);
    TRY(desk_facts(tx, act, ret_row, kind, &facts));
    return workflow_step(&facts, state, event, act->diag, &way);
}

/* What is to be produced was approved by; the second where it takes two. */
static struct result load_approvals(struct tx *tx, const struct act *act, const struct application_row *row,
                                    struct approvals *ret_approvals)
{
    enum kind kind;
    struct approvals a = { 0 };
    TRY(kind_find(row->service, &kind));
    TRY(evidence_latest(tx, act, row->number, "approve", &a.one));
    if (kind_rule(kind)->four_eyes) TRY(evidence_second(tx, act, &a.one, &a.two));
    TRY(former_approval(tx, act, row, &a.former));
    *ret_approvals = a;
    return OK;
}

/* ---- opening a card ---- */

struct opening {
    const struct act *act;
    const char *number;
    struct production_card card;
    const char *text;            /* the statement that was drafted */
    struct evidence evidence;    /* the one that was signed */
    struct card_statement signed_text;
    struct decision_row kept;
    struct approvals approvals;
};

static struct result card_text(const struct act *act, const struct production_card *card, const char *number,
                               const char *serial, const char *time, const char **ret_text)
{
    struct card_statement s = { .application = number, .card = card->card, .challenge = card->challenge,
                                .card_key = hash_hex(act->arena, card->card_certificate), .operator_serial = serial,
                                .time = time };
    ENSURE(s.card_key && s.time, ERROR_OUT_OF_ROOM);
    return statement_write(&card_statement_shape, &s, act->arena, ret_text);
}

static struct result draft_card(struct tx *tx, void *context)
{
    struct opening *o = context;
    struct application_row row;
    struct operator_row operator;
    TRY(enter(tx, o->act, o->number, EVENT_OPEN, &row, &operator));
    return card_text(o->act, &o->card, row.number, operator.serial, evidence_time(o->act), &o->text);
}

struct result production_card_draft(const struct act *act, const char *number, const struct production_card *card,
                                    const char **ret_statement)
{
    struct opening o = { .act = act, .number = number, .card = *card };
    TRY(store_read(act->service->store, draft_card, &o));
    *ret_statement = o.text;
    return OK;
}

static struct result new_nonce(const struct act *act, const char **ret_nonce)
{
    struct id id = random_id();
    *ret_nonce = text_id(act->arena, &id);
    ENSURE(*ret_nonce, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result open_card(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct opening *o = step->own;
    const struct act *act = step->act;
    struct operator_row operator;
    const char *text, *nonce;
    TRY(evidence_role(tx, act, "producer", &operator));
    TRY(card_text(act, &o->card, row->number, o->signed_text.operator_serial, o->signed_text.time, &text));
    ENSURE(text_equal(text, o->evidence.statement), ERROR_DECISION_STATEMENT);
    TRY(evidence_check(act, &operator, &o->evidence));
    TRY(load_approvals(tx, act, row, &o->approvals));
    TRY(new_nonce(act, &nonce));
    TRY(evidence_keep(tx, act, row->number, "card", nonce, &o->evidence, &o->kept));
    row->card = o->card.card;
    return OK;
}

static struct result ask_card(const struct opening *o, struct signer_card_opened *ret_opened)
{
    struct signer_card ask = { .statement1 = o->kept.statement, .signature1 = o->kept.signature,
                               .card_certificate = o->card.card_certificate };
    struct ipc_call call = { SIGNER_CARD, &signer_card_shape, &signer_card_opened_shape, -1, ASK_MS };
    FILL_APPROVALS(ask, &o->approvals);
    TRY(id_parse(o->kept.nonce, &ask.request));
    return journal_ask(o->act, &call, &ask, ret_opened);
}

/* In an application that is issued already no other card is begun. */
static struct result plain_reason(const struct act *act, const char *number, struct result r)
{
    struct key_row params = { .key = number };
    struct application_row row;
    if (r.code != ERROR_APPLICATION_STATE) return r;
    struct result found = store_one(act->service->store, STATEMENT_APPLICATION_GET, RECORD(key_row_shape, &params),
                                    act->arena, &application_row_shape, &row);
    if (failed(found) || !text_equal(row.state, state_name(STATE_ISSUED))) return r;
    return FAIL(ERROR_PRODUCTION_ISSUED);
}

struct result production_card_open(const struct act *act, const char *number, const char *statement,
                                   struct bytes signature, struct bytes card_certificate,
                                   struct signer_card_opened *ret_opened)
{
    struct opening o = { .act = act, .number = number, .card = { .card_certificate = card_certificate } };
    struct result r = statement_read(&card_statement_shape, statement, act->arena, &o.signed_text);
    ENSURE(!failed(r), ERROR_DECISION_STATEMENT);
    o.card.card = o.signed_text.card;
    o.card.challenge = o.signed_text.challenge;
    o.evidence = (struct evidence){ statement, signature, o.signed_text.operator_serial, o.signed_text.time };
    struct desk_step step = { .act = act, .number = number, .event = EVENT_OPEN, .detail = o.card.card,
                              .prepare = open_card, .own = &o };
    TRY(plain_reason(act, number, desk_take(&step)));
    FAULT("web:card-kept");
    TRY(ask_card(&o, ret_opened));
    FAULT("web:card-opened");
    return OK;
}

/* ---- certifying its key ---- */

struct making {
    const struct act *act;
    const char *number;
    struct production_key key;
    const char *text;
    const struct production_signed *with;
    struct evidence evidence;
    struct produce_statement signed_text;
    struct decision_row kept;
    struct approvals approvals;
    struct application_row row;
    bool issued; /* by this very statement, before */
    struct signer_issued pair;
};

static struct result produce_text(const struct act *act, const struct making *m, const char *approval,
                                  const char *serial, const char *time, const char **ret_text)
{
    struct produce_statement s = { .application = m->row.number,
                                   .approval = hash_hex(act->arena, bytes_text(approval)),
                                   .card = m->key.card, .public_key = m->key.public_key,
                                   .attestation = m->key.attestation, .delivery = PRODUCE_POST,
                                   .operator_serial = serial, .time = time };
    ENSURE(s.approval && s.time, ERROR_OUT_OF_ROOM);
    return statement_write(&produce_statement_shape, &s, act->arena, ret_text);
}

/* In production, with the card that was opened last, under the latest approval. */
static struct result enter_making(struct tx *tx, struct making *m, struct operator_row *ret_operator)
{
    TRY(evidence_role(tx, m->act, "producer", ret_operator));
    TRY(desk_load(tx, m->act, m->number, &m->row));
    ENSURE(text_equal(m->row.state, state_name(STATE_IN_PRODUCTION)),
           text_equal(m->row.state, state_name(STATE_ISSUED)) ? ERROR_PRODUCTION_ISSUED : ERROR_APPLICATION_STATE);
    ENSURE(text_equal(m->row.card, m->key.card), ERROR_PRODUCTION_CARD);
    return load_approvals(tx, m->act, &m->row, &m->approvals);
}

static struct result draft_making(struct tx *tx, void *context)
{
    struct making *m = context;
    struct operator_row operator;
    TRY(enter_making(tx, m, &operator));
    return produce_text(m->act, m, m->approvals.one.statement, operator.serial, evidence_time(m->act), &m->text);
}

struct result production_draft(const struct act *act, const char *number, const struct production_key *key,
                               const char **ret_statement)
{
    struct making m = { .act = act, .number = number, .key = *key };
    TRY(store_read(act->service->store, draft_making, &m));
    *ret_statement = m.text;
    return OK;
}

struct result production_read_pair(struct tx *tx, const struct act *act, const struct application_row *row,
                                   struct signer_issued *ret_issued)
{
    struct key_row pair = { .key = row->serial, .limit_count = 2 }, which = { .key = row->number };
    struct enveloped_key_row key;
    void *found;
    size_t count;
    TRY(tx_list(tx, STATEMENT_CERTIFICATE_LIST_PAIR, RECORD(key_row_shape, &pair), act->arena, &certificate_row_shape,
                2, &found, &count));
    TRY(tx_one(tx, STATEMENT_ENVELOPED_KEY_GET, RECORD(key_row_shape, &which), act->arena, &enveloped_key_row_shape,
               &key));
    const struct certificate_row *rows = found;
    ENSURE(count == 2, ERROR_STORE_DAMAGED);
    bool first = text_equal(rows[0].purpose, "signing");
    *ret_issued = (struct signer_issued){ .signing_certificate = rows[first ? 0 : 1].der,
                                          .encryption_certificate = rows[first ? 1 : 0].der,
                                          .enveloped_key = key.blob,
                                          .index = rows[0].journal_index };
    return OK;
}

/* Whether this very statement has led to the pair already; then the pair is what is answered. */
static struct result look_again(struct tx *tx, struct making *m)
{
    uint8_t hash[SM3_SIZE];
    evidence_hash(m->with->statement, hash);
    struct key_row params = { .key = m->number, .hash = BYTES(hash) };
    m->issued = false;
    TRY(desk_load(tx, m->act, m->number, &m->row));
    if (!text_equal(m->row.state, state_name(STATE_ISSUED))) return OK;
    struct result r = tx_one(tx, STATEMENT_DECISION_BY_HASH, RECORD(key_row_shape, &params), m->act->arena,
                             &decision_row_shape, &m->kept);
    if (r.code == ERROR_NOT_FOUND) return OK;
    TRY(r);
    TRY(production_read_pair(tx, m->act, &m->row, &m->pair));
    m->issued = true;
    return OK;
}

static struct result keep_making(struct tx *tx, void *context)
{
    struct making *m = context;
    const struct act *act = m->act;
    struct operator_row operator;
    const char *text, *nonce;
    TRY(look_again(tx, m));
    if (m->issued) return OK;
    TRY(enter_making(tx, m, &operator));
    TRY(produce_text(act, m, m->approvals.one.statement, m->signed_text.operator_serial, m->signed_text.time, &text));
    ENSURE(text_equal(text, m->evidence.statement), ERROR_DECISION_STATEMENT);
    TRY(evidence_check(act, &operator, &m->evidence));
    TRY(new_nonce(act, &nonce));
    return evidence_keep(tx, act, m->row.number, "produce", nonce, &m->evidence, &m->kept);
}

static struct result ask_issue(const struct making *m, struct signer_issued *ret_issued)
{
    struct signer_issue ask = { .statement1 = m->kept.statement, .signature1 = m->kept.signature,
                                .card_certificate = m->with->card_certificate, .possession = m->with->possession,
                                .former = m->approvals.former.statement,
                                .former_signature = m->approvals.former.signature };
    struct ipc_call call = { SIGNER_ISSUE, &signer_issue_shape, &signer_issued_shape, -1, ASK_MS };
    FILL_APPROVALS(ask, &m->approvals);
    TRY(id_parse(m->kept.nonce, &ask.request));
    return journal_ask(m->act, &call, &ask, ret_issued);
}

struct result production_make(const struct act *act, const char *number, const struct production_signed *with,
                              struct signer_issued *ret_issued)
{
    struct making m = { .act = act, .number = number, .with = with };
    struct result r = statement_read(&produce_statement_shape, with->statement, act->arena, &m.signed_text);
    ENSURE(!failed(r), ERROR_DECISION_STATEMENT);
    m.key = (struct production_key){ m.signed_text.card, m.signed_text.public_key, m.signed_text.attestation };
    m.evidence = (struct evidence){ with->statement, with->signature, m.signed_text.operator_serial,
                                    m.signed_text.time };
    TRY(store_write(act->service->store, keep_making, &m));
    FAULT("web:produce-kept");
    if (!m.issued) {
        TRY(ask_issue(&m, &m.pair));
        FAULT("web:issued");
        TRY(journal_catch_up(act, m.pair.index));
    }
    *ret_issued = m.pair;
    return OK;
}

static struct result pair_again(struct tx *tx, void *context)
{
    struct making *m = context;
    struct operator_row operator;
    TRY(evidence_role(tx, m->act, "producer", &operator));
    TRY(desk_load(tx, m->act, m->number, &m->row));
    ENSURE(text_equal(m->row.state, state_name(STATE_ISSUED)), ERROR_APPLICATION_STATE);
    return production_read_pair(tx, m->act, &m->row, &m->pair);
}

struct result production_pair(const struct act *act, const char *number, struct signer_issued *ret_issued)
{
    struct making m = { .act = act, .number = number };
    TRY(store_read(act->service->store, pair_again, &m));
    *ret_issued = m.pair;
    return OK;
}

/* ---- the end ---- */

/* What is made here its producer closes; what the USBKey at hand or the phone takes, whoever holds it. */
static struct result may_finish(struct tx *tx, const struct desk_step *step, const struct application_row *row)
{
    const struct act *act = step->act;
    struct operator_row operator;
    bool taken = kind_fulfilment(step->kind, text_equal(row->medium, "shield")) == FULFIL_DOWNLOAD;
    if (!taken) return evidence_role(tx, act, "producer", &operator);
    const struct id *whose = kind_rule(step->kind)->successor ? &row->successor : &row->holder;
    ENSURE(act->kind == ACTOR_HOLDER && id_equal(&act->account, whose), ERROR_NOT_PERMITTED);
    return OK;
}

static struct result finish(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct key_row pair = { .key = row->serial }, which = { .key = row->number };
    int64_t changed;
    TRY(may_finish(tx, step, row));
    TRY(tx_run(tx, STATEMENT_CERTIFICATE_ACTIVATE, RECORD(key_row_shape, &pair), &changed));
    ENSURE(changed == 2, ERROR_CERTIFICATE_STATE);
    /* The key is in; the envelope is of no more use. */
    return tx_run(tx, STATEMENT_ENVELOPED_KEY_DELETE, RECORD(key_row_shape, &which), NULL);
}

struct result production_finish(const struct act *act, const char *number, struct application_row *ret_row)
{
    return production_finish_with(act, number, NULL, ret_row);
}

struct result production_finish_with(const struct act *act, const char *number, const char *detail,
                                     struct application_row *ret_row)
{
    struct desk_step step = { .act = act, .number = number, .event = EVENT_FINISH, .detail = detail, .follow = finish };
    TRY(desk_take(&step));
    FAULT("web:production-finished");
    *ret_row = step.row;
    return OK;
}

static struct result remake(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    struct operator_row operator;
    TRY(evidence_role(tx, step->act, "producer", &operator));
    /* Where the promised time was over already it begins anew; else it runs on. */
    if (row->finished_s) row->started_s = row->finished_s = 0;
    return OK;
}

struct result production_remake(const struct act *act, const char *number, const char *words,
                                struct application_row *ret_row)
{
    struct desk_step step = { .act = act, .number = number, .event = EVENT_REMAKE, .detail = words,
                              .prepare = remake };
    TRY(desk_take(&step));
    *ret_row = step.row;
    return OK;
}
