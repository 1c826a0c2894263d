/* Scans (R-FORM-4): looked at by hufu-files, which never sees more than the one descriptor, then encrypted under a key
 * of their own, on disk before their row is. The current one of each name counts; the form's belongs to a revision. */
#pragma once

#include "service/desk.h"

enum { ATTACHMENTS_MAX = 100 /* of an application, earlier ones included */ };

/* Takes the scan NAME ("form", "license" …) from FD, SIZE bytes from its start; FD stays the caller's.
 * ERROR_APPLICATION_STATE, ERROR_APPLICATION_ITEM (was not sent back), ERROR_APPLICATION_INCOMPLETE (the form is not
 * printed as filled in), ERROR_ATTACHMENT_MANY, ERROR_FILE_… with the reason. */
RESULT attachment_add(const struct act *act, const char *number, const char *name, int fd, int64_t size,
                      struct attachment_row *ret_row);
/* The current ones. */
RESULT attachment_list(const struct act *act, const char *number, struct attachment_row **ret_rows,
                       size_t *ret_count);
/* The scan ID of the application, as a descriptor that is the caller's. Every look is in the audit trail, and is not
 * given without it. ERROR_NOT_FOUND. */
RESULT attachment_open(const struct act *act, const char *number, const struct id *id,
                       struct attachment_row *ret_row, int *ret_fd);

/* The first scan of KIND's that is missing, was sent back, or belongs to an earlier revision of the form; NULL: none.
 */
RESULT attachment_missing(struct tx *tx, const struct act *act, const struct application_row *row, enum kind kind,
                          const char **ret_name);
