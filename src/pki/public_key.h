/* A public key of one of the algorithms that certificates are made with, and their forms in ASN.1. Each algorithm of
 * keys has exactly one algorithm of signatures here: SM2 with SM3 under the default identity (GM/T 0009, GM/T 0015),
 * and ECDSA on P-256 with SHA-256 (RFC 5480, RFC 5758) for CAs whose keys lie in a module without SM2. Holders,
 * operators and USBKeys have SM2 keys. */
#pragma once

#include "crypto/p256.h"
#include "pki/sm2_der.h"

enum key_algorithm { KEY_SM2, KEY_P256 };

enum { KEY_POINT_SIZE = SM2_POINT_SIZE, KEY_SIGNATURE_SIZE = SM2_SIGNATURE_SIZE };
_Static_assert((int)P256_POINT_SIZE == (int)KEY_POINT_SIZE && (int)P256_SIGNATURE_SIZE == (int)KEY_SIGNATURE_SIZE,
               "one size for both");

/* Checked when it was made. */
struct public_key {
    enum key_algorithm algorithm;
    uint8_t point[KEY_POINT_SIZE]; /* X ‖ Y */
    struct sm2_public sm2;         /* of KEY_SM2; else zero, and never used */
};

struct public_key public_key_sm2(const struct sm2_public *key);
/* ERROR_KEY_INVALID unless POINT is on the curve of ALGORITHM. */
RESULT public_key_init(struct public_key *ret_key, enum key_algorithm algorithm, const uint8_t point[KEY_POINT_SIZE]);
/* For what needs an SM2 key: NULL for another one. */
const struct sm2_public *public_key_as_sm2(const struct public_key *key);
bool public_key_equal(const struct public_key *a, const struct public_key *b);
/* "SM2", "P-256". */
const char *public_key_name(enum key_algorithm algorithm);

/* ERROR_SIGNATURE_INVALID unless SIGNATURE, r ‖ s, is the key's over MESSAGE. */
RESULT public_key_verify(const struct public_key *key, struct bytes message,
                         const uint8_t signature[KEY_SIGNATURE_SIZE]);

/* SubjectPublicKeyInfo: id-ecPublicKey with the curve's name, the point uncompressed. */
void public_key_write(struct writer *w, const struct public_key *key);
/* ERROR_DER; ERROR_KEY_INVALID for another algorithm or curve and for a point that is not on it. */
RESULT public_key_read(struct reader *r, struct public_key *ret_key);

/* 20 bytes that name a key: the first of SM3 over the point with its 04 in front, after the manner of RFC 7093
 * §2 with SM3 for the hash. */
enum { KEY_ID_SIZE = 20 };
void public_key_id(const struct public_key *key, uint8_t ret_id[KEY_ID_SIZE]);
