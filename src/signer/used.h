/* Approvals count once for each purpose: the same one may revoke the old certificate and issue the new one, but neither
 * twice. */
#pragma once

#include "signer/index.h"

enum used_for { USED_ISSUE, USED_REVOKE, USED_REGISTER };

/* NONCE: the one-time number of the statement, as it stands there. */
bool used_has(const struct index *index, enum used_for purpose, const char *nonce);
void used_put(struct index *index, enum used_for purpose, const char *nonce, uint64_t record);
