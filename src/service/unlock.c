#include "service/unlock.h"

#include "base/fault.h"
#include "service/evidence.h"
#include "service/journal.h"

enum { ASK_MS = 20000 };

struct unlocking {
    const struct act *act;
    const char *number, *card;
    struct decision_row approval;
};

/* Approved, or done by this very approval: what the signer answered may have been lost. */
static struct result look(struct tx *tx, void *context)
{
    struct unlocking *u = context;
    const struct act *act = u->act;
    struct application_row row;
    struct certificate_row about;
    TRY(desk_load(tx, act, u->number, &row));
    bool approved = text_equal(row.state, state_name(STATE_APPROVED)) || text_equal(row.state, state_name(STATE_DONE));
    ENSURE(text_equal(row.service, kind_rule(KIND_UNLOCK)->name) && approved, ERROR_APPLICATION_STATE);
    struct key_row params = { .key = row.about };
    TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &params), act->arena, &certificate_row_shape,
               &about));
    ENSURE(text_equal(about.card, u->card), ERROR_UNLOCK_CARD);
    return evidence_latest(tx, act, row.number, "approve", &u->approval);
}

struct result unlock_answer(const struct act *act, const char *number, const char *card, struct bytes challenge,
                            struct bytes *ret_answer)
{
    struct unlocking u = { .act = act, .number = number, .card = card };
    struct ipc_call call = { SIGNER_UNLOCK, &signer_unlock_shape, &signer_unlocked_shape, -1, ASK_MS };
    struct signer_unlocked unlocked;
    TRY(store_read(act->service->store, look, &u));
    struct signer_unlock ask = { .approval1 = u.approval.statement, .approval_signature1 = u.approval.signature,
                                 .card = card, .challenge = challenge };
    /* One request for each approval: asked again it is the same one, and for another challenge it is refused. */
    TRY(id_parse(u.approval.nonce, &ask.request));
    TRY(journal_ask(act, &call, &ask, &unlocked));
    FAULT("web:unlocked");
    TRY(journal_catch_up(act, unlocked.index));
    *ret_answer = unlocked.answer;
    return OK;
}
