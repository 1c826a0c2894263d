/* A private key between two ceremonies: the root's, wrapped under a passphrase (root.key), or split, a share for each
 * custodian, sealed under the custodian's own passphrase (root-share-N.key) or to the custodian's USBKey
 * (root-share-N.usbkey). docs/PROTOCOL.ceremony has all of them. */
#pragma once

#include "cli/ceremony.h"

/* In memory for one ceremony; wiped by ceremony_secrets_done. */
struct ceremony_secrets {
    struct secret all[CEREMONY_CUSTODIANS_MAX + 2];
    size_t count;
};

/* The passphrases and PINs that CEREMONY needs, from FD (a line each; closed) or asked of one person after the other:
 * new ones, twice. ERROR_SECRET. */
RESULT ceremony_secrets_read(const struct ceremony *ceremony, int fd, struct diag *diag,
                             struct ceremony_secrets *ret_secrets);
void ceremony_secrets_done(struct ceremony_secrets *secrets);

enum { CEREMONY_KEY_NAME_MAX = 40, CEREMONY_KEY_SIZE_MAX = 1536 };

struct ceremony_key_file {
    char name[CEREMONY_KEY_NAME_MAX];
    uint8_t content[CEREMONY_KEY_SIZE_MAX];
    size_t len;
};

/* The file of CEREMONY's custodian WHICH, whose share SEALED of the key NAME ("root") with the public key WHOLE is for
 * the key that the custodian's USBKey made. */
RESULT ceremony_share_file(const struct ceremony *ceremony, size_t which, const char *name,
                           const struct sm2_public *whole, const struct custodian_key *own,
                           const uint8_t sealed[ESCROW_SHARE_SIZE], struct arena *arena,
                           struct ceremony_key_file *ret_file);
/* KEY wrapped as a new root's CEREMONY says: max(1, custodian_count) files. OWN: the keys of those custodians' USBKeys
 * who have one. */
RESULT ceremony_key_wrap(const struct ceremony *ceremony, const struct sm2_private *key,
                         const struct ceremony_secrets *secrets, const struct custodian_key *own, struct drbg *drbg,
                         struct arena *arena, struct ceremony_key_file ret_files[CEREMONY_CUSTODIANS_MAX]);
/* The private key of PUBLIC out of the folder that CEREMONY names. ERROR_KEY_UNWRAP for a wrong passphrase,
 * ERROR_SHARES for too few custodians, ERROR_KEY_INVALID for another key, the errors of custodian_share_open; whose it
 * was in DIAG. RET_KEY is the caller's to wipe. */
RESULT ceremony_key_open(const struct ceremony *ceremony, const struct ceremony_secrets *secrets,
                         const struct sm2_public *public, struct arena *arena, struct diag *diag,
                         struct sm2_private *ret_key);
