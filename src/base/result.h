/* What every function that can fail returns: one code of the error table (errors.txt), nothing else.
 * Words for the user and for the log go into a struct diag (diag.h). There is no other error channel:
 * no errno across modules, no bare int truth, no long jump. */
#pragma once

#include <stdbool.h>

#include "errors.h" /* generated from errors.txt: enum error, error_find */

struct result {
    enum error code;
};

/* Before every prototype that returns a result: RESULT foo_parse(...). */
#define RESULT __attribute__((warn_unused_result)) struct result

#define OK ((struct result){ ERROR_NONE })
#define FAIL(error) ((struct result){ (error) })

static inline bool failed(struct result r)
{
    return r.code != ERROR_NONE;
}

/* Returns what EXPR failed with; goes on when it did not. */
#define TRY(expr)                       \
    do {                                \
        struct result try_ = (expr);    \
        if (failed(try_)) return try_;  \
    } while (0)

/* Returns ERROR when COND does not hold. For input; invariants are asserted. */
#define ENSURE(cond, error)                \
    do {                                   \
        if (!(cond)) return FAIL(error);   \
    } while (0)

/* For calls whose failure changes nothing for the caller; the reason stands beside it in a comment. */
#define IGNORE(expr)               \
    do {                           \
        struct result ign_ = (expr); \
        (void)ign_;                \
    } while (0)

/* Runs FN(&variable) when the variable leaves its scope; TAKE hands the value over instead. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define TAKE(ptr)                        \
    ({                                   \
        __typeof__(ptr) take_ = (ptr);   \
        (ptr) = NULL;                    \
        take_;                           \
    })

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
