/* Issuing certificates: the to-be-signed part is built from typed fields after a profile, parsed again and held
 * against RFC 5280 and the profile (lint.h), and only then signed. */
#pragma once

#include "base/diag.h"
#include "pki/profile.h"
#include "pki/signing_key.h"

enum { ISSUE_SERIAL_SIZE = 16, ISSUE_SIZE_MAX = 4096 };

struct issuance {
    const struct profile *profile;
    const struct certificate_fields *fields;
    const struct certificate *issuer; /* NULL for self-signed profiles */
    struct signing_key issuer_key;
};

/* Makes the certificate; RET_DER is in ARENA. The serial number is 16 bytes of DRBG, positive and never with a
 * leading zero byte. DIAG (may be NULL) says to the log which field or check it was.
 *   ERROR_PROFILE_FIELD  a field is missing, not of the profile, or badly written
 *   ERROR_NAME           a name that cannot stand in a certificate
 *   ERROR_LINT           the result breaks a rule: a fault of profile, settings or CA, never signed
 *   ERROR_KEY_INVALID    issuer_key is not the key of ISSUER (of FIELDS, when self-signed)
 *   ERROR_OUT_OF_ROOM, ERROR_RESEED_NEEDED, and what the key's holder fails with (signing_key.h) */
RESULT certificate_issue(const struct issuance *issuance, struct drbg *drbg, struct arena *arena,
                         struct diag *diag, struct bytes *ret_der);

/* The first half alone: TBSCertificate with this SERIAL written to W. */
RESULT tbs_build(const struct issuance *issuance, const uint8_t serial[ISSUE_SERIAL_SIZE], struct diag *diag,
                 struct writer *w);
