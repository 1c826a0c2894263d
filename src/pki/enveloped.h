/* How the key centre sends the private key of an encryption certificate to a USBKey: enveloped for the signing
 * key that was made in the same container. Two forms of the same content: ENVELOPEDKEYBLOB of GM/T 0016 (ULONG
 * of 4 bytes, little-endian, packed) and SM2EnvelopedKey of GM/T 0009 (DER). No allocation. */
#pragma once

#include "crypto/sm2.h"

/* 12 + 64 of encrypted key + 132 of public key + 180 of SM2 ciphertext with a session key of 16 bytes. */
enum { ENVELOPED_KEY_SIZE = 388, ENVELOPED_KEY_DER_MAX = 384 };

/* Encrypts ENCRYPTION for CONTAINER under a fresh session key. */
RESULT enveloped_key_seal(const struct sm2_private *encryption, const struct sm2_public *container,
                          struct drbg *drbg, uint8_t ret_blob[ENVELOPED_KEY_SIZE]);
/* Opens BLOB with the container's signing key and makes sure that d·G is the public key it names; both places
 * where CAs put the 32 bytes are tried. ERROR_ENVELOPE for another form or algorithm, ERROR_ENVELOPE_MISMATCH
 * when it is for another key, was altered, or holds another private key than it names. */
RESULT enveloped_key_open(const struct sm2_private *container, struct bytes blob, struct sm2_private *ret_key);
/* The encryption public key that BLOB names. ERROR_ENVELOPE. */
RESULT enveloped_key_public(struct bytes blob, struct sm2_public *ret_key);

/* SM2EnvelopedKey written to W from BLOB. ERROR_ENVELOPE when BLOB is not of its form. */
RESULT enveloped_key_to_der(struct bytes blob, struct writer *w);
/* The blob of an SM2EnvelopedKey. ERROR_ENVELOPE for anything else. */
RESULT enveloped_key_from_der(struct bytes der, uint8_t ret_blob[ENVELOPED_KEY_SIZE]);
