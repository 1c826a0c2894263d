/* R-OPS-6: a log in files: kept over restarts, its unfinished end cut, every alteration noticed. */
#include "tests.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merkle/ledger.h"

struct fixture {
    char folder[64];
    struct ledger *ledger;
    struct arena *arena;
};

static const char *file(const struct fixture *f, const char *name)
{
    return arena_format(f->arena, "%s/%s", f->folder, name);
}

static struct result reopen(struct fixture *f, uint64_t durable)
{
    struct diag diag = { 0 };
    ledger_free(TAKE(f->ledger));
    return ledger_open(f->folder, durable, &diag, &f->ledger);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "%s/hufu-ledger-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->folder));
    f->arena = arena_new(16 << 20);
    assert_false(failed(reopen(f, 0)));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = { "records", "tree", "places", "checkpoint" };
    struct fixture *f = *state;
    ledger_free(f->ledger);
    for (size_t i = 0; i < COUNT(names); i++) unlink(file(f, names[i]));
    assert_int_equal(rmdir(f->folder), 0);
    arena_free(f->arena);
    free(f);
    return 0;
}

/* Record I has I % 50 + 1 bytes of value I. */
static struct ledger_record record_of(const struct fixture *f, int i)
{
    size_t len = (size_t)i % 50 + 1;
    uint8_t *body = arena_take(f->arena, len);
    memset(body, i, len);
    return (struct ledger_record){ .type = (uint16_t)(i % 7), .version = 1, .time_s = 1000 + i, .body = { body, len } };
}

static void append(struct fixture *f, int count)
{
    for (int i = 0; i < count; i++) {
        struct ledger_record record = record_of(f, (int)ledger_size(f->ledger));
        uint64_t index;
        assert_false(failed(ledger_append(f->ledger, &record, &index)));
    }
    assert_false(failed(ledger_sync(f->ledger)));
}

static void check_records(struct fixture *f, uint64_t count)
{
    assert_int_equal(ledger_size(f->ledger), count);
    for (uint64_t i = 0; i < count; i++) {
        struct ledger_record record = record_of(f, (int)i);
        struct ledger_entry e;
        assert_false(failed(ledger_read(f->ledger, i, f->arena, &e)));
        assert_int_equal(e.record.type, record.type);
        assert_int_equal(e.record.time_s, record.time_s);
        assert_true(bytes_equal(e.record.body, record.body));
    }
    assert_false(failed(ledger_verify(f->ledger, NULL)));
}

static struct tree_hash root_of(const struct fixture *f, uint64_t size)
{
    struct tree_hash root = { { 0 } };
    assert_false(failed(ledger_root(f->ledger, size, &root)));
    return root;
}

static off_t length(const char *path)
{
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    return s.st_size;
}

static void flip(const char *path, off_t at)
{
    int fd = open(path, O_RDWR);
    uint8_t b;
    assert_int_equal(pread(fd, &b, 1, at), 1);
    b ^= 0x10;
    assert_int_equal(pwrite(fd, &b, 1, at), 1);
    close(fd);
}

static void records_and_root_are_the_same_after_a_restart(void **state)
{
    struct fixture *f = *state;
    append(f, 100);
    struct tree_hash before = root_of(f, 100), half = root_of(f, 37);
    struct id id = ledger_id(f->ledger), again;
    assert_false(failed(reopen(f, 100)));
    check_records(f, 100);
    assert_memory_equal(before.b, root_of(f, 100).b, sizeof before.b);
    assert_memory_equal(half.b, root_of(f, 37).b, sizeof half.b);
    assert_int_equal(ledger_last_time(f->ledger), 1099);
    assert_int_equal(ledger_cut(f->ledger), 0);
    again = ledger_id(f->ledger);
    assert_true(id_equal(&id, &again));
    append(f, 5);
    check_records(f, 105);
}

static void two_records_alike_have_different_leaves(void **state)
{
    struct fixture *f = *state;
    struct ledger_record record = { .type = 1, .version = 1, .time_s = 5, .body = bytes_text("same") };
    struct tree_hash a = { { 0 } }, b = { { 0 } };
    uint64_t index;
    assert_false(failed(ledger_append(f->ledger, &record, &index)));
    assert_false(failed(ledger_append(f->ledger, &record, &index)));
    assert_false(failed(ledger_leaf(f->ledger, 0, &a)));
    assert_false(failed(ledger_leaf(f->ledger, 1, &b)));
    assert_memory_not_equal(a.b, b.b, sizeof a.b);
}

static void every_proof_of_the_files_holds(void **state)
{
    struct fixture *f = *state;
    enum { SIZE = 45 };
    append(f, SIZE);
    for (uint64_t size = 1; size <= SIZE; size++) {
        struct tree_hash root = root_of(f, size), leaf = { { 0 } };
        for (uint64_t i = 0; i < size; i++) {
            uint8_t proof[TREE_PROOF_MAX];
            struct writer w = writer_of(proof, sizeof proof);
            assert_false(failed(ledger_leaf(f->ledger, i, &leaf)));
            assert_false(failed(ledger_inclusion(f->ledger, i, size, &w)));
            assert_false(failed(tree_check_inclusion(&leaf, i, size, bytes_of(proof, w.len), &root)));
            struct tree_hash old = root_of(f, i + 1);
            w = writer_of(proof, sizeof proof);
            assert_false(failed(ledger_consistency(f->ledger, i + 1, size, &w)));
            assert_false(failed(tree_check_consistency(i + 1, &old, size, &root, bytes_of(proof, w.len))));
        }
    }
    uint8_t proof[TREE_PROOF_MAX];
    struct writer w = writer_of(proof, sizeof proof);
    assert_int_equal(ledger_inclusion(f->ledger, SIZE, SIZE, &w).code, ERROR_NOT_FOUND);
    assert_int_equal(ledger_inclusion(f->ledger, 0, SIZE + 1, &w).code, ERROR_NOT_FOUND);
    assert_int_equal(ledger_consistency(f->ledger, 0, SIZE, &w).code, ERROR_NOT_FOUND);
    assert_int_equal(ledger_consistency(f->ledger, SIZE + 1, SIZE, &w).code, ERROR_NOT_FOUND);
}

/* The last record torn at each of its bytes: cut, and nothing else is gone. */
static void a_torn_end_is_cut(void **state)
{
    struct fixture *f = *state;
    append(f, 9);
    struct tree_hash root = root_of(f, 9);
    off_t end = length(file(f, "records"));
    for (off_t torn = 1;; torn++) {
        append(f, 1);
        off_t whole = length(file(f, "records"));
        if (end + torn >= whole) break;
        ledger_free(TAKE(f->ledger));
        unlink(file(f, "checkpoint"));
        assert_int_equal(truncate(file(f, "records"), end + torn), 0);
        assert_false(failed(reopen(f, 9)));
        assert_int_equal(ledger_cut(f->ledger), torn);
        check_records(f, 9);
        assert_memory_equal(root.b, root_of(f, 9).b, sizeof root.b);
    }
}

/* A crash may leave zeros, or half of an old page, where the last group of records should be. */
static void a_damaged_end_that_was_never_synced_is_cut_with_what_follows(void **state)
{
    struct fixture *f = *state;
    append(f, 9);
    off_t end = length(file(f, "records"));
    append(f, 3);
    ledger_free(TAKE(f->ledger));
    unlink(file(f, "checkpoint"));
    flip(file(f, "records"), end + 70);
    assert_false(failed(reopen(f, 9)));
    check_records(f, 9);
    /* A record of zeros is none: its leaf is not the hash of its content. */
    int fd = open(file(f, "records"), O_WRONLY | O_APPEND);
    uint8_t zeros[300] = { 0 };
    assert_int_equal(write(fd, zeros, sizeof zeros), sizeof zeros);
    close(fd);
    assert_false(failed(reopen(f, 9)));
    check_records(f, 9);
}

static void damage_among_what_was_synced_stops_the_opening(void **state)
{
    struct fixture *f = *state;
    append(f, 20);
    ledger_free(TAKE(f->ledger));
    off_t whole = length(file(f, "records"));
    for (off_t at = 32; at < whole; at += 53) {
        unlink(file(f, "checkpoint"));
        flip(file(f, "records"), at);
        assert_int_equal(reopen(f, 20).code, ERROR_JOURNAL_DAMAGED);
        assert_int_equal(length(file(f, "records")), whole); /* and leaves the file as it is */
        flip(file(f, "records"), at);
    }
    assert_int_equal(truncate(file(f, "records"), whole - 1), 0);
    assert_int_equal(reopen(f, 20).code, ERROR_JOURNAL_DAMAGED);
    assert_false(failed(reopen(f, 19)));
    check_records(f, 19);
}

/* With a checkpoint that spares the reading, damage below it is found by verification and whenever it is read. */
static void damage_below_a_checkpoint_is_found(void **state)
{
    struct fixture *f = *state;
    append(f, 20);
    ledger_free(TAKE(f->ledger));
    flip(file(f, "records"), 32 + 64);
    assert_false(failed(reopen(f, 20)));
    struct ledger_entry e;
    struct diag diag = { 0 };
    assert_int_equal(ledger_read(f->ledger, 0, f->arena, &e).code, ERROR_JOURNAL_DAMAGED);
    assert_int_equal(ledger_verify(f->ledger, &diag).code, ERROR_JOURNAL_DAMAGED);
    assert_string_equal(diag.log, "record 0");
}

static void tree_and_places_are_made_anew(void **state)
{
    struct fixture *f = *state;
    append(f, 33);
    struct tree_hash root = root_of(f, 33);
    static const char *const lost[] = { "tree", "places", "checkpoint" };
    for (size_t i = 0; i < COUNT(lost); i++) {
        ledger_free(TAKE(f->ledger));
        assert_int_equal(unlink(file(f, lost[i])), 0);
        assert_false(failed(reopen(f, 33)));
        check_records(f, 33);
        assert_memory_equal(root.b, root_of(f, 33).b, sizeof root.b);
    }
    /* A checkpoint that was altered, or is another log's, is not believed. */
    ledger_free(TAKE(f->ledger));
    flip(file(f, "checkpoint"), 30);
    assert_false(failed(reopen(f, 33)));
    check_records(f, 33);
    /* A tree that lost a peak is not believed either. */
    ledger_free(TAKE(f->ledger));
    flip(file(f, "tree"), length(file(f, "tree")) - 1);
    assert_false(failed(reopen(f, 33)));
    check_records(f, 33);
}

static void a_log_is_open_once(void **state)
{
    struct fixture *f = *state;
    struct ledger *second;
    struct diag diag = { 0 };
    assert_int_equal(ledger_open(f->folder, 0, &diag, &second).code, ERROR_JOURNAL_BUSY);
}

static void what_is_erased_is_gone_and_the_tree_still_proves(void **state)
{
    struct fixture *f = *state;
    append(f, 12);
    struct tree_hash root = root_of(f, 12), leaf = { { 0 } }, after = { { 0 } };
    struct ledger_entry e;
    assert_false(failed(ledger_leaf(f->ledger, 7, &leaf)));
    assert_false(failed(ledger_erase(f->ledger, 7)));
    ledger_free(TAKE(f->ledger));
    unlink(file(f, "checkpoint"));
    assert_false(failed(reopen(f, 12)));
    assert_false(failed(ledger_read(f->ledger, 7, f->arena, &e)));
    assert_null(e.record.body.ptr);
    assert_false(failed(ledger_leaf(f->ledger, 7, &after)));
    assert_memory_equal(leaf.b, after.b, sizeof leaf.b);
    assert_memory_equal(root.b, root_of(f, 12).b, sizeof root.b);
    assert_false(failed(ledger_verify(f->ledger, NULL)));
    /* The body was eight bytes of 7. */
    size_t len = (size_t)length(file(f, "records"));
    uint8_t *all = arena_take(f->arena, len);
    int fd = open(file(f, "records"), O_RDONLY);
    assert_int_equal(pread(fd, all, len, 0), (ssize_t)len);
    close(fd);
    assert_null(memmem(all, len, "\7\7\7\7\7\7\7\7", 8));
    assert_int_equal(ledger_erase(f->ledger, 12).code, ERROR_NOT_FOUND);
}

static void limits_are_kept(void **state)
{
    struct fixture *f = *state;
    struct bytes body = { arena_take(f->arena, LEDGER_BODY_MAX + 1), LEDGER_BODY_MAX };
    struct ledger_record record = { .type = 1, .version = 1, .time_s = 1, .body = body };
    struct ledger_entry e;
    uint64_t index = 7;
    assert_false(failed(ledger_append(f->ledger, &record, &index)));
    assert_int_equal(index, 0);
    record.body.len++;
    assert_int_equal(ledger_append(f->ledger, &record, &index).code, ERROR_TOO_LARGE);
    assert_int_equal(ledger_size(f->ledger), 1);
    record.body = (struct bytes){ 0 };
    assert_false(failed(ledger_append(f->ledger, &record, &index)));
    assert_false(failed(ledger_read(f->ledger, 1, f->arena, &e)));
    assert_int_equal(e.record.body.len, 0);
    assert_non_null(e.record.body.ptr); /* empty is not erased */
    assert_int_equal(ledger_read(f->ledger, 2, f->arena, &e).code, ERROR_NOT_FOUND);
    assert_false(failed(ledger_sync(f->ledger)));
}

/* A full disk, played by a limit on the size of files: the log refuses from then on, and the next start is whole. */
static void a_log_that_cannot_be_written_refuses_for_good(void **state)
{
    struct fixture *f = *state;
    append(f, 5);
    struct rlimit old, small = { .rlim_cur = (rlim_t)length(file(f, "records")) + 70 };
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    struct ledger_record record = record_of(f, 49);
    uint64_t index;
    struct result first = ledger_append(f->ledger, &record, &index);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(first.code, ERROR_JOURNAL_WRITE);
    assert_int_equal(ledger_append(f->ledger, &record, &index).code, ERROR_JOURNAL_WRITE);
    assert_int_equal(ledger_sync(f->ledger).code, ERROR_JOURNAL_WRITE);
    assert_false(failed(reopen(f, 5)));
    check_records(f, 5);
}

static void checkpoints_are_written_by_the_way(void **state)
{
    struct fixture *f = *state;
    append(f, LEDGER_CHECKPOINT_EVERY);
    assert_true(length(file(f, "checkpoint")) > 0);
    assert_false(failed(reopen(f, LEDGER_CHECKPOINT_EVERY)));
    assert_int_equal(ledger_size(f->ledger), LEDGER_CHECKPOINT_EVERY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int test_ledger(void)
{
    const struct CMUnitTest tests[] = {
        TEST(records_and_root_are_the_same_after_a_restart),
        TEST(two_records_alike_have_different_leaves),
        TEST(every_proof_of_the_files_holds),
        TEST(a_torn_end_is_cut),
        TEST(a_damaged_end_that_was_never_synced_is_cut_with_what_follows),
        TEST(damage_among_what_was_synced_stops_the_opening),
        TEST(damage_below_a_checkpoint_is_found),
        TEST(tree_and_places_are_made_anew),
        TEST(a_log_is_open_once),
        TEST(what_is_erased_is_gone_and_the_tree_still_proves),
        TEST(limits_are_kept),
        TEST(a_log_that_cannot_be_written_refuses_for_good),
        TEST(checkpoints_are_written_by_the_way),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
