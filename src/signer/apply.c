/* What each record of the journal means for register and index. */
#include "signer/signer.h"

#include "base/log.h"
#include "signer/used.h"

struct applied {
    struct signer *signer;
    uint64_t index;
    uint16_t type;
    int64_t time_s;
    struct arena *arena;
};

static void put_request(const struct applied *a, const struct id *request)
{
    const struct index_value value = { a->index, (uint8_t)a->type };
    if (!id_empty(request)) index_put(a->signer->index, INDEX_REQUEST, BYTES(request->b), value);
}

static void put(const struct applied *a, enum index_kind kind, struct bytes key)
{
    index_put(a->signer->index, kind, key, (struct index_value){ .record = a->index });
}

/* ---- begin ---- */

/* KEY: whose it must be; NULL: somebody else's. */
static struct result take_certificate(struct bytes der, const struct public_key *key, struct arena *arena,
                                      struct certificate **ret_certificate)
{
    struct bytes kept = arena_bytes(arena, der);
    ENSURE(kept.ptr, ERROR_OUT_OF_ROOM);
    TRY(certificate_parse(kept, arena, ret_certificate));
    ENSURE(!key || public_key_equal(key, &(*ret_certificate)->key), ERROR_CA_KEYS);
    return OK;
}

/* A module's key is the one of the certificate: whether it holds that one shows when it signs. */
static struct result take_issuing(struct signer *s, struct bytes der)
{
    bool known = s->keys.issuing_ca.sign != NULL;
    ENSURE(known || s->hsm, ERROR_CA_KEYS);
    TRY(take_certificate(der, known ? &s->keys.issuing_ca.public : NULL, s->authority.arena, &s->authority.issuing));
    if (!known)
        s->keys.issuing_ca =
            hsm_key(s->hsm, HSM_ISSUING, s->settings.hsm_issuing_key, &s->authority.issuing->key);
    return OK;
}

static struct result apply_begin(const struct applied *a, const void *record)
{
    const struct journal_begin *begin = record;
    struct signer *s = a->signer;
    struct arena *arena = s->authority.arena;
    ENSURE(a->index == 0, ERROR_JOURNAL_DAMAGED);
    TRY(take_certificate(begin->root_certificate, NULL, arena, &s->authority.root));
    const struct public_key operators = public_key_sm2(&s->keys.operators.public);
    const struct public_key head = public_key_sm2(&s->keys.head.public);
    TRY(take_issuing(s, begin->issuing_certificate));
    TRY(take_certificate(begin->operators_certificate, &operators, arena, &s->authority.operators));
    TRY(take_certificate(begin->head_certificate, &head, arena, &s->authority.head));
    TRY(take_certificate(begin->maker_certificate, NULL, arena, &s->authority.maker));
    s->incarnation = begin->incarnation;
    s->phase = PHASE_SETUP;
    return OK;
}

static struct result apply_incarnation(const struct applied *a, const void *record)
{
    const struct journal_incarnation *r = record;
    ENSURE(id_equal(&r->before, &a->signer->incarnation) && !id_equal(&r->incarnation, &r->before),
           ERROR_JOURNAL_DAMAGED);
    a->signer->incarnation = r->incarnation;
    return OK;
}

static struct result take_trail(const struct applied *a, int64_t size, struct bytes root)
{
    struct trail *trail = &a->signer->trail;
    ENSURE(size >= 0 && root.len == sizeof trail->root.b, ERROR_JOURNAL_DAMAGED);
    *trail = (struct trail){ .record = a->index, .size = (uint64_t)size, .time_s = a->time_s };
    memcpy(trail->root.b, root.ptr, root.len);
    return OK;
}

static struct result apply_trail(const struct applied *a, const void *record)
{
    const struct journal_trail *t = record;
    hourly_count(&a->signer->trails, a->time_s);
    return take_trail(a, t->size, t->root);
}

/* What the installation that the backup was made of recorded of its trail afterwards was its own. */
static struct result apply_restored(const struct applied *a, const void *record)
{
    const struct journal_restored *r = record;
    const struct journal_incarnation incarnation = { r->incarnation, r->before };
    TRY(apply_incarnation(a, &incarnation));
    TRY(take_trail(a, r->trail_size, r->trail_root));
    a->signer->trail.time_s = 0; /* the next one need not wait */
    return OK;
}

/* ---- operators ---- */

static struct result add_operator(const struct applied *a, const struct journal_operator *record)
{
    struct certificate *c;
    struct operator operator = { 0 };
    TRY(certificate_parse(record->certificate, a->arena, &c));
    const char *serial = certificate_serial_text(c, a->arena);
    ENSURE(serial && text_equal(serial, record->serial), ERROR_JOURNAL_DAMAGED);
    ENSURE(strlen(record->name) <= OPERATOR_NAME_MAX && strlen(serial) <= OPERATOR_SERIAL_MAX, ERROR_JOURNAL_DAMAGED);
    memcpy(operator.name, record->name, strlen(record->name));
    memcpy(operator.serial, serial, strlen(serial));
    TRY(roles_parse(record->roles, &operator.roles));
    ENSURE(public_key_as_sm2(&c->key), ERROR_JOURNAL_DAMAGED);
    operator.key = *public_key_as_sm2(&c->key);
    operator.not_before_s = c->not_before_s;
    operator.not_after_s = c->not_after_s;
    put(a, INDEX_KEY, BYTES(c->key.point));
    return operators_add(a->signer->operators, &operator);
}

static struct result use_operator_statement(const struct applied *a, const char *text)
{
    struct operator_statement s;
    if (!text) return OK; /* one of the first operators */
    TRY(statement_read(&operator_statement_shape, text, a->arena, &s));
    used_put(a->signer->index, USED_REGISTER, s.nonce, a->index);
    return OK;
}

static struct result apply_operator(const struct applied *a, const void *record)
{
    const struct journal_operator *o = record;
    ENSURE(o->change && o->serial && o->name && o->roles, ERROR_JOURNAL_DAMAGED);
    put_request(a, &o->request);
    TRY(use_operator_statement(a, o->statement1));
    TRY(use_operator_statement(a, o->statement2));
    if (text_equal(o->change, "remove")) return operators_remove(a->signer->operators, o->serial);
    return add_operator(a, o);
}

/* ---- cards and certificates ---- */

/* Who it was opened for is told by the record's type. */
static void put_card(const struct applied *a, const char *card)
{
    index_put(a->signer->index, INDEX_CARD, bytes_text(card), (struct index_value){ a->index, (uint8_t)a->type });
}

static struct result apply_operator_card(const struct applied *a, const void *record)
{
    const struct journal_operator_card *card = record;
    ENSURE(card->card && card->statement1 && card->statement2, ERROR_JOURNAL_DAMAGED);
    put_request(a, &card->request);
    put_card(a, card->card);
    put(a, INDEX_STATEMENT, bytes_text(card->statement1));
    put(a, INDEX_STATEMENT, bytes_text(card->statement2));
    return OK;
}

static struct result apply_card(const struct applied *a, const void *record)
{
    const struct journal_card *card = record;
    ENSURE(card->card, ERROR_JOURNAL_DAMAGED);
    put_request(a, &card->request);
    put_card(a, card->card);
    if (card->statement) put(a, INDEX_STATEMENT, bytes_text(card->statement));
    return OK;
}

static struct result use_approval(const struct applied *a, enum used_for purpose, const char *text)
{
    struct approve_statement s;
    if (!text) return OK;
    TRY(statement_read(&approve_statement_shape, text, a->arena, &s));
    used_put(a->signer->index, purpose, s.nonce, a->index);
    return OK;
}

static struct result put_certificate(const struct applied *a, struct bytes der, enum standing standing)
{
    struct certified certified = { .record = a->index, .standing = (uint8_t)standing };
    struct index_value value = { a->index, (uint8_t)standing };
    struct certificate *c;
    TRY(certificate_parse(der, a->arena, &c));
    const char *serial = certificate_serial_text(c, a->arena);
    ENSURE(serial, ERROR_OUT_OF_ROOM);
    ENSURE(c->serial.len == ROLL_SERIAL_SIZE, ERROR_JOURNAL_DAMAGED);
    memcpy(certified.serial, c->serial.ptr, ROLL_SERIAL_SIZE);
    certified.not_after_s = c->not_after_s;
    if (standing != STANDING_VALID) {
        certified.reason = CRL_CERTIFICATE_HOLD;
        certified.since_s = a->time_s;
    }
    roll_add(a->signer->roll, &certified);
    index_put(a->signer->index, INDEX_CERTIFICATE, bytes_text(serial), value);
    put(a, INDEX_KEY, BYTES(c->key.point));
    return OK;
}

/* Of the OCSP responder. */
static struct result apply_responder(const struct applied *a, const void *record)
{
    const struct journal_responder *responder = record;
    struct certificate *c;
    TRY(certificate_parse(responder->certificate, a->arena, &c));
    put(a, INDEX_KEY, BYTES(c->key.point));
    a->signer->responder_record = a->index;
    return OK;
}

/* The USBKey travels, as its producer signed; one that the holder has, by which a certificate was downloaded, does not,
 * and nothing was said of it before version 2. */
static enum standing standing_at_issue(const char *produce)
{
    return statement_is(&produce_statement_shape, produce) ? STANDING_TRANSIT : STANDING_VALID;
}

static struct result apply_issued(const struct applied *a, const void *record)
{
    const struct journal_issued *issued = record;
    ENSURE(issued->card, ERROR_JOURNAL_DAMAGED);
    put_request(a, &issued->request);
    put(a, INDEX_HOLDING, bytes_text(issued->card));
    TRY(use_approval(a, USED_ISSUE, issued->approval1));
    TRY(use_approval(a, USED_ISSUE, issued->approval2));
    enum standing standing = standing_at_issue(issued->produce);
    TRY(put_certificate(a, issued->signing_certificate, standing));
    return put_certificate(a, issued->encryption_certificate, standing);
}

static struct result apply_replaced(const struct applied *a, const void *record)
{
    const struct journal_replaced *replaced = record;
    ENSURE(replaced->approval && replaced->by, ERROR_JOURNAL_DAMAGED);
    TRY(use_approval(a, USED_ISSUE, replaced->approval));
    return use_approval(a, USED_REPLACED, replaced->approval);
}

/* The encryption key of a revoked certificate goes into the key centre's history, if it is not there already. */
static struct result retire_key(const struct applied *a, uint64_t record, struct bytes serial)
{
    struct journal_issued issued;
    struct certificate *c;
    TRY(signer_recall(a->signer, record, JOURNAL_ISSUED, &journal_issued_shape, a->arena, &issued));
    TRY(certificate_parse(issued.encryption_certificate, a->arena, &c));
    const char *text = certificate_serial_text(c, a->arena);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    return bytes_equal(bytes_text(text), serial) ? key_centre_retire(a->signer->centre, c->key.point) : OK;
}

/* What happens to every certificate of a list. */
struct change {
    enum standing_change change;
    enum crl_reason reason; /* of a revocation */
    int64_t at_s;
};

static struct result change_one(const struct applied *a, struct bytes serial, const struct change *how)
{
    struct signer *s = a->signer;
    struct index_value value;
    enum standing to;
    ENSURE(index_find(s->index, INDEX_CERTIFICATE, serial, &value), ERROR_JOURNAL_DAMAGED);
    int64_t position = roll_find(s->roll, value.record, serial);
    ENSURE(position != ROLL_NONE, ERROR_JOURNAL_DAMAGED);
    ENSURE(standing_after(value.note, how->change, &to), ERROR_JOURNAL_DAMAGED);
    bool still = standing_on_hold(value.note) && standing_on_hold(to);
    int64_t since_s = still ? roll_at(s->roll, (size_t)position)->since_s : how->at_s;
    enum crl_reason reason = to == STANDING_REVOKED    ? how->reason
                             : standing_on_hold(to) ? CRL_CERTIFICATE_HOLD
                                                    : CRL_UNSPECIFIED;
    value.note = (uint8_t)to;
    index_put(s->index, INDEX_CERTIFICATE, serial, value);
    roll_change(s->roll, (size_t)position, to, reason, since_s);
    return to == STANDING_REVOKED ? retire_key(a, value.record, serial) : OK;
}

static struct result change_all(const struct applied *a, const char *serials, const struct change *how)
{
    ENSURE(serials, ERROR_JOURNAL_DAMAGED);
    for (const char *p = serials; *p != '\0';) {
        size_t len = strcspn(p, ",");
        TRY(change_one(a, bytes_of(p, len), how));
        p += len + (p[len] == ',');
    }
    return OK;
}

static struct result apply_revoked(const struct applied *a, const void *record)
{
    const struct journal_revoked *revoked = record;
    struct change how = { STANDING_REVOKE, CRL_UNSPECIFIED, revoked->revoked_s };
    ENSURE(revoked->reason && !failed(crl_reason_find(revoked->reason, &how.reason)), ERROR_JOURNAL_DAMAGED);
    put_request(a, &revoked->request);
    TRY(use_approval(a, USED_REVOKE, revoked->approval1));
    TRY(use_approval(a, USED_REVOKE, revoked->approval2));
    return change_all(a, revoked->serials, &how);
}

/* Snapshots of before there were two types have none in the note. */
static struct result hold_all(const struct applied *a, const char *serials, int64_t held_s)
{
    const struct index_value value = { a->index, a->type == JOURNAL_HELD ? 0 : (uint8_t)a->type };
    hourly_count(&a->signer->holds, a->time_s);
    ENSURE(serials, ERROR_JOURNAL_DAMAGED);
    for (const char *p = serials; *p != '\0';) {
        size_t len = strcspn(p, ",");
        index_put(a->signer->index, INDEX_HOLD, bytes_of(p, len), value);
        p += len + (p[len] == ',');
    }
    return change_all(a, serials, &(struct change){ .change = STANDING_HOLD, .at_s = held_s });
}

static struct result apply_held(const struct applied *a, const void *record)
{
    const struct journal_held *held = record;
    put_request(a, &held->request);
    return hold_all(a, held->serials, held->held_s);
}

static struct result apply_held_for(const struct applied *a, const void *record)
{
    const struct journal_held_for *held = record;
    ENSURE(held->organization && held->asked_by, ERROR_JOURNAL_DAMAGED);
    put_request(a, &held->request);
    return hold_all(a, held->serials, held->held_s);
}

static struct result apply_released(const struct applied *a, const void *record)
{
    const struct journal_released *released = record;
    struct release_statement s;
    ENSURE(released->statement1, ERROR_JOURNAL_DAMAGED);
    put_request(a, &released->request);
    TRY(statement_read(&release_statement_shape, released->statement1, a->arena, &s));
    used_put(a->signer->index, USED_RELEASE, s.nonce, a->index);
    const struct change how = { .change = STANDING_RELEASE, .at_s = released->released_s };
    return change_all(a, released->serials, &how);
}

static struct result apply_received(const struct applied *a, const void *record)
{
    const struct journal_received *received = record;
    const struct change how = { .change = STANDING_RECEIVE, .at_s = received->received_s };
    put_request(a, &received->request);
    return change_all(a, received->serials, &how);
}

/* ---- USBKeys and encryption keys of certificates that exist ---- */

static struct result apply_unlocked(const struct applied *a, const void *record)
{
    const struct journal_unlocked *unlocked = record;
    put_request(a, &unlocked->request);
    TRY(use_approval(a, USED_UNLOCK, unlocked->approval1));
    return use_approval(a, USED_UNLOCK, unlocked->approval2);
}

static struct result apply_recovered(const struct applied *a, const void *record)
{
    const struct journal_recovered *recovered = record;
    put_request(a, &recovered->request);
    TRY(use_approval(a, USED_RECOVER, recovered->approval1));
    return use_approval(a, USED_RECOVER, recovered->approval2);
}

static struct result use_custody_statement(const struct applied *a, const char *text)
{
    struct custody_statement s;
    ENSURE(text, ERROR_JOURNAL_DAMAGED);
    TRY(statement_read(&custody_statement_shape, text, a->arena, &s));
    used_put(a->signer->index, USED_CUSTODY, s.nonce, a->index);
    return OK;
}

static struct result apply_custody(const struct applied *a, const void *record)
{
    const struct journal_custody *custody = record;
    struct sm2_public custodial;
    ENSURE(custody->custodial.len == SM2_POINT_SIZE, ERROR_JOURNAL_DAMAGED);
    put_request(a, &custody->request);
    TRY(use_custody_statement(a, custody->statement1));
    TRY(use_custody_statement(a, custody->statement2));
    TRY(sm2_public_init(&custodial, custody->custodial.ptr));
    a->signer->custody_version = custody->version;
    return key_centre_custody(a->signer->centre, &custodial, custody->version);
}

static struct result use_judicial_statement(const struct applied *a, const char *text)
{
    struct judicial_statement s;
    ENSURE(text, ERROR_JOURNAL_DAMAGED);
    TRY(statement_read(&judicial_statement_shape, text, a->arena, &s));
    used_put(a->signer->index, USED_JUDICIAL, s.nonce, a->index);
    return OK;
}

static struct result apply_judicial(const struct applied *a, const void *record)
{
    const struct journal_judicial *judicial = record;
    put_request(a, &judicial->request);
    TRY(use_judicial_statement(a, judicial->statement1));
    return use_judicial_statement(a, judicial->statement2);
}

/* ---- the rest ---- */

static struct result apply_refused(const struct applied *a, const void *record)
{
    hourly_count(&a->signer->refusals, a->time_s);
    return OK;
}

static struct result apply_sealed(const struct applied *a, const void *record)
{
    a->signer->phase = PHASE_HELLO;
    return OK;
}

static const struct meaning {
    enum journal_record type;
    const struct shape *shape; /* NULL: the body is empty */
    struct result (*apply)(const struct applied *a, const void *record);
} meanings[] = {
    { JOURNAL_BEGIN, &journal_begin_shape, apply_begin },
    { JOURNAL_OPERATOR, &journal_operator_shape, apply_operator },
    { JOURNAL_CARD, &journal_card_shape, apply_card },
    { JOURNAL_ISSUED, &journal_issued_shape, apply_issued },
    { JOURNAL_REVOKED, &journal_revoked_shape, apply_revoked },
    { JOURNAL_REFUSED, &journal_refused_shape, apply_refused },
    { JOURNAL_CLOSED, &journal_refused_shape, apply_refused },
    { JOURNAL_SEALED, NULL, apply_sealed },
    { JOURNAL_UNLOCKED, &journal_unlocked_shape, apply_unlocked },
    { JOURNAL_RECOVERED, &journal_recovered_shape, apply_recovered },
    { JOURNAL_HELD, &journal_held_shape, apply_held },
    { JOURNAL_HELD_FOR, &journal_held_for_shape, apply_held_for },
    { JOURNAL_RELEASED, &journal_released_shape, apply_released },
    { JOURNAL_RECEIVED, &journal_received_shape, apply_received },
    { JOURNAL_REPLACED, &journal_replaced_shape, apply_replaced },
    { JOURNAL_CUSTODY, &journal_custody_shape, apply_custody },
    { JOURNAL_JUDICIAL, &journal_judicial_shape, apply_judicial },
    { JOURNAL_RESPONDER, &journal_responder_shape, apply_responder },
    { JOURNAL_OPERATOR_CARD, &journal_operator_card_shape, apply_operator_card },
    { JOURNAL_INCARNATION, &journal_incarnation_shape, apply_incarnation },
    { JOURNAL_TRAIL, &journal_trail_shape, apply_trail },
    { JOURNAL_RESTORED, &journal_restored_shape, apply_restored },
};

struct result signer_apply(struct signer *signer, uint64_t index, const struct ledger_record *record,
                           struct arena *arena)
{
    const struct applied a = { signer, index, record->type, record->time_s, arena };
    for (size_t i = 0; i < COUNT(meanings); i++) {
        const struct meaning *m = &meanings[i];
        if (m->type != record->type) continue;
        ENSURE(record->version == 1, ERROR_JOURNAL_DAMAGED);
        ENSURE(index > 0 || m->type == JOURNAL_BEGIN, ERROR_JOURNAL_DAMAGED);
        if (!m->shape) return m->apply(&a, NULL);
        void *body = arena_take(arena, m->shape->size);
        struct reader r = reader_of(record->body);
        ENSURE(body, ERROR_OUT_OF_ROOM);
        ENSURE(record->body.ptr && !failed(shape_read(m->shape, &r, arena, body)), ERROR_JOURNAL_DAMAGED);
        ENSURE(!failed(reader_end(&r)), ERROR_JOURNAL_DAMAGED);
        return m->apply(&a, body);
    }
    return FAIL(ERROR_JOURNAL_DAMAGED);
}
