#include "pki/sm2_der.h"

#include <assert.h>

enum { NUMBER_SIZE = 32 };

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
