/* What kinds of certificates are issued and what each one consists of: data, nothing else. Which algorithm a
 * certificate is signed by is its issuer's; of which its own key may be is the profile's. */
#pragma once

#include "pki/certificate.h"

/* Fields that a profile may ask for or leave open; the common name, key and validity are in every one. */
enum profile_part {
    PART_COUNTRY = 1 << 0,
    PART_ORGANIZATION = 1 << 1,
    PART_UNIT = 1 << 2,
    PART_SERIAL_NUMBER = 1 << 3,
    PART_CREDIT_CODE = 1 << 4,
    PART_CRL_URL = 1 << 5,
    PART_OCSP_URL = 1 << 6,
    PART_CA_URL = 1 << 7,
    PART_POLICY = 1 << 8,
};

struct profile {
    const char *name;
    bool ca, self_signed;
    int path_length;         /* of a CA; -1: no limit */
    unsigned key_usage;      /* enum key_usage; critical */
    unsigned extended_usage; /* enum extended_usage; 0: none */
    unsigned needs, may;     /* enum profile_part; what is in neither is refused */
    int years_max;
    unsigned keys;           /* algorithms its own key may have: bits 1 << enum key_algorithm */
    bool no_check;           /* an OCSP responder's, whose own status nobody asks (RFC 6960 §4.2.2.2.1) */
};

extern const struct profile profile_root_ca;
extern const struct profile profile_issuing_ca;
extern const struct profile profile_operators_ca;
extern const struct profile profile_card_maker_ca;  /* a maker's own root, for the keys of its USBKeys */
extern const struct profile profile_holder_signing;
extern const struct profile profile_holder_encryption;
extern const struct profile profile_operator;
extern const struct profile profile_ocsp_responder;
extern const struct profile profile_card;           /* a USBKey's own key */
extern const struct profile profile_tree_head;      /* the key that signs the journal's tree heads */

/* The typed fields that a certificate is built from; NULL for what is left out. */
struct certificate_fields {
    struct name_fields subject;
    struct public_key key;
    int64_t not_before_s, not_after_s; /* both inclusive: certificate_validity_end */
    const char *credit_code;           /* 统一社会信用代码, 18 characters */
    const char *crl_url, *ocsp_url, *ca_url;
    const char *policy;                /* object identifier, dotted */
    /* Where and how the credit code stands: GM/T 0015-2023 is not sure. NULL: 1.2.156.10260.4.1.4. */
    const char *credit_oid;
    bool credit_utf8;                  /* UTF8String instead of PrintableString */
};

/* Which parts FIELDS has. */
unsigned profile_parts(const struct certificate_fields *fields);
