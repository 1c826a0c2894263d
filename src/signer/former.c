#include "signer/former.h"

#include "pki/crl.h"
#include "signer/policy.h"
#include "signer/serials.h"

static const char field[] = "former";

/* ---- whether it was approved, and by whom it was used ---- */

/* Used by this application before: what the journal has needs no more evidence. */
static struct result look_recorded(struct call *call, const struct approvals *approvals, struct former *former)
{
    struct journal_replaced r;
    uint64_t record;
    if (!used_find(call->signer->index, USED_REPLACED, former->approval.nonce, &record)) return OK;
    TRY(signer_recall(call->signer, record, JOURNAL_REPLACED, &journal_replaced_shape, call->arena, &r));
    former->recorded = text_equal(r.approval, former->text.text) && text_equal(r.by, approvals->one.application);
    return OK;
}

/* What the approval has revoked already: its signatures were checked then. */
static struct result look_revoked(struct call *call, const struct former *former, bool *ret_known)
{
    struct journal_revoked r;
    uint64_t record;
    *ret_known = false;
    if (!used_find(call->signer->index, USED_REVOKE, former->approval.nonce, &record)) return OK;
    TRY(signer_recall(call->signer, record, JOURNAL_REVOKED, &journal_revoked_shape, call->arena, &r));
    *ret_known = text_equal(r.approval1, former->text.text) || text_equal(r.approval2, former->text.text);
    return OK;
}

static struct result check_approved(struct call *call, struct former *former)
{
    const struct approvals_want want = { .texts = { former->text }, .purpose = USED_ISSUE, .any_age = true };
    const char *application = call->application;
    struct approvals approvals;
    bool known;
    TRY(look_revoked(call, former, &known));
    if (known) return evidence_unused(call, field, former->approval.nonce, USED_ISSUE);
    struct result r = evidence_approvals(call, &want, &approvals);
    call->application = application;
    return r;
}

/* ---- what it would have replaced ---- */

struct replacing {
    struct call *call;
    const struct approve_statement *approval, *former;
};

static struct result look_at_replaced(void *context, const char *serial)
{
    const struct replacing *r = context;
    const struct signer *s = r->call->signer;
    struct index_value value;
    if (!index_find(s->index, INDEX_CERTIFICATE, bytes_text(serial), &value))
        return refuse(r->call, ERROR_SERIAL_UNKNOWN, field, "%s", serial);
    int64_t position = roll_find(s->roll, value.record, bytes_text(serial));
    ENSURE(position != ROLL_NONE, ERROR_JOURNAL_DAMAGED);
    const struct certified *c = roll_at(s->roll, (size_t)position);
    if (c->standing != STANDING_REVOKED) {
        if (evidence_lists(r->approval->revokes, serial)) return OK;
        return refuse(r->call, ERROR_SERIAL_OTHER, field, "%s would go on", serial);
    }
    const char *reason = crl_reason_name(c->reason);
    if (text_equal(reason, r->approval->reason) || text_equal(reason, r->former->reason)) return OK;
    return refuse(r->call, ERROR_CERTIFICATE_REVOKED, field, "%s: %s", serial, reason);
}

static struct result check_fits(struct call *call, const struct approve_statement *a, const struct former *former)
{
    const struct approve_statement *f = &former->approval;
    if (!policy_has(a->service, POLICY_RECOVER) || !policy_has(f->service, POLICY_DOWNLOAD))
        return refuse(call, ERROR_FORMER_UNFIT, field, "%s in the place of %s", a->service, f->service);
    if (!text_equal(f->holder, a->holder))
        return refuse(call, ERROR_FORMER_UNFIT, field, "of holder %s", f->holder);
    if (!text_equal(f->validity, a->validity))
        return refuse(call, ERROR_FORMER_UNFIT, field, "validity %s, not %s", a->validity, f->validity);
    struct replacing r = { call, a, f };
    return serials_each(call, field, f->revokes, look_at_replaced, &r);
}

struct result former_check(struct call *call, const struct approvals *approvals, const struct signed_text *given,
                           struct former *ret_former)
{
    const struct approve_statement *a = &approvals->one;
    bool replaces = policy_has(a->service, POLICY_RECOVER);
    bool alone = !policy_renews(a) && !(replaces && text_equal(a->revokes, "-"));
    struct former former = { .text = *given };
    *ret_former = (struct former){ 0 };
    if (!given->text && (alone || policy_has(a->service, POLICY_DOWNLOAD))) return OK;
    if (!given->text)
        return refuse(call, ERROR_FORMER_MISSING, field, "service %s, validity %s", a->service, a->validity);
    if (failed(statement_read(&approve_statement_shape, given->text, call->arena, &former.approval)))
        return refuse(call, ERROR_STATEMENT, field, "not a %s", approve_statement_shape.name);
    TRY(look_recorded(call, approvals, &former));
    if (!former.recorded) TRY(check_approved(call, &former));
    TRY(check_fits(call, a, &former));
    *ret_former = former;
    return OK;
}

struct result former_record(struct call *call, const struct approvals *approvals, const struct former *former)
{
    int64_t index;
    if (!former->text.text || former->recorded) return OK;
    const struct journal_replaced r = { .application = former->approval.application,
                                        .by = approvals->one.application,
                                        .approval = former->text.text, .signature = former->text.signature };
    return signer_record(call->signer, JOURNAL_REPLACED, call->now_s, &journal_replaced_shape, &r, call->arena, &index);
}
