/* SEQUENCE { TBS, algorithm, BIT STRING signature }: what certificate, request and CRL have in common
 * (RFC 5280 §4.1.1), and the identifiers of the algorithms of signatures. Readers are strict and return ERROR_DER
 * unless something else is said. */
#pragma once

#include "pki/public_key.h"

/* AlgorithmIdentifier of the signatures of ALGORITHM's keys, without parameters. */
void signed_algorithm_write(struct writer *w, enum key_algorithm algorithm);
/* ERROR_ALGORITHM for one that is not known. Parameters are absent; those of SM2 may also be NULL, for other CAs write
 * both, while those of ECDSA are absent by RFC 5758 §3.2. RET_WHOLE is the element, for comparison. */
RESULT signed_algorithm_read(struct reader *r, enum key_algorithm *ret_algorithm, struct bytes *ret_whole);

/* TBS is a whole element. */
void signed_write(struct writer *w, struct bytes tbs, enum key_algorithm algorithm,
                  const uint8_t signature[KEY_SIGNATURE_SIZE]);
/* The last two parts alone: an OCSP response has more behind them. */
void signed_write_end(struct writer *w, enum key_algorithm algorithm, const uint8_t signature[KEY_SIGNATURE_SIZE]);

struct signed_parts {
    struct bytes tbs;             /* the whole element, as signed */
    struct bytes algorithm;       /* the whole AlgorithmIdentifier behind it */
    enum key_algorithm signed_by;
    uint8_t signature[KEY_SIGNATURE_SIZE];
};
/* WHOLE has passed der_check. ERROR_ALGORITHM or ERROR_DER. */
RESULT signed_read(struct bytes whole, struct signed_parts *ret_parts);
/* The three parts from IN, which may go on. */
RESULT signed_read_parts(struct reader *in, struct signed_parts *ret_parts);

/* ERROR_SIGNATURE_INVALID unless KEY is of the algorithm SIGNED_BY and the signature over TBS is its. */
RESULT signed_check(const struct public_key *key, struct bytes tbs, enum key_algorithm signed_by,
                    const uint8_t signature[KEY_SIGNATURE_SIZE]);
