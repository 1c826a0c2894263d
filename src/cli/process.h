/* One process of ours: found, started with the descriptors it is handed, as the user it runs as. */
#pragma once

#include <sys/types.h>

#include "base/diag.h"

enum { PROCESS_ARGUMENTS_MAX = 24, PROCESS_FDS_MAX = 4, PROCESS_FIRST_FD = 3,
       PROCESS_VARIABLES_MAX = 2 };

struct process_start {
    const char *program;                            /* path */
    const char *arguments[PROCESS_ARGUMENTS_MAX];   /* argv, ended by NULL; "@N" becomes the number of fds[N] */
    int fds[PROCESS_FDS_MAX];                       /* handed on, from PROCESS_FIRST_FD up in this order */
    size_t fd_count;
    int log;                                        /* its standard output and error */
    const char *user;                               /* NULL: ours */
    const char *variables[PROCESS_VARIABLES_MAX];   /* of its environment, "NAME=VALUE"; NULL: none */
};

/* Forks and runs it. It has nothing of ours but FDS and LOG, an environment of a few names, and dies with us.
 * ERROR_PROGRAM_MISSING, ERROR_USER_UNKNOWN, ERROR_IO. That it cannot be run at all is seen by exit status 127. */
RESULT process_start(const struct process_start *start, struct diag *diag, pid_t *ret_pid);
