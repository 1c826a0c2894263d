/* R-PKI-2: an encryption key in escrow takes as many custodians as were set to open. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "pki/escrow.h"

enum { CUSTODIANS = 5, THRESHOLD = 3 };

struct fixture {
    struct drbg drbg;
    struct sm2_private custodians[CUSTODIANS], holder;
    struct sm2_public keys[CUSTODIANS], custodial;
    uint8_t shares[CUSTODIANS][ESCROW_SHARE_SIZE];
};

static int setup(void **state)
{
    static struct fixture f;
    static const uint8_t seed[DRBG_ENTROPY_MIN] = { 3 };
    drbg_init(&f.drbg, BYTES(seed), (struct bytes){ 0 }, (struct bytes){ 0 });
    for (int i = 0; i < CUSTODIANS; i++) {
        assert_false(failed(sm2_private_generate(&f.custodians[i], &f.drbg)));
        f.keys[i] = f.custodians[i].public;
    }
    assert_false(failed(sm2_private_generate(&f.holder, &f.drbg)));
    assert_false(failed(escrow_make(f.keys, CUSTODIANS, THRESHOLD, &f.drbg, &f.custodial, f.shares)));
    *state = &f;
    return 0;
}

/* ---- the shares themselves ---- */

static int bits(unsigned set)
{
    return __builtin_popcount(set);
}

/* Every choice of shares, for every threshold: enough give the secret, fewer another one. */
static void enough_shares_give_the_secret_and_fewer_do_not(void **state)
{
    struct fixture *f = *state;
    const uint8_t secret[] = "32 bytes of a private key, or so";
    enum { N = 6, LEN = 32 };
    for (size_t threshold = SHAMIR_THRESHOLD_MIN; threshold <= N; threshold++) {
        struct shamir_share all[N], some[N];
        assert_false(failed(shamir_split(bytes_of(secret, LEN), threshold, N, &f->drbg, all)));
        for (unsigned set = 0; set < 1u << N; set++) {
            uint8_t got[LEN];
            size_t n = 0;
            for (int i = 0; i < N; i++)
                if (set & 1u << i) some[n++] = all[i];
            struct result r = shamir_join(some, n, LEN, got);
            assert_int_equal(failed(r), n < SHAMIR_THRESHOLD_MIN);
            if (failed(r)) continue;
            assert_int_equal(memcmp(got, secret, LEN) == 0, bits(set) >= (int)threshold);
        }
    }
}

/* One share of two says nothing: with it, every secret is still possible. */
static void one_share_fits_every_secret(void **state)
{
    struct fixture *f = *state;
    uint8_t secret = 0x5A;
    struct shamir_share shares[2];
    bool seen[256] = { false };
    assert_false(failed(shamir_split(bytes_of(&secret, 1), 2, 2, &f->drbg, shares)));
    for (int other = 0; other < 256; other++) {
        struct shamir_share guess[2] = { shares[0], { .number = 2, .value = { (uint8_t)other } } };
        uint8_t got;
        assert_false(failed(shamir_join(guess, 2, 1, &got)));
        assert_false(seen[got]);
        seen[got] = true;
    }
}

static void shares_have_limits(void **state)
{
    struct fixture *f = *state;
    uint8_t secret[SHAMIR_SECRET_MAX + 1] = { 1 }, got[SHAMIR_SECRET_MAX];
    struct shamir_share shares[SHAMIR_SHARES_MAX + 1];
    struct drbg *drbg = &f->drbg;
    assert_int_equal(shamir_split(bytes_of(secret, 32), 1, 3, drbg, shares).code, ERROR_SHARES);
    assert_int_equal(shamir_split(bytes_of(secret, 32), 4, 3, drbg, shares).code, ERROR_SHARES);
    assert_int_equal(shamir_split(bytes_of(secret, 32), 3, SHAMIR_SHARES_MAX + 1, drbg, shares).code, ERROR_SHARES);
    assert_int_equal(shamir_split(bytes_of(secret, 0), 2, 3, drbg, shares).code, ERROR_SHARES);
    assert_int_equal(shamir_split(bytes_of(secret, 33), 2, 3, drbg, shares).code, ERROR_SHARES);
    assert_false(failed(shamir_split(bytes_of(secret, 32), 2, SHAMIR_SHARES_MAX, drbg, shares)));
    assert_false(failed(shamir_join(shares + SHAMIR_SHARES_MAX - 2, 2, 32, got)));
    assert_memory_equal(got, secret, 32);
    shares[1].number = shares[0].number;
    assert_int_equal(shamir_join(shares, 2, 32, got).code, ERROR_SHARES);
    shares[1].number = 0;
    assert_int_equal(shamir_join(shares, 2, 32, got).code, ERROR_SHARES);
}

/* ---- escrow ---- */

static void open_shares(struct fixture *f, const int *who, size_t count, struct shamir_share *ret_shares)
{
    for (size_t i = 0; i < count; i++)
        assert_false(failed(escrow_share_open(&f->custodians[who[i]], f->shares[who[i]], &ret_shares[i])));
}

/* R-PKI-2: three of five open it, in any order; two do not. */
static void r_pki_2_custodians_open_together_what_none_opens_alone(void **state)
{
    struct fixture *f = *state;
    static const int choices[][THRESHOLD] = { { 0, 1, 2 }, { 4, 2, 0 }, { 3, 1, 4 } };
    uint8_t blob[ESCROW_BLOB_SIZE];
    assert_false(failed(escrow_wrap(&f->holder, &f->custodial, &f->drbg, blob)));
    for (size_t i = 0; i < COUNT(choices); i++) {
        struct shamir_share shares[THRESHOLD];
        struct sm2_private custodial, got;
        open_shares(f, choices[i], THRESHOLD, shares);
        assert_int_equal(escrow_join(shares, THRESHOLD - 1, &f->custodial, &custodial).code, ERROR_SHARES);
        assert_false(failed(escrow_join(shares, THRESHOLD, &f->custodial, &custodial)));
        assert_false(failed(escrow_unwrap(&custodial, blob, &f->holder.public, &got)));
        assert_memory_equal(got.d, f->holder.d, sizeof got.d);
        shares[1].value[7] ^= 1; /* a custodian who gives a wrong share */
        assert_int_equal(escrow_join(shares, THRESHOLD, &f->custodial, &custodial).code, ERROR_SHARES);
    }
}

static void share_opens_for_its_custodian_alone(void **state)
{
    struct fixture *f = *state;
    struct shamir_share share;
    for (int i = 0; i < CUSTODIANS; i++)
        for (int k = 0; k < CUSTODIANS; k++)
            assert_int_equal(escrow_share_open(&f->custodians[i], f->shares[k], &share).code,
                             i == k ? ERROR_NONE : ERROR_DECRYPT);
}

static void escrow_is_of_the_key_that_it_says(void **state)
{
    struct fixture *f = *state;
    static const int who[] = { 0, 1, 2 };
    uint8_t blob[ESCROW_BLOB_SIZE];
    struct shamir_share shares[THRESHOLD];
    struct sm2_private custodial, got;
    open_shares(f, who, THRESHOLD, shares);
    assert_false(failed(escrow_join(shares, THRESHOLD, &f->custodial, &custodial)));
    assert_false(failed(escrow_wrap(&f->holder, &f->custodial, &f->drbg, blob)));
    assert_int_equal(escrow_unwrap(&custodial, blob, &f->keys[0], &got).code, ERROR_DECRYPT);
    assert_int_equal(escrow_unwrap(&f->custodians[0], blob, &f->holder.public, &got).code, ERROR_DECRYPT);
    for (size_t i = 0; i < sizeof blob; i++) {
        blob[i] ^= 1;
        assert_int_equal(escrow_unwrap(&custodial, blob, &f->holder.public, &got).code, ERROR_DECRYPT);
        blob[i] ^= 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(enough_shares_give_the_secret_and_fewer_do_not, setup),
        cmocka_unit_test_setup(one_share_fits_every_secret, setup),
        cmocka_unit_test_setup(shares_have_limits, setup),
        cmocka_unit_test_setup(r_pki_2_custodians_open_together_what_none_opens_alone, setup),
        cmocka_unit_test_setup(share_opens_for_its_custodian_alone, setup),
        cmocka_unit_test_setup(escrow_is_of_the_key_that_it_says, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
