#include "service/unlock.h"

#include "base/fault.h"
#include "crypto/sm3.h"
#include "service/evidence.h"
#include "service/journal.h"

enum { ASK_MS = 20000 };

struct unlocking {
    const struct act *act;
    const char *number, *card;
    struct decision_row approval, second; /* SECOND is empty where one is enough */
    bool passes;
};

/* Approved, or done by this very approval: what the signer answered may have been lost. */
static struct result look(struct tx *tx, void *context)
{
    struct unlocking *u = context;
    const struct act *act = u->act;
    struct application_row row;
    struct certificate_row about;
    TRY(desk_load(tx, act, u->number, &row));
    bool approved = text_equal(row.state, state_name(STATE_APPROVED));
    bool done = text_equal(row.state, state_name(STATE_DONE));
    bool passes = u->passes = text_equal(row.service, kind_rule(KIND_CHANGE)->name);
    ENSURE(!passes || act->kind != ACTOR_HOLDER || id_equal(&row.successor, &act->account), ERROR_NOT_PERMITTED);
    ENSURE(passes ? approved : text_equal(row.service, kind_rule(KIND_UNLOCK)->name) && (approved || done),
           ERROR_APPLICATION_STATE);
    struct key_row params = { .key = row.about };
    TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &params), act->arena, &certificate_row_shape,
               &about));
    ENSURE(text_equal(about.card, u->card), ERROR_UNLOCK_CARD);
    TRY(evidence_latest(tx, act, row.number, "approve", &u->approval));
    u->second = (struct decision_row){ 0 };
    return passes && row.keep_encryption ? evidence_second(tx, act, &u->approval, &u->second) : OK;
}

/* One request for each approval: asked again it is the same one, and for another challenge it is refused. That of a
 * change of holder has been one for the revocation before. */
static struct result request_of(const struct unlocking *u, struct id *ret_id)
{
    uint8_t hash[SM3_SIZE];
    struct sm3 sm3;
    if (!u->passes) return id_parse(u->approval.nonce, ret_id);
    sm3_init(&sm3);
    sm3_update(&sm3, bytes_text("pass"));
    sm3_update(&sm3, bytes_text(u->approval.nonce));
    sm3_final(&sm3, hash);
    memcpy(ret_id->b, hash, sizeof ret_id->b);
    return OK;
}

struct result unlock_answer(const struct act *act, const char *number, const char *card, struct bytes challenge,
                            struct bytes *ret_answer)
{
    struct unlocking u = { .act = act, .number = number, .card = card };
    struct ipc_call call = { SIGNER_UNLOCK, &signer_unlock_shape, &signer_unlocked_shape, -1, ASK_MS };
    struct signer_unlocked unlocked;
    TRY(store_read(act->service->store, look, &u));
    struct signer_unlock ask = { .approval1 = u.approval.statement, .approval_signature1 = u.approval.signature,
                                .approval2 = u.second.statement, .approval_signature2 = u.second.signature,
                                 .card = card, .challenge = challenge };
    TRY(request_of(&u, &ask.request));
    TRY(journal_ask(act, &call, &ask, &unlocked));
    FAULT("web:unlocked");
    TRY(journal_catch_up(act, unlocked.index));
    *ret_answer = unlocked.answer;
    return OK;
}
