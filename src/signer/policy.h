/* What an approval of each service is good for, and how its rules are read. */
#pragma once

#include "signer/evidence.h"

enum policy_right {
    POLICY_ISSUE = 1,  /* a pair of certificates on a USBKey */
    POLICY_REVOKE = 2, /* the certificates that it lists */
    POLICY_UNLOCK = 4, /* a USBKey of its holder */
    POLICY_RECOVER = 8, /* encryption keys of the certificates that it lists, into the new USBKey */
    POLICY_PASS = 32, /* a USBKey to be taken over without its former holder's PIN */
    POLICY_DOWNLOAD = 16 /* a pair of certificates for the USBKey that has one of those that it lists */
};

/* Whether an approval of SERVICE is good for RIGHT. */
bool policy_has(const char *service, enum policy_right right);

/* Whether APPROVAL gives a year after an old end. */
bool policy_renews(const struct approve_statement *approval);
/* ERROR_APPROVAL_UNFIT unless an approval of this service is good for RIGHT. */
RESULT policy_check(struct call *call, const struct approve_statement *approval, enum policy_right right);
/* The end of validity of what is issued now: "1y"; "renew:<old end>", a year after it or from now, whichever is
 * later, the old end being that of a certificate which the approval revokes;
 * or "until:<time>" in the future and within the longest validity.
 * ERROR_VALIDITY_UNFIT. */
RESULT policy_validity(struct call *call, const struct approve_statement *approval, int64_t *ret_not_after_s);
/* REASON is one of RFC 5280 §5.3.1 that may be given for a holder's certificate. ERROR_REASON_UNFIT. */
RESULT policy_reason(struct call *call, const char *reason);
