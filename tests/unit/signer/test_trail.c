/* R-OPS-6: what the journal takes of the peer's audit trail, and what it refuses. */
#include "tests.h"

#include <stdio.h>
#include <unistd.h>

#include "base/random.h"
#include "signer/state.h"

enum { LEAVES = TRAIL_ENTRIES + 40 };

/* A trail as a peer has it. */
struct trail_of {
    struct tree_hash leaves[LEAVES];
};

static void make(struct trail_of *t, uint8_t first)
{
    for (int i = 0; i < LEAVES; i++) t->leaves[i] = (struct tree_hash){ { (uint8_t)(first + i), (uint8_t)i } };
}

static void root_of(const struct tree_hash *leaves, uint64_t count, struct tree_hash *ret_root)
{
    struct tree_hash peaks[TREE_DEPTH_MAX + 1];
    for (uint64_t i = 0; i < count; i++) tree_grow(peaks, i, &leaves[i]);
    tree_fold(peaks, (size_t)__builtin_popcountll(count), ret_root);
}

/* Tells the signer of the first SIZE entries, proven to go on from OLD. */
static struct result tell_as(struct play *p, bool stops, const struct trail_of *t, uint64_t old, uint64_t size,
                             struct signer_trail_kept *ret_kept)
{
    uint8_t room[TREE_PROOF_MAX];
    struct tree_range ranges[TREE_DEPTH_MAX + 1];
    struct tree_hash root, part;
    struct writer w = writer_of(room, sizeof room);
    struct signer_trail ask = { .stops = stops, .size = (int64_t)size };
    size_t count = old && old <= size ? tree_consistency(old, size, ranges) : 0;
    for (size_t i = 0; i < count; i++) {
        root_of(t->leaves + ranges[i].from, ranges[i].to - ranges[i].from, &part);
        write_bytes(&w, BYTES(part.b));
    }
    root_of(t->leaves, size, &root);
    ask.root = BYTES(root.b);
    assert_ok(writer_end(&w, &ask.path));
    return cast_ask(p->cast, p->peer, SIGNER_TRAIL, &ask, ret_kept);
}

static struct result tell(struct play *p, const struct trail_of *t, uint64_t old, uint64_t size,
                          struct signer_trail_kept *ret_kept)
{
    return tell_as(p, false, t, old, size, ret_kept);
}

static void hours_pass(struct play *p)
{
    p->stage->now_s += TRAIL_EVERY_S;
}

static void r_ops_6_a_trail_that_goes_on_is_recorded_once_an_hour(void **state)
{
    struct play *p = *state;
    struct trail_of t;
    struct signer_trail_kept kept, again;
    make(&t, 1);
    uint64_t size = ledger_size(p->stage->signer->journal);
    assert_ok(tell(p, &t, 0, 11, &kept));
    assert_int_equal(kept.size, 11);
    assert_int_equal(kept.index, size);
    assert_ok(tell(p, &t, 11, 12, &again)); /* within the hour: what stands is the answer */
    assert_int_equal(again.size, 11);
    assert_int_equal(again.index, kept.index);
    hours_pass(p);
    assert_ok(tell(p, &t, 11, 11, &again)); /* it did not grow */
    assert_int_equal(ledger_size(p->stage->signer->journal), size + 1);
    assert_ok(tell(p, &t, 11, 37, &again));
    assert_int_equal(again.size, 37);
    assert_int_equal(ledger_size(p->stage->signer->journal), size + 2);
    struct journal_trail record;
    assert_ok(signer_recall(p->stage->signer, (uint64_t)again.index, JOURNAL_TRAIL, &journal_trail_shape,
                            p->cast->arena, &record));
    assert_int_equal(record.size, 37);
    assert_ok(tell(p, &t, 37, 36 + TRAIL_ENTRIES, &again));
    assert_int_equal(again.size, 37);
    assert_ok(tell(p, &t, 37, 37 + TRAIL_ENTRIES, &again)); /* so many need not wait */
    assert_int_equal(again.size, 37 + TRAIL_ENTRIES);
}

static void r_ops_6_a_smaller_or_another_trail_is_refused_and_journaled(void **state)
{
    struct play *p = *state;
    struct trail_of t, other;
    struct signer_trail_kept kept;
    make(&t, 1);
    make(&other, 2);
    assert_ok(tell(p, &t, 0, 11, &kept));
    for (int from_snapshot = 0; from_snapshot < 2; from_snapshot++) {
        hours_pass(p);
        assert_error(tell(p, &t, 0, 10, &kept), ERROR_TRAIL_CUT);
        assert_error(tell(p, &other, 11, 11, &kept), ERROR_TRAIL_FORK);
        assert_error(tell(p, &other, 11, 20, &kept), ERROR_TRAIL_FORK);
        assert_error(tell(p, &t, 10, 20, &kept), ERROR_TRAIL_FORK); /* no proof from where it stood */
        assert_error(tell(p, &t, 0, 20, &kept), ERROR_TRAIL_FORK);
        struct signer_trail bad = { .size = 20, .root = bytes_text("short") };
        assert_error(cast_ask(p->cast, p->peer, SIGNER_TRAIL, &bad, &kept), ERROR_MALFORMED);
        if (from_snapshot == 0) assert_ok(state_write(p->stage->signer));
        play_restart(p);
    }
    assert_true(p->stage->signer->refusals.count > 0);
    assert_ok(tell(p, &t, 11, 20, &kept));
    assert_int_equal(kept.size, 20);
}

static struct result tell_stopping(struct play *p, const struct trail_of *t, uint64_t old, uint64_t size)
{
    struct signer_trail_kept kept = { 0 };
    struct result r = tell_as(p, true, t, old, size, &kept);
    if (!failed(r) && (uint64_t)kept.size != size) r = FAIL(ERROR_NOT_FOUND);
    return r;
}

/* A peer that stops need not wait for the hour, but it fills no disk by stopping all the time; restarts are no way out. */
static void r_ops_6_a_peer_that_stops_has_its_trail_recorded_in_measure(void **state)
{
    struct play *p = *state;
    struct trail_of t;
    struct signer_trail_kept kept;
    make(&t, 1);
    assert_ok(tell(p, &t, 0, 2, &kept));
    const uint64_t size = ledger_size(p->stage->signer->journal);
    assert_ok(tell_stopping(p, &t, 2, 3));
    assert_int_equal(ledger_size(p->stage->signer->journal), size + 1);
    assert_ok(tell_stopping(p, &t, 3, 3)); /* it did not grow */
    assert_int_equal(ledger_size(p->stage->signer->journal), size + 1);
    p->stage->signer->trails.hour_max = 5;
    for (uint64_t n = 3; n < 6; n++) assert_ok(tell_stopping(p, &t, n, n + 1));
    assert_error(tell_stopping(p, &t, 6, 7), ERROR_NOT_FOUND);
    for (int from_snapshot = 0; from_snapshot < 2; from_snapshot++) {
        if (from_snapshot) assert_ok(state_write(p->stage->signer));
        play_restart(p);
        assert_int_equal(p->stage->signer->trails.count, 5);
        p->stage->signer->trails.hour_max = 5;
        assert_error(tell_stopping(p, &t, 6, 7), ERROR_NOT_FOUND);
    }
    hours_pass(p);
    assert_ok(tell_stopping(p, &t, 6, 7));
    assert_error(tell_stopping(p, &t, 0, 5), ERROR_TRAIL_CUT);
}

/* After a backup was restored it goes on from what the backup had, whatever was recorded meanwhile. */
static void r_ops_6_a_restored_trail_goes_on_from_the_backup(void **state)
{
    struct play *p = *state;
    struct trail_of t, later;
    struct signer_trail_kept kept;
    struct tree_hash root;
    uint8_t room[256];
    struct writer w = writer_of(room, sizeof room);
    char path[128];
    make(&t, 1);
    later = t;
    later.leaves[15].b[5] = 9; /* from here on its entries are others */
    assert_ok(tell(p, &t, 0, 30, &kept));
    root_of(t.leaves, 15, &root);
    const struct journal_restored restored = { .incarnation = random_id(), .trail_size = 15,
                                               .trail_root = BYTES(root.b) };
    shape_write(&journal_restored_shape, &restored, &w);
    snprintf(path, sizeof path, "%s/signer/incarnation", p->stage->folder);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(room, 1, w.len, f), w.len);
    fclose(f);
    play_restart(p);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(id_equal(&p->stage->signer->incarnation, &restored.incarnation));
    assert_error(tell(p, &later, 30, 31, &kept), ERROR_TRAIL_FORK);
    assert_ok(tell(p, &later, 15, 20, &kept)); /* at once: it need not wait for an hour */
    assert_int_equal(kept.size, 20);
}

int test_trail(void)
{
    const struct CMUnitTest tests[] = {
        PLAY(r_ops_6_a_trail_that_goes_on_is_recorded_once_an_hour),
        PLAY(r_ops_6_a_smaller_or_another_trail_is_refused_and_journaled),
        PLAY(r_ops_6_a_peer_that_stops_has_its_trail_recorded_in_measure),
        PLAY(r_ops_6_a_restored_trail_goes_on_from_the_backup),
    };
    return cmocka_run_group_tests_name("trail", tests, NULL, NULL);
}
