/* The online certificate status protocol (RFC 6960): requests read, responses made and read. Responses are signed
 * by their responder's algorithm and name it by its name. Hashes of issuers are compared, never computed here: SHA-1
 * and SHA-256, which clients use for them, are no concern of this code, so whoever serves brings them along. */
#pragma once

#include "pki/crl.h"

enum ocsp_hash { OCSP_HASH_OTHER, OCSP_HASH_SHA1, OCSP_HASH_SHA256, OCSP_HASH_SM3 };

/* CertID (§4.1.1). */
struct ocsp_id {
    enum ocsp_hash hash;
    struct bytes name_hash, key_hash, serial; /* serial: magnitude, at most 20 bytes */
    struct bytes der;                         /* of the whole, as it was read; may be empty to write */
};

enum {
    OCSP_REQUEST_SIZE_MAX = 4096,
    OCSP_RESPONSE_SIZE_MAX = 16 * 1024,
    OCSP_SINGLES_MAX = 8,     /* certificates in a request or response */
    OCSP_NONCE_MAX = 32,      /* RFC 8954 §2.1; longer nonces are refused */
    OCSP_DAYS_MAX = 10        /* from this update to the next */
};

struct ocsp_request {
    size_t count;
    struct ocsp_id ids[OCSP_SINGLES_MAX];
    struct bytes nonce; /* ptr NULL: none */
};

/* Views into DER. A signature over the request is passed over. ERROR_OCSP_REQUEST, to be answered by
 * malformedRequest. */
RESULT ocsp_request_parse(struct bytes der, struct ocsp_request *ret_request);

/* OCSPResponseStatus of an answer without a response (§4.2.1): the whole message, static. */
enum ocsp_refusal {
    OCSP_MALFORMED_REQUEST = 1,
    OCSP_INTERNAL_ERROR = 2,
    OCSP_TRY_LATER = 3,
    OCSP_UNAUTHORIZED = 6 /* not a certificate of ours (RFC 5019 §2.2.3) */
};
struct bytes ocsp_refuse(enum ocsp_refusal refusal);

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

struct ocsp_single {
    struct ocsp_id id;
    enum ocsp_status status;
    int64_t revoked_s;      /* of OCSP_REVOKED */
    enum crl_reason reason;
    int64_t this_update_s, next_update_s;
};

struct ocsp_fields {
    const struct certificate *issuer;    /* of the certificates that are spoken of */
    const struct certificate *responder; /* the issuer itself, or whom it delegated it to */
    struct signing_key responder_key;
    int64_t produced_s;
    const struct ocsp_single *singles;
    size_t count;
    struct bytes nonce;                  /* ptr NULL: none */
};

/* Makes an OCSPResponse "successful" with a BasicOCSPResponse; the responder's certificate goes along unless it is
 * the issuer. RET_DER is in ARENA. Errors as those of crl_issue. */
RESULT ocsp_issue(const struct ocsp_fields *fields, struct drbg *drbg, struct arena *arena, struct diag *diag,
                  struct bytes *ret_der);
/* ResponseData alone, written to W; for tests that break it. */
void ocsp_build(const struct ocsp_fields *fields, struct writer *w);
/* ERROR_LINT unless TBS is what FIELDS ask for and keeps RFC 6960. */
RESULT ocsp_lint(const struct ocsp_fields *fields, struct bytes tbs, struct diag *diag);
/* The bytes around a signed ResponseData, whose tbs, signed_by and signature PARTS has; CERTIFICATE empty: none goes
 * along. */
void ocsp_wrap(struct writer *w, const struct signed_parts *parts, struct bytes certificate);

struct ocsp_response {
    struct bytes tbs, certificate; /* certificate: the first that came along; ptr NULL: none */
    struct name responder;
    int64_t produced_s;
    size_t count;
    struct ocsp_single singles[OCSP_SINGLES_MAX];
    struct bytes nonce;
    enum key_algorithm signed_by;
    uint8_t signature[KEY_SIGNATURE_SIZE];
};

/* ERROR_OCSP_REFUSED for an answer without a response; ERROR_TOO_LARGE, ERROR_DER, ERROR_ALGORITHM, ERROR_NAME,
 * ERROR_CERTIFICATE_CRITICAL; ERROR_OCSP_RESPONSE for anything else. */
RESULT ocsp_parse(struct bytes der, struct ocsp_response *ret_response);
/* ERROR_OCSP_FOREIGN unless ISSUER signed it, or the certificate that came along, which ISSUER issued for it and which
 * is valid at TIME_S; ERROR_OCSP_STALE unless every single holds at TIME_S. Memory for parsing comes from ARENA. */
RESULT ocsp_check(const struct ocsp_response *response, const struct certificate *issuer, int64_t time_s,
                  struct arena *arena);
