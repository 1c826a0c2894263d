#include "signer/index.h"

#include <stdlib.h>

#include "base/random.h"
#include "crypto/sm3.h"

enum { KEY_SIZE = 16, SEED_SIZE = 16, FIRST_ROOM = 1024, NOTE_SHIFT = 56 };

/* Empty when the value is EMPTY. */
struct entry {
    uint8_t key[KEY_SIZE];
    uint64_t value; /* note in the top byte, record below */
};

static const uint64_t EMPTY = UINT64_MAX;

struct index {
    struct entry *entries;
    size_t room, count; /* room: a power of two */
    uint8_t seed[SEED_SIZE];
};

static struct entry *make_room(size_t room)
{
    struct entry *entries = calloc(room, sizeof *entries);
    if (!entries) abort();
    for (size_t i = 0; i < room; i++) entries[i].value = EMPTY;
    return entries;
}

struct index *index_new(void)
{
    struct index *index = calloc(1, sizeof *index);
    if (!index) abort();
    index->room = FIRST_ROOM;
    index->entries = make_room(index->room);
    random_fill(index->seed, sizeof index->seed);
    return index;
}

void index_free(struct index *index)
{
    if (!index) return;
    free(index->entries);
    free(index);
}

static void hash(const struct index *index, enum index_kind kind, struct bytes key, uint8_t into[KEY_SIZE])
{
    uint8_t domain = (uint8_t)kind, sum[SM3_SIZE];
    struct sm3 sm3;
    sm3_init(&sm3);
    sm3_update(&sm3, BYTES(index->seed));
    sm3_update(&sm3, bytes_of(&domain, 1));
    sm3_update(&sm3, key);
    sm3_final(&sm3, sum);
    memcpy(into, sum, KEY_SIZE);
}

/* Where KEY stands, or the empty place where it would. */
static struct entry *place(struct entry *entries, size_t room, const uint8_t key[KEY_SIZE])
{
    struct reader r = reader_of(bytes_of(key, KEY_SIZE));
    size_t at = (size_t)read_u64(&r) & (room - 1);
    while (entries[at].value != EMPTY && !bytes_equal(BYTES(entries[at].key), bytes_of(key, KEY_SIZE)))
        at = (at + 1) & (room - 1);
    return &entries[at];
}

static void grow(struct index *index)
{
    size_t room = index->room * 2;
    struct entry *entries = make_room(room);
    for (size_t i = 0; i < index->room; i++)
        if (index->entries[i].value != EMPTY) *place(entries, room, index->entries[i].key) = index->entries[i];
    free(index->entries);
    index->entries = entries;
    index->room = room;
}

bool index_find(const struct index *index, enum index_kind kind, struct bytes key, struct index_value *ret_value)
{
    uint8_t hashed[KEY_SIZE];
    hash(index, kind, key, hashed);
    const struct entry *e = place(index->entries, index->room, hashed);
    if (e->value == EMPTY) return false;
    *ret_value = (struct index_value){ e->value & ((UINT64_C(1) << NOTE_SHIFT) - 1),
                                       (uint8_t)(e->value >> NOTE_SHIFT) };
    return true;
}

bool index_has(const struct index *index, enum index_kind kind, struct bytes key)
{
    struct index_value value;
    return index_find(index, kind, key, &value);
}

void index_put(struct index *index, enum index_kind kind, struct bytes key, struct index_value value)
{
    uint8_t hashed[KEY_SIZE];
    if (index->count >= index->room / 4 * 3) grow(index);
    hash(index, kind, key, hashed);
    struct entry *e = place(index->entries, index->room, hashed);
    if (e->value == EMPTY) index->count++;
    memcpy(e->key, hashed, KEY_SIZE);
    e->value = value.record | (uint64_t)value.note << NOTE_SHIFT;
}

size_t index_count(const struct index *index)
{
    return index->count;
}

/* ---- snapshot ---- */

void index_write(const struct index *index, struct snapshot_out *out)
{
    snapshot_bytes(out, BYTES(index->seed));
    snapshot_u64(out, index->count);
    for (size_t i = 0; i < index->room; i++) {
        if (index->entries[i].value == EMPTY) continue;
        snapshot_bytes(out, BYTES(index->entries[i].key));
        snapshot_u64(out, index->entries[i].value);
    }
}

struct result index_read(struct reader *r, struct index **ret_index)
{
    struct index *index = index_new();
    read_copy(r, index->seed, sizeof index->seed);
    uint64_t count = read_u64(r);
    for (uint64_t i = 0; i < count && !r->bad; i++) {
        struct entry e;
        read_copy(r, e.key, sizeof e.key);
        e.value = read_u64(r);
        if (index->count >= index->room / 4 * 3) grow(index);
        *place(index->entries, index->room, e.key) = e;
        index->count++;
    }
    if (r->bad) {
        index_free(index);
        return FAIL(ERROR_MALFORMED);
    }
    *ret_index = index;
    return OK;
}
