/* Keeps the processes of an installation running: starts them, hands web the sockets to its peers, starts anew with
 * growing pauses what ends, and stops all in order. Single-threaded; reads nothing but the hello of web. */
#pragma once

#include "cli/installation.h"

struct supervisor;

struct supervisor_options {
    const struct installation *installation; /* outlives it */
    struct secret *secret;                   /* wiped by supervisor_new, once the keys are made of it */
    int listen;                              /* handed to web; stays the caller's */
    int status_listen;                       /* to status; -1: it is not started; stays the caller's */
    int log;                                 /* where processes log; stays the caller's */
    const char *log_path;                    /* its name; NULL: standard error */
    bool insecure_dev;
    const char *fault;                       /* HUFU_FAULT, "signer:journal-synced"; NULL: none */
    /* Called once, when web and its peers answered, MS after supervisor_run began. */
    void (*ready)(const struct supervisor_options *options, int64_t ms);
};

/* ERROR_PROGRAM_MISSING names the first that is not there; nothing is started yet. */
RESULT supervisor_new(const struct supervisor_options *options, struct diag *diag, struct supervisor **ret_supervisor);
/* Until SIGTERM, SIGINT or SIGHUP, which it takes by a signalfd: they, and SIGCHLD, have been blocked. OK when all was
 * stopped by a signal; ERROR_START_FAILED when a process ended again and again, or did not answer, before all was
 * ready. Nothing runs any more when it returns. */
RESULT supervisor_run(struct supervisor *supervisor, struct diag *diag);
void supervisor_free(struct supervisor *supervisor);
