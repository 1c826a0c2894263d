/* SIGNER_TRAIL: what the peer says of its audit trail goes into the journal, whose heads are signed (R-OPS-6). Whether
 * an entry is true the signer cannot know; that what once was there stays there it can. */
#include "signer/handlers.h"

static struct result check(struct call *call, const struct signer_trail *ask)
{
    const struct trail *last = &call->signer->trail;
    struct tree_hash root, before = last->root;
    if (ask->size < 1 || ask->root.len != sizeof root.b)
        return refuse(call, ERROR_MALFORMED, "size", "a trail of %lld entries", (long long)ask->size);
    if ((uint64_t)ask->size < last->size)
        return refuse(call, ERROR_TRAIL_CUT, "size", "%lld entries, record %llu has %llu", (long long)ask->size,
                      (unsigned long long)last->record, (unsigned long long)last->size);
    memcpy(root.b, ask->root.ptr, sizeof root.b);
    if (last->size == 0) tree_empty(&before);
    if (failed(tree_check_consistency(last->size, &before, (uint64_t)ask->size, &root, ask->path)))
        return refuse(call, ERROR_TRAIL_FORK, "root", "%lld entries do not begin with the %llu of record %llu",
                      (long long)ask->size, (unsigned long long)last->size, (unsigned long long)last->record);
    return OK;
}

/* Several hosts may ask: a peer that lies is to fill no disk. */
static bool is_due(struct call *call, const struct signer_trail *ask)
{
    struct signer *s = call->signer;
    if ((uint64_t)ask->size == s->trail.size) return false;
    if (call->now_s - s->trail.time_s >= TRAIL_EVERY_S) return true;
    const bool soon = ask->stops || (uint64_t)ask->size - s->trail.size >= TRAIL_ENTRIES;
    return soon && hourly_allow(&s->trails, call->now_s);
}

struct result handle_trail(struct call *call, const void *ask, void *answer)
{
    const struct signer_trail *a = ask;
    struct signer_trail_kept *kept = answer;
    const struct trail *last = &call->signer->trail;
    const struct journal_trail record = { a->size, a->root };
    TRY(check(call, a));
    *kept = (struct signer_trail_kept){ (int64_t)last->record, (int64_t)last->size };
    if (!is_due(call, a)) return OK;
    kept->size = a->size;
    return signer_record(call->signer, JOURNAL_TRAIL, call->now_s, &journal_trail_shape, &record, call->arena,
                         &kept->index);
}
