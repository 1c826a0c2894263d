/* The allow-list of system calls, by libseccomp. */
#pragma once

#include "process/sandbox.h"

/* From here on every thread makes only the system calls that every process needs and those of CALLS (enum
 * sandbox_calls). One that is not listed fails with EPERM; one that only an attacker makes here (another program,
 * another process's memory, the kernel's own settings) ends the process. ERROR_SANDBOX with the reason in DIAG. */
RESULT syscalls_close(unsigned calls, struct diag *diag);
