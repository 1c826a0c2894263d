#include "merkle/tree.h"

#include <assert.h>

void tree_empty(struct tree_hash *ret_root)
{
    sm3_hash((struct bytes){ 0 }, ret_root->b);
}

void tree_leaf_begin(struct sm3 *ret_sm3)
{
    static const uint8_t leaf = 0x00;
    sm3_init(ret_sm3);
    sm3_update(ret_sm3, bytes_of(&leaf, 1));
}

void tree_node(const struct tree_hash *left, const struct tree_hash *right, struct tree_hash *ret_node)
{
    static const uint8_t node = 0x01;
    struct sm3 sm3;
    sm3_init(&sm3);
    sm3_update(&sm3, bytes_of(&node, 1));
    sm3_update(&sm3, BYTES(left->b));
    sm3_update(&sm3, BYTES(right->b));
    sm3_final(&sm3, ret_node->b);
}

void tree_grow(struct tree_hash peaks[TREE_DEPTH_MAX + 1], uint64_t size, const struct tree_hash *leaf)
{
    size_t count = (size_t)__builtin_popcountll(size);
    struct tree_hash node = *leaf;
    for (uint64_t full = size; full & 1; full >>= 1) tree_node(&peaks[--count], &node, &node);
    peaks[count] = node;
}

void tree_fold(const struct tree_hash *peaks, size_t count, struct tree_hash *ret_root)
{
    if (count == 0) {
        tree_empty(ret_root);
        return;
    }
    struct tree_hash root = peaks[count - 1];
    for (size_t i = count - 1; i > 0; i--) tree_node(&peaks[i - 1], &root, &root);
    *ret_root = root;
}

/* ---- the way through a tree ---- */

/* The greatest power of two that is at most N ≥ 1, as its exponent. */
static unsigned level_within(uint64_t n)
{
    return 63u - (unsigned)__builtin_clzll(n);
}

/* Where a range of at least two leaves is parted: the greatest power of two below its size. */
static uint64_t parting(struct tree_range r)
{
    return r.from + (UINT64_C(1) << level_within(r.to - r.from - 1));
}

size_t tree_split(struct tree_range range, struct tree_place ret_places[TREE_DEPTH_MAX + 1])
{
    size_t count = 0;
    for (uint64_t at = range.from; at < range.to;) {
        unsigned level = level_within(range.to - at);
        assert(at % (UINT64_C(1) << level) == 0);
        ret_places[count++] = (struct tree_place){ level, at >> level };
        at += UINT64_C(1) << level;
    }
    return count;
}

/* The RFC lists a proof from the leaf upward; it is found from the root downward. */
static void turn(struct tree_range *ranges, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct tree_range kept = ranges[i];
        ranges[i] = ranges[count - 1 - i];
        ranges[count - 1 - i] = kept;
    }
}

size_t tree_inclusion(uint64_t leaf, uint64_t size, struct tree_range ret_ranges[TREE_DEPTH_MAX + 1])
{
    assert(leaf < size && size >> TREE_DEPTH_MAX == 0);
    struct tree_range at = { 0, size };
    size_t count = 0;
    while (at.to - at.from > 1) {
        uint64_t middle = parting(at);
        if (leaf < middle) {
            ret_ranges[count++] = (struct tree_range){ middle, at.to };
            at.to = middle;
        } else {
            ret_ranges[count++] = (struct tree_range){ at.from, middle };
            at.from = middle;
        }
    }
    turn(ret_ranges, count);
    return count;
}

size_t tree_consistency(uint64_t old, uint64_t size, struct tree_range ret_ranges[TREE_DEPTH_MAX + 1])
{
    assert(old >= 1 && old <= size && size >> TREE_DEPTH_MAX == 0);
    struct tree_range at = { 0, size };
    size_t count = 0;
    bool whole = true; /* what is left begins where the old tree does: its verifier has the hash */
    while (at.to != old) {
        uint64_t middle = parting(at);
        if (old <= middle) {
            ret_ranges[count++] = (struct tree_range){ middle, at.to };
            at.to = middle;
        } else {
            ret_ranges[count++] = (struct tree_range){ at.from, middle };
            at.from = middle;
            whole = false;
        }
    }
    if (!whole) ret_ranges[count++] = at;
    turn(ret_ranges, count);
    return count;
}

/* ---- whether a proof holds ---- */

static bool hash_equal(const struct tree_hash *a, const struct tree_hash *b)
{
    return bytes_equal(BYTES(a->b), BYTES(b->b));
}

static struct tree_hash read_hash(struct reader *r)
{
    struct tree_hash h;
    read_copy(r, h.b, sizeof h.b);
    return h;
}

struct result tree_check_inclusion(const struct tree_hash *leaf_hash, uint64_t leaf, uint64_t size, struct bytes path,
                                   const struct tree_hash *root)
{
    ENSURE(leaf < size && path.len <= TREE_PROOF_MAX && path.len % TREE_HASH_SIZE == 0, ERROR_JOURNAL_PROOF);
    struct reader reader = reader_of(path);
    uint64_t fn = leaf, sn = size - 1; /* names of the RFC */
    struct tree_hash r = *leaf_hash;
    while (reader.left > 0) {
        struct tree_hash p = read_hash(&reader);
        ENSURE(sn != 0, ERROR_JOURNAL_PROOF);
        if ((fn & 1) || fn == sn) {
            tree_node(&p, &r, &r);
            for (; !(fn & 1) && fn != 0; sn >>= 1) fn >>= 1;
        } else {
            tree_node(&r, &p, &r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    ENSURE(sn == 0 && hash_equal(&r, root), ERROR_JOURNAL_PROOF);
    return OK;
}

/* OLD is at least 1 and less than SIZE. */
static struct result check_consistency(uint64_t old, const struct tree_hash *old_root, uint64_t size,
                                       const struct tree_hash *root, struct reader *path)
{
    uint64_t fn = old - 1, sn = size - 1;
    for (; fn & 1; sn >>= 1) fn >>= 1;
    /* A full old tree is its own first step. */
    struct tree_hash fr = (old & (old - 1)) == 0 ? *old_root : read_hash(path), sr = fr;
    while (path->left > 0) {
        struct tree_hash c = read_hash(path);
        ENSURE(sn != 0, ERROR_JOURNAL_PROOF);
        if ((fn & 1) || fn == sn) {
            tree_node(&c, &fr, &fr);
            tree_node(&c, &sr, &sr);
            for (; !(fn & 1) && fn != 0; sn >>= 1) fn >>= 1;
        } else {
            tree_node(&sr, &c, &sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    ENSURE(!path->bad && sn == 0, ERROR_JOURNAL_PROOF);
    ENSURE(hash_equal(&fr, old_root) && hash_equal(&sr, root), ERROR_JOURNAL_PROOF);
    return OK;
}

struct result tree_check_consistency(uint64_t old, const struct tree_hash *old_root, uint64_t size,
                                     const struct tree_hash *root, struct bytes path)
{
    ENSURE(old <= size && path.len <= TREE_PROOF_MAX && path.len % TREE_HASH_SIZE == 0, ERROR_JOURNAL_PROOF);
    if (old == size) {
        ENSURE(path.len == 0 && hash_equal(old_root, root), ERROR_JOURNAL_PROOF);
        return OK;
    }
    if (old == 0) {
        struct tree_hash empty;
        tree_empty(&empty);
        ENSURE(path.len == 0 && hash_equal(old_root, &empty), ERROR_JOURNAL_PROOF);
        return OK;
    }
    ENSURE(path.len > 0, ERROR_JOURNAL_PROOF);
    struct reader reader = reader_of(path);
    return check_consistency(old, old_root, size, root, &reader);
}
