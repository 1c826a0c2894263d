/* X.509 v3 certificates (RFC 5280, GB/T 20518) with the keys and signatures of public_key.h. */
#pragma once

#include "pki/extension.h"
#include "pki/name.h"
#include "pki/signed.h"

enum {
    CERTIFICATE_SIZE_MAX = 8192, /* larger ones are refused unread */
    CERTIFICATE_SERIAL_MAX = 20, /* RFC 5280 §4.1.2.2 */
    CERTIFICATE_EXTENSIONS_MAX = 24,
};

/* RFC 5280 §4.2.1.3: bit n of KeyUsage is 1 << n. */
enum key_usage {
    KEY_USAGE_DIGITAL_SIGNATURE = 1 << 0,
    KEY_USAGE_NON_REPUDIATION = 1 << 1,
    KEY_USAGE_KEY_ENCIPHERMENT = 1 << 2,
    KEY_USAGE_DATA_ENCIPHERMENT = 1 << 3,
    KEY_USAGE_KEY_AGREEMENT = 1 << 4,
    KEY_USAGE_CERT_SIGN = 1 << 5,
    KEY_USAGE_CRL_SIGN = 1 << 6,
};

/* Extended key usages that mean something here. */
enum extended_usage {
    EXTENDED_CLIENT_AUTH = 1 << 0,
    EXTENDED_EMAIL_PROTECTION = 1 << 1,
    EXTENDED_OCSP_SIGNING = 1 << 2,
    EXTENDED_OPERATOR = 1 << 3, /* certificate of somebody in the register of operators */
    EXTENDED_CARD = 1 << 4,     /* a USBKey's own key */
    EXTENDED_OTHER = 1 << 5,
};

/* Views into the bytes that were parsed. What is absent is zero, PTR NULL. */
struct certificate {
    struct bytes der, tbs, algorithm;
    struct bytes serial;     /* magnitude, 1 to 20 bytes, the first not 00 */
    struct name issuer, subject;
    int64_t not_before_s, not_after_s; /* both inclusive */
    struct public_key key;
    enum key_algorithm signed_by;
    uint8_t signature[KEY_SIGNATURE_SIZE];

    bool ca, has_basic_constraints;
    int path_length;         /* -1: no limit */
    unsigned key_usage;      /* of enum key_usage and the bits of the standard beyond it; 0: absent */
    unsigned extended_usage; /* of enum extended_usage; 0: absent */
    struct bytes subject_key_id, authority_key_id;
    struct bytes crl_url, ocsp_url, ca_url; /* the first of each */
    struct bytes policy;     /* contents of the first policy's object identifier */
    size_t extension_count;
    struct extension extensions[CERTIFICATE_EXTENSIONS_MAX];
};

/* DER, which lives as long as the certificate; what is parsed goes to ARENA. Refused, each with its code:
 *   ERROR_TOO_LARGE, ERROR_DER          not strict DER, something behind it
 *   ERROR_ALGORITHM                     no algorithm of public_key.h, or inside and outside differ
 *   ERROR_CERTIFICATE_VERSION           not v3
 *   ERROR_CERTIFICATE_SERIAL            zero, negative, longer than 20 bytes
 *   ERROR_NAME, ERROR_KEY_INVALID
 *   ERROR_CERTIFICATE_VALIDITY          form of the times, end before begin
 *   ERROR_CERTIFICATE_EXTENSION         malformed, twice, or contradicting another one
 *   ERROR_CERTIFICATE_CRITICAL          critical and not understood here
 *   ERROR_CERTIFICATE_MALFORMED         anything else, unique identifiers included
 *   ERROR_OUT_OF_ROOM
 * Nothing is said about who signed it: chain_check, certificate_check_signature. */
RESULT certificate_parse(struct bytes der, struct arena *arena, struct certificate **ret_certificate);
/* The same for the to-be-signed part alone; der and signature stay zero. For the linter. */
RESULT certificate_parse_tbs(struct bytes tbs, struct arena *arena, struct certificate **ret_certificate);

/* ERROR_CERTIFICATE_SIGNATURE unless KEY signed it. */
RESULT certificate_check_signature(const struct certificate *certificate, const struct public_key *key);

/* The serial number in lower-case hex; NULL when the arena is full. */
const char *certificate_serial_text(const struct certificate *certificate, struct arena *arena);
/* The extension with this object identifier (contents octets); NULL where there is none. */
const struct extension *certificate_extension(const struct certificate *certificate, struct bytes oid);
/* The text of an extension that is one PrintableString or UTF8String, as those of GB/T 20518 for identity are;
 * ptr NULL where there is none. */
struct bytes certificate_text_extension(const struct certificate *certificate, struct bytes oid);

/* The last second of a validity that begins at FROM_S and lasts YEARS: the same calendar time by Asia/Shanghai
 * less one second; from 29 February it ends on 28 February where there is no such day. */
int64_t certificate_validity_end(int64_t from_s, int years);
