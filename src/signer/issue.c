/* SIGNER_ISSUE: the pair of certificates for a USBKey. Everything that stands in them comes from what reviewers
 * approved and from the key that the card made; the request adds nothing. */
#include "base/fault.h"
#include "pki/card_keys.h"
#include "pki/issue.h"
#include "pki/published.h"
#include "signer/download.h"
#include "signer/former.h"
#include "signer/handlers.h"
#include "signer/policy.h"
#include "signer/revocation.h"

/* The request, checked. */
struct order {
    const struct signer_issue *ask;
    struct approvals approvals;
    bool download;                /* by the key on record, not by a producer */
    struct attest_statement made; /* what is to be certified: card, container, key */
    const char *attestation;      /* hex */
    struct sm2_public key;        /* the signing key of the new pair */
    int64_t not_after_s;
    struct former former;         /* what a replacement takes the place of */
    struct revocation revocation; /* what the approval says to revoke and is not yet */
};

/* ---- evidence ---- */

static struct result check_approval(struct call *call, struct order *order)
{
    const struct signer_issue *ask = order->ask;
    const struct approvals_want want = { { { "approval1", ask->approval1, ask->approval_signature1 },
                                           { "approval2", ask->approval2, ask->approval_signature2 } },
                                         USED_ISSUE, false };
    const struct approve_statement *approval = &order->approvals.one;
    TRY(evidence_approvals(call, &want, &order->approvals));
    order->download = policy_has(approval->service, POLICY_DOWNLOAD);
    if (!order->download) TRY(policy_check(call, approval, POLICY_ISSUE));
    bool fits = text_equal(approval->profile, APPROVE_PROFILE) || evidence_keeps(approval);
    if (!text_equal(approval->medium, "usbkey") || !fits)
        return refuse(call, ERROR_APPROVAL_UNFIT, "approval1", "medium %s, profile %s", approval->medium,
                      approval->profile);
    return policy_validity(call, approval, &order->not_after_s);
}

static struct result check_produce(struct call *call, struct order *order)
{
    const struct signer_settings *settings = &call->signer->settings;
    const struct evidence_wants wants = { &produce_statement_shape, ROLE_PRODUCER, settings->produce_hours * 3600 };
    const struct signed_text signed_text = { "statement1", order->ask->statement1, order->ask->signature1 };
    struct produce_statement statement;
    const struct produce_statement *p = &statement;
    struct signatory by;
    struct bytes approval;
    TRY(evidence_check(call, &wants, &signed_text, &statement, &by));
    for (size_t i = 0; i < order->approvals.count; i++)
        if (settings->producer_apart && operators_same(by.operator, order->approvals.by[i].operator))
            return refuse(call, ERROR_PRODUCER_REVIEWED, "statement1", "%s", by.operator->serial);
    if (!text_equal(p->application, order->approvals.one.application))
        return refuse(call, ERROR_EVIDENCE_MISMATCH, "statement1", "application %s", p->application);
    if (failed(text_from_hex(call->arena, p->approval, &approval)) ||
        !bytes_equal(approval, BYTES(order->approvals.by[0].hash)))
        return refuse(call, ERROR_EVIDENCE_MISMATCH, "statement1", "for another approval");
    if (!text_equal(p->delivery, PRODUCE_POST))
        return refuse(call, ERROR_STATEMENT, "statement1", "delivery %s", p->delivery);
    order->made = (struct attest_statement){ p->card, CARD_CONTAINER, p->public_key };
    order->attestation = p->attestation;
    return OK;
}

static struct result check_download(struct call *call, struct order *order)
{
    const struct signed_text signed_text = { "statement1", order->ask->statement1, order->ask->signature1 };
    struct download_statement d;
    TRY(download_check(call, &order->approvals, &signed_text, order->not_after_s, &d));
    order->made = (struct attest_statement){ d.card, d.container, d.public_key };
    order->attestation = d.attestation;
    return OK;
}

/* The last opening of the card was for this application. */
static struct result check_opened(struct call *call, const struct order *order)
{
    const char *card = order->made.card;
    struct index_value value;
    struct journal_card opened;
    struct card_statement statement;
    if (!index_find(call->signer->index, INDEX_CARD, bytes_text(card), &value))
        return refuse(call, ERROR_CARD_NOT_OPENED, "statement1", "card %s", card);
    if (value.note != JOURNAL_CARD)
        return refuse(call, ERROR_CARD_NOT_OPENED, "statement1", "card %s was opened for an operator", card);
    TRY(signer_recall(call->signer, value.record, JOURNAL_CARD, &journal_card_shape, call->arena, &opened));
    if (!opened.statement) return refuse(call, ERROR_CARD_NOT_OPENED, "statement1", "card %s is an operator's", card);
    TRY(statement_read(&card_statement_shape, opened.statement, call->arena, &statement));
    if (!text_equal(statement.application, order->approvals.one.application))
        return refuse(call, ERROR_CARD_NOT_OPENED, "statement1", "card %s: for %s", card, statement.application);
    return OK;
}

static struct result check_key(struct call *call, struct order *order)
{
    const struct signer_issue *ask = order->ask;
    const struct attest_statement *made = &order->made;
    struct certificate *card;
    struct bytes attestation;
    TRY(evidence_card(call, ask->card_certificate, made->card, &card));
    if (failed(text_from_hex(call->arena, order->attestation, &attestation))) attestation = (struct bytes){ 0 };
    TRY(evidence_attestation(call, card, made, attestation));
    TRY(evidence_fresh_key(call, made->public_key, &order->key));
    if (ask->possession.len != SM2_SIGNATURE_SIZE ||
        failed(sm2_verify(&order->key, bytes_text(ask->statement1), ask->possession.ptr)))
        return refuse(call, ERROR_POSSESSION, "possession", "card %s", made->card);
    return OK;
}

static struct result check(struct call *call, struct order *order)
{
    TRY(check_approval(call, order));
    if (order->download) {
        TRY(check_download(call, order));
    } else {
        TRY(check_produce(call, order));
        TRY(check_opened(call, order));
    }
    TRY(check_key(call, order));
    const struct signed_text former = { "former", order->ask->former, order->ask->former_signature };
    TRY(former_check(call, &order->approvals, &former, &order->former));
    return revocation_check(call, &order->approvals, &order->revocation);
}

/* ---- certificates ---- */

static struct result certify(struct call *call, const struct order *order, const struct profile *profile,
                             const struct sm2_public *key, struct bytes *ret_der)
{
    const struct signer *s = call->signer;
    const struct signer_settings *settings = &s->settings;
    const struct approve_statement *a = &order->approvals.one;
    const char *crl_url;
    /* It is the next on the roll, and so on this partition's list. */
    TRY(published_crl_url(settings->crl_url, (int64_t)(roll_count(s->roll) / ROLL_PARTITION), call->arena, &crl_url));
    const struct certificate_fields fields = {
        .subject = { .country = "CN", .organization = a->organization_name, .serial_number = a->holder,
                     .common_name = a->holder_name },
        .key = public_key_sm2(key),
        .not_before_s = call->now_s,
        .not_after_s = order->not_after_s,
        .credit_code = a->organization,
        .crl_url = crl_url,
        .ocsp_url = settings->ocsp_url,
        .ca_url = settings->ca_url,
        .policy = settings->policy,
        .credit_oid = settings->credit_oid,
        .credit_utf8 = settings->credit_utf8,
    };
    const struct issuance issuance = { profile, &fields, s->authority.issuing, s->keys.issuing_ca };
    return certificate_issue(&issuance, &call->signer->drbg, call->arena, call->diag, ret_der);
}

static struct result make_pair(struct call *call, const struct order *order, struct signer_issued *ret_issued)
{
    struct key_centre_pair pair;
    const struct approve_statement *a = &order->approvals.one;
    const struct key_centre_order centre_order = { &order->key, a->holder, a->application };
    /* First, so that no pair of the key centre is spent where the CA's key is not at hand. */
    TRY(certify(call, order, &profile_holder_signing, &order->key, &ret_issued->signing_certificate));
    TRY(key_centre_take(call->signer->centre, &centre_order, &pair));
    TRY(certify(call, order, &profile_holder_encryption, &pair.public, &ret_issued->encryption_certificate));
    ret_issued->enveloped_key = arena_bytes(call->arena, BYTES(pair.enveloped));
    ENSURE(ret_issued->enveloped_key.ptr, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result record(struct call *call, const struct order *order, struct signer_issued *issued)
{
    const struct signer_issue *ask = order->ask;
    const struct journal_issued r = {
        .request = ask->request,
        .application = order->approvals.one.application,
        .holder = order->approvals.one.holder,
        .card = order->made.card,
        .approval1 = ask->approval1, .approval_signature1 = ask->approval_signature1,
        .approval2 = ask->approval2, .approval_signature2 = ask->approval_signature2,
        .produce = ask->statement1, .produce_signature = ask->signature1,
        .signing_certificate = issued->signing_certificate,
        .encryption_certificate = issued->encryption_certificate,
        .enveloped_key = issued->enveloped_key,
        .content = BYTES(call->content),
    };
    return signer_record(call->signer, JOURNAL_ISSUED, call->now_s, &journal_issued_shape, &r, call->arena,
                         &issued->index);
}

struct result handle_issue(struct call *call, const void *ask, void *answer)
{
    struct order order = { .ask = ask };
    struct signer_issued *issued = answer;
    TRY(check(call, &order));
    TRY(make_pair(call, &order, issued));
    FAULT("signer:certified");
    /* What it replaces is revoked at the latest now, also when nobody asked for it before. */
    if (order.revocation.serials) TRY(revocation_record(call, NULL, &order.revocation, NULL));
    TRY(former_record(call, &order.approvals, &order.former));
    return record(call, &order, issued);
}

struct result handle_issue_again(struct call *call, uint64_t index, void *answer)
{
    struct signer_issued *issued = answer;
    struct journal_issued r;
    TRY(signer_recall(call->signer, index, JOURNAL_ISSUED, &journal_issued_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    issued->signing_certificate = r.signing_certificate;
    issued->encryption_certificate = r.encryption_certificate;
    issued->enveloped_key = r.enveloped_key;
    issued->index = (int64_t)index;
    return OK;
}
