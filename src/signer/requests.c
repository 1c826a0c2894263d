#include "signer/requests.h"

#include <stdio.h>

#include "signer/handlers.h"

#define EVIDENCE true

const struct request requests[] = {
    { SIGNER_BEGIN, "begin", PHASE_EMPTY, true, false, &signer_begin_shape, &signer_state_shape, handle_begin, NULL },
    { SIGNER_PREPARE, "prepare", PHASE_EMPTY, true, false, &signer_begin_shape, &signer_prepared_shape, handle_prepare,
      NULL },
    { SIGNER_FIRST_CARD, "first-card", PHASE_SETUP, false, false, &signer_first_card_shape, &signer_card_opened_shape,
      handle_first_card, NULL },
    { SIGNER_FIRST_OPERATOR, "first-operator", PHASE_SETUP, false, false, &signer_first_operator_shape,
      &signer_operator_done_shape, handle_first_operator, NULL },
    { SIGNER_SEAL, "seal", PHASE_SETUP, true, false, NULL, &signer_state_shape, handle_seal, NULL },
    { SIGNER_STATE, "state", PHASE_HELLO | PHASE_SERVING, false, EVIDENCE, &signer_peer_shape, &signer_state_shape,
      handle_state, NULL },
    { SIGNER_JOURNAL, "journal", PHASE_SERVING, false, false, &signer_range_shape, &signer_entries_shape,
      handle_journal, NULL },
    { SIGNER_PROOF, "proof", PHASE_SERVING, false, false, &signer_range_shape, &signer_proof_shape, handle_proof,
      NULL },
    { SIGNER_CONSISTENCY, "consistency", PHASE_SERVING, false, false, &signer_range_shape, &signer_consistency_shape,
      handle_consistency, NULL },
    { SIGNER_STATUS, "status", PHASE_SERVING, false, false, &signer_status_shape, &signer_status_told_shape,
      handle_status, NULL },
    { SIGNER_TRAIL, "trail", PHASE_SERVING, false, EVIDENCE, &signer_trail_shape, &signer_trail_kept_shape,
      handle_trail, NULL },
    { SIGNER_ENDS, "ends", PHASE_SERVING, false, false, NULL, &signer_ends_shape, handle_ends, NULL },
    { SIGNER_CARD, "card", PHASE_SERVING, false, EVIDENCE, &signer_card_shape, &signer_card_opened_shape, handle_card,
      handle_card_again, JOURNAL_CARD },
    { SIGNER_OPERATOR_CARD, "operator-card", PHASE_SERVING, false, EVIDENCE, &signer_operator_card_shape,
      &signer_card_opened_shape, handle_operator_card, handle_operator_card_again, JOURNAL_OPERATOR_CARD },
    { SIGNER_ISSUE, "issue", PHASE_SERVING, false, EVIDENCE, &signer_issue_shape, &signer_issued_shape, handle_issue,
      handle_issue_again, JOURNAL_ISSUED },
    { SIGNER_REVOKE, "revoke", PHASE_SERVING, false, EVIDENCE, &signer_revoke_shape, &signer_revoked_shape,
      handle_revoke, handle_revoke_again, JOURNAL_REVOKED },
    { SIGNER_OPERATOR, "operator", PHASE_SERVING, false, EVIDENCE, &signer_operator_shape,
      &signer_operator_done_shape, handle_operator, handle_operator_again, JOURNAL_OPERATOR },
    { SIGNER_UNLOCK, "unlock", PHASE_SERVING, false, EVIDENCE, &signer_unlock_shape, &signer_unlocked_shape,
      handle_unlock, handle_unlock_again, JOURNAL_UNLOCKED },
    { SIGNER_RECOVER, "recover", PHASE_SERVING, false, EVIDENCE, &signer_recover_shape, &signer_recovered_shape,
      handle_recover, handle_recover_again, JOURNAL_RECOVERED },
    { SIGNER_HOLD, "hold", PHASE_SERVING, false, EVIDENCE, &signer_hold_shape, &signer_held_shape, handle_hold,
      handle_hold_again, JOURNAL_HELD },
    { SIGNER_HOLD_FOR, "hold-for", PHASE_SERVING, false, EVIDENCE, &signer_hold_for_shape, &signer_held_shape,
      handle_hold_for, handle_hold_for_again, JOURNAL_HELD_FOR },
    { SIGNER_RELEASE, "release", PHASE_SERVING, false, EVIDENCE, &signer_release_shape, &signer_released_shape,
      handle_release, handle_release_again, JOURNAL_RELEASED },
    { SIGNER_RECEIVE, "receive", PHASE_SERVING, false, EVIDENCE, &signer_receive_shape, &signer_received_shape,
      handle_receive, handle_receive_again, JOURNAL_RECEIVED },
    { SIGNER_CUSTODY, "custody", PHASE_SERVING, false, EVIDENCE, &signer_custody_shape, &signer_custody_done_shape,
      handle_custody, handle_custody_again, JOURNAL_CUSTODY },
    { SIGNER_JUDICIAL, "judicial", PHASE_SERVING, false, EVIDENCE, &signer_judicial_shape,
      &signer_judicial_opened_shape, handle_judicial, handle_judicial_again, JOURNAL_JUDICIAL },
};
const size_t requests_count = COUNT(requests);
_Static_assert(COUNT(requests) <= 64, "a bit each");

/* ---- finding and reading ---- */

static uint64_t bit_of(const struct request *request)
{
    return UINT64_C(1) << (request - requests);
}

static const struct request *find(const struct call *call, uint64_t done)
{
    for (size_t i = 0; i < COUNT(requests); i++) {
        const struct request *r = &requests[i];
        if (r->type != call->type) continue;
        return (r->phases & call->signer->phase) && !(r->once && (done & bit_of(r))) ? r : NULL;
    }
    return NULL;
}

static struct result read_ask(struct call *call, const struct request *request, struct bytes body, void **ret_ask)
{
    struct reader r = reader_of(body);
    void *ask = request->ask ? arena_take(call->arena, request->ask->size) : NULL;
    if (request->ask) {
        ENSURE(ask, ERROR_OUT_OF_ROOM);
        TRY(shape_read(request->ask, &r, call->arena, ask));
    }
    TRY(reader_end(&r));
    *ret_ask = ask;
    return OK;
}

static void content_of(struct call *call, struct bytes body)
{
    uint8_t type[2];
    struct writer w = writer_of(type, sizeof type);
    struct sm3 sm3;
    write_u16(&w, call->type);
    sm3_init(&sm3);
    sm3_update(&sm3, BYTES(type));
    sm3_update(&sm3, body);
    sm3_final(&sm3, call->content);
}

/* ---- doing ---- */

/* Of requests that can be repeated, the id is the first field. */
static struct result work(struct call *call, const struct request *request, const void *ask, void *answer)
{
    struct index_value before;
    if (request->again) {
        const struct id *id = ask;
        if (id_empty(id)) return refuse(call, ERROR_MALFORMED, "request", "no id");
        if (index_find(call->signer->index, INDEX_REQUEST, BYTES(id->b), &before)) {
            if (before.note != request->record)
                return refuse(call, ERROR_REQUEST_REPEATED, "request", "of another kind before");
            return request->again(call, before.record, answer);
        }
        if (call->now_s < ledger_last_time(call->signer->journal))
            return refuse(call, ERROR_CLOCK, "", "%lld is before the last record", (long long)call->now_s);
    }
    return request->handle(call, ask, answer);
}

/* Text as it may stand in a record: at most MAX bytes, whole characters, none that shape_read refuses. */
static const char *clean(struct arena *arena, const char *text, size_t max)
{
    size_t len = strlen(text);
    if (len > max) len = max;
    while (len > 0 && len < strlen(text) && ((unsigned char)text[len] & 0xC0) == 0x80) len--;
    while (len > 0 && !text_lines(bytes_of(text, len))) len--;
    return arena_text(arena, bytes_of(text, len));
}

/* A record of what was refused; LEFT_OUT others were not recorded before it. */
static struct result record_refusal(struct call *call, enum journal_record kind, const struct id *id, enum error error)
{
    enum { DETAIL_MAX = 1000, APPLICATION_MAX = 64 };
    struct signer *s = call->signer;
    char detail[DIAG_TEXT_MAX + DIAG_FIELD_MAX + 64];
    int64_t index;
    /* A record before its predecessor would be a lie; the log has it. */
    if (call->now_s < ledger_last_time(s->journal) || !hourly_allow(&s->refusals, call->now_s)) return OK;
    snprintf(detail, sizeof detail, "%s%s%s", call->diag->field, call->diag->field[0] ? ": " : "", call->diag->log);
    if (s->refusals.left_out > 0) {
        size_t len = strlen(detail);
        snprintf(detail + len, sizeof detail - len, " (%llu before it left out)",
                 (unsigned long long)s->refusals.left_out);
        s->refusals.left_out = 0;
    }
    const struct journal_refused r = {
        .request = id ? *id : (struct id){ { 0 } },
        .type = call->type,
        .error = error,
        .application = call->application ? clean(call->arena, call->application, APPLICATION_MAX) : NULL,
        .detail = clean(call->arena, detail, DETAIL_MAX),
    };
    return signer_record(s, kind, call->now_s, &journal_refused_shape, &r, call->arena, &index);
}

static struct result broke(struct call *call, enum error error, struct outcome *ret_outcome)
{
    *ret_outcome = (struct outcome){ .result = FAIL(ERROR_PEER_BROKE) };
    if (call->signer->phase == PHASE_EMPTY) return OK; /* the first record is JOURNAL_BEGIN */
    return record_refusal(call, JOURNAL_CLOSED, NULL, error);
}

struct result requests_do(struct call *call, struct bytes body, uint64_t *done, struct outcome *ret_outcome)
{
    void *ask;
    const struct request *request = find(call, *done);
    if (!request) {
        (void)refuse(call, ERROR_PEER_BROKE, "", "message %#x in phase %d", call->type, (int)call->signer->phase);
        return broke(call, ERROR_PEER_BROKE, ret_outcome);
    }
    struct result r = read_ask(call, request, body, &ask);
    if (failed(r)) {
        (void)refuse(call, r.code, "", "%s is malformed", request->name);
        return broke(call, r.code, ret_outcome);
    }
    void *answer = arena_take(call->arena, request->answer->size);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    content_of(call, body);
    r = work(call, request, ask, answer);
    if (r.code == ERROR_JOURNAL_WRITE || r.code == ERROR_JOURNAL_DAMAGED) return r;
    *ret_outcome = (struct outcome){ request, r, answer };
    if (hsm_failed(r) && call->signer->hsm) IGNORE(diag_log(call->diag, r.code, "%s", hsm_words(call->signer->hsm)));
    if (!failed(r)) *done |= bit_of(request);
    if (!failed(r) || !request->evidence) return OK;
    return record_refusal(call, JOURNAL_REFUSED, request->again ? ask : NULL, r.code);
}
