/* Statements that people signed, held against the register: the only reasons for which the signer does anything.
 * Whatever a request brings is believed only in so far as a statement in it says so. */
#pragma once

#include "signer/call.h"
#include "signer/used.h"

/* A statement as it came. TEXT NULL: there is none. */
struct signed_text {
    const char *field; /* of the request, for errors */
    const char *text;
    struct bytes signature;
};

struct signatory {
    const struct operator *operator;
    uint8_t hash[SM3_SIZE]; /* of the text */
    int64_t time_s;
};

struct evidence_wants {
    const struct shape *shape;
    unsigned role;     /* enum role: the one that signs such statements */
    int64_t age_max_s;
};

/* Whether APPROVAL is of a change of holder that leaves the former one's encryption keys to the new one (R-CHANGE-4):
 * it always takes two (R-OPS-4). */
bool evidence_keeps(const struct approve_statement *approval);

/* Reads SIGNED as a statement of the shape into RET_RECORD and checks: form, the signatory's certificate (register,
 * role, validity now), signature, time (not older than age_max_s, not in the future).
 *   ERROR_STATEMENT, ERROR_OPERATOR_UNKNOWN, ERROR_OPERATOR_ROLE, ERROR_CERTIFICATE_NOT_YET, ERROR_CERTIFICATE_EXPIRED,
 *   ERROR_SIGNATURE_INVALID, ERROR_STATEMENT_OLD, ERROR_STATEMENT_EARLY */
RESULT evidence_check(struct call *call, const struct evidence_wants *wants, const struct signed_text *signed_text,
                      void *ret_record, struct signatory *ret_signatory);

/* TEXT, the time of the statement in FIELD, is neither in the future nor longer ago than AGE_MAX_S:
 * ERROR_STATEMENT_EARLY, ERROR_STATEMENT_OLD; ERROR_STATEMENT for what is no time. */
RESULT evidence_time(struct call *call, int64_t age_max_s, const char *field, const char *text, int64_t *ret_time_s);

/* NONCE, of the statement in FIELD, is an id as id_text writes it (else one number had two spellings: ERROR_STATEMENT)
 * and was not used for PURPOSE (ERROR_APPROVAL_USED). */
RESULT evidence_unused(struct call *call, const char *field, const char *nonce, enum used_for purpose);

/* ---- approvals ---- */

struct approvals {
    struct approve_statement one, two; /* two: only with two */
    struct signatory by[EVIDENCE_MAX];
    struct signed_text texts[EVIDENCE_MAX]; /* as they came; both, also with one */
    size_t count;
};

struct approvals_want {
    struct signed_text texts[EVIDENCE_MAX];
    enum used_for purpose; /* it must not have been used for this */
    bool two;              /* whatever the settings say */
    bool any_age;          /* what was approved is only taken over: approved anew it is by others */
};

/* Checks one approval, or two that say the same by different persons. Sets call->application.
 *   those of evidence_check; ERROR_APPROVAL_MISSING, ERROR_APPROVAL_SECOND_MISSING, ERROR_APPROVAL_SAME_PERSON,
 *   ERROR_APPROVALS_DIFFER, ERROR_APPROVAL_USED */
RESULT evidence_approvals(struct call *call, const struct approvals_want *want, struct approvals *ret_approvals);

/* SERIAL is in LIST, which is joined by "," ("-" for none). */
bool evidence_lists(const char *list, const char *serial);

/* ---- cards ---- */

/* DER is a card's own certificate from the maker and that of CARD: ERROR_CERTIFICATE_… and ERROR_CARD_OTHER. */
RESULT evidence_card(struct call *call, struct bytes der, const char *card, struct certificate **ret_certificate);
/* The card whose certificate is CERTIFICATE signed that this key (public_key in hex) was made in this container of it.
 * ERROR_CARD_ATTESTATION. */
RESULT evidence_attestation(struct call *call, const struct certificate *certificate,
                            const struct attest_statement *made, struct bytes attestation);
/* X ‖ Y as hex: ERROR_KEY_INVALID; ERROR_KEY_REPEATED when it was certified before. */
RESULT evidence_fresh_key(struct call *call, const char *hex, struct sm2_public *ret_key);
