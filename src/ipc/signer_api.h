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
    SIGNER_UNLOCK = 0x108,  /* signer_unlock → signer_unlocked */
    SIGNER_RECOVER = 0x109, /* signer_recover → signer_recovered */
    SIGNER_HOLD = 0x10A,    /* signer_hold → signer_held: without an operator, as SIGNER_RECEIVE */
    SIGNER_RELEASE = 0x10B, /* signer_release → signer_released */
    SIGNER_CUSTODY = 0x10C, /* signer_custody → signer_custody_done */
    SIGNER_JUDICIAL = 0x10D, /* signer_judicial → signer_judicial_opened */
    SIGNER_OPERATOR_CARD = 0x10E, /* signer_operator_card → signer_card_opened */
    SIGNER_TRAIL = 0x10F,   /* signer_trail → signer_trail_kept: the peer's audit trail as it stands */
    SIGNER_ENDS = 0x115,    /* nothing → signer_ends: what runs out */
    SIGNER_RECEIVE = 0x116, /* signer_receive → signer_received: the holder has the USBKey that was in transit */
    SIGNER_STATUS = 0x117,  /* signer_status → signer_status_told: how a holder's certificate stands now */
    SIGNER_HOLD_FOR = 0x118, /* signer_hold_for → signer_held: in an organization's name */

    /* Only while the journal is empty, by `hufu init`: after SIGNER_SEAL never again. */
    SIGNER_BEGIN = 0x110,          /* signer_begin → signer_state: makes the CAs' keys and certificates */
    SIGNER_FIRST_CARD = 0x111,     /* signer_first_card → signer_card_opened */
    SIGNER_FIRST_OPERATOR = 0x112, /* signer_first_operator → signer_operator_done */
    SIGNER_PREPARE = 0x114,        /* signer_begin → signer_prepared: makes keys for a root that is elsewhere */
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

/* Issues the pair for a USBKey; for a renewal or a change of holder, for the USBKey that has the certificate which is
 * replaced. The approval is used up by it. What the approval says to revoke and is still valid is
 * revoked with it, as a JOURNAL_REVOKED of its own before the JOURNAL_ISSUED; so is a former approval that it takes the
 * place of used up, as a JOURNAL_REPLACED. */
struct signer_issue {
    struct id request;
    const char *approval1; struct bytes approval_signature1;
    const char *approval2; struct bytes approval_signature2;
    SIGNER_EVIDENCE_FIELDS(1);        /* HUFU-PRODUCE-v2; of renew and change HUFU-DOWNLOAD-v1 by the key on record */
    struct bytes card_certificate;
    struct bytes possession;          /* signature by the new key over that statement's text */
    const char *former; struct bytes former_signature; /* the approval that a replacement takes the place of; absent */
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

/* Answers the challenge of a locked USBKey, on which a certificate of the approval's holder was issued last. Service
 * "unlock"; the approval is used up: it unlocks one key once. */
struct signer_unlock {
    struct id request;
    const char *approval1; struct bytes approval_signature1;
    const char *approval2; struct bytes approval_signature2;
    const char *card;                 /* serial number of the USBKey */
    struct bytes challenge;           /* 16, drawn by it */
};
extern const struct shape signer_unlock_shape;

struct signer_unlocked {
    struct bytes answer;              /* 64: pki/card_keys.h */
    int64_t index;
};
extern const struct shape signer_unlocked_shape;

/* Gives the encryption keys of the certificates that the approvals list into the new USBKey that was issued on these
 * very approvals (R-LOST-4). Always two of them; issue comes first. PASSED, absent or the approval of a change of
 * holder that left the former one's keys to this holder (R-CHANGE-4), which the journal has: these keys too. */
struct signer_recover {
    struct id request;
    const char *approval1; struct bytes approval_signature1;
    const char *approval2; struct bytes approval_signature2;
    const char *passed;
};
extern const struct shape signer_recover_shape;

enum { RECOVERED_MAX = 8, RECOVERED_KEY_SIZE = 388 };
struct signer_recovered {
    const char *serials;              /* of the old encryption certificates, joined by "," */
    struct bytes keys;                /* in their order an ENVELOPEDKEYBLOB each, for the new signing key */
    int64_t index;
};
extern const struct shape signer_recovered_shape;

/* A holder's own certificates on hold, at the holder's word: whoever asks for it must know that it is the holder.
 * SERIALS joined by ",", all of HOLDER; those on hold or revoked already are left out. */
struct signer_hold {
    struct id request;
    const char *holder, *serials;
};
extern const struct shape signer_hold_shape;

/* The same in the name of ORGANIZATION, by the credit code that stands in the approvals on which the certificates were
 * issued (R-OPS-9): asked by the account ASKED_BY, which whoever asks must know to run it. */
struct signer_hold_for {
    struct id request;
    const char *holder, *serials, *organization, *asked_by;
};
extern const struct shape signer_hold_for_shape;

struct signer_held {
    int64_t index, held_s;
    const char *serials;
};
extern const struct shape signer_held_shape;

/* Lifts a hold, on a reviewer's HUFU-RELEASE-v1. */
struct signer_release {
    struct id request;
    SIGNER_EVIDENCE_FIELDS(1);
};
extern const struct shape signer_release_shape;

struct signer_released {
    int64_t index, released_s;
    const char *serials;
};
extern const struct shape signer_released_shape;

/* The holder has confirmed the receipt of the USBKey: its certificates are in transit no more (R-SHIP-3). At the peer's
 * word, as a hold: whoever asks for it must know that it is the holder. SERIALS joined by ",", all of HOLDER; those
 * that are not in transit are left out. One on hold beside stays on hold. */
struct signer_receive {
    struct id request;
    const char *holder, *serials;
};
extern const struct shape signer_receive_shape;

struct signer_received {
    int64_t index, received_s;
    const char *serials;
};
extern const struct shape signer_received_shape;

/* Appoints custodians for the encryption keys in escrow: two administrators' HUFU-CUSTODY-v1. A new custodial key is
 * made, split and forgotten; docs/PROTOCOL.escrow. */
enum { CUSTODIANS_MAX = 16, CUSTODIAN_SHARE_SIZE = 129 };
struct signer_custody {
    struct id request;
    SIGNER_EVIDENCE_FIELDS(1);
    SIGNER_EVIDENCE_FIELDS(2);
    struct bytes keys;                /* X ‖ Y of each custodian, in the order of their names */
};
extern const struct shape signer_custody_shape;

struct signer_custody_done {
    int64_t index;
    struct bytes custodial;           /* X ‖ Y */
    struct bytes shares;              /* CUSTODIAN_SHARE_SIZE bytes each, sealed to the custodians */
};
extern const struct shape signer_custody_done_shape;

/* Hands out an encryption key as the custodians can open it: HUFU-JUDICIAL-v1 by a reviewer (1) and an auditor (2). */
struct signer_judicial {
    struct id request;
    SIGNER_EVIDENCE_FIELDS(1);
    SIGNER_EVIDENCE_FIELDS(2);
};
extern const struct shape signer_judicial_shape;

struct signer_judicial_opened {
    int64_t index, version;           /* of the custodial key */
    struct bytes escrow;              /* 128 */
    struct bytes certificate;         /* the encryption certificate it belongs to */
};
extern const struct shape signer_judicial_opened_shape;

/* Opens a fresh card for an operator: two administrators' HUFU-CARD-v1 for the application OPERATOR_CARDS. Nothing is
 * issued on it but by SIGNER_OPERATOR. */
#define OPERATOR_CARDS "operators"
struct signer_operator_card {
    struct id request;
    SIGNER_EVIDENCE_FIELDS(1);
    SIGNER_EVIDENCE_FIELDS(2);
    struct bytes card_certificate;    /* the maker's certificate for the card's own key */
};
extern const struct shape signer_operator_card_shape;

/* Two administrators' HUFU-OPERATOR-v1 over the same change. For "add" an operator certificate is made; for "renew" one
 * more for the key, person and roles of the certificate that is named, which goes on to hold until its end. */
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
    struct bytes head_certificate;    /* by whose key */
};
extern const struct shape signer_proof_shape;

/* That the journal of OLD records is the beginning of that of SIZE records. */
struct signer_consistency {
    int64_t old, size;
    struct bytes path;
    struct bytes old_head, head;
};
extern const struct shape signer_consistency_shape;

/* The peer's audit trail (store/audit_trail.h) as it stands: goes into the journal, so that nobody shortens or changes
 * the trail afterwards unnoticed (R-OPS-6). PATH proves that what the journal had of it last is its beginning:
 * ERROR_TRAIL_CUT for a smaller one, ERROR_TRAIL_FORK for another one. A record only where the trail grew, and
 * once in TRAIL_EVERY_S; besides, TRAIL_HOUR_MAX in an hour at most, when it grew by TRAIL_ENTRIES or the peer stops.
 * Else the answer is what stands already. */
enum { TRAIL_EVERY_S = 3600, TRAIL_ENTRIES = 1000, TRAIL_HOUR_MAX = 60 };
struct signer_trail {
    int64_t stops;                    /* 1: the peer is told to stop, and nothing comes after this */
    int64_t size;
    struct bytes root;                /* 32 */
    struct bytes path;                /* merkle/tree.h, from the last one's size; absent where that is 0 */
};
extern const struct shape signer_trail_shape;

struct signer_trail_kept {
    int64_t index, size;              /* of the journal record; 0: none yet */
};
extern const struct shape signer_trail_kept_shape;

/* What of the signer's runs out soon or has run out (pki/validity.h): certificates of the CAs, of the OCSP responder
 * and of operators, and the root's list. */
enum { SIGNER_ENDS_MAX = 128 * 1024 };
struct signer_ends {
    struct bytes lines;
};
extern const struct shape signer_ends_shape;

/* How a holder's certificate stands, as an OCSP answer that the responder signs now over NONCE: evidence that it was so
 * when NONCE's text was signed (R-LOGIN-8). ERROR_NOT_FOUND; ERROR_BUSY while there is no responder. */
enum { STATUS_TOLD_NONCE = 32, STATUS_TOLD_MAX = 16 * 1024 };
struct signer_status {
    const char *serial;
    struct bytes nonce;               /* STATUS_TOLD_NONCE bytes */
};
extern const struct shape signer_status_shape;

struct signer_status_told {
    struct bytes response;            /* OCSPResponse, at most STATUS_TOLD_MAX */
};
extern const struct shape signer_status_told_shape;

/* ---- setting up ---- */

struct signer_begin {
    const char *organization, *country; /* of the CAs' names */
    const char *root_name, *issuing_name, *operators_name;
    struct bytes maker_certificate;     /* root of the USBKeys' maker: attestations are checked against it */
    struct bytes maker_transport_key;   /* 16: from it and the serial number comes each card's DevAuth key */
    /* Of a root that is elsewhere, after SIGNER_PREPARE, all four; root_name is absent then. Else absent: a root is
     * made. */
    struct bytes root_certificate, issuing_certificate, operators_certificate, head_certificate;
};
extern const struct shape signer_begin_shape;

/* PKCS #10 of the keys that the root is to certify, under the names of signer_begin. */
struct signer_prepared {
    struct bytes issuing_request, operators_request, head_request;
};
extern const struct shape signer_prepared_shape;

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
    JOURNAL_SEALED = 8,     /* end of setting up; the body is empty */
    JOURNAL_UNLOCKED = 9,
    JOURNAL_RECOVERED = 10,
    JOURNAL_HELD = 11,
    JOURNAL_RELEASED = 12,
    JOURNAL_CUSTODY = 13,
    JOURNAL_JUDICIAL = 14,
    JOURNAL_OPERATOR_CARD = 16,
    JOURNAL_RESPONDER = 15, /* the certificate of an OCSP responder, made by the signer for itself */
    JOURNAL_INCARNATION = 17, /* what goes on from here was restored from a backup; of earlier builds */
    JOURNAL_TRAIL = 18,       /* the audit trail as it stood: no act of anybody, so it leaves no entry there */
    JOURNAL_RECEIVED = 20,    /* a USBKey has come to its holder */
    JOURNAL_HELD_FOR = 21,    /* JOURNAL_HELD in an organization's name, with who asked; unknown to earlier builds */
    JOURNAL_REPLACED = 22,    /* an approved download is replaced by a new USBKey; without request */
    JOURNAL_RESTORED = 19     /* JOURNAL_INCARNATION with the audit trail as it was restored */
};

struct journal_begin {
    struct id incarnation;
    struct bytes root_certificate, issuing_certificate, operators_certificate;
    struct bytes head_certificate, maker_certificate;
};
extern const struct shape journal_begin_shape;

struct journal_incarnation {
    struct id incarnation, before;
};
extern const struct shape journal_incarnation_shape;

struct journal_restored {
    struct id incarnation, before;
    int64_t trail_size;
    struct bytes trail_root;          /* 32 */
};
extern const struct shape journal_restored_shape;

struct journal_trail {
    int64_t size;                     /* entries */
    struct bytes root;                /* 32 */
};
extern const struct shape journal_trail_shape;

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

struct journal_operator_card {
    struct id request;
    const char *card;
    const char *statement1; struct bytes signature1;
    const char *statement2; struct bytes signature2;
    int64_t master_version;
    struct bytes admin_sealed, content;
};
extern const struct shape journal_operator_card_shape;

struct journal_issued {
    struct id request;
    const char *application, *holder, *card;
    const char *approval1; struct bytes approval_signature1;
    const char *approval2; struct bytes approval_signature2;
    const char *produce; struct bytes produce_signature; /* HUFU-PRODUCE-v2 (before: -v1), HUFU-DOWNLOAD-v1 */
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

struct journal_unlocked {
    struct id request;
    const char *application, *holder, *card;
    struct bytes challenge;
    int64_t master_version;
    const char *approval1; struct bytes approval_signature1;
    const char *approval2; struct bytes approval_signature2;
    struct bytes content;
};
extern const struct shape journal_unlocked_shape;

struct journal_recovered {
    struct id request;
    const char *application, *holder, *serials;
    struct bytes keys;                /* as they were answered: enveloped */
    const char *approval1; struct bytes approval_signature1;
    const char *approval2; struct bytes approval_signature2;
    struct bytes content;
};
extern const struct shape journal_recovered_shape;

struct journal_held {
    struct id request;
    const char *holder, *serials;
    int64_t held_s;
    struct bytes content;
};
extern const struct shape journal_held_shape;

struct journal_held_for {
    struct id request;
    const char *holder, *serials, *organization, *asked_by;
    int64_t held_s;
    struct bytes content;
};
extern const struct shape journal_held_for_shape;

struct journal_released {
    struct id request;
    const char *serials, *application;
    int64_t released_s;
    const char *statement1; struct bytes signature1;
    struct bytes content;
};
extern const struct shape journal_released_shape;

struct journal_received {
    struct id request;
    const char *holder, *serials;
    int64_t received_s;
    struct bytes content;
};
extern const struct shape journal_received_shape;

struct journal_replaced {
    const char *application, *by;     /* what was approved; the replacement that takes its place */
    const char *approval; struct bytes signature; /* used up by it */
};
extern const struct shape journal_replaced_shape;

struct journal_custody {
    struct id request;
    int64_t version, threshold;
    const char *custodians;           /* names, joined by "," */
    struct bytes keys, custodial, shares;
    const char *statement1; struct bytes signature1;
    const char *statement2; struct bytes signature2;
    struct bytes content;
};
extern const struct shape journal_custody_shape;

struct journal_judicial {
    struct id request;
    const char *serial;
    int64_t version;
    struct bytes escrow;
    const char *statement1; struct bytes signature1;
    const char *statement2; struct bytes signature2;
    struct bytes content;
};
extern const struct shape journal_judicial_shape;

struct journal_responder {
    struct bytes certificate;
};
extern const struct shape journal_responder_shape;

struct journal_refused {
    struct id request;
    int64_t type;                     /* enum signer_message */
    int64_t error;
    const char *application, *detail;
};
extern const struct shape journal_refused_shape;
