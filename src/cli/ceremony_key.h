/* The root's private key between two ceremonies: wrapped under a passphrase (root.key), or split, a share for each
 * custodian wrapped under the custodian's own (root-share-N.key). docs/PROTOCOL.ceremony has both. */
#pragma once

#include "cli/ceremony.h"
#include "cli/installation.h"

/* In memory for one ceremony; wiped by ceremony_secrets_done. */
struct ceremony_secrets {
    struct secret all[CEREMONY_CUSTODIANS_MAX];
    size_t count;
};

/* The passphrases that CEREMONY needs, from FD (a line each; closed) or asked of one person after the other: new ones,
 * twice. ERROR_SECRET. */
RESULT ceremony_secrets_read(const struct ceremony *ceremony, int fd, struct diag *diag,
                             struct ceremony_secrets *ret_secrets);
void ceremony_secrets_done(struct ceremony_secrets *secrets);

enum { CEREMONY_KEY_NAME_MAX = 32, CEREMONY_KEY_SIZE_MAX = 128 };

struct ceremony_key_file {
    char name[CEREMONY_KEY_NAME_MAX];
    uint8_t content[CEREMONY_KEY_SIZE_MAX];
    size_t len;
};

/* KEY wrapped as a new root's CEREMONY says: max(1, custodian_count) files. */
RESULT ceremony_key_wrap(const struct ceremony *ceremony, const struct sm2_private *key,
                         const struct ceremony_secrets *secrets, struct drbg *drbg,
                         struct ceremony_key_file ret_files[CEREMONY_CUSTODIANS_MAX]);
/* The root's key out of the folder that CEREMONY names. ERROR_KEY_UNWRAP for a wrong passphrase, ERROR_SHARES for too
 * few custodians, ERROR_KEY_INVALID for another root's key; whose it was in DIAG. RET_KEY is the caller's to wipe. */
RESULT ceremony_key_open(const struct ceremony *ceremony, const struct ceremony_secrets *secrets, struct diag *diag,
                         struct sm2_private *ret_key);
