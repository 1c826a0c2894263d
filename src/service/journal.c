#include "service/journal.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/fault.h"
#include "service/authority.h"
#include "service/journal_apply.h"

enum { ARENA_MAX = 1024 * 1024, BATCH_ARENA_MAX = 8 * 1024 * 1024, BATCHES_MAX = 100000 };

struct journal {
    pthread_mutex_t lock; /* held by the one who reads */
};

struct journal *journal_new(void)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal) abort();
    pthread_mutex_init(&journal->lock, NULL);
    return journal;
}

void journal_free(struct journal *journal)
{
    if (!journal) return;
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

/* ---- asking: through the peers, or through a connection that is only just being greeted ---- */

struct asker {
    const struct act *act;
    struct ipc_client *client; /* NULL: through the peers */
};

static struct result ask(const struct asker *asker, const struct ipc_call *call, const void *record, void *ret_answer)
{
    const struct act *act = asker->act;
    if (asker->client) return ipc_ask(asker->client, call, record, act->arena, act->diag, ret_answer, NULL);
    return journal_ask(act, call, record, ret_answer);
}

struct result journal_ask(const struct act *act, const struct ipc_call *call, const void *record, void *ret_answer)
{
    struct peers *peers = act->service->peers;
    enum error why = ERROR_NONE;
    struct result r = peers_ask(peers, PEER_SIGNER, call, record, act->arena, act->diag, ret_answer, NULL);
    if (failed(r) && !peers_there(peers, PEER_SIGNER, &why) && why == ERROR_JOURNAL_MISMATCH)
        return FAIL(ERROR_ISSUING_CLOSED);
    return r;
}

/* ---- where the database stands ---- */

static struct result position(struct store *store, struct arena *arena, struct journal_position_row *ret_row)
{
    struct journal_position_row row = { .id = 1 };
    struct result r = store_one(store, STATEMENT_JOURNAL_POSITION_GET, NO_PARAMS, arena, &journal_position_row_shape,
                                &row);
    if (failed(r) && r.code != ERROR_NOT_FOUND) return r;
    *ret_row = row;
    return OK;
}

/* Keeps the root that the signer told of exactly what is applied: with it the journal is recognized next time. */
struct rooting {
    const struct signer_state *state;
    struct arena *arena;
};

static struct result keep_root(struct tx *tx, void *context)
{
    const struct rooting *r = context;
    struct journal_position_row row;
    TRY(tx_one(tx, STATEMENT_JOURNAL_POSITION_GET, NO_PARAMS, r->arena, &journal_position_row_shape, &row));
    if (row.size != r->state->size || row.root_size == row.size) return OK;
    row.root_size = r->state->size;
    row.root = r->state->root;
    return tx_run(tx, STATEMENT_JOURNAL_POSITION_UPDATE, RECORD(journal_position_row_shape, &row), NULL);
}

static struct result ask_state(const struct asker *asker, const struct journal_position_row *ours,
                               struct signer_state *ret_state)
{
    struct signer_peer peer = { .size = ours->root_size, .root = ours->root_size ? ours->root : (struct bytes){ 0 } };
    struct ipc_call call = { SIGNER_STATE, &signer_peer_shape, &signer_state_shape, -1, JOURNAL_ASK_MS };
    struct signer_state state;
    TRY(ask(asker, &call, &peer, &state));
    /* Behind, its records say how it came to another incarnation; with all of them applied, both are in the same. */
    bool same = ours->size == 0 || ours->size < state.size || id_equal(&ours->incarnation, &state.incarnation);
    if (!same || state.size < ours->size)
        return diag_log(asker->act->diag, ERROR_JOURNAL_MISMATCH, "%lld records are applied, the journal has %lld%s",
                        (long long)ours->size, (long long)state.size, same ? "" : " of another incarnation");
    *ret_state = state;
    return OK;
}

/* ---- reading on ---- */

/* One batch from FROM on; RET_SIZE: how far the database is then, RET_END: how far the journal. */
static struct result take_batch(const struct asker *asker, int64_t from, int64_t *ret_size, int64_t *ret_end)
{
    struct signer_range range = { from, JOURNAL_BATCH };
    struct ipc_call call = { SIGNER_JOURNAL, &signer_range_shape, &signer_entries_shape, -1, JOURNAL_ASK_MS };
    struct signer_entries entries;
    TRY(ask(asker, &call, &range, &entries));
    ENSURE(entries.from == from && entries.count >= 0 && entries.count <= JOURNAL_BATCH, ERROR_IPC_BROKEN);
    if (entries.count > 0) {
        struct journal_taking taking = { .act = asker->act, .entries = &entries };
        TRY(store_write(asker->act->service->store, journal_take, &taking));
        FAULT("web:journal-applied");
        journal_told(&taking);
    }
    *ret_size = from + entries.count;
    *ret_end = entries.size;
    return OK;
}

/* Under the lock. Every batch has an arena of its own: what it read is not needed any more. */
static struct result read_on(const struct asker *asker, int64_t index)
{
    struct journal_position_row ours;
    TRY(position(asker->act->service->store, asker->act->arena, &ours));
    int64_t size = ours.size, end = INT64_MAX;
    for (int i = 0; i < BATCHES_MAX && size < end && (index < 0 || size <= index); i++) {
        struct arena *arena CLEANUP(arena_free_p) = arena_new(BATCH_ARENA_MAX);
        struct act act = *asker->act;
        act.arena = arena;
        struct asker with = { &act, asker->client };
        TRY(take_batch(&with, size, &size, &end));
    }
    ENSURE(index < 0 || size > index, ERROR_JOURNAL_MISMATCH);
    return OK;
}

static struct result read_alone(const struct asker *asker, int64_t index)
{
    struct journal *journal = asker->act->service->journal;
    pthread_mutex_lock(&journal->lock);
    struct result r = read_on(asker, index);
    /* Another machine of this installation was quicker: what it applied is there. */
    if (r.code == ERROR_STORE_CONFLICT) r = read_on(asker, index);
    pthread_mutex_unlock(&journal->lock);
    return r;
}

static struct act system_act(struct service *service, struct arena *arena, struct diag *diag)
{
    struct act act = service_act(service, arena, diag);
    act.name = "签发日志";
    return act;
}

struct result journal_catch_up(const struct act *act, int64_t index)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct act system = system_act(act->service, arena, act->diag);
    struct asker asker = { &system, NULL };
    system.request = act->request;
    return read_alone(&asker, index);
}

/* Compares, reads on, compares again: what is kept then is the root of all that was applied. */
static struct result follow(const struct asker *asker, struct signer_state *ret_state)
{
    struct store *store = asker->act->service->store;
    struct journal_position_row ours;
    struct rooting rooting = { ret_state, asker->act->arena };
    TRY(position(store, asker->act->arena, &ours));
    TRY(ask_state(asker, &ours, ret_state));
    if (ret_state->size > ours.size) TRY(read_alone(asker, -1));
    TRY(position(store, asker->act->arena, &ours));
    if (ours.root_size < ours.size) TRY(ask_state(asker, &ours, ret_state));
    return ours.size > 0 ? store_write(store, keep_root, &rooting) : OK;
}

struct result journal_greet(struct service *service, struct ipc_client *client, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct act act = system_act(service, arena, diag);
    struct asker asker = { &act, client };
    struct signer_state state;
    TRY(follow(&asker, &state));
    return authorities_set(service->authorities, &state);
}

struct result journal_work(struct service *service, size_t *ret_count)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct diag diag = { 0 };
    struct act act = system_act(service, arena, &diag);
    struct asker asker = { &act, NULL };
    struct signer_state state;
    *ret_count = 0;
    /* While the signer is away there is nothing to follow; its greeting catches up. */
    if (!peers_there(service->peers, PEER_SIGNER, NULL)) return OK;
    TRY(follow(&asker, &state));
    return authorities_set(service->authorities, &state);
}
