/* Scans (R-FORM-4): looked at by hufu-files, which never sees more than the one descriptor, then encrypted under a key
 * of their own, on disk before their row is. The current one of each name counts; the form's belongs to a revision. */
#pragma once

#include "service/desk.h"

enum { ATTACHMENTS_MAX = 100 /* of an application, earlier ones included */ };

struct attachment_new {
    const char *number, *name; /* of the application; of the scan: "form", "license" … */
    int fd;                    /* SIZE bytes from its start; stays the caller's */
    int64_t size;
    const struct id *upload;   /* in which it came (service/upload.h), gone with the same commit; NULL: in one piece */
};

/* Takes a scan.
 * ERROR_APPLICATION_STATE, ERROR_APPLICATION_ITEM (was not sent back), ERROR_APPLICATION_INCOMPLETE (the form is not
 * printed as filled in), ERROR_ATTACHMENT_MANY, ERROR_FILE_… with the reason. */
RESULT attachment_add(const struct act *act, const struct attachment_new *new, struct attachment_row *ret_row);
/* Inside a closure: whether the scan NAME would be taken now, before anybody looks at it. */
RESULT attachment_wanted(struct tx *tx, const struct act *act, const char *number, const char *name);
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
