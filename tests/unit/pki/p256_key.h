/* For tests: a key on P-256 that OpenSSL holds, behind the interface that a module's key is behind. */
#pragma once

#include "pki/signing_key.h"

/* Freed with p256_key_free. */
struct signing_key p256_key_new(void);
void p256_key_free(struct signing_key *key);
