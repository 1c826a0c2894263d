/* Numbers that carry their own check: of identity documents and of organizations (R-ACCT-1). Pure functions. */
#pragma once

#include <stdint.h>

#include "base/diag.h"

enum { DOCUMENT_NUMBER_MAX = 18, CREDIT_CODE_LEN = 18 };

/* The check character of the first 17 of a credit code, by GB 32100-2015 (modulo 31). */
RESULT identity_check_credit_code(const char *code, struct diag *diag);

/* Whether NAME, given in FIELD, may stand in a certificate: 64 characters at most (RFC 5280 appendix A.1,
 * ub-organization-name and ub-common-name). ERROR_CERTIFICATE_NAME_LONG with the field. */
RESULT identity_check_name(const char *name, const char *field, struct diag *diag);

/* NUMBER of a document of TYPE ("id-card", "passport", "hk-macao-permit", "taiwan-permit"), letters made capital, into
 * RET_NUMBER. ERROR_DOCUMENT_NUMBER with what is wrong about it:
 *   id-card          GB 11643-1999: 18 characters, a province, a date of birth before NOW_S, check character (mod 11-2)
 *   passport         5 to 9 letters and digits (ICAO 9303), at least three digits
 *   hk-macao-permit  H or M and 8 digits; 10 on earlier ones
 *   taiwan-permit    8 digits */
RESULT identity_check_document(const char *type, const char *number, int64_t now_s, struct diag *diag,
                               char ret_number[DOCUMENT_NUMBER_MAX + 1]);
