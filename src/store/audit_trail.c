#include "store/audit_trail.h"

#include "base/random.h"
#include "merkle/ledger.h"

enum { TREE = 1, ENTRY = 1, VERSION = 1, NOT_IN_LEAF = 2 };

struct result audit_trail_leaf(const struct audit_row *entry, struct tree_hash *ret_leaf)
{
    uint8_t body[8192];
    struct writer w = writer_of(body, sizeof body);
    struct shape content = audit_row_shape;
    struct bytes written;
    content.count -= NOT_IN_LEAF; /* place and salt, the last fields */
    ENSURE(entry->salt.len == LEDGER_SALT_SIZE, ERROR_STORE_DAMAGED);
    shape_write(&content, entry, &w);
    TRY(writer_end(&w, &written));
    const struct ledger_record record = { ENTRY, VERSION, entry->at_s, written };
    ledger_leaf_of(&record, entry->salt.ptr, ret_leaf);
    return OK;
}

/* The tree as it stands; an empty one at first. */
static struct result read_tree(struct tx *tx, struct arena *arena, struct audit_tree_row *ret_row,
                               struct tree_hash ret_peaks[TREE_DEPTH_MAX + 1])
{
    struct audit_tree_row row = { .id = TREE };
    struct result r = tx_one(tx, STATEMENT_AUDIT_TREE_GET, NO_PARAMS, arena, &audit_tree_row_shape, &row);
    if (failed(r) && r.code != ERROR_NOT_FOUND) return r;
    ENSURE(row.peaks.len == (size_t)__builtin_popcountll((uint64_t)row.size) * TREE_HASH_SIZE, ERROR_STORE_DAMAGED);
    if (row.peaks.len) memcpy(ret_peaks, row.peaks.ptr, row.peaks.len);
    *ret_row = row;
    return OK;
}

struct result audit_trail_append(struct tx *tx, struct audit_row *entry, struct arena *arena)
{
    uint8_t salt[LEDGER_SALT_SIZE];
    struct tree_hash peaks[TREE_DEPTH_MAX + 1], leaf;
    struct audit_tree_row tree;
    TRY(read_tree(tx, arena, &tree, peaks));
    random_fill(salt, sizeof salt);
    entry->salt = BYTES(salt);
    entry->position = tree.size + 1;
    TRY(audit_trail_leaf(entry, &leaf));
    tree_grow(peaks, (uint64_t)tree.size, &leaf);
    tree.size++;
    tree.peaks = bytes_of(peaks, (size_t)__builtin_popcountll((uint64_t)tree.size) * TREE_HASH_SIZE);
    const struct audit_leaf_row leaf_row = { entry->position, BYTES(leaf.b) };
    TRY(tx_run(tx, STATEMENT_AUDIT_INSERT, RECORD(audit_row_shape, entry), NULL));
    TRY(tx_run(tx, STATEMENT_AUDIT_LEAF_INSERT, RECORD(audit_leaf_row_shape, &leaf_row), NULL));
    entry->salt = (struct bytes){ 0 };
    if (tree.size == 1) return tx_run(tx, STATEMENT_AUDIT_TREE_INSERT, RECORD(audit_tree_row_shape, &tree), NULL);
    return tx_change(tx, STATEMENT_AUDIT_TREE_CHANGE, RECORD(audit_tree_row_shape, &tree));
}

struct result audit_trail_head(struct tx *tx, struct arena *arena, uint64_t *ret_size, struct tree_hash *ret_root)
{
    struct tree_hash peaks[TREE_DEPTH_MAX + 1];
    struct audit_tree_row tree;
    TRY(read_tree(tx, arena, &tree, peaks));
    tree_fold(peaks, tree.peaks.len / TREE_HASH_SIZE, ret_root);
    *ret_size = (uint64_t)tree.size;
    return OK;
}
