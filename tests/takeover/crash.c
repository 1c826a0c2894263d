/* The signer killed at each of its points, as by a loss of power; its journal torn, shortened, altered, full. What was
 * answered is there afterwards, what was not is done once when it is asked again. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "stage.h"

enum { FAULT_EXIT = 137 };

static const char *program;

struct scene {
    struct cast *cast;
    struct stage *stage;
    struct signer_peer copy; /* what the database of web has */
};

#define assert_ok(expr)                                                             \
    do {                                                                            \
        struct result ok_ = (expr);                                                 \
        if (failed(ok_)) fail_msg("%s: %s", #expr, error_find(ok_.code)->name);     \
    } while (0)

static struct result greet(struct scene *s)
{
    struct signer_state where;
    TRY(cast_ask(s->cast, &s->stage->peer, SIGNER_STATE, &s->copy, &where));
    s->copy = (struct signer_peer){ where.size, where.root };
    return OK;
}

static void start(struct scene *s, const char *fault)
{
    stage_start(s->stage, program, fault);
    assert_ok(greet(s));
}

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->cast = cast_new((int64_t)time(NULL));
    s->stage = stage_new("spare_keys = 0\n");
    stage_start(s->stage, program, NULL);
    cast_set_up(s->cast, &s->stage->peer);
    assert_int_equal(stage_stop(s->stage), 0);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    stage_free(s->stage);
    cast_free(s->cast);
    free(s);
    return 0;
}

/* Opens and issues ORDER; how far it came. */
static struct result produce(struct scene *s, struct cast_order *order, struct signer_issued *ret_issued)
{
    TRY(cast_open(s->cast, &s->stage->peer, order));
    return cast_issue(s->cast, &s->stage->peer, order, ret_issued);
}

static const char *journal_file(struct scene *s, const char *name)
{
    return arena_format(s->cast->arena, "%s/signer/journal/%s", s->stage->folder, name);
}

static off_t length(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* ---- killed at each point ---- */

/* Each opening of a card writes and syncs the journal once. Each issuing writes two records to the key centre's log (a
 * key, and that it is taken: no spare ones are kept here) and one to the journal, and syncs first the one, then the other. */
struct point {
    const char *name; /* as HUFU_FAULT */
    uint16_t type;    /* what is recorded by the request that dies */
    int kept;         /* whether its record is in the journal afterwards: 1 it must, 0 it must not, -1 either */
};

static const struct point points[] = {
    { "ledger:record-written", JOURNAL_CARD, -1 },     { "signer:appended", JOURNAL_CARD, -1 },
    { "ledger:before-sync", JOURNAL_CARD, -1 },        { "ledger:synced", JOURNAL_CARD, 1 },
    { "signer:synced", JOURNAL_CARD, 1 },              { "signer:head-published", JOURNAL_CARD, 1 },
    { "signer:before-answer", JOURNAL_CARD, 1 },       { "signer:answered", JOURNAL_CARD, 1 },
    { "ledger:record-written=2", JOURNAL_ISSUED, 0 },  { "ledger:record-written=3", JOURNAL_ISSUED, 0 },
    { "signer:key-taken", JOURNAL_ISSUED, 0 },         { "signer:certified", JOURNAL_ISSUED, 0 },
    { "ledger:record-written=4", JOURNAL_ISSUED, -1 }, { "signer:appended=2", JOURNAL_ISSUED, -1 },
    { "ledger:before-sync=2", JOURNAL_ISSUED, -1 },    { "ledger:synced=2", JOURNAL_ISSUED, -1 },
    { "ledger:before-sync=3", JOURNAL_ISSUED, -1 },    { "ledger:synced=3", JOURNAL_ISSUED, 1 },
    { "signer:synced=2", JOURNAL_ISSUED, 1 },          { "signer:head-published=2", JOURNAL_ISSUED, 1 },
    { "signer:before-answer=2", JOURNAL_ISSUED, 1 },   { "signer:answered=2", JOURNAL_ISSUED, 1 },
};

static void crash_at(struct scene *s, const struct point *point)
{
    const uint16_t type = point->type;
    struct cast_order order;
    struct signer_issued issued, again;
    start(s, point->name);
    int before = cast_count(s->cast, &s->stage->peer, type);
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    struct result r = produce(s, &order, &issued);
    assert_true(failed(r) || text_starts(point->name, "signer:answered"));
    assert_int_equal(stage_wait(s->stage), FAULT_EXIT);

    start(s, NULL);
    int after = cast_count(s->cast, &s->stage->peer, type);
    assert_true(after == before || after == before + 1);
    if (point->kept >= 0) assert_int_equal(after - before, point->kept);
    assert_ok(produce(s, &order, &issued));
    assert_int_equal(cast_count(s->cast, &s->stage->peer, type), before + 1);
    assert_int_equal(stage_stop(s->stage), 0);

    start(s, NULL);
    assert_ok(produce(s, &order, &again));
    assert_true(bytes_equal(issued.signing_certificate, again.signing_certificate));
    assert_true(bytes_equal(issued.enveloped_key, again.enveloped_key));
    assert_int_equal(cast_count(s->cast, &s->stage->peer, type), before + 1);
    assert_int_equal(stage_stop(s->stage), 0);
}

/* R-APPLY-3 */
static void r_apply_3_nothing_is_lost_and_nothing_happens_twice(void **state)
{
    struct scene *s = *state;
    for (size_t i = 0; i < COUNT(points); i++) crash_at(s, &points[i]);
}

static void setting_up_begins_anew_after_a_crash_before_the_first_record(void **state)
{
    struct scene *s = *state;
    struct stage *fresh = stage_new(NULL);
    struct signer_state where;
    stage_start(fresh, program, "signer:keys-written");
    assert_true(failed(cast_begin(s->cast, &fresh->peer, &where)));
    assert_int_equal(stage_wait(fresh), FAULT_EXIT);
    stage_start(fresh, program, NULL);
    cast_set_up(s->cast, &fresh->peer);
    assert_int_equal(stage_stop(fresh), 0);
    stage_start(fresh, program, NULL);
    assert_ok(stage_greet(fresh, s->cast, &where));
    stage_free(fresh);
}

static void a_checkpoint_that_was_not_finished_is_not_missed(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_issued issued;
    start(s, "ledger:checkpoint-written");
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    assert_ok(produce(s, &order, &issued));
    assert_int_equal(stage_stop(s->stage), FAULT_EXIT);
    start(s, NULL);
    assert_int_equal(cast_count(s->cast, &s->stage->peer, JOURNAL_ISSUED), 1);
}

/* ---- the journal's end ---- */

/* Killed before the sync, and of the last record only a part reached the disk. */
static void a_torn_record_is_cut_and_the_request_done_again(void **state)
{
    struct scene *s = *state;
    for (int parts = 1; parts < 8; parts++) {
        struct cast_order order;
        struct signer_issued issued;
        start(s, "ledger:before-sync=3");
        int before = cast_count(s->cast, &s->stage->peer, JOURNAL_ISSUED);
        cast_order(s->cast, &order);
        cast_sign_order(s->cast, &order);
        assert_ok(cast_open(s->cast, &s->stage->peer, &order));
        off_t end = length(journal_file(s, "records"));
        assert_true(failed(cast_issue(s->cast, &s->stage->peer, &order, &issued)));
        assert_int_equal(stage_wait(s->stage), FAULT_EXIT);
        off_t torn = end + (length(journal_file(s, "records")) - end) * parts / 8;
        assert_int_equal(truncate(journal_file(s, "records"), torn), 0);
        start(s, NULL);
        assert_int_equal(cast_count(s->cast, &s->stage->peer, JOURNAL_ISSUED), before);
        assert_ok(produce(s, &order, &issued));
        assert_int_equal(cast_count(s->cast, &s->stage->peer, JOURNAL_ISSUED), before + 1);
        assert_int_equal(stage_stop(s->stage), 0);
    }
}

/* Restores what was there before the last certificate, as somebody might who has a copy of the folder. */
static void r_ops_6_shortened_journal_is_not_opened(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_issued issued;
    start(s, NULL);
    off_t end = length(journal_file(s, "records"));
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    assert_ok(produce(s, &order, &issued));
    assert_ok(greet(s));
    assert_int_equal(stage_stop(s->stage), 0);
    assert_int_equal(truncate(journal_file(s, "records"), end), 0);
    assert_int_equal(unlink(journal_file(s, "checkpoint")), 0);
    s->stage->dumb = true;
    stage_start(s->stage, program, NULL);
    assert_int_equal(stage_wait(s->stage), 1);
    /* The signed head gone as well: the peer knows better, and nothing is served. */
    assert_int_equal(unlink(journal_file(s, "head")), 0);
    s->stage->dumb = false;
    stage_start(s->stage, program, NULL);
    assert_int_equal(greet(s).code, ERROR_JOURNAL_MISMATCH);
    assert_int_equal(cast_issue(s->cast, &s->stage->peer, &order, &issued).code, ERROR_PEER_BROKE);
    assert_int_equal(stage_wait(s->stage), 1);
}

static void r_ops_6_altered_journal_is_not_opened(void **state)
{
    struct scene *s = *state;
    uint8_t b;
    int fd = open(journal_file(s, "records"), O_RDWR);
    assert_int_equal(pread(fd, &b, 1, 5000), 1);
    b ^= 1;
    assert_int_equal(pwrite(fd, &b, 1, 5000), 1);
    close(fd);
    s->stage->dumb = true;
    stage_start(s->stage, program, NULL);
    assert_int_equal(stage_wait(s->stage), 1);
}

/* A key file of another installation, or none. */
static void keys_that_are_not_the_journals_are_not_used(void **state)
{
    struct scene *s = *state;
    const char *issuing = arena_format(s->cast->arena, "%s/signer/keys/issuing-ca.key", s->stage->folder);
    const char *operators = arena_format(s->cast->arena, "%s/signer/keys/operators-ca.key", s->stage->folder);
    const char *aside = arena_format(s->cast->arena, "%s/aside", s->stage->folder);
    s->stage->dumb = true;
    assert_int_equal(rename(issuing, aside), 0);
    stage_start(s->stage, program, NULL);
    assert_int_equal(stage_wait(s->stage), 1);
    assert_int_equal(link(operators, issuing), 0); /* wrapped under another label */
    stage_start(s->stage, program, NULL);
    assert_int_equal(stage_wait(s->stage), 1);
    /* The right label and the same process key, but of another set-up. */
    struct stage *other = stage_new(NULL);
    stage_start(other, program, NULL);
    cast_set_up(s->cast, &other->peer);
    assert_int_equal(unlink(issuing), 0);
    assert_int_equal(rename(arena_format(s->cast->arena, "%s/signer/keys/issuing-ca.key", other->folder), issuing), 0);
    stage_free(other);
    stage_start(s->stage, program, NULL);
    assert_int_equal(stage_wait(s->stage), 1);
    assert_int_equal(rename(aside, issuing), 0);
    s->stage->dumb = false;
    start(s, NULL);
}

/* ---- a journal that cannot be written ---- */

static void signer_stops_when_the_journal_cannot_be_written(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_issued issued;
    start(s, NULL);
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    assert_ok(cast_open(s->cast, &s->stage->peer, &order));
    rlim_t now = (rlim_t)length(journal_file(s, "records")) + 100;
    const struct rlimit limit = { now, now };
    assert_int_equal(prlimit(s->stage->pid, RLIMIT_FSIZE, &limit, NULL), 0);
    assert_int_equal(cast_issue(s->cast, &s->stage->peer, &order, &issued).code, ERROR_IPC_CLOSED);
    assert_int_equal(stage_wait(s->stage), 1);
    start(s, NULL);
    assert_int_equal(cast_count(s->cast, &s->stage->peer, JOURNAL_ISSUED), 0);
    assert_ok(cast_issue(s->cast, &s->stage->peer, &order, &issued));
}

#define CRASH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CRASH(r_apply_3_nothing_is_lost_and_nothing_happens_twice),
        CRASH(setting_up_begins_anew_after_a_crash_before_the_first_record),
        CRASH(a_checkpoint_that_was_not_finished_is_not_missed),
        CRASH(a_torn_record_is_cut_and_the_request_done_again),
        CRASH(r_ops_6_shortened_journal_is_not_opened),
        CRASH(r_ops_6_altered_journal_is_not_opened),
        CRASH(keys_that_are_not_the_journals_are_not_used),
        CRASH(signer_stops_when_the_journal_cannot_be_written),
    };
    if (argc != 2) return 2;
    program = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
