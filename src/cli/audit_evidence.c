#include "cli/audit_evidence.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/audit_file.h"
#include "cli/command.h"
#include "crypto/sm3.h"
#include "pki/chain.h"
#include "pki/der.h"
#include "pki/ocsp.h"
#include "pki/statement.h"

enum { ARENA_MAX = 4 * 1024 * 1024, LINE_NAME = 64 };

/* One line: what it says, and what of it was shown. */
struct evidence_line {
    const struct audit_file *file;
    const char *statement, *act; /* act: what kind of statement it is, "login", "approve", … */
    struct bytes signature;
    struct certificate *certificate, *issuer;
    const struct certificate *root;
    struct bytes ocsp;     /* ptr NULL: there is none */
    int64_t signed_s;      /* as the statement says */
    int64_t attested_s;    /* when the CA said how the certificate stands; 0: it did not */
    bool expired;          /* when it signed */
    const char *origin;    /* where it was logged in; NULL: no login */
};

static struct result broken(const struct evidence_line *l, const char *what)
{
    return diag_log(l->file->diag, ERROR_EVIDENCE_BROKEN, "%s: %s", l->file->name, what);
}

/* ---- reading ---- */

static struct result read_certificate(const struct audit_file *file, const char *field,
                                      struct certificate **ret_certificate)
{
    struct bytes der;
    TRY(audit_file_bytes(file, field, &der));
    return failed(certificate_parse(der, file->arena, ret_certificate)) ? audit_file_bad(file, field) : OK;
}

static struct result read_line(const struct audit_file *file, struct evidence_line *l)
{
    const char *format = NULL;
    TRY(audit_file_text(file, "format", &format));
    if (!text_equal(format, AUDIT_EVIDENCE_FORMAT)) return audit_file_bad(file, "format");
    TRY(audit_file_text(file, "statement", &l->statement));
    TRY(audit_file_bytes(file, "signature", &l->signature));
    TRY(read_certificate(file, "certificate", &l->certificate));
    TRY(read_certificate(file, "issuer", &l->issuer));
    return json_object_get(file->json, "ocsp") ? audit_file_bytes(file, "ocsp", &l->ocsp) : OK;
}

/* ---- what it shows ---- */

/* "approve" of HUFU-APPROVE-v1. */
static const char *act_of(const struct shape *shape, struct arena *arena)
{
    const char *from = strchr(shape->name, '-') + 1;
    char *act = arena_text(arena, bytes_of(from, strcspn(from, "-")));
    for (char *p = act; p && *p; p++) *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 'a' - 'A' : *p);
    return act;
}

/* The statement is one of ours, and by the certificate that signed it. */
static struct result check_statement(struct evidence_line *l)
{
    const struct audit_file *file = l->file;
    const struct shape *shape = statement_shape_of(l->statement);
    void *record = shape ? arena_take(file->arena, shape->size) : NULL;
    bool read = record && !failed(statement_read(shape, l->statement, file->arena, record));
    uint64_t time_s;
    if (!read) return audit_file_bad(file, "statement");
    const char *who = statement_value(shape, record, "operator_serial"), *time = statement_value(shape, record, "time");
    const char *serial = certificate_serial_text(l->certificate, file->arena);
    if (!who) who = statement_value(shape, record, "certificate");
    if (!who || !time || failed(text_number(time, INT64_MAX / 2, &time_s))) return audit_file_bad(file, "statement");
    l->act = act_of(shape, file->arena);
    ENSURE(serial && l->act, ERROR_OUT_OF_ROOM);
    if (!text_equal(who, serial)) return broken(l, "the statement names another certificate");
    l->origin = shape == &login_statement_shape ? statement_value(shape, record, "origin") : NULL;
    l->signed_s = (int64_t)time_s;
    return OK;
}

static struct result check_signature(const struct evidence_line *l)
{
    if (l->signature.len != KEY_SIGNATURE_SIZE) return audit_file_bad(l->file, "signature");
    bool holds = !failed(public_key_verify(&l->certificate->key, bytes_text(l->statement), l->signature.ptr));
    return holds ? OK : broken(l, "the signature is not the certificate's over this statement");
}

/* An expired certificate may still enter its own renewal: of it everything else must be right. */
static struct result check_chain(struct evidence_line *l)
{
    const struct certificate *issuer = l->issuer;
    bool operator = !failed(chain_check_purpose(l->certificate, PURPOSE_OPERATOR));
    struct chain chain = { .leaf = l->certificate, .intermediates = &issuer, .intermediate_count = 1,
                           .anchors = &l->root, .anchor_count = 1, .time_s = l->signed_s,
                           .purpose = operator ? PURPOSE_OPERATOR : PURPOSE_SIGNING };
    l->expired = l->signed_s > l->certificate->not_after_s;
    if (l->expired) chain.time_s = l->certificate->not_after_s;
    struct result r = chain_check(&chain, NULL);
    return failed(r) ? broken(l, error_find(r.code)->en) : OK;
}

static struct result check_status(struct evidence_line *l)
{
    uint8_t nonce[2 + SM3_SIZE] = { DER_OCTET_STRING, SM3_SIZE };
    struct ocsp_response response;
    if (!l->ocsp.ptr) return OK;
    if (failed(ocsp_parse(l->ocsp, &response)) || response.count != 1) return audit_file_bad(l->file, "ocsp");
    const struct ocsp_single *single = &response.singles[0];
    sm3_hash(bytes_text(l->statement), nonce + 2);
    if (failed(ocsp_check(&response, l->issuer, response.produced_s, l->file->arena)))
        return broken(l, "the OCSP answer is not the issuer's");
    if (!bytes_equal(response.nonce, BYTES(nonce))) return broken(l, "the OCSP answer was given for another statement");
    if (!bytes_equal(single->id.serial, l->certificate->serial))
        return broken(l, "the OCSP answer is about another certificate");
    if (single->status != OCSP_GOOD) return broken(l, "the certificate was revoked or on hold");
    l->attested_s = response.produced_s;
    return OK;
}

/* ---- telling ---- */

static struct result print_json(const struct evidence_line *l, const char *serial, const char *subject)
{
    char signed_at[CIVIL_TEXT_MAX], attested[CIVIL_TEXT_MAX];
    civil_iso(l->signed_s, signed_at);
    civil_iso(l->attested_s, attested);
    json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:b}", "act", l->act, "serial", serial, "subject", subject, "signed",
                            signed_at, "expired", l->expired);
    ENSURE(all, ERROR_OUT_OF_ROOM);
    if (l->origin) json_object_set_new(all, "origin", json_string(l->origin));
    if (l->attested_s) json_object_set_new(all, "good_by_ca", json_string(attested));
    json_dumpf(all, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(all);
    puts("");
    return OK;
}

/* An act as people call it. */
static const char *act_words(const char *act)
{
    static const struct {
        const char *act, *zh;
    } all[] = { { "login", "登录" },     { "approve", "批准" },  { "reject", "驳回" }, { "card", "开卡" },
                { "produce", "制证" },   { "download", "下载" }, { "release", "解除冻结" } };
    for (size_t i = 0; i < COUNT(all); i++)
        if (text_equal(all[i].act, act)) return cli_words(all[i].zh, act);
    return act;
}

static const char *status_words(const struct evidence_line *l)
{
    if (l->attested_s) return cli_words("CA 当时签名证明证书有效", "good, as the CA signed then");
    if (l->expired) return cli_words("证书当时已过期", "the certificate had expired");
    return cli_words("证书在有效期内", "within its validity");
}

static struct result print(const struct evidence_line *l, bool json)
{
    const char *serial = certificate_serial_text(l->certificate, l->file->arena);
    const char *subject = name_text(&l->certificate->subject, l->file->arena);
    char at[CIVIL_TEXT_MAX];
    ENSURE(serial && subject, ERROR_OUT_OF_ROOM);
    if (json) return print_json(l, serial, subject);
    civil_people(l->signed_s, at);
    printf("%s  %s  %s\n", at, act_words(l->act), subject);
    printf("    %s%s%s  %s\n", l->origin ? l->origin : "", l->origin ? "  " : "", serial, status_words(l));
    return OK;
}

/* ---- the file ---- */

static struct result check_line(const struct audit_file *file, const struct certificate *root, bool json)
{
    struct evidence_line l = { .file = file, .root = root };
    TRY(read_line(file, &l));
    TRY(check_statement(&l));
    TRY(check_signature(&l));
    TRY(check_chain(&l));
    TRY(check_status(&l));
    return print(&l, json);
}

struct lines {
    FILE *from;
    const char *path;
    const struct certificate *root;
    bool json;
    struct diag *diag;
};

static struct result check_text(const struct lines *all, const char *text, size_t len, uint64_t number)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    char name[LINE_NAME];
    json_error_t why;
    snprintf(name, sizeof name, cli_words("第 %llu 行", "line %llu"), (unsigned long long)number);
    if (len > AUDIT_EVIDENCE_LINE_MAX) return diag_log(all->diag, ERROR_TOO_LARGE, "%s: %s", all->path, name);
    json_t *read CLEANUP(json_free_p) = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    const struct audit_file file = { arena, all->diag, name, ERROR_EVIDENCE_FILE, read };
    return json_is_object(read) ? check_line(&file, all->root, all->json) : audit_file_bad(&file, "JSON");
}

static struct result check_all(const struct lines *all)
{
    char *line = NULL;
    size_t room = 0;
    uint64_t count = 0;
    struct result r = OK;
    for (ssize_t n; !failed(r) && (n = getline(&line, &room, all->from)) > 0;)
        r = check_text(all, line, (size_t)n, ++count);
    free(line);
    TRY(r);
    if (ferror(all->from)) return diag_log(all->diag, ERROR_IO, "%s cannot be read", all->path);
    if (count == 0) return diag_log(all->diag, ERROR_EVIDENCE_FILE, "%s: nothing is in it", all->path);
    if (!all->json)
        printf(cli_words("共 %llu 条，全部成立。\n", "%llu in all; every one holds.\n"), (unsigned long long)count);
    return OK;
}

struct result audit_evidence_check(const char *file, const char *root, bool json, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct lines all = { .path = file, .json = json, .diag = diag };
    struct bytes der;
    struct certificate *trusted;
    TRY(audit_file_read(root, CERTIFICATE_SIZE_MAX, arena, diag, &der));
    if (failed(certificate_parse(der, arena, &trusted)) || failed(certificate_check_signature(trusted, &trusted->key)))
        return diag_log(diag, ERROR_EVIDENCE_BROKEN, "%s is no root certificate", root);
    all.root = trusted;
    all.from = fopen(file, "r");
    if (!all.from) return diag_log(diag, ERROR_IO, "%s cannot be read", file);
    struct result r = check_all(&all);
    fclose(all.from);
    return r;
}
