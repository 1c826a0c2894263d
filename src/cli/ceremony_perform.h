/* A ceremony while it is performed. ceremony.c has what all kinds share and the root's; ceremony_custody.c those about
 * encryption keys. */
#pragma once

#include "cli/ceremony_key.h"
#include "cli/ceremony_record.h"

struct ceremony_options {
    const char *reviewed;
    const char *folder; /* of the installation that runs */
    int64_t passphrase_fd;
    bool perform, json;
};

struct performing {
    const struct ceremony_options *options;
    struct ceremony ceremony;
    struct ceremony_record record;
    struct ceremony_secrets secrets;
    struct custodian_key own[CEREMONY_CUSTODIANS_MAX]; /* in the custodians' USBKeys; container "": none */
    struct sm2_private key; /* the root's, or the custodial one */
    struct sm2_private recovered;
    struct drbg drbg;
    struct arena *arena;
    struct diag *diag;
    const char *hash; /* of the record */
};

/* SM3 of CONTENT in hex. */
const char *ceremony_sm3(struct bytes content, struct arena *arena);
/* The keys that shares are sealed to, where custodians have USBKeys: each made in its own. They are taken back when
 * the ceremony fails. */
RESULT ceremony_make_keys(struct performing *p);
/* Into the record: whose shares were opened, and by what. */
void ceremony_record_opened(struct performing *p);

/* Has two administrators appoint the custodians at the installation: the shares become outputs. What
 * operator_card_begin and the console say. */
RESULT ceremony_appoint(struct performing *p);
/* Has a reviewer and an auditor order the key: case and certificate become outputs. */
RESULT ceremony_order(struct performing *p);
/* Opens what was ordered: the key, under the passphrase for the authority, becomes an output. ERROR_SHARES,
 * ERROR_DECRYPT, the errors of custodian_share_open. */
RESULT ceremony_recover(struct performing *p);
