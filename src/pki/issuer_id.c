#include "pki/issuer_id.h"

#include "crypto/sha.h"
#include "crypto/sm3.h"

enum { POINT_TAG = 0x04 };

static void hash(enum ocsp_hash kind, struct bytes data, uint8_t ret_hash[ISSUER_ID_HASH_MAX])
{
    if (kind == OCSP_HASH_SHA1) sha_1(data, ret_hash);
    else if (kind == OCSP_HASH_SHA256) sha_256(data, ret_hash);
    else sm3_hash(data, ret_hash);
}

void issuer_id_all(const struct certificate *issuer, struct issuer_id ret_ids[ISSUER_ID_KINDS])
{
    static const struct {
        enum ocsp_hash hash;
        size_t size;
    } kinds[ISSUER_ID_KINDS] = { { OCSP_HASH_SHA1, SHA_1_SIZE }, { OCSP_HASH_SHA256, SHA_256_SIZE },
                                 { OCSP_HASH_SM3, SM3_SIZE } };
    uint8_t key[1 + SM2_POINT_SIZE] = { POINT_TAG };
    memcpy(key + 1, issuer->key.point, SM2_POINT_SIZE);
    for (size_t i = 0; i < ISSUER_ID_KINDS; i++) {
        ret_ids[i] = (struct issuer_id){ .hash = kinds[i].hash, .size = kinds[i].size };
        hash(kinds[i].hash, issuer->subject.der, ret_ids[i].name);
        hash(kinds[i].hash, BYTES(key), ret_ids[i].key);
    }
}

struct ocsp_id issuer_id_of(const struct issuer_id *id, struct bytes serial)
{
    return (struct ocsp_id){ .hash = id->hash, .name_hash = bytes_of(id->name, id->size),
                             .key_hash = bytes_of(id->key, id->size), .serial = serial };
}
