/* SIGNER_CUSTODY and SIGNER_JUDICIAL: who can open encryption keys in plain, and handing them what they open. The
 * signer itself cannot. */
#include "signer/evidence.h"
#include "signer/handlers.h"
#include "signer/serials.h"

enum { STATEMENT_DAYS = 7 };

_Static_assert((int)CUSTODIAN_SHARE_SIZE == (int)ESCROW_SHARE_SIZE, "one format");
_Static_assert((int)CUSTODIANS_MAX == (int)SHAMIR_SHARES_MAX, "one limit");

/* ---- custodians ---- */

static bool say_the_same(const struct custody_statement *a, const struct custody_statement *b)
{
    return text_equal(a->custodians, b->custodians) && text_equal(a->keys, b->keys) &&
           text_equal(a->threshold, b->threshold) && text_equal(a->version, b->version);
}

static struct result check_administrator(struct call *call, const struct signed_text *text,
                                         struct custody_statement *ret_statement, struct signatory *ret_by)
{
    static const struct evidence_wants wants = { &custody_statement_shape, ROLE_ADMINISTRATOR, STATEMENT_DAYS * DAY_S };
    TRY(evidence_check(call, &wants, text, ret_statement, ret_by));
    return evidence_unused(call, text->field, ret_statement->nonce, USED_CUSTODY);
}

static struct result check_two(struct call *call, const struct signer_custody *ask,
                               struct custody_statement *ret_statement)
{
    const struct signed_text one = { "statement1", ask->statement1, ask->signature1 };
    const struct signed_text two = { "statement2", ask->statement2, ask->signature2 };
    struct custody_statement second;
    struct signatory a, b;
    TRY(check_administrator(call, &one, ret_statement, &a));
    TRY(check_administrator(call, &two, &second, &b));
    if (!say_the_same(ret_statement, &second)) return refuse(call, ERROR_APPROVALS_DIFFER, "statement2", "custodians");
    if (operators_same(a.operator, b.operator) || text_equal(ret_statement->nonce, second.nonce))
        return refuse(call, ERROR_APPROVAL_SAME_PERSON, "statement2", "%s", a.operator->serial);
    return OK;
}

/* What both appointed, read. */
struct appointment {
    struct sm2_public custodians[CUSTODIANS_MAX];
    size_t count;
    uint64_t threshold, version;
};

static size_t count_names(const char *list)
{
    size_t count = 1;
    for (const char *p = list; *p != '\0'; p++) count += *p == ',';
    return count;
}

static struct result read_keys(struct call *call, const struct signer_custody *ask,
                               const struct custody_statement *s, struct appointment *a)
{
    uint8_t hash[SM3_SIZE];
    struct bytes named;
    sm3_hash(ask->keys, hash);
    a->count = ask->keys.len / SM2_POINT_SIZE;
    bool good = ask->keys.len % SM2_POINT_SIZE == 0 && a->count >= 1 && a->count <= CUSTODIANS_MAX &&
                count_names(s->custodians) == a->count && !failed(text_from_hex(call->arena, s->keys, &named)) &&
                bytes_equal(named, BYTES(hash));
    for (size_t i = 0; i < a->count && good; i++) {
        const uint8_t *point = ask->keys.ptr + i * SM2_POINT_SIZE;
        good = !failed(sm2_public_init(&a->custodians[i], point));
        /* Two names for one key would be one custodian. */
        for (size_t k = 0; k < i && good; k++)
            good = !bytes_equal(BYTES(a->custodians[k].point), bytes_of(point, SM2_POINT_SIZE));
    }
    if (!good) return refuse(call, ERROR_CUSTODY_UNFIT, "keys", "%zu custodians", a->count);
    return OK;
}

static struct result read_appointment(struct call *call, const struct signer_custody *ask,
                                      const struct custody_statement *s, struct appointment *a)
{
    TRY(read_keys(call, ask, s, a));
    bool good = !failed(text_number(s->threshold, a->count, &a->threshold)) && a->threshold >= SHAMIR_THRESHOLD_MIN &&
                !failed(text_number(s->version, INT64_MAX, &a->version)) &&
                a->version == (uint64_t)call->signer->custody_version + 1;
    if (!good)
        return refuse(call, ERROR_CUSTODY_UNFIT, "statement1", "threshold %s, version %s", s->threshold, s->version);
    return OK;
}

struct result handle_custody(struct call *call, const void *ask, void *answer)
{
    const struct signer_custody *c = ask;
    struct signer_custody_done *done = answer;
    struct custody_statement s;
    struct appointment a;
    struct sm2_public custodial;
    TRY(check_two(call, c, &s));
    TRY(read_appointment(call, c, &s, &a));
    size_t len = a.count * ESCROW_SHARE_SIZE;
    uint8_t(*shares)[ESCROW_SHARE_SIZE] = arena_take(call->arena, len);
    ENSURE(shares, ERROR_OUT_OF_ROOM);
    TRY(escrow_make(a.custodians, a.count, a.threshold, &call->signer->drbg, &custodial, shares));
    done->custodial = arena_bytes(call->arena, BYTES(custodial.point));
    done->shares = bytes_of(shares, len);
    ENSURE(done->custodial.ptr, ERROR_OUT_OF_ROOM);
    const struct journal_custody r = {
        .request = c->request,
        .version = (int64_t)a.version,
        .threshold = (int64_t)a.threshold,
        .custodians = s.custodians,
        .keys = c->keys,
        .custodial = done->custodial,
        .shares = done->shares,
        .statement1 = c->statement1, .signature1 = c->signature1,
        .statement2 = c->statement2, .signature2 = c->signature2,
        .content = BYTES(call->content),
    };
    return signer_record(call->signer, JOURNAL_CUSTODY, call->now_s, &journal_custody_shape, &r, call->arena,
                         &done->index);
}

struct result handle_custody_again(struct call *call, uint64_t record, void *answer)
{
    struct signer_custody_done *done = answer;
    struct journal_custody r;
    TRY(signer_recall(call->signer, record, JOURNAL_CUSTODY, &journal_custody_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    *done = (struct signer_custody_done){ (int64_t)record, r.custodial, r.shares };
    return OK;
}

/* ---- judicial recovery ---- */

static struct result check_one(struct call *call, const struct signed_text *text, unsigned role,
                               struct judicial_statement *ret_statement, struct signatory *ret_by)
{
    const struct evidence_wants wants = { &judicial_statement_shape, role, STATEMENT_DAYS * DAY_S };
    TRY(evidence_check(call, &wants, text, ret_statement, ret_by));
    return evidence_unused(call, text->field, ret_statement->nonce, USED_JUDICIAL);
}

static struct result check_judicial(struct call *call, const struct signer_judicial *ask,
                                    struct judicial_statement *ret_statement)
{
    const struct signed_text one = { "statement1", ask->statement1, ask->signature1 };
    const struct signed_text two = { "statement2", ask->statement2, ask->signature2 };
    struct judicial_statement second;
    struct signatory a, b;
    TRY(check_one(call, &one, ROLE_REVIEWER, ret_statement, &a));
    TRY(check_one(call, &two, ROLE_AUDITOR, &second, &b));
    const struct judicial_statement *s = ret_statement;
    if (!text_equal(s->case_number, second.case_number) || !text_equal(s->authority, second.authority) ||
        !text_equal(s->holder_name, second.holder_name) || !text_equal(s->certificate, second.certificate))
        return refuse(call, ERROR_APPROVALS_DIFFER, "statement2", "case %s", s->case_number);
    if (operators_same(a.operator, b.operator) || text_equal(s->nonce, second.nonce))
        return refuse(call, ERROR_APPROVAL_SAME_PERSON, "statement2", "%s", a.operator->serial);
    return OK;
}

/* The encryption certificate that is named, of the person who is named. */
static struct result find_certificate(struct call *call, const char *serial, const char *holder_name,
                                      struct certificate **ret_certificate)
{
    struct index_value value;
    struct journal_issued issued;
    struct certificate *c;
    if (!index_find(call->signer->index, INDEX_CERTIFICATE, bytes_text(serial), &value))
        return refuse(call, ERROR_SERIAL_UNKNOWN, "statement1", "%s", serial);
    TRY(signer_recall(call->signer, value.record, JOURNAL_ISSUED, &journal_issued_shape, call->arena, &issued));
    TRY(certificate_parse(issued.encryption_certificate, call->arena, &c));
    if (!text_equal(certificate_serial_text(c, call->arena), serial) ||
        !bytes_equal(name_value(&c->subject, OID_COMMON_NAME), bytes_text(holder_name)))
        return refuse(call, ERROR_SERIAL_OTHER, "statement1", "%s: not that person's encryption certificate", serial);
    *ret_certificate = c;
    return OK;
}

struct result handle_judicial(struct call *call, const void *ask, void *answer)
{
    const struct signer_judicial *j = ask;
    struct signer_judicial_opened *opened = answer;
    struct judicial_statement s;
    struct certificate *c;
    struct key_centre_escrow escrow;
    TRY(check_judicial(call, j, &s));
    TRY(find_certificate(call, s.certificate, s.holder_name, &c));
    struct result got = key_centre_escrow(call->signer->centre, c->key.point, &escrow);
    if (got.code == ERROR_NOT_FOUND) return refuse(call, ERROR_ESCROW_NONE, "statement1", "%s", s.certificate);
    TRY(got);
    opened->version = escrow.version;
    opened->certificate = c->der;
    opened->escrow = arena_bytes(call->arena, BYTES(escrow.blob));
    ENSURE(opened->escrow.ptr, ERROR_OUT_OF_ROOM);
    const struct journal_judicial r = { j->request,     s.certificate, escrow.version,   opened->escrow,
                                        j->statement1,  j->signature1, j->statement2,    j->signature2,
                                        BYTES(call->content) };
    return signer_record(call->signer, JOURNAL_JUDICIAL, call->now_s, &journal_judicial_shape, &r, call->arena,
                         &opened->index);
}

struct result handle_judicial_again(struct call *call, uint64_t record, void *answer)
{
    struct signer_judicial_opened *opened = answer;
    struct journal_judicial r;
    struct judicial_statement s;
    struct certificate *c;
    TRY(signer_recall(call->signer, record, JOURNAL_JUDICIAL, &journal_judicial_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    TRY(statement_read(&judicial_statement_shape, r.statement1, call->arena, &s));
    TRY(find_certificate(call, r.serial, s.holder_name, &c));
    *opened = (struct signer_judicial_opened){ (int64_t)record, r.version, r.escrow, c->der };
    return OK;
}
