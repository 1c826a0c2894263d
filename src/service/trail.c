#include "service/trail.h"

#include "service/journal.h"
#include "store/audit_head.h"
#include "store/audit_trail.h"

enum {
    ARENA_MAX = 1024 * 1024,
    ASK_MS = 20000,
    STOP_MS = 3000,
    REFUSED = 0 /* in place of the index of a head's record, which is never the first */
};

struct round {
    struct act act;
    bool stops;
    struct audit_head_row last;
    bool due;
    struct audit_growth growth;
};

/* Whether enough happened since the last head. Where that was refused, only time counts. */
static struct result is_due(struct tx *tx, struct round *round, bool *ret_due)
{
    const struct audit_head_row *last = &round->last;
    struct tree_hash root;
    uint64_t size;
    *ret_due = round->stops || round->act.now_s - last->at_s >= TRAIL_EVERY_S;
    if (*ret_due || last->journal_index == REFUSED) return OK;
    TRY(audit_trail_head(tx, round->act.arena, &size, &root));
    *ret_due = (int64_t)size - last->size >= TRAIL_ENTRIES;
    return OK;
}

static struct result look(struct tx *tx, void *context)
{
    struct round *round = context;
    struct audit_head_row *last = &round->last;
    TRY(audit_head_last(tx, round->act.arena, last));
    TRY(is_due(tx, round, &round->due));
    if (!round->due) return OK;
    TRY(audit_head_growth(tx, last, round->act.arena, &round->growth));
    round->due = round->growth.size != last->size || !bytes_equal(BYTES(round->growth.root.b), last->root);
    return OK;
}

/* What was refused is refused again, and each refusal is journaled: not more often than heads are. */
static struct result put_off(struct round *round)
{
    round->last.at_s = round->act.now_s;
    round->last.journal_index = REFUSED;
    return store_change(round->act.service->store, STATEMENT_AUDIT_HEAD_CHANGE,
                        RECORD(audit_head_row_shape, &round->last));
}

static struct result work(struct service *service, bool stops)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct diag diag = { 0 };
    struct round round = { .act = service_act(service, arena, &diag), .stops = stops };
    struct ipc_call call = { SIGNER_TRAIL, &signer_trail_shape, &signer_trail_kept_shape, -1,
                             stops ? STOP_MS : ASK_MS };
    struct signer_trail_kept kept;
    /* While the signer is away nobody vouches. */
    if (!peers_there(service->peers, PEER_SIGNER, NULL)) return OK;
    TRY(store_read(service->store, look, &round));
    if (!round.due) return OK;
    const struct signer_trail ask = { stops, round.growth.size, BYTES(round.growth.root.b), round.growth.path };
    struct result r = journal_ask(&round.act, &call, &ask, &kept);
    if (r.code == ERROR_TRAIL_CUT || r.code == ERROR_TRAIL_FORK) TRY(put_off(&round));
    TRY(r);
    return kept.index > 0 ? journal_catch_up(&round.act, kept.index) : OK;
}

struct result trail_work(struct service *service, size_t *ret_count)
{
    *ret_count = 0;
    return work(service, false);
}

struct result trail_stop(struct service *service)
{
    return work(service, true);
}
