#include "process/arguments.h"

#include <assert.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>

#include "base/text.h"

enum { CONFIG, INSECURE_DEV, HELP, FIRST_NUMBER, TEST = 't' };
static_assert(FIRST_NUMBER + ARGUMENT_NUMBERS_MAX < TEST, "a number's place in the table is told from a letter");

static void fill_table(const struct arguments_form *form, struct option *table)
{
    if (form->config) *table++ = (struct option){ "config", required_argument, NULL, CONFIG };
    *table++ = (struct option){ "insecure-dev", no_argument, NULL, INSECURE_DEV };
    *table++ = (struct option){ "help", no_argument, NULL, HELP };
    for (size_t i = 0; i < form->count; i++)
        *table++ = (struct option){ form->numbers[i].name, required_argument, NULL, FIRST_NUMBER + (int)i };
    *table = (struct option){ 0 };
}

static bool is_whole(const struct arguments_form *form, const struct arguments *got, const bool *given)
{
    if (form->config && !got->config) return false;
    for (size_t i = 0; i < form->count; i++)
        if (form->numbers[i].needed && !given[i] && !got->test) return false;
    return true;
}

bool arguments_read(int argc, char **argv, const struct arguments_form *form, struct arguments *ret_arguments,
                    int *ret_exit)
{
    struct option table[ARGUMENT_NUMBERS_MAX + 4];
    struct arguments got = { 0 };
    bool given[ARGUMENT_NUMBERS_MAX] = { 0 };
    fill_table(form, table);
    for (int c; (c = getopt_long(argc, argv, "t", table, NULL)) != -1;) {
        if (c == HELP) return *ret_exit = 0, false;
        if (c == '?') return *ret_exit = 2, false;
        if (c == CONFIG) got.config = optarg;
        if (c == INSECURE_DEV) got.insecure_dev = true;
        if (c == TEST) got.test = true;
        if (c < FIRST_NUMBER || c == TEST) continue;
        const struct argument_number *number = &form->numbers[c - FIRST_NUMBER];
        if (failed(text_number(optarg, number->most, number->ret))) return *ret_exit = 2, false;
        given[c - FIRST_NUMBER] = true;
    }
    if (optind < argc || !is_whole(form, &got, given)) return *ret_exit = 2, false;
    *ret_arguments = got;
    return true;
}

int arguments_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) abort();
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}
