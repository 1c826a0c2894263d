#include "service/trail.h"

#include "service/journal.h"
#include "store/audit_head.h"

enum { ARENA_MAX = 1024 * 1024, ASK_MS = 20000 };

struct round {
    struct act act;
    struct audit_head_row last;
    bool due;
    struct audit_growth growth;
};

static struct result look(struct tx *tx, void *context)
{
    struct round *round = context;
    struct audit_head_row *last = &round->last;
    TRY(audit_head_last(tx, round->act.arena, last));
    round->due = false;
    if (round->act.now_s - last->at_s < TRAIL_EVERY_S) return OK;
    TRY(audit_head_growth(tx, last, round->act.arena, &round->growth));
    round->due = round->growth.size != last->size || !bytes_equal(BYTES(round->growth.root.b), last->root);
    return OK;
}

/* What was refused is refused again, and each refusal is journaled: not more often than heads are. */
static struct result put_off(struct round *round)
{
    round->last.at_s = round->act.now_s;
    return store_change(round->act.service->store, STATEMENT_AUDIT_HEAD_CHANGE,
                        RECORD(audit_head_row_shape, &round->last));
}

struct result trail_work(struct service *service, size_t *ret_count)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct diag diag = { 0 };
    struct round round = { .act = service_act(service, arena, &diag) };
    struct ipc_call call = { SIGNER_TRAIL, &signer_trail_shape, &signer_trail_kept_shape, -1, ASK_MS };
    struct signer_trail_kept kept;
    *ret_count = 0;
    /* While the signer is away nobody vouches. */
    if (!peers_there(service->peers, PEER_SIGNER, NULL)) return OK;
    TRY(store_read(service->store, look, &round));
    if (!round.due) return OK;
    const struct signer_trail ask = { round.growth.size, BYTES(round.growth.root.b), round.growth.path };
    struct result r = journal_ask(&round.act, &call, &ask, &kept);
    if (r.code == ERROR_TRAIL_CUT || r.code == ERROR_TRAIL_FORK) TRY(put_off(&round));
    TRY(r);
    return kept.index > 0 ? journal_catch_up(&round.act, kept.index) : OK;
}
