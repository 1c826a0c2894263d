#include "pki/request.h"

#include "pki/der.h"

enum { VERSION_1 = 0 };

#define TRY_AS(expr, error) ENSURE(!failed(expr), error)

/* Attributes ::= [0] IMPLICIT SET OF Attribute { type, values SET }: well-formed, else not looked at. */
static struct result read_attributes(struct reader *r)
{
    struct reader all, one;
    struct bytes type, values;
    TRY(der_open(r, DER_CONSTRUCTED + 0, &all));
    while (all.left > 0) {
        TRY(der_open(&all, DER_SEQUENCE, &one));
        TRY(der_read_oid(&one, &type));
        TRY(der_read(&one, DER_SET, &values));
        ENSURE(values.len > 0, ERROR_DER);
        TRY(der_end(&one));
    }
    return OK;
}

/* CertificationRequestInfo ::= SEQUENCE { version, subject, subjectPKInfo, attributes [0] } */
static struct result read_info(struct bytes tbs, struct request *request)
{
    struct reader r = reader_of(tbs), in;
    uint32_t version;
    request->tbs = tbs;
    TRY_AS(der_open(&r, DER_SEQUENCE, &in), ERROR_REQUEST_PKCS10);
    TRY_AS(der_read_small(&in, UINT32_MAX, &version), ERROR_REQUEST_PKCS10);
    ENSURE(version == VERSION_1, ERROR_REQUEST_PKCS10);
    TRY(name_read(&in, &request->subject));
    struct result key = public_key_read(&in, &request->key);
    ENSURE(key.code != ERROR_DER, ERROR_REQUEST_PKCS10);
    TRY(key);
    TRY_AS(read_attributes(&in), ERROR_REQUEST_PKCS10);
    TRY_AS(der_end(&in), ERROR_REQUEST_PKCS10);
    return OK;
}

struct result request_parse(struct bytes der, struct request *ret_request)
{
    struct request request = { .der = der };
    struct signed_parts parts;
    ENSURE(der.len <= REQUEST_SIZE_MAX, ERROR_TOO_LARGE);
    TRY(der_check(der));
    struct result read = signed_read(der, &parts);
    ENSURE(read.code != ERROR_DER, ERROR_REQUEST_PKCS10);
    TRY(read);
    TRY(read_info(parts.tbs, &request));
    memcpy(request.signature, parts.signature, sizeof request.signature);
    TRY_AS(signed_check(&request.key, request.tbs, parts.signed_by, request.signature), ERROR_REQUEST_POSSESSION);
    *ret_request = request;
    return OK;
}

struct result request_make(const struct name_fields *subject, const struct signing_key *key, struct drbg *drbg,
                           struct arena *arena, struct bytes *ret_der)
{
    uint8_t signature[KEY_SIGNATURE_SIZE];
    struct bytes tbs, der;
    struct writer w = writer_of(arena_take(arena, REQUEST_SIZE_MAX), REQUEST_SIZE_MAX);
    struct writer whole = writer_of(arena_take(arena, REQUEST_SIZE_MAX), REQUEST_SIZE_MAX);
    ENSURE(w.ptr && whole.ptr, ERROR_OUT_OF_ROOM);
    size_t info = der_begin(&w, DER_SEQUENCE);
    der_write_small(&w, VERSION_1);
    TRY(name_write(subject, &w));
    public_key_write(&w, &key->public);
    der_write(&w, DER_CONSTRUCTED + 0, (struct bytes){ 0 });
    der_finish(&w, info);
    TRY(writer_end(&w, &tbs));
    TRY(signing_key_sign(key, tbs, drbg, signature));
    signed_write(&whole, tbs, key->public.algorithm, signature);
    TRY(writer_end(&whole, &der));
    *ret_der = der;
    return OK;
}
