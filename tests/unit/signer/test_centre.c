/* R-PKI-2: the key centre alone: its stores, its two wrappings, what it gives to whom. */
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"
#include "signer/key_centre.h"

enum { SPARE = 10 };

struct fixture {
    char folder[64];
    struct drbg drbg;
    struct clock clock;
    struct key_centre_options options;
    struct key_centre *centre;
    struct sm2_private container, other;
};

static void reopen(struct fixture *f)
{
    struct diag diag = { 0 };
    if (f->centre) assert_ok(key_centre_sync(f->centre));
    key_centre_free(TAKE(f->centre));
    assert_ok(key_centre_open(&f->options, &diag, &f->centre));
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    uint8_t seed[DRBG_ENTROPY_MIN];
    random_fill(seed, sizeof seed);
    drbg_init(&f->drbg, BYTES(seed), (struct bytes){ 0 }, (struct bytes){ 0 });
    f->clock = (struct clock){ clock_system, 0 };
    snprintf(f->folder, sizeof f->folder, "/tmp/hufu-centre-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->options = (struct key_centre_options){ .folder = f->folder, .wrapping_key = { 9 }, .drbg = &f->drbg,
                                              .clock = &f->clock, .spare = SPARE };
    assert_ok(sm2_private_generate(&f->container, &f->drbg));
    assert_ok(sm2_private_generate(&f->other, &f->drbg));
    reopen(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = { "records", "tree", "places", "checkpoint", "state" };
    struct fixture *f = *state;
    char path[100];
    key_centre_free(f->centre);
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", f->folder, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static void work_all(struct fixture *f)
{
    for (int i = 0; i < 1000 && key_centre_due(f->centre); i++) assert_ok(key_centre_work(f->centre, 7));
    assert_false(key_centre_due(f->centre));
}

static struct key_centre_pair take(struct fixture *f, const char *holder)
{
    const struct key_centre_order order = { &f->container.public, holder, "20261124000000017" };
    struct key_centre_pair pair;
    assert_ok(key_centre_take(f->centre, &order, &pair));
    return pair;
}

static void assert_counts(const struct fixture *f, size_t spare, size_t in_use, size_t history)
{
    struct key_centre_counts c = key_centre_counts(f->centre);
    assert_int_equal(c.spare, spare);
    assert_int_equal(c.in_use, in_use);
    assert_int_equal(c.history, history);
}

/* The private key in BLOB, which must be for CONTAINER and of POINT. */
static struct sm2_private opened(const struct sm2_private *container, const uint8_t *blob, const uint8_t *point)
{
    struct sm2_private key;
    assert_ok(enveloped_key_open(container, bytes_of(blob, ENVELOPED_KEY_SIZE), &key));
    assert_memory_equal(key.public.point, point, SM2_POINT_SIZE);
    return key;
}

static void r_pki_2_keys_are_spare_then_in_use_then_history(void **state)
{
    struct fixture *f = *state;
    assert_true(key_centre_due(f->centre));
    work_all(f);
    assert_counts(f, SPARE, 0, 0);
    struct key_centre_pair a = take(f, "holder-a"), b = take(f, "holder-b");
    assert_memory_not_equal(a.public.point, b.public.point, SM2_POINT_SIZE);
    opened(&f->container, a.enveloped, a.public.point);
    assert_counts(f, SPARE - 2, 2, 0);
    assert_ok(key_centre_retire(f->centre, a.public.point));
    assert_ok(key_centre_retire(f->centre, a.public.point)); /* is there already */
    assert_ok(key_centre_retire(f->centre, f->other.public.point)); /* not one of ours */
    assert_counts(f, SPARE - 2, 1, 1);
    reopen(f);
    assert_counts(f, SPARE - 2, 1, 1);
}

static void spare_keys_are_made_ahead_from_half_on(void **state)
{
    struct fixture *f = *state;
    work_all(f);
    for (int i = 0; i < SPARE / 2; i++) take(f, "holder");
    assert_false(key_centre_due(f->centre));
    take(f, "holder");
    assert_true(key_centre_due(f->centre));
    work_all(f);
    assert_counts(f, SPARE, SPARE / 2 + 1, 0);
}

/* Also when there is none: one is made. */
static void an_empty_store_keeps_nobody_waiting(void **state)
{
    struct fixture *f = *state;
    struct key_centre_pair pair = take(f, "holder");
    opened(&f->container, pair.enveloped, pair.public.point);
    assert_counts(f, 0, 1, 0);
}

/* R-LOST-4: for the holder it was given to, and nobody else. */
static void r_lost_4_key_goes_into_another_token_of_the_same_holder_only(void **state)
{
    struct fixture *f = *state;
    struct key_centre_pair pair = take(f, "holder-a");
    uint8_t blob[ENVELOPED_KEY_SIZE];
    const struct key_centre_order same = { &f->other.public, "holder-a", "20261124000000025" };
    const struct key_centre_order stranger = { &f->other.public, "holder-b", "20261124000000025" };
    const struct key_centre_order prefix = { &f->other.public, "holder-", "20261124000000025" };
    reopen(f);
    assert_ok(key_centre_envelope(f->centre, pair.public.point, &same, blob));
    struct sm2_private first = opened(&f->container, pair.enveloped, pair.public.point);
    struct sm2_private again = opened(&f->other, blob, pair.public.point);
    assert_memory_equal(first.d, again.d, sizeof first.d);
    assert_error(key_centre_envelope(f->centre, pair.public.point, &stranger, blob), ERROR_NOT_FOUND);
    assert_error(key_centre_envelope(f->centre, pair.public.point, &prefix, blob), ERROR_NOT_FOUND);
    assert_error(key_centre_envelope(f->centre, f->other.public.point, &same, blob), ERROR_NOT_FOUND);
    /* Out of history too: what was lost is usually revoked by then. */
    assert_ok(key_centre_retire(f->centre, pair.public.point));
    assert_ok(key_centre_envelope(f->centre, pair.public.point, &same, blob));
}

static void keys_lie_wrapped(void **state)
{
    struct fixture *f = *state;
    struct key_centre_pair pair = take(f, "holder");
    uint8_t blob[ENVELOPED_KEY_SIZE];
    const struct key_centre_order order = { &f->other.public, "holder", "20261124000000025" };
    struct sm2_private key = opened(&f->container, pair.enveloped, pair.public.point);
    uint8_t d[SM2_KEY_SIZE], all[8192];
    char path[100];
    sm2_private_bytes(&key, d);
    snprintf(path, sizeof path, "%s/records", f->folder);
    FILE *file = fopen(path, "rb");
    size_t len = fread(all, 1, sizeof all, file);
    fclose(file);
    assert_null(memmem(all, len, d, sizeof d));
    f->options.wrapping_key[0] ^= 1;
    reopen(f);
    assert_error(key_centre_envelope(f->centre, pair.public.point, &order, blob), ERROR_KEY_UNWRAP);
}

/* ---- custodians ---- */

struct custody {
    struct sm2_private custodians[3];
    struct sm2_public custodial;
    uint8_t shares[3][ESCROW_SHARE_SIZE];
};

static void appoint(struct fixture *f, int64_t version, struct custody *ret_custody)
{
    struct sm2_public keys[3];
    for (int i = 0; i < 3; i++) {
        assert_ok(sm2_private_generate(&ret_custody->custodians[i], &f->drbg));
        keys[i] = ret_custody->custodians[i].public;
    }
    assert_ok(escrow_make(keys, 3, 2, &f->drbg, &ret_custody->custodial, ret_custody->shares));
    assert_ok(key_centre_custody(f->centre, &ret_custody->custodial, version));
}

static struct sm2_private judicial(struct fixture *f, const struct custody *custody, const struct sm2_public *public,
                                   int64_t version)
{
    struct key_centre_escrow escrow;
    struct shamir_share shares[2];
    struct sm2_private custodial, key;
    assert_ok(key_centre_escrow(f->centre, public->point, &escrow));
    assert_int_equal(escrow.version, version);
    for (int i = 0; i < 2; i++)
        assert_ok(escrow_share_open(&custody->custodians[i + 1], custody->shares[i + 1], &shares[i]));
    assert_ok(escrow_join(shares, 2, &custody->custodial, &custodial));
    assert_ok(escrow_unwrap(&custodial, escrow.blob, public, &key));
    return key;
}

static void r_pki_2_every_key_comes_to_be_wrapped_for_the_custodians(void **state)
{
    struct fixture *f = *state;
    struct custody first, second;
    struct key_centre_escrow escrow;
    struct key_centre_pair before = take(f, "holder-a");
    assert_error(key_centre_escrow(f->centre, before.public.point, &escrow), ERROR_NOT_FOUND);
    appoint(f, 1, &first);
    work_all(f);
    reopen(f);
    work_all(f);
    struct key_centre_pair after = take(f, "holder-b");
    assert_int_equal(key_centre_counts(f->centre).for_custodians, SPARE + 1);
    struct sm2_private a = judicial(f, &first, &before.public, 1), b = judicial(f, &first, &after.public, 1);
    assert_memory_equal(a.d, opened(&f->container, before.enveloped, before.public.point).d, sizeof a.d);
    assert_memory_equal(b.d, opened(&f->container, after.enveloped, after.public.point).d, sizeof b.d);
    /* Other custodians: everything is wrapped for them, and an old version does not come back. */
    appoint(f, 2, &second);
    assert_ok(key_centre_custody(f->centre, &first.custodial, 1));
    work_all(f);
    reopen(f);
    work_all(f);
    assert_int_equal(key_centre_counts(f->centre).for_custodians, SPARE + 1);
    judicial(f, &second, &before.public, 2);
    judicial(f, &second, &after.public, 2);
}

/* ---- snapshot ---- */

static void stores_are_the_same_with_and_without_a_snapshot(void **state)
{
    enum { MANY = 2100 };
    struct fixture *f = *state;
    struct custody custody;
    char path[100];
    struct key_centre_pair first = take(f, "holder-a");
    uint8_t blob[ENVELOPED_KEY_SIZE];
    const struct key_centre_order order = { &f->other.public, "holder-a", "20261124000000025" };
    appoint(f, 1, &custody);
    for (int i = 0; i < MANY; i++) take(f, "holder");
    assert_ok(key_centre_retire(f->centre, first.public.point));
    work_all(f);
    assert_ok(key_centre_sync(f->centre));
    snprintf(path, sizeof path, "%s/state", f->folder);
    assert_int_equal(access(path, R_OK), 0);
    struct key_centre_counts before = key_centre_counts(f->centre);
    for (int with = 1; with >= 0; with--) {
        if (!with) assert_int_equal(unlink(path), 0);
        reopen(f);
        struct key_centre_counts after = key_centre_counts(f->centre);
        assert_memory_equal(&before, &after, sizeof before);
        assert_ok(key_centre_envelope(f->centre, first.public.point, &order, blob));
        judicial(f, &custody, &first.public, 1);
    }
}

/* ---- after a crash ---- */

struct certified_key {
    const uint8_t *points[2];
};

static bool is_certified(const void *context, const uint8_t *point)
{
    const struct certified_key *c = context;
    for (int i = 0; i < 2; i++)
        if (c->points[i] && memcmp(c->points[i], point, SM2_POINT_SIZE) == 0) return true;
    return false;
}

static void key_without_certificate_becomes_history_and_one_with_is_never_spare(void **state)
{
    struct fixture *f = *state;
    struct key_centre_pair kept = take(f, "holder"), orphan = take(f, "holder");
    work_all(f);
    /* Of one of the spare ones a certificate is in the journal, though its taking was lost. */
    struct key_centre_pair lost = take(f, "holder");
    char path[100];
    snprintf(path, sizeof path, "%s/records", f->folder);
    key_centre_free(TAKE(f->centre));
    FILE *file = fopen(path, "rb+");
    fseek(file, 0, SEEK_END);
    assert_int_equal(ftruncate(fileno(file), ftell(file) - 1), 0);
    fclose(file);
    snprintf(path, sizeof path, "%s/checkpoint", f->folder);
    unlink(path);
    reopen(f);
    assert_counts(f, SPARE, 2, 0);
    const struct certified_key certified = { { kept.public.point, lost.public.point } };
    assert_ok(key_centre_settle(f->centre, is_certified, &certified));
    assert_counts(f, SPARE - 1, 2, 1);
    for (int i = 0; i < SPARE + 2; i++) {
        struct key_centre_pair next = take(f, "holder");
        assert_memory_not_equal(next.public.point, lost.public.point, SM2_POINT_SIZE);
        assert_memory_not_equal(next.public.point, orphan.public.point, SM2_POINT_SIZE);
    }
}

#define CENTRE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int test_centre(void)
{
    const struct CMUnitTest tests[] = {
        CENTRE(r_pki_2_keys_are_spare_then_in_use_then_history),
        CENTRE(spare_keys_are_made_ahead_from_half_on),
        CENTRE(an_empty_store_keeps_nobody_waiting),
        CENTRE(r_lost_4_key_goes_into_another_token_of_the_same_holder_only),
        CENTRE(keys_lie_wrapped),
        CENTRE(r_pki_2_every_key_comes_to_be_wrapped_for_the_custodians),
        CENTRE(stores_are_the_same_with_and_without_a_snapshot),
        CENTRE(key_without_certificate_becomes_history_and_one_with_is_never_spare),
    };
    return cmocka_run_group_tests_name("centre", tests, NULL, NULL);
}
