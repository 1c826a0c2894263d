/* The parts that the signer is made of, each alone. */
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merkle/head.h"
#include "signer/file.h"
#include "signer/index.h"
#include "signer/operators.h"
#include "signer/hourly.h"
#include "signer/used.h"

/* ---- index ---- */

static void index_finds_what_was_put_in_and_nothing_else(void **state)
{
    enum { MANY = 5000 };
    struct index *index = index_new();
    struct index_value v;
    char key[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "k%d", i);
        index_put(index, INDEX_CERTIFICATE, bytes_text(key), (struct index_value){ (uint64_t)i, (uint8_t)(i % 3) });
    }
    assert_int_equal(index_count(index), MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "k%d", i);
        assert_true(index_find(index, INDEX_CERTIFICATE, bytes_text(key), &v));
        assert_int_equal(v.record, i);
        assert_int_equal(v.note, i % 3);
        assert_false(index_has(index, INDEX_REQUEST, bytes_text(key)));
    }
    assert_false(index_has(index, INDEX_CERTIFICATE, bytes_text("k5000")));
    index_put(index, INDEX_CERTIFICATE, bytes_text("k7"), (struct index_value){ 99, STANDING_REVOKED });
    assert_true(index_find(index, INDEX_CERTIFICATE, bytes_text("k7"), &v));
    assert_int_equal(v.record, 99);
    assert_int_equal(v.note, STANDING_REVOKED);
    assert_int_equal(index_count(index), MANY);
    index_free(index);
}

static void approval_counts_once_for_each_purpose(void **state)
{
    struct index *index = index_new();
    used_put(index, USED_ISSUE, "number", 1);
    assert_true(used_has(index, USED_ISSUE, "number"));
    assert_false(used_has(index, USED_REVOKE, "number"));
    assert_false(used_has(index, USED_ISSUE, "numbe"));
    index_free(index);
}

/* ---- register ---- */

static struct operator person(struct cast *cast, const char *name, const char *serial, unsigned roles)
{
    struct operator o = { .roles = roles, .not_before_s = NOW, .not_after_s = NOW + DAY_S };
    struct sm2_private key;
    snprintf(o.name, sizeof o.name, "%s", name);
    snprintf(o.serial, sizeof o.serial, "%s", serial);
    assert_ok(sm2_private_generate(&key, &cast->drbg));
    o.key = key.public;
    return o;
}

/* R-OPS-4, R-ACCT-4: one person, whatever the certificates. */
static void r_ops_4_persons_are_told_by_name_key_and_serial(void **state)
{
    struct cast *cast = cast_new(NOW);
    struct operator a = person(cast, "甲", "01", ROLE_REVIEWER), b = person(cast, "乙", "02", ROLE_REVIEWER);
    assert_false(operators_same(&a, &b));
    assert_true(operators_same(&a, &a));
    struct operator same_name = person(cast, "甲", "03", ROLE_REVIEWER), same_key = b, same_serial = b;
    assert_true(operators_same(&a, &same_name));
    same_key.key = a.key;
    assert_true(operators_same(&a, &same_key));
    snprintf(same_serial.serial, sizeof same_serial.serial, "01");
    assert_true(operators_same(&a, &same_serial));
    cast_free(cast);
}

static void register_counts_administrators_who_can_act(void **state)
{
    struct cast *cast = cast_new(NOW);
    struct operators *o = operators_new();
    struct operator a = person(cast, "甲", "01", ROLE_ADMINISTRATOR), b = person(cast, "乙", "02", ROLE_ADMINISTRATOR);
    struct operator twin = person(cast, "甲", "03", ROLE_ADMINISTRATOR), c = person(cast, "丙", "04", ROLE_REVIEWER);
    assert_ok(operators_add(o, &a));
    assert_ok(operators_add(o, &b));
    assert_ok(operators_add(o, &twin));
    assert_ok(operators_add(o, &c));
    assert_error(operators_add(o, &a), ERROR_REGISTER_CHANGE);
    assert_int_equal(operators_administrators(o, NOW, NULL), 2);
    assert_int_equal(operators_administrators(o, NOW, "01"), 2); /* whose other certificate remains */
    assert_int_equal(operators_administrators(o, NOW, "02"), 1);
    assert_int_equal(operators_administrators(o, NOW + DAY_S + 1, NULL), 0);
    assert_ok(operators_remove(o, "01"));
    assert_error(operators_remove(o, "01"), ERROR_OPERATOR_UNKNOWN);
    assert_null(operators_find(o, "01"));
    assert_non_null(operators_find(o, "04"));
    const char *text;
    assert_ok(operators_text(o, cast->arena, &text));
    assert_non_null(strstr(text, "04 reviewer 丙\n"));
    operators_free(o);
    cast_free(cast);
}

static void register_has_an_end(void **state)
{
    struct cast *cast = cast_new(NOW);
    struct operators *o = operators_new();
    struct operator p = person(cast, "甲", "", ROLE_REVIEWER);
    for (int i = 0; i < OPERATORS_MAX; i++) {
        snprintf(p.serial, sizeof p.serial, "%d", i);
        assert_ok(operators_add(o, &p));
    }
    snprintf(p.serial, sizeof p.serial, "one more");
    assert_error(operators_add(o, &p), ERROR_REGISTER_FULL);
    operators_free(o);
    cast_free(cast);
}

static void roles_are_a_list_of_known_ones(void **state)
{
    static const char *const bad[] = { "", ",", "reviewer,", ",reviewer", "reviewer,reviewer", "Reviewer", "reviewer ",
                                       "reviewer,boss", "administratorreviewer" };
    unsigned roles = 0;
    char text[100];
    struct writer w = writer_of(text, sizeof text);
    assert_ok(roles_parse("producer,administrator", &roles));
    assert_int_equal(roles, ROLE_ADMINISTRATOR | ROLE_PRODUCER);
    roles_write(roles, &w);
    assert_true(bytes_equal(bytes_of(text, w.len), bytes_text("administrator,producer")));
    for (size_t i = 0; i < COUNT(bad); i++) assert_error(roles_parse(bad[i], &roles), ERROR_REGISTER_CHANGE);
}

/* ---- measure of refusals ---- */

static void refusals_are_counted_by_the_hour(void **state)
{
    struct hourly r = { .hour_max = 3 };
    for (int i = 0; i < 3; i++) {
        assert_true(hourly_allow(&r, NOW));
        hourly_count(&r, NOW);
    }
    assert_false(hourly_allow(&r, NOW));
    assert_false(hourly_allow(&r, NOW + 1));
    assert_int_equal(r.left_out, 2);
    assert_true(hourly_allow(&r, NOW + 3600));
}

/* ---- tree heads ---- */

static void r_ops_6_tree_head_is_read_back_and_no_other(void **state)
{
    struct cast *cast = cast_new(NOW);
    struct sm2_private key, other;
    struct head head = { .incarnation = { { 1 } }, .size = 12345, .root = { { 7 } }, .time_s = NOW }, got;
    struct bytes text;
    assert_ok(sm2_private_generate(&key, &cast->drbg));
    assert_ok(sm2_private_generate(&other, &cast->drbg));
    assert_ok(head_sign(&head, &key, &cast->drbg, cast->arena, &text));
    assert_true(text.len <= HEAD_SIZE_MAX);
    assert_ok(head_check(text, &key.public, cast->arena, &got));
    assert_int_equal(got.size, head.size);
    assert_int_equal(got.time_s, head.time_s);
    assert_memory_equal(got.root.b, head.root.b, TREE_HASH_SIZE);
    assert_true(id_equal(&got.incarnation, &head.incarnation));
    assert_error(head_check(text, &other.public, cast->arena, &got), ERROR_SIGNATURE_INVALID);
    for (size_t i = 0; i < text.len; i++) {
        struct bytes altered = arena_bytes(cast->arena, text);
        ((uint8_t *)(uintptr_t)altered.ptr)[i] ^= 1;
        assert_true(failed(head_check(altered, &key.public, cast->arena, &got)));
    }
    for (size_t len = 0; len < text.len; len++)
        assert_true(failed(head_check(bytes_of(text.ptr, len), &key.public, cast->arena, &got)));
    cast_free(cast);
}

/* ---- snapshots ---- */

static const uint8_t snapshot_key[SNAPSHOT_KEY_SIZE] = { 4 };

static void write_snapshot(const char *folder, const struct ledger *log, const struct index *index)
{
    struct snapshot_out *out;
    assert_ok(snapshot_begin(folder, "state", snapshot_key, log, &out));
    snapshot_u64(out, 77);
    snapshot_block(out, bytes_text("block"));
    index_write(index, out);
    assert_ok(snapshot_end(out));
}

static void append(struct ledger *log)
{
    const struct ledger_record record = { 1, 1, NOW, bytes_text("record") };
    uint64_t at;
    assert_ok(ledger_append(log, &record, &at));
    assert_ok(ledger_sync(log));
}

static void change_byte(const char *path, long at)
{
    FILE *f = fopen(path, "rb+");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    int c = fgetc(f);
    assert_int_equal(fseek(f, -1, SEEK_CUR), 0);
    assert_int_equal(fputc(c ^ 1, f), c ^ 1);
    assert_int_equal(fclose(f), 0);
}

static void a_snapshot_is_believed_for_its_log_under_its_key_and_unaltered(void **state)
{
    enum { MANY = 3000 };
    char folder[] = "/tmp/hufu-snapshot-XXXXXX", other_folder[] = "/tmp/hufu-snapshot-XXXXXX", path[64], key[16];
    struct ledger *log, *other;
    struct snapshot_in in;
    struct index *index = index_new(), *again;
    struct index_value v;
    uint8_t wrong[SNAPSHOT_KEY_SIZE] = { 5 };
    assert_non_null(mkdtemp(folder));
    assert_non_null(mkdtemp(other_folder));
    assert_ok(ledger_open(folder, 0, NULL, &log));
    assert_ok(ledger_open(other_folder, 0, NULL, &other));
    append(log);
    append(other);
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "k%d", i);
        index_put(index, INDEX_KEY, bytes_text(key), (struct index_value){ (uint64_t)i, (uint8_t)(i % 3) });
    }
    assert_error(snapshot_open(folder, "state", snapshot_key, log, &in), ERROR_NOT_FOUND);
    write_snapshot(folder, log, index);
    append(log); /* what came later does not matter */
    assert_ok(snapshot_open(folder, "state", snapshot_key, log, &in));
    assert_int_equal(in.size, 1);
    assert_int_equal(read_u64(&in.reader), 77);
    assert_true(bytes_equal(read_block(&in.reader, 10), bytes_text("block")));
    assert_ok(index_read(&in.reader, &again));
    assert_ok(reader_end(&in.reader));
    snapshot_done(&in);
    assert_int_equal(index_count(again), MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "k%d", i);
        assert_true(index_find(again, INDEX_KEY, bytes_text(key), &v));
        assert_int_equal(v.record, i);
        assert_int_equal(v.note, i % 3);
    }
    assert_error(snapshot_open(folder, "state", wrong, log, &in), ERROR_NOT_FOUND);
    assert_error(snapshot_open(folder, "state", snapshot_key, other, &in), ERROR_NOT_FOUND);
    snprintf(path, sizeof path, "%s/state", folder);
    static const long places[] = { 0, 7, 10, 30, 60, 5000, -1 };
    for (size_t i = 0; i < COUNT(places); i++) {
        change_byte(path, places[i]);
        assert_error(snapshot_open(folder, "state", snapshot_key, log, &in), ERROR_NOT_FOUND);
        change_byte(path, places[i]);
    }
    assert_int_equal(truncate(path, 20), 0);
    assert_error(snapshot_open(folder, "state", snapshot_key, log, &in), ERROR_NOT_FOUND);
    index_free(index);
    index_free(again);
    ledger_free(log);
    ledger_free(other);
    const char *const folders[] = { folder, other_folder };
    static const char *const names[] = { "records", "tree", "places", "checkpoint", "state" };
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < COUNT(names); k++) {
            snprintf(path, sizeof path, "%s/%s", folders[i], names[k]);
            unlink(path);
        }
        assert_int_equal(rmdir(folders[i]), 0);
    }
}

static void snapshots_are_written_rarely_enough(void **state)
{
    assert_false(snapshot_due(4095, 4095));
    assert_true(snapshot_due(4096, 4096));
    assert_false(snapshot_due(4096, 100000));
    assert_true(snapshot_due(12500, 100000));
}

/* ---- files ---- */

static void a_file_is_replaced_whole(void **state)
{
    char folder[] = "/tmp/hufu-file-XXXXXX", path[64];
    uint8_t room[16];
    size_t len = 0;
    struct stat st;
    assert_non_null(mkdtemp(folder));
    assert_error(file_read(folder, "a", room, sizeof room, &len), ERROR_NOT_FOUND);
    assert_ok(file_replace(folder, "a", bytes_text("first"), true));
    assert_ok(file_replace(folder, "a", bytes_text("2nd"), false));
    assert_ok(file_read(folder, "a", room, sizeof room, &len));
    assert_true(bytes_equal(bytes_of(room, len), bytes_text("2nd")));
    assert_error(file_read(folder, "a", room, 2, &len), ERROR_TOO_LARGE);
    snprintf(path, sizeof path, "%s/a", folder);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/hostname", path), 0); /* never followed */
    assert_error(file_read(folder, "a", room, sizeof room, &len), ERROR_IO);
    assert_int_equal(unlink(path), 0);
    assert_ok(file_folder(folder));
    assert_int_equal(rmdir(folder), 0);
    assert_error(file_replace(folder, "a", bytes_text("x"), true), ERROR_IO);
}

/* R-SHIP-3, R-REVOKE-2, R-REVOKE-3: what may happen to a certificate, and how it stands then; what is not here may not. */
static void r_ship_3_standing_and_what_changes_it(void **state)
{
    static const struct {
        enum standing from;
        enum standing_change change;
        enum standing to;
    } expected[] = {
        { STANDING_VALID, STANDING_HOLD, STANDING_HELD },
        { STANDING_VALID, STANDING_REVOKE, STANDING_REVOKED },
        { STANDING_HELD, STANDING_RELEASE, STANDING_VALID },
        { STANDING_HELD, STANDING_REVOKE, STANDING_REVOKED },
        { STANDING_TRANSIT, STANDING_RECEIVE, STANDING_VALID },
        { STANDING_TRANSIT, STANDING_HOLD, STANDING_HELD_TRANSIT },
        { STANDING_TRANSIT, STANDING_REVOKE, STANDING_REVOKED },
        { STANDING_HELD_TRANSIT, STANDING_RECEIVE, STANDING_HELD },
        { STANDING_HELD_TRANSIT, STANDING_RELEASE, STANDING_TRANSIT },
        { STANDING_HELD_TRANSIT, STANDING_REVOKE, STANDING_REVOKED },
    };
    for (enum standing from = 0; from < STANDING_COUNT; from++)
        for (enum standing_change change = 0; change < STANDING_CHANGES; change++) {
            enum standing wanted = STANDING_COUNT, to = STANDING_COUNT;
            for (size_t i = 0; i < COUNT(expected); i++)
                if (expected[i].from == from && expected[i].change == change) wanted = expected[i].to;
            assert_int_equal(standing_after(from, change, &to), wanted != STANDING_COUNT);
            assert_int_equal(to, wanted);
        }
    assert_false(standing_on_hold(STANDING_VALID) || standing_on_hold(STANDING_REVOKED));
    assert_true(standing_on_hold(STANDING_HELD) && standing_on_hold(STANDING_TRANSIT) &&
                standing_on_hold(STANDING_HELD_TRANSIT));
}

int test_parts(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_finds_what_was_put_in_and_nothing_else),
        cmocka_unit_test(approval_counts_once_for_each_purpose),
        cmocka_unit_test(r_ship_3_standing_and_what_changes_it),
        cmocka_unit_test(r_ops_4_persons_are_told_by_name_key_and_serial),
        cmocka_unit_test(register_counts_administrators_who_can_act),
        cmocka_unit_test(register_has_an_end),
        cmocka_unit_test(roles_are_a_list_of_known_ones),
        cmocka_unit_test(refusals_are_counted_by_the_hour),
        cmocka_unit_test(r_ops_6_tree_head_is_read_back_and_no_other),
        cmocka_unit_test(a_snapshot_is_believed_for_its_log_under_its_key_and_unaltered),
        cmocka_unit_test(snapshots_are_written_rarely_enough),
        cmocka_unit_test(a_file_is_replaced_whole),
    };
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
