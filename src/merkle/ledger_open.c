/* Opening a log: making the files, believing the checkpoint, reading what came after it, cutting what is unfinished. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/random.h"
#include "merkle/ledger_internal.h"

static const char magic[] = "HUFULOG", checkpoint_name[] = "checkpoint", checkpoint_new[] = "checkpoint.new";

enum { VERSION = 1, CHECKPOINT_SIZE = 8 + ID_SIZE + 8 + 8 + 8 + 2 * TREE_HASH_SIZE };

/* What a checkpoint says; in front of it stand magic and version, behind it the SM3 of all before. */
struct checkpoint {
    struct id id;
    uint64_t size, end;
    int64_t last_time_s;
    struct tree_hash root;
};

static void close_p(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static uint64_t file_size(int fd)
{
    struct stat s;
    return fstat(fd, &s) == 0 && s.st_size > 0 ? (uint64_t)s.st_size : 0;
}

/* ---- checkpoint ---- */

static void checkpoint_encode(const struct checkpoint *c, uint8_t into[CHECKPOINT_SIZE])
{
    struct writer w = writer_of(into, CHECKPOINT_SIZE);
    struct tree_hash sum;
    write_text(&w, magic);
    write_u8(&w, VERSION);
    write_bytes(&w, BYTES(c->id.b));
    write_u64(&w, c->size);
    write_u64(&w, c->end);
    write_u64(&w, (uint64_t)c->last_time_s);
    write_bytes(&w, BYTES(c->root.b));
    sm3_hash(bytes_of(into, w.len), sum.b);
    write_bytes(&w, BYTES(sum.b));
}

static struct result checkpoint_parse(const uint8_t from[CHECKPOINT_SIZE], struct checkpoint *ret_checkpoint)
{
    struct checkpoint c;
    uint8_t again[CHECKPOINT_SIZE];
    struct reader r = reader_of(bytes_of(from, CHECKPOINT_SIZE));
    (void)read_bytes(&r, 8);
    read_copy(&r, c.id.b, sizeof c.id.b);
    c.size = read_u64(&r);
    c.end = read_u64(&r);
    c.last_time_s = (int64_t)read_u64(&r);
    read_copy(&r, c.root.b, sizeof c.root.b);
    checkpoint_encode(&c, again);
    ENSURE(bytes_equal(BYTES(again), bytes_of(from, CHECKPOINT_SIZE)), ERROR_JOURNAL_DAMAGED);
    *ret_checkpoint = c;
    return OK;
}

static struct result write_new(int folder, const char *name, struct bytes b)
{
    int fd CLEANUP(close_p) = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ENSURE(fd >= 0, ERROR_IO);
    TRY(ledger_write_at(fd, b, 0));
    ENSURE(fdatasync(fd) == 0, ERROR_IO);
    return OK;
}

struct result ledger_checkpoint(struct ledger *ledger)
{
    struct checkpoint c = { ledger->id, ledger->size, ledger->end, ledger->last_time_s, { { 0 } } };
    uint8_t b[CHECKPOINT_SIZE];
    TRY(ledger_root(ledger, ledger->size, &c.root));
    checkpoint_encode(&c, b);
    ENSURE(fdatasync(ledger->tree) == 0 && fdatasync(ledger->places) == 0, ERROR_IO);
    TRY(write_new(ledger->folder, checkpoint_new, BYTES(b)));
    FAULT("ledger:checkpoint-written");
    ENSURE(renameat(ledger->folder, checkpoint_new, ledger->folder, checkpoint_name) == 0, ERROR_IO);
    ledger->checkpoint = ledger->size;
    return OK;
}

/* Takes over what the checkpoint says, if files and tree bear it out. */
static struct result take_checkpoint(struct ledger *ledger)
{
    int fd CLEANUP(close_p) = openat(ledger->folder, checkpoint_name, O_RDONLY | O_CLOEXEC);
    uint8_t b[CHECKPOINT_SIZE];
    struct checkpoint c;
    struct tree_hash root;
    ENSURE(fd >= 0, ERROR_NOT_FOUND);
    TRY(ledger_read_at(fd, b, sizeof b, 0));
    TRY(checkpoint_parse(b, &c));
    ENSURE(id_equal(&c.id, &ledger->id) && c.size > 0, ERROR_JOURNAL_DAMAGED);
    ENSURE(c.end <= file_size(ledger->records), ERROR_JOURNAL_DAMAGED);
    ENSURE(c.size <= file_size(ledger->places) / 8, ERROR_JOURNAL_DAMAGED);
    TRY(ledger_peaks(ledger, c.size, ledger->peaks, &ledger->peak_count));
    tree_fold(ledger->peaks, ledger->peak_count, &root);
    ENSURE(bytes_equal(BYTES(root.b), BYTES(c.root.b)), ERROR_JOURNAL_DAMAGED);
    ledger->size = ledger->checkpoint = c.size;
    ledger->end = c.end;
    ledger->last_time_s = c.last_time_s;
    return OK;
}

/* ---- records after it ---- */

/* The record at ledger->end, taken into the tree. ERROR_JOURNAL_DAMAGED when it is not whole. */
static struct result take_record(struct ledger *ledger, uint64_t file_end)
{
    struct ledger_header h;
    uint64_t left = file_end - ledger->end;
    ENSURE(left >= LEDGER_RECORD_HEADER, ERROR_JOURNAL_DAMAGED);
    TRY(ledger_read_at(ledger->records, ledger->buffer, LEDGER_RECORD_HEADER, ledger->end));
    TRY(ledger_header_read(bytes_of(ledger->buffer, LEDGER_RECORD_HEADER), &h));
    ENSURE(h.len <= left - LEDGER_RECORD_HEADER, ERROR_JOURNAL_DAMAGED);
    if (!h.erased) {
        uint8_t *body = ledger->buffer + LEDGER_RECORD_HEADER;
        struct ledger_record record = { h.type, h.version, h.time_s, bytes_of(body, h.len) };
        struct tree_hash leaf;
        TRY(ledger_read_at(ledger->records, body, h.len, ledger->end + LEDGER_RECORD_HEADER));
        ledger_leaf_of(&record, h.salt, &leaf);
        ENSURE(bytes_equal(BYTES(leaf.b), BYTES(h.leaf.b)), ERROR_JOURNAL_DAMAGED);
    }
    TRY(ledger_grow(ledger, &h.leaf, ledger->end));
    ledger->end += LEDGER_RECORD_HEADER + h.len;
    ledger->last_time_s = h.time_s;
    return OK;
}

static struct result take_records(struct ledger *ledger, uint64_t durable, struct diag *diag)
{
    uint64_t file_end = file_size(ledger->records);
    struct result r = OK;
    while (ledger->end < file_end && !failed(r)) r = take_record(ledger, file_end);
    if (failed(r) && r.code != ERROR_JOURNAL_DAMAGED) return r;
    if (ledger->size < durable)
        return diag_log(diag, ERROR_JOURNAL_DAMAGED, "%llu records are there and whole, %llu were synced",
                        (unsigned long long)ledger->size, (unsigned long long)durable);
    ledger->cut = file_end - ledger->end;
    if (ledger->cut == 0) return OK;
    ENSURE(ftruncate(ledger->records, (off_t)ledger->end) == 0 && fsync(ledger->records) == 0, ERROR_IO);
    return OK;
}

/* ---- files ---- */

static struct result make_header(struct ledger *ledger)
{
    uint8_t b[LEDGER_FILE_HEADER] = { 0 };
    struct writer w = writer_of(b, sizeof b);
    ledger->id = random_id();
    write_text(&w, magic);
    write_u8(&w, VERSION);
    write_bytes(&w, BYTES(ledger->id.b));
    TRY(ledger_write_at(ledger->records, BYTES(b), 0));
    ENSURE(fsync(ledger->records) == 0 && fsync(ledger->folder) == 0, ERROR_IO);
    return OK;
}

/* A file shorter than its header was never begun: the header is synced before the first record. */
static struct result read_header(struct ledger *ledger, struct diag *diag)
{
    uint8_t b[LEDGER_FILE_HEADER];
    if (file_size(ledger->records) < sizeof b) return make_header(ledger);
    TRY(ledger_read_at(ledger->records, b, sizeof b, 0));
    struct reader r = reader_of(BYTES(b));
    bool ours = bytes_equal(read_bytes(&r, sizeof magic - 1), bytes_text(magic));
    uint8_t version = read_u8(&r);
    read_copy(&r, ledger->id.b, sizeof ledger->id.b);
    if (!ours || version != VERSION)
        return diag_log(diag, ERROR_JOURNAL_DAMAGED, "not a log of version %d", VERSION);
    return OK;
}

static struct result open_files(struct ledger *ledger, const char *folder, struct diag *diag)
{
    static const int flags = O_RDWR | O_CREAT | O_CLOEXEC;
    ledger->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ledger->folder < 0) return diag_log(diag, ERROR_IO, "%s: %m", folder);
    ledger->records = openat(ledger->folder, "records", flags, 0600);
    ledger->tree = openat(ledger->folder, "tree", flags, 0600);
    ledger->places = openat(ledger->folder, "places", flags, 0600);
    if (ledger->records < 0 || ledger->tree < 0 || ledger->places < 0)
        return diag_log(diag, ERROR_IO, "the log in %s: %m", folder);
    if (flock(ledger->records, LOCK_EX | LOCK_NB) != 0)
        return diag_log(diag, ERROR_JOURNAL_BUSY, "%s is open in another process", folder);
    return OK;
}

static struct result load(struct ledger *ledger, const char *folder, uint64_t durable, struct diag *diag)
{
    TRY(open_files(ledger, folder, diag));
    TRY(read_header(ledger, diag));
    ledger->end = LEDGER_FILE_HEADER;
    /* A checkpoint that does not hold is worth nothing and costs nothing: all is made of the records. */
    if (failed(take_checkpoint(ledger))) ledger->peak_count = 0;
    return take_records(ledger, durable, diag);
}

static void close_files(struct ledger *ledger)
{
    int *const files[] = { &ledger->folder, &ledger->records, &ledger->tree, &ledger->places };
    for (size_t i = 0; i < COUNT(files); i++) close_p(files[i]);
    free(ledger);
}

struct result ledger_open(const char *folder, uint64_t durable, struct diag *diag, struct ledger **ret_ledger)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger) abort();
    ledger->folder = ledger->records = ledger->tree = ledger->places = -1;
    struct result r = load(ledger, folder, durable, diag);
    if (failed(r)) {
        close_files(ledger);
        return r;
    }
    *ret_ledger = ledger;
    return OK;
}

void ledger_free(struct ledger *ledger)
{
    if (!ledger) return;
    /* Without it the next start reads more. */
    if (!ledger->broken && !ledger->dirty && ledger->size > ledger->checkpoint) IGNORE(ledger_checkpoint(ledger));
    close_files(ledger);
}
