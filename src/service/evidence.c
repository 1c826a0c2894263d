#include "service/evidence.h"

#include "crypto/sm3.h"
#include "pki/certificate.h"

/* Whether ROLE stands in ROLES, joined by commas. */
static bool has_role(const char *roles, const char *role)
{
    size_t len = strlen(role);
    for (const char *from = roles; from && *from;) {
        size_t n = strcspn(from, ",");
        if (n == len && strncmp(from, role, n) == 0) return true;
        from += n + (from[n] == ',');
    }
    return false;
}

struct result evidence_role(struct tx *tx, const struct act *act, const char *role, struct operator_row *ret_operator)
{
    struct key_row params = { .key = act->serial };
    struct operator_row row;
    ENSURE(act->kind == ACTOR_OPERATOR && act->serial, ERROR_NOT_PERMITTED);
    struct result r = tx_one(tx, STATEMENT_OPERATOR_GET, RECORD(key_row_shape, &params), act->arena,
                             &operator_row_shape, &row);
    ENSURE(r.code != ERROR_NOT_FOUND, ERROR_NOT_PERMITTED);
    TRY(r);
    ENSURE(text_equal(row.state, "active") && has_role(row.roles, role), ERROR_NOT_PERMITTED);
    *ret_operator = row;
    return OK;
}

bool evidence_same_person(const struct act *act, const char *name, const char *serial)
{
    return text_equal(act->serial, serial) || text_equal(act->name, name);
}

struct result evidence_check(const struct act *act, const struct operator_row *operator,
                             const struct evidence *evidence)
{
    struct certificate *certificate;
    uint64_t time_s;
    ENSURE(text_equal(evidence->operator_serial, operator->serial), ERROR_DECISION_SIGNATURE);
    ENSURE(!failed(text_number(evidence->time, INT64_MAX / 2, &time_s)), ERROR_STATEMENT);
    int64_t age_s = act->now_s - (int64_t)time_s;
    ENSURE(age_s >= 0 && age_s <= EVIDENCE_FRESH_S, ERROR_DECISION_STALE);
    TRY(certificate_parse(operator->certificate, act->arena, &certificate));
    ENSURE(evidence->signature.len == SM2_SIGNATURE_SIZE, ERROR_DECISION_SIGNATURE);
    struct result r = public_key_verify(&certificate->key, bytes_text(evidence->statement), evidence->signature.ptr);
    ENSURE(!failed(r), ERROR_DECISION_SIGNATURE);
    return OK;
}

void evidence_hash(const char *statement, uint8_t ret_hash[32])
{
    sm3_hash(bytes_text(statement), ret_hash);
}

struct result evidence_keep(struct tx *tx, const struct act *act, const char *application, const char *decision,
                            const char *nonce, const struct evidence *evidence, struct decision_row *ret_row)
{
    uint8_t hash[SM3_SIZE];
    evidence_hash(evidence->statement, hash);
    struct key_row params = { .hash = BYTES(hash) };
    struct decision_row row = { .nonce = nonce, .application = application, .decision = decision,
                                .statement = evidence->statement, .hash = arena_bytes(act->arena, BYTES(hash)),
                                .signature = evidence->signature, .operator_serial = evidence->operator_serial,
                                .made_s = act->now_s };
    ENSURE(row.hash.ptr, ERROR_OUT_OF_ROOM);
    struct result r = tx_one(tx, STATEMENT_DECISION_BY_HASH, RECORD(key_row_shape, &params), act->arena,
                             &decision_row_shape, ret_row);
    if (r.code != ERROR_NOT_FOUND) return r;
    TRY(tx_run(tx, STATEMENT_DECISION_INSERT, RECORD(decision_row_shape, &row), NULL));
    *ret_row = row;
    return OK;
}

struct result evidence_latest(struct tx *tx, const struct act *act, const char *application, const char *decision,
                              struct decision_row *ret_row)
{
    struct key_row params = { .key = application, .other = decision, .limit_count = EVIDENCE_LIST_MAX };
    void *found;
    size_t count;
    TRY(tx_list(tx, STATEMENT_DECISION_LIST, RECORD(key_row_shape, &params), act->arena, &decision_row_shape,
                EVIDENCE_LIST_MAX, &found, &count));
    const struct decision_row *rows = found;
    while (count > 0 && rows[count - 1].used & EVIDENCE_ISSUED) count--;
    ENSURE(count > 0, ERROR_NOT_FOUND);
    *ret_row = rows[count - 1];
    return OK;
}

struct result evidence_second(struct tx *tx, const struct act *act, const struct decision_row *first,
                              struct decision_row *ret_second)
{
    struct key_row params = { .key = first->application, .other = first->decision, .limit_count = EVIDENCE_LIST_MAX };
    struct approve_statement one, two;
    void *found;
    size_t count;
    TRY(statement_read(&approve_statement_shape, first->statement, act->arena, &one));
    TRY(tx_list(tx, STATEMENT_DECISION_LIST, RECORD(key_row_shape, &params), act->arena, &decision_row_shape,
                EVIDENCE_LIST_MAX, &found, &count));
    for (const struct decision_row *rows = found; count > 0; count--) {
        const struct decision_row *row = &rows[count - 1];
        if (row->used & EVIDENCE_ISSUED || text_equal(row->operator_serial, first->operator_serial)) continue;
        TRY(statement_read(&approve_statement_shape, row->statement, act->arena, &two));
        if (!approve_statements_agree(&one, &two)) continue;
        *ret_second = *row;
        return OK;
    }
    return FAIL(ERROR_NOT_FOUND);
}

const char *evidence_time(const struct act *act)
{
    return arena_format(act->arena, "%lld", (long long)act->now_s);
}
