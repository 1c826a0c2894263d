/* What may be asked of the signer: the whole list. Typed fields and the evidence for them; never a digest,
 * never to-be-signed bytes. The signer checks the evidence against its own register of operators, builds
 * what it signs itself, journals before it answers, and ends the connection of a peer that sends anything
 * else. Requests are safe to repeat: the same request id gives the same answer (idempotent). */
#pragma once

#include "ipc/ipc.h"

enum signer_message {
    SIGNER_STATE = 0x100,   /* signer_peer → signer_state: asked first after hello; until then nothing else is */
    SIGNER_JOURNAL = 0x101, /* signer_range → signer_entries: records, for a database that is behind */
    SIGNER_CARD = 0x102,    /* signer_card → signer_card_opened */
    SIGNER_ISSUE = 0x103,   /* signer_issue → signer_issued */
    SIGNER_REVOKE = 0x104,  /* signer_revoke → signer_revoked */
    SIGNER_OPERATOR = 0x105, /* signer_operator → signer_operator_done */
    SIGNER_PROOF = 0x106,   /* signer_range (from = leaf, count = tree size) → signer_proof */
    SIGNER_CONSISTENCY = 0x107, /* signer_range (from = older size, count = size) → signer_consistency */

    /* Only while the journal is empty, by `hufu init`: after SIGNER_SEAL never again. */
    SIGNER_BEGIN = 0x110,          /* signer_begin → signer_state: makes the CAs' keys and certificates */
    SIGNER_FIRST_CARD = 0x111,     /* signer_first_card → signer_card_opened */
    SIGNER_FIRST_OPERATOR = 0x112, /* signer_first_operator → signer_operator_done */
    SIGNER_SEAL = 0x113,           /* nothing → signer_state; ERROR_REGISTER_SHORT with fewer than two administrators */
};

enum { CERTIFICATE_MAX = 4096, SERIAL_SIZE = 16, EVIDENCE_MAX = 2, ENTRIES_MAX = 128 * 1024 };

/* What web presents when it connects: up to where its database has applied the journal. */
struct signer_peer {
    int64_t size;       /* of its copy; 0 for an empty database */
    struct bytes root;  /* of the tree at that size, 32 bytes; absent for 0 */
};
extern const struct shape signer_peer_shape;

/* Answered with ERROR_JOURNAL_MISMATCH when the journal is shorter than the peer's or another one. */
struct signer_state {
    struct id incarnation;
    int64_t size;
    struct bytes root;               /* 32 */
    struct bytes head;               /* signed tree head, as docs/PROTOCOL.journal */
    struct bytes root_certificate, issuing_certificate, operators_certificate;
    struct bytes head_certificate;   /* whose key signs tree heads; issued by the root */
    const char *operators;           /* the register: a line each "serial roles name" */
};
extern const struct shape signer_state_shape;

struct signer_range {
    int64_t from, count;
};
extern const struct shape signer_range_shape;

/* As many records as fit, each: 8 index, 8 time, 2 type, 4 length, body (journal record of that type). */
struct signer_entries {
    int64_t from, count, size;
    struct bytes entries;
};
extern const struct shape signer_entries_shape;

/* A statement with its signature; who signed stands in the statement. */
#define SIGNER_EVIDENCE_FIELDS(n) const char *statement##n; struct bytes signature##n

/* Opens a fresh card for production: checks the producer's HUFU-CARD-v1 and the reviewers' approvals for
 * that application, and the card's attestation certificate against the makers it trusts. */
struct signer_card {
    struct id request;
    SIGNER_EVIDENCE_FIELDS(1);        /* HUFU-CARD-v1 */
    const char *approval1; struct bytes approval_signature1;
    const char *approval2; struct bytes approval_signature2; /* absent unless four eyes are asked for */
    struct bytes card_certificate;    /* the maker's certificate for the card's own key */
};
extern const struct shape signer_card_shape;

struct signer_card_opened {
    struct bytes device_answer;       /* 16: to the card's challenge, for DevAuth (SM4) */
    struct bytes admin_sealed;        /* administrator key, SM2-encrypted to the card's own key */
    int64_t master_version;           /* of the USBKey master key it was derived from */
};
extern const struct shape signer_card_opened_shape;

/* Issues the pair for a USBKey. The approval is used up by it. What the approval says to revoke and is still valid is
 * revoked with it, as a JOURNAL_REVOKED of its own before the JOURNAL_ISSUED. */
struct signer_issue {
    struct id request;
    const char *approval1; struct bytes approval_signature1;
    const char *approval2; struct bytes approval_signature2;
    SIGNER_EVIDENCE_FIELDS(1);        /* HUFU-PRODUCE-v1 */
    struct bytes card_certificate;
    struct bytes possession;          /* signature by the new key over the produce statement's text */
};
extern const struct shape signer_issue_shape;

struct signer_issued {
    struct bytes signing_certificate, encryption_certificate; /* DER */
    struct bytes enveloped_key;       /* ENVELOPEDKEYBLOB, ULONG of 4 bytes, packed */
    int64_t index;                    /* of the journal record */
};
extern const struct shape signer_issued_shape;

/* Revokes what its approval (service "revoke", or one that revokes) lists. */
struct signer_revoke {
    struct id request;
    const char *approval1; struct bytes approval_signature1;
    const char *approval2; struct bytes approval_signature2;
};
extern const struct shape signer_revoke_shape;

struct signer_revoked {
    int64_t index, revoked_s;
    const char *serials;              /* joined by "," */
};
extern const struct shape signer_revoked_shape;

/* Two administrators' HUFU-OPERATOR-v1 over the same change. For "add" an operator certificate is made. */
struct signer_operator {
    struct id request;
    SIGNER_EVIDENCE_FIELDS(1);
    SIGNER_EVIDENCE_FIELDS(2);
};
extern const struct shape signer_operator_shape;

struct signer_operator_done {
    int64_t index;
    struct bytes certificate;         /* absent for "remove" */
};
extern const struct shape signer_operator_done_shape;

/* That a record is in the journal, whole: leaf_hash = SM3(00 ‖ data), path from there to the root in head. */
struct signer_proof {
    int64_t leaf, size;
    struct bytes data;                /* type, version, time, salt, body (docs/PROTOCOL.journal); absent when erased */
    struct bytes leaf_hash, path;     /* 32 bytes a step */
    struct bytes head;                /* of the tree of SIZE records, signed */
};
extern const struct shape signer_proof_shape;

/* That the journal of OLD records is the beginning of that of SIZE records. */
struct signer_consistency {
    int64_t old, size;
    struct bytes path;
    struct bytes old_head, head;
};
extern const struct shape signer_consistency_shape;

/* ---- setting up ---- */

struct signer_begin {
    const char *organization, *country; /* of the CAs' names */
    const char *root_name, *issuing_name, *operators_name;
    struct bytes maker_certificate;     /* root of the USBKeys' maker: attestations are checked against it */
    struct bytes maker_transport_key;   /* 16: from it and the serial number comes each card's DevAuth key */
};
extern const struct shape signer_begin_shape;

/* A card for one of the first operators: nobody could sign for it yet. */
struct signer_first_card {
    const char *card;                   /* serial number */
    struct bytes challenge;             /* 8 */
    struct bytes card_certificate;
};
extern const struct shape signer_first_card_shape;

struct signer_first_operator {
    const char *name, *roles, *card;
    struct bytes public_key;            /* X ‖ Y, made in the card */
    struct bytes attestation;           /* the card's signature over its HUFU-ATTEST-v1 */
    struct bytes card_certificate;
};
extern const struct shape signer_first_operator_shape;

/* ---- bodies of journal records (SIGNER_JOURNAL), in the order of docs/PROTOCOL.journal ----
 * content: SM3 of the request's body; the same request id with another one is refused. Absent in those of set-up. */
enum journal_record {
    JOURNAL_BEGIN = 1,      /* incarnation, CA certificates */
    JOURNAL_OPERATOR = 2,
    JOURNAL_CARD = 3,
    JOURNAL_ISSUED = 4,
    JOURNAL_REVOKED = 5,
    JOURNAL_REFUSED = 6,    /* a request that was refused, and why */
    JOURNAL_CLOSED = 7,     /* a peer's connection was ended for breaking the protocol: journal_refused */
    JOURNAL_SEALED = 8      /* end of setting up; the body is empty */
};

struct journal_begin {
    struct id incarnation;
    struct bytes root_certificate, issuing_certificate, operators_certificate;
    struct bytes head_certificate, maker_certificate;
};
extern const struct shape journal_begin_shape;

struct journal_operator {
    const char *change, *serial, *name, *roles;
    struct bytes certificate;         /* absent for "remove" */
    const char *statement1; struct bytes signature1; /* absent for those that init writes */
    const char *statement2; struct bytes signature2;
    struct id request;                /* none for those that init writes */
    struct bytes content;
};
extern const struct shape journal_operator_shape;

struct journal_card {
    struct id request;
    const char *card;
    const char *statement; struct bytes signature; /* absent in those of set-up */
    int64_t master_version;
    struct bytes admin_sealed, content;
};
extern const struct shape journal_card_shape;

struct journal_issued {
    struct id request;
    const char *application, *holder, *card;
    const char *approval1; struct bytes approval_signature1;
    const char *approval2; struct bytes approval_signature2;
    const char *produce; struct bytes produce_signature;
    struct bytes signing_certificate, encryption_certificate, enveloped_key;
    struct bytes content;
};
extern const struct shape journal_issued_shape;

struct journal_revoked {
    struct id request;
    const char *serials, *reason, *application;
    int64_t revoked_s;
    const char *approval1; struct bytes approval_signature1;
    const char *approval2; struct bytes approval_signature2;
    struct bytes content;
};
extern const struct shape journal_revoked_shape;

struct journal_refused {
    struct id request;
    int64_t type;                     /* enum signer_message */
    int64_t error;
    const char *application, *detail;
};
extern const struct shape journal_refused_shape;
