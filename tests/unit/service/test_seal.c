/* What is kept sealed: R-ACCT-1 (identity numbers), R-FORM-4 (files). */
#include "office.h"
#include "door.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "service/seal.h"
#include "service/sweep.h"

enum { CHUNK = 65536, SEALED_CHUNK = CHUNK + 16, HEAD = 4 };

/* R-ACCT-1: what is sealed comes back where it was sealed, and nowhere else. */
static void a_value_opens_only_as_what_it_was_sealed(void **state)
{
    struct office *office = *state;
    const struct service *s = &office->service;
    struct bytes sealed, again;
    char open[SEAL_SECRET_MAX + 1] = "untouched";
    size_t len = 0;
    assert_ok(seal_value(s, "account.document", "a", bytes_text("11010519491231002X"), office->arena, &sealed));
    assert_ok(seal_value(s, "account.document", "a", bytes_text("11010519491231002X"), office->arena, &again));
    assert_false(bytes_equal(sealed, again)); /* equal values do not show */
    assert_null(memmem(sealed.ptr, sealed.len, "11010519491231002X", 18));
    assert_error(seal_open(s, "account.document", "b", sealed, open, &len), ERROR_DECRYPT);
    assert_error(seal_open(s, "application.document", "a", sealed, open, &len), ERROR_DECRYPT);
    assert_error(seal_open(s, "account.documenta", "", sealed, open, &len), ERROR_DECRYPT);
    assert_string_equal(open, "untouched");
    assert_ok(seal_open(s, "account.document", "a", sealed, open, &len));
    assert_string_equal(open, "11010519491231002X");
    assert_int_equal(len, 18);
}

/* R-ACCT-1 */
static void an_altered_value_does_not_open(void **state)
{
    struct office *office = *state;
    struct bytes sealed;
    char open[SEAL_SECRET_MAX + 1];
    size_t len;
    assert_ok(seal_value(&office->service, "w", "o", bytes_text("secret"), office->arena, &sealed));
    assert_int_equal(sealed.len, 6 + SEAL_EXTRA);
    for (size_t i = 0; i < sealed.len * 8; i++) {
        uint8_t copy[64];
        memcpy(copy, sealed.ptr, sealed.len);
        copy[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_error(seal_open(&office->service, "w", "o", bytes_of(copy, sealed.len), open, &len), ERROR_DECRYPT);
    }
    for (size_t n = 0; n < sealed.len; n++)
        assert_error(seal_open(&office->service, "w", "o", bytes_of(sealed.ptr, n), open, &len), ERROR_DECRYPT);
    office->service.data_key[0] ^= 1;
    assert_error(seal_open(&office->service, "w", "o", sealed, open, &len), ERROR_DECRYPT);
}

static void limits_of_a_value(void **state)
{
    struct office *office = *state;
    struct bytes sealed;
    uint8_t secret[SEAL_SECRET_MAX + 1] = { 1 };
    char open[SEAL_SECRET_MAX + 1];
    size_t len;
    assert_ok(seal_value(&office->service, "w", "o", bytes_of(secret, SEAL_SECRET_MAX), office->arena, &sealed));
    assert_ok(seal_open(&office->service, "w", "o", sealed, open, &len));
    assert_int_equal(len, SEAL_SECRET_MAX);
    assert_error(seal_value(&office->service, "w", "o", BYTES(secret), office->arena, &sealed), ERROR_TOO_LARGE);
    assert_error(seal_value(&office->service, "w", "o", bytes_of(secret, 0), office->arena, &sealed), ERROR_TOO_LARGE);
}

static void the_index_finds_the_same_and_says_nothing(void **state)
{
    struct office *office = *state;
    uint8_t a[SEAL_INDEX_SIZE], b[SEAL_INDEX_SIZE], c[SEAL_INDEX_SIZE], d[SEAL_INDEX_SIZE];
    seal_index(&office->service, "w", bytes_text("13800000000"), a);
    seal_index(&office->service, "w", bytes_text("13800000000"), b);
    seal_index(&office->service, "v", bytes_text("13800000000"), c);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
    office->service.data_key[31] ^= 1;
    seal_index(&office->service, "w", bytes_text("13800000000"), d);
    assert_memory_not_equal(a, d, sizeof a);
}

/* A database is its data key's: started over another one, the service does not go on. */
static void a_database_knows_its_data_key(void **state)
{
    struct office *office = *state;
    assert_ok(seal_check(&office->service));
    assert_ok(seal_check(&office->service));
    office->service.data_key[5] ^= 1;
    assert_error(seal_check(&office->service), ERROR_KEY_UNWRAP);
}

/* ---- files ---- */

static int content_of(size_t size)
{
    int fd = memfd_create("content", MFD_CLOEXEC);
    for (size_t i = 0; i < size; i++) {
        static uint8_t piece[4096];
        size_t n = size - i < sizeof piece ? size - i : sizeof piece;
        for (size_t k = 0; k < n; k++) piece[k] = (uint8_t)((i + k) * 7 + (i + k) / 251);
        assert_int_equal(write(fd, piece, n), n);
        i += n - 1;
    }
    return fd;
}

static void assert_same(int a, int b)
{
    struct stat sa, sb;
    assert_int_equal(fstat(a, &sa), 0);
    assert_int_equal(fstat(b, &sb), 0);
    assert_int_equal(sa.st_size, sb.st_size);
    for (off_t at = 0; at < sa.st_size;) {
        uint8_t pa[8192], pb[8192];
        ssize_t n = pread(a, pa, sizeof pa, at);
        assert_true(n > 0);
        assert_int_equal(pread(b, pb, sizeof pb, at), n);
        assert_memory_equal(pa, pb, (size_t)n);
        at += n;
    }
}

/* R-FORM-4: stored encrypted, whole, of any size. */
static void files_come_back_as_they_were(void **state)
{
    struct office *office = *state;
    static const size_t sizes[] = { 0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17 };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct sealed_file file;
        struct stat st;
        char path[300];
        int from = content_of(sizes[i]), back = -1;
        assert_ok(seal_file(&office->service, "attachment", from, office->arena, &file));
        assert_int_equal(file.size, sizes[i]);
        snprintf(path, sizeof path, "%s/%s", office->folder, file.name);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_ok(seal_file_open(&office->service, "attachment", file.name, file.key_sealed, &back));
        assert_same(from, back);
        assert_int_equal(lseek(back, 0, SEEK_CUR), 0);
        assert_int_equal(write(back, "x", 1), -1); /* whoever is handed it cannot change it */
        close(back);
        close(from);
        assert_ok(seal_file_remove(&office->service, file.name));
        assert_ok(seal_file_remove(&office->service, file.name));
        assert_error(seal_file_open(&office->service, "attachment", file.name, file.key_sealed, &back),
                     ERROR_NOT_FOUND);
    }
}

static void rewrite(const char *path, const uint8_t *content, size_t len)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(content, 1, len, f), len);
    fclose(f);
}

/* R-FORM-4: a file that was cut, put together anew, appended to or altered does not open. */
static void tampered_files_do_not_open(void **state)
{
    struct office *office = *state;
    struct sealed_file file;
    char path[300];
    int from = content_of(2 * CHUNK + 100), back;
    assert_ok(seal_file(&office->service, "attachment", from, office->arena, &file));
    close(from);
    snprintf(path, sizeof path, "%s/%s", office->folder, file.name);
    static uint8_t whole[3 * SEALED_CHUNK], other[4 * SEALED_CHUNK];
    FILE *f = fopen(path, "r");
    size_t len = fread(whole, 1, sizeof whole, f);
    fclose(f);
    assert_int_equal(len, HEAD + 2 * SEALED_CHUNK + 100 + 16);
#define REFUSED(n)                                                                                              \
    do {                                                                                                        \
        rewrite(path, other, (n));                                                                              \
        assert_error(seal_file_open(&office->service, "attachment", file.name, file.key_sealed, &back),         \
                     ERROR_DECRYPT);                                                                            \
    } while (0)
    memcpy(other, whole, len);
    REFUSED(len - 1);
    REFUSED(HEAD + 2 * SEALED_CHUNK); /* without its last piece */
    REFUSED(HEAD + SEALED_CHUNK);
    REFUSED(HEAD);
    REFUSED(0);
    memcpy(other + len, "x", 1);
    REFUSED(len + 1);
    memcpy(other + HEAD, whole + HEAD + SEALED_CHUNK, SEALED_CHUNK); /* two pieces exchanged */
    memcpy(other + HEAD + SEALED_CHUNK, whole + HEAD, SEALED_CHUNK);
    REFUSED(len);
    memcpy(other + HEAD + SEALED_CHUNK, whole + HEAD + 2 * SEALED_CHUNK, 116); /* one left out */
    memcpy(other + HEAD, whole + HEAD, SEALED_CHUNK);
    REFUSED(HEAD + SEALED_CHUNK + 116);
    for (size_t at = 0; at < len; at += 9973) {
        memcpy(other, whole, len);
        other[at] ^= 0x20;
        REFUSED(len);
    }
    memcpy(other, whole, len);
    rewrite(path, other, len);
    assert_ok(seal_file_open(&office->service, "attachment", file.name, file.key_sealed, &back));
    close(back);
}

/* R-FORM-4: the key of one file opens no other, and no name leaves the folder. */
static void a_file_has_a_key_of_its_own(void **state)
{
    struct office *office = *state;
    struct sealed_file a, b;
    int from = content_of(100), back;
    assert_ok(seal_file(&office->service, "attachment", from, office->arena, &a));
    assert_ok(seal_file(&office->service, "attachment", from, office->arena, &b));
    close(from);
    assert_string_not_equal(a.name, b.name);
    assert_error(seal_file_open(&office->service, "attachment", a.name, b.key_sealed, &back), ERROR_DECRYPT);
    assert_error(seal_file_open(&office->service, "form", a.name, a.key_sealed, &back), ERROR_DECRYPT);
    static const char *const names[] = { "../hufu.db", "", ".", "..", "a/b", "hufu.db" };
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_error(seal_file_open(&office->service, "attachment", names[i], a.key_sealed, &back), ERROR_NOT_FOUND);
        assert_error(seal_file_remove(&office->service, names[i]), ERROR_NOT_FOUND);
    }
}

static void a_file_that_is_too_large_leaves_nothing_behind(void **state)
{
    struct office *office = *state;
    struct sealed_file file;
    int from = memfd_create("large", MFD_CLOEXEC);
    assert_int_equal(ftruncate(from, SEAL_FILE_MAX + 1), 0);
    assert_error(seal_file(&office->service, "attachment", from, office->arena, &file), ERROR_TOO_LARGE);
    assert_int_equal(office_uploads(office), 0);
    close(from);
}

/* R-FORM-4: what was sealed and never came to belong to anything goes after a day; what belongs to something stays. */
static void files_that_belong_to_nothing_are_removed(void **state)
{
    struct office *office = *state;
    struct sealed_file files[3];
    size_t removed;
    int from = content_of(100), back;
    struct account_row account = office_account(office, "13800000001", office_numbers[0]);
    for (size_t i = 0; i < COUNT(files); i++) {
        const struct timespec old[] = { { time(NULL) - SWEEP_AGE_S - 10, 0 }, { time(NULL) - SWEEP_AGE_S - 10, 0 } };
        assert_ok(seal_file(&office->service, "mobile-change", from, office->arena, &files[i]));
        if (i > 0) assert_int_equal(utimensat(office->service.upload_folder, files[i].name, old, 0), 0);
    }
    struct mobile_change_row row = { .id = account.id, .account = account.id, .mobile = "1", .old_mobile = "2",
                                     .state = "waiting", .type = "pdf", .file = files[1].name,
                                     .key_sealed = files[1].key_sealed, .asked_by = "a", .asked_by_id = "b" };
    assert_ok(store_change(office->service.store, STATEMENT_MOBILE_CHANGE_INSERT,
                           RECORD(mobile_change_row_shape, &row)));
    assert_ok(sweep_uploads(&office->service, &removed));
    assert_int_equal(removed, 1);
    for (size_t i = 0; i < COUNT(files); i++) {
        struct result r = seal_file_open(&office->service, "mobile-change", files[i].name, files[i].key_sealed, &back);
        assert_int_equal(r.code, i == 2 ? ERROR_NOT_FOUND : ERROR_NONE);
        if (!failed(r)) close(back);
    }
    close(from);
}

int run_seal_tests(struct server *server)
{
#define T(test) cmocka_unit_test_prestate_setup_teardown(test, office_set_up, office_tear_down, server)
    const struct CMUnitTest tests[] = {
        T(a_value_opens_only_as_what_it_was_sealed),
        T(an_altered_value_does_not_open),
        T(limits_of_a_value),
        T(the_index_finds_the_same_and_says_nothing),
        T(a_database_knows_its_data_key),
        T(files_come_back_as_they_were),
        T(tampered_files_do_not_open),
        T(a_file_has_a_key_of_its_own),
        T(a_file_that_is_too_large_leaves_nothing_behind),
        T(files_that_belong_to_nothing_are_removed),
    };
    return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
