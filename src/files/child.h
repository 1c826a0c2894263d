/* What a child does: one request, under limits, seeing nothing but the request's descriptor. */
#pragma once

#include "files/text.h"
#include "ipc/ipc.h"

enum { CHILD_CPU_S = 10, CHILD_MEMORY_MAX = 768 * 1024 * 1024 };

/* Does ASKED, whose descriptor is ASKED->fd, writes its answer to SOCKET and ends the process. Everything
 * else that is open is closed first. */
_Noreturn void child_run(const struct ipc_message *asked, int socket, struct fonts *fonts);

/* The two jobs, for tests without a process. */
struct diag;
struct files_inspect;
struct files_inspected;
struct files_print;
struct files_printed;
/* FD is read whole: a file from its beginning, anything else until its end. */
RESULT child_inspect(int fd, const struct files_inspect *ask, struct diag *diag, struct files_inspected *ret_inspected);
/* HASH: 32 bytes that RET_PRINTED points to. */
RESULT child_print(int fd, const struct files_print *ask, struct fonts *fonts, struct diag *diag, uint8_t *hash,
                   struct files_printed *ret_printed);
