/* Certificate revocation lists, version 2 (RFC 5280 §5), signed by their issuer's algorithm. A list is full, or holds
 * one partition: the certificates whose CRL distribution point names its URL (issuingDistributionPoint, §5.2.5). How a
 * certificate comes to its partition is its issuer's affair. */
#pragma once

#include "base/diag.h"
#include "pki/certificate.h"
#include "pki/signing_key.h"

/* CRLReason (RFC 5280 §5.3.1); 7 is not used. */
enum crl_reason {
    CRL_UNSPECIFIED = 0,
    CRL_KEY_COMPROMISE = 1,
    CRL_CA_COMPROMISE = 2,
    CRL_AFFILIATION_CHANGED = 3,
    CRL_SUPERSEDED = 4,
    CRL_CESSATION_OF_OPERATION = 5,
    CRL_CERTIFICATE_HOLD = 6,
    CRL_REMOVE_FROM_CRL = 8, /* in delta lists, which are not made here */
    CRL_PRIVILEGE_WITHDRAWN = 9,
    CRL_AA_COMPROMISE = 10
};

/* "keyCompromise" …; NULL for a number that is none. */
const char *crl_reason_name(enum crl_reason reason);
/* ERROR_NOT_FOUND for another name. */
RESULT crl_reason_find(const char *name, enum crl_reason *ret_reason);

struct crl_entry {
    struct bytes serial; /* magnitude, 1 to 20 bytes, the first not 00 */
    int64_t revoked_s;
    enum crl_reason reason;
};

/* By the numbers that the serials are: for qsort, and the order in which lists are written. */
int crl_entry_order(const void *a, const void *b);

struct crl_fields {
    const struct certificate *issuer;
    struct signing_key issuer_key;
    int64_t this_update_s, next_update_s;
    uint64_t number;              /* cRLNumber: rises with each list of the same scope */
    const char *url;              /* of the partition; NULL: a full list */
    const struct crl_entry *entries; /* in order, each serial once */
    size_t count;
};

enum {
    CRL_SIZE_MAX = 64 * 1024 * 1024, /* larger lists are refused unread */
    CRL_ENTRY_SIZE_MAX = 64,
    CRL_DAYS_MAX = 31,               /* from this update to the next, of whoever certifies people */
    CRL_DAYS_ROOT_MAX = 366          /* and of whoever certifies CAs */
};

/* Room that a list of COUNT entries may take, and that crl_issue takes from its arena, twice. */
static inline size_t crl_size_max(size_t count)
{
    return 4096 + count * CRL_ENTRY_SIZE_MAX;
}

/* Makes the list, holds it against the rules of crl_lint, signs it; RET_DER is in ARENA.
 *   ERROR_CRL_ENTRIES   not in order, or twice
 *   ERROR_LINT          breaks a rule, whose name DIAG (may be NULL) has for the log: never signed
 *   ERROR_KEY_INVALID   the key is not the issuer's
 *   ERROR_OUT_OF_ROOM, ERROR_RESEED_NEEDED, and what the key's holder fails with (signing_key.h) */
RESULT crl_issue(const struct crl_fields *fields, struct drbg *drbg, struct arena *arena, struct diag *diag,
                 struct bytes *ret_der);
/* The to-be-signed part alone, written to W; for tests that break it. */
void crl_build(const struct crl_fields *fields, struct writer *w);
/* ERROR_LINT unless TBS is what FIELDS ask for and keeps RFC 5280. */
RESULT crl_lint(const struct crl_fields *fields, struct bytes tbs, struct diag *diag);

/* Views into the bytes that were parsed; what is absent is zero, PTR NULL. */
struct crl {
    struct bytes der, tbs, algorithm;
    struct name issuer;
    int64_t this_update_s, next_update_s;
    struct bytes authority_key_id;
    struct bytes number;   /* magnitude, at most 20 bytes */
    struct bytes url;      /* of its partition */
    struct bytes entries;  /* RevokedCertificates, checked: read them by crl_next */
    size_t count;
    enum key_algorithm signed_by;
    uint8_t signature[KEY_SIGNATURE_SIZE];
};

/* ERROR_TOO_LARGE, ERROR_DER, ERROR_ALGORITHM, ERROR_NAME; ERROR_CRL_ENTRIES for entries out of order or twice;
 * ERROR_CERTIFICATE_CRITICAL for a critical extension that is not known here, of the list or of an entry (delta and
 * indirect lists are such); ERROR_CRL_MALFORMED for anything else. */
RESULT crl_parse(struct bytes der, struct crl *ret_crl);
/* ERROR_CRL_FOREIGN unless ISSUER signed it and may; ERROR_CRL_STALE unless it holds at TIME_S. */
RESULT crl_check(const struct crl *crl, const struct certificate *issuer, int64_t time_s);

/* Reads one entry after the other from reader_of(crl->entries), until nothing is left. */
void crl_next(struct reader *entries, struct crl_entry *ret_entry);
/* Whether SERIAL is on the list; RET_ENTRY (may be NULL) is what it says. */
bool crl_find(const struct crl *crl, struct bytes serial, struct crl_entry *ret_entry);
