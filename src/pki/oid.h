/* Object identifiers: those that mean something here, in one table, and the way from dotted text and back for
 * the ones that are settings (policies, the extension of the credit code). */
#pragma once

#include "base/arena.h"

enum oid {
    OID_UNKNOWN,

    OID_EC_PUBLIC_KEY, /* 1.2.840.10045.2.1 */
    OID_SM2, /* 1.2.156.10197.1.301 */
    OID_P256, /* 1.2.840.10045.3.1.7 */
    OID_SM2_WITH_SM3, /* 1.2.156.10197.1.501 */
    OID_ECDSA_WITH_SHA256, /* 1.2.840.10045.4.3.2 */
    OID_SM4_ECB, /* 1.2.156.10197.1.104.1 */
    OID_SM4_CBC, /* 1.2.156.10197.1.104.2 */
    OID_SM4, /* 1.2.156.10197.1.104 */
    OID_SM3, /* 1.2.156.10197.1.401 */
    OID_SHA1, /* 1.3.14.3.2.26 */
    OID_SHA256, /* 2.16.840.1.101.3.4.2.1 */
    OID_PBKDF2, /* 1.2.840.113549.1.5.12 */
    OID_PBES2, /* 1.2.840.113549.1.5.13 */
    OID_HMAC_WITH_SHA256, /* 1.2.840.113549.2.9 */

    OID_COMMON_NAME, /* 2.5.4.3 */
    OID_SERIAL_NUMBER, /* 2.5.4.5 */
    OID_COUNTRY, /* 2.5.4.6 */
    OID_LOCALITY, /* 2.5.4.7 */
    OID_STATE, /* 2.5.4.8 */
    OID_ORGANIZATION, /* 2.5.4.10 */
    OID_ORGANIZATIONAL_UNIT, /* 2.5.4.11 */
    OID_ORGANIZATION_IDENTIFIER, /* 2.5.4.97 */
    OID_EMAIL_ADDRESS, /* 1.2.840.113549.1.9.1 */
    OID_DOMAIN_COMPONENT, /* 0.9.2342.19200300.100.1.25 */

    OID_SUBJECT_KEY_IDENTIFIER, /* 2.5.29.14 */
    OID_KEY_USAGE, /* 2.5.29.15 */
    OID_BASIC_CONSTRAINTS, /* 2.5.29.19 */
    OID_CRL_NUMBER, /* 2.5.29.20 */
    OID_CRL_REASON, /* 2.5.29.21 */
    OID_ISSUING_DISTRIBUTION_POINT, /* 2.5.29.28 */
    OID_CRL_DISTRIBUTION_POINTS, /* 2.5.29.31 */
    OID_CERTIFICATE_POLICIES, /* 2.5.29.32 */
    OID_ANY_POLICY, /* 2.5.29.32.0 */
    OID_AUTHORITY_KEY_IDENTIFIER, /* 2.5.29.35 */
    OID_EXTENDED_KEY_USAGE, /* 2.5.29.37 */
    OID_AUTHORITY_INFO_ACCESS, /* 1.3.6.1.5.5.7.1.1 */
    OID_CREDIT_CODE, /* 1.2.156.10260.4.1.4 */

    OID_ACCESS_OCSP, /* 1.3.6.1.5.5.7.48.1 */
    OID_ACCESS_CA_ISSUERS, /* 1.3.6.1.5.5.7.48.2 */
    OID_OCSP_BASIC, /* 1.3.6.1.5.5.7.48.1.1 */
    OID_OCSP_NONCE, /* 1.3.6.1.5.5.7.48.1.2 */
    OID_OCSP_NO_CHECK, /* 1.3.6.1.5.5.7.48.1.5 */

    OID_USAGE_CLIENT_AUTH, /* 1.3.6.1.5.5.7.3.2 */
    OID_USAGE_EMAIL_PROTECTION, /* 1.3.6.1.5.5.7.3.4 */
    OID_USAGE_OCSP_SIGNING, /* 1.3.6.1.5.5.7.3.9 */
    OID_USAGE_OPERATOR, /* 2.25.<uuid>.1 */
    OID_USAGE_CARD, /* 2.25.<uuid>.2 */

    OID_COUNT
};

enum { OID_SIZE_MAX = 64 };

/* The contents octets, without tag and length. OID is not OID_UNKNOWN. */
struct bytes oid_bytes(enum oid oid);
/* OID_UNKNOWN for one that is not in the table. */
enum oid oid_find(struct bytes contents);
bool oid_is(struct bytes contents, enum oid oid);
/* The short name that people know: "CN", "keyUsage". */
const char *oid_name(enum oid oid);

/* The contents octets of "1.2.156.10260.4.1.4" written to W. ERROR_MALFORMED for what is not an object
 * identifier or has an arc of more than 32 bits. */
RESULT oid_from_text(const char *dotted, struct writer *w);
/* Dotted text; hex behind "oid:" where an arc has more than 32 bits. NULL when the arena is full. */
const char *oid_text(struct bytes contents, struct arena *arena);
