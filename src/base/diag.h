/* Why a request failed, in words: what the person is told and what only the log is told. Belongs to one
 * request; the code itself travels in the result. Neither text ever holds a PIN, key, code or identity
 * number. */
#pragma once

#include "base/result.h"

enum { DIAG_FIELD_MAX = 64, DIAG_TEXT_MAX = 400 };

struct diag {
    char field[DIAG_FIELD_MAX]; /* the field of the request that is wrong, as in openapi.json; "" if none */
    char detail[DIAG_TEXT_MAX]; /* for the person, in Chinese; "" if the table's message says it all */
    char log[DIAG_TEXT_MAX];    /* for operators */
};

/* The first word counts: a later one does not overwrite what the place nearest to the fault said.
 * DIAG may be NULL. Each returns FAIL(code), so that: return diag_field(d, ERROR_X, "mobile", "…"); */
struct result diag_field(struct diag *diag, enum error code, const char *field, const char *detail, ...)
    __attribute__((format(printf, 4, 5)));
struct result diag_detail(struct diag *diag, enum error code, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));
struct result diag_log(struct diag *diag, enum error code, const char *log, ...)
    __attribute__((format(printf, 3, 4)));
