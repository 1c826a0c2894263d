#include "pki/issue.h"

#include "base/secret.h"
#include "pki/lint.h"

enum { URL_SIZE_MAX = 255, CREDIT_CODE_LEN = 18 };

/* ---- fields ---- */

static bool good_url(const char *url)
{
    struct bytes b = bytes_text(url);
    if (b.len > URL_SIZE_MAX || strncmp(url, "http", 4) != 0) return false;
    for (size_t i = 0; i < b.len; i++)
        if (b.ptr[i] <= ' ' || b.ptr[i] >= 0x7F) return false;
    const char *rest = url + 4 + (url[4] == 's');
    return strncmp(rest, "://", 3) == 0 && rest[3] != '\0' && rest[3] != '/';
}

/* GB 32100: 18 digits and capital letters without I, O, S, V, Z; the check character is the directory's
 * affair. */
static bool good_credit_code(const char *code)
{
    return strspn(code, "0123456789ABCDEFGHJKLMNPQRTUWXY") == CREDIT_CODE_LEN &&
           strlen(code) == CREDIT_CODE_LEN;
}

static struct result check_fields(const struct issuance *issuance, struct diag *diag)
{
    const struct profile *p = issuance->profile;
    const struct certificate_fields *f = issuance->fields;
    unsigned parts = profile_parts(f);
    if (p->needs & ~parts)
        return diag_log(diag, ERROR_PROFILE_FIELD, "profile %s: parts missing: %#x", p->name,
                        p->needs & ~parts);
    if (parts & ~(p->needs | p->may))
        return diag_log(diag, ERROR_PROFILE_FIELD, "profile %s: parts it does not have: %#x", p->name,
                        parts & ~(p->needs | p->may));
    if (!(p->keys >> f->key.algorithm & 1))
        return diag_log(diag, ERROR_PROFILE_FIELD, "profile %s: a key of %s", p->name,
                        public_key_name(f->key.algorithm));
    if (p->self_signed != (issuance->issuer == NULL))
        return diag_log(diag, ERROR_PROFILE_FIELD, "profile %s: issuer given or missing", p->name);
    const char *const urls[] = { f->crl_url, f->ocsp_url, f->ca_url };
    for (size_t i = 0; i < COUNT(urls); i++)
        if (urls[i] && !good_url(urls[i]))
            return diag_log(diag, ERROR_PROFILE_FIELD, "not a URL: %s", urls[i]);
    if (f->credit_code && !good_credit_code(f->credit_code))
        return diag_log(diag, ERROR_PROFILE_FIELD, "credit code: %s", f->credit_code);
    return OK;
}

/* The key by which the certificate is verified. */
static const struct public_key *signer_of(const struct issuance *issuance)
{
    return issuance->issuer ? &issuance->issuer->key : &issuance->fields->key;
}

/* The key that signs belongs to the certificate that is named as issuer. */
static struct result check_key(const struct issuance *issuance)
{
    ENSURE(public_key_equal(signer_of(issuance), &issuance->issuer_key.public), ERROR_KEY_INVALID);
    return OK;
}

/* ---- extensions ---- */

static void write_key_ids(struct writer *w, const struct issuance *issuance)
{
    uint8_t own[KEY_ID_SIZE];
    public_key_id(&issuance->fields->key, own);
    struct bytes above = issuance->issuer ? issuance->issuer->subject_key_id : BYTES(own);

    extension_write_authority(w, above);
    struct extension_at at = extension_begin(w, oid_bytes(OID_SUBJECT_KEY_IDENTIFIER), false);
    der_write(w, DER_OCTET_STRING, BYTES(own));
    extension_finish(w, at);
}

/* Leaves have none: GmSSL refuses an empty one (it would say nothing either). */
static void write_basic_constraints(struct writer *w, const struct profile *profile)
{
    if (!profile->ca) return;
    struct extension_at at = extension_begin(w, oid_bytes(OID_BASIC_CONSTRAINTS), true);
    size_t sequence = der_begin(w, DER_SEQUENCE);
    der_write_boolean(w, true);
    if (profile->path_length >= 0) der_write_small(w, (uint32_t)profile->path_length);
    der_finish(w, sequence);
    extension_finish(w, at);
}

static void write_usages(struct writer *w, const struct profile *profile)
{
    static const struct {
        unsigned usage;
        enum oid oid;
    } extended[] = {
        { EXTENDED_CLIENT_AUTH, OID_USAGE_CLIENT_AUTH },
        { EXTENDED_EMAIL_PROTECTION, OID_USAGE_EMAIL_PROTECTION },
        { EXTENDED_OCSP_SIGNING, OID_USAGE_OCSP_SIGNING },
        { EXTENDED_OPERATOR, OID_USAGE_OPERATOR },
        { EXTENDED_CARD, OID_USAGE_CARD },
    };
    struct extension_at at = extension_begin(w, oid_bytes(OID_KEY_USAGE), true);
    der_write_named_bits(w, (uint16_t)profile->key_usage);
    extension_finish(w, at);

    if (profile->extended_usage == 0) return;
    at = extension_begin(w, oid_bytes(OID_EXTENDED_KEY_USAGE), false);
    size_t sequence = der_begin(w, DER_SEQUENCE);
    for (size_t i = 0; i < COUNT(extended); i++)
        if (profile->extended_usage & extended[i].usage) der_write(w, DER_OID, oid_bytes(extended[i].oid));
    der_finish(w, sequence);
    extension_finish(w, at);
}

/* The contents octets of a dotted identifier; the field's fault when it is none. */
static struct result encode_oid(const char *dotted, struct diag *diag, struct writer *w,
                                struct bytes *ret_oid)
{
    if (failed(oid_from_text(dotted, w)) || failed(writer_end(w, ret_oid)))
        return diag_log(diag, ERROR_PROFILE_FIELD, "not an object identifier: %s", dotted);
    return OK;
}

static struct result write_policy(struct writer *w, const char *policy, struct diag *diag)
{
    if (!policy) return OK;
    uint8_t room[OID_SIZE_MAX];
    struct writer encoded = writer_of(room, sizeof room);
    struct bytes oid;
    TRY(encode_oid(policy, diag, &encoded, &oid));
    struct extension_at at = extension_begin(w, oid_bytes(OID_CERTIFICATE_POLICIES), false);
    size_t all = der_begin(w, DER_SEQUENCE), one = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid);
    der_finish(w, one);
    der_finish(w, all);
    extension_finish(w, at);
    return OK;
}

static void write_access(struct writer *w, enum oid method, const char *url)
{
    if (!url) return;
    size_t at = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid_bytes(method));
    der_write(w, DER_CONTEXT + 6, bytes_text(url));
    der_finish(w, at);
}

static void write_urls(struct writer *w, const struct certificate_fields *f)
{
    if (f->crl_url) {
        struct extension_at at = extension_begin(w, oid_bytes(OID_CRL_DISTRIBUTION_POINTS), false);
        size_t points = der_begin(w, DER_SEQUENCE), point = der_begin(w, DER_SEQUENCE);
        size_t name = der_begin(w, DER_CONSTRUCTED + 0), full = der_begin(w, DER_CONSTRUCTED + 0);
        der_write(w, DER_CONTEXT + 6, bytes_text(f->crl_url));
        der_finish(w, full);
        der_finish(w, name);
        der_finish(w, point);
        der_finish(w, points);
        extension_finish(w, at);
    }
    if (f->ocsp_url || f->ca_url) {
        struct extension_at at = extension_begin(w, oid_bytes(OID_AUTHORITY_INFO_ACCESS), false);
        size_t all = der_begin(w, DER_SEQUENCE);
        write_access(w, OID_ACCESS_OCSP, f->ocsp_url);
        write_access(w, OID_ACCESS_CA_ISSUERS, f->ca_url);
        der_finish(w, all);
        extension_finish(w, at);
    }
}

static struct result write_credit_code(struct writer *w, const struct certificate_fields *f,
                                       struct diag *diag)
{
    if (!f->credit_code) return OK;
    uint8_t room[OID_SIZE_MAX];
    struct writer encoded = writer_of(room, sizeof room);
    struct bytes oid = oid_bytes(OID_CREDIT_CODE);
    if (f->credit_oid) TRY(encode_oid(f->credit_oid, diag, &encoded, &oid));
    struct extension_at at = extension_begin(w, oid, false);
    der_write(w, f->credit_utf8 ? DER_UTF8_STRING : DER_PRINTABLE_STRING, bytes_text(f->credit_code));
    extension_finish(w, at);
    return OK;
}

static struct result write_extensions(struct writer *w, const struct issuance *issuance, struct diag *diag)
{
    size_t wrapped = der_begin(w, DER_CONSTRUCTED + 3), all = der_begin(w, DER_SEQUENCE);
    write_key_ids(w, issuance);
    write_basic_constraints(w, issuance->profile);
    write_usages(w, issuance->profile);
    TRY(write_policy(w, issuance->fields->policy, diag));
    write_urls(w, issuance->fields);
    TRY(write_credit_code(w, issuance->fields, diag));
    if (issuance->profile->no_check) {
        struct extension_at at = extension_begin(w, oid_bytes(OID_OCSP_NO_CHECK), false);
        der_write_null(w);
        extension_finish(w, at);
    }
    der_finish(w, all);
    der_finish(w, wrapped);
    return OK;
}

/* ---- the certificate ---- */

struct result tbs_build(const struct issuance *issuance, const uint8_t serial[ISSUE_SERIAL_SIZE],
                        struct diag *diag, struct writer *w)
{
    const struct certificate_fields *f = issuance->fields;
    TRY(check_fields(issuance, diag));
    size_t tbs = der_begin(w, DER_SEQUENCE), version = der_begin(w, DER_CONSTRUCTED + 0);
    der_write_small(w, 2);
    der_finish(w, version);
    der_write_unsigned(w, bytes_of(serial, ISSUE_SERIAL_SIZE));
    signed_algorithm_write(w, signer_of(issuance)->algorithm);
    if (issuance->issuer) write_bytes(w, issuance->issuer->subject.der);
    else TRY(name_write(&f->subject, w));
    size_t validity = der_begin(w, DER_SEQUENCE);
    der_write_time(w, f->not_before_s);
    der_write_time(w, f->not_after_s);
    der_finish(w, validity);
    TRY(name_write(&f->subject, w));
    public_key_write(w, &f->key);
    TRY(write_extensions(w, issuance, diag));
    der_finish(w, tbs);
    return OK;
}

/* 16 bytes of which 127 bits are random and the first byte is not zero: always positive, always 16 octets. */
static struct result draw_serial(struct drbg *drbg, uint8_t ret_serial[ISSUE_SERIAL_SIZE])
{
    do {
        TRY(drbg_fill(drbg, ret_serial, ISSUE_SERIAL_SIZE));
        ret_serial[0] &= 0x7F;
    } while (ret_serial[0] == 0);
    return OK;
}

struct result certificate_issue(const struct issuance *issuance, struct drbg *drbg, struct arena *arena,
                                struct diag *diag, struct bytes *ret_der)
{
    uint8_t serial[ISSUE_SERIAL_SIZE], signature[KEY_SIGNATURE_SIZE];
    struct bytes tbs, der;
    struct writer w = writer_of(arena_take(arena, ISSUE_SIZE_MAX), ISSUE_SIZE_MAX);
    struct writer whole = writer_of(arena_take(arena, ISSUE_SIZE_MAX), ISSUE_SIZE_MAX);
    ENSURE(w.ptr && whole.ptr, ERROR_OUT_OF_ROOM);
    TRY(check_key(issuance));
    TRY(draw_serial(drbg, serial));
    TRY(tbs_build(issuance, serial, diag, &w));
    ENSURE(!failed(writer_end(&w, &tbs)), ERROR_PROFILE_FIELD);
    TRY(lint_check(issuance, tbs, arena, diag));
    TRY(signing_key_sign(&issuance->issuer_key, tbs, drbg, signature));
    signed_write(&whole, tbs, issuance->issuer_key.public.algorithm, signature);
    TRY(writer_end(&whole, &der));
    *ret_der = der;
    return OK;
}
