/* What hufu serve starts a process with, read alike by the main of each: --config FILE, -t, --insecure-dev, --help, and
 * numbers under names of the process's own (--socket FD). */
#pragma once

#include "base/bytes.h"

enum { ARGUMENT_NUMBERS_MAX = 8, ARGUMENT_FD_MAX = 1 << 16 };

struct argument_number {
    const char *name;
    uint64_t most;
    bool needed;   /* but with -t, which starts nothing */
    uint64_t *ret; /* left alone where the argument is not given */
};

struct arguments_form {
    bool config; /* --config is taken, and needed */
    size_t count;
    struct argument_number numbers[ARGUMENT_NUMBERS_MAX];
};

struct arguments {
    const char *config;
    bool insecure_dev, test;
};

/* False where main is to print its usage and end with RET_EXIT: 0 when --help asked for it, 2 when the arguments do
 * not fit FORM. */
bool arguments_read(int argc, char **argv, const struct arguments_form *form, struct arguments *ret_arguments,
                    int *ret_exit);

/* SIGTERM and SIGINT as a descriptor that becomes readable; SIGPIPE is ignored. To be called before the first thread:
 * all of them leave these signals to the main one then. */
int arguments_signals(void);
