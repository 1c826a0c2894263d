/* The table of everything that may be asked, and when. */
#pragma once

#include "signer/call.h"

struct request {
    uint16_t type; /* enum signer_message */
    const char *name;
    unsigned phases; /* enum phase, joined */
    bool once;       /* done at most once a connection */
    bool evidence;   /* rests on people's statements: its refusal goes to the journal */
    const struct shape *ask, *answer; /* ask NULL: no body */
    struct result (*handle)(struct call *call, const void *ask, void *answer);
    /* Answers a request that was done before; NULL for those without a request id. Of those with one it is the first
     * field. */
    struct result (*again)(struct call *call, uint64_t record, void *answer);
    enum journal_record record; /* what it leaves in the journal under its id */
};

extern const struct request requests[];
extern const size_t requests_count;

/* What came of a request. */
struct outcome {
    const struct request *request; /* NULL: the peer broke the rules and is to be hung up on */
    struct result result;
    const void *answer;            /* of request->answer, when the result is OK */
};

/* Does one request. DONE remembers what was done for this connection, a bit each. ERROR_JOURNAL_WRITE and
 * ERROR_JOURNAL_DAMAGED in the return value (not in the outcome) mean that the signer must stop. */
RESULT requests_do(struct call *call, struct bytes body, uint64_t *done, struct outcome *ret_outcome);
