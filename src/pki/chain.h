/* Whether a certificate may be relied on: a path to an anchor (RFC 5280 §6, without policies and name
 * constraints, which are refused where they are critical). Revocation is asked elsewhere (crl.h, store). */
#pragma once

#include "pki/certificate.h"

enum { CHAIN_DEPTH_MAX = 4, CHAIN_POOL_MAX = 16 };

enum certificate_purpose {
    PURPOSE_SIGNING,    /* a holder's: login, signatures */
    PURPOSE_ENCRYPTION,
    PURPOSE_OPERATOR,   /* somebody of the register of operators */
    PURPOSE_CARD,       /* a USBKey's own key */
};

struct chain {
    const struct certificate *leaf;
    /* What may stand between, in any order; what is not needed is not looked at. At most CHAIN_POOL_MAX. */
    const struct certificate *const *intermediates;
    size_t intermediate_count;
    /* Trusted as they stand, self-signed or not. At most CHAIN_POOL_MAX. */
    const struct certificate *const *anchors;
    size_t anchor_count;
    int64_t time_s;
    enum certificate_purpose purpose;
};

/* In this order, for nothing in a certificate is believed before its signature:
 *   ERROR_CERTIFICATE_FOREIGN    no path to an anchor
 *   ERROR_CERTIFICATE_SIGNATURE  a signature on the path does not hold
 *   ERROR_CERTIFICATE_ISSUER     an issuer on the path is no CA, may not sign certificates or has too long a path
 *   ERROR_CERTIFICATE_NOT_YET, ERROR_CERTIFICATE_EXPIRED  at time_s, any of the path, the anchor included
 *   ERROR_CERTIFICATE_USAGE      the leaf is not for this purpose
 *   ERROR_TOO_LARGE              more than CHAIN_POOL_MAX
 * RET_FAILED, unless it is NULL, becomes the certificate it failed at; it is the one output that is written on
 * failure, and only then. */
RESULT chain_check(const struct chain *chain, const struct certificate **ret_failed);

/* The last step alone: ERROR_CERTIFICATE_USAGE unless LEAF is for PURPOSE. */
RESULT chain_check_purpose(const struct certificate *leaf, enum certificate_purpose purpose);
