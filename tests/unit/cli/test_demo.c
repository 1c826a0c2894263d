/* What the demonstration makes up must be as good as the real thing: check digits, scans, and columns that align. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/demo_data.h"
#include "cli/demo_print.h"
#include "cli/demo_sink.h"
#include "files/inspect.h"

enum { ARENA_MAX = 4 * 1024 * 1024 };

/* R-ACCT-1 check digits, of the examples in GB 11643 and GB 32100. */
static void r_acct_1_check_digits(void **state)
{
    assert_int_equal(demo_identity_check("11010519491231002"), 'X');
    assert_int_equal(demo_identity_check("44052418800101001"), '4');
    assert_int_equal(demo_credit_code_check("91350100M000100Y4"), '3');
}

static void people_are_well_formed(void **state)
{
    for (int i = 0; i < 500; i++) {
        struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
        struct demo_person p;
        assert_false(failed(demo_person_make(arena, &p)));
        assert_int_equal(strlen(p.credit_code), 18);
        assert_int_equal(demo_credit_code_check(p.credit_code), p.credit_code[17]);
        assert_int_equal(strlen(p.document_number), 18);
        assert_int_equal(demo_identity_check(p.document_number), p.document_number[17]);
        assert_int_equal(strlen(p.mobile), 11);
        assert_int_equal(strlen(p.new_pin), 8);
        for (int k = 1; k < 8; k++) {
            int step = (p.new_pin[k] - p.new_pin[k - 1] + 10) % 10;
            assert_true(step >= 3 && step <= 6);
        }
    }
}

/* R-FORM-4 the scans are what hufu-files takes. */
static void r_form_4_scans_are_real(void **state)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct files_inspected seen;
    struct bytes png;
    assert_false(failed(demo_scan_license(arena, &png)));
    assert_false(failed(inspect_file(png, NULL, &seen)));
    assert_string_equal(seen.type, "png");
    assert_false(failed(inspect_file(demo_scan_identity(), NULL, &seen)));
    assert_string_equal(seen.type, "jpeg");
}

static void columns_of_text(void **state)
{
    assert_int_equal(demo_columns(""), 0);
    assert_int_equal(demo_columns("abc"), 3);
    assert_int_equal(demo_columns("虎符"), 4);
    assert_int_equal(demo_columns("用 USBKey（新）"), 2 + 1 + 6 + 2 + 2 + 2);
    assert_int_equal(demo_columns("é·…"), 3);
    assert_int_equal(demo_columns("\xF0\xA0\x80\x80"), 2);
    assert_int_equal(demo_columns("\xE8\x99"), 1); /* cut off: not read beyond */
}

static void codes_stand_alone(void **state)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    assert_string_equal(demo_sink_code("验证码 048213，5 分钟内有效", arena), "048213");
    assert_string_equal(demo_sink_code("20261124 000001", arena), "000001");
    assert_null(demo_sink_code("1234567 12345", arena));
    assert_null(demo_sink_code("", arena));
}

static void append(const char *path, const char *line)
{
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    assert_true(fputs(line, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void messages_are_found(void **state)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    char folder[] = "/tmp/hufu-demo-XXXXXX", path[64], sink[64];
    struct demo_sink from;
    const char *text;
    assert_non_null(mkdtemp(folder));
    snprintf(sink, sizeof sink, "%s/sink", folder);
    snprintf(path, sizeof path, "%s/sink/sms.jsonl", folder);
    assert_int_equal(mkdir(sink, 0700), 0);
    append(path, "{\"to\":\"1\",\"text\":\"old\"}\n");
    demo_sink_mark(folder, "sms", &from);
    append(path, "{\"to\":\"2\",\"text\":\"other's\"}\n{\"to\":\"1\",\"text\":\"first\"}\n{\"to\":\"1\",\"text\":\"se");
    assert_false(failed(demo_sink_wait(&from, "1", NULL, arena, NULL, &text)));
    assert_string_equal(text, "first");
    append(path, "cond\"}\n");
    assert_false(failed(demo_sink_wait(&from, "1", "cond", arena, NULL, &text)));
    assert_string_equal(text, "second");
    unlink(path);
    rmdir(sink);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r_acct_1_check_digits), cmocka_unit_test(people_are_well_formed),
        cmocka_unit_test(r_form_4_scans_are_real), cmocka_unit_test(columns_of_text),
        cmocka_unit_test(codes_stand_alone),     cmocka_unit_test(messages_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
