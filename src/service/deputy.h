/* Who acts for the holder of one application (经办人, R-FORM-6): a colleague with an open account in the same
 * organization, named by the holder or by an administrator of the organization, with a letter (委托书) among the scans.
 * Fills in, prints, uploads and pays; what the holder agrees to, submits, confirms and takes stays the holder's
 * (desk_look, ERROR_DEPUTY). The trail has the name of whoever acted. */
#pragma once

#include "service/application.h"

/* The person with MOBILE acts from now on, whoever did before; the form bears the name. Where nothing can be filled in
 * any more: ERROR_APPLICATION_STATE. ERROR_DEPUTY_UNFIT for who cannot; ERROR_NOT_FOUND for whom it is not to name. */
RESULT deputy_name(const struct act *act, const struct application_edit *edit, const char *mobile,
                   struct application_row *ret_row);
/* Whoever acts does so no longer, at once and in any state. Before the submission, and when it was sent back, the form
 * has the name no more; what was submitted stays as it was signed. ERROR_DEPUTY_NONE. */
RESULT deputy_end(const struct act *act, const struct application_edit *edit, struct application_row *ret_row);
/* Those in which who asks acts for another, the newest first; AFTER and RET_NEXT as of application_list. */
RESULT deputy_list(const struct act *act, const char *after, struct application_row **ret_rows, size_t *ret_count,
                   const char **ret_next);
