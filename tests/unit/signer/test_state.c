/* The signer started from a snapshot of its state behaves as one that read the whole journal. */
#include "tests.h"

#include <stdio.h>
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

int test_state(void)
{
    const struct CMUnitTest tests[] = {
        PLAY(nothing_is_forgotten_with_a_snapshot),
        PLAY(a_snapshot_that_was_altered_is_not_used),
    };
    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
