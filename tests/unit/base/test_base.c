#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/shape.h"

static void reader_stays_bad(void **state)
{
    uint8_t data[] = { 0, 0, 0, 2, 7, 8, 9 };
    struct reader r = reader_of(BYTES(data));
    struct bytes block = read_block(&r, 2);
    assert_int_equal(block.len, 2);
    assert_int_equal(read_u16(&r), 0);
    assert_true(r.bad);
    assert_int_equal(read_u8(&r), 0);
    assert_int_equal(reader_end(&r).code, ERROR_MALFORMED);
}

static void writer_refuses_what_does_not_fit(void **state)
{
    uint8_t room[4];
    struct writer w = writer_of(room, sizeof room);
    write_u32(&w, 1);
    struct bytes b;
    assert_false(failed(writer_end(&w, &b)));
    write_u8(&w, 1);
    assert_int_equal(writer_end(&w, &b).code, ERROR_TOO_LARGE);
}

static void arena_has_a_ceiling(void **state)
{
    struct arena *a = arena_new(100);
    assert_non_null(arena_take(a, 64));
    assert_null(arena_take(a, 64));
    assert_null(arena_array(a, SIZE_MAX, 2));
    arena_reset(a);
    assert_non_null(arena_take(a, 64));
    arena_free(a);
}

static void utf8_is_strict(void **state)
{
    static const char *const bad[] = { "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE4\xB8", "a\nb",
                                       "\x7F", "\xC2\x85", "\x80", "\xF0\x80\x80\x80" };
    for (size_t i = 0; i < COUNT(bad); i++) assert_false(text_plain(bytes_text(bad[i])));
    assert_true(text_plain(bytes_text("虎符 龘𠮷")));
    assert_true(text_lines(bytes_text("a\nb")));
    assert_int_equal(text_length("虎符𠮷"), 3);
}

static void text_forms_are_canonical(void **state)
{
    struct arena *a = arena_new(10000);
    struct bytes b;
    for (size_t n = 0; n < 9; n++) {
        struct bytes in = bytes_of("\xFF\x00\x10\x83\x10\x51\x87\x20\x92", n);
        assert_false(failed(text_from_base64(a, text_base64(a, in), &b)));
        assert_true(bytes_equal(b, in));
        assert_false(failed(text_from_base64url(a, text_base64url(a, in), &b)));
        assert_true(bytes_equal(b, in));
        assert_false(failed(text_from_hex(a, text_hex(a, in), &b)));
        assert_true(bytes_equal(b, in));
    }
    static const char *const bad[] = { "QQ", "QR==", "QQ= ", "Q===", "====", "QQ==\n", "_w==" };
    for (size_t i = 0; i < COUNT(bad); i++) assert_true(failed(text_from_base64(a, bad[i], &b)));
    assert_true(failed(text_from_hex(a, "0G", &b)));
    assert_true(failed(text_from_hex(a, "0AB", &b)));
    uint64_t v;
    assert_true(failed(text_number("007", 100, &v)));
    assert_true(failed(text_number("101", 100, &v)));
    assert_true(failed(text_number("18446744073709551616", UINT64_MAX, &v)));
    assert_false(failed(text_number("18446744073709551615", UINT64_MAX, &v)));
    arena_free(a);
}

static void ids_round_trip(void **state)
{
    struct id id = { { 0xFF, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } }, back;
    char text[ID_TEXT_LEN + 1];
    id_text(&id, text);
    assert_int_equal(strlen(text), ID_TEXT_LEN);
    assert_false(failed(id_parse(text, &back)));
    assert_true(id_equal(&id, &back));
    text[25] ^= 1; /* bits behind the last byte must be zero: there is one writing of each id */
    assert_true(failed(id_parse(text, &back)));
}

static void months_follow_the_calendar(void **state)
{
    struct civil leap = { .year = 2028, .month = 2, .day = 29, .hour = 23, .minute = 59, .second = 59 };
    int64_t t;
    assert_false(failed(civil_from_shanghai(&leap, &t)));
    struct civil next = civil_shanghai(civil_add_months(t, 12));
    assert_int_equal(next.year, 2029);
    assert_int_equal(next.month, 2);
    assert_int_equal(next.day, 28);
    assert_int_equal(next.second, 59);
    struct civil before = civil_shanghai(civil_add_months(t, -1));
    assert_int_equal(before.month, 1);
    assert_int_equal(before.day, 29);
    for (int64_t s = 0; s < 200LL * 366 * DAY_S; s += 40003 * 7) {
        struct civil c = civil_utc(s);
        assert_false(failed(civil_to_utc(&c, &t)));
        assert_int_equal(t, s);
        assert_int_equal(c.weekday, (s / DAY_S + 4) % 7);
    }
    struct civil no_day = { .year = 2027, .month = 2, .day = 29 };
    assert_true(failed(civil_to_utc(&no_day, &t)));
}

struct pet {
    struct id id;
    const char *name;
    int64_t age;
    struct bytes picture;
};
static const struct shape_field pet_fields[] = { SHAPE_ID(struct pet, id), SHAPE_TEXT(struct pet, name, 8),
                                                 SHAPE_INT(struct pet, age), SHAPE_BYTES(struct pet, picture, 4) };
static const struct shape pet_shape = SHAPE("pet", struct pet, pet_fields);

static void records_round_trip(void **state)
{
    uint8_t room[256];
    struct arena *a = arena_new(10000);
    struct pet in = { .name = "虎", .age = -3, .picture = { (const uint8_t *)"abc", 3 } }, out;
    struct writer w = writer_of(room, sizeof room);
    shape_write(&pet_shape, &in, &w);
    for (size_t cut = 0; cut < w.len; cut++) {
        struct reader r = reader_of(bytes_of(room, cut));
        assert_true(failed(shape_read(&pet_shape, &r, a, &out)));
    }
    struct reader r = reader_of(bytes_of(room, w.len));
    assert_false(failed(shape_read(&pet_shape, &r, a, &out)));
    assert_false(failed(reader_end(&r)));
    assert_string_equal(out.name, "虎");
    assert_int_equal(out.age, -3);
    assert_true(bytes_equal(out.picture, in.picture));
    in.name = NULL;
    in.picture = (struct bytes){ 0 };
    w = writer_of(room, sizeof room);
    shape_write(&pet_shape, &in, &w);
    r = reader_of(bytes_of(room, w.len));
    assert_false(failed(shape_read(&pet_shape, &r, a, &out)));
    assert_null(out.name);
    assert_null(out.picture.ptr);
    in.name = "too long!";
    w = writer_of(room, sizeof room);
    shape_write(&pet_shape, &in, &w);
    assert_true(w.full);
    arena_free(a);
}

static void secrets_compare(void **state)
{
    assert_true(secret_equal("abc", "abc", 3));
    assert_false(secret_equal("abc", "abd", 3));
    char s[4] = "pin";
    secret_wipe(s, sizeof s);
    assert_memory_equal(s, "\0\0\0\0", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader_stays_bad),       cmocka_unit_test(writer_refuses_what_does_not_fit),
        cmocka_unit_test(arena_has_a_ceiling),    cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(text_forms_are_canonical), cmocka_unit_test(ids_round_trip),
        cmocka_unit_test(months_follow_the_calendar), cmocka_unit_test(records_round_trip),
        cmocka_unit_test(secrets_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
