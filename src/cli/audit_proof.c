#include "cli/audit_proof.h"

#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "cli/audit_file.h"
#include "cli/command.h"
#include "ipc/signer_api.h"
#include "merkle/proof.h"

enum { ARENA_MAX = 4 * 1024 * 1024, FILE_MAX = 256 * 1024 };

static const char format[] = "HUFU-PROOF-v1";

/* ---- the file, field by field ---- */

static struct result get_path(const struct audit_file *a, struct bytes *ret_path)
{
    const json_t *path = json_object_get(a->json, "path"), *step;
    struct writer w = writer_of(arena_take(a->arena, TREE_PROOF_MAX), TREE_PROOF_MAX);
    size_t i;
    ENSURE(w.ptr, ERROR_OUT_OF_ROOM);
    if (!json_is_array(path) || json_array_size(path) > TREE_DEPTH_MAX + 1) return audit_file_bad(a, "path");
    json_array_foreach(path, i, step) {
        struct bytes hash;
        const char *hex = json_string_value(step);
        bool good = hex && !failed(text_from_hex(a->arena, hex, &hash)) && hash.len == TREE_HASH_SIZE;
        if (!good) return audit_file_bad(a, "path");
        write_bytes(&w, hash);
    }
    return writer_end(&w, ret_path);
}

static struct result read_proof(const struct audit_file *a, struct proof *ret_proof, const char **ret_serial)
{
    struct proof p = { .leaf = 0 };
    const char *said = NULL, *head = NULL;
    TRY(audit_file_text(a, "format", &said));
    if (!text_equal(said, format)) return audit_file_bad(a, "format");
    TRY(audit_file_text(a, "serial", ret_serial));
    TRY(audit_file_number(a, "record", &p.leaf));
    TRY(audit_file_number(a, "size", &p.size));
    TRY(audit_file_bytes(a, "data", &p.data));
    TRY(get_path(a, &p.path));
    TRY(audit_file_text(a, "head", &head));
    p.head = bytes_text(head);
    TRY(audit_file_bytes(a, "head_certificate", &p.head_certificate));
    *ret_proof = p;
    return OK;
}

/* ---- what it proves ---- */

/* The certificate of SERIAL in the record: none of the other words of the file count. */
static struct result find_certificate(const struct audit_file *a, const struct proven *proven, const char *serial,
                                      struct certificate **ret_certificate)
{
    struct journal_issued issued = { 0 };
    struct reader r = reader_of(proven->record.body);
    bool good = proven->record.type == JOURNAL_ISSUED &&
                !failed(shape_read(&journal_issued_shape, &r, a->arena, &issued));
    const struct bytes pair[] = { issued.signing_certificate, issued.encryption_certificate };
    for (size_t i = 0; good && i < COUNT(pair); i++) {
        struct certificate *c;
        bool read = !failed(certificate_parse(pair[i], a->arena, &c));
        const char *text = read ? certificate_serial_text(c, a->arena) : NULL;
        if (!text || !text_equal(text, serial)) continue;
        *ret_certificate = c;
        return OK;
    }
    return diag_log(a->diag, ERROR_JOURNAL_PROOF, "the record is not the issuance of certificate %s", serial);
}

static const char *when(const struct audit_file *a, int64_t time_s)
{
    time_t t = (time_t)time_s;
    struct tm tm;
    gmtime_r(&t, &tm);
    return arena_format(a->arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                        tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static struct result print(const struct audit_file *a, const struct proof *p, const struct proven *proven,
                           const struct certificate *c, bool json)
{
    const char *serial = certificate_serial_text(c, a->arena), *subject = name_text(&c->subject, a->arena);
    const char *root = text_hex(a->arena, BYTES(proven->head.root.b));
    const char *recorded = when(a, proven->record.time_s), *signed_at = when(a, proven->head.time_s);
    ENSURE(serial && subject && root && recorded && signed_at, ERROR_OUT_OF_ROOM);
    if (json) {
        json_t *all = json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:s}", "serial", serial, "subject", subject, "record",
                                (json_int_t)p->leaf, "size", (json_int_t)p->size, "recorded", recorded, "signed",
                                signed_at, "root", root);
        json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
        json_decref(all);
        puts("");
        return OK;
    }
    printf(cli_words("证书 %s\n%s\n签发日志第 %llu 条，写于 %s\n树头：%llu 条记录，签于 %s，根 %s\n证明成立。\n",
                     "Certificate %s\n%s\nrecord %llu of the journal, written %s\n"
                     "head: %llu records, signed %s, root %s\nThe proof holds.\n"),
           serial, subject, (unsigned long long)p->leaf, recorded, (unsigned long long)p->size, signed_at, root);
    return OK;
}

static struct result check(const struct audit_file *a, struct bytes root_der, bool json)
{
    struct proof proof;
    struct proven proven;
    struct certificate *root, *certificate = NULL;
    const char *serial = NULL;
    if (failed(certificate_parse(root_der, a->arena, &root)) || failed(certificate_check_signature(root, &root->key)))
        return diag_log(a->diag, ERROR_JOURNAL_HEAD, "the root certificate is none");
    TRY(read_proof(a, &proof, &serial));
    TRY(proof_check(&proof, root, a->arena, a->diag, &proven));
    TRY(find_certificate(a, &proven, serial, &certificate));
    return print(a, &proof, &proven, certificate, json);
}

struct result audit_proof(const char *file, const char *root, bool json, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct bytes text, root_der;
    json_error_t why;
    TRY(audit_file_read(file, FILE_MAX, arena, diag, &text));
    TRY(audit_file_read(root, CERTIFICATE_MAX, arena, diag, &root_der));
    json_t *read CLEANUP(json_free_p) = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &why);
    const struct audit_file a = { arena, diag, file, ERROR_PROOF_FILE, read };
    if (!json_is_object(read)) return audit_file_bad(&a, "JSON");
    return check(&a, root_der, json);
}
