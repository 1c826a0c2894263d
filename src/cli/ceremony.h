/* A ceremony, of the root or about encryption keys, as a reviewed file says it: what the file of `hufu ceremony` holds,
 * read and checked in every respect before a key is drawn or opened. docs/operation.md tells how a ceremony goes,
 * docs/PROTOCOL.ceremony what it leaves. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "cli/custodian.h"
#include "pki/crl.h"
#include "pki/issue.h"
#include "pki/request.h"

enum {
    CEREMONY_FILE_MAX = 64 * 1024,
    CEREMONY_CUSTODIANS_MAX = SHAMIR_SHARES_MAX,
    CEREMONY_REVOKED_MAX = 16,
    CEREMONY_INPUTS_MAX = CEREMONY_CUSTODIANS_MAX + 4,
    CEREMONY_AWAY_DAYS_MAX = 366, /* what begins this far from today was mistyped */
};

enum ceremony_kind {
    CEREMONY_ROOT,        /* draws the root's key and certifies it */
    CEREMONY_CERTIFICATE, /* certifies a key below the root, from its request */
    CEREMONY_CRL,         /* the list of what the root revoked */
    CEREMONY_CUSTODIANS,  /* appoints custodians of encryption keys, at an installation that runs */
    CEREMONY_ORDER,       /* has it hand out an encryption key that an authority asks for, as they open it */
    CEREMONY_RECOVERY,    /* opens that with enough custodians */
};

/* What is taken into a ceremony: its name for people, its bytes. */
struct ceremony_input {
    const char *name;
    struct bytes content;
};

/* HUFU-CASE-v1: what an order came to. */
struct ceremony_case {
    const char *case_number, *authority, *holder_name;
    const char *certificate; /* serial number of the encryption certificate */
    const char *version;     /* of the custodial key */
    const char *escrow;      /* the private key, wrapped for the custodians, hex */
};
extern const struct shape ceremony_case_shape;

struct ceremony {
    enum ceremony_kind kind;
    const char *kind_name;
    const char *title, *people;
    const char *folder; /* what comes of it goes there; must not be there yet */
    struct bytes script;
    struct ceremony_input inputs[CEREMONY_INPUTS_MAX];
    size_t input_count;

    const struct profile *profile; /* of what is certified */
    struct certificate_fields fields; /* its key: of the request, or NULL for a root until it is drawn */
    struct request request;

    /* Custodians of a new key, numbered from 1; none: one passphrase. Of an old one those who open it: who does it by a
     * passphrase has no name here, and who does it with a USBKey has a share. */
    struct custodian custodians[CEREMONY_CUSTODIANS_MAX];
    uint8_t numbers[CEREMONY_CUSTODIANS_MAX];
    struct custodian_share shares[CEREMONY_CUSTODIANS_MAX];
    size_t custodian_count, threshold;
    struct custodian_maker maker; /* of the USBKeys of a new key's custodians */

    const char *key_folder;   /* what an earlier ceremony left: the old key, or its shares */
    struct certificate *root; /* NULL for a new root */

    struct crl_fields crl;
    struct crl_entry revoked[CEREMONY_REVOKED_MAX];

    /* Of encryption keys. */
    const char *operators[2];       /* serial numbers of the USBKeys of those who sign */
    const char *version;            /* of the custodial key */
    struct ceremony_case order;
    struct certificate *encryption; /* whose private key is asked for */
    struct bytes escrow;            /* that key, as the custodians open it */
    struct sm2_public custodial;    /* what they open it with */
};

/* Reads the file at PATH and everything that it names but keys. ERROR_CONFIG with file and field, ERROR_CEREMONY_INPUT
 * for an input that is not what the file says, and what reading the inputs fails with. All lives in ARENA. */
RESULT ceremony_read(const char *path, struct arena *arena, struct diag *diag, struct ceremony *ret_ceremony);
/* Holds what would be signed against RFC 5280 and its profile: ERROR_PROFILE_FIELD, ERROR_NAME, ERROR_LINT. KEY: of the
 * new root; else NULL. */
RESULT ceremony_check(const struct ceremony *ceremony, const struct sm2_public *key, struct drbg *drbg,
                      struct arena *arena, struct diag *diag);
