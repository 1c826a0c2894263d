/* The key that `hufu serve` hands to each process. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process/key.h"

static int memfd_with(const void *content, size_t len)
{
    int fd = memfd_create("test", 0);
    assert_int_equal(write(fd, content, len), len);
    return fd;
}

static void each_process_has_its_own(void **state)
{
    uint8_t a[PROCESS_KEY_SIZE], b[PROCESS_KEY_SIZE], c[PROCESS_KEY_SIZE];
    process_key_derive(bytes_text("secret"), "signer", a);
    process_key_derive(bytes_text("secret"), "web", b);
    assert_memory_not_equal(a, b, sizeof a);
    process_key_derive(bytes_text("Secret"), "signer", b);
    assert_memory_not_equal(a, b, sizeof a);
    process_key_derive(bytes_text("secret"), "signer", c);
    assert_memory_equal(a, c, sizeof a);
}

/* What is wrapped today must open tomorrow: made by openssl dgst -sm3 -mac HMAC over "hufu-process-keysigner". */
static void derivation_stays(void **state)
{
    static const uint8_t expected[PROCESS_KEY_SIZE] = {
        0xD4, 0xE5, 0x71, 0x76, 0x93, 0x2B, 0x54, 0x5E, 0x8A, 0x90, 0x80, 0xDA, 0xF4, 0x5F, 0x36, 0x6E,
        0xB9, 0xB1, 0xFF, 0xD4, 0x91, 0x16, 0xAE, 0x48, 0x09, 0xED, 0x21, 0x86, 0x48, 0x0D, 0x9C, 0x3C,
    };
    uint8_t key[PROCESS_KEY_SIZE];
    process_key_derive(bytes_text("secret"), "signer", key);
    assert_memory_equal(key, expected, sizeof key);
}

static void is_handed_on_sealed(void **state)
{
    uint8_t key[PROCESS_KEY_SIZE], taken[PROCESS_KEY_SIZE];
    int fd;
    process_key_derive(bytes_text("secret"), "web", key);
    assert_false(failed(process_key_hand_on(key, &fd)));
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(ftruncate(fd, 4096), -1);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    assert_false(failed(process_key_take(fd, taken)));
    assert_memory_equal(key, taken, sizeof key);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* closed */
}

static void anything_else_is_refused(void **state)
{
    uint8_t content[PROCESS_KEY_SIZE + 1] = { 1 }, key[PROCESS_KEY_SIZE] = { 9, 9 }, before[PROCESS_KEY_SIZE];
    memcpy(before, key, sizeof key);
    assert_int_equal(process_key_take(memfd_with(content, sizeof content), key).code, ERROR_MALFORMED);
    assert_int_equal(process_key_take(memfd_with(content, PROCESS_KEY_SIZE - 1), key).code, ERROR_MALFORMED);
    assert_int_equal(process_key_take(memfd_with(content, 0), key).code, ERROR_MALFORMED);
    assert_int_equal(process_key_take(-1, key).code, ERROR_MALFORMED);
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    assert_int_equal(process_key_take(pair[0], key).code, ERROR_MALFORMED);
    close(pair[1]);
    assert_memory_equal(key, before, sizeof key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_process_has_its_own),
        cmocka_unit_test(derivation_stays),
        cmocka_unit_test(is_handed_on_sealed),
        cmocka_unit_test(anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
