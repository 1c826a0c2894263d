#include "service/recovery.h"

#include "base/fault.h"
#include "crypto/sm3.h"
#include "service/certify.h"
#include "service/evidence.h"
#include "service/journal.h"
#include "service/production.h"

enum { ASK_MS = 20000, LINE_MAX = 32 };

struct recovery {
    const struct act *act;
    const char *number;
    bool due; /* the service takes a USBKey's place */
    struct decision_row one, two;
    const char *passed; /* the approval that left a former holder's keys to this one; NULL: none did */
};

/* The two approvals on which the pair was issued: the latest that was used for it, and the one that agrees. */
static struct result find_approvals(struct tx *tx, struct recovery *r)
{
    const struct act *act = r->act;
    struct key_row params = { .key = r->number, .other = "approve", .limit_count = EVIDENCE_LIST_MAX };
    struct approve_statement one, two;
    const struct decision_row *first = NULL;
    void *found;
    size_t count;
    TRY(tx_list(tx, STATEMENT_DECISION_LIST, RECORD(key_row_shape, &params), act->arena, &decision_row_shape,
                EVIDENCE_LIST_MAX, &found, &count));
    for (const struct decision_row *rows = found; count > 0; count--) {
        const struct decision_row *row = &rows[count - 1];
        if (!(row->used & EVIDENCE_ISSUED)) continue;
        TRY(statement_read(&approve_statement_shape, row->statement, act->arena, first ? &two : &one));
        if (first && approve_statements_agree(&one, &two)) {
            r->one = *first;
            r->two = *row;
            return OK;
        }
        if (!first) first = row;
    }
    return FAIL(ERROR_APPROVAL_SECOND_MISSING);
}

static struct result load_application(struct tx *tx, const struct act *act, const char *number,
                                      struct application_row *ret_row)
{
    struct key_row key = { .key = number };
    return tx_one(tx, STATEMENT_APPLICATION_GET, RECORD(key_row_shape, &key), act->arena, &application_row_shape,
                  ret_row);
}

/* The approval by which ROW, a change of holder, was carried out, where it leaves the keys. */
static struct result passed_by(struct tx *tx, struct recovery *r, const struct application_row *row)
{
    struct key_row key = { .key = row->number, .other = "approve", .limit_count = EVIDENCE_LIST_MAX };
    void *found;
    size_t count;
    if (!row->keep_encryption) return OK;
    TRY(tx_list(tx, STATEMENT_DECISION_LIST, RECORD(key_row_shape, &key), r->act->arena, &decision_row_shape,
                EVIDENCE_LIST_MAX, &found, &count));
    const struct decision_row *rows = found;
    for (size_t i = 0; i < count && !r->passed; i++)
        if (rows[i].used & EVIDENCE_REVOKED) r->passed = rows[i].statement;
    return OK;
}

/* Back along the line of certificates to the change of holder that it began with, if it did (R-CHANGE-4). */
static struct result find_passed(struct tx *tx, struct recovery *r, const struct application_row *row)
{
    const char *change = kind_rule(KIND_CHANGE)->name;
    struct application_row at = *row;
    r->passed = NULL;
    for (int i = 0; i < LINE_MAX; i++) {
        struct key_row key = { .key = at.about };
        struct certificate_row about;
        struct application_row former;
        if (text_equal(at.service, change)) return passed_by(tx, r, &at);
        if (at.former) {
            TRY(load_application(tx, r->act, at.former, &former));
            if (text_equal(former.service, change)) return passed_by(tx, r, &former);
        }
        if (!at.about) return OK;
        TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), r->act->arena, &certificate_row_shape,
                   &about));
        struct result found = load_application(tx, r->act, about.application, &at);
        if (failed(found)) return found.code == ERROR_NOT_FOUND ? OK : found; /* of a database that was restored */
    }
    return OK;
}

static struct result look(struct tx *tx, void *context)
{
    struct recovery *r = context;
    struct operator_row operator;
    struct application_row row;
    enum kind kind;
    r->due = false;
    TRY(evidence_role(tx, r->act, "producer", &operator));
    TRY(desk_load(tx, r->act, r->number, &row));
    ENSURE(text_equal(row.state, state_name(STATE_ISSUED)), ERROR_APPLICATION_STATE);
    TRY(kind_find(row.service, &kind));
    if (!kind_rule(kind)->replaces) return OK;
    struct approve_statement approval;
    TRY(find_approvals(tx, r));
    TRY(statement_read(&approve_statement_shape, r->one.statement, r->act->arena, &approval));
    TRY(find_passed(tx, r, &row));
    r->due = r->passed || !text_equal(approval.revokes, "-"); /* else it takes the place of nobody's key */
    return OK;
}

/* The same two approvals give the same id: asked again, the signer answers what it answered. */
static void request_of(const struct recovery *r, struct id *ret_id)
{
    uint8_t hash[SM3_SIZE];
    struct sm3 sm3;
    sm3_init(&sm3);
    sm3_update(&sm3, bytes_text("recover"));
    sm3_update(&sm3, bytes_text(r->one.nonce));
    sm3_update(&sm3, bytes_text(r->two.nonce));
    sm3_final(&sm3, hash);
    memcpy(ret_id->b, hash, sizeof ret_id->b);
}

/* Each key with its certificate, as the database has it from the journal. */
static struct result split(const struct act *act, const struct signer_recovered *told, struct recovered_key **ret_keys,
                           size_t *ret_count)
{
    size_t count = 0;
    struct recovered_key *keys = arena_array(act->arena, RECOVERED_MAX, sizeof *keys);
    ENSURE(keys, ERROR_OUT_OF_ROOM);
    for (const char *p = told->serials; p && *p != '\0'; count++) {
        size_t len = strcspn(p, ",");
        struct certificate_row row;
        ENSURE(count < RECOVERED_MAX && (count + 1) * RECOVERED_KEY_SIZE <= told->keys.len, ERROR_IPC_BROKEN);
        struct recovered_key *key = &keys[count];
        key->serial = arena_text(act->arena, bytes_of(p, len));
        ENSURE(key->serial, ERROR_OUT_OF_ROOM);
        TRY(certify_get(act, key->serial, &row));
        key->certificate = row.der;
        key->enveloped = bytes_of(told->keys.ptr + count * RECOVERED_KEY_SIZE, RECOVERED_KEY_SIZE);
        p += len + (p[len] == ',');
    }
    ENSURE(told->keys.len == count * RECOVERED_KEY_SIZE, ERROR_IPC_BROKEN);
    *ret_keys = keys;
    *ret_count = count;
    return OK;
}

struct result recovery_keys(const struct act *act, const char *number, struct recovered_key **ret_keys,
                            size_t *ret_count)
{
    struct recovery r = { .act = act, .number = number };
    struct ipc_call call = { SIGNER_RECOVER, &signer_recover_shape, &signer_recovered_shape, -1, ASK_MS };
    struct signer_recovered told;
    TRY(store_read(act->service->store, look, &r));
    *ret_keys = NULL;
    *ret_count = 0;
    if (!r.due) return OK;
    struct signer_recover ask = { .approval1 = r.one.statement, .approval_signature1 = r.one.signature,
                                  .approval2 = r.two.statement, .approval_signature2 = r.two.signature,
                                  .passed = r.passed };
    request_of(&r, &ask.request);
    TRY(journal_ask(act, &call, &ask, &told));
    FAULT("web:recovered");
    TRY(journal_catch_up(act, told.index));
    return split(act, &told, ret_keys, ret_count);
}

/* Whether SERIAL is one of LIST. */
static bool is_among(const char *list, const char *serial)
{
    for (const char *p = list ? list : ""; *p != '\0';) {
        size_t len = strcspn(p, ",");
        if (bytes_equal(bytes_of(p, len), bytes_text(serial))) return true;
        p += len + (p[len] == ',');
    }
    return false;
}

struct result recovery_finish(const struct act *act, const char *number, const char *written,
                              struct application_row *ret_row)
{
    struct recovered_key *keys = NULL;
    size_t count = 0;
    struct result r = recovery_keys(act, number, &keys, &count);
    if (r.code != ERROR_RECOVER_NONE) TRY(r);
    for (size_t i = 0; i < count; i++)
        if (!is_among(written, keys[i].serial))
            return diag_field(act->diag, ERROR_PRODUCTION_RECOVERED, "recovered", "加密证书 %s 的密钥", keys[i].serial);
    return production_finish_with(act, number, count ? written : NULL, ret_row);
}
