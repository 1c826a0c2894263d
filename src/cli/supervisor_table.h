/* The processes of an installation, as the supervisor sees them. */
#pragma once

#include <sys/types.h>

#include "cli/supervisor.h"
#include "cli/place.h"

/* Images of operators' virtual USBKeys are called so: operator-reviewer-1.image. */
#define OPERATOR_PREFIX "operator-"

enum { SUPERVISED_MAX = 40, SUPERVISED_EXTRA_MAX = 8, SUPERVISED_NAME_MAX = 48 };

/* What a process is handed; each is an argument with a descriptor or a path. */
enum supervised_uses {
    USES_CONFIG = 1,
    USES_SOCKET = 2, /* to web, through the supervisor */
    USES_KEY = 4,
    USES_CONTROL = 8, /* web's own */
    USES_LISTEN = 16,
    USES_INSECURE = 32, /* knows --insecure-dev */
    USES_STATUS = 64,   /* the socket to status: signer's */
    USES_SIGNER = 128,  /* the socket to signer: status's, hsm's */
    USES_HSM = 256,     /* the socket to hsm: signer's */
    USES_PIN = 512      /* the file of the HSM's PIN, opened anew at each start */
};

/* In this order they are stopped: web answers what it was asked while its peers still live. */
enum supervised_stage { STAGE_WEB, STAGE_PEER, STAGE_OTHER, STAGE_COUNT };

struct supervised {
    char name[SUPERVISED_NAME_MAX]; /* "signer"; "card-reviewer-1" */
    char program[PLACE_PATH_MAX];
    unsigned uses;
    enum supervised_stage stage;
    const char *extra[SUPERVISED_EXTRA_MAX]; /* further arguments, ended by NULL */
    const char *user;
    int key;    /* sealed memfd; -1 */
    int listen; /* of its own, not web's; -1 */
    int link;   /* its end of the pair between signer and status, or hsm and signer, which outlives both; -1 */
    int hsm;    /* signer's end of the pair with hsm; -1 */
    const char *pin_file; /* NULL: none */

    pid_t pid;                  /* 0: it does not run */
    int peer;                   /* web's end of the socket to it, until web has taken it; -1 */
    const char *fault;          /* "HUFU_FAULT=…", for its first start; NULL: none */
    const char *variable;       /* of its environment; NULL: none */
    int64_t started_ms, due_ms; /* monotonic; due_ms: when it is to be started again */
    unsigned failures;          /* ends in a row, soon after the start */
    int status;                 /* of its last end, as waitpid gives it */
};

struct supervised_table {
    struct supervised rows[SUPERVISED_MAX];
    size_t count;
    struct arena *arena; /* of the arguments */
};

/* Fills the table by what the installation's configuration and folder name. ERROR_PROGRAM_MISSING;
 * ERROR_CONFIG for more virtual USBKeys than fit. Free with table_done in any case. */
RESULT table_fill(struct supervised_table *table, const struct supervisor_options *options,
                  struct diag *diag);
void table_done(struct supervised_table *table);
struct supervised *table_find(struct supervised_table *table, const char *name);
struct supervised *table_find_pid(struct supervised_table *table, pid_t pid);
