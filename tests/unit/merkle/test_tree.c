/* R-OPS-6: the tree's roots and proofs, against the definitions of RFC 9162 §2.1 written down as they stand there. */
#include "tests.h"

#include "merkle/tree.h"

enum { LEAVES = 70 };

static struct tree_hash leaves[LEAVES];

static int setup(void **state)
{
    for (int i = 0; i < LEAVES; i++) {
        uint8_t data = (uint8_t)i;
        struct sm3 sm3;
        tree_leaf_begin(&sm3);
        sm3_update(&sm3, bytes_of(&data, 1));
        sm3_final(&sm3, leaves[i].b);
    }
    return 0;
}

static size_t below(size_t n)
{
    size_t k = 1;
    while (2 * k < n) k *= 2;
    return k;
}

/* MTH(D[from:to]) */
static struct tree_hash mth(size_t from, size_t to)
{
    struct tree_hash h;
    if (to == from) {
        tree_empty(&h);
        return h;
    }
    if (to - from == 1) return leaves[from];
    size_t k = from + below(to - from);
    struct tree_hash left = mth(from, k), right = mth(k, to);
    tree_node(&left, &right, &h);
    return h;
}

/* PATH(m, D[from:to]) */
static void path(size_t m, size_t from, size_t to, struct writer *w)
{
    if (to - from == 1) return;
    size_t k = from + below(to - from);
    if (m < k)
        path(m, from, k, w);
    else
        path(m, k, to, w);
    struct tree_hash h = m < k ? mth(k, to) : mth(from, k);
    write_bytes(w, BYTES(h.b));
}

/* SUBPROOF(m, D[from:to], b) */
static void subproof(size_t m, size_t from, size_t to, bool b, struct writer *w)
{
    if (m == to) {
        struct tree_hash h = mth(from, to);
        if (!b) write_bytes(w, BYTES(h.b));
        return;
    }
    size_t k = from + below(to - from);
    struct tree_hash h = m <= k ? mth(k, to) : mth(from, k);
    if (m <= k)
        subproof(m, from, k, b, w);
    else
        subproof(m, k, to, false, w);
    write_bytes(w, BYTES(h.b));
}

static void write_ranges(const struct tree_range *ranges, size_t count, struct writer *w)
{
    for (size_t i = 0; i < count; i++) {
        struct tree_hash h = mth(ranges[i].from, ranges[i].to);
        write_bytes(w, BYTES(h.b));
    }
}

static void the_empty_tree_has_the_hash_of_nothing(void **state)
{
    struct tree_hash h;
    tree_empty(&h);
    static const uint8_t sm3_of_nothing[] = { 0x1a, 0xb2, 0x1d, 0x83, 0x55, 0xcf, 0xa1, 0x7f, 0x8e, 0x61, 0x19,
                                              0x48, 0x31, 0xe8, 0x1a, 0x8f, 0x22, 0xbe, 0xc8, 0xc7, 0x28, 0xfe,
                                              0xfb, 0x74, 0x7e, 0xd0, 0x35, 0xeb, 0x50, 0x82, 0xaa, 0x2b };
    assert_memory_equal(h.b, sm3_of_nothing, sizeof h.b);
}

static void a_range_splits_into_its_full_subtrees(void **state)
{
    struct tree_place places[TREE_DEPTH_MAX + 1];
    assert_int_equal(tree_split((struct tree_range){ 0, 11 }, places), 3);
    assert_int_equal(places[0].level, 3);
    assert_int_equal(places[0].at, 0);
    assert_int_equal(places[1].level, 1);
    assert_int_equal(places[1].at, 4);
    assert_int_equal(places[2].level, 0);
    assert_int_equal(places[2].at, 10);
    assert_int_equal(tree_split((struct tree_range){ 8, 8 }, places), 0);
}

static void inclusion_proofs_are_those_of_the_rfc_and_hold(void **state)
{
    for (size_t size = 1; size <= LEAVES; size++) {
        struct tree_hash root = mth(0, size);
        for (size_t leaf = 0; leaf < size; leaf++) {
            uint8_t ours[TREE_PROOF_MAX], theirs[TREE_PROOF_MAX];
            struct writer a = writer_of(ours, sizeof ours), b = writer_of(theirs, sizeof theirs);
            struct tree_range ranges[TREE_DEPTH_MAX + 1];
            write_ranges(ranges, tree_inclusion(leaf, size, ranges), &a);
            path(leaf, 0, size, &b);
            assert_true(bytes_equal(bytes_of(ours, a.len), bytes_of(theirs, b.len)));
            struct bytes proof = bytes_of(ours, a.len);
            assert_false(failed(tree_check_inclusion(&leaves[leaf], leaf, size, proof, &root)));
        }
    }
}

/* A leaf in another place, another leaf, another size, a proof that is altered, longer or shorter. */
static void inclusion_proofs_hold_for_nothing_else(void **state)
{
    for (size_t size = 1; size <= 40; size++) {
        struct tree_hash root = mth(0, size), other_root = mth(0, size + 1);
        for (size_t leaf = 0; leaf < size; leaf++) {
            uint8_t proof[TREE_PROOF_MAX];
            struct writer w = writer_of(proof, sizeof proof);
            path(leaf, 0, size, &w);
            struct bytes p = bytes_of(proof, w.len), longer = bytes_of(proof, w.len + TREE_HASH_SIZE);
            for (size_t other = 0; other < size; other++) {
                if (other == leaf) continue;
                assert_true(failed(tree_check_inclusion(&leaves[leaf], other, size, p, &root)));
                assert_true(failed(tree_check_inclusion(&leaves[other], leaf, size, p, &root)));
            }
            assert_true(failed(tree_check_inclusion(&leaves[leaf], leaf, size, p, &other_root)));
            assert_true(failed(tree_check_inclusion(&leaves[leaf], size, size, p, &root)));
            memset(proof + w.len, 7, TREE_HASH_SIZE);
            assert_true(failed(tree_check_inclusion(&leaves[leaf], leaf, size, longer, &root)));
            if (w.len == 0) continue;
            struct bytes shorter = bytes_of(proof, w.len - TREE_HASH_SIZE), odd = bytes_of(proof, w.len - 1);
            assert_true(failed(tree_check_inclusion(&leaves[leaf], leaf, size, shorter, &root)));
            assert_true(failed(tree_check_inclusion(&leaves[leaf], leaf, size, odd, &root)));
            for (size_t at = 0; at < w.len; at += TREE_HASH_SIZE) {
                proof[at] ^= 1;
                assert_true(failed(tree_check_inclusion(&leaves[leaf], leaf, size, p, &root)));
                proof[at] ^= 1;
            }
        }
    }
}

static void consistency_proofs_are_those_of_the_rfc_and_hold(void **state)
{
    for (size_t size = 1; size <= LEAVES; size++) {
        struct tree_hash root = mth(0, size);
        for (size_t old = 1; old <= size; old++) {
            uint8_t ours[TREE_PROOF_MAX], theirs[TREE_PROOF_MAX];
            struct writer a = writer_of(ours, sizeof ours), b = writer_of(theirs, sizeof theirs);
            struct tree_range ranges[TREE_DEPTH_MAX + 1];
            struct tree_hash old_root = mth(0, old);
            write_ranges(ranges, tree_consistency(old, size, ranges), &a);
            subproof(old, 0, size, true, &b);
            assert_true(bytes_equal(bytes_of(ours, a.len), bytes_of(theirs, b.len)));
            assert_false(failed(tree_check_consistency(old, &old_root, size, &root, bytes_of(ours, a.len))));
        }
    }
}

static void consistency_proofs_hold_for_nothing_else(void **state)
{
    struct tree_hash empty = mth(0, 0), whole = mth(0, LEAVES);
    assert_false(failed(tree_check_consistency(0, &empty, LEAVES, &whole, (struct bytes){ 0 })));
    assert_true(failed(tree_check_consistency(0, &whole, LEAVES, &whole, (struct bytes){ 0 })));
    for (size_t size = 2; size <= 40; size++) {
        struct tree_hash root = mth(0, size);
        for (size_t old = 1; old < size; old++) {
            uint8_t proof[TREE_PROOF_MAX];
            struct writer w = writer_of(proof, sizeof proof);
            struct tree_hash old_root = mth(0, old), fork = old_root;
            subproof(old, 0, size, true, &w);
            struct bytes p = bytes_of(proof, w.len);
            fork.b[31] ^= 1;
            assert_true(failed(tree_check_consistency(old, &fork, size, &root, p)));
            assert_true(failed(tree_check_consistency(old, &old_root, size, &old_root, p)));
            assert_true(failed(tree_check_consistency(old, &root, old, &old_root, p)));
            assert_true(failed(tree_check_consistency(size, &root, old, &old_root, p)));
            assert_true(failed(tree_check_consistency(old, &old_root, size, &root, (struct bytes){ 0 })));
            struct bytes shorter = bytes_of(proof, w.len - TREE_HASH_SIZE);
            assert_true(failed(tree_check_consistency(old, &old_root, size, &root, shorter)));
            for (size_t at = 0; at < w.len; at += TREE_HASH_SIZE) {
                proof[at] ^= 1;
                assert_true(failed(tree_check_consistency(old, &old_root, size, &root, p)));
                proof[at] ^= 1;
            }
        }
    }
}

int test_tree(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_empty_tree_has_the_hash_of_nothing),
        cmocka_unit_test(a_range_splits_into_its_full_subtrees),
        cmocka_unit_test(inclusion_proofs_are_those_of_the_rfc_and_hold),
        cmocka_unit_test(inclusion_proofs_hold_for_nothing_else),
        cmocka_unit_test(consistency_proofs_are_those_of_the_rfc_and_hold),
        cmocka_unit_test(consistency_proofs_hold_for_nothing_else),
    };
    return cmocka_run_group_tests_name("tree", tests, setup, NULL);
}
