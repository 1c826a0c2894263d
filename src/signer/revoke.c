/* SIGNER_REVOKE, and the revocation that goes along with a new certificate. */
#include "signer/revocation.h"

#include "signer/handlers.h"
#include "signer/policy.h"
#include "signer/serials.h"

/* What is listed and not revoked yet. */
struct listing {
    struct call *call;
    const struct approve_statement *approval;
    struct writer serials;
};

/* A certificate is revoked only by approvals about the holder it was issued to; a change of holder names the new one,
 * and revokes in the same organization. */
static struct result check_owner(const struct listing *l, const char *serial, uint64_t record)
{
    struct call *call = l->call;
    struct approve_statement then;
    TRY(serials_approval(call, record, &then));
    bool same = text_equal(l->approval->service, "change")
                    ? text_equal(l->approval->organization, then.organization)
                    : text_equal(l->approval->holder, then.holder);
    if (!same) return refuse(call, ERROR_SERIAL_OTHER, "approval1", "%s", serial);
    return OK;
}

static struct result list_one(void *context, const char *serial)
{
    struct listing *l = context;
    struct index_value value;
    if (!index_find(l->call->signer->index, INDEX_CERTIFICATE, bytes_text(serial), &value))
        return refuse(l->call, ERROR_SERIAL_UNKNOWN, "approval1", "%s", serial);
    TRY(check_owner(l, serial, value.record));
    if (value.note != STANDING_REVOKED) write_format(&l->serials, "%s%s", l->serials.len ? "," : "", serial);
    return OK;
}

struct result revocation_check(struct call *call, const struct approvals *approvals,
                               struct revocation *ret_revocation)
{
    const struct approve_statement *a = &approvals->one;
    struct revocation revocation = { .approvals = approvals };
    size_t room = strlen(a->revokes) + 1;
    struct listing l = { call, a, writer_of(arena_take(call->arena, room), room) };
    if (!text_equal(a->revokes, "-")) {
        ENSURE(l.serials.ptr, ERROR_OUT_OF_ROOM);
        TRY(policy_check(call, a, POLICY_REVOKE));
        TRY(policy_reason(call, a->reason));
        TRY(serials_each(call, "approval1", a->revokes, list_one, &l));
    }
    if (l.serials.len > 0) {
        revocation.serials = arena_text(call->arena, bytes_of(l.serials.ptr, l.serials.len));
        ENSURE(revocation.serials && !l.serials.full, ERROR_OUT_OF_ROOM);
    }
    *ret_revocation = revocation;
    return OK;
}

struct result revocation_record(struct call *call, const struct id *request, const struct revocation *revocation,
                                int64_t *ret_index)
{
    const struct approvals *a = revocation->approvals;
    int64_t index;
    struct journal_revoked r = {
        .serials = revocation->serials,
        .reason = a->one.reason,
        .application = a->one.application,
        .revoked_s = call->now_s,
        .approval1 = a->texts[0].text, .approval_signature1 = a->texts[0].signature,
        .approval2 = a->texts[1].text, .approval_signature2 = a->texts[1].signature,
    };
    if (request) {
        r.request = *request;
        r.content = BYTES(call->content);
    }
    TRY(signer_record(call->signer, JOURNAL_REVOKED, call->now_s, &journal_revoked_shape, &r, call->arena, &index));
    if (ret_index) *ret_index = index;
    return OK;
}

struct result handle_revoke(struct call *call, const void *ask, void *answer)
{
    const struct signer_revoke *a = ask;
    struct signer_revoked *revoked = answer;
    const struct approvals_want want = { { { "approval1", a->approval1, a->approval_signature1 },
                                           { "approval2", a->approval2, a->approval_signature2 } },
                                         USED_REVOKE, false };
    struct approvals approvals;
    struct revocation revocation;
    TRY(evidence_approvals(call, &want, &approvals));
    TRY(policy_check(call, &approvals.one, POLICY_REVOKE));
    if (text_equal(approvals.one.revokes, "-")) return refuse(call, ERROR_APPROVAL_UNFIT, "approval1", "revokes none");
    TRY(revocation_check(call, &approvals, &revocation));
    if (!revocation.serials) return refuse(call, ERROR_REVOKED_ALREADY, "approval1", "%s", approvals.one.revokes);
    revoked->revoked_s = call->now_s;
    revoked->serials = revocation.serials;
    return revocation_record(call, &a->request, &revocation, &revoked->index);
}

struct result handle_revoke_again(struct call *call, uint64_t record, void *answer)
{
    struct signer_revoked *revoked = answer;
    struct journal_revoked r;
    TRY(signer_recall(call->signer, record, JOURNAL_REVOKED, &journal_revoked_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    revoked->index = (int64_t)record;
    revoked->revoked_s = r.revoked_s;
    revoked->serials = r.serials;
    return OK;
}
