#include "service/journal_apply.h"

#include <assert.h>

#include "pki/certificate.h"
#include "service/audit.h"
#include "service/desk.h"
#include "service/evidence.h"
#include "service/former.h"
#include "service/invoice.h"
#include "service/notice.h"
#include "service/revocation_wish.h"
#include "store/audit_head.h"

enum { CA_ID_BYTES = 16 };

/* One record on its way into the database. */
struct record_in {
    struct tx *tx;
    struct act act; /* at the time of the record */
    struct journal_taking *taking;
    int64_t index;
};

static struct result note(struct record_in *in, const char *action, const char *subject, const char *detail)
{
    return audit_write(in->tx, &in->act, action, subject ? subject : "-", detail);
}

/* ---- begin, operators, cards ---- */

static struct result apply_begin(struct record_in *in, const void *body)
{
    const struct journal_begin *begin = body;
    struct journal_position_row row = { .id = 1, .incarnation = begin->incarnation, .root = bytes_text("") };
    ENSURE(in->index == 0, ERROR_IPC_BROKEN);
    struct result r = tx_run(in->tx, STATEMENT_JOURNAL_POSITION_INSERT, RECORD(journal_position_row_shape, &row), NULL);
    ENSURE(r.code != ERROR_STORE_EXISTS, ERROR_STORE_CONFLICT);
    TRY(r);
    return note(in, "journal.begin", NULL, NULL);
}

/* A backup was restored: who was logged in at its time may have been logged out since, so everybody logs in anew. */
static struct result apply_incarnation(struct record_in *in, const void *body)
{
    const struct journal_incarnation *r = body;
    struct key_row everybody = { .at_s = INT64_MAX };
    struct journal_position_row row;
    TRY(tx_one(in->tx, STATEMENT_JOURNAL_POSITION_GET, NO_PARAMS, in->act.arena, &journal_position_row_shape, &row));
    if (!id_equal(&row.incarnation, &r->before))
        return diag_log(in->act.diag, ERROR_JOURNAL_MISMATCH, "record %lld follows another incarnation",
                        (long long)in->index);
    row.incarnation = r->incarnation;
    TRY(tx_change(in->tx, STATEMENT_JOURNAL_POSITION_UPDATE, RECORD(journal_position_row_shape, &row)));
    TRY(tx_run(in->tx, STATEMENT_SESSION_DELETE_OLD, RECORD(key_row_shape, &everybody), NULL));
    return note(in, "journal.incarnation", NULL, NULL);
}

/* The one kind of record that leaves no entry: a trail that told of its own heads would grow for ever. */
static struct result apply_trail(struct record_in *in, const void *body)
{
    const struct journal_trail *t = body;
    const struct audit_head_row head = { .journal_index = in->index, .at_s = in->act.now_s, .size = t->size,
                                         .root = t->root };
    return audit_head_keep(in->tx, &head, in->act.arena);
}

static struct result apply_restored(struct record_in *in, const void *body)
{
    const struct journal_restored *r = body;
    const struct journal_incarnation incarnation = { r->incarnation, r->before };
    /* Its time is left out, so that the next head need not wait. */
    const struct audit_head_row head = { .journal_index = in->index, .size = r->trail_size, .root = r->trail_root };
    TRY(apply_incarnation(in, &incarnation));
    return audit_head_keep(in->tx, &head, in->act.arena);
}

static struct result apply_operator(struct record_in *in, const void *body)
{
    const struct journal_operator *o = body;
    struct key_row key = { .key = o->serial };
    struct operator_row row = { .serial = o->serial, .name = o->name, .roles = o->roles,
                                .certificate = o->certificate, .state = "active", .added_s = in->act.now_s };
    const char *detail = arena_format(in->act.arena, "%s %s", o->name, o->roles);
    ENSURE(detail, ERROR_OUT_OF_ROOM);
    if (text_equal(o->change, "add")) {
        TRY(tx_run(in->tx, STATEMENT_OPERATOR_INSERT, RECORD(operator_row_shape, &row), NULL));
        return note(in, "operator.add", o->serial, detail);
    }
    TRY(tx_run(in->tx, STATEMENT_OPERATOR_REMOVE, RECORD(key_row_shape, &key), NULL));
    TRY(tx_run(in->tx, STATEMENT_SESSION_DELETE_SERIAL, RECORD(key_row_shape, &key), NULL));
    return note(in, "operator.remove", o->serial, detail);
}

static struct result apply_card(struct record_in *in, const void *body)
{
    const struct journal_card *c = body;
    return note(in, "card.open", c->card, NULL);
}

/* ---- certificates ---- */

static struct result read_certificate(struct record_in *in, struct bytes der, const char *purpose,
                                      const struct journal_issued *issued, struct certificate_row *ret_row)
{
    struct certificate *c;
    struct approve_statement approval;
    TRY(certificate_parse(der, in->act.arena, &c));
    TRY(statement_read(&approve_statement_shape, issued->approval1, in->act.arena, &approval));
    ENSURE(c->authority_key_id.len >= CA_ID_BYTES, ERROR_IPC_BROKEN);
    *ret_row = (struct certificate_row){ .serial = certificate_serial_text(c, in->act.arena),
                                         .ca_id = text_hex(in->act.arena,
                                                           bytes_of(c->authority_key_id.ptr, CA_ID_BYTES)),
                                         .purpose = purpose,
                                         .application = issued->application,
                                         .medium = approval.medium,
                                         .card = issued->card,
                                         .subject = name_text(&c->subject, in->act.arena),
                                         .der = der,
                                         .not_before_s = c->not_before_s,
                                         .not_after_s = c->not_after_s,
                                         .state = "issued",
                                         .journal_index = in->index };
    ENSURE(ret_row->serial && ret_row->ca_id && ret_row->subject, ERROR_OUT_OF_ROOM);
    return id_parse(issued->holder, &ret_row->holder);
}

static struct result moved_on(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    const struct certificate_row *signing = step->own;
    row->serial = signing->serial;
    row->card = signing->card;
    return OK;
}

/* The application follows. The journal is right whatever the application's state says: a pair that was not expected
 * (a database restored to before) is kept and noted, and stays unusable. */
static struct result move_application(struct record_in *in, const struct certificate_row *signing)
{
    struct desk_step step = { .act = &in->act, .number = signing->application, .event = EVENT_ISSUE,
                              .detail = signing->serial, .prepare = moved_on, .own = (void *)signing };
    struct result r = desk_take_in(in->tx, &step);
    if (r.code == ERROR_NOT_FOUND || r.code == ERROR_APPLICATION_STATE || r.code == ERROR_APPLICATION_MEDIUM)
        return note(in, "journal.unexpected", signing->application, signing->serial);
    TRY(r);
    assert(in->taking->number_count < JOURNAL_ENDED_MAX);
    in->taking->numbers[in->taking->number_count++] = signing->application;
    TRY(invoice_begin(in->tx, &in->act, &step.row)); /* R-APPLY-6 */
    if (!step.row.former) return OK;
    struct former former; /* what was paid for it is delivered with this one */
    TRY(former_load(in->tx, &in->act, &step.row, &former));
    return invoice_begin(in->tx, &in->act, &former.row);
}

/* What was approved is used up. */
static struct result use_approval(struct record_in *in, const char *statement, enum evidence_use use)
{
    uint8_t hash[SM3_SIZE];
    struct decision_row row;
    if (!statement) return OK;
    evidence_hash(statement, hash);
    struct key_row key = { .hash = BYTES(hash) };
    struct result r = tx_one(in->tx, STATEMENT_DECISION_BY_HASH, RECORD(key_row_shape, &key), in->act.arena,
                             &decision_row_shape, &row);
    if (r.code == ERROR_NOT_FOUND) return OK;
    TRY(r);
    row.used |= use;
    return tx_run(in->tx, STATEMENT_DECISION_USE, RECORD(decision_row_shape, &row), NULL);
}

static struct result apply_replaced(struct record_in *in, const void *body)
{
    const struct journal_replaced *replaced = body;
    TRY(use_approval(in, replaced->approval, EVIDENCE_REPLACED));
    return note(in, "approval.replace", replaced->application, replaced->by);
}

static struct result apply_issued(struct record_in *in, const void *body)
{
    const struct journal_issued *issued = body;
    struct certificate_row signing, encryption;
    struct enveloped_key_row key = { .application = issued->application, .blob = issued->enveloped_key };
    struct key_row which = { .key = issued->application };
    TRY(read_certificate(in, issued->signing_certificate, "signing", issued, &signing));
    TRY(read_certificate(in, issued->encryption_certificate, "encryption", issued, &encryption));
    signing.pair = encryption.pair = signing.serial;
    signing.transit = encryption.transit = statement_is(&produce_statement_shape, issued->produce); /* R-SHIP-3 */
    TRY(tx_run(in->tx, STATEMENT_CERTIFICATE_INSERT, RECORD(certificate_row_shape, &signing), NULL));
    TRY(tx_run(in->tx, STATEMENT_CERTIFICATE_INSERT, RECORD(certificate_row_shape, &encryption), NULL));
    TRY(tx_run(in->tx, STATEMENT_ENVELOPED_KEY_DELETE, RECORD(key_row_shape, &which), NULL));
    TRY(tx_run(in->tx, STATEMENT_ENVELOPED_KEY_INSERT, RECORD(enveloped_key_row_shape, &key), NULL));
    TRY(use_approval(in, issued->approval1, EVIDENCE_ISSUED));
    TRY(use_approval(in, issued->approval2, EVIDENCE_ISSUED));
    TRY(note(in, "certificate.issue", signing.serial, issued->application));
    return move_application(in, &signing);
}

/* ---- revocations ---- */

/* The next of serials joined by commas; FROM moves on behind it. */
static struct result next_serial(struct record_in *in, const char **from, const char **ret_serial)
{
    size_t len = strcspn(*from, ",");
    *ret_serial = arena_text(in->act.arena, bytes_of(*from, len));
    ENSURE(*ret_serial, ERROR_OUT_OF_ROOM);
    *from += len + ((*from)[len] == ',');
    return OK;
}

/* REASON: of a revocation; else NULL. */
static struct result tell_holder(struct record_in *in, const char *template, const struct certificate_row *row,
                                 const char *reason)
{
    struct key_row key = { .id = row->holder };
    struct account_row account;
    struct result r = tx_one(in->tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), in->act.arena,
                             &account_row_shape, &account);
    if (r.code == ERROR_NOT_FOUND) return OK;
    TRY(r);
    const struct notice_value values[] = { { "name", account.name }, { "serial", row->serial }, { "reason", reason } };
    struct notice notice = { template, account.mobile, account.email, values, reason ? 3 : 2 };
    return notice_queue(in->tx, &in->act, &notice);
}

static struct result revoke(struct record_in *in, const char *serial, const struct journal_revoked *revoked)
{
    struct key_row key = { .key = serial, .at_s = revoked->revoked_s, .other = revoked->reason };
    struct certificate_row row;
    int64_t changed;
    struct result r = tx_one(in->tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), in->act.arena,
                             &certificate_row_shape, &row);
    if (r.code == ERROR_NOT_FOUND) return note(in, "journal.unexpected", revoked->application, serial);
    TRY(r);
    TRY(tx_run(in->tx, STATEMENT_CERTIFICATE_REVOKE, RECORD(key_row_shape, &key), &changed));
    TRY(tx_run(in->tx, STATEMENT_SESSION_DELETE_SERIAL, RECORD(key_row_shape, &key), NULL));
    TRY(note(in, "certificate.revoke", serial, revoked->reason));
    if (changed == 0 || !text_equal(row.purpose, "signing")) return OK;
    assert(in->taking->ended_count < JOURNAL_ENDED_MAX);
    in->taking->ended[in->taking->ended_count++] = row.holder;
    TRY(revocation_wish_done(in->tx, &in->act, serial));
    /* One that never came into its holder's hands is nobody's news. */
    return text_equal(row.state, "issued") ? OK : tell_holder(in, "certificate-revoked", &row, revoked->reason);
}

/* An application for nothing but this is done with it. */
static struct result end_application(struct record_in *in, const char *number, enum event event, const char *detail)
{
    struct desk_step step = { .act = &in->act, .number = number, .event = event, .detail = detail };
    struct result r = desk_take_in(in->tx, &step);
    if (r.code == ERROR_NOT_FOUND || r.code == ERROR_APPLICATION_STATE) return OK; /* of another service */
    TRY(r);
    assert(in->taking->number_count < JOURNAL_ENDED_MAX);
    in->taking->numbers[in->taking->number_count++] = number;
    return OK;
}

static struct result apply_revoked(struct record_in *in, const void *body)
{
    const struct journal_revoked *revoked = body;
    for (const char *from = revoked->serials, *serial; from && *from;) {
        TRY(next_serial(in, &from, &serial));
        TRY(revoke(in, serial, revoked));
    }
    TRY(use_approval(in, revoked->approval1, EVIDENCE_REVOKED));
    TRY(use_approval(in, revoked->approval2, EVIDENCE_REVOKED));
    return end_application(in, revoked->application, EVENT_REVOKE, revoked->serials);
}

/* ---- holds, unlocking, recovery, custodians ---- */

/* Who asked, in an organization's name: CODE as the certificate was issued, NAME as it is called now. */
struct asker {
    struct account_row account;
    const char *code;
    bool known; /* to this database; the hold counts all the same */
};

/* NULL in RET_WORDS for a holder's own. */
static struct result asker_words(struct record_in *in, const struct asker *asker, const char **ret_words)
{
    char id[ID_TEXT_LEN + 1];
    *ret_words = NULL;
    if (!asker->code) return OK;
    id_text(&asker->account.id, id);
    *ret_words = arena_format(in->act.arena, "由%s（%s）的管理员%s（账户 %s）提出", asker->account.organization_name,
                              asker->code, asker->account.name, id);
    ENSURE(*ret_words, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result tell_held(struct record_in *in, const struct certificate_row *row, const struct asker *asker)
{
    struct key_row key = { .id = row->holder };
    struct account_row holder;
    if (!asker->code) return tell_holder(in, "certificate-held", row, NULL);
    struct result r = tx_one(in->tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), in->act.arena,
                             &account_row_shape, &holder);
    if (r.code == ERROR_NOT_FOUND || !asker->known) return OK;
    TRY(r);
    const struct account_row *by = &asker->account;
    const struct notice_value values[] = { { "name", holder.name }, { "serial", row->serial },
                                           { "organization", by->organization_name }, { "administrator", by->name } };
    const struct notice_value own[] = { { "name", by->name }, { "serial", row->serial }, { "holder", holder.name } };
    const struct notice notice = { "certificate-held-for", holder.mobile, holder.email, NOTICE_VALUES(values) };
    const struct notice done = { "certificate-held-asked", by->mobile, by->email, NOTICE_VALUES(own) };
    TRY(notice_queue(in->tx, &in->act, &notice));
    return notice_queue(in->tx, &in->act, &done);
}

static struct result hold(struct record_in *in, const char *serial, int64_t held_s, const struct asker *asker)
{
    struct key_row key = { .key = serial, .id = asker->account.id, .at_s = held_s, .other = asker->code };
    struct certificate_row row;
    const char *words;
    struct result r = tx_one(in->tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), in->act.arena,
                             &certificate_row_shape, &row);
    if (r.code == ERROR_NOT_FOUND) return note(in, "journal.unexpected", serial, "hold");
    TRY(r);
    int64_t changed;
    TRY(tx_run(in->tx, STATEMENT_CERTIFICATE_HOLD, RECORD(key_row_shape, &key), &changed));
    TRY(tx_run(in->tx, STATEMENT_SESSION_DELETE_SERIAL, RECORD(key_row_shape, &key), NULL));
    TRY(asker_words(in, asker, &words));
    TRY(note(in, "certificate.hold", serial, words));
    if (changed == 0 || !text_equal(row.purpose, "signing")) return OK;
    assert(in->taking->ended_count < JOURNAL_ENDED_MAX);
    in->taking->ended[in->taking->ended_count++] = row.holder;
    return tell_held(in, &row, asker);
}

static struct result hold_all(struct record_in *in, const char *serials, int64_t held_s, const char *account,
                              const char *code)
{
    struct asker asker = { .account = { .name = "-", .organization_name = "-" }, .code = code };
    struct key_row key = { 0 };
    TRY(id_parse(account, &key.id));
    asker.account.id = key.id;
    struct result r = tx_one(in->tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), in->act.arena,
                             &account_row_shape, &asker.account);
    asker.known = !failed(r);
    if (r.code != ERROR_NOT_FOUND) TRY(r);
    for (const char *from = serials, *serial; from && *from;) {
        TRY(next_serial(in, &from, &serial));
        TRY(hold(in, serial, held_s, &asker));
    }
    return OK;
}

static struct result apply_held(struct record_in *in, const void *body)
{
    const struct journal_held *held = body;
    return hold_all(in, held->serials, held->held_s, held->holder, NULL);
}

static struct result apply_held_for(struct record_in *in, const void *body)
{
    const struct journal_held_for *held = body;
    return hold_all(in, held->serials, held->held_s, held->asked_by, held->organization);
}

static struct result release(struct record_in *in, const char *serial)
{
    struct key_row key = { .key = serial };
    struct certificate_row row;
    int64_t changed;
    struct result r = tx_one(in->tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), in->act.arena,
                             &certificate_row_shape, &row);
    if (r.code == ERROR_NOT_FOUND) return note(in, "journal.unexpected", serial, "release");
    TRY(r);
    TRY(tx_run(in->tx, STATEMENT_CERTIFICATE_RELEASE, RECORD(key_row_shape, &key), &changed));
    TRY(note(in, "certificate.release", serial, NULL));
    if (changed == 0 || !text_equal(row.purpose, "signing")) return OK;
    return tell_holder(in, "certificate-released", &row, NULL);
}

static struct result apply_released(struct record_in *in, const void *body)
{
    const struct journal_released *released = body;
    for (const char *from = released->serials, *serial; from && *from;) {
        TRY(next_serial(in, &from, &serial));
        TRY(release(in, serial));
    }
    return OK;
}

static struct result receive(struct record_in *in, const char *serial)
{
    struct key_row key = { .key = serial };
    struct certificate_row row;
    int64_t changed;
    struct result r = tx_one(in->tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), in->act.arena,
                             &certificate_row_shape, &row);
    if (r.code == ERROR_NOT_FOUND) return note(in, "journal.unexpected", serial, "receive");
    TRY(r);
    TRY(tx_run(in->tx, STATEMENT_CERTIFICATE_RECEIVE, RECORD(key_row_shape, &key), &changed));
    TRY(note(in, "certificate.receive", serial, row.application));
    if (changed == 0 || !text_equal(row.purpose, "signing")) return OK;
    TRY(tell_holder(in, "certificate-received", &row, NULL));
    return end_application(in, row.application, EVENT_RECEIVE, serial);
}

static struct result apply_received(struct record_in *in, const void *body)
{
    const struct journal_received *received = body;
    for (const char *from = received->serials, *serial; from && *from;) {
        TRY(next_serial(in, &from, &serial));
        TRY(receive(in, serial));
    }
    return OK;
}

static struct result apply_unlocked(struct record_in *in, const void *body)
{
    const struct journal_unlocked *unlocked = body;
    TRY(use_approval(in, unlocked->approval1, EVIDENCE_UNLOCKED));
    TRY(use_approval(in, unlocked->approval2, EVIDENCE_UNLOCKED));
    TRY(note(in, "card.unlock", unlocked->application, unlocked->card));
    return end_application(in, unlocked->application, EVENT_UNLOCK, unlocked->card);
}

static struct result apply_recovered(struct record_in *in, const void *body)
{
    const struct journal_recovered *recovered = body;
    return note(in, "key.recover", recovered->application, recovered->serials);
}

static struct result apply_custody(struct record_in *in, const void *body)
{
    const struct journal_custody *custody = body;
    return note(in, "custody.appoint", NULL, custody->custodians);
}

static struct result apply_judicial(struct record_in *in, const void *body)
{
    const struct journal_judicial *judicial = body;
    return note(in, "key.judicial", judicial->serial, NULL);
}

/* ---- what was refused ---- */

static struct result apply_refused(struct record_in *in, const void *body)
{
    const struct journal_refused *refused = body;
    const char *detail = arena_format(in->act.arena, "%s：%s", error_find((enum error)refused->error)->name,
                                      refused->detail ? refused->detail : "-");
    ENSURE(detail, ERROR_OUT_OF_ROOM);
    return note(in, "signer.refuse", refused->application, detail);
}

static struct result apply_operator_card(struct record_in *in, const void *body)
{
    const struct journal_operator_card *c = body;
    return note(in, "card.open", c->card, NULL);
}

static struct result apply_responder(struct record_in *in, const void *body)
{
    return note(in, "journal.responder", NULL, NULL);
}

static struct result apply_sealed(struct record_in *in, const void *body)
{
    return note(in, "journal.seal", NULL, NULL);
}

/* ---- the table of records ---- */

static const struct kind_of_record {
    enum journal_record type;
    const struct shape *shape; /* NULL: no body */
    struct result (*apply)(struct record_in *in, const void *body);
} kinds[] = {
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

static struct result apply_one(struct record_in *in, uint16_t type, struct bytes body)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (kinds[i].type != type) continue;
        struct reader r = reader_of(body);
        void *record = arena_take(in->act.arena, kinds[i].shape ? kinds[i].shape->size : 1);
        ENSURE(record, ERROR_OUT_OF_ROOM);
        if (kinds[i].shape) {
            ENSURE(!failed(shape_read(kinds[i].shape, &r, in->act.arena, record)), ERROR_IPC_BROKEN);
            ENSURE(!failed(reader_end(&r)), ERROR_IPC_BROKEN);
        }
        return kinds[i].apply(in, record);
    }
    /* A record of a newer signer: its meaning is not known, so nothing goes on. */
    return diag_log(in->act.diag, ERROR_IPC_VERSION, "journal record %lld has type %u", (long long)in->index, type);
}

static struct result move_position(struct tx *tx, const struct journal_taking *taking)
{
    struct journal_position_row row;
    TRY(tx_one(tx, STATEMENT_JOURNAL_POSITION_GET, NO_PARAMS, taking->act->arena, &journal_position_row_shape, &row));
    ENSURE(row.size == taking->entries->from, ERROR_STORE_CONFLICT);
    row.size += taking->entries->count;
    return tx_change(tx, STATEMENT_JOURNAL_POSITION_UPDATE, RECORD(journal_position_row_shape, &row));
}

struct result journal_take(struct tx *tx, void *context)
{
    struct journal_taking *taking = context;
    const struct signer_entries *entries = taking->entries;
    struct reader r = reader_of(entries->entries);
    taking->ended_count = taking->number_count = 0;
    /* Whoever comes too late is told before it does anything. The very first record makes the position. */
    if (entries->from > 0) TRY(move_position(tx, taking));
    for (int64_t i = 0; i < entries->count; i++) {
        struct record_in in = { .tx = tx, .act = *taking->act, .taking = taking, .index = (int64_t)read_u64(&r) };
        in.act.now_s = (int64_t)read_u64(&r);
        uint16_t type = read_u16(&r);
        struct bytes body = read_block(&r, ENTRIES_MAX);
        ENSURE(!r.bad && in.index == entries->from + i, ERROR_IPC_BROKEN);
        TRY(apply_one(&in, type, body));
    }
    TRY(reader_end(&r));
    return entries->from == 0 ? move_position(tx, taking) : OK;
}

void journal_told(const struct journal_taking *taking)
{
    const struct service *service = taking->act->service;
    for (size_t i = 0; i < taking->ended_count && service->end; i++) service->end(service->web, &taking->ended[i]);
    for (size_t i = 0; i < taking->number_count; i++) desk_publish(taking->act, taking->numbers[i], EVENT_ISSUE);
}
