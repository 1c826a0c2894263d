#include "pki/certificate.h"

#include "base/clock.h"
#include "base/text.h"

/* Goes on when EXPR holds; else fails with ERROR, whatever EXPR failed with: within one field every fault of
 * encoding is that field's. */
#define TRY_AS(expr, error) ENSURE(!failed(expr), error)

/* ---- extensions: a parser for each that is understood ---- */

static struct result parse_key_usage(struct reader *r, struct certificate *c)
{
    uint16_t bits;
    TRY(der_read_named_bits(r, &bits));
    ENSURE(bits != 0, ERROR_CERTIFICATE_EXTENSION); /* RFC 5280 §4.2.1.3: at least one */
    c->key_usage = bits;
    return OK;
}

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static struct result parse_basic_constraints(struct reader *r, struct certificate *c)
{
    struct reader in;
    c->has_basic_constraints = true;
    TRY(der_open(r, DER_SEQUENCE, &in));
    if (der_next(&in, DER_BOOLEAN)) {
        TRY(der_read_boolean(&in, &c->ca));
        ENSURE(c->ca, ERROR_CERTIFICATE_EXTENSION); /* the default is not encoded */
    }
    if (der_next(&in, DER_INTEGER)) {
        uint32_t length;
        TRY(der_read_small(&in, 255, &length));
        ENSURE(c->ca, ERROR_CERTIFICATE_EXTENSION);
        c->path_length = (int)length;
    }
    return der_end(&in);
}

static struct result parse_extended_usage(struct reader *r, struct certificate *c)
{
    struct reader in;
    TRY(der_open(r, DER_SEQUENCE, &in));
    ENSURE(in.left > 0, ERROR_CERTIFICATE_EXTENSION);
    while (in.left > 0) {
        struct bytes oid;
        TRY(der_read_oid(&in, &oid));
        switch (oid_find(oid)) {
        case OID_USAGE_CLIENT_AUTH: c->extended_usage |= EXTENDED_CLIENT_AUTH; break;
        case OID_USAGE_EMAIL_PROTECTION: c->extended_usage |= EXTENDED_EMAIL_PROTECTION; break;
        case OID_USAGE_OCSP_SIGNING: c->extended_usage |= EXTENDED_OCSP_SIGNING; break;
        case OID_USAGE_OPERATOR: c->extended_usage |= EXTENDED_OPERATOR; break;
        case OID_USAGE_CARD: c->extended_usage |= EXTENDED_CARD; break;
        default: c->extended_usage |= EXTENDED_OTHER; break;
        }
    }
    return OK;
}

static struct result parse_subject_key_id(struct reader *r, struct certificate *c)
{
    TRY(der_read(r, DER_OCTET_STRING, &c->subject_key_id));
    ENSURE(c->subject_key_id.len > 0 && c->subject_key_id.len <= SM3_SIZE, ERROR_CERTIFICATE_EXTENSION);
    return OK;
}

/* AuthorityKeyIdentifier ::= SEQUENCE { [0] KeyIdentifier, [1] GeneralNames, [2] CertificateSerialNumber },
 * all OPTIONAL, the latter two together. */
static struct result parse_authority_key_id(struct reader *r, struct certificate *c)
{
    struct reader in;
    struct bytes skipped;
    TRY(der_open(r, DER_SEQUENCE, &in));
    if (der_next(&in, DER_CONTEXT + 0)) {
        TRY(der_read(&in, DER_CONTEXT + 0, &c->authority_key_id));
        ENSURE(c->authority_key_id.len > 0 && c->authority_key_id.len <= SM3_SIZE,
               ERROR_CERTIFICATE_EXTENSION);
    }
    if (der_next(&in, DER_CONSTRUCTED + 1)) {
        TRY(der_read(&in, DER_CONSTRUCTED + 1, &skipped));
        TRY(der_read(&in, DER_CONTEXT + 2, &skipped));
    }
    return der_end(&in);
}

/* A URI of GeneralName ::= CHOICE { … uniformResourceIdentifier [6] IA5String … }; others are passed over. */
static struct result parse_uri(struct reader *r, struct bytes *ret_uri)
{
    struct bytes content;
    if (!der_next(r, DER_CONTEXT + 6)) {
        ENSURE(r->left > 0, ERROR_DER);
        return der_read(r, r->ptr[0], &content);
    }
    TRY(der_read(r, DER_CONTEXT + 6, &content));
    ENSURE(content.len > 0, ERROR_CERTIFICATE_EXTENSION);
    for (size_t i = 0; i < content.len; i++)
        ENSURE(content.ptr[i] > ' ' && content.ptr[i] < 0x7F, ERROR_CERTIFICATE_EXTENSION);
    if (!ret_uri->ptr) *ret_uri = content;
    return OK;
}

/* DistributionPoint ::= SEQUENCE { distributionPoint [0] { fullName [0] GeneralNames }, … } */
static struct result parse_crl_points(struct reader *r, struct certificate *c)
{
    struct reader points, point, name, names;
    struct bytes skipped;
    TRY(der_open(r, DER_SEQUENCE, &points));
    ENSURE(points.left > 0, ERROR_CERTIFICATE_EXTENSION);
    while (points.left > 0) {
        TRY(der_open(&points, DER_SEQUENCE, &point));
        if (der_next(&point, DER_CONSTRUCTED + 0)) {
            TRY(der_open(&point, DER_CONSTRUCTED + 0, &name));
            if (der_next(&name, DER_CONSTRUCTED + 0)) {
                TRY(der_open(&name, DER_CONSTRUCTED + 0, &names));
                while (names.left > 0) TRY(parse_uri(&names, &c->crl_url));
            } else {
                TRY(der_read(&name, DER_CONSTRUCTED + 1, &skipped)); /* nameRelativeToCRLIssuer */
            }
            TRY(der_end(&name));
        }
        if (der_next(&point, DER_CONTEXT + 1)) TRY(der_read(&point, DER_CONTEXT + 1, &skipped));
        if (der_next(&point, DER_CONSTRUCTED + 2)) TRY(der_read(&point, DER_CONSTRUCTED + 2, &skipped));
        TRY(der_end(&point));
    }
    return OK;
}

static struct result parse_authority_access(struct reader *r, struct certificate *c)
{
    struct reader all, one;
    TRY(der_open(r, DER_SEQUENCE, &all));
    ENSURE(all.left > 0, ERROR_CERTIFICATE_EXTENSION);
    while (all.left > 0) {
        struct bytes method, other = { 0 };
        TRY(der_open(&all, DER_SEQUENCE, &one));
        TRY(der_read_oid(&one, &method));
        enum oid known = oid_find(method);
        TRY(parse_uri(&one, known == OID_ACCESS_OCSP         ? &c->ocsp_url
                            : known == OID_ACCESS_CA_ISSUERS ? &c->ca_url
                                                             : &other));
        TRY(der_end(&one));
    }
    return OK;
}

static struct result parse_policies(struct reader *r, struct certificate *c)
{
    struct reader all, one;
    TRY(der_open(r, DER_SEQUENCE, &all));
    ENSURE(all.left > 0, ERROR_CERTIFICATE_EXTENSION);
    while (all.left > 0) {
        struct bytes policy, qualifiers;
        TRY(der_open(&all, DER_SEQUENCE, &one));
        TRY(der_read_oid(&one, &policy));
        if (one.left > 0) TRY(der_read(&one, DER_SEQUENCE, &qualifiers));
        TRY(der_end(&one));
        if (!c->policy.ptr) c->policy = policy;
    }
    return OK;
}

static const struct known_extension {
    enum oid oid;
    struct result (*parse)(struct reader *r, struct certificate *c);
} known_extensions[] = {
    { OID_KEY_USAGE, parse_key_usage },
    { OID_BASIC_CONSTRAINTS, parse_basic_constraints },
    { OID_EXTENDED_KEY_USAGE, parse_extended_usage },
    { OID_SUBJECT_KEY_IDENTIFIER, parse_subject_key_id },
    { OID_AUTHORITY_KEY_IDENTIFIER, parse_authority_key_id },
    { OID_CRL_DISTRIBUTION_POINTS, parse_crl_points },
    { OID_AUTHORITY_INFO_ACCESS, parse_authority_access },
    { OID_CERTIFICATE_POLICIES, parse_policies },
};

static struct result parse_known(const struct extension *e, struct certificate *c)
{
    for (size_t i = 0; i < COUNT(known_extensions); i++) {
        if (!oid_is(e->oid, known_extensions[i].oid)) continue;
        struct reader in = reader_of(e->value);
        TRY_AS(der_check(e->value), ERROR_CERTIFICATE_EXTENSION);
        TRY_AS(known_extensions[i].parse(&in, c), ERROR_CERTIFICATE_EXTENSION);
        return OK;
    }
    ENSURE(!e->critical, ERROR_CERTIFICATE_CRITICAL);
    return OK;
}

/* What the extensions say must fit together (RFC 5280 §4.2.1.3, §4.2.1.9). */
static struct result check_extensions(const struct certificate *c)
{
    bool signs = (c->key_usage & KEY_USAGE_CERT_SIGN) != 0;
    ENSURE(c->ca || !signs, ERROR_CERTIFICATE_EXTENSION);
    if (c->ca) {
        ENSURE(c->key_usage == 0 || signs, ERROR_CERTIFICATE_EXTENSION);
        ENSURE(certificate_extension(c, oid_bytes(OID_BASIC_CONSTRAINTS))->critical,
               ERROR_CERTIFICATE_EXTENSION);
    }
    return OK;
}

static struct result parse_extensions(struct reader *r, struct certificate *c)
{
    struct reader wrapped, all;
    TRY(der_open(r, DER_CONSTRUCTED + 3, &wrapped));
    TRY(der_open(&wrapped, DER_SEQUENCE, &all));
    TRY(der_end(&wrapped));
    ENSURE(all.left > 0, ERROR_CERTIFICATE_EXTENSION);
    while (all.left > 0) {
        struct extension e;
        TRY_AS(extension_read(&all, &e), ERROR_CERTIFICATE_EXTENSION);
        ENSURE(!certificate_extension(c, e.oid), ERROR_CERTIFICATE_EXTENSION);
        ENSURE(c->extension_count < CERTIFICATE_EXTENSIONS_MAX, ERROR_CERTIFICATE_EXTENSION);
        c->extensions[c->extension_count++] = e;
        TRY(parse_known(&e, c));
    }
    return check_extensions(c);
}

/* ---- the to-be-signed part ---- */

/* version [0] EXPLICIT INTEGER { v3(2) } */
static struct result parse_version(struct reader *r)
{
    struct reader wrapped;
    uint32_t version;
    TRY(der_open(r, DER_CONSTRUCTED + 0, &wrapped));
    TRY(der_read_small(&wrapped, UINT32_MAX, &version));
    TRY(der_end(&wrapped));
    ENSURE(version == 2, ERROR_CERTIFICATE_VERSION);
    return OK;
}

static struct result parse_serial(struct reader *r, struct bytes *ret_serial)
{
    struct bytes serial;
    TRY(der_read_unsigned(r, &serial));
    /* 20 octets of contents, a leading 00 included */
    ENSURE(serial.len + (serial.ptr[0] >= 0x80) <= CERTIFICATE_SERIAL_MAX, ERROR_CERTIFICATE_SERIAL);
    ENSURE(serial.len > 1 || serial.ptr[0] != 0, ERROR_CERTIFICATE_SERIAL);
    *ret_serial = serial;
    return OK;
}

static struct result parse_validity(struct reader *r, struct certificate *c)
{
    struct reader in;
    TRY(der_open(r, DER_SEQUENCE, &in));
    TRY(der_read_time(&in, &c->not_before_s));
    TRY(der_read_time(&in, &c->not_after_s));
    TRY(der_end(&in));
    ENSURE(c->not_before_s <= c->not_after_s, ERROR_CERTIFICATE_VALIDITY);
    return OK;
}

static struct result parse_key(struct reader *r, struct public_key *ret_key)
{
    struct result read = public_key_read(r, ret_key);
    ENSURE(read.code != ERROR_DER, ERROR_CERTIFICATE_MALFORMED);
    return read;
}

/* TBS has passed der_check. */
static struct result parse_tbs(struct bytes tbs, struct certificate *c)
{
    struct reader r = reader_of(tbs), in;
    c->tbs = tbs;
    c->path_length = -1;
    TRY_AS(der_open(&r, DER_SEQUENCE, &in), ERROR_CERTIFICATE_MALFORMED);
    TRY_AS(parse_version(&in), ERROR_CERTIFICATE_VERSION);
    TRY_AS(parse_serial(&in, &c->serial), ERROR_CERTIFICATE_SERIAL);
    TRY_AS(signed_algorithm_read(&in, &c->signed_by, &c->algorithm), ERROR_ALGORITHM);
    TRY(name_read(&in, &c->issuer));
    TRY_AS(parse_validity(&in, c), ERROR_CERTIFICATE_VALIDITY);
    TRY(name_read(&in, &c->subject));
    TRY(parse_key(&in, &c->key));
    ENSURE(der_next(&in, DER_CONSTRUCTED + 3), ERROR_CERTIFICATE_MALFORMED); /* no unique identifiers */
    struct result extensions = parse_extensions(&in, c);
    ENSURE(extensions.code != ERROR_DER, ERROR_CERTIFICATE_EXTENSION);
    TRY(extensions);
    TRY_AS(der_end(&in), ERROR_CERTIFICATE_MALFORMED);
    return OK;
}

struct result certificate_parse(struct bytes der, struct arena *arena, struct certificate **ret_certificate)
{
    ENSURE(der.len <= CERTIFICATE_SIZE_MAX, ERROR_TOO_LARGE);
    TRY(der_check(der));
    struct signed_parts parts;
    struct result read = signed_read(der, &parts);
    ENSURE(read.code != ERROR_DER, ERROR_CERTIFICATE_MALFORMED);
    TRY(read);
    struct certificate *c = ARENA_NEW(arena, struct certificate);
    ENSURE(c, ERROR_OUT_OF_ROOM);
    TRY(parse_tbs(parts.tbs, c));
    ENSURE(bytes_equal(c->algorithm, parts.algorithm), ERROR_ALGORITHM); /* RFC 5280 §4.1.1.2 */
    c->der = der;
    memcpy(c->signature, parts.signature, sizeof c->signature);
    *ret_certificate = c;
    return OK;
}

struct result certificate_parse_tbs(struct bytes tbs, struct arena *arena,
                                    struct certificate **ret_certificate)
{
    ENSURE(tbs.len <= CERTIFICATE_SIZE_MAX, ERROR_TOO_LARGE);
    TRY(der_check(tbs));
    struct certificate *c = ARENA_NEW(arena, struct certificate);
    ENSURE(c, ERROR_OUT_OF_ROOM);
    TRY(parse_tbs(tbs, c));
    *ret_certificate = c;
    return OK;
}

/* ---- questions ---- */

struct result certificate_check_signature(const struct certificate *c, const struct public_key *key)
{
    TRY_AS(signed_check(key, c->tbs, c->signed_by, c->signature), ERROR_CERTIFICATE_SIGNATURE);
    return OK;
}

const char *certificate_serial_text(const struct certificate *c, struct arena *arena)
{
    return text_hex(arena, c->serial);
}

const struct extension *certificate_extension(const struct certificate *c, struct bytes oid)
{
    for (size_t i = 0; i < c->extension_count; i++)
        if (bytes_equal(c->extensions[i].oid, oid)) return &c->extensions[i];
    return NULL;
}

struct bytes certificate_text_extension(const struct certificate *c, struct bytes oid)
{
    const struct extension *e = certificate_extension(c, oid);
    struct bytes text = { 0 };
    if (!e) return text;
    struct reader r = reader_of(e->value);
    unsigned tag = der_next(&r, DER_UTF8_STRING) ? DER_UTF8_STRING : DER_PRINTABLE_STRING;
    if (failed(der_read(&r, tag, &text)) || failed(der_end(&r)) || !text_plain(text))
        return (struct bytes){ 0 };
    return text;
}

int64_t certificate_validity_end(int64_t from_s, int years)
{
    return civil_add_months(from_s, 12 * years) - 1;
}
