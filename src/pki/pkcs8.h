/* A private key to be handed on to whoever has other software: PKCS #8 (RFC 5958) under a passphrase, by PBES2
 * (RFC 8018) with PBKDF2, HMAC-SHA-256 and SM4-CBC, which OpenSSL reads from 1.1.1 on. What stays in our hands is
 * wrapped by key_wrap.h. No allocation. */
#pragma once

#include "crypto/sm2.h"

enum { PKCS8_SIZE_MAX = 320, PKCS8_ROUNDS = 200000, PKCS8_PASSPHRASE_MAX = 1024 };

/* EncryptedPrivateKeyInfo of KEY, DER, to W. PASSPHRASE: 1 to PKCS8_PASSPHRASE_MAX bytes. ERROR_TOO_LARGE,
 * ERROR_RESEED_NEEDED. */
RESULT pkcs8_seal(const struct sm2_private *key, struct bytes passphrase, struct drbg *drbg, struct writer *w);
