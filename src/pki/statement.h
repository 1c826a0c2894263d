/* Statements that people sign with their own keys: UTF-8 text, first line the tag with its version, then one
 * "name: value" a line in the fixed order of the shape, each line ended by LF, values without control
 * characters. Signed as SM2 over the whole text under the default identity (never a bare digest), r ‖ s.
 * The same text is always written the same way: whoever checks one parses it, compares the fields with what
 * it knows, or rebuilds it and verifies over the rebuilt text. docs/PROTOCOL.statements lists them.
 *
 * All fields are texts and all are present; "-" stands for none. Times are UTC seconds in decimal, serials
 * and hashes lower-case hex, ids as id_text writes them. Values hold no characters that turn or break a line
 * (U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069): who signs sees what is signed. */
#pragma once

#include "base/shape.h"

enum { STATEMENT_MAX = 4096, STATEMENT_VALUE_MAX = 1024 };

/* Writes RECORD as a statement. ERROR_STATEMENT when a value is absent, too long or not plain text;
 * ERROR_OUT_OF_ROOM. */
RESULT statement_write(const struct shape *shape, const void *record, struct arena *arena,
                       const char **ret_text);
/* Reads TEXT, which must be exactly what statement_write makes of the record: ERROR_STATEMENT otherwise. */
RESULT statement_read(const struct shape *shape, const char *text, struct arena *arena, void *ret_record);
/* Whether TEXT, which may be absent, says of itself that it is one of SHAPE. */
bool statement_is(const struct shape *shape, const char *text);

/* The shape of the statement that TEXT begins like; NULL for none of those below. */
const struct shape *statement_shape_of(const char *text);
/* The value of the field NAME in a RECORD of SHAPE; NULL when it has no such field. */
const char *statement_value(const struct shape *shape, const void *record, const char *name);

/* Profiles of a holder's pair. Of the second: a change of holder leaves the encryption keys that are in the USBKey to
 * the new holder, which HUFU-DOWNLOAD-v1 tells the card by its service (R-CHANGE-4). */
#define APPROVE_PROFILE "holder"
#define APPROVE_PROFILE_KEEP "holder-keep"
#define DOWNLOAD_CHANGE_KEEP "change-keep"

/* HUFU-APPROVE-v1, by a reviewer (two where the policy asks). */
struct approve_statement {
    const char *application;   /* its number */
    const char *service;       /* "apply", "renew", "revoke", … */
    const char *holder;        /* account id */
    const char *holder_name;
    const char *organization;  /* 统一社会信用代码 */
    const char *organization_name;
    const char *medium;        /* "usbkey", "shield"; "-" where nothing is issued */
    const char *profile;       /* "holder", "holder-keep"; "-" where nothing is issued */
    const char *revokes;       /* serials joined by ","; "-" */
    const char *reason;        /* of the revocation, RFC 5280's name; "-" */
    const char *validity;      /* "1y" from issuance, "until:<time>", "renew:<old end>", or "-" */
    const char *nonce;         /* one-time number, id text */
    const char *operator_serial; /* of the reviewer's certificate */
    const char *time;
};
extern const struct shape approve_statement_shape;
/* Whether two approvals approve the same: they differ in number, operator and time alone. */
bool approve_statements_agree(const struct approve_statement *a, const struct approve_statement *b);

/* HUFU-REJECT-v1, by a reviewer: an application is refused (R-OPS-3). Nothing is issued or revoked by it. */
struct reject_statement {
    const char *application;
    const char *service;
    const char *holder;        /* account id */
    const char *holder_name;
    const char *words;         /* why, as the applicant is told */
    const char *nonce;         /* one-time number, id text */
    const char *operator_serial;
    const char *time;
};
extern const struct shape reject_statement_shape;

/* HUFU-CARD-v1, by the producer: opens a fresh USBKey for production. */
struct card_statement {
    const char *application;
    const char *card;            /* its serial number */
    const char *challenge;       /* 8 bytes of the card, hex */
    const char *card_key;        /* SM3 of the card's attestation certificate, hex */
    const char *operator_serial;
    const char *time;
};
extern const struct shape card_statement_shape;

/* HUFU-PRODUCE-v2, by the producer: this key, made in this card, is to be certified for this approval, and so the
 * USBKey gets to its holder. */
#define PRODUCE_POST "post" /* sent: on hold until the holder has confirmed the receipt (R-SHIP-3) */
struct produce_statement {
    const char *application;
    const char *approval;        /* SM3 of the approve statement's text, hex */
    const char *card;
    const char *public_key;      /* X ‖ Y, hex, made in the card */
    const char *attestation;     /* the card's signature over the key, hex (r ‖ s) */
    const char *delivery;        /* PRODUCE_POST; absent in version 1 */
    const char *operator_serial;
    const char *time;
};
extern const struct shape produce_statement_shape;
extern const struct shape produce_1_statement_shape; /* HUFU-PRODUCE-v1: nothing is said of the way */

/* HUFU-DOWNLOAD-v1, by the signing key that a certificate on record was issued for, in the USBKey of its holder: this
 * new key, made in the same USBKey, is to be certified in its place for this approval (R-RENEW-3, R-CHANGE-2). */
struct download_statement {
    const char *origin;          /* of the page that asks, as the agent saw it */
    const char *application;
    const char *service;         /* "renew", "change" or "reissue": what the approval says; or "change-keep" */
    const char *approval;        /* SM3 of the approve statement's text, hex */
    const char *card;
    const char *container;       /* of the new key */
    const char *public_key;      /* X ‖ Y, hex, made in the card */
    const char *attestation;     /* the card's signature over the key, hex (r ‖ s) */
    const char *certificate;     /* serial of the signing certificate that it replaces */
    const char *time;
};
extern const struct shape download_statement_shape;

/* HUFU-ATTEST-v1, by the card's own key: this signing key was made here. */
struct attest_statement {
    const char *card;
    const char *container;
    const char *public_key;
};
extern const struct shape attest_statement_shape;
/* HUFU-ATTEST-ENCRYPTION-v1, by the card's own key: this encryption key was made here, and nowhere else. */
extern const struct shape attest_encryption_shape; /* struct attest_statement */

/* HUFU-LOGIN-v1, by a certificate's holder, to a relying party. */
struct login_statement {
    const char *means;           /* "usbkey" or "shield" */
    const char *origin;          /* of the page that asks, as the agent saw it */
    const char *relying_party;
    const char *session;         /* id text of the login attempt */
    const char *nonce;
    const char *certificate;     /* its serial */
    const char *time;
};
extern const struct shape login_statement_shape;

/* HUFU-OPERATOR-v1, by two administrators: a change of the register of operators. */
struct operator_statement {
    const char *change;          /* "add", "renew" or "remove" */
    const char *name;
    const char *roles;           /* joined by ",": administrator reviewer producer finance auditor */
    const char *public_key;      /* to be certified, X ‖ Y hex; "-" for remove */
    const char *card;            /* serial of the operator's USBKey; "-" for remove */
    const char *serial;          /* certificate to remove or renew; "-" for add */
    const char *nonce;
    const char *operator_serial; /* of the administrator who signs */
    const char *time;
};
extern const struct shape operator_statement_shape;

/* HUFU-RELEASE-v1, by a reviewer: the hold on a holder's certificates is lifted. */
struct release_statement {
    const char *application;     /* what it was decided about; "-" */
    const char *holder;          /* account id */
    const char *holder_name;
    const char *certificates;    /* serials joined by "," */
    const char *nonce;
    const char *operator_serial;
    const char *time;
};
extern const struct shape release_statement_shape;

/* HUFU-CUSTODY-v1, by two administrators: who keeps the shares of the custodial key. */
struct custody_statement {
    const char *custodians;      /* names joined by ",", at least 2 */
    const char *keys;            /* SM3 of the custodians' public keys X ‖ Y, one behind the other, hex */
    const char *threshold;       /* so many of them open it; decimal */
    const char *version;         /* of the custodial key, one more than the one before, from 1 */
    const char *nonce;
    const char *operator_serial; /* of the administrator who signs */
    const char *time;
};
extern const struct shape custody_statement_shape;

/* HUFU-JUDICIAL-v1, by a reviewer and by an auditor: the custodians are to open an encryption key for an authority. */
struct judicial_statement {
    const char *case_number;
    const char *authority;       /* that asks for it */
    const char *holder_name;
    const char *certificate;     /* serial of the encryption certificate */
    const char *nonce;
    const char *operator_serial;
    const char *time;
};
extern const struct shape judicial_statement_shape;
