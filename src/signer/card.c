/* SIGNER_CARD: opens a fresh USBKey for production. SIGNER_OPERATOR_CARD: for an operator. */
#include "base/secret.h"
#include "pki/card_keys.h"
#include "signer/handlers.h"
#include "signer/policy.h"

struct result same_content(struct call *call, struct bytes content)
{
    if (!bytes_equal(content, BYTES(call->content)))
        return refuse(call, ERROR_REQUEST_REPEATED, "request", "other content under the same id");
    return OK;
}

static struct result answer_challenge(struct call *call, const char *card, struct bytes challenge,
                                      struct bytes *ret_answer)
{
    uint8_t key[CARD_KEY_SIZE], *answer = arena_take(call->arena, SM4_BLOCK);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    card_device_key(BYTES(call->signer->keys.transport), bytes_text(card), key);
    card_device_answer(key, challenge.ptr, answer);
    secret_wipe(key, sizeof key);
    *ret_answer = bytes_of(answer, SM4_BLOCK);
    return OK;
}

static struct result seal_admin(struct call *call, const char *card, const struct sm2_public *card_key,
                                struct bytes *ret_sealed)
{
    uint8_t key[CARD_KEY_SIZE], *sealed = arena_take(call->arena, CARD_ADMIN_SEALED_SIZE);
    ENSURE(sealed, ERROR_OUT_OF_ROOM);
    card_admin_key(BYTES(call->signer->keys.master), bytes_text(card), key);
    struct result r = card_admin_seal(card_key, MASTER_VERSION, key, &call->signer->drbg, sealed);
    secret_wipe(key, sizeof key);
    TRY(r);
    *ret_sealed = bytes_of(sealed, CARD_ADMIN_SEALED_SIZE);
    return OK;
}

struct result card_open(struct call *call, const struct card_opening *opening, struct signer_card_opened *ret_opened)
{
    struct signer_card_opened opened = { .master_version = MASTER_VERSION };
    size_t len = strlen(opening->card);
    if (len < 1 || len > CARD_SERIAL_MAX) return refuse(call, ERROR_CARD_OTHER, "card", "serial of %zu bytes", len);
    if (opening->challenge.len != CARD_CHALLENGE_SIZE)
        return refuse(call, ERROR_STATEMENT, "challenge", "%zu bytes", opening->challenge.len);
    TRY(answer_challenge(call, opening->card, opening->challenge, &opened.device_answer));
    const struct sm2_public *card_key = public_key_as_sm2(&opening->certificate->key);
    if (!card_key) return refuse(call, ERROR_CARD_OTHER, "card_certificate", "its key is not for SM2");
    TRY(seal_admin(call, opening->card, card_key, &opened.admin_sealed));
    *ret_opened = opened;
    return OK;
}

/* The card that the statement names is the one whose certificate came along. */
static struct result check_card(struct call *call, struct bytes card_certificate,
                                const struct card_statement *statement, struct card_opening *ret_opening)
{
    uint8_t hash[SM3_SIZE];
    struct bytes named;
    struct certificate *c;
    TRY(evidence_card(call, card_certificate, statement->card, &c));
    sm3_hash(card_certificate, hash);
    if (failed(text_from_hex(call->arena, statement->card_key, &named)) || !bytes_equal(named, BYTES(hash)))
        return refuse(call, ERROR_CARD_OTHER, "card_certificate", "not the one that was signed for");
    struct card_opening opening = { .card = statement->card, .certificate = c };
    if (failed(text_from_hex(call->arena, statement->challenge, &opening.challenge)))
        return refuse(call, ERROR_STATEMENT, "statement1", "challenge");
    *ret_opening = opening;
    return OK;
}

/* A statement opens a card once. */
static struct result check_unused(struct call *call, const char *field, const char *statement)
{
    if (index_has(call->signer->index, INDEX_STATEMENT, bytes_text(statement)))
        return refuse(call, ERROR_APPROVAL_USED, field, "opened before");
    return OK;
}

static struct result check_evidence(struct call *call, const struct signer_card *ask, struct card_opening *ret_opening)
{
    const struct signer_settings *settings = &call->signer->settings;
    const struct evidence_wants wants = { &card_statement_shape, ROLE_PRODUCER, settings->produce_hours * 3600 };
    const struct approvals_want want = { { { "approval1", ask->approval1, ask->approval_signature1 },
                                           { "approval2", ask->approval2, ask->approval_signature2 } },
                                         USED_ISSUE, false };
    const struct signed_text signed_text = { "statement1", ask->statement1, ask->signature1 };
    struct approvals approvals;
    struct card_statement statement;
    struct signatory by;
    TRY(evidence_approvals(call, &want, &approvals));
    TRY(policy_check(call, &approvals.one, POLICY_ISSUE));
    TRY(evidence_check(call, &wants, &signed_text, &statement, &by));
    if (!text_equal(statement.application, approvals.one.application))
        return refuse(call, ERROR_EVIDENCE_MISMATCH, "statement1", "application %s", statement.application);
    TRY(check_unused(call, "statement1", ask->statement1));
    return check_card(call, ask->card_certificate, &statement, ret_opening);
}

struct result handle_card(struct call *call, const void *ask, void *answer)
{
    const struct signer_card *a = ask;
    struct card_opening opening;
    struct signer_card_opened *opened = answer;
    int64_t index;
    TRY(check_evidence(call, a, &opening));
    TRY(card_open(call, &opening, opened));
    const struct journal_card record = { a->request, opening.card, a->statement1, a->signature1,
                                         opened->master_version, opened->admin_sealed, BYTES(call->content) };
    return signer_record(call->signer, JOURNAL_CARD, call->now_s, &journal_card_shape, &record, call->arena, &index);
}

/* The answer to the challenge in the statement TEXT is worked out anew. */
static struct result answer_again(struct call *call, const char *card, const char *text,
                                  struct signer_card_opened *opened)
{
    struct card_statement statement;
    struct bytes challenge;
    TRY(statement_read(&card_statement_shape, text, call->arena, &statement));
    TRY(text_from_hex(call->arena, statement.challenge, &challenge));
    return answer_challenge(call, card, challenge, &opened->device_answer);
}

struct result handle_card_again(struct call *call, uint64_t record, void *answer)
{
    struct signer_card_opened *opened = answer;
    struct journal_card r;
    TRY(signer_recall(call->signer, record, JOURNAL_CARD, &journal_card_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    opened->admin_sealed = r.admin_sealed;
    opened->master_version = r.master_version;
    return answer_again(call, r.card, r.statement, opened);
}

/* ---- for an operator ---- */

static struct result check_one(struct call *call, const struct signed_text *text,
                               struct card_statement *ret_statement, struct signatory *ret_by)
{
    const struct evidence_wants wants = { &card_statement_shape, ROLE_ADMINISTRATOR,
                                          call->signer->settings.produce_hours * 3600 };
    TRY(evidence_check(call, &wants, text, ret_statement, ret_by));
    if (!text_equal(ret_statement->application, OPERATOR_CARDS))
        return refuse(call, ERROR_EVIDENCE_MISMATCH, text->field, "application %s", ret_statement->application);
    return check_unused(call, text->field, text->text);
}

static struct result check_both(struct call *call, const struct signer_operator_card *ask,
                                struct card_opening *ret_opening)
{
    const struct signed_text texts[] = { { "statement1", ask->statement1, ask->signature1 },
                                         { "statement2", ask->statement2, ask->signature2 } };
    struct card_statement one, two;
    struct signatory a, b;
    TRY(check_one(call, &texts[0], &one, &a));
    TRY(check_one(call, &texts[1], &two, &b));
    if (!text_equal(one.card, two.card) || !text_equal(one.challenge, two.challenge) ||
        !text_equal(one.card_key, two.card_key))
        return refuse(call, ERROR_APPROVALS_DIFFER, "statement2", "card %s", one.card);
    if (operators_same(a.operator, b.operator))
        return refuse(call, ERROR_APPROVAL_SAME_PERSON, "statement2", "%s and %s", a.operator->serial,
                      b.operator->serial);
    return check_card(call, ask->card_certificate, &one, ret_opening);
}

struct result handle_operator_card(struct call *call, const void *ask, void *answer)
{
    const struct signer_operator_card *a = ask;
    struct card_opening opening;
    struct signer_card_opened *opened = answer;
    int64_t index;
    TRY(check_both(call, a, &opening));
    TRY(card_open(call, &opening, opened));
    const struct journal_operator_card record = { a->request, opening.card, a->statement1, a->signature1,
                                                  a->statement2, a->signature2, opened->master_version,
                                                  opened->admin_sealed, BYTES(call->content) };
    return signer_record(call->signer, JOURNAL_OPERATOR_CARD, call->now_s, &journal_operator_card_shape, &record,
                         call->arena, &index);
}

struct result handle_operator_card_again(struct call *call, uint64_t record, void *answer)
{
    struct signer_card_opened *opened = answer;
    struct journal_operator_card r;
    TRY(signer_recall(call->signer, record, JOURNAL_OPERATOR_CARD, &journal_operator_card_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    opened->admin_sealed = r.admin_sealed;
    opened->master_version = r.master_version;
    return answer_again(call, r.card, r.statement1, opened);
}
