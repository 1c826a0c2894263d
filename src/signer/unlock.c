/* SIGNER_UNLOCK: an approval unlocks one USBKey of its holder once; that of a change of holder lets the new one take
 * over the USBKey of the former, whose certificate it has revoked, without a PIN (R-CHANGE-2). */
#include "base/secret.h"
#include "pki/card_keys.h"
#include "signer/handlers.h"
#include "signer/policy.h"

/* The last certificate on CARD is the approval's holder's and not revoked, or was revoked by it where the USBKey
 * passes; and the card was not opened anew since. */
static struct result check_holder(struct call *call, const struct approve_statement *approval, const char *card,
                                  bool passes)
{
    const struct index *index = call->signer->index;
    struct index_value issued, opened, standing;
    struct journal_issued record;
    struct certificate *c;
    bool good = index_find(index, INDEX_HOLDING, bytes_text(card), &issued) &&
                index_find(index, INDEX_CARD, bytes_text(card), &opened) && opened.record < issued.record;
    if (!good) return refuse(call, ERROR_CARD_HOLDER, "card", "%s holds no certificate", card);
    TRY(signer_recall(call->signer, issued.record, JOURNAL_ISSUED, &journal_issued_shape, call->arena, &record));
    TRY(certificate_parse(record.signing_certificate, call->arena, &c));
    const char *serial = certificate_serial_text(c, call->arena);
    ENSURE(serial, ERROR_OUT_OF_ROOM);
    good = index_find(index, INDEX_CERTIFICATE, bytes_text(serial), &standing) &&
           (passes ? evidence_lists(approval->revokes, serial) && standing.note == STANDING_REVOKED
                   : text_equal(record.holder, approval->holder) && standing.note != STANDING_REVOKED);
    if (!good) return refuse(call, ERROR_CARD_HOLDER, "card", "%s: another holder, or revoked", card);
    return OK;
}

/* The version of the master key that the card's administrator key comes from: as it was opened. */
static struct result master_version(struct call *call, const char *card, int64_t *ret_version)
{
    struct index_value opened;
    struct journal_card record;
    ENSURE(index_find(call->signer->index, INDEX_CARD, bytes_text(card), &opened), ERROR_JOURNAL_DAMAGED);
    TRY(signer_recall(call->signer, opened.record, JOURNAL_CARD, &journal_card_shape, call->arena, &record));
    ENSURE(record.master_version == MASTER_VERSION, ERROR_CA_KEYS);
    *ret_version = record.master_version;
    return OK;
}

static struct result answer_challenge(struct call *call, const struct journal_unlocked *r, bool passes,
                                      struct signer_unlocked *ret_unlocked)
{
    uint8_t key[CARD_KEY_SIZE], approval[SM3_SIZE], *answer = arena_take(call->arena, CARD_UNLOCK_ANSWER_SIZE);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    sm3_hash(bytes_text(r->approval1), approval);
    card_admin_key(BYTES(call->signer->keys.master), bytes_text(r->card), key);
    if (passes) card_pass_answer(key, bytes_text(r->card), r->challenge.ptr, approval, answer);
    else card_unlock_answer(key, bytes_text(r->card), r->challenge.ptr, approval, answer);
    secret_wipe(key, sizeof key);
    ret_unlocked->answer = bytes_of(answer, CARD_UNLOCK_ANSWER_SIZE);
    return OK;
}

struct result handle_unlock(struct call *call, const void *ask, void *answer)
{
    const struct signer_unlock *a = ask;
    struct signer_unlocked *unlocked = answer;
    const struct approvals_want want = { { { "approval1", a->approval1, a->approval_signature1 },
                                           { "approval2", a->approval2, a->approval_signature2 } },
                                         USED_UNLOCK, false };
    struct approvals approvals;
    TRY(evidence_approvals(call, &want, &approvals));
    bool passes = policy_has(approvals.one.service, POLICY_PASS);
    if (!passes) TRY(policy_check(call, &approvals.one, POLICY_UNLOCK));
    size_t len = a->card ? strlen(a->card) : 0;
    if (len < 1 || len > CARD_SERIAL_MAX || a->challenge.len != CARD_UNLOCK_CHALLENGE_SIZE)
        return refuse(call, ERROR_CARD_HOLDER, "card", "card or challenge are none");
    TRY(check_holder(call, &approvals.one, a->card, passes));
    struct journal_unlocked r = {
        .request = a->request,
        .application = approvals.one.application,
        .holder = approvals.one.holder,
        .card = a->card,
        .challenge = a->challenge,
        .approval1 = a->approval1, .approval_signature1 = a->approval_signature1,
        .approval2 = a->approval2, .approval_signature2 = a->approval_signature2,
        .content = BYTES(call->content),
    };
    TRY(master_version(call, a->card, &r.master_version));
    TRY(answer_challenge(call, &r, passes, unlocked));
    return signer_record(call->signer, JOURNAL_UNLOCKED, call->now_s, &journal_unlocked_shape, &r, call->arena,
                         &unlocked->index);
}

struct result handle_unlock_again(struct call *call, uint64_t record, void *answer)
{
    struct signer_unlocked *unlocked = answer;
    struct journal_unlocked r;
    TRY(signer_recall(call->signer, record, JOURNAL_UNLOCKED, &journal_unlocked_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    struct approve_statement approval;
    TRY(statement_read(&approve_statement_shape, r.approval1, call->arena, &approval));
    unlocked->index = (int64_t)record;
    return answer_challenge(call, &r, policy_has(approval.service, POLICY_PASS), unlocked);
}
