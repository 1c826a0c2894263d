/* A signer in a folder of its own, as the supervisor would start it, or within the test with a clock that can be set. */
#pragma once

#include "cast.h"
#include "signer/signer.h"

struct stage {
    char folder[64];
    char config[80];
    /* in a process */
    int pid;
    bool dumb; /* it is expected to end before it says hello */
    struct ipc_client *client;
    /* within the test */
    struct signer *signer;
    struct arena *arena; /* of its settings */
    struct clock clock;
    int64_t now_s;
    uint64_t done;
    struct cast_peer peer;
};

/* A folder with a configuration, MORE being further lines of [signer]. Nothing runs yet. */
struct stage *stage_new(const char *more);
struct stage *stage_new_in(const char *where, const char *more);
/* More lines of [signer] for the next start. */
void stage_set(struct stage *stage, const char *more);
/* Ends what runs and removes the folder. */
void stage_free(struct stage *stage);

/* PROGRAM is the path of hufu-signer; FAULT (may be NULL) becomes HUFU_FAULT. */
void stage_start(struct stage *stage, const char *program, const char *fault);
/* The same, but the caller has the socket, on which hello was said. */
int stage_start_bare(struct stage *stage, const char *program);
/* Hangs up and waits; the exit status, 128 + signal for one that was killed. */
int stage_stop(struct stage *stage);
/* Waits for a process that ends by itself. */
int stage_wait(struct stage *stage);
/* Kills it as a loss of power would. */
void stage_kill(struct stage *stage);

/* Opens the signer within the test; what opening failed with. */
struct result stage_open(struct stage *stage);
void stage_close(struct stage *stage);

/* SIGNER_STATE with a peer that has nothing: so that serving begins. */
struct result stage_greet(struct stage *stage, struct cast *cast, struct signer_state *ret_state);
