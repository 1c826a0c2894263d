/* People and USBKeys played in software, for tests that speak to the signer: a maker with its cards, operators with
 * their keys, and the statements they sign. Everything can be altered between the steps. Fails the test when something
 * cannot be made. Texts and bytes live in cast->arena. */
#pragma once

#include "base/clock.h"
#include "ipc/signer_api.h"
#include "pki/card_keys.h"
#include "pki/chain.h"
#include "pki/issue.h"
#include "pki/statement.h"

enum { CAST_PERSONS_MAX = 16 };

struct cast_card {
    const char *serial;
    struct sm2_private key;    /* the card's own */
    struct bytes certificate;  /* from the maker */
};

struct cast_person {
    const char *name, *roles;
    struct sm2_private key;
    const char *serial;        /* of the certificate, once there is one */
    struct bytes certificate;
    struct cast_card *card;    /* of the first operators */
};

struct cast {
    struct arena *arena;
    struct drbg drbg;
    int64_t now_s;             /* what stands in statements that are made */
    struct sm2_private maker_key;
    struct certificate *maker;
    uint8_t transport[16];
    struct cast_person persons[CAST_PERSONS_MAX];
    size_t person_count;
    int applications, cards;   /* numbers given out */
    int64_t card_days;         /* validity of cards that are made */
};

struct cast *cast_new(int64_t now_s);
void cast_free(struct cast *cast);

/* What the peer answers to a request. */
struct cast_peer {
    struct result (*ask)(void *context, const struct ipc_call *call, const void *record, struct arena *arena,
                         struct diag *diag, void *ret_answer);
    void *context;
};
struct result cast_ask(struct cast *cast, const struct cast_peer *peer, uint16_t type, const void *record,
                       void *ret_answer);

/* A card of the maker; of MAKER (a stranger) when that is not NULL. */
struct cast_card *cast_card(struct cast *cast, const struct sm2_private *maker);
/* TEXT signed by KEY. */
struct bytes cast_sign(struct cast *cast, const struct sm2_private *key, const char *text);
/* RECORD as a statement. */
const char *cast_text(struct cast *cast, const struct shape *shape, const void *record);
const char *cast_time(struct cast *cast, int64_t time_s);
const char *cast_nonce(struct cast *cast);
const char *cast_hex(struct cast *cast, struct bytes b);
const char *cast_hash(struct cast *cast, struct bytes b);
/* The card's signature that KEY was made in it. */
struct bytes cast_attest(struct cast *cast, const struct cast_card *card, const struct sm2_public *key);

/* SIGNER_BEGIN, a few operators, SIGNER_SEAL. The persons: 管理员一, 管理员二, 管理员三 (administrators), 审核员一,
 * 审核员二 (reviewers), 制证员一 (producer), 审核制证员 (reviewer and producer), 审计员一 (auditor). */
void cast_set_up(struct cast *cast, const struct cast_peer *peer);
struct result cast_begin(struct cast *cast, const struct cast_peer *peer, struct signer_state *ret_state);
struct result cast_first_operator(struct cast *cast, const struct cast_peer *peer, const char *name,
                                  const char *roles, struct cast_person **ret_person);
struct cast_person *cast_person(struct cast *cast, const char *name);

/* ---- one certificate for a USBKey, from the approval on ---- */

struct cast_order {
    struct approve_statement approve[EVIDENCE_MAX];
    struct cast_person *reviewer[EVIDENCE_MAX]; /* [1] NULL: one approval */
    struct cast_person *producer;
    struct card_statement card_statement;
    struct produce_statement produce;
    struct cast_card *card;
    struct sm2_private key;                     /* made in the card */
    const struct sm2_private *possessor;        /* who proves possession: &key */
    struct signer_card open;                    /* what is asked, made by cast_sign_order */
    struct signer_issue issue;
};

/* A fresh application with everything as it should be, statements not signed yet. */
void cast_order(struct cast *cast, struct cast_order *ret_order);
/* Writes and signs the statements and fills in what is asked. Before it statements can be altered, after it what is
 * asked. The production statement names approve[0] unless produce.approval is set. */
void cast_sign_order(struct cast *cast, struct cast_order *order);
/* SIGNER_CARD, then SIGNER_ISSUE. */
struct result cast_open(struct cast *cast, const struct cast_peer *peer, struct cast_order *order);
struct result cast_issue(struct cast *cast, const struct cast_peer *peer, struct cast_order *order,
                         struct signer_issued *ret_issued);

/* SIGNER_RECEIVE of both: they are not in transit any more. */
struct result cast_receive(struct cast *cast, const struct cast_peer *peer, const struct cast_order *order,
                           const struct signer_issued *issued);

/* An approval that only revokes SERIALS of ORDER's holder. */
void cast_revocation(struct cast *cast, const struct cast_order *order, const char *serials, const char *reason,
                     struct signer_revoke *ret_ask);
const char *cast_serial(struct cast *cast, struct bytes der);

/* ---- journal ---- */

struct cast_record {
    int64_t index, time_s;
    uint16_t type;      /* enum journal_record */
    struct bytes body;
};
/* How many records there are. */
int64_t cast_journal_size(struct cast *cast, const struct cast_peer *peer);
struct cast_record cast_journal(struct cast *cast, const struct cast_peer *peer, int64_t index);
/* How many records of TYPE there are. */
int cast_count(struct cast *cast, const struct cast_peer *peer, uint16_t type);
void cast_read(struct cast *cast, const struct cast_record *record, const struct shape *shape, void *ret_body);

/* ---- register ---- */

/* Signs STATEMENT as BY, who is named in it, with a nonce and the time of its own. */
void cast_operator_statement(struct cast *cast, struct operator_statement statement, const struct cast_person *by,
                             const char **ret_text, struct bytes *ret_signature);
