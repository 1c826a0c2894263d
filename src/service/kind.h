/* The services as data, the seven of the guide and what follows from a change of an organization: what each is called,
 * asks for, costs, promises and ends in. What is the same for all of them (workflow.h) reads it from here, so that a
 * service is a row and not a branch. */
#pragma once

#include <stddef.h>

#include "base/result.h"

enum kind {
    KIND_APPLY,
    KIND_RENEW,
    KIND_UNLOCK,
    KIND_LOST,
    KIND_DAMAGED,
    KIND_REVOKE,
    KIND_CHANGE,
    KIND_REISSUE, /* of an organization that changed (R-ORG-1): nobody applies for it */
    KIND_COUNT
};

/* How an approval is carried out. */
enum fulfilment {
    FULFIL_NOTHING,    /* the approval is all (revocation) */
    FULFIL_PRODUCTION, /* a fresh USBKey is made and sent */
    FULFIL_DOWNLOAD,   /* the holder's own key or phone takes the new certificate */
    FULFIL_UNLOCK      /* the holder's key takes an answer to its challenge */
};

/* When the certificate that an application is about is revoked. */
enum revoking { REVOKE_NEVER, REVOKE_AT_APPROVAL, REVOKE_AT_ISSUE };

/* The end of validity of what is issued. */
enum validity {
    VALIDITY_NONE,  /* nothing is issued */
    VALIDITY_YEAR,  /* a year from issuance */
    VALIDITY_RENEW, /* a year after the old end, or from issuance where that has passed (R-RENEW-4) */
    VALIDITY_OLD    /* as the certificate that it takes the place of */
};

enum { KIND_SCANS_MAX = 6, KIND_HALF_DAYS = 2 };

/* A scan that a service asks for; WORDS stand in the form's 备注 (R-FORM-3), behind the title where it is the form. */
struct kind_scan {
    const char *name, *words;
    bool form; /* is the form itself: belongs to a revision of it */
    bool deputy; /* asked for where somebody acts for the holder, and only there (R-FORM-6) */
};

struct kind_rule {
    const char *name;            /* "apply": in API, statements, tables */
    const char *page_name;       /* 证书申请 */
    const char *fee_item;        /* of the tariff; NULL: free */
    int half_days;               /* promised for the review, in half working days */
    enum fulfilment usbkey, shield;
    enum revoking revoking;
    enum validity validity;
    bool about_certificate;      /* needs one that it is about; else the holder must have none */
    bool production_promised;    /* the promised time ends with production, not with the review */
    const char *reason;          /* of what it revokes (RFC 5280); NULL: the applicant says */
    bool successor;              /* the certificate passes to a colleague, who confirms */
    bool four_eyes;              /* takes the approvals of two reviewers: an encryption key is recovered (R-OPS-4) */
    bool unasked;                /* begun by itself on evidence of the organization: nothing is filled in or signed */
    bool replaces;               /* the USBKey that is lost or broken, by a new one */
    bool returns;                /* the old USBKey is sent back and inspected before the review ends */
    const struct kind_scan *scans[KIND_SCANS_MAX]; /* NULL-terminated */
};

const struct kind_rule *kind_rule(enum kind kind);
/* How an approval of KIND is carried out on a medium. */
enum fulfilment kind_fulfilment(enum kind kind, bool shield);
/* ERROR_NOT_FOUND for a name that is none. */
RESULT kind_find(const char *name, enum kind *ret_kind);
/* NULL where KIND does not ask for a scan of that NAME. */
const struct kind_scan *kind_scan(enum kind kind, const char *name);
/* The scan at INDEX of those that KIND asks for, by a DEPUTY or without one; NULL: there are no more. */
const struct kind_scan *kind_scan_at(enum kind kind, bool deputy, size_t index);
