/* SIGNER_RECOVER: what was encrypted for a lost or damaged USBKey stays readable with the new one (R-LOST-4). */
#include "signer/handlers.h"
#include "signer/policy.h"
#include "signer/serials.h"

struct recovery {
    struct call *call;
    const struct approve_statement *approval;
    bool passed; /* those that a change of holder left to this one */
    struct sm2_public container; /* signing key of the new USBKey */
    struct writer serials, keys;
};

/* The pair that was issued on this very approval: its signing key was made in the new USBKey. */
static struct result find_new(struct recovery *r)
{
    struct call *call = r->call;
    struct journal_issued issued;
    struct certificate *c;
    uint64_t record;
    if (!used_find(call->signer->index, USED_ISSUE, r->approval->nonce, &record))
        return refuse(call, ERROR_RECOVER_BEFORE_ISSUE, "approval1", "application %s", r->approval->application);
    TRY(signer_recall(call->signer, record, JOURNAL_ISSUED, &journal_issued_shape, call->arena, &issued));
    TRY(certificate_parse(issued.signing_certificate, call->arena, &c));
    ENSURE(public_key_as_sm2(&c->key), ERROR_JOURNAL_DAMAGED);
    r->container = *public_key_as_sm2(&c->key);
    return OK;
}

/* The encryption certificate whose serial is SERIAL, and whom it was issued to; NULL when it is not one. */
static struct result find_old(const struct recovery *r, const char *serial, struct certificate **ret_certificate,
                              const char **ret_holder)
{
    struct index_value value;
    struct journal_issued issued;
    struct certificate *c;
    *ret_certificate = NULL;
    if (!index_find(r->call->signer->index, INDEX_CERTIFICATE, bytes_text(serial), &value))
        return refuse(r->call, ERROR_SERIAL_UNKNOWN, "approval1", "%s", serial);
    TRY(signer_recall(r->call->signer, value.record, JOURNAL_ISSUED, &journal_issued_shape, r->call->arena, &issued));
    if (!r->passed && !text_equal(issued.holder, r->approval->holder))
        return refuse(r->call, ERROR_SERIAL_OTHER, "approval1", "%s", serial);
    TRY(certificate_parse(issued.encryption_certificate, r->call->arena, &c));
    if (text_equal(certificate_serial_text(c, r->call->arena), serial)) *ret_certificate = c;
    *ret_holder = issued.holder;
    return OK;
}

/* One of the listed certificates; signing ones have nothing to recover. */
static struct result recover_one(void *context, const char *serial)
{
    struct recovery *r = context;
    struct key_centre_order order = { .container = &r->container, .application = r->approval->application };
    uint8_t enveloped[ENVELOPED_KEY_SIZE];
    struct certificate *old;
    TRY(find_old(r, serial, &old, &order.holder));
    if (!old) return OK;
    struct result got = key_centre_envelope(r->call->signer->centre, old->key.point, &order, enveloped);
    if (got.code == ERROR_NOT_FOUND) return OK; /* of before the key centre kept them */
    TRY(got);
    write_format(&r->serials, "%s%s", r->serials.len ? "," : "", serial);
    write_bytes(&r->keys, BYTES(enveloped));
    ENSURE(!r->serials.full && !r->keys.full, ERROR_TOO_LARGE);
    return OK;
}

/* R-CHANGE-4: what the organization asked to leave to this holder. That it was approved so the journal says: by it the
 * former holder's certificates were revoked. */
static struct result recover_passed(struct recovery *r, const char *text)
{
    struct call *call = r->call;
    struct approve_statement a;
    struct journal_revoked revoked;
    uint64_t record;
    if (!text) return OK;
    if (failed(statement_read(&approve_statement_shape, text, call->arena, &a)))
        return refuse(call, ERROR_STATEMENT, "passed", "not a %s", approve_statement_shape.name);
    if (!evidence_keeps(&a) || !text_equal(a.holder, r->approval->holder))
        return refuse(call, ERROR_SERIAL_OTHER, "passed", "%s of %s leaves nothing", a.service, a.application);
    if (!used_find(call->signer->index, USED_REVOKE, a.nonce, &record))
        return refuse(call, ERROR_APPROVAL_UNFIT, "passed", "application %s is not carried out", a.application);
    TRY(signer_recall(call->signer, record, JOURNAL_REVOKED, &journal_revoked_shape, call->arena, &revoked));
    if (!text_equal(revoked.approval1, text) && !text_equal(revoked.approval2, text))
        return refuse(call, ERROR_APPROVAL_UNFIT, "passed", "another approval of %s", a.application);
    r->passed = true;
    return serials_each(call, "passed", a.revokes, recover_one, r);
}

static struct result record(struct recovery *r, const struct signer_recover *ask,
                            struct signer_recovered *ret_recovered)
{
    struct call *call = r->call;
    const char *serials = arena_text(call->arena, bytes_of(r->serials.ptr, r->serials.len));
    ENSURE(serials, ERROR_OUT_OF_ROOM);
    const struct journal_recovered entry = {
        .request = ask->request,
        .application = r->approval->application,
        .holder = r->approval->holder,
        .serials = serials,
        .keys = bytes_of(r->keys.ptr, r->keys.len),
        .approval1 = ask->approval1, .approval_signature1 = ask->approval_signature1,
        .approval2 = ask->approval2, .approval_signature2 = ask->approval_signature2,
        .content = BYTES(call->content),
    };
    ret_recovered->serials = serials;
    ret_recovered->keys = entry.keys;
    return signer_record(call->signer, JOURNAL_RECOVERED, call->now_s, &journal_recovered_shape, &entry, call->arena,
                         &ret_recovered->index);
}

struct result handle_recover(struct call *call, const void *ask, void *answer)
{
    enum { SERIALS_ROOM = RECOVERED_MAX * 41 + 1, KEYS_ROOM = RECOVERED_MAX * RECOVERED_KEY_SIZE };
    const struct signer_recover *a = ask;
    /* Always two, whatever the settings say (R-OPS-4). */
    const struct approvals_want want = { { { "approval1", a->approval1, a->approval_signature1 },
                                           { "approval2", a->approval2, a->approval_signature2 } },
                                         USED_RECOVER, true };
    struct approvals approvals;
    struct recovery r = { .call = call, .approval = &approvals.one };
    r.serials = writer_of(arena_take(call->arena, SERIALS_ROOM), SERIALS_ROOM);
    r.keys = writer_of(arena_take(call->arena, KEYS_ROOM), KEYS_ROOM);
    ENSURE(r.serials.ptr && r.keys.ptr, ERROR_OUT_OF_ROOM);
    TRY(evidence_approvals(call, &want, &approvals));
    TRY(policy_check(call, &approvals.one, POLICY_RECOVER));
    TRY(find_new(&r));
    TRY(serials_each(call, "approval1", approvals.one.revokes, recover_one, &r));
    TRY(recover_passed(&r, a->passed));
    if (r.keys.len == 0) return refuse(call, ERROR_RECOVER_NONE, "approval1", "%s", approvals.one.revokes);
    return record(&r, a, answer);
}

struct result handle_recover_again(struct call *call, uint64_t index, void *answer)
{
    struct signer_recovered *recovered = answer;
    struct journal_recovered r;
    TRY(signer_recall(call->signer, index, JOURNAL_RECOVERED, &journal_recovered_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    recovered->serials = r.serials;
    recovered->keys = r.keys;
    recovered->index = (int64_t)index;
    return OK;
}
