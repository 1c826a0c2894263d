/* One request at work. */
#pragma once

#include "signer/signer.h"

struct call {
    struct signer *signer;
    struct arena *arena;
    struct diag *diag;
    int64_t now_s;
    uint16_t type;             /* enum signer_message */
    uint8_t content[SM3_SIZE]; /* SM3(type ‖ body) */
    const char *application;   /* once it is known, for the record of a refusal; NULL: none */
};

/* FAIL(code), with FIELD of the request and words for the log. */
struct result refuse(struct call *call, enum error code, const char *field, const char *log, ...)
    __attribute__((format(printf, 4, 5)));
