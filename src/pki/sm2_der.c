#include "pki/sm2_der.h"

#include <assert.h>

#include "pki/oid.h"

enum { UNCOMPRESSED = 0x04, NUMBER_SIZE = 32 };

/* An INTEGER of at most 32 bytes, with zeroes put in front. */
static struct result read_number(struct reader *r, uint8_t ret_number[NUMBER_SIZE])
{
    struct bytes magnitude;
    TRY(der_read_unsigned(r, &magnitude));
    ENSURE(magnitude.len <= NUMBER_SIZE, ERROR_DER);
    memset(ret_number, 0, NUMBER_SIZE);
    memcpy(ret_number + NUMBER_SIZE - magnitude.len, magnitude.ptr, magnitude.len);
    return OK;
}

void sm2_signature_write(struct writer *w, const uint8_t signature[SM2_SIGNATURE_SIZE])
{
    size_t at = der_begin(w, DER_SEQUENCE);
    der_write_unsigned(w, bytes_of(signature, NUMBER_SIZE));
    der_write_unsigned(w, bytes_of(signature + NUMBER_SIZE, NUMBER_SIZE));
    der_finish(w, at);
}

struct result sm2_signature_read(struct bytes der, uint8_t ret_signature[SM2_SIGNATURE_SIZE])
{
    struct reader r = reader_of(der), in;
    uint8_t both[SM2_SIGNATURE_SIZE];
    TRY(der_open(&r, DER_SEQUENCE, &in));
    TRY(der_end(&r));
    TRY(read_number(&in, both));
    TRY(read_number(&in, both + NUMBER_SIZE));
    TRY(der_end(&in));
    memcpy(ret_signature, both, sizeof both);
    return OK;
}

void sm2_cipher_write(struct writer *w, struct bytes in)
{
    assert(in.len >= SM2_CIPHERTEXT_EXTRA);
    size_t at = der_begin(w, DER_SEQUENCE);
    der_write_unsigned(w, bytes_of(in.ptr, NUMBER_SIZE));
    der_write_unsigned(w, bytes_of(in.ptr + NUMBER_SIZE, NUMBER_SIZE));
    der_write(w, DER_OCTET_STRING, bytes_of(in.ptr + SM2_POINT_SIZE, SM3_SIZE));
    der_write(w, DER_OCTET_STRING, bytes_of(in.ptr + SM2_CIPHERTEXT_EXTRA, in.len - SM2_CIPHERTEXT_EXTRA));
    der_finish(w, at);
}

struct result sm2_cipher_read(struct reader *r, struct writer *w)
{
    struct reader in;
    uint8_t point[SM2_POINT_SIZE];
    struct bytes hash, text;
    TRY(der_open(r, DER_SEQUENCE, &in));
    TRY(read_number(&in, point));
    TRY(read_number(&in, point + NUMBER_SIZE));
    TRY(der_read(&in, DER_OCTET_STRING, &hash));
    TRY(der_read(&in, DER_OCTET_STRING, &text));
    TRY(der_end(&in));
    ENSURE(hash.len == SM3_SIZE, ERROR_DER);
    write_bytes(w, BYTES(point));
    write_bytes(w, hash);
    write_bytes(w, text);
    return OK;
}

void sm2_spki_write(struct writer *w, const uint8_t point[SM2_POINT_SIZE])
{
    size_t at = der_begin(w, DER_SEQUENCE), algorithm = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid_bytes(OID_EC_PUBLIC_KEY));
    der_write(w, DER_OID, oid_bytes(OID_SM2));
    der_finish(w, algorithm);
    uint8_t whole[1 + SM2_POINT_SIZE] = { UNCOMPRESSED };
    memcpy(whole + 1, point, SM2_POINT_SIZE);
    der_write_bits(w, BYTES(whole));
    der_finish(w, at);
}

struct result sm2_spki_read(struct reader *r, struct sm2_public *ret_key)
{
    struct reader in, algorithm;
    struct bytes type, curve, point;
    TRY(der_open(r, DER_SEQUENCE, &in));
    TRY(der_open(&in, DER_SEQUENCE, &algorithm));
    TRY(der_read_oid(&algorithm, &type));
    ENSURE(oid_is(type, OID_EC_PUBLIC_KEY), ERROR_KEY_INVALID);
    ENSURE(der_next(&algorithm, DER_OID), ERROR_KEY_INVALID); /* explicit parameters are not read */
    TRY(der_read_oid(&algorithm, &curve));
    ENSURE(oid_is(curve, OID_SM2), ERROR_KEY_INVALID);
    TRY(der_end(&algorithm));
    TRY(der_read_bits(&in, &point));
    TRY(der_end(&in));
    ENSURE(point.len == 1 + SM2_POINT_SIZE && point.ptr[0] == UNCOMPRESSED, ERROR_KEY_INVALID);
    return sm2_public_init(ret_key, point.ptr + 1);
}

void sm2_algorithm_write(struct writer *w)
{
    size_t at = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid_bytes(OID_SM2_WITH_SM3));
    der_finish(w, at);
}

struct result sm2_algorithm_read(struct reader *r, struct bytes *ret_whole)
{
    struct bytes whole, algorithm;
    struct reader outer, in;
    TRY(der_read_whole(r, DER_SEQUENCE, &whole));
    outer = reader_of(whole);
    TRY(der_open(&outer, DER_SEQUENCE, &in));
    TRY(der_read_oid(&in, &algorithm));
    ENSURE(oid_is(algorithm, OID_SM2_WITH_SM3), ERROR_ALGORITHM);
    if (der_next(&in, DER_NULL)) {
        struct bytes none;
        TRY(der_read(&in, DER_NULL, &none));
        ENSURE(none.len == 0, ERROR_DER);
    }
    ENSURE(in.left == 0, ERROR_ALGORITHM);
    *ret_whole = whole;
    return OK;
}

void sm2_key_id(const struct sm2_public *key, uint8_t ret_id[KEY_ID_SIZE])
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

void sm2_signed_write(struct writer *w, struct bytes tbs, const uint8_t signature[SM2_SIGNATURE_SIZE])
{
    uint8_t room[SM2_SIGNATURE_DER_MAX];
    struct writer inner = writer_of(room, sizeof room);
    sm2_signature_write(&inner, signature);
    assert(!inner.full);

    size_t at = der_begin(w, DER_SEQUENCE);
    write_bytes(w, tbs);
    sm2_algorithm_write(w);
    der_write_bits(w, bytes_of(room, inner.len));
    der_finish(w, at);
}

struct result sm2_signed_read(struct bytes whole, struct sm2_signed *ret_signed)
{
    struct reader r = reader_of(whole), in;
    struct sm2_signed found;
    struct bytes bits;
    TRY(der_open(&r, DER_SEQUENCE, &in));
    TRY(der_end(&r));
    TRY(der_read_whole(&in, DER_SEQUENCE, &found.tbs));
    TRY(sm2_algorithm_read(&in, &found.algorithm));
    TRY(der_read_bits(&in, &bits));
    TRY(der_end(&in));
    TRY(sm2_signature_read(bits, found.signature));
    *ret_signed = found;
    return OK;
}
