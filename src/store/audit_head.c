#include "store/audit_head.h"

#include <stdlib.h>

#include "merkle/inspect.h"
#include "store/audit_trail.h"

enum { ONLY = 1, PAGE_ARENA_MAX = 1024 * 1024 };

/* A tree that is fed with the leaves of the trail from a size on. */
struct growing {
    uint64_t size;
    struct tree_hash peaks[TREE_DEPTH_MAX + 1];
    struct tree_hash *leaves; /* those it was fed with; NULL: not kept */
};

static size_t peak_count(uint64_t size)
{
    return (size_t)__builtin_popcountll(size);
}

static struct result start(const struct audit_head_row *from, struct growing *ret_tree)
{
    struct growing tree = { .size = (uint64_t)from->size };
    ENSURE(from->peaks.len == peak_count(tree.size) * TREE_HASH_SIZE, ERROR_STORE_DAMAGED);
    if (from->peaks.len) memcpy(tree.peaks, from->peaks.ptr, from->peaks.len);
    *ret_tree = tree;
    return OK;
}

/* Up to SIZE. ERROR_NOT_FOUND when the trail ends before. */
static struct result feed(struct tx *tx, struct growing *tree, uint64_t size)
{
    struct arena *page CLEANUP(arena_free_p) = arena_new(PAGE_ARENA_MAX);
    for (uint64_t from = tree->size; tree->size < size;) {
        struct audit_leaf_row last = { .position = (int64_t)tree->size };
        void *rows;
        size_t count;
        arena_reset(page);
        TRY(tx_list(tx, STATEMENT_AUDIT_LEAF_LIST, RECORD(audit_leaf_row_shape, &last), page, &audit_leaf_row_shape,
                    STORE_LIST_MAX, &rows, &count));
        const struct audit_leaf_row *list = rows;
        ENSURE(count > 0, ERROR_NOT_FOUND);
        for (size_t i = 0; i < count && tree->size < size; i++) {
            struct tree_hash leaf;
            ENSURE(list[i].position == (int64_t)tree->size + 1 && list[i].leaf.len == sizeof leaf.b,
                   ERROR_STORE_DAMAGED);
            memcpy(leaf.b, list[i].leaf.ptr, sizeof leaf.b);
            if (tree->leaves) tree->leaves[tree->size - from] = leaf;
            tree_grow(tree->peaks, tree->size++, &leaf);
        }
    }
    return OK;
}

struct result audit_head_last(struct tx *tx, struct arena *arena, struct audit_head_row *ret_head)
{
    struct audit_head_row head = { .id = ONLY };
    struct result r = tx_one(tx, STATEMENT_AUDIT_HEAD_GET, NO_PARAMS, arena, &audit_head_row_shape, &head);
    if (failed(r) && r.code != ERROR_NOT_FOUND) return r;
    *ret_head = head;
    return OK;
}

/* The peaks at HEAD's size, worked out from where LAST is, or from the beginning after a backup was restored. */
static struct result work_out(struct tx *tx, const struct audit_head_row *last, const struct audit_head_row *head,
                              struct growing *ret_tree)
{
    struct tree_hash root;
    struct growing tree;
    struct audit_head_row none = { .id = ONLY };
    if (last->size > head->size || failed(start(last, &tree))) TRY(start(&none, &tree));
    TRY(feed(tx, &tree, (uint64_t)head->size));
    tree_fold(tree.peaks, peak_count(tree.size), &root);
    ENSURE(bytes_equal(BYTES(root.b), head->root), ERROR_STORE_DAMAGED);
    *ret_tree = tree;
    return OK;
}

struct result audit_head_keep(struct tx *tx, const struct audit_head_row *head, struct arena *arena)
{
    struct audit_head_row last, row = *head;
    struct growing tree;
    row.id = ONLY;
    row.peaks = bytes_text("");
    TRY(audit_head_last(tx, arena, &last));
    struct result r = work_out(tx, &last, head, &tree);
    if (failed(r) && r.code != ERROR_NOT_FOUND && r.code != ERROR_STORE_DAMAGED) return r;
    if (!failed(r)) row.peaks = bytes_of(tree.peaks, peak_count(tree.size) * TREE_HASH_SIZE);
    const bool first = last.root.ptr == NULL;
    return first ? tx_run(tx, STATEMENT_AUDIT_HEAD_INSERT, RECORD(audit_head_row_shape, &row), NULL)
                 : tx_change(tx, STATEMENT_AUDIT_HEAD_CHANGE, RECORD(audit_head_row_shape, &row));
}

/* ---- the proof ---- */

/* The hash of RANGE of the tree of OLD and what it was fed with: a full subtree of the old one, or leaves behind it. */
static void range_hash(const struct growing *old, const struct growing *new, const struct tree_range *range,
                       struct tree_hash *ret_hash)
{
    if (range->from >= old->size) {
        inspect_root(new->leaves + (range->from - old->size), range->to - range->from, ret_hash);
        return;
    }
    struct tree_place places[TREE_DEPTH_MAX + 1];
    size_t count = tree_split((struct tree_range){ 0, old->size }, places);
    for (size_t i = 0; i < count; i++)
        if (places[i].at << places[i].level == range->from) *ret_hash = old->peaks[i];
}

static struct result prove(const struct growing *old, const struct growing *new, struct arena *arena,
                           struct bytes *ret_path)
{
    struct tree_range ranges[TREE_DEPTH_MAX + 1];
    struct writer w = writer_of(arena_take(arena, TREE_PROOF_MAX), TREE_PROOF_MAX);
    ENSURE(w.ptr, ERROR_OUT_OF_ROOM);
    size_t count = old->size ? tree_consistency(old->size, new->size, ranges) : 0;
    for (size_t i = 0; i < count; i++) {
        struct tree_hash hash = { { 0 } };
        range_hash(old, new, &ranges[i], &hash);
        write_bytes(&w, BYTES(hash.b));
    }
    return writer_end(&w, ret_path);
}

struct result audit_head_growth(struct tx *tx, const struct audit_head_row *head, struct arena *arena,
                                struct audit_growth *ret_growth)
{
    struct growing old = { .size = 0 }, new;
    struct tree_hash root;
    uint64_t size;
    TRY(audit_trail_head(tx, arena, &size, &root));
    if (size <= (uint64_t)head->size) {
        *ret_growth = (struct audit_growth){ .size = (int64_t)size, .root = root };
        return OK;
    }
    /* Without its peaks the proof cannot hold, and the journal says so. */
    if (failed(start(head, &old))) old = (struct growing){ .size = (uint64_t)head->size };
    new = old;
    const bool all = size - old.size <= AUDIT_HEAD_BATCH;
    if (!all) size = old.size + AUDIT_HEAD_BATCH;
    new.leaves = calloc(size - old.size, sizeof *new.leaves);
    if (!new.leaves) abort();
    struct result r = feed(tx, &new, size);
    /* The root that the trail says it has, though it were not that of what was vouched for and what follows: then it
     * was altered before, and the journal is to refuse it. */
    struct audit_growth growth = { .size = (int64_t)size, .root = root };
    if (!all) tree_fold(new.peaks, peak_count(new.size), &growth.root);
    if (!failed(r)) r = prove(&old, &new, arena, &growth.path);
    free(new.leaves);
    if (r.code == ERROR_NOT_FOUND) r = FAIL(ERROR_STORE_DAMAGED);
    TRY(r);
    *ret_growth = growth;
    return OK;
}
