#include "pki/oid.h"

#include <assert.h>

#include "base/text.h"

struct row {
    const char *name;
    const char *octets;
    size_t len;
};

#define ROW(name, octets)                                                                                    \
    {                                                                                                        \
        (name), (octets), sizeof(octets) - 1                                                                 \
    }

/* Operators' and cards' usages stand below 2.25 and a UUID of this project (ITU-T X.667), which is an arc
 * that needs no registration. */
static const struct row table[OID_COUNT] = {
    [OID_EC_PUBLIC_KEY] = ROW("ecPublicKey", "\x2A\x86\x48\xCE\x3D\x02\x01"),
    [OID_SM2] = ROW("sm2", "\x2A\x81\x1C\xCF\x55\x01\x82\x2D"),
    [OID_P256] = ROW("P-256", "\x2A\x86\x48\xCE\x3D\x03\x01\x07"),
    [OID_SM2_WITH_SM3] = ROW("SM2-with-SM3", "\x2A\x81\x1C\xCF\x55\x01\x83\x75"),
    [OID_ECDSA_WITH_SHA256] = ROW("ecdsa-with-SHA256", "\x2A\x86\x48\xCE\x3D\x04\x03\x02"),
    [OID_SM4_ECB] = ROW("SM4-ECB", "\x2A\x81\x1C\xCF\x55\x01\x68\x01"),
    [OID_SM4_CBC] = ROW("SM4-CBC", "\x2A\x81\x1C\xCF\x55\x01\x68\x02"),
    [OID_SM4] = ROW("SM4", "\x2A\x81\x1C\xCF\x55\x01\x68"),
    [OID_SM3] = ROW("SM3", "\x2A\x81\x1C\xCF\x55\x01\x83\x11"),
    [OID_SHA1] = ROW("SHA1", "\x2B\x0E\x03\x02\x1A"),
    [OID_SHA256] = ROW("SHA256", "\x60\x86\x48\x01\x65\x03\x04\x02\x01"),
    [OID_PBKDF2] = ROW("PBKDF2", "\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0C"),
    [OID_PBES2] = ROW("PBES2", "\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0D"),
    [OID_HMAC_WITH_SHA256] = ROW("hmacWithSHA256", "\x2A\x86\x48\x86\xF7\x0D\x02\x09"),
    [OID_COMMON_NAME] = ROW("CN", "\x55\x04\x03"),
    [OID_SERIAL_NUMBER] = ROW("serialNumber", "\x55\x04\x05"),
    [OID_COUNTRY] = ROW("C", "\x55\x04\x06"),
    [OID_LOCALITY] = ROW("L", "\x55\x04\x07"),
    [OID_STATE] = ROW("ST", "\x55\x04\x08"),
    [OID_ORGANIZATION] = ROW("O", "\x55\x04\x0A"),
    [OID_ORGANIZATIONAL_UNIT] = ROW("OU", "\x55\x04\x0B"),
    [OID_ORGANIZATION_IDENTIFIER] = ROW("organizationIdentifier", "\x55\x04\x61"),
    [OID_EMAIL_ADDRESS] = ROW("emailAddress", "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01"),
    [OID_DOMAIN_COMPONENT] = ROW("DC", "\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x19"),
    [OID_SUBJECT_KEY_IDENTIFIER] = ROW("subjectKeyIdentifier", "\x55\x1D\x0E"),
    [OID_KEY_USAGE] = ROW("keyUsage", "\x55\x1D\x0F"),
    [OID_BASIC_CONSTRAINTS] = ROW("basicConstraints", "\x55\x1D\x13"),
    [OID_CRL_NUMBER] = ROW("cRLNumber", "\x55\x1D\x14"),
    [OID_CRL_REASON] = ROW("cRLReason", "\x55\x1D\x15"),
    [OID_ISSUING_DISTRIBUTION_POINT] = ROW("issuingDistributionPoint", "\x55\x1D\x1C"),
    [OID_CRL_DISTRIBUTION_POINTS] = ROW("cRLDistributionPoints", "\x55\x1D\x1F"),
    [OID_CERTIFICATE_POLICIES] = ROW("certificatePolicies", "\x55\x1D\x20"),
    [OID_ANY_POLICY] = ROW("anyPolicy", "\x55\x1D\x20\x00"),
    [OID_AUTHORITY_KEY_IDENTIFIER] = ROW("authorityKeyIdentifier", "\x55\x1D\x23"),
    [OID_EXTENDED_KEY_USAGE] = ROW("extKeyUsage", "\x55\x1D\x25"),
    [OID_AUTHORITY_INFO_ACCESS] = ROW("authorityInfoAccess", "\x2B\x06\x01\x05\x05\x07\x01\x01"),
    [OID_CREDIT_CODE] = ROW("organizationCode", "\x2A\x81\x1C\xD0\x14\x04\x01\x04"),
    [OID_ACCESS_OCSP] = ROW("ocsp", "\x2B\x06\x01\x05\x05\x07\x30\x01"),
    [OID_ACCESS_CA_ISSUERS] = ROW("caIssuers", "\x2B\x06\x01\x05\x05\x07\x30\x02"),
    [OID_OCSP_BASIC] = ROW("ocspBasic", "\x2B\x06\x01\x05\x05\x07\x30\x01\x01"),
    [OID_OCSP_NONCE] = ROW("ocspNonce", "\x2B\x06\x01\x05\x05\x07\x30\x01\x02"),
    [OID_OCSP_NO_CHECK] = ROW("ocspNoCheck", "\x2B\x06\x01\x05\x05\x07\x30\x01\x05"),
    [OID_USAGE_CLIENT_AUTH] = ROW("clientAuth", "\x2B\x06\x01\x05\x05\x07\x03\x02"),
    [OID_USAGE_EMAIL_PROTECTION] = ROW("emailProtection", "\x2B\x06\x01\x05\x05\x07\x03\x04"),
    [OID_USAGE_OCSP_SIGNING] = ROW("OCSPSigning", "\x2B\x06\x01\x05\x05\x07\x03\x09"),
    [OID_USAGE_OPERATOR] = ROW("hufuOperator", "\x69\x81\xD6\x9E\x87\xD4\xCF\xC3\xEA\xAA"
                                               "\x93\x9E\xAA\xB0\xBA\x87\xD1\xBC\xF6\x68\x01"),
    [OID_USAGE_CARD] = ROW("hufuCard", "\x69\x81\xD6\x9E\x87\xD4\xCF\xC3\xEA\xAA"
                                       "\x93\x9E\xAA\xB0\xBA\x87\xD1\xBC\xF6\x68\x02"),

};

struct bytes oid_bytes(enum oid oid)
{
    assert(oid > OID_UNKNOWN && oid < OID_COUNT);
    return bytes_of(table[oid].octets, table[oid].len);
}

enum oid oid_find(struct bytes contents)
{
    for (enum oid oid = OID_UNKNOWN + 1; oid < OID_COUNT; oid++)
        if (oid_is(contents, oid)) return oid;
    return OID_UNKNOWN;
}

bool oid_is(struct bytes contents, enum oid oid)
{
    return bytes_equal(contents, oid_bytes(oid));
}

const char *oid_name(enum oid oid)
{
    assert(oid > OID_UNKNOWN && oid < OID_COUNT);
    return table[oid].name;
}

/* ---- dotted text ---- */

/* The number at *TEXT, which is moved behind it; no sign, no leading zeros, below 2^32. */
static struct result read_arc(const char **text, uint64_t *ret_arc)
{
    const char *p = *text;
    uint64_t arc = 0;
    ENSURE(*p >= '0' && *p <= '9', ERROR_MALFORMED);
    ENSURE(*p != '0' || p[1] == '.' || p[1] == '\0', ERROR_MALFORMED);
    for (; *p >= '0' && *p <= '9'; p++) {
        arc = arc * 10 + (uint64_t)(*p - '0');
        ENSURE(arc <= UINT32_MAX, ERROR_MALFORMED);
    }
    *text = p;
    *ret_arc = arc;
    return OK;
}

static void write_arc(struct writer *w, uint64_t arc)
{
    int groups = 1;
    for (uint64_t rest = arc >> 7; rest > 0; rest >>= 7) groups++;
    for (int i = groups - 1; i >= 0; i--) write_u8(w, (uint8_t)((arc >> 7 * i & 0x7F) | (i > 0 ? 0x80 : 0)));
}

struct result oid_from_text(const char *dotted, struct writer *w)
{
    uint64_t first, second;
    TRY(read_arc(&dotted, &first));
    ENSURE(first <= 2 && *dotted++ == '.', ERROR_MALFORMED);
    TRY(read_arc(&dotted, &second));
    ENSURE(first == 2 || second < 40, ERROR_MALFORMED);
    write_arc(w, 40 * first + second);
    while (*dotted == '.') {
        uint64_t arc;
        dotted++;
        TRY(read_arc(&dotted, &arc));
        write_arc(w, arc);
    }
    ENSURE(*dotted == '\0', ERROR_MALFORMED);
    return OK;
}

/* Writes the dotted form; false where an arc is too large for it or cut. */
static bool write_dotted(struct writer *w, struct bytes contents)
{
    uint64_t arc = 0;
    bool first = true;
    for (size_t i = 0; i < contents.len; i++) {
        arc = arc << 7 | (contents.ptr[i] & 0x7F);
        if (arc > UINT32_MAX) return false;
        if (contents.ptr[i] >= 0x80) continue;
        uint64_t root = arc < 80 ? arc / 40 : 2;
        if (first) write_format(w, "%u.%u", (unsigned)root, (unsigned)(arc - 40 * root));
        else write_format(w, ".%u", (unsigned)arc);
        first = false;
        arc = 0;
    }
    return !first && contents.ptr[contents.len - 1] < 0x80;
}

const char *oid_text(struct bytes contents, struct arena *arena)
{
    char text[11 * OID_SIZE_MAX];
    struct writer w = writer_of(text, sizeof text);
    struct bytes written;
    if (contents.len <= OID_SIZE_MAX && write_dotted(&w, contents) && !failed(writer_end(&w, &written)))
        return arena_text(arena, written);
    const char *hex = text_hex(arena, contents);
    return hex ? arena_format(arena, "oid:%s", hex) : NULL;
}
