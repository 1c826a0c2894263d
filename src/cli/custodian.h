/* One person's part of a key that nobody has alone: a share, sealed under a passphrase of the person's own, or to a key
 * that was made in the person's USBKey and never leaves it. Here is what the USBKey does; docs/PROTOCOL.ceremony has
 * the files. */
#pragma once

#include "cli/installation.h"
#include "crypto/shamir.h"
#include "pki/certificate.h"
#include "pki/escrow.h"

/* Application on the USBKey with a PIN of its own, beside whatever else the person has on it. */
#define CUSTODIAN_APPLICATION "HUFU-CUSTODY"

enum { CUSTODIAN_CONTAINER_MAX = 32, CUSTODIAN_NAME_MAX = 400 };

struct custodian {
    const char *name;
    const char *card; /* serial number of the USBKey; NULL: a passphrase */
};

/* A share that is sealed to a USBKey, as its file says (HUFU-SHARE-v1). All of it is public. */
struct custodian_share {
    const char *key;        /* of what: "root", or "custodial-1" of the custodial key of version 1 */
    const char *whole;      /* public key of that, X ‖ Y, hex */
    const char *number;     /* of the share, from 1 */
    const char *threshold;  /* so many open it */
    const char *custodian;  /* name of the person */
    const char *card;       /* serial number of the USBKey */
    const char *container;  /* on it */
    const char *public_key; /* of the key in the container, X ‖ Y, hex */
    const char *sealed;     /* to that key, as docs/PROTOCOL.escrow has it, hex */
};
extern const struct shape custodian_share_shape;

/* Whose USBKeys are taken. */
struct custodian_maker {
    const struct certificate *certificate;
    const char *transport_key; /* path of the file with the maker's transport key, for blank USBKeys; NULL: none */
};

/* A custodian's key, as the USBKey made it. */
struct custodian_key {
    char container[CUSTODIAN_CONTAINER_MAX];
    struct sm2_public public;
};

/* Makes a key in CUSTODIAN's USBKey, in the application above: on a USBKey without it, that is made with PIN as its
 * PIN. The USBKey is of MAKER and says that it made the key itself; the key has opened something before this returns.
 * ERROR_USBKEY_ABSENT, ERROR_USBKEY_PIN, ERROR_USBKEY_FAILED, ERROR_CARD_OTHER, ERROR_CARD_ATTESTATION and the
 * errors of chain_check, with the person's name in DIAG. */
RESULT custodian_key_make(const struct custodian *custodian, const struct custodian_maker *maker,
                          const struct secret *pin, struct drbg *drbg, struct arena *arena, struct diag *diag,
                          struct custodian_key *ret_key);
/* Takes the key off the USBKey again, as far as it can be had: what it was made for did not come about. */
void custodian_key_forget(const struct custodian *custodian, const struct custodian_key *key,
                          const struct secret *pin);
/* SHARE as its USBKey opens it. ERROR_USBKEY_ABSENT, ERROR_USBKEY_PIN, ERROR_USBKEY_FAILED;
 * ERROR_CUSTODIAN_SHARE when it is not sealed to that key. RET_SHARE is the caller's to wipe. */
RESULT custodian_share_open(const struct custodian_share *share, const struct secret *pin, struct arena *arena,
                            struct diag *diag, struct shamir_share *ret_share);
