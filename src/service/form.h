/* The form 《国资CA数字证书服务受理表》 (R-FORM-3): printed by hufu-files from what was filled in, kept encrypted, a
 * revision for each content. The code in its QR code names number, revision and a keyed hash of the content, so that a
 * scan shows which revision was signed; nobody without the data key can try identity numbers against it. */
#pragma once

#include "service/desk.h"

enum { FORM_CODE_MAX = 200 };

/* Prints the form as filled in; what is printed already is not printed anew. ERROR_APPLICATION_STATE,
 * ERROR_APPLICATION_INCOMPLETE with the field, ERROR_FORM_… of hufu-files. */
RESULT form_print(const struct act *act, const char *number, struct form_row *ret_form);
/* The latest revision as PDF, a descriptor that is the caller's; an operator's look is in the audit trail.
 * ERROR_NOT_FOUND when nothing was printed. */
RESULT form_open(const struct act *act, const char *number, struct form_row *ret_form, int *ret_fd);
/* Whether the latest revision is what is filled in now. */
RESULT form_printed(struct tx *tx, const struct act *act, const struct application_row *row, bool *ret_printed);
