#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static char process_name[16] = "hufu"; /* the one thing of a process that is the process itself */

void log_init(const char *process)
{
    snprintf(process_name, sizeof process_name, "%s", process);
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    static const char *const levels[] = { "info", "warning", "error" };
    char line[1024], when[CIVIL_TEXT_MAX];
    civil_iso((int64_t)time(NULL), when);
    int n = snprintf(line, sizeof line - 1, "%s %s %s %s ", when, levels[level], process_name, event);
    va_list ap;
    va_start(ap, format);
    int m = vsnprintf(line + n, sizeof line - 1 - (size_t)n, format, ap);
    va_end(ap);
    size_t len = (size_t)n + (m > 0 ? (size_t)m : 0);
    if (len > sizeof line - 2) len = sizeof line - 2;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F) line[i] = '?';
    line[len++] = '\n';
    /* One write, so that lines of several processes do not mix; a log that cannot be written stops nothing. */
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written;
}

void log_failure(const char *event, struct result r, const struct diag *diag)
{
    const struct error_entry *e = error_find(r.code);
    log_event(e->status >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, event, "code=%d name=%s %s%s%s%s",
              (int)r.code, e->name, diag && diag->field[0] ? "field=" : "", diag ? diag->field : "",
              diag && diag->field[0] ? " " : "", diag ? diag->log : "");
}
