/* Merkle trees after RFC 9162 §2.1 with SM3 for the hash: what a proof is and whether it holds. Pure functions; how a
 * tree is kept is ledger.h's affair. Leaves count from 0. Proofs are hashes of 32 bytes one behind the other, in the
 * order of the RFC. */
#pragma once

#include "crypto/sm3.h"

enum { TREE_HASH_SIZE = SM3_SIZE, TREE_DEPTH_MAX = 63, TREE_PROOF_MAX = (TREE_DEPTH_MAX + 1) * TREE_HASH_SIZE };

struct tree_hash {
    uint8_t b[TREE_HASH_SIZE];
};

/* The root of the tree without leaves: SM3 of nothing. */
void tree_empty(struct tree_hash *ret_root);
/* SM3(00 ‖ data): a leaf begun here is fed with sm3_update and ended by sm3_final. */
void tree_leaf_begin(struct sm3 *ret_sm3);
/* SM3(01 ‖ left ‖ right). RET_NODE may be LEFT or RIGHT. */
void tree_node(const struct tree_hash *left, const struct tree_hash *right, struct tree_hash *ret_node);

/* PEAKS are the roots of the full subtrees of a tree of SIZE leaves, from left to right, one for each bit of SIZE:
 * takes LEAF behind them. */
void tree_grow(struct tree_hash peaks[TREE_DEPTH_MAX + 1], uint64_t size, const struct tree_hash *leaf);
/* The root over COUNT peaks; that of the empty tree over none. */
void tree_fold(const struct tree_hash *peaks, size_t count, struct tree_hash *ret_root);

/* ---- the way through a tree: which subtrees make a root or a proof ---- */

/* Leaves from FROM up to but not including TO. */
struct tree_range {
    uint64_t from, to;
};
/* A subtree that is full: 2^level leaves, the first at at·2^level. */
struct tree_place {
    unsigned level;
    uint64_t at;
};

/* The full subtrees that RANGE consists of, from left to right. range.from is a multiple of the greatest power of two
 * that the range reaches, as all ranges below are. */
size_t tree_split(struct tree_range range, struct tree_place ret_places[TREE_DEPTH_MAX + 1]);
/* The ranges whose hashes are the proof that LEAF < SIZE is in the tree of SIZE leaves (§2.1.3.1). */
size_t tree_inclusion(uint64_t leaf, uint64_t size, struct tree_range ret_ranges[TREE_DEPTH_MAX + 1]);
/* … that the tree of OLD leaves is the beginning of the tree of SIZE ≥ OLD ≥ 1 leaves (§2.1.4.1). */
size_t tree_consistency(uint64_t old, uint64_t size, struct tree_range ret_ranges[TREE_DEPTH_MAX + 1]);

/* ---- whether a proof holds ---- */

/* ERROR_JOURNAL_PROOF unless PATH shows that LEAF_HASH is leaf LEAF of the tree of SIZE leaves with ROOT
 * (§2.1.3.2). */
RESULT tree_check_inclusion(const struct tree_hash *leaf_hash, uint64_t leaf, uint64_t size, struct bytes path,
                            const struct tree_hash *root);
/* ERROR_JOURNAL_PROOF unless PATH shows that the tree of OLD leaves with OLD_ROOT is the beginning of the tree of SIZE
 * leaves with ROOT (§2.1.4.2). The empty tree is the beginning of every one; its path is empty. */
RESULT tree_check_consistency(uint64_t old, const struct tree_hash *old_root, uint64_t size,
                              const struct tree_hash *root, struct bytes path);
