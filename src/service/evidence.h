/* Statements that operators sign with their own USBKeys (R-OPS-3): checked against the register, kept as signed before
 * anybody acts on them. A statement is made by the server and comes back word for word; who signs it is who asks. */
#pragma once

#include "pki/statement.h"
#include "service/service.h"

enum {
    EVIDENCE_FRESH_S = 600, /* between the draft and the signature */
    EVIDENCE_LIST_MAX = 100
};

/* What an approval was used for; the bits of decision_row.used. */
/* REPLACED: for a replacement that has taken the application's place. */
enum evidence_use { EVIDENCE_ISSUED = 1, EVIDENCE_REVOKED = 2, EVIDENCE_UNLOCKED = 4, EVIDENCE_REPLACED = 8 };

/* ERROR_NOT_PERMITTED unless ACT is an operator who has ROLE in the register now. */
RESULT evidence_role(struct tx *tx, const struct act *act, const char *role, struct operator_row *ret_operator);
/* Whether ACT is by the person whom NAME and SERIAL told of, under whatever certificate: a renewed one has another
 * serial number and the same name, and the signer goes by both as well. Where two people must agree, these are one. */
bool evidence_same_person(const struct act *act, const char *name, const char *serial);
/* Whether SIGNATURE over STATEMENT is by the certificate that ACT is logged in with, and OPERATOR_SERIAL and TIME,
 * taken from it, are ACT's and fresh: ERROR_DECISION_SIGNATURE, ERROR_DECISION_STALE. */
struct evidence {
    const char *statement;
    struct bytes signature;
    const char *operator_serial, *time;
};
RESULT evidence_check(const struct act *act, const struct operator_row *operator, const struct evidence *evidence);

/* Keeps it as DECISION ("approve", "reject", "card", "produce", "revoke") about APPLICATION under NONCE (id text), and
 * marks nothing used. The same statement again gives the row that there is: RET_ROW's nonce is then the first one's. */
RESULT evidence_keep(struct tx *tx, const struct act *act, const char *application, const char *decision,
                     const char *nonce, const struct evidence *evidence, struct decision_row *ret_row);
/* The latest DECISION about APPLICATION that was not used to issue. ERROR_NOT_FOUND. */
RESULT evidence_latest(struct tx *tx, const struct act *act, const char *application, const char *decision,
                       struct decision_row *ret_row);
/* Of an application that takes two approvals (R-OPS-4): the latest that approves what FIRST does, by another reviewer,
 * not used to issue. ERROR_NOT_FOUND. */
RESULT evidence_second(struct tx *tx, const struct act *act, const struct decision_row *first,
                       struct decision_row *ret_second);
/* SM3 of a statement's text, as HUFU-PRODUCE-v2 names an approval. */
void evidence_hash(const char *statement, uint8_t ret_hash[32]);

/* NOW_S in decimal, as statements have it. NULL when the arena is full. */
const char *evidence_time(const struct act *act);
