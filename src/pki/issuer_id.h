/* How OCSP clients name an issuer: by hashes of its name and of its key (RFC 6960 §4.1.1), mostly by SHA-1 still, some
 * by SHA-256, ours by SM3. The hashes are names, nothing rests on their strength. */
#pragma once

#include "pki/ocsp.h"

enum { ISSUER_ID_KINDS = 3, ISSUER_ID_HASH_MAX = 32 };

struct issuer_id {
    enum ocsp_hash hash;
    size_t size;
    uint8_t name[ISSUER_ID_HASH_MAX], key[ISSUER_ID_HASH_MAX];
};

/* All of them, in the order SHA-1, SHA-256, SM3. */
void issuer_id_all(const struct certificate *issuer, struct issuer_id ret_ids[ISSUER_ID_KINDS]);
/* The CertID of the certificate SERIAL; views into ID and SERIAL. */
struct ocsp_id issuer_id_of(const struct issuer_id *id, struct bytes serial);
