/* What runs out (pki/validity.h), for those in the console who can do something about it: what the signer says of what
 * it has, and the calendar of working days (R-OPS-1, R-PKI-3). */
#pragma once

#include "service/service.h"

struct runs_out {
    const char *kind;  /* fixed: "ca", "list", "operator", "responder", "calendar" */
    const char *words; /* what, and when, in Chinese */
    const char *mend;  /* what to do */
    int64_t end_s;
    bool over;
};

/* In the arena, what ends first comes first. What journal_ask fails with. */
RESULT runs_out_list(const struct act *act, struct runs_out **ret_list, size_t *ret_count);
