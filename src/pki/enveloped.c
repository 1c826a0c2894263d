#include "pki/enveloped.h"

#include "base/secret.h"
#include "crypto/sm4.h"
#include "pki/oid.h"
#include "pki/sm2_der.h"

enum {
    VERSION = 1,
    SGD_SM4_ECB = 0x00000401,
    BITS = 256,
    NUMBER = 32, /* of 256 bits */
    FIELD = 64,  /* in which numbers are right-aligned */
    SESSION = SM4_KEY_SIZE,
    CIPHER = SM2_CIPHERTEXT_EXTRA + SESSION,
};

/* The blob's fields, each in its wire form of src/crypto. */
struct envelope {
    uint8_t encrypted[FIELD]; /* SM4-ECB of the private key, in the last 32 bytes or in the first */
    uint8_t point[SM2_POINT_SIZE];
    uint8_t cipher[CIPHER]; /* C1 ‖ C3 ‖ C2 of the session key */
};

/* ---- the blob ---- */

static void write_ulong(struct writer *w, uint32_t v)
{
    const uint8_t b[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };
    write_bytes(w, BYTES(b));
}

static uint32_t read_ulong(struct reader *r)
{
    uint32_t v = read_u32(r);
    return v >> 24 | (v >> 8 & 0xFF00) | (v << 8 & 0xFF0000) | v << 24;
}

static void write_number(struct writer *w, const uint8_t number[NUMBER])
{
    static const uint8_t zeros[FIELD - NUMBER];
    write_bytes(w, BYTES(zeros));
    write_bytes(w, bytes_of(number, NUMBER));
}

static struct result read_number(struct reader *r, uint8_t ret_number[NUMBER])
{
    static const uint8_t zeros[FIELD - NUMBER];
    ENSURE(bytes_equal(read_bytes(r, sizeof zeros), BYTES(zeros)), ERROR_ENVELOPE);
    read_copy(r, ret_number, NUMBER);
    return OK;
}

static void write_envelope(const struct envelope *e, uint8_t ret_blob[ENVELOPED_KEY_SIZE])
{
    struct writer w = writer_of(ret_blob, ENVELOPED_KEY_SIZE);
    write_ulong(&w, VERSION);
    write_ulong(&w, SGD_SM4_ECB);
    write_ulong(&w, BITS);
    write_bytes(&w, BYTES(e->encrypted));
    write_ulong(&w, BITS);
    write_number(&w, e->point);
    write_number(&w, e->point + NUMBER);
    write_number(&w, e->cipher);
    write_number(&w, e->cipher + NUMBER);
    write_bytes(&w, bytes_of(e->cipher + SM2_POINT_SIZE, SM3_SIZE));
    write_ulong(&w, SESSION);
    write_bytes(&w, bytes_of(e->cipher + SM2_CIPHERTEXT_EXTRA, SESSION));
}

static struct result read_envelope(struct bytes blob, struct envelope *ret_envelope)
{
    struct reader r = reader_of(blob);
    struct envelope e;
    ENSURE(read_ulong(&r) == VERSION, ERROR_ENVELOPE);
    ENSURE(read_ulong(&r) == SGD_SM4_ECB, ERROR_ENVELOPE);
    ENSURE(read_ulong(&r) == BITS, ERROR_ENVELOPE);
    read_copy(&r, e.encrypted, sizeof e.encrypted);
    ENSURE(read_ulong(&r) == BITS, ERROR_ENVELOPE);
    TRY(read_number(&r, e.point));
    TRY(read_number(&r, e.point + NUMBER));
    TRY(read_number(&r, e.cipher));
    TRY(read_number(&r, e.cipher + NUMBER));
    read_copy(&r, e.cipher + SM2_POINT_SIZE, SM3_SIZE);
    ENSURE(read_ulong(&r) == SESSION, ERROR_ENVELOPE);
    read_copy(&r, e.cipher + SM2_CIPHERTEXT_EXTRA, SESSION);
    ENSURE(!failed(reader_end(&r)), ERROR_ENVELOPE);
    *ret_envelope = e;
    return OK;
}

/* ---- sealing and opening ---- */

struct result enveloped_key_seal(const struct sm2_private *encryption, const struct sm2_public *container,
                                 struct drbg *drbg, uint8_t ret_blob[ENVELOPED_KEY_SIZE])
{
    struct envelope e;
    uint8_t session[SESSION], padded[FIELD] = { 0 };
    TRY(drbg_fill(drbg, session, sizeof session));
    struct result sealed = sm2_encrypt(container, BYTES(session), drbg, e.cipher);
    if (!failed(sealed)) {
        struct sm4 sm4;
        /* 32 zero bytes and d, whole: who decrypts all 64 and who takes the last 32 both find d. */
        sm2_private_bytes(encryption, padded + NUMBER);
        sm4_init(&sm4, session);
        sm4_ecb_encrypt(&sm4, padded, sizeof padded, e.encrypted);
        sm4_wipe(&sm4);
        memcpy(e.point, encryption->public.point, sizeof e.point);
        write_envelope(&e, ret_blob);
    }
    secret_wipe(session, sizeof session);
    secret_wipe(padded, sizeof padded);
    return sealed;
}

/* Makes D the key if it belongs to POINT. */
static bool matches(const uint8_t d[NUMBER], const uint8_t point[SM2_POINT_SIZE], struct sm2_private *ret_key)
{
    struct sm2_private key;
    if (failed(sm2_private_init(&key, d))) return false;
    bool same = bytes_equal(BYTES(key.public.point), bytes_of(point, SM2_POINT_SIZE));
    if (same) *ret_key = key;
    sm2_private_done(&key);
    return same;
}

struct result enveloped_key_open(const struct sm2_private *container, struct bytes blob,
                                 struct sm2_private *ret_key)
{
    struct envelope e;
    uint8_t session[SESSION], plain[FIELD];
    TRY(read_envelope(blob, &e));
    ENSURE(!failed(sm2_decrypt(container, BYTES(e.cipher), session)), ERROR_ENVELOPE_MISMATCH);
    struct sm4 sm4;
    sm4_init(&sm4, session);
    sm4_ecb_decrypt(&sm4, e.encrypted, sizeof e.encrypted, plain);
    bool found = matches(plain + NUMBER, e.point, ret_key) || matches(plain, e.point, ret_key);
    sm4_wipe(&sm4);
    secret_wipe(session, sizeof session);
    secret_wipe(plain, sizeof plain);
    ENSURE(found, ERROR_ENVELOPE_MISMATCH);
    return OK;
}

struct result enveloped_key_public(struct bytes blob, struct sm2_public *ret_key)
{
    struct envelope e;
    TRY(read_envelope(blob, &e));
    ENSURE(!failed(sm2_public_init(ret_key, e.point)), ERROR_ENVELOPE);
    return OK;
}

/* ---- SM2EnvelopedKey ::= SEQUENCE { symAlgID, symEncryptedKey SM2Cipher, sm2PublicKey BIT STRING,
 *                                     sm2EncryptedPrivateKey BIT STRING } (GM/T 0009 §7.4) ---- */

struct result enveloped_key_to_der(struct bytes blob, struct writer *w)
{
    struct envelope e;
    uint8_t point[1 + SM2_POINT_SIZE] = { 0x04 };
    TRY(read_envelope(blob, &e));
    memcpy(point + 1, e.point, sizeof e.point);
    size_t whole = der_begin(w, DER_SEQUENCE), algorithm = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid_bytes(OID_SM4_ECB));
    der_write_null(w);
    der_finish(w, algorithm);
    sm2_cipher_write(w, BYTES(e.cipher));
    der_write_bits(w, BYTES(point));
    der_write_bits(w, bytes_of(e.encrypted + NUMBER, NUMBER)); /* in ECB each block stands for itself */
    der_finish(w, whole);
    return OK;
}

/* SM4-ECB, or SM4 alone as some write it; parameters absent or NULL. */
static struct result read_cipher_algorithm(struct reader *r)
{
    struct reader in;
    struct bytes oid, none = { 0 };
    TRY(der_open(r, DER_SEQUENCE, &in));
    TRY(der_read_oid(&in, &oid));
    if (in.left > 0) TRY(der_read(&in, DER_NULL, &none));
    TRY(der_end(&in));
    ENSURE(none.len == 0 && (oid_is(oid, OID_SM4_ECB) || oid_is(oid, OID_SM4)), ERROR_ENVELOPE);
    return OK;
}

static struct result read_der(struct bytes der, struct envelope *e)
{
    struct reader r = reader_of(der), in;
    struct writer cipher = writer_of(e->cipher, sizeof e->cipher);
    struct bytes point, encrypted;
    TRY(der_open(&r, DER_SEQUENCE, &in));
    TRY(der_end(&r));
    TRY(read_cipher_algorithm(&in));
    TRY(sm2_cipher_read(&in, &cipher));
    ENSURE(!cipher.full && cipher.len == CIPHER, ERROR_ENVELOPE);
    TRY(der_read_bits(&in, &point));
    TRY(der_read_bits(&in, &encrypted));
    TRY(der_end(&in));
    ENSURE(point.len == 1 + SM2_POINT_SIZE && point.ptr[0] == 0x04, ERROR_ENVELOPE);
    ENSURE(encrypted.len == NUMBER || encrypted.len == FIELD, ERROR_ENVELOPE);
    memcpy(e->point, point.ptr + 1, SM2_POINT_SIZE);
    memcpy(e->encrypted + FIELD - encrypted.len, encrypted.ptr, encrypted.len);
    return OK;
}

struct result enveloped_key_from_der(struct bytes der, uint8_t ret_blob[ENVELOPED_KEY_SIZE])
{
    struct envelope e = { 0 };
    ENSURE(!failed(read_der(der, &e)), ERROR_ENVELOPE);
    write_envelope(&e, ret_blob);
    return OK;
}
