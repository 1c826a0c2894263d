/* The form as PDF: the same bytes for the same record, its pages, its limits (R-FORM-3). What it says is read
 * back by tests/api/test_files.py. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "files/form.h"
#include "files/inspect.h"

static struct fonts *fonts;

static int load_fonts(void **state)
{
    return failed(fonts_load(&fonts));
}

static int free_fonts(void **state)
{
    fonts_free(fonts);
    return 0;
}

static struct files_print sample(void)
{
    return (struct files_print){ .brand = "国资CA", .number = "20261124000000178", .revision = 2,
                                 .service_name = "证书申请", .code = "HUFU-FORM 20261124000000178 2 0123abcd",
                                 .rows = "申请单位信息|单位名称|某某有限责任公司\n使用人信息|姓名|龘䶮㐂犇𠮷",
                                 .agreement = "2026-01 版", .notes = "使用人身份证复印件", .printed_s = 1795510698 };
}

static struct form_pdf print(const struct files_print *record)
{
    struct form_pdf pdf;
    assert_false(failed(form_print(fonts, record, NULL, &pdf)));
    return pdf;
}

static bool same(struct form_pdf a, struct form_pdf b)
{
    return bytes_equal(bytes_of(a.data, a.size), bytes_of(b.data, b.size));
}

/* R-FORM-3 */
static void r_form_3_same_record_same_bytes(void **state)
{
    struct files_print record = sample();
    struct form_pdf one = print(&record), two = print(&record);
    assert_true(same(one, two));
    assert_int_equal(one.pages, 1);
    free(one.data);
    free(two.data);
}

/* R-FORM-3: every field that is printed makes other bytes. */
static void r_form_3_other_field_other_bytes(void **state)
{
    struct files_print plain = sample(), others[9];
    struct form_pdf one = print(&plain);
    for (size_t i = 0; i < COUNT(others); i++) others[i] = plain;
    others[0].brand = "某某CA";
    others[1].number = "20261124000000186";
    others[2].revision = 3;
    others[3].service_name = "证书吊销";
    others[4].code = "HUFU-FORM 20261124000000178 2 0123abce";
    others[5].rows = "申请单位信息|单位名称|某某有限责任公司";
    others[6].agreement = "2026-02 版";
    others[7].notes = "使用人身份证复印件\n营业执照复印件";
    others[8].printed_s += 60;
    for (size_t i = 0; i < COUNT(others); i++) {
        struct form_pdf other = print(&others[i]);
        assert_false(same(one, other));
        free(other.data);
    }
    free(one.data);
}

/* What we print we also accept, as its scan would be. */
static void r_form_3_passes_the_inspection(void **state)
{
    struct files_print record = sample();
    struct form_pdf pdf = print(&record);
    struct files_inspected found;
    assert_false(failed(inspect_file(bytes_of(pdf.data, pdf.size), NULL, &found)));
    assert_string_equal(found.type, "pdf");
    assert_int_equal(found.pages, pdf.pages);
    free(pdf.data);
}

/* COUNT rows of a section, the arena's. */
static const char *many_rows(struct arena *arena, int count)
{
    char *rows = arena_take(arena, 64 * (size_t)count + 1);
    struct writer w = writer_of(rows, 64 * (size_t)count);
    for (int i = 0; i < count; i++) write_format(&w, "证书信息|第 %d 项|内容\n", i);
    return rows;
}

static void r_form_3_many_rows_take_more_pages(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct files_print record = sample();
    record.rows = many_rows(arena, 200);
    struct form_pdf pdf = print(&record);
    struct files_inspected found;
    assert_true(pdf.pages >= 3);
    assert_false(failed(inspect_file(bytes_of(pdf.data, pdf.size), NULL, &found)));
    assert_int_equal(found.pages, pdf.pages);
    free(pdf.data);
    arena_free(arena);
}

static void long_value_goes_on_on_the_next_page(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    size_t len = 9000;
    char *rows = arena_take(arena, len + 100);
    struct writer w = writer_of(rows, len + 99);
    write_text(&w, "说明|情况|");
    while (w.len < len) write_text(&w, "情况说明");
    struct files_print record = sample();
    record.rows = rows;
    struct form_pdf pdf = print(&record);
    assert_true(pdf.pages >= 3);
    free(pdf.data);
    arena_free(arena);
}

static void records_that_cannot_be_printed_are_refused(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct form_pdf pdf;
    struct files_print record = sample();
    record.rows = "证书信息||值";
    assert_int_equal(form_print(fonts, &record, NULL, &pdf).code, ERROR_FORM_RECORD);
    record.rows = "|标签|值";
    assert_int_equal(form_print(fonts, &record, NULL, &pdf).code, ERROR_FORM_RECORD);
    record.rows = "证书信息|没有值";
    assert_int_equal(form_print(fonts, &record, NULL, &pdf).code, ERROR_FORM_RECORD);
    record.rows = NULL;
    assert_int_equal(form_print(fonts, &record, NULL, &pdf).code, ERROR_FORM_RECORD);
    record.rows = many_rows(arena, 401);
    assert_int_equal(form_print(fonts, &record, NULL, &pdf).code, ERROR_FORM_LONG);
    arena_free(arena);
}

/* What cannot be seen could make a signed form say something else than it seems to. */
static void invisible_characters_are_shown(void **state)
{
    struct arena *arena = arena_new(10000);
    assert_string_equal(fonts_printable(fonts, arena, "王\xE2\x80\xAE犇"), "王〔U+202E〕犇");
    assert_string_equal(fonts_printable(fonts, arena, "a\xE2\x80\x8B" "b"), "a〔U+200B〕b");
    assert_string_equal(fonts_printable(fonts, arena, "龘䶮㐂犇𠮷 A1\n，"), "龘䶮㐂犇𠮷 A1\n，");
    assert_string_equal(fonts_printable(fonts, arena, "\xF0\xAF\xBF\xBF"), "〔U+2FFFF〕");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r_form_3_same_record_same_bytes),
        cmocka_unit_test(r_form_3_other_field_other_bytes),
        cmocka_unit_test(r_form_3_passes_the_inspection),
        cmocka_unit_test(r_form_3_many_rows_take_more_pages),
        cmocka_unit_test(long_value_goes_on_on_the_next_page),
        cmocka_unit_test(records_that_cannot_be_printed_are_refused),
        cmocka_unit_test(invisible_characters_are_shown),
    };
    return cmocka_run_group_tests(tests, load_fonts, free_fonts);
}
