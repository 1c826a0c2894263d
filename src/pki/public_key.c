#include "pki/public_key.h"

#include "pki/oid.h"

enum { UNCOMPRESSED = 0x04 };

static const struct {
    enum oid curve;
    const char *name;
} algorithms[] = { [KEY_SM2] = { OID_SM2, "SM2" }, [KEY_P256] = { OID_P256, "P-256" } };

struct public_key public_key_sm2(const struct sm2_public *key)
{
    struct public_key k = { .algorithm = KEY_SM2, .sm2 = *key };
    memcpy(k.point, key->point, sizeof k.point);
    return k;
}

struct result public_key_init(struct public_key *ret_key, enum key_algorithm algorithm,
                              const uint8_t point[KEY_POINT_SIZE])
{
    struct public_key k = { .algorithm = algorithm };
    if (algorithm == KEY_SM2) TRY(sm2_public_init(&k.sm2, point));
    else TRY(p256_check(point));
    memcpy(k.point, point, sizeof k.point);
    *ret_key = k;
    return OK;
}

const struct sm2_public *public_key_as_sm2(const struct public_key *key)
{
    return key->algorithm == KEY_SM2 ? &key->sm2 : NULL;
}

bool public_key_equal(const struct public_key *a, const struct public_key *b)
{
    return a->algorithm == b->algorithm && bytes_equal(BYTES(a->point), BYTES(b->point));
}

const char *public_key_name(enum key_algorithm algorithm)
{
    return algorithms[algorithm].name;
}

struct result public_key_verify(const struct public_key *key, struct bytes message,
                                const uint8_t signature[KEY_SIGNATURE_SIZE])
{
    return key->algorithm == KEY_SM2 ? sm2_verify(&key->sm2, message, signature)
                                     : p256_verify(key->point, message, signature);
}

/* ---- in ASN.1 ---- */

void public_key_write(struct writer *w, const struct public_key *key)
{
    size_t at = der_begin(w, DER_SEQUENCE), algorithm = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid_bytes(OID_EC_PUBLIC_KEY));
    der_write(w, DER_OID, oid_bytes(algorithms[key->algorithm].curve));
    der_finish(w, algorithm);
    uint8_t whole[1 + KEY_POINT_SIZE] = { UNCOMPRESSED };
    memcpy(whole + 1, key->point, KEY_POINT_SIZE);
    der_write_bits(w, BYTES(whole));
    der_finish(w, at);
}

struct result public_key_read(struct reader *r, struct public_key *ret_key)
{
    struct reader in, algorithm;
    struct bytes type, curve, point;
    TRY(der_open(r, DER_SEQUENCE, &in));
    TRY(der_open(&in, DER_SEQUENCE, &algorithm));
    TRY(der_read_oid(&algorithm, &type));
    ENSURE(oid_is(type, OID_EC_PUBLIC_KEY), ERROR_KEY_INVALID);
    ENSURE(der_next(&algorithm, DER_OID), ERROR_KEY_INVALID); /* explicit parameters are not read */
    TRY(der_read_oid(&algorithm, &curve));
    ENSURE(oid_is(curve, OID_SM2) || oid_is(curve, OID_P256), ERROR_KEY_INVALID);
    TRY(der_end(&algorithm));
    TRY(der_read_bits(&in, &point));
    TRY(der_end(&in));
    ENSURE(point.len == 1 + KEY_POINT_SIZE && point.ptr[0] == UNCOMPRESSED, ERROR_KEY_INVALID);
    return public_key_init(ret_key, oid_is(curve, OID_SM2) ? KEY_SM2 : KEY_P256, point.ptr + 1);
}

void public_key_id(const struct public_key *key, uint8_t ret_id[KEY_ID_SIZE])
{
    static const uint8_t form = UNCOMPRESSED;
    uint8_t hash[SM3_SIZE];
    struct sm3 sm3;
    sm3_init(&sm3);
    sm3_update(&sm3, bytes_of(&form, 1));
    sm3_update(&sm3, BYTES(key->point));
    sm3_final(&sm3, hash);
    memcpy(ret_id, hash, KEY_ID_SIZE);
}
