/* SHA256withRSA, by which the payment gateways and the merchant sign what they say to each other. Both sides of each
 * protocol use it, the relay and the simulator. */
#pragma once

#include <openssl/evp.h>

#include "base/arena.h"

enum { RSA_BITS_MIN = 2048 };

/* A private key, or a public one alone or in a certificate, in PEM. ERROR_RELAY_CONFIG unless it is RSA of
 * at least RSA_BITS_MIN bits. The caller frees it. */
RESULT rsa_private_key(struct bytes pem, EVP_PKEY **ret_key);
/* RET_SERIAL: the certificate's serial number in upper-case hex, in ARENA; NULL when PEM is a bare key. */
RESULT rsa_public_key(struct bytes pem, struct arena *arena, EVP_PKEY **ret_key, const char **ret_serial);

/* In Base64, in ARENA. */
RESULT rsa_sign(EVP_PKEY *key, struct bytes text, struct arena *arena, const char **ret_signature);
/* ERROR_SIGNATURE_INVALID, also for what is not Base64. */
RESULT rsa_verify(EVP_PKEY *key, struct bytes text, const char *signature, struct arena *arena);
