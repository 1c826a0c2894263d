/* The inside of hufu-agent-helper. */
#pragma once

#include "token/agent/helper_api.h"
#include "token/agent/skf_library.h"

/* ---- per platform: helper_linux.c, helper_windows.c ---- */

/* Takes the way to the agent off standard input and output, which a library might print to; QUIET: standard error
 * too. -1 when it cannot be done. */
intptr_t helper_channel(bool quiet);
/* false when the agent has gone. */
bool helper_read(intptr_t channel, void *into, size_t len);
bool helper_write(intptr_t channel, struct bytes data);
/* Ends the process after SECONDS unless called again; 0: never. */
void helper_deadline(int seconds);

/* ---- operations: helper_keys.c, helper_production.c ---- */

/* A question being answered. */
struct helper_call {
    struct skf_library *library;
    struct reader in;   /* blocks of the question; texts have no NUL */
    struct writer out;  /* blocks of the answer */
    uint32_t sar;       /* what the library said, when it failed */
    uint8_t tries;
    skf_handle device;  /* connected and locked, its serial number checked; NULL for HELPER_LIST */
};

/* The code for what a function returned, which is noted in CALL. */
RESULT helper_said(struct helper_call *call, skf_value returned);

RESULT helper_list(struct helper_call *call);
/* Connects the device that the question names; helper_disconnect in any case. */
RESULT helper_connect(struct helper_call *call);
void helper_disconnect(struct helper_call *call);
RESULT helper_state(struct helper_call *call);
RESULT helper_change_pin(struct helper_call *call);
RESULT helper_sign(struct helper_call *call);

RESULT helper_inspect(struct helper_call *call);
RESULT helper_open(struct helper_call *call);
RESULT helper_prove(struct helper_call *call);
RESULT helper_write_production(struct helper_call *call);
RESULT helper_write_recovered(struct helper_call *call);
RESULT helper_close(struct helper_call *call);
RESULT helper_unlock_challenge(struct helper_call *call);
RESULT helper_unlock_answer(struct helper_call *call);

RESULT helper_download_open(struct helper_call *call);
RESULT helper_download_sign(struct helper_call *call);
RESULT helper_download_write(struct helper_call *call);
typedef struct result helper_act(struct helper_call *call, skf_handle application, struct bytes message);
/* Under the user's PIN: ACT with the open application and the message of the question; NULL: signs it. */
RESULT helper_with_pin(struct helper_call *call, helper_act *act);
