#include "pki/signed.h"

#include <assert.h>

#include "pki/oid.h"

static const enum oid signatures[] = { [KEY_SM2] = OID_SM2_WITH_SM3, [KEY_P256] = OID_ECDSA_WITH_SHA256 };

void signed_algorithm_write(struct writer *w, enum key_algorithm algorithm)
{
    size_t at = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid_bytes(signatures[algorithm]));
    der_finish(w, at);
}

struct result signed_algorithm_read(struct reader *r, enum key_algorithm *ret_algorithm, struct bytes *ret_whole)
{
    struct bytes whole, algorithm;
    struct reader outer, in;
    TRY(der_read_whole(r, DER_SEQUENCE, &whole));
    outer = reader_of(whole);
    TRY(der_open(&outer, DER_SEQUENCE, &in));
    TRY(der_read_oid(&in, &algorithm));
    bool sm2 = oid_is(algorithm, OID_SM2_WITH_SM3);
    ENSURE(sm2 || oid_is(algorithm, OID_ECDSA_WITH_SHA256), ERROR_ALGORITHM);
    if (sm2 && der_next(&in, DER_NULL)) {
        struct bytes none;
        TRY(der_read(&in, DER_NULL, &none));
        ENSURE(none.len == 0, ERROR_DER);
    }
    ENSURE(in.left == 0, ERROR_ALGORITHM);
    *ret_algorithm = sm2 ? KEY_SM2 : KEY_P256;
    *ret_whole = whole;
    return OK;
}

void signed_write_end(struct writer *w, enum key_algorithm algorithm, const uint8_t signature[KEY_SIGNATURE_SIZE])
{
    uint8_t room[SM2_SIGNATURE_DER_MAX];
    struct writer inner = writer_of(room, sizeof room);
    sm2_signature_write(&inner, signature);
    assert(!inner.full);
    signed_algorithm_write(w, algorithm);
    der_write_bits(w, bytes_of(room, inner.len));
}

void signed_write(struct writer *w, struct bytes tbs, enum key_algorithm algorithm,
                  const uint8_t signature[KEY_SIGNATURE_SIZE])
{
    size_t at = der_begin(w, DER_SEQUENCE);
    write_bytes(w, tbs);
    signed_write_end(w, algorithm, signature);
    der_finish(w, at);
}

struct result signed_read_parts(struct reader *in, struct signed_parts *ret_parts)
{
    struct signed_parts found;
    struct bytes bits;
    TRY(der_read_whole(in, DER_SEQUENCE, &found.tbs));
    TRY(signed_algorithm_read(in, &found.signed_by, &found.algorithm));
    TRY(der_read_bits(in, &bits));
    TRY(sm2_signature_read(bits, found.signature));
    *ret_parts = found;
    return OK;
}

struct result signed_read(struct bytes whole, struct signed_parts *ret_parts)
{
    struct reader r = reader_of(whole), in;
    struct signed_parts found;
    TRY(der_open(&r, DER_SEQUENCE, &in));
    TRY(der_end(&r));
    TRY(signed_read_parts(&in, &found));
    TRY(der_end(&in));
    *ret_parts = found;
    return OK;
}

struct result signed_check(const struct public_key *key, struct bytes tbs, enum key_algorithm signed_by,
                           const uint8_t signature[KEY_SIGNATURE_SIZE])
{
    ENSURE(key->algorithm == signed_by, ERROR_SIGNATURE_INVALID);
    return public_key_verify(key, tbs, signature);
}
