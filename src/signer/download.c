#include "signer/download.h"

#include "pki/crl.h"
#include "signer/policy.h"

/* The certificate that is replaced, as it was issued, and how it stands. */
struct replaced {
    struct journal_issued issued;
    struct certificate *signing;
    const struct certified *standing;
};

static struct result find(struct call *call, const char *serial, struct replaced *ret_replaced)
{
    const struct signer *s = call->signer;
    struct index_value value;
    struct replaced r = { 0 };
    if (!index_find(s->index, INDEX_CERTIFICATE, bytes_text(serial), &value))
        return refuse(call, ERROR_SERIAL_UNKNOWN, "statement1", "%s", serial);
    int64_t position = roll_find(s->roll, value.record, bytes_text(serial));
    ENSURE(position != ROLL_NONE, ERROR_JOURNAL_DAMAGED);
    r.standing = roll_at(s->roll, (size_t)position);
    TRY(signer_recall(s, value.record, JOURNAL_ISSUED, &journal_issued_shape, call->arena, &r.issued));
    TRY(certificate_parse(r.issued.signing_certificate, call->arena, &r.signing));
    const char *text = certificate_serial_text(r.signing, call->arena);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    if (!text_equal(text, serial)) return refuse(call, ERROR_SERIAL_OTHER, "statement1", "%s does not sign", serial);
    *ret_replaced = r;
    return OK;
}

static struct result check_standing(struct call *call, const struct approve_statement *approval,
                                    const struct replaced *replaced)
{
    const struct certified *c = replaced->standing;
    if (c->standing == STANDING_VALID) return OK;
    if (c->standing == STANDING_REVOKED && text_equal(crl_reason_name(c->reason), approval->reason)) return OK;
    return refuse(call, ERROR_CERTIFICATE_REVOKED, "statement1", "%s", crl_reason_name(c->reason));
}

static struct result check_about(struct call *call, const struct approvals *approvals,
                                 const struct download_statement *d)
{
    struct bytes approval;
    /* The card goes by it: what the approval says of the encryption keys is what the card is told. */
    const char *service = evidence_keeps(&approvals->one) ? DOWNLOAD_CHANGE_KEEP : approvals->one.service;
    if (!text_equal(d->application, approvals->one.application) || !text_equal(d->service, service))
        return refuse(call, ERROR_EVIDENCE_MISMATCH, "statement1", "%s of %s", d->service, d->application);
    if (failed(text_from_hex(call->arena, d->approval, &approval)) ||
        !bytes_equal(approval, BYTES(approvals->by[0].hash)))
        return refuse(call, ERROR_EVIDENCE_MISMATCH, "statement1", "for another approval");
    if (!evidence_lists(approvals->one.revokes, d->certificate))
        return refuse(call, ERROR_SERIAL_OTHER, "statement1", "%s is not replaced by this approval", d->certificate);
    return OK;
}

/* R-ORG-1: nothing but what the organization is called is another. */
static struct result check_reissue(struct call *call, const struct approve_statement *approval,
                                   const struct replaced *replaced, int64_t not_after_s)
{
    if (!text_equal(approval->service, "reissue")) return OK;
    if (!text_equal(approval->holder, replaced->issued.holder))
        return refuse(call, ERROR_SERIAL_OTHER, "approval1", "holder %s", approval->holder);
    if (not_after_s != replaced->standing->not_after_s)
        return refuse(call, ERROR_VALIDITY_UNFIT, "approval1", "validity %s: not the end of what it replaces",
                      approval->validity);
    return OK;
}

struct result download_check(struct call *call, const struct approvals *approvals,
                             const struct signed_text *signed_text, int64_t not_after_s,
                             struct download_statement *ret_statement)
{
    static const char field[] = "statement1";
    const struct shape *shape = &download_statement_shape;
    struct download_statement d;
    struct replaced replaced = { 0 };
    int64_t time_s;
    if (!signed_text->text || failed(statement_read(shape, signed_text->text, call->arena, &d)))
        return refuse(call, ERROR_STATEMENT, field, "not a %s", shape->name);
    TRY(check_about(call, approvals, &d));
    TRY(find(call, d.certificate, &replaced));
    if (!text_equal(replaced.issued.card, d.card))
        return refuse(call, ERROR_CARD_HOLDER, field, "%s is on card %s", d.certificate, replaced.issued.card);
    if (signed_text->signature.len != SM2_SIGNATURE_SIZE ||
        failed(public_key_verify(&replaced.signing->key, bytes_text(signed_text->text), signed_text->signature.ptr)))
        return refuse(call, ERROR_SIGNATURE_INVALID, field, "in the name of %s", d.certificate);
    TRY(check_standing(call, &approvals->one, &replaced));
    TRY(evidence_time(call, call->signer->settings.produce_hours * 3600, field, d.time, &time_s));
    if (!policy_renews(&approvals->one) && not_after_s > replaced.standing->not_after_s)
        return refuse(call, ERROR_VALIDITY_UNFIT, "approval1", "validity %s: longer than what it replaces",
                      approvals->one.validity);
    TRY(check_reissue(call, &approvals->one, &replaced, not_after_s));
    *ret_statement = d;
    return OK;
}
