/* R-OPS-6: what the signer tells of its journal can be checked by whoever has the root's certificate alone. */
#include "tests.h"

#include "merkle/head.h"

static void issue_some(struct play *p, int count, struct signer_issued *ret_last)
{
    for (int i = 0; i < count; i++) {
        struct cast_order order;
        cast_order(p->cast, &order);
        cast_sign_order(p->cast, &order);
        assert_ok(cast_open(p->cast, p->peer, &order));
        assert_ok(cast_issue(p->cast, p->peer, &order, ret_last));
    }
}

/* The head in TEXT, checked with a key that the root has certified. */
static struct head checked(struct play *p, const struct signer_state *where, struct bytes text)
{
    struct certificate *root = NULL, *by = NULL;
    struct head head = { 0 };
    assert_ok(certificate_parse(where->root_certificate, p->cast->arena, &root));
    assert_ok(certificate_parse(where->head_certificate, p->cast->arena, &by));
    assert_ok(certificate_check_signature(by, &root->key));
    assert_ok(head_check(text, public_key_as_sm2(&by->key), p->cast->arena, &head));
    assert_true(id_equal(&head.incarnation, &where->incarnation));
    return head;
}

static struct tree_hash hash_of(struct bytes b)
{
    struct tree_hash h = { { 0 } };
    assert_int_equal(b.len, sizeof h.b);
    memcpy(h.b, b.ptr, sizeof h.b);
    return h;
}

static void r_ops_6_holder_can_prove_that_a_certificate_is_in_the_log(void **state)
{
    struct play *p = *state;
    struct signer_issued issued, last;
    struct signer_state where;
    struct signer_proof proof;
    issue_some(p, 1, &issued);
    issue_some(p, 5, &last);
    assert_ok(stage_greet(p->stage, p->cast, &where));
    const struct signer_range range = { issued.index, where.size };
    assert_ok(cast_ask(p->cast, p->peer, SIGNER_PROOF, &range, &proof));
    struct head head = checked(p, &where, proof.head);
    struct tree_hash leaf, told = hash_of(proof.leaf_hash);
    struct sm3 sm3;
    tree_leaf_begin(&sm3);
    sm3_update(&sm3, proof.data);
    sm3_final(&sm3, leaf.b);
    assert_memory_equal(leaf.b, told.b, sizeof leaf.b);
    assert_int_equal(head.size, where.size);
    assert_ok(tree_check_inclusion(&leaf, (uint64_t)issued.index, head.size, proof.path, &head.root));
    /* and it is the record of that certificate */
    struct journal_issued record;
    struct reader r = reader_of(proof.data);
    assert_int_equal(read_u16(&r), JOURNAL_ISSUED);
    (void)read_bytes(&r, 1 + 8 + LEDGER_SALT_SIZE);
    assert_ok(shape_read(&journal_issued_shape, &r, p->cast->arena, &record));
    assert_ok(reader_end(&r));
    assert_true(bytes_equal(record.signing_certificate, issued.signing_certificate));
}

static void r_ops_6_auditor_can_prove_that_the_log_only_grew(void **state)
{
    struct play *p = *state;
    struct signer_issued issued;
    struct signer_state before, after;
    struct signer_consistency c;
    issue_some(p, 3, &issued);
    assert_ok(stage_greet(p->stage, p->cast, &before));
    issue_some(p, 4, &issued);
    play_restart(p);
    assert_ok(stage_greet(p->stage, p->cast, &after));
    const struct signer_range range = { before.size, after.size };
    assert_ok(cast_ask(p->cast, p->peer, SIGNER_CONSISTENCY, &range, &c));
    struct head old = checked(p, &before, before.head), old_again = checked(p, &after, c.old_head);
    struct head head = checked(p, &after, c.head);
    assert_memory_equal(old.root.b, old_again.root.b, TREE_HASH_SIZE);
    assert_ok(tree_check_consistency(old.size, &old.root, head.size, &head.root, c.path));
    const struct signer_range bad[] = { { 0, after.size }, { after.size + 1, after.size }, { 1, after.size + 1 },
                                        { -1, 1 } };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_error(cast_ask(p->cast, p->peer, SIGNER_CONSISTENCY, &bad[i], &c), ERROR_NOT_FOUND);
}

/* What web has to apply to its database comes whole and in order, in pieces as they fit. */
static void journal_is_told_in_pieces(void **state)
{
    struct play *p = *state;
    struct signer_issued issued;
    issue_some(p, 40, &issued);
    int64_t size = cast_journal_size(p->cast, p->peer), at = 0;
    int pieces = 0, pairs = 0;
    for (; at < size; pieces++) {
        struct signer_entries e;
        const struct signer_range range = { at, size - at };
        assert_ok(cast_ask(p->cast, p->peer, SIGNER_JOURNAL, &range, &e));
        assert_int_equal(e.from, at);
        struct reader r = reader_of(e.entries);
        for (int64_t i = 0; i < e.count; i++) {
            assert_int_equal(read_u64(&r), at + i);
            (void)read_u64(&r);
            pairs += read_u16(&r) == JOURNAL_ISSUED;
            (void)read_block(&r, ENTRIES_MAX);
        }
        assert_ok(reader_end(&r));
        at += e.count;
    }
    assert_true(pieces > 1);
    assert_int_equal(pairs, 40);
}

int test_proof(void)
{
    const struct CMUnitTest tests[] = {
        PLAY(r_ops_6_holder_can_prove_that_a_certificate_is_in_the_log),
        PLAY(r_ops_6_auditor_can_prove_that_the_log_only_grew),
        PLAY(journal_is_told_in_pieces),
    };
    return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
