/* What OpenSSL makes of a revocation list or an OCSP response of ours, with the standard SM2 identity, which its own
 * commands do not use for them:
 *   openssl-status crl ISSUER.cer LIST.crl CERTIFICATE.cer
 *   openssl-status ocsp ISSUER.cer RESPONSE.der CERTIFICATE.cer
 * Checks signatures, issuer, times and, for a list, that it is the one that the certificate names. Prints "good" or
 * "revoked REASON", REASON a number of RFC 5280 (-1: none), and the CRL number or the nonce in hex. */
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char identity[] = "1234567812345678";

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

struct file {
    unsigned char bytes[1 << 20];
    size_t len;
};

static const unsigned char *read_file(const char *path, struct file *file)
{
    FILE *f = fopen(path, "rb");
    if (!f) fail(path);
    file->len = fread(file->bytes, 1, sizeof file->bytes, f);
    fclose(f);
    return file->bytes;
}

static X509 *read_certificate(const char *path)
{
    struct file *file = malloc(sizeof *file);
    const unsigned char *p = read_file(path, file);
    X509 *x = d2i_X509(NULL, &p, (long)file->len);
    if (!x) fail("no certificate");
    free(file);
    return x;
}

static void check_signature(X509 *by, const unsigned char *tbs, int len, const ASN1_BIT_STRING *signature)
{
    EVP_PKEY *key = X509_get_pubkey(by);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    EVP_PKEY_CTX_set1_id(ctx, identity, sizeof identity - 1);
    EVP_MD_CTX_set_pkey_ctx(md, ctx);
    if (EVP_DigestVerifyInit(md, NULL, EVP_sm3(), NULL, key) != 1 ||
        EVP_DigestVerify(md, signature->data, (size_t)signature->length, tbs, (size_t)len) != 1)
        fail("signature");
    EVP_MD_CTX_free(md);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

/* ---- lists ---- */

static const ASN1_IA5STRING *url_of(const DIST_POINT_NAME *name)
{
    if (!name || name->type != 0 || sk_GENERAL_NAME_num(name->name.fullname) != 1) fail("distribution point");
    const GENERAL_NAME *one = sk_GENERAL_NAME_value(name->name.fullname, 0);
    if (one->type != GEN_URI) fail("no URL");
    return one->d.uniformResourceIdentifier;
}

/* A list with a distribution point is for the certificates that name it; a full one is for all. */
static void check_partition(X509_CRL *crl, X509 *certificate)
{
    int critical;
    ISSUING_DIST_POINT *idp = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);
    CRL_DIST_POINTS *points = X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL, NULL);
    if (!points || sk_DIST_POINT_num(points) != 1) fail("the certificate names no list");
    if (idp && !critical) fail("the distribution point is not critical");
    if (idp && ASN1_STRING_cmp(url_of(idp->distpoint), url_of(sk_DIST_POINT_value(points, 0)->distpoint)) != 0)
        fail("the list is not the one that the certificate names");
    ISSUING_DIST_POINT_free(idp);
    CRL_DIST_POINTS_free(points);
}

static void look_at_list(X509 *issuer, const struct file *file, X509 *certificate)
{
    const unsigned char *p = file->bytes;
    unsigned char *tbs = NULL;
    const ASN1_BIT_STRING *signature;
    X509_REVOKED *revoked = NULL;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)file->len);
    if (!crl || p != file->bytes + file->len) fail("no list");
    X509_CRL_get0_signature(crl, &signature, NULL);
    int len = i2d_re_X509_CRL_tbs(crl, &tbs);
    check_signature(issuer, tbs, len, signature);
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) != 0) fail("issuer");
    if (X509_cmp_current_time(X509_CRL_get0_lastUpdate(crl)) >= 0 ||
        X509_cmp_current_time(X509_CRL_get0_nextUpdate(crl)) <= 0)
        fail("times");
    check_partition(crl, certificate);
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    BIGNUM *bn = number ? ASN1_INTEGER_to_BN(number, NULL) : NULL;
    char *hex = bn ? BN_bn2hex(bn) : NULL;
    if (!hex) fail("no number");
    if (X509_CRL_get0_by_cert(crl, &revoked, certificate) == 0) {
        printf("good %s\n", hex);
    } else {
        ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, NULL, NULL);
        printf("revoked %ld %s\n", reason ? ASN1_ENUMERATED_get(reason) : -1L, hex);
        ASN1_ENUMERATED_free(reason);
    }
    OPENSSL_free(hex);
    BN_free(bn);
    ASN1_INTEGER_free(number);
    OPENSSL_free(tbs);
    X509_CRL_free(crl);
}

/* ---- OCSP ---- */

/* Whom the issuer delegated it to, by a certificate that came along (RFC 6960 §4.2.2.2). */
static X509 *responder_of(OCSP_BASICRESP *basic, X509 *issuer)
{
    if (sk_X509_num(OCSP_resp_get0_certs(basic)) != 1) fail("no certificate of the responder");
    X509 *responder = sk_X509_value(OCSP_resp_get0_certs(basic), 0);
    unsigned char *tbs = NULL;
    const ASN1_BIT_STRING *signature;
    X509_get0_signature(&signature, NULL, responder);
    int len = i2d_re_X509_tbs(responder, &tbs);
    check_signature(issuer, tbs, len, signature);
    OPENSSL_free(tbs);
    if (!(X509_get_extended_key_usage(responder) & XKU_OCSP_SIGN)) fail("the responder may not");
    if (X509_get_ext_by_NID(responder, NID_id_pkix_OCSP_noCheck, -1) < 0) fail("no nocheck");
    if (X509_cmp_current_time(X509_get0_notBefore(responder)) >= 0 ||
        X509_cmp_current_time(X509_get0_notAfter(responder)) <= 0)
        fail("the responder's times");
    return responder;
}

static void print_nonce(OCSP_BASICRESP *basic)
{
    int at = OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1);
    if (at < 0) {
        puts(" -");
        return;
    }
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic, at));
    putchar(' ');
    for (int i = 0; i < value->length; i++) printf("%02x", value->data[i]);
    putchar('\n');
}

static void look_at_response(X509 *issuer, const struct file *file, X509 *certificate)
{
    const unsigned char *p = file->bytes;
    unsigned char *tbs = NULL;
    int status, reason = -1;
    ASN1_GENERALIZEDTIME *revoked, *this, *next;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)file->len);
    if (!response || p != file->bytes + file->len) fail("no response");
    if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL) fail("not successful");
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    if (!basic) fail("not basic");
    X509 *responder = responder_of(basic, issuer);
    int len = i2d_OCSP_RESPDATA((OCSP_RESPDATA *)(uintptr_t)OCSP_resp_get0_respdata(basic), &tbs);
    check_signature(responder, tbs, len, OCSP_resp_get0_signature(basic));
    static const char *const kinds[] = { "SHA1", "SHA256", "SM3" };
    int found = 0, first = -1;
    for (size_t i = 0; i < 3; i++) {
        OCSP_CERTID *id = OCSP_cert_to_id(EVP_get_digestbyname(kinds[i]), certificate, issuer);
        if (OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &this, &next)) {
            if (OCSP_check_validity(this, next, 5, -1) != 1) fail("times");
            if (found && status != first) fail("it contradicts itself");
            first = status;
            found++;
        }
        OCSP_CERTID_free(id);
    }
    if (!found) fail("not about this certificate");
    if (first == V_OCSP_CERTSTATUS_GOOD) printf("good");
    else printf("revoked %d", reason);
    print_nonce(basic);
    OPENSSL_free(tbs);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
}

int main(int argc, char **argv)
{
    if (argc != 5) return 2;
    X509 *issuer = read_certificate(argv[2]), *certificate = read_certificate(argv[4]);
    struct file *file = malloc(sizeof *file);
    read_file(argv[3], file);
    if (strcmp(argv[1], "crl") == 0) look_at_list(issuer, file, certificate);
    else look_at_response(issuer, file, certificate);
    free(file);
    X509_free(issuer);
    X509_free(certificate);
    return 0;
}
