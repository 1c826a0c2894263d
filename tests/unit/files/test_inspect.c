/* Uploads: what is accepted, and that each way a file can be hostile is refused with its own reason (R-FORM-4).
 * The files are made by tests/objects/uploads/make.py. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "files/inspect.h"

enum { CASES_MIN = 40, PATH_LEN = 512 };

static struct bytes load(const char *name, const char *suffix)
{
    char path[PATH_LEN];
    snprintf(path, sizeof path, "%s/%s%s", UPLOADS, name, suffix);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    long len = ftell(f);
    rewind(f);
    uint8_t *data = malloc((size_t)len + 1);
    assert_int_equal(fread(data, 1, (size_t)len, f), len);
    fclose(f);
    return bytes_of(data, (size_t)len);
}

static void unload(struct bytes b)
{
    free((void *)(uintptr_t)b.ptr);
}

struct expected {
    char name[64], error[64], type[8];
    long long pages, width, height;
};

static void each_case(void (*check)(const struct expected *))
{
    FILE *f = fopen(UPLOADS "/manifest.txt", "r");
    assert_non_null(f);
    struct expected e;
    int count = 0;
    while (fscanf(f, "%63s %63s %7s %lld %lld %lld", e.name, e.error, e.type, &e.pages, &e.width, &e.height) == 6) {
        check(&e);
        count++;
    }
    fclose(f);
    assert_true(count >= CASES_MIN);
}

static void check_bad(const struct expected *e)
{
    struct bytes file = load(e->name, ".bad");
    struct diag diag = { 0 };
    struct files_inspected found = { .type = "untouched" };
    struct result r = inspect_file(file, &diag, &found);
    const char *name = failed(r) ? error_find(r.code)->name : "accepted";
    if (strcmp(name, e->error) != 0) print_error("%s.bad: %s (%s)\n", e->name, name, diag.log);
    assert_string_equal(name, e->error);
    assert_string_equal(found.type, "untouched");
    unload(file);
}

static void check_good(const struct expected *e)
{
    struct bytes file = load(e->name, ".good");
    struct diag diag = { 0 };
    struct files_inspected found;
    struct result r = inspect_file(file, &diag, &found);
    if (failed(r)) print_error("%s.good: %s (%s)\n", e->name, error_find(r.code)->name, diag.log);
    assert_false(failed(r));
    assert_string_equal(found.type, e->type);
    assert_int_equal(found.pages, e->pages);
    assert_int_equal(found.width, e->width);
    assert_int_equal(found.height, e->height);
    unload(file);
}

/* R-FORM-4 */
static void r_form_4_hostile_files_are_refused_each_with_its_reason(void **state)
{
    each_case(check_bad);
}

/* R-FORM-4 */
static void r_form_4_repaired_twins_are_accepted(void **state)
{
    each_case(check_good);
}

/* Cut anywhere, a file is refused: no prefix of a good file is good, but for white space at its end. */
static void check_every_cut(const char *name)
{
    struct bytes whole = load(name, ".good");
    struct files_inspected found;
    for (size_t len = 0; len + 3 < whole.len; len++) {
        uint8_t *part = malloc(len + 1); /* of its own, so that reading on is seen by the address sanitizer */
        memcpy(part, whole.ptr, len);
        assert_true(failed(inspect_file(bytes_of(part, len), NULL, &found)));
        free(part);
    }
    unload(whole);
}

/* R-FORM-4 */
static void r_form_4_cut_anywhere_it_is_refused(void **state)
{
    check_every_cut("png-html");
    check_every_cut("jpeg-html");
    check_every_cut("pdf-open-script");
    check_every_cut("pdf-packed-script-predicted");
}

/* Every byte changed: whatever is answered, nothing is read or written out of bounds, and it ends. */
static void check_every_change(const char *name)
{
    struct bytes whole = load(name, ".good");
    uint8_t *copy = malloc(whole.len);
    memcpy(copy, whole.ptr, whole.len);
    struct files_inspected found;
    for (size_t at = 0; at < whole.len; at++)
        for (int bit = 0; bit < 8; bit += 3) {
            copy[at] ^= (uint8_t)(1 << bit);
            IGNORE(inspect_file(bytes_of(copy, whole.len), NULL, &found)); /* either answer will do */
            copy[at] = whole.ptr[at];
        }
    free(copy);
    unload(whole);
}

static void changed_anywhere_it_is_answered(void **state)
{
    check_every_change("jpeg-many-scans");
    check_every_change("png-palette");
    check_every_change("pdf-packed-script-predicted");
    check_every_change("pdf-filter-elsewhere");
}

/* People are told what they uploaded and what to do instead. */
static void r_form_4_other_types_are_named(void **state)
{
    struct bytes file = load("type-heic", ".bad");
    struct diag diag = { 0 };
    struct files_inspected found;
    assert_int_equal(inspect_file(file, &diag, &found).code, ERROR_FILE_TYPE);
    assert_non_null(strstr(diag.detail, "HEIC"));
    unload(file);
}

/* R-FORM-4: 20 MB are allowed, a byte more is not. */
static void r_form_4_size_has_a_limit(void **state)
{
    struct bytes one = load("png-trailing", ".good");
    uint8_t *large = calloc(1, FILES_UPLOAD_MAX + 1);
    memcpy(large, one.ptr, one.len);
    struct files_inspected found;
    assert_int_equal(inspect_file(bytes_of(large, FILES_UPLOAD_MAX + 1), NULL, &found).code, ERROR_FILE_LARGE);
    assert_int_equal(inspect_file(bytes_of(large, FILES_UPLOAD_MAX), NULL, &found).code, ERROR_FILE_TRAILING);
    free(large);
    unload(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r_form_4_hostile_files_are_refused_each_with_its_reason),
        cmocka_unit_test(r_form_4_repaired_twins_are_accepted),
        cmocka_unit_test(r_form_4_cut_anywhere_it_is_refused),
        cmocka_unit_test(changed_anywhere_it_is_answered),
        cmocka_unit_test(r_form_4_other_types_are_named),
        cmocka_unit_test(r_form_4_size_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
