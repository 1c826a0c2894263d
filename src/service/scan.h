/* A file that somebody uploads as evidence: looked at by hufu-files, which never sees more than the one descriptor,
 * then encrypted under a key of its own, on disk before any row says so (R-FORM-4). */
#pragma once

#include "ipc/files_api.h"
#include "service/seal.h"

/* SIZE bytes of FD from its start; FD stays the caller's. ERROR_FILE_… with the reason, the errors of seal_file. */
RESULT scan_take(const struct act *act, const char *what, int fd, int64_t size, struct files_inspected *ret_found,
                 struct sealed_file *ret_file);
/* The same for a file of an invoice, which may be an OFD as well. */
RESULT scan_take_invoice(const struct act *act, const char *what, int fd, int64_t size,
                         struct files_inspected *ret_found, struct sealed_file *ret_file);
