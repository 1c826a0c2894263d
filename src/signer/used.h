/* Approvals count once for each purpose: the same one may revoke the old certificate and issue the new one, but neither
 * twice. */
#pragma once

#include "signer/index.h"

enum used_for {
    USED_ISSUE, USED_REVOKE, USED_REGISTER, USED_UNLOCK, USED_RECOVER, USED_RELEASE, USED_CUSTODY, USED_JUDICIAL,
    USED_REPLACED /* by a replacement of the USBKey that was to download what it approves */
};

/* NONCE: the one-time number of the statement, as it stands there. */
bool used_has(const struct index *index, enum used_for purpose, const char *nonce);
/* The record that used it up. */
bool used_find(const struct index *index, enum used_for purpose, const char *nonce, uint64_t *ret_record);
void used_put(struct index *index, enum used_for purpose, const char *nonce, uint64_t record);
