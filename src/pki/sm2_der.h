/* SM2's numbers in ASN.1 (GM/T 0009, GM/T 0015): signatures, ciphertexts, public keys, the identifier of the
 * algorithm. Readers are strict and return ERROR_DER unless something else is said. */
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

/* SubjectPublicKeyInfo: id-ecPublicKey with the curve sm2, the point uncompressed. */
void sm2_spki_write(struct writer *w, const uint8_t point[SM2_POINT_SIZE]);
/* ERROR_KEY_INVALID for another algorithm or curve and for a point that is not on it. */
RESULT sm2_spki_read(struct reader *r, struct sm2_public *ret_key);

/* AlgorithmIdentifier of SM2 with SM3, without parameters. */
void sm2_algorithm_write(struct writer *w);
/* Parameters may be absent or NULL: other CAs write both. ERROR_ALGORITHM for another algorithm. */
RESULT sm2_algorithm_read(struct reader *r, struct bytes *ret_whole);

/* 20 bytes that name a key: the first of SM3 over the point with its 04 in front, after the manner of RFC 7093
 * §2 with SM3 for the hash. */
enum { KEY_ID_SIZE = 20 };
void sm2_key_id(const struct sm2_public *key, uint8_t ret_id[KEY_ID_SIZE]);

/* SEQUENCE { TBS, algorithm, BIT STRING signature }: what certificate, request and CRL have in common
 * (RFC 5280 §4.1.1). TBS is a whole element. */
void sm2_signed_write(struct writer *w, struct bytes tbs, const uint8_t signature[SM2_SIGNATURE_SIZE]);
struct sm2_signed {
    struct bytes tbs;       /* the whole element, as signed */
    struct bytes algorithm; /* the whole AlgorithmIdentifier behind it */
    uint8_t signature[SM2_SIGNATURE_SIZE];
};
/* WHOLE has passed der_check. ERROR_ALGORITHM or ERROR_DER. */
RESULT sm2_signed_read(struct bytes whole, struct sm2_signed *ret_signed);
