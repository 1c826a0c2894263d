#include "merkle/ledger.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/random.h"
#include "merkle/ledger_internal.h"

/* ---- files ---- */

struct result ledger_read_at(int fd, void *into, size_t len, uint64_t at)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, (uint8_t *)into + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n > 0, ERROR_IO);
        done += (size_t)n;
    }
    return OK;
}

struct result ledger_write_at(int fd, struct bytes b, uint64_t at)
{
    for (size_t done = 0; done < b.len;) {
        ssize_t n = pwrite(fd, b.ptr + done, b.len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n > 0, ERROR_IO);
        done += (size_t)n;
    }
    return OK;
}

struct result ledger_header_read(struct bytes b, struct ledger_header *ret_header)
{
    struct reader r = reader_of(b);
    struct ledger_header h = { .len = read_u32(&r), .type = read_u16(&r), .version = read_u8(&r) };
    uint8_t state = read_u8(&r);
    h.erased = state == 1;
    h.time_s = (int64_t)read_u64(&r);
    read_copy(&r, h.salt, sizeof h.salt);
    read_copy(&r, h.leaf.b, sizeof h.leaf.b);
    ENSURE(!r.bad && state <= 1 && h.len <= LEDGER_BODY_MAX, ERROR_JOURNAL_DAMAGED);
    *ret_header = h;
    return OK;
}

void ledger_header_write(const struct ledger_header *h, struct writer *w)
{
    write_u32(w, h->len);
    write_u16(w, h->type);
    write_u8(w, h->version);
    write_u8(w, h->erased);
    write_u64(w, (uint64_t)h->time_s);
    write_bytes(w, BYTES(h->salt));
    write_bytes(w, BYTES(h->leaf.b));
}

/* ---- the tree on disk ---- */

/* Nodes lie in the order in which they come to be: each leaf, behind it every subtree that it makes full. */
uint64_t ledger_nodes(uint64_t size)
{
    return 2 * size - (uint64_t)__builtin_popcountll(size);
}

static uint64_t node_at(struct tree_place p)
{
    return ledger_nodes(((p.at + 1) << p.level) - 1) + p.level;
}

static struct result read_node(const struct ledger *ledger, struct tree_place place, struct tree_hash *ret_hash)
{
    return ledger_read_at(ledger->tree, ret_hash->b, TREE_HASH_SIZE, node_at(place) * TREE_HASH_SIZE);
}

static struct result range_peaks(const struct ledger *ledger, struct tree_range range, struct tree_hash *peaks,
                                 size_t *ret_count)
{
    struct tree_place places[TREE_DEPTH_MAX + 1];
    size_t count = tree_split(range, places);
    for (size_t i = 0; i < count; i++) TRY(read_node(ledger, places[i], &peaks[i]));
    *ret_count = count;
    return OK;
}

struct result ledger_peaks(const struct ledger *ledger, uint64_t size, struct tree_hash ret_peaks[TREE_DEPTH_MAX + 1],
                           size_t *ret_count)
{
    return range_peaks(ledger, (struct tree_range){ 0, size }, ret_peaks, ret_count);
}

static struct result write_ranges(const struct ledger *ledger, const struct tree_range *ranges, size_t count,
                                  struct writer *w)
{
    for (size_t i = 0; i < count; i++) {
        struct tree_hash peaks[TREE_DEPTH_MAX + 1], hash;
        size_t n;
        TRY(range_peaks(ledger, ranges[i], peaks, &n));
        tree_fold(peaks, n, &hash);
        write_bytes(w, BYTES(hash.b));
    }
    ENSURE(!w->full, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result ledger_root(const struct ledger *ledger, uint64_t size, struct tree_hash *ret_root)
{
    ENSURE(size <= ledger->size, ERROR_NOT_FOUND);
    struct tree_hash peaks[TREE_DEPTH_MAX + 1];
    size_t count;
    if (size == 0) {
        tree_empty(ret_root);
    } else if (size == ledger->size) {
        tree_fold(ledger->peaks, ledger->peak_count, ret_root);
    } else {
        TRY(ledger_peaks(ledger, size, peaks, &count));
        tree_fold(peaks, count, ret_root);
    }
    return OK;
}

struct result ledger_leaf(const struct ledger *ledger, uint64_t leaf, struct tree_hash *ret_hash)
{
    ENSURE(leaf < ledger->size, ERROR_NOT_FOUND);
    struct tree_hash hash;
    TRY(read_node(ledger, (struct tree_place){ 0, leaf }, &hash));
    *ret_hash = hash;
    return OK;
}

struct result ledger_inclusion(const struct ledger *ledger, uint64_t leaf, uint64_t size, struct writer *w)
{
    ENSURE(size <= ledger->size && leaf < size, ERROR_NOT_FOUND);
    struct tree_range ranges[TREE_DEPTH_MAX + 1];
    return write_ranges(ledger, ranges, tree_inclusion(leaf, size, ranges), w);
}

struct result ledger_consistency(const struct ledger *ledger, uint64_t old, uint64_t size, struct writer *w)
{
    ENSURE(size <= ledger->size && old >= 1 && old <= size, ERROR_NOT_FOUND);
    struct tree_range ranges[TREE_DEPTH_MAX + 1];
    return write_ranges(ledger, ranges, tree_consistency(old, size, ranges), w);
}

struct result ledger_grow(struct ledger *ledger, const struct tree_hash *leaf, uint64_t place)
{
    struct tree_hash made[TREE_DEPTH_MAX + 1];
    size_t count = 1, peaks = ledger->peak_count;
    made[0] = *leaf;
    for (uint64_t full = ledger->size; full & 1; full >>= 1, count++, peaks--)
        tree_node(&ledger->peaks[peaks - 1], &made[count - 1], &made[count]);
    uint8_t number[8];
    struct writer w = writer_of(number, sizeof number);
    write_u64(&w, place);
    TRY(ledger_write_at(ledger->tree, bytes_of(made, count * TREE_HASH_SIZE),
                        ledger_nodes(ledger->size) * TREE_HASH_SIZE));
    TRY(ledger_write_at(ledger->places, BYTES(number), ledger->size * sizeof number));
    ledger->peaks[peaks] = made[count - 1];
    ledger->peak_count = peaks + 1;
    ledger->size++;
    return OK;
}

/* ---- records ---- */

uint64_t ledger_cut(const struct ledger *ledger)
{
    return ledger->cut;
}

struct id ledger_id(const struct ledger *ledger)
{
    return ledger->id;
}

uint64_t ledger_size(const struct ledger *ledger)
{
    return ledger->size;
}

int64_t ledger_last_time(const struct ledger *ledger)
{
    return ledger->last_time_s;
}

static void write_data_head(const struct ledger_record *record, const uint8_t salt[LEDGER_SALT_SIZE],
                            struct writer *w)
{
    write_u16(w, record->type);
    write_u8(w, record->version);
    write_u64(w, (uint64_t)record->time_s);
    write_bytes(w, bytes_of(salt, LEDGER_SALT_SIZE));
}

void ledger_data(const struct ledger_record *record, const uint8_t salt[LEDGER_SALT_SIZE], struct writer *w)
{
    write_data_head(record, salt, w);
    write_bytes(w, record->body);
}

void ledger_leaf_of(const struct ledger_record *record, const uint8_t salt[LEDGER_SALT_SIZE],
                    struct tree_hash *ret_leaf)
{
    uint8_t head[LEDGER_DATA_MAX - LEDGER_BODY_MAX];
    struct writer w = writer_of(head, sizeof head);
    struct sm3 sm3;
    write_data_head(record, salt, &w);
    tree_leaf_begin(&sm3);
    sm3_update(&sm3, BYTES(head));
    sm3_update(&sm3, record->body);
    sm3_final(&sm3, ret_leaf->b);
}

/* Record, tree and place, in this order: what is made of the records may lag behind them, never the other way. */
static struct result write_entry(struct ledger *ledger, const struct ledger_record *record,
                                 const struct ledger_header *header)
{
    struct writer w = writer_of(ledger->buffer, sizeof ledger->buffer);
    struct bytes whole;
    ledger_header_write(header, &w);
    write_bytes(&w, record->body);
    TRY(writer_end(&w, &whole));
    TRY(ledger_write_at(ledger->records, whole, ledger->end));
    FAULT("ledger:record-written");
    TRY(ledger_grow(ledger, &header->leaf, ledger->end));
    ledger->end += whole.len;
    return OK;
}

struct result ledger_append(struct ledger *ledger, const struct ledger_record *record, uint64_t *ret_index)
{
    ENSURE(record->body.len <= LEDGER_BODY_MAX, ERROR_TOO_LARGE);
    ENSURE(!ledger->broken, ERROR_JOURNAL_WRITE);
    struct ledger_header header = { .len = (uint32_t)record->body.len, .type = record->type,
                                    .version = record->version, .time_s = record->time_s };
    random_fill(header.salt, sizeof header.salt);
    ledger_leaf_of(record, header.salt, &header.leaf);
    uint64_t index = ledger->size;
    if (failed(write_entry(ledger, record, &header))) {
        ledger->broken = true;
        return FAIL(ERROR_JOURNAL_WRITE);
    }
    ledger->dirty = true;
    ledger->last_time_s = record->time_s;
    *ret_index = index;
    return OK;
}

struct result ledger_sync(struct ledger *ledger)
{
    ENSURE(!ledger->broken, ERROR_JOURNAL_WRITE);
    if (!ledger->dirty) return OK;
    FAULT("ledger:before-sync");
    /* After a failed sync the kernel may have dropped the pages: what is on disk is anybody's guess. */
    ledger->broken = fdatasync(ledger->records) != 0;
    ENSURE(!ledger->broken, ERROR_JOURNAL_WRITE);
    ledger->dirty = false;
    FAULT("ledger:synced");
    /* Without a fresh checkpoint the next start reads more; nothing is lost. */
    if (ledger->size - ledger->checkpoint >= LEDGER_CHECKPOINT_EVERY) IGNORE(ledger_checkpoint(ledger));
    return OK;
}

static struct result find(const struct ledger *ledger, uint64_t index, uint64_t *ret_place)
{
    ENSURE(index < ledger->size, ERROR_NOT_FOUND);
    uint8_t number[8];
    TRY(ledger_read_at(ledger->places, number, sizeof number, index * sizeof number));
    struct reader r = reader_of(BYTES(number));
    *ret_place = read_u64(&r);
    return OK;
}

struct result ledger_read(const struct ledger *ledger, uint64_t index, struct arena *arena,
                          struct ledger_entry *ret_entry)
{
    uint64_t place;
    uint8_t head[LEDGER_RECORD_HEADER];
    struct ledger_header h;
    struct tree_hash leaf, in_tree;
    TRY(find(ledger, index, &place));
    TRY(ledger_read_at(ledger->records, head, sizeof head, place));
    TRY(ledger_header_read(BYTES(head), &h));
    TRY(ledger_leaf(ledger, index, &in_tree));
    struct ledger_entry e = { .record = { h.type, h.version, h.time_s, { 0 } }, .leaf = h.leaf };
    ENSURE(bytes_equal(BYTES(h.leaf.b), BYTES(in_tree.b)), ERROR_JOURNAL_DAMAGED);
    if (!h.erased) {
        uint8_t *body = arena_take(arena, h.len ? h.len : 1);
        ENSURE(body, ERROR_OUT_OF_ROOM);
        TRY(ledger_read_at(ledger->records, body, h.len, place + sizeof head));
        e.record.body = bytes_of(body, h.len);
        memcpy(e.salt, h.salt, sizeof e.salt);
        ledger_leaf_of(&e.record, e.salt, &leaf);
        ENSURE(bytes_equal(BYTES(h.leaf.b), BYTES(leaf.b)), ERROR_JOURNAL_DAMAGED);
    }
    *ret_entry = e;
    return OK;
}

struct result ledger_erase(struct ledger *ledger, uint64_t index)
{
    ENSURE(!ledger->broken, ERROR_JOURNAL_WRITE);
    uint64_t place;
    uint8_t head[LEDGER_RECORD_HEADER];
    struct ledger_header h;
    TRY(find(ledger, index, &place));
    TRY(ledger_read_at(ledger->records, head, sizeof head, place));
    TRY(ledger_header_read(BYTES(head), &h));
    h.erased = true;
    memset(h.salt, 0, sizeof h.salt);
    memset(ledger->buffer, 0, h.len);
    struct writer w = writer_of(head, sizeof head);
    ledger_header_write(&h, &w);
    /* That it is erased stands there before anything is gone: a crash between leaves no record that fails. */
    TRY(ledger_write_at(ledger->records, BYTES(head), place));
    ENSURE(fdatasync(ledger->records) == 0, ERROR_IO);
    TRY(ledger_write_at(ledger->records, bytes_of(ledger->buffer, h.len), place + sizeof head));
    ENSURE(fdatasync(ledger->records) == 0, ERROR_IO);
    return OK;
}

/* ---- verification ---- */

struct result ledger_verify(const struct ledger *ledger, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(2 * LEDGER_BODY_MAX);
    struct tree_hash peaks[TREE_DEPTH_MAX + 1], root, kept;
    size_t count = 0;
    for (uint64_t i = 0; i < ledger->size; i++) {
        struct ledger_entry e;
        arena_reset(arena);
        if (failed(ledger_read(ledger, i, arena, &e)))
            return diag_log(diag, ERROR_JOURNAL_DAMAGED, "record %llu", (unsigned long long)i);
        peaks[count++] = e.leaf;
        for (uint64_t full = i; full & 1; full >>= 1, count--)
            tree_node(&peaks[count - 2], &peaks[count - 1], &peaks[count - 2]);
    }
    TRY(ledger_root(ledger, ledger->size, &kept));
    if (ledger->size == 0) return OK;
    tree_fold(peaks, count, &root);
    if (!bytes_equal(BYTES(root.b), BYTES(kept.b)))
        return diag_log(diag, ERROR_JOURNAL_DAMAGED, "the tree is not that of its leaves");
    return OK;
}
