/* SM2's numbers in ASN.1 (GM/T 0009, GM/T 0015): signatures and ciphertexts. Those of ECDSA signatures (RFC 3279
 * §2.2.3) have the same form. Readers are strict and return ERROR_DER unless something else is said. */
#pragma once

#include "crypto/sm2.h"
#include "pki/der.h"

/* SEQUENCE { r INTEGER, s INTEGER } has at most this many bytes. */
enum { SM2_SIGNATURE_DER_MAX = 72 };

/* r ‖ s ↔ SEQUENCE { r, s }. The numbers' range is the verification's affair; more than 32 bytes are refused. */
void sm2_signature_write(struct writer *w, const uint8_t signature[SM2_SIGNATURE_SIZE]);
RESULT sm2_signature_read(struct bytes der, uint8_t ret_signature[SM2_SIGNATURE_SIZE]);

/* C1 ‖ C3 ‖ C2, as src/crypto has it, ↔ SM2Cipher ::= SEQUENCE { x, y INTEGER, hash, ciphertext OCTET STRING }
 * (GM/T 0009 §7.2). in.len is at least SM2_CIPHERTEXT_EXTRA (asserted). */
void sm2_cipher_write(struct writer *w, struct bytes in);
/* Writes C1 ‖ C3 ‖ C2 to W. */
RESULT sm2_cipher_read(struct reader *r, struct writer *w);
