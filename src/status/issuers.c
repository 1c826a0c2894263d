#include "status/issuers.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pki/certificate.h"

enum { HASH_MAX = 32, KINDS = 3, ARENA_MAX = 64 * 1024, POINT_TAG = 1 };

struct issuer {
    char name[ISSUER_NAME_MAX];
    struct {
        uint8_t name[HASH_MAX], key[HASH_MAX];
        size_t size;
    } hash[KINDS];
};

struct issuers {
    struct issuer all[ISSUERS_MAX];
    size_t count;
};

static const struct {
    enum ocsp_hash hash;
    const char *name;
} kinds[KINDS] = { { OCSP_HASH_SHA1, "SHA1" }, { OCSP_HASH_SHA256, "SHA256" }, { OCSP_HASH_SM3, "SM3" } };

static struct result hash(const char *kind, struct bytes data, uint8_t *ret_hash, size_t *ret_size)
{
    EVP_MD *md = EVP_MD_fetch(NULL, kind, NULL);
    unsigned size = 0;
    bool done = md && EVP_Digest(data.ptr, data.len, ret_hash, &size, md, NULL) == 1;
    EVP_MD_free(md);
    ENSURE(done, ERROR_NOT_SUPPORTED);
    *ret_size = size;
    return OK;
}

/* RFC 6960 §4.1.1: over the subject's DER, and over the key without tag, length and unused bits. */
static struct result hash_all(const struct certificate *c, struct issuer *issuer)
{
    uint8_t key[POINT_TAG + SM2_POINT_SIZE] = { 0x04 };
    memcpy(key + POINT_TAG, c->key.point, SM2_POINT_SIZE);
    for (size_t i = 0; i < KINDS; i++) {
        TRY(hash(kinds[i].name, c->subject.der, issuer->hash[i].name, &issuer->hash[i].size));
        TRY(hash(kinds[i].name, BYTES(key), issuer->hash[i].key, &issuer->hash[i].size));
    }
    return OK;
}

static struct result load(int folder, const char *file, struct issuers *issuers)
{
    uint8_t der[CERTIFICATE_SIZE_MAX];
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct issuer *issuer = &issuers->all[issuers->count];
    struct certificate *c;
    size_t name_len = strlen(file) - strlen(".cer");
    ENSURE(issuers->count < ISSUERS_MAX && name_len < ISSUER_NAME_MAX, ERROR_TOO_LARGE);
    int fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0, ERROR_IO);
    ssize_t len = read(fd, der, sizeof der);
    close(fd);
    ENSURE(len > 0, ERROR_IO);
    TRY(certificate_parse(bytes_of(der, (size_t)len), arena, &c));
    TRY(hash_all(c, issuer));
    memcpy(issuer->name, file, name_len);
    issuers->count++;
    return OK;
}

static struct result load_all(int folder, DIR *ca, struct diag *diag, struct issuers *issuers)
{
    for (struct dirent *entry; (entry = readdir(ca)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".cer") != 0 || dot == entry->d_name) continue;
        struct result r = load(folder, entry->d_name, issuers);
        if (failed(r)) return diag_log(diag, r.code, "ca/%s", entry->d_name);
    }
    return OK;
}

struct result issuers_load(int folder, struct diag *diag, struct issuers **ret_issuers)
{
    int fd = openat(folder, "ca", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *ca = fd >= 0 ? fdopendir(fd) : NULL;
    if (!ca) return diag_log(diag, ERROR_IO, "folder ca");
    struct issuers *issuers = calloc(1, sizeof *issuers);
    if (!issuers) abort();
    struct result r = load_all(fd, ca, diag, issuers);
    closedir(ca);
    if (failed(r)) issuers_free(issuers);
    else *ret_issuers = issuers;
    return r;
}

void issuers_free(struct issuers *issuers)
{
    free(issuers);
}

const char *issuers_find(const struct issuers *issuers, const struct ocsp_id *id)
{
    for (size_t i = 0; i < issuers->count; i++)
        for (size_t k = 0; k < KINDS; k++) {
            const struct issuer *issuer = &issuers->all[i];
            size_t size = issuer->hash[k].size;
            if (kinds[k].hash == id->hash && bytes_equal(bytes_of(issuer->hash[k].name, size), id->name_hash) &&
                bytes_equal(bytes_of(issuer->hash[k].key, size), id->key_hash))
                return issuer->name;
        }
    return NULL;
}
