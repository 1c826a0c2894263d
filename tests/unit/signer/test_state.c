/* The signer started from a snapshot of its state behaves as one that read the whole journal. */
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"
#include "signer/state.h"

struct deeds {
    struct cast_order done, opened;
    struct signer_issued issued;
    struct signer_revoke revoke;
};

static void do_some(struct play *p, struct deeds *d)
{
    struct signer_revoked revoked;
    cast_order(p->cast, &d->done);
    cast_sign_order(p->cast, &d->done);
    assert_ok(cast_open(p->cast, p->peer, &d->done));
    assert_ok(cast_issue(p->cast, p->peer, &d->done, &d->issued));
    cast_revocation(p->cast, &d->done, cast_serial(p->cast, d->issued.signing_certificate), "keyCompromise", &d->revoke);
    assert_ok(cast_ask(p->cast, p->peer, SIGNER_REVOKE, &d->revoke, &revoked));
    cast_order(p->cast, &d->opened);
    cast_sign_order(p->cast, &d->opened);
    assert_ok(cast_open(p->cast, p->peer, &d->opened));
}

/* Everything that the state is there for. */
static void check(struct play *p, struct deeds *d)
{
    struct signer_issued issued;
    struct signer_revoked revoked;
    struct signer_held held;
    struct cast_order again;
    assert_ok(cast_issue(p->cast, p->peer, &d->done, &issued));
    assert_true(bytes_equal(issued.signing_certificate, d->issued.signing_certificate));
    struct cast_order other = d->done;
    other.issue.request = random_id();
    assert_error(cast_issue(p->cast, p->peer, &other, &issued), ERROR_APPROVAL_USED);
    d->revoke.request = random_id();
    assert_error(cast_ask(p->cast, p->peer, SIGNER_REVOKE, &d->revoke, &revoked), ERROR_APPROVAL_USED);
    const struct signer_hold hold = { random_id(), d->done.approve[0].holder,
                                      cast_serial(p->cast, d->issued.signing_certificate) };
    assert_error(cast_ask(p->cast, p->peer, SIGNER_HOLD, &hold, &held), ERROR_HELD_ALREADY);
    cast_order(p->cast, &again);
    again.key = d->done.key;
    cast_sign_order(p->cast, &again);
    assert_ok(cast_open(p->cast, p->peer, &again));
    assert_error(cast_issue(p->cast, p->peer, &again, &issued), ERROR_KEY_REPEATED);
    assert_ok(cast_issue(p->cast, p->peer, &d->opened, &issued));
}

static void nothing_is_forgotten_with_a_snapshot(void **state)
{
    struct play *p = *state;
    struct deeds before, after;
    do_some(p, &before);
    assert_ok(state_write(p->stage->signer));
    uint64_t size = ledger_size(p->stage->signer->journal);
    do_some(p, &after); /* is read from the journal */
    play_restart(p);
    assert_int_equal(p->stage->signer->snapshot, size);
    check(p, &before);
    check(p, &after);
}

/* R-OPS-6: as `hufu restore` leaves it to the next start; also where that came to its end halfway. */
static void a_restored_journal_begins_another_incarnation_once(void **state)
{
    struct play *p = *state;
    struct id before = p->stage->signer->incarnation, fresh = random_id();
    char path[128], text[ID_TEXT_LEN + 1];
    uint64_t size = ledger_size(p->stage->signer->journal);
    id_text(&fresh, text);
    snprintf(path, sizeof path, "%s/signer/incarnation", p->stage->folder);
    for (int start = 0; start < 3; start++) {
        if (start < 2) { /* the second time it is there still, though the record is */
            FILE *f = fopen(path, "w");
            assert_non_null(f);
            fputs(text, f);
            fclose(f);
        }
        if (start == 2) assert_ok(state_write(p->stage->signer)); /* the third time from a snapshot */
        play_restart(p);
        assert_int_equal(access(path, F_OK), -1);
        assert_true(id_equal(&p->stage->signer->incarnation, &fresh));
        assert_false(id_equal(&p->stage->signer->incarnation, &before));
        if (start == 0) assert_true(ledger_size(p->stage->signer->journal) > size);
        else assert_int_equal(ledger_size(p->stage->signer->journal), size);
        size = ledger_size(p->stage->signer->journal);
    }
    assert_true(p->stage->signer->snapshot > 0);
}

static void a_snapshot_that_was_altered_is_not_used(void **state)
{
    struct play *p = *state;
    struct deeds deeds;
    char path[128];
    do_some(p, &deeds);
    assert_ok(state_write(p->stage->signer));
    snprintf(path, sizeof path, "%s/signer/journal/state", p->stage->folder);
    FILE *f = fopen(path, "rb+");
    assert_non_null(f);
    fseek(f, 100, SEEK_SET);
    fputc(0xAA, f);
    fclose(f);
    play_restart(p);
    assert_int_equal(p->stage->signer->snapshot, 0);
    check(p, &deeds);
}

/* Its MAC holds, for this very journal, but what is in it is not a state. */
static void write_nonsense(struct signer *s, struct bytes content)
{
    struct snapshot_out *out;
    uint8_t key[SNAPSHOT_KEY_SIZE];
    sm3_hmac(BYTES(s->process_key), bytes_text("hufu-signer-state-2"), key);
    assert_ok(snapshot_begin(s->journal_folder, "state", key, s->journal, &out));
    snapshot_bytes(out, content);
    assert_ok(snapshot_end(out));
}

static void a_snapshot_that_is_not_understood_costs_time_only(void **state)
{
    struct play *p = *state;
    struct deeds deeds;
    uint8_t nonsense[5000];
    memset(nonsense, 0x41, sizeof nonsense);
    do_some(p, &deeds);
    static const size_t sizes[] = { 0, 7, 32, 40, 400, sizeof nonsense };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        write_nonsense(p->stage->signer, bytes_of(nonsense, sizes[i]));
        play_restart(p);
        assert_int_equal(p->stage->signer->snapshot, 0);
    }
    check(p, &deeds);
}

/* One that is ahead of the journal (which lost what was not synced) is of another journal. */
static void a_snapshot_ahead_of_its_journal_is_not_used(void **state)
{
    struct snapshot_in in;
    struct diag diag = { 0 };
    struct ledger *log;
    char folder[] = "/tmp/hufu-ahead-XXXXXX", path[96];
    uint8_t key[SNAPSHOT_KEY_SIZE] = { 6 };
    assert_non_null(mkdtemp(folder));
    assert_ok(ledger_open(folder, 0, &diag, &log));
    for (int round = 0; round < 2; round++) {
        struct snapshot_out *out;
        uint64_t index, size = ledger_size(log);
        const struct ledger_record record = { 1, 1, 1, bytes_text("lost") };
        assert_ok(ledger_append(log, &record, &index));
        assert_ok(snapshot_begin(folder, "state", key, log, &out));
        assert_ok(snapshot_end(out));
        ledger_free(log);
        snprintf(path, sizeof path, "%s/records", folder);
        assert_int_equal(truncate(path, 32), 0);
        assert_ok(ledger_open(folder, 0, &diag, &log));
        assert_int_equal(ledger_size(log), 0);
        assert_error(snapshot_open(folder, "state", key, log, &in), ERROR_NOT_FOUND);
        /* Nor when it has grown to that size again, by other records. */
        for (uint64_t i = 0; i <= size; i++) assert_ok(ledger_append(log, &record, &index));
        assert_error(snapshot_open(folder, "state", key, log, &in), ERROR_NOT_FOUND);
    }
    ledger_free(log);
    static const char *const names[] = { "records", "tree", "places", "checkpoint", "state" };
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

int test_state(void)
{
    const struct CMUnitTest tests[] = {
        PLAY(nothing_is_forgotten_with_a_snapshot),
        PLAY(a_restored_journal_begins_another_incarnation_once),
        PLAY(a_snapshot_that_was_altered_is_not_used),
        PLAY(a_snapshot_that_is_not_understood_costs_time_only),
        cmocka_unit_test(a_snapshot_ahead_of_its_journal_is_not_used),
    };
    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
