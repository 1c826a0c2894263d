/* Evidence of what people signed (R-LOGIN-8): logins with a key, and each act of an operator or of a download. One JSON
 * object a line, "HUFU-EVIDENCE-v1": the statement as it was signed, signature, certificate, its issuer's, and, of a
 * holder's login, the OCSP answer that the CA signed then over the statement's SM3. So each line proves by itself, with
 * nothing but the root certificate, who signed what, and that the certificate was good. */
#pragma once

#include "cli/installation.h"

enum { AUDIT_EVIDENCE_LINE_MAX = 128 * 1024 };
#define AUDIT_EVIDENCE_FORMAT "HUFU-EVIDENCE-v1"

struct audit_range {
    const char *serial; /* of the certificate that signed; NULL: any */
    int64_t from_s, until_s;
};

/* Writes the installation's evidence of RANGE to standard output, the oldest first: logins, then acts. */
RESULT audit_evidence_export(const struct installation *installation, const struct audit_range *range,
                             struct diag *diag);

/* Checks each line of FILE against ROOT, the file of the root certificate (DER), and prints what it proves, one JSON
 * object a line where JSON says so. The first line that does not hold ends it: ERROR_EVIDENCE_FILE names the field that
 * is not right, ERROR_EVIDENCE_BROKEN says what does not hold, both the line; ERROR_IO. */
RESULT audit_evidence_check(const char *file, const char *root, bool json, struct diag *diag);
