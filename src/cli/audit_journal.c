#include "cli/audit_journal.h"

#include "base/text.h"
#include "cli/audit_file.h"
#include "ipc/signer_api.h"
#include "pki/certificate.h"

enum { HEADS_FILE_MAX = 1024 * 1024 };

/* ---- whose journal it is ---- */

/* The key of its tree heads: its certificate stands in the first record and is issued by the root, which is the one
 * that the caller, or the installation, trusts. There stands its first incarnation too. */
static struct result head_key(const char *folder, struct bytes trusted, struct arena *arena, struct diag *diag,
                              struct sm2_public *ret_key, struct id *ret_incarnation)
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
    if (!public_key_as_sm2(&head->key))
        return diag_log(diag, ERROR_JOURNAL_HEAD, "the key of its tree heads is not for SM2");
    *ret_key = *public_key_as_sm2(&head->key);
    *ret_incarnation = begin.incarnation;
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

/* ---- incarnations ---- */

enum { INCARNATIONS_MAX = 256 };

/* The lives of this journal, each from the record on that began it. */
struct lives {
    struct arena *arena;
    struct diag *diag;
    size_t count;
    struct {
        struct id id;
        uint64_t from;
    } all[INCARNATIONS_MAX];
};

static struct result take_incarnation(void *context, uint64_t index, const struct ledger_record *record)
{
    struct lives *l = context;
    struct journal_restored r = { .trail_size = 0 };
    struct journal_incarnation plain = { 0 };
    struct reader reader = reader_of(record->body);
    bool good = l->count < INCARNATIONS_MAX;
    if (record->type == JOURNAL_RESTORED) {
        good = good && !failed(shape_read(&journal_restored_shape, &reader, l->arena, &r));
    } else if (record->type == JOURNAL_INCARNATION) { /* of earlier builds */
        good = good && !failed(shape_read(&journal_incarnation_shape, &reader, l->arena, &plain));
        r.incarnation = plain.incarnation;
        r.before = plain.before;
    } else {
        return OK;
    }
    good = good && id_equal(&r.before, &l->all[l->count - 1].id);
    if (!good)
        return diag_log(l->diag, ERROR_JOURNAL_ALTERED, "record %llu follows another incarnation",
                        (unsigned long long)index);
    l->all[l->count].id = r.incarnation;
    l->all[l->count++].from = index;
    return OK;
}

/* A head bears the incarnation in which it was signed. One that vouches for more than there was when the backup was
 * restored was signed by the installation that the backup was made of, which went on. */
static struct result check_life(const struct lives *l, const struct head *head, struct diag *diag)
{
    for (size_t i = 0; i < l->count; i++) {
        if (!id_equal(&l->all[i].id, &head->incarnation)) continue;
        if (i + 1 == l->count || head->size <= l->all[i + 1].from) return OK;
        return diag_log(diag, ERROR_JOURNAL_FORK,
                        "a head of %llu records was signed beside this installation, which was restored at record %llu",
                        (unsigned long long)head->size, (unsigned long long)l->all[i + 1].from);
    }
    return diag_log(diag, ERROR_JOURNAL_HEAD, "a head of %llu records is of an incarnation that is not in the journal",
                    (unsigned long long)head->size);
}

static struct result check_heads(const struct inspected *log, const char *path, const struct sm2_public *key,
                                 const struct lives *lives, struct arena *arena, struct diag *diag,
                                 uint64_t *ret_count)
{
    struct bytes rest;
    uint64_t count = 0;
    TRY(audit_file_read(path, HEADS_FILE_MAX, arena, diag, &rest));
    while (rest.len > 0) {
        struct head head;
        if (failed(head_check(cut_head(&rest), key, arena, &head)))
            return diag_log(diag, ERROR_JOURNAL_HEAD, "%s: head %llu", path, (unsigned long long)count + 1);
        TRY(check_life(lives, &head, diag));
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
    if (failed(audit_file_read(path, HEAD_SIZE_MAX, arena, NULL, &text)))
        return diag_log(diag, ERROR_JOURNAL_HEAD, "%s is not there", path);
    if (failed(head_check(text, key, arena, ret_head))) return diag_log(diag, ERROR_JOURNAL_HEAD, "%s", path);
    return OK;
}

/* ---- the whole ---- */

struct verifying {
    const char *folder, *heads;
    const struct audit_witness *witness;
    struct arena *arena;
    struct diag *diag;
    struct sm2_public key;
    struct inspected log;
    struct head own;
    struct lives lives;
};

static struct result check(struct verifying *v, uint64_t *ret_heads)
{
    const struct head database = { .size = v->witness->size, .root = v->witness->root };
    TRY(inspect_log(&v->log, &v->own, v->diag));
    if (v->log.found_count < v->witness->applied)
        return diag_log(v->diag, ERROR_JOURNAL_CUT, "the database knows of %llu records, %llu are there",
                        (unsigned long long)v->witness->applied, (unsigned long long)v->log.found_count);
    if (v->witness->size > 0) TRY(inspect_head(&v->log, &database, v->diag));
    TRY(inspect_each(v->folder, v->diag, take_incarnation, &v->lives));
    TRY(check_life(&v->lives, &v->own, v->diag));
    return v->heads ? check_heads(&v->log, v->heads, &v->key, &v->lives, v->arena, v->diag, ret_heads) : OK;
}

static struct result verify(struct verifying *v, const char *root_path, struct audit_told *ret_told)
{
    struct bytes trusted;
    struct audit_told told = { 0 };
    TRY(audit_file_read(root_path, CERTIFICATE_SIZE_MAX, v->arena, v->diag, &trusted));
    TRY(head_key(v->folder, trusted, v->arena, v->diag, &v->key, &v->lives.all[0].id));
    v->lives.count = 1;
    /* The head first, for its owner may be writing on: the records that it vouches for are there. */
    TRY(own_head(v->folder, &v->key, v->arena, v->diag, &v->own));
    TRY(inspect_read(v->folder, v->diag, &v->log));
    struct result r = check(v, &told.heads);
    told.size = v->own.size;
    told.root = text_hex(v->arena, BYTES(v->own.root.b));
    told.erased = v->log.erased;
    told.beyond = v->log.found_count - v->own.size;
    told.restored = v->lives.count - 1;
    told.restored_at = v->lives.all[v->lives.count - 1].from;
    inspect_done(&v->log);
    TRY(r);
    ENSURE(told.root, ERROR_OUT_OF_ROOM);
    *ret_told = told;
    return OK;
}

struct result audit_journal_verify(const struct installation *installation, const char *root, const char *heads,
                                   const struct audit_witness *witness, struct arena *arena, struct diag *diag,
                                   struct audit_told *ret_told)
{
    struct verifying *v = arena_take(arena, sizeof *v);
    const char *root_path = root ? root : arena_format(arena, "%s/ca/root.cer", installation->folder);
    ENSURE(v && root_path, ERROR_OUT_OF_ROOM);
    v->folder = arena_format(arena, "%s/signer/journal", installation->folder);
    ENSURE(v->folder, ERROR_OUT_OF_ROOM);
    v->heads = heads;
    v->witness = witness;
    v->arena = v->lives.arena = arena;
    v->diag = v->lives.diag = diag;
    return verify(v, root_path, ret_told);
}
