/* Landlock (kernel 5.13 and later) by its system calls: Debian's headers know fewer rights than its kernels have. */
#pragma once

#include "process/sandbox.h"

/* From here on this thread, which must be the process's only one, reaches no file but below the folders of SANDBOX,
 * binds no TCP port, connects to none (unless SANDBOX_CONNECT), and signals and reaches no abstract socket outside
 * its own children: as far as the kernel's version of Landlock goes. no_new_privs is set already.
 * ERROR_SANDBOX with the reason in DIAG's log text. */
RESULT landlock_close(const struct sandbox *sandbox, struct diag *diag);
