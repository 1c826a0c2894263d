#include "cli/audit_journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "ipc/signer_api.h"
#include "pki/certificate.h"

enum { HEADS_FILE_MAX = 1024 * 1024 };

/* ---- whose journal it is ---- */

static struct result read_file(const char *path, size_t max, struct arena *arena, struct diag *diag,
                               struct bytes *ret_all)
{
    uint8_t *into = arena_take(arena, max + 1);
    ENSURE(into, ERROR_OUT_OF_ROOM);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, into, max + 1);
    if (fd >= 0) close(fd);
    if (n < 0) return diag_log(diag, ERROR_IO, "%s cannot be read", path);
    if ((size_t)n > max) return diag_log(diag, ERROR_TOO_LARGE, "%s", path);
    *ret_all = bytes_of(into, (size_t)n);
    return OK;
}

/* The key of its tree heads: its certificate stands in the first record and is issued by the root, which is the one
 * that the caller, or the installation, trusts. */
static struct result head_key(const char *folder, struct bytes trusted, struct arena *arena, struct diag *diag,
                              struct sm2_public *ret_key)
{
    struct ledger_record first;
    struct journal_begin begin;
    struct certificate *root, *head;
    TRY(inspect_first(folder, arena, diag, &first));
    struct reader r = reader_of(first.body);
    bool good = first.type == JOURNAL_BEGIN && !failed(shape_read(&journal_begin_shape, &r, arena, &begin));
    if (!good) return diag_log(diag, ERROR_JOURNAL_CHANGED, "record 0 is not the beginning of a journal");
    if (!bytes_equal(trusted, begin.root_certificate))
        return diag_log(diag, ERROR_JOURNAL_HEAD, "it begins with another root certificate than the trusted one");
    TRY(certificate_parse(begin.root_certificate, arena, &root));
    TRY(certificate_parse(begin.head_certificate, arena, &head));
    if (failed(certificate_check_signature(root, &root->key)) || failed(certificate_check_signature(head, &root->key)))
        return diag_log(diag, ERROR_JOURNAL_HEAD, "the certificate of its tree heads is not the root's");
    *ret_key = head->key;
    return OK;
}

/* ---- heads ---- */

/* The text of a head up to and with its last line; what is left stays in REST. */
static struct bytes cut_head(struct bytes *rest)
{
    static const char last[] = "\nsignature: ";
    struct bytes all = *rest;
    for (size_t i = 0; i + sizeof last - 1 < all.len; i++) {
        if (!bytes_equal(bytes_of(all.ptr + i, sizeof last - 1), bytes_text(last))) continue;
        size_t end = i + 1;
        while (end < all.len && all.ptr[end] != '\n') end++;
        if (end < all.len) end++;
        *rest = bytes_of(all.ptr + end, all.len - end);
        return bytes_of(all.ptr, end);
    }
    *rest = (struct bytes){ 0 };
    return all;
}

static struct result check_heads(const struct inspected *log, const char *path, const struct sm2_public *key,
                                 struct arena *arena, struct diag *diag, uint64_t *ret_count)
{
    struct bytes rest;
    uint64_t count = 0;
    TRY(read_file(path, HEADS_FILE_MAX, arena, diag, &rest));
    while (rest.len > 0) {
        struct head head;
        if (failed(head_check(cut_head(&rest), key, arena, &head)))
            return diag_log(diag, ERROR_JOURNAL_HEAD, "%s: head %llu", path, (unsigned long long)count + 1);
        TRY(inspect_head(log, &head, diag));
        count++;
    }
    *ret_count = count;
    return OK;
}

static struct result own_head(const char *folder, const struct sm2_public *key, struct arena *arena, struct diag *diag,
                              struct head *ret_head)
{
    struct bytes text;
    const char *path = arena_format(arena, "%s/head", folder);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    if (failed(read_file(path, HEAD_SIZE_MAX, arena, NULL, &text)))
        return diag_log(diag, ERROR_JOURNAL_HEAD, "%s is not there", path);
    if (failed(head_check(text, key, arena, ret_head))) return diag_log(diag, ERROR_JOURNAL_HEAD, "%s", path);
    return OK;
}

/* ---- the whole ---- */

static struct result check(const struct inspected *log, const struct head *own, const struct sm2_public *key,
                           const char *heads, const struct audit_witness *witness, struct arena *arena,
                           struct diag *diag, uint64_t *ret_heads)
{
    const struct head database = { .size = witness->size, .root = witness->root };
    TRY(inspect_log(log, own, diag));
    if (log->found_count < witness->applied)
        return diag_log(diag, ERROR_JOURNAL_CUT, "the database knows of %llu records, %llu are there",
                        (unsigned long long)witness->applied, (unsigned long long)log->found_count);
    if (witness->size > 0) TRY(inspect_head(log, &database, diag));
    return heads ? check_heads(log, heads, key, arena, diag, ret_heads) : OK;
}

struct result audit_journal_verify(const struct installation *installation, const char *root, const char *heads,
                                   const struct audit_witness *witness, struct arena *arena, struct diag *diag,
                                   struct audit_told *ret_told)
{
    const char *folder = arena_format(arena, "%s/signer/journal", installation->folder);
    const char *root_path = root ? root : arena_format(arena, "%s/ca/root.cer", installation->folder);
    struct bytes trusted;
    struct sm2_public key;
    struct inspected log;
    struct head own;
    struct audit_told told = { 0 };
    ENSURE(folder && root_path, ERROR_OUT_OF_ROOM);
    TRY(read_file(root_path, CERTIFICATE_SIZE_MAX, arena, diag, &trusted));
    TRY(head_key(folder, trusted, arena, diag, &key));
    /* The head first, for its owner may be writing on: the records that it vouches for are there. */
    TRY(own_head(folder, &key, arena, diag, &own));
    TRY(inspect_read(folder, diag, &log));
    struct result r = check(&log, &own, &key, heads, witness, arena, diag, &told.heads);
    told.size = own.size;
    told.root = text_hex(arena, BYTES(own.root.b));
    told.erased = log.erased;
    told.beyond = log.found_count - own.size;
    inspect_done(&log);
    TRY(r);
    ENSURE(told.root, ERROR_OUT_OF_ROOM);
    *ret_told = told;
    return OK;
}
