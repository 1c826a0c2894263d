/* What a process is started with: everything that is needed, nothing that is unknown, and words where it does not fit. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process/arguments.h"

enum { ARGUMENTS_MAX = 12 };

struct got {
    bool good;
    int code;
    struct arguments arguments;
    uint64_t socket, limit;
};

/* LINE is cut at its blanks. */
static struct got read_line(const char *line, bool config)
{
    static char words[256]; /* what was read points into it */
    char *argv[ARGUMENTS_MAX] = { 0 };
    int argc = 0;
    snprintf(words, sizeof words, "hufu-test %s", line);
    char *rest = words;
    for (char *word; argc < ARGUMENTS_MAX - 1 && (word = strtok_r(rest, " ", &rest));) argv[argc++] = word;
    struct got got = { .code = -1, .socket = UINT64_MAX, .limit = 7 };
    const struct arguments_form form = { config, 2,
                                         { { "socket", ARGUMENT_FD_MAX, true, &got.socket },
                                           { "limit", 10, false, &got.limit } } };
    optind = 0; /* glibc: from the beginning */
    got.good = arguments_read(argc, argv, &form, &got.arguments, &got.code);
    return got;
}

static void whole_ones_are_read(void **state)
{
    struct got got = read_line("--config a.conf --socket 3 --insecure-dev --limit 10", true);
    assert_true(got.good && got.arguments.insecure_dev && !got.arguments.test);
    assert_string_equal(got.arguments.config, "a.conf");
    assert_int_equal(got.socket, 3);
    assert_int_equal(got.limit, 10);
    got = read_line("--socket 0", false);
    assert_true(got.good && !got.arguments.insecure_dev);
    assert_int_equal(got.limit, 7);
}

static void check_alone_needs_no_descriptor(void **state)
{
    struct got got = read_line("--config a.conf -t", true);
    assert_true(got.good && got.arguments.test);
    assert_false(read_line("-t", true).good);
}

static void what_does_not_fit_is_refused(void **state)
{
    static const char *const lines[] = { "--config a.conf", "--socket 3", "--config a.conf --socket",
                                         "--config a.conf --socket three", "--config a.conf --socket -1",
                                         "--config a.conf --socket 65537", "--config a.conf --socket 3 --limit 11",
                                         "--config a.conf --socket 3 more", "--config a.conf --socket 3 --unknown" };
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct got got = read_line(lines[i], true);
        if (got.good || got.code != 2) fail_msg("taken, or ended with %d: %s", got.code, lines[i]);
    }
    assert_false(read_line("--config a.conf --socket 3", false).good); /* of a process without configuration */
}

static void help_is_no_failure(void **state)
{
    struct got got = read_line("--help", true);
    assert_true(!got.good && got.code == 0);
}

static void signals_become_readable(void **state)
{
    int signals = arguments_signals();
    char room[sizeof(long) * 32];
    assert_true(signals >= 0);
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(raise(SIGPIPE), 0);
    assert_true(read(signals, room, sizeof room) > 0);
    close(signals);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(whole_ones_are_read),
                                        cmocka_unit_test(check_alone_needs_no_descriptor),
                                        cmocka_unit_test(what_does_not_fit_is_refused),
                                        cmocka_unit_test(help_is_no_failure),
                                        cmocka_unit_test(signals_become_readable) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
