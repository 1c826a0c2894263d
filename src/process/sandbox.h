/* Closing a process: no_new_privs, no core dumps, Landlock (every right that the kernel knows, denied but for the
 * folders listed), seccomp (an allow-list). Called once, after everything is opened and before the first byte from
 * outside is read. A sandbox that cannot be set up stops the start, unless the installation says --insecure-dev,
 * which is logged. What is closed is shown by tests that try it from inside (tests/unit/process). */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"

enum sandbox_right {
    SANDBOX_READ = 1,        /* files below the folder may be read */
    SANDBOX_WRITE = 2,       /* written, made, renamed and removed */
    SANDBOX_EXECUTE = 4
};

struct sandbox_folder {
    const char *path;
    unsigned rights; /* enum sandbox_right */
};

/* Groups of system calls beyond those that every process needs (memory, descriptors it has, time, threads, end). */
enum sandbox_calls {
    SANDBOX_FILES = 1,    /* open, stat, rename, unlink, fsync … (Landlock says where) */
    SANDBOX_ACCEPT = 2,   /* accept, getpeername, setsockopt on listening sockets it was given */
    SANDBOX_CONNECT = 4,  /* socket and connect: outbound connections (relay), a database's socket (web) */
    SANDBOX_FORK = 8,     /* fork, wait, kill: files makes a child for each file */
    SANDBOX_EXEC = 16     /* execve: only what starts others */
};

struct sandbox {
    unsigned calls; /* enum sandbox_calls */
    const struct sandbox_folder *folders; /* one that does not exist is an error */
    size_t folder_count;
};

/* ERROR_SANDBOX with what could not be closed in DIAG's log text. With INSECURE_DEV it warns in the log instead and
 * goes on with what could be closed. */
RESULT sandbox_enter(const struct sandbox *sandbox, bool insecure_dev, struct diag *diag);
/* Closes a process that is closed already, or the child of one, to CALLS alone. ERROR_SANDBOX. */
RESULT sandbox_narrow(unsigned calls, struct diag *diag);
