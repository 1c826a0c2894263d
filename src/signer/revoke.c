/* SIGNER_REVOKE, and the revocation that goes along with a new certificate. */
#include "signer/revocation.h"

#include "signer/handlers.h"
#include "signer/policy.h"

enum { SERIALS_MAX = 16 };

/* A certificate is revoked only by approvals about the holder it was issued to; a change of holder names the new one,
 * and revokes in the same organization. */
static struct result check_owner(struct call *call, const struct approve_statement *approval, const char *serial,
                                 uint64_t record)
{
    struct journal_issued issued;
    struct approve_statement then;
    TRY(signer_recall(call->signer, record, JOURNAL_ISSUED, &journal_issued_shape, call->arena, &issued));
    TRY(statement_read(&approve_statement_shape, issued.approval1, call->arena, &then));
    bool same = text_equal(approval->service, "change") ? text_equal(approval->organization, then.organization)
                                                        : text_equal(approval->holder, then.holder);
    if (!same) return refuse(call, ERROR_SERIAL_OTHER, "approval1", "%s", serial);
    return OK;
}

static struct result check_serial(struct call *call, const struct approve_statement *approval, const char *serial,
                                  bool *ret_revoked)
{
    struct index_value value;
    if (!index_find(call->signer->index, INDEX_CERTIFICATE, bytes_text(serial), &value))
        return refuse(call, ERROR_SERIAL_UNKNOWN, "approval1", "%s", serial);
    TRY(check_owner(call, approval, serial, value.record));
    *ret_revoked = value.note == STANDING_REVOKED;
    return OK;
}

struct result revocation_check(struct call *call, const struct approvals *approvals,
                               struct revocation *ret_revocation)
{
    const struct approve_statement *a = &approvals->one;
    struct revocation revocation = { .approvals = approvals };
    size_t room = strlen(a->revokes) + 1;
    struct writer w = writer_of(arena_take(call->arena, room), room);
    *ret_revocation = revocation;
    if (text_equal(a->revokes, "-")) return OK;
    ENSURE(w.ptr, ERROR_OUT_OF_ROOM);
    TRY(policy_check(call, a, POLICY_REVOKE));
    TRY(policy_reason(call, a->reason));
    size_t count = 0;
    for (const char *p = a->revokes; *p != '\0'; count++) {
        size_t len = strcspn(p, ",");
        const char *serial = arena_text(call->arena, bytes_of(p, len));
        bool revoked = false;
        ENSURE(serial, ERROR_OUT_OF_ROOM);
        if (count == SERIALS_MAX) return refuse(call, ERROR_STATEMENT, "approval1", "too many serials");
        TRY(check_serial(call, a, serial, &revoked));
        if (!revoked) write_format(&w, "%s%s", w.len ? "," : "", serial);
        p += len + (p[len] == ',');
    }
    if (w.len > 0) {
        revocation.serials = arena_text(call->arena, bytes_of(w.ptr, w.len));
        ENSURE(revocation.serials && !w.full, ERROR_OUT_OF_ROOM);
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
