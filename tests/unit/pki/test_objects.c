/* R-PKI-5 every object of tests/objects/pki: the hostile ones are refused with the error that names their one defect,
 * their twins without it are accepted, and what is accepted here OpenSSL accepts too. test-objects FOLDER */
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/text.h"
#include "pki/chain.h"
#include "pki/ocsp.h"
#include "pki/request.h"

enum { NOW = 1795507200, LINE_SIZE = 512, FILES_MAX = 8, FILE_SIZE = 64 * 1024, ARENA_SIZE = 8 * 1024 * 1024 };

struct object {
    struct arena *arena;
    char name[LINE_SIZE], kind[32], expected[64], files[LINE_SIZE];
    struct bytes data[FILES_MAX];
    size_t count;
};

static struct bytes file_read(struct arena *arena, const char *folder, const char *name)
{
    uint8_t *into = arena_take(arena, FILE_SIZE);
    char path[2 * LINE_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file || !into) abort();
    size_t len = fread(into, 1, FILE_SIZE, file);
    fclose(file);
    return bytes_of(into, len);
}

static bool object_read(FILE *index, const char *folder, struct object *o)
{
    char line[LINE_SIZE];
    if (!fgets(line, sizeof line, index)) return false;
    arena_reset(o->arena);
    if (sscanf(line, "%511s %31s %63s %511s", o->name, o->kind, o->expected, o->files) != 4) abort();
    o->count = 0;
    char *save = NULL;
    for (char *f = strtok_r(o->files, ",", &save); f; f = strtok_r(NULL, ",", &save)) {
        if (o->count == FILES_MAX) abort();
        o->data[o->count++] = file_read(o->arena, folder, f);
    }
    return true;
}

/* ---- what is said here ---- */

static struct result say_certificate(const struct object *o)
{
    struct certificate *leaf, *issuer;
    TRY(certificate_parse(o->data[1], o->arena, &issuer));
    TRY(certificate_parse(o->data[0], o->arena, &leaf));
    return certificate_check_signature(leaf, &issuer->key);
}

static struct result say_path(const struct object *o)
{
    struct certificate *all[FILES_MAX];
    const struct certificate *between[FILES_MAX];
    for (size_t i = 0; i < o->count; i++) TRY(certificate_parse(o->data[i], o->arena, &all[i]));
    for (size_t i = 1; i + 1 < o->count; i++) between[i - 1] = all[i];
    const struct certificate *anchor = all[o->count - 1];
    struct chain chain = { all[0], between, o->count - 2, &anchor, 1, NOW, PURPOSE_SIGNING };
    return chain_check(&chain, NULL);
}

static struct result say_request(const struct object *o)
{
    struct request request;
    return request_parse(o->data[0], &request);
}

static struct result say_crl(const struct object *o)
{
    struct certificate *issuer;
    struct crl crl;
    TRY(certificate_parse(o->data[1], o->arena, &issuer));
    TRY(crl_parse(o->data[0], &crl));
    return crl_check(&crl, issuer, NOW);
}

static struct result say_ocsp(const struct object *o)
{
    struct certificate *issuer;
    struct ocsp_response response;
    TRY(certificate_parse(o->data[1], o->arena, &issuer));
    TRY(ocsp_parse(o->data[0], &response));
    return ocsp_check(&response, issuer, NOW, o->arena);
}

static struct result say_ocsp_request(const struct object *o)
{
    struct ocsp_request request;
    return ocsp_request_parse(o->data[0], &request);
}

/* ---- what OpenSSL says; with the standard identity on every certificate, or it would verify none ---- */

static X509 *their_certificate(struct bytes der)
{
    const uint8_t *p = der.ptr;
    X509 *x = d2i_X509(NULL, &p, (long)der.len);
    if (x && p != der.ptr + der.len) {
        X509_free(x);
        return NULL;
    }
    if (x && X509_get_signature_nid(x) != NID_SM2_with_SM3) return x; /* others have no identity, nor take one */
    ASN1_OCTET_STRING *id = x ? ASN1_OCTET_STRING_new() : NULL;
    if (!id) return NULL;
    ASN1_OCTET_STRING_set(id, sm2_default_identity.ptr, (int)sm2_default_identity.len);
    X509_set0_distinguishing_id(x, id);
    return x;
}

/* The last certificate is trusted as it stands. */
static bool they_accept(const struct object *o)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *between = sk_X509_new_null();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *leaf = their_certificate(o->data[0]);
    bool read = leaf != NULL;
    for (size_t i = 1; i < o->count; i++) {
        X509 *x = their_certificate(o->data[i]);
        read &= x != NULL;
        if (x && i + 1 == o->count) X509_STORE_add_cert(store, x);
        if (x && i + 1 < o->count) sk_X509_push(between, x);
        else X509_free(x);
    }
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_time(param, NOW);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_USE_CHECK_TIME);
    bool good = read && X509_STORE_CTX_init(ctx, store, leaf, between) == 1 && X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    sk_X509_pop_free(between, X509_free);
    X509_STORE_free(store);
    X509_free(leaf);
    return good;
}

static const struct kind {
    const char *name;
    struct result (*say)(const struct object *o);
    bool compared;
} kinds[] = {
    { "certificate", say_certificate, true }, { "path", say_path, true }, { "request", say_request, false },
    { "crl", say_crl, false },                { "ocsp", say_ocsp, false }, { "ocsp-request", say_ocsp_request, false },
};

static const char *name_of(struct result r)
{
    return failed(r) ? error_find(r.code)->name : "OK";
}

struct counts {
    int right, wrong, hostile, stricter;
};

static void check(const struct object *o, struct counts *counts)
{
    const struct kind *kind = kinds;
    while (!text_equal(kind->name, o->kind)) kind++;
    const char *said = name_of(kind->say(o));
    bool right = text_equal(said, o->expected), refused = !text_equal(said, "OK");
    if (!right) printf("wrong: %s: %s instead of %s\n", o->name, said, o->expected);
    if (kind->compared) {
        bool theirs = they_accept(o);
        if (!refused && !theirs) {
            printf("wrong: %s: accepted here, refused by OpenSSL\n", o->name);
            right = false;
        }
        counts->stricter += refused && theirs;
    }
    counts->right += right;
    counts->wrong += !right;
    counts->hostile += !text_equal(o->expected, "OK");
}

int main(int argc, char **argv)
{
    char path[2 * LINE_SIZE];
    if (argc != 2) return 2;
    snprintf(path, sizeof path, "%s/index.txt", argv[1]);
    FILE *index = fopen(path, "r");
    if (!index) return perror(path), 2;
    struct object o = { .arena = arena_new(ARENA_SIZE) };
    struct counts counts = { 0 };
    while (object_read(index, argv[1], &o)) check(&o, &counts);
    arena_free(o.arena);
    fclose(index);
    printf("%d right, %d wrong; %d hostile ones, of which OpenSSL accepts %d\n", counts.right, counts.wrong,
           counts.hostile, counts.stricter);
    return counts.wrong > 0 || counts.hostile < 300;
}
