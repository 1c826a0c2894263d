#include "paysim/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "base/text.h"

enum { RSA_BITS = 2048, YEARS = 10, FILE_MAX = 16 * 1024, ARENA_MAX = 64 * 1024 };

#define MERCHANT "1900000001"
#define APP "wx0000000000000001"
#define ALIPAY_APP "2021000000000001"
#define ALIPAY_SELLER "2088000000000001"

static void key_free_p(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void x509_free_p(X509 **certificate)
{
    X509_free(*certificate);
}

static void bio_free_p(BIO **bio)
{
    BIO_free(*bio);
}

static const char *path_of(struct arena *arena, const char *folder, const char *name)
{
    return arena_format(arena, "%s/%s", folder, name);
}

/* Under its name at once whole or not at all. */
static struct result write_file(struct arena *arena, const char *folder, const char *name, struct bytes content)
{
    const char *path = path_of(arena, folder, name), *draft = arena_format(arena, "%s.new", path);
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ENSURE(fd >= 0, ERROR_IO);
    bool ok = write(fd, content.ptr, content.len) == (ssize_t)content.len && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ENSURE(ok && rename(draft, path) == 0, ERROR_IO);
    return OK;
}

static struct result read_file(struct arena *arena, const char *folder, const char *name, struct bytes *ret_content)
{
    int fd = open(path_of(arena, folder, name), O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0, ERROR_IO);
    uint8_t *into = arena_take(arena, FILE_MAX);
    ssize_t n = into ? read(fd, into, FILE_MAX - 1) : -1;
    close(fd);
    ENSURE(n > 0, ERROR_IO);
    *ret_content = bytes_of(into, (size_t)n);
    return OK;
}

/* ---- making ---- */

static X509 *certify(EVP_PKEY *key, const char *name)
{
    uint8_t serial[16];
    random_fill(serial, sizeof serial);
    serial[0] = (serial[0] & 0x3F) | 0x40; /* positive and of full length */
    X509 *certificate = X509_new();
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    X509_NAME *subject = X509_get_subject_name(certificate);
    bool ok = X509_set_version(certificate, X509_VERSION_3) == 1 &&
              BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) &&
              X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) &&
              X509_gmtime_adj(X509_getm_notAfter(certificate), YEARS * 365L * 86400) &&
              X509_set_pubkey(certificate, key) == 1 &&
              X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const uint8_t *)name, -1, -1, 0) == 1 &&
              X509_set_issuer_name(certificate, subject) == 1 && X509_sign(certificate, key, EVP_sha256()) > 0;
    BN_free(number);
    if (ok) return certificate;
    X509_free(certificate);
    return NULL;
}

static struct result make_pair(struct arena *arena, const char *folder, const char *who)
{
    const char *key_name = arena_format(arena, "%s-key.pem", who), *name = arena_format(arena, "%s-cert.pem", who);
    if (access(path_of(arena, folder, name), R_OK) == 0) return OK;
    EVP_PKEY *key CLEANUP(key_free_p) = EVP_RSA_gen(RSA_BITS);
    X509 *certificate CLEANUP(x509_free_p) = key ? certify(key, who) : NULL;
    BIO *key_out CLEANUP(bio_free_p) = BIO_new(BIO_s_mem()), *out CLEANUP(bio_free_p) = BIO_new(BIO_s_mem());
    bool ok = certificate && PEM_write_bio_PKCS8PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) == 1 &&
              PEM_write_bio_X509(out, certificate) == 1;
    ENSURE(ok, ERROR_INTERNAL);
    char *data;
    long len = BIO_get_mem_data(key_out, &data);
    TRY(write_file(arena, folder, key_name, bytes_of(data, (size_t)len)));
    len = BIO_get_mem_data(out, &data);
    return write_file(arena, folder, name, bytes_of(data, (size_t)len)); /* last: it says that both are there */
}

static struct result make_api_key(struct arena *arena, const char *folder)
{
    if (access(path_of(arena, folder, "api-key"), R_OK) == 0) return OK;
    uint8_t random[WECHAT_API_KEY_SIZE / 2];
    random_fill(random, sizeof random);
    return write_file(arena, folder, "api-key", bytes_text(text_hex(arena, BYTES(random))));
}

static struct result make_tax_key(struct arena *arena, const char *folder)
{
    if (access(path_of(arena, folder, "tax-key"), R_OK) == 0) return OK;
    uint8_t random[TAX_KEY_SIZE / 2];
    random_fill(random, sizeof random);
    return write_file(arena, folder, "tax-key", bytes_text(text_hex(arena, BYTES(random))));
}

static struct result make_ems(struct arena *arena, const char *folder)
{
    if (access(path_of(arena, folder, "ems-authorization"), R_OK) == 0) return OK;
    uint8_t key[16], authorization[EMS_AUTHORIZATION_SIZE / 2];
    random_fill(key, sizeof key);
    random_fill(authorization, sizeof authorization);
    TRY(write_file(arena, folder, "ems-key", bytes_text(text_base64(arena, BYTES(key)))));
    return write_file(arena, folder, "ems-authorization", bytes_text(text_hex(arena, BYTES(authorization))));
}

static struct result serial_of(struct arena *arena, const char *folder, const char *name, EVP_PKEY **ret_key,
                               const char **ret_serial)
{
    struct bytes pem;
    TRY(read_file(arena, folder, name, &pem));
    return rsa_public_key(pem, arena, ret_key, ret_serial);
}

static struct result make_conf(struct arena *arena, const char *folder, const char *url, const char *notify_url)
{
    char whole[PATH_MAX];
    EVP_PKEY *key CLEANUP(key_free_p) = NULL;
    const char *serial;
    ENSURE(realpath(folder, whole), ERROR_IO);
    TRY(serial_of(arena, folder, "merchant-cert.pem", &key, &serial));
    const char *conf = arena_format(arena,
                                    "[relay]\n"
                                    "wechat_url = %s\n"
                                    "wechat_merchant = " MERCHANT "\n"
                                    "wechat_app = " APP "\n"
                                    "wechat_serial = %s\n"
                                    "wechat_key_file = %s/merchant-key.pem\n"
                                    "wechat_api_key_file = %s/api-key\n"
                                    "wechat_platform_key_file = %s/platform-cert.pem\n"
                                    "wechat_notify_url = %s/wechat/callback\n"
                                    "alipay_url = %s/gateway.do\n"
                                    "alipay_app = " ALIPAY_APP "\n"
                                    "alipay_seller = " ALIPAY_SELLER "\n"
                                    "alipay_key_file = %s/alipay-app-key.pem\n"
                                    "alipay_platform_key_file = %s/alipay-cert.pem\n"
                                    "alipay_notify_url = %s/alipay/callback\n"
                                    "tax_url = %s\n"
                                    "tax_account = " TAX_ACCOUNT "\n"
                                    "tax_key_file = %s/tax-key\n"
                                    "ems_url = %s/amp-prod-api/f/amp/api/open\n"
                                    "ems_sender_no = " EMS_SENDER "\n"
                                    "ems_authorization_file = %s/ems-authorization\n"
                                    "ems_key_file = %s/ems-key\n"
                                    "ems_sender = 国资CA（演示）\nems_sender_mobile = 01012345678\n"
                                    "ems_sender_province = 北京市\nems_sender_city = 北京市\n"
                                    "ems_sender_county = 西城区\nems_sender_address = 示例路 1 号\n",
                                    url, serial, whole, whole, whole, notify_url, url, whole, whole, notify_url, url,
                                    whole, url, whole, whole);
    ENSURE(conf, ERROR_OUT_OF_ROOM);
    return write_file(arena, folder, "relay.conf", bytes_text(conf));
}

struct result keys_make(const char *folder, const char *url, const char *notify_url)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(8 * ARENA_MAX);
    ENSURE(mkdir(folder, 0700) == 0 || errno == EEXIST, ERROR_IO);
    TRY(make_pair(arena, folder, "merchant"));
    TRY(make_pair(arena, folder, "platform"));
    TRY(make_pair(arena, folder, "alipay-app"));
    TRY(make_pair(arena, folder, "alipay"));
    TRY(make_api_key(arena, folder));
    TRY(make_tax_key(arena, folder));
    TRY(make_ems(arena, folder));
    return make_conf(arena, folder, url, notify_url);
}

/* ---- loading ---- */

void keys_free(struct keys *keys)
{
    if (!keys) return;
    EVP_PKEY_free(keys->merchant_public);
    EVP_PKEY_free(keys->platform_private);
    EVP_PKEY_free(keys->alipay_app_public);
    EVP_PKEY_free(keys->alipay_private);
    arena_free(keys->arena);
    free(keys);
}

static void keys_free_p(struct keys **keys)
{
    keys_free(*keys);
}

struct result keys_load(const char *folder, struct keys **ret_keys)
{
    struct keys *k CLEANUP(keys_free_p) = calloc(1, sizeof *k);
    if (!k) abort();
    struct arena *a = k->arena = arena_new(8 * ARENA_MAX);
    k->merchant = MERCHANT;
    k->app = APP;
    k->alipay_app = ALIPAY_APP;
    k->alipay_seller = ALIPAY_SELLER;
    const char *unused;
    EVP_PKEY *platform CLEANUP(key_free_p) = NULL;
    struct bytes pem, api_key, tax_key;
    TRY(serial_of(a, folder, "merchant-cert.pem", &k->merchant_public, &k->merchant_serial));
    TRY(serial_of(a, folder, "platform-cert.pem", &platform, &k->platform_serial));
    TRY(read_file(a, folder, "platform-key.pem", &pem));
    TRY(rsa_private_key(pem, &k->platform_private));
    TRY(serial_of(a, folder, "alipay-app-cert.pem", &k->alipay_app_public, &unused));
    TRY(read_file(a, folder, "alipay-key.pem", &pem));
    TRY(rsa_private_key(pem, &k->alipay_private));
    TRY(read_file(a, folder, "api-key", &api_key));
    ENSURE(api_key.len == WECHAT_API_KEY_SIZE, ERROR_RELAY_CONFIG);
    memcpy(k->api_key, api_key.ptr, WECHAT_API_KEY_SIZE);
    TRY(read_file(a, folder, "tax-key", &tax_key));
    ENSURE(tax_key.len == TAX_KEY_SIZE, ERROR_RELAY_CONFIG);
    memcpy(k->tax_key, tax_key.ptr, TAX_KEY_SIZE);
    struct bytes ems_key, ems_authorization;
    TRY(read_file(a, folder, "ems-key", &ems_key));
    TRY(read_file(a, folder, "ems-authorization", &ems_authorization));
    ENSURE(ems_key.len == EMS_KEY_TEXT && ems_authorization.len == EMS_AUTHORIZATION_SIZE, ERROR_RELAY_CONFIG);
    memcpy(k->ems_key, ems_key.ptr, EMS_KEY_TEXT);
    memcpy(k->ems_authorization, ems_authorization.ptr, EMS_AUTHORIZATION_SIZE);
    *ret_keys = TAKE(k);
    return OK;
}
