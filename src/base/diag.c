#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

static void say(char *into, const char *format, va_list ap)
{
    if (into[0] == '\0') vsnprintf(into, DIAG_TEXT_MAX, format, ap);
}

struct result diag_field(struct diag *diag, enum error code, const char *field, const char *detail, ...)
{
    if (!diag) return FAIL(code);
    if (diag->field[0] == '\0') snprintf(diag->field, sizeof diag->field, "%s", field);
    va_list ap;
    va_start(ap, detail);
    say(diag->detail, detail, ap);
    va_end(ap);
    return FAIL(code);
}

struct result diag_detail(struct diag *diag, enum error code, const char *detail, ...)
{
    if (!diag) return FAIL(code);
    va_list ap;
    va_start(ap, detail);
    say(diag->detail, detail, ap);
    va_end(ap);
    return FAIL(code);
}

struct result diag_log(struct diag *diag, enum error code, const char *log, ...)
{
    if (!diag) return FAIL(code);
    va_list ap;
    va_start(ap, log);
    say(diag->log, log, ap);
    va_end(ap);
    return FAIL(code);
}
