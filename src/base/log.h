/* One line per event on standard error: time, level, event name, then fields as name=value. Only the top
 * of a process logs, once per failure. Never a key, PIN, code or identity number. */
#pragma once

#include "base/diag.h"

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/* PROCESS ("web", "signer") stands in each line. Call once in main. */
void log_init(const char *process);
/* EVENT is a fixed word; FORMAT gives the rest: log_event(LOG_LEVEL_INFO, "listen", "address=%s", a).
 * Control characters in what is formatted are written as '?'. */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The failure R of EVENT with what DIAG (may be NULL) has for operators. */
void log_failure(const char *event, struct result r, const struct diag *diag);
