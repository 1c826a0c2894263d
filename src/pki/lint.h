/* What is to be signed is parsed again and held against RFC 5280, GB/T 20518 and the profile it was asked for.
 * The rules know nothing of how it was built. */
#pragma once

#include "pki/issue.h"

/* ERROR_LINT, with the name of the rule for the log in DIAG (may be NULL), unless every rule holds for TBS, a
 * TBSCertificate. Memory for parsing comes from ARENA. */
RESULT lint_check(const struct issuance *issuance, struct bytes tbs, struct arena *arena, struct diag *diag);
