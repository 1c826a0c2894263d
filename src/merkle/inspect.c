#include "merkle/inspect.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merkle/ledger_internal.h"

/* A leaf that nothing has: of a record that is not whole. */
static const struct tree_hash no_leaf;

static bool same(const struct tree_hash *a, const struct tree_hash *b)
{
    return bytes_equal(BYTES(a->b), BYTES(b->b));
}

/* ---- files ---- */

/* A whole file, for reading; empty when it is. */
struct view {
    int fd;
    struct bytes all;
};

static void unmap(struct view *v)
{
    if (v->all.len) munmap((void *)(uintptr_t)v->all.ptr, v->all.len);
    if (v->fd >= 0) close(v->fd);
}

static struct result map(const char *folder, const char *name, struct diag *diag, struct view *ret_view)
{
    char path[4096];
    struct stat s;
    struct view v = { .fd = -1 };
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n > 0 && n < (int)sizeof path) v.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (v.fd < 0 || fstat(v.fd, &s) != 0) {
        unmap(&v);
        return diag_log(diag, ERROR_IO, "%s cannot be read", path);
    }
    void *at = s.st_size > 0 ? mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, v.fd, 0) : NULL;
    if (at == MAP_FAILED) {
        unmap(&v);
        return diag_log(diag, ERROR_IO, "%s cannot be read", path);
    }
    v.all = bytes_of(at, s.st_size > 0 ? (size_t)s.st_size : 0);
    *ret_view = v;
    return OK;
}

/* The signer holds a lock while it has its journal open. */
static bool is_open(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) != 0) return true;
    flock(fd, LOCK_UN);
    return false;
}

/* ---- records ---- */

/* The record at AT, its leaf no_leaf when its content is not what the leaf in front of it was made of.
 * ERROR_JOURNAL_DAMAGED when no record stands there. */
static struct result take(struct bytes all, uint64_t at, struct inspected *log, uint64_t *ret_next)
{
    struct ledger_header h;
    uint64_t left = all.len - at;
    ENSURE(left >= LEDGER_RECORD_HEADER, ERROR_JOURNAL_DAMAGED);
    TRY(ledger_header_read(bytes_of(all.ptr + at, LEDGER_RECORD_HEADER), &h));
    ENSURE(h.len <= left - LEDGER_RECORD_HEADER, ERROR_JOURNAL_DAMAGED);
    struct tree_hash leaf = h.leaf;
    if (h.erased) {
        log->erased++;
    } else {
        struct ledger_record record = { h.type, h.version, h.time_s,
                                        bytes_of(all.ptr + at + LEDGER_RECORD_HEADER, h.len) };
        ledger_leaf_of(&record, h.salt, &leaf);
    }
    log->found[log->found_count++] = same(&leaf, &h.leaf) ? leaf : no_leaf;
    *ret_next = at + LEDGER_RECORD_HEADER + h.len;
    return OK;
}

/* Where record INDEX begins, as the file of places has it; 0 when it does not. */
static uint64_t place_of(struct bytes places, uint64_t index)
{
    if (index >= places.len / 8) return 0;
    struct reader r = reader_of(bytes_of(places.ptr + index * 8, 8));
    return read_u64(&r);
}

static void take_all(struct bytes all, struct bytes places, struct inspected *log)
{
    uint64_t at = LEDGER_FILE_HEADER, next;
    while (at < all.len) {
        uint64_t index = log->found_count;
        bool read = !failed(take(all, at, log, &next));
        if (read && !same(&log->found[index], &no_leaf)) {
            at = next;
            continue;
        }
        /* Its length may be what was altered: the next one is where it used to be. */
        uint64_t kept = place_of(places, index + 1);
        if (!read && kept <= at) break;
        if (!read) log->found[log->found_count++] = no_leaf;
        at = kept > at && kept < all.len ? kept : read ? next : all.len;
    }
    log->unfinished = all.len > at ? all.len - at : 0;
}

static struct result read_records(const char *folder, struct diag *diag, struct inspected *log)
{
    struct view records CLEANUP(unmap) = { .fd = -1 }, places CLEANUP(unmap) = { .fd = -1 };
    TRY(map(folder, "records", diag, &records));
    TRY(map(folder, "places", diag, &places));
    struct reader r = reader_of(records.all);
    bool ours = bytes_equal(read_bytes(&r, 7), bytes_text("HUFULOG")) && read_u8(&r) == 1;
    read_copy(&r, log->id.b, sizeof log->id.b);
    if (!ours || records.all.len < LEDGER_FILE_HEADER)
        return diag_log(diag, ERROR_JOURNAL_DAMAGED, "%s/records is no log", folder);
    log->open = is_open(records.fd);
    /* As many as there can be: a record that cannot be read takes a place too. */
    size_t most = records.all.len / LEDGER_RECORD_HEADER + places.all.len / 8 + 1;
    log->found = calloc(most, sizeof *log->found);
    if (!log->found) abort();
    take_all(records.all, places.all, log);
    return OK;
}

/* Whether the nodes that leaf INDEX makes full are what its leaves give; PEAKS are those of the leaves before it. */
static bool takes_leaf(struct bytes tree, uint64_t index, const struct tree_hash *leaf,
                       struct tree_hash peaks[TREE_DEPTH_MAX + 1])
{
    size_t count = (size_t)__builtin_popcountll(index);
    const uint8_t *kept = tree.ptr + ledger_nodes(index) * TREE_HASH_SIZE;
    struct tree_hash node = *leaf;
    bool good = true;
    for (uint64_t full = index; full & 1; full >>= 1) {
        tree_node(&peaks[--count], &node, &node);
        kept += TREE_HASH_SIZE;
        good = good && bytes_equal(BYTES(node.b), bytes_of(kept, TREE_HASH_SIZE));
    }
    peaks[count] = node;
    return good;
}

static struct result read_tree(const char *folder, struct diag *diag, struct inspected *log)
{
    struct view tree CLEANUP(unmap) = { .fd = -1 };
    TRY(map(folder, "tree", diag, &tree));
    uint64_t nodes = tree.all.len / TREE_HASH_SIZE;
    log->known = calloc(nodes / 2 + 2, sizeof *log->known);
    if (!log->known) abort();
    struct tree_hash peaks[TREE_DEPTH_MAX + 1];
    for (uint64_t i = 0; ledger_nodes(i + 1) <= nodes; i++) {
        memcpy(&log->known[i], tree.all.ptr + ledger_nodes(i) * TREE_HASH_SIZE, TREE_HASH_SIZE);
        log->tree_altered = !takes_leaf(tree.all, i, &log->known[i], peaks) || log->tree_altered;
        log->known_count++;
    }
    return OK;
}

struct result inspect_read(const char *folder, struct diag *diag, struct inspected *ret_log)
{
    struct inspected log = { 0 };
    struct result r = read_records(folder, diag, &log);
    if (!failed(r)) r = read_tree(folder, diag, &log);
    if (failed(r)) inspect_done(&log);
    else *ret_log = log;
    return r;
}

void inspect_done(struct inspected *log)
{
    free(log->found);
    free(log->known);
    *log = (struct inspected){ 0 };
}

/* The record that comes next, its body as it lies there. ERROR_JOURNAL_CHANGED unless it is whole. */
static struct result next_record(struct reader *r, struct ledger_record *ret_record, bool *ret_erased)
{
    struct ledger_header h;
    struct tree_hash leaf;
    ENSURE(!failed(ledger_header_read(read_bytes(r, LEDGER_RECORD_HEADER), &h)), ERROR_JOURNAL_CHANGED);
    struct ledger_record record = { h.type, h.version, h.time_s, read_bytes(r, h.len) };
    ENSURE(!r->bad, ERROR_JOURNAL_CHANGED);
    if (!h.erased) ledger_leaf_of(&record, h.salt, &leaf);
    ENSURE(h.erased || same(&leaf, &h.leaf), ERROR_JOURNAL_CHANGED);
    *ret_record = record;
    *ret_erased = h.erased;
    return OK;
}

struct result inspect_first(const char *folder, struct arena *arena, struct diag *diag,
                            struct ledger_record *ret_record)
{
    struct view records CLEANUP(unmap) = { .fd = -1 };
    struct ledger_record record;
    bool erased;
    TRY(map(folder, "records", diag, &records));
    struct reader r = reader_of(records.all);
    (void)read_bytes(&r, LEDGER_FILE_HEADER);
    ENSURE(r.left > 0 && !r.bad, ERROR_NOT_FOUND);
    TRY(next_record(&r, &record, &erased));
    ENSURE(!erased, ERROR_NOT_FOUND);
    record.body = arena_bytes(arena, record.body);
    ENSURE(record.body.ptr, ERROR_OUT_OF_ROOM);
    *ret_record = record;
    return OK;
}

struct result inspect_each(const char *folder, struct diag *diag,
                           struct result (*each)(void *context, uint64_t index, const struct ledger_record *record),
                           void *context)
{
    struct view records CLEANUP(unmap) = { .fd = -1 };
    struct ledger_record record;
    bool erased;
    TRY(map(folder, "records", diag, &records));
    struct reader r = reader_of(records.all);
    (void)read_bytes(&r, LEDGER_FILE_HEADER);
    /* One that is not whole ends it: what is wrong there is named by inspect_log. */
    for (uint64_t i = 0; r.left > 0 && !failed(next_record(&r, &record, &erased)); i++)
        if (!erased) TRY(each(context, i, &record));
    return OK;
}

/* ---- what was done ---- */

void inspect_root(const struct tree_hash *leaves, uint64_t count, struct tree_hash *ret_root)
{
    struct tree_hash peaks[TREE_DEPTH_MAX + 1];
    for (uint64_t i = 0; i < count; i++) tree_grow(peaks, i, &leaves[i]);
    tree_fold(peaks, (size_t)__builtin_popcountll(count), ret_root);
}

static bool holds(const struct tree_hash *leaves, uint64_t count, const struct head *head)
{
    struct tree_hash root;
    if (count < head->size) return false;
    inspect_root(leaves, head->size, &root);
    return same(&root, &head->root);
}

static bool stands_later(const struct tree_hash *leaf, const struct tree_hash *leaves, uint64_t from, uint64_t count)
{
    for (uint64_t i = from; i < count; i++)
        if (same(leaf, &leaves[i])) return true;
    return false;
}

/* The first of the records that is not the signed one, and what became of it. The tree is the signed one. */
static struct result name_damage(const struct inspected *log, uint64_t size, struct diag *diag)
{
    uint64_t at = 0, count = log->found_count;
    while (at < size && at < count && same(&log->found[at], &log->known[at])) at++;
    if (at == count)
        return diag_log(diag, ERROR_JOURNAL_CUT, "%llu records of %llu are there", (unsigned long long)count,
                        (unsigned long long)size);
    bool moved = stands_later(&log->found[at], log->known, at + 1, size);
    bool there = stands_later(&log->known[at], log->found, at + 1, count);
    enum error what = moved && there ? ERROR_JOURNAL_REORDERED
                      : moved        ? ERROR_JOURNAL_REMOVED
                      : there        ? ERROR_JOURNAL_INSERTED
                                     : ERROR_JOURNAL_CHANGED;
    return diag_log(diag, what, "record %llu", (unsigned long long)at);
}

struct result inspect_log(const struct inspected *log, const struct head *own, struct diag *diag)
{
    bool found = holds(log->found, log->found_count, own), known = holds(log->known, log->known_count, own);
    unsigned long long size = own->size, there = log->found_count;
    if (!found && known) return name_damage(log, own->size, diag);
    if (!found && there < size)
        return diag_log(diag, ERROR_JOURNAL_CUT, "%llu records of %llu are there", there, size);
    if (!found) return diag_log(diag, ERROR_JOURNAL_ALTERED, "among the first %llu records", size);
    if (!known || log->tree_altered) return diag_log(diag, ERROR_JOURNAL_TREE, "of the first %llu records", size);
    /* Its owner signs a head with each sync. */
    if (there > size && !log->open)
        return diag_log(diag, ERROR_JOURNAL_INSERTED, "record %llu, behind the last signed head", size);
    return OK;
}

struct result inspect_head(const struct inspected *log, const struct head *head, struct diag *diag)
{
    unsigned long long size = head->size, there = log->found_count;
    if (there < size)
        return diag_log(diag, ERROR_JOURNAL_CUT, "a head vouches for %llu records, %llu are there", size, there);
    if (!holds(log->found, log->found_count, head))
        return diag_log(diag, ERROR_JOURNAL_FORK, "the head of %llu records is of another history", size);
    return OK;
}
