/* What a person sees when an installation has started, or has not. */
#pragma once

#include <sys/types.h>

#include "cli/installation.h"

/* The line "ready: …" with the addresses; in a demonstration below it who to log in as and where messages go.
 * LOG: the file of the processes' log; NULL: none. */
void ready_print(const struct installation *installation, const char *log, int64_t ms);
/* The last lines that the file LOG got after FROM, on standard error. */
void ready_print_log(const char *log, off_t from);
