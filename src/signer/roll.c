#include "signer/roll.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_ROOM = 1024 };

struct roll {
    struct certified *all;
    size_t count, room;
    uint32_t *changed; /* positions, from "taken" to "noted" */
    size_t taken, noted, changed_room;
};

static void *grown(void *old, size_t *room, size_t size)
{
    *room = *room ? 2 * *room : FIRST_ROOM;
    void *new = realloc(old, *room * size);
    if (!new) abort();
    return new;
}

struct roll *roll_new(void)
{
    struct roll *roll = calloc(1, sizeof *roll);
    if (!roll) abort();
    return roll;
}

void roll_free(struct roll *roll)
{
    if (!roll) return;
    free(roll->all);
    free(roll->changed);
    free(roll);
}

size_t roll_count(const struct roll *roll)
{
    return roll->count;
}

const struct certified *roll_at(const struct roll *roll, size_t position)
{
    assert(position < roll->count);
    return &roll->all[position];
}

void roll_add(struct roll *roll, const struct certified *certified)
{
    assert(roll->count < UINT32_MAX && (roll->count == 0 || roll->all[roll->count - 1].record <= certified->record));
    if (roll->count == roll->room) roll->all = grown(roll->all, &roll->room, sizeof *roll->all);
    roll->all[roll->count++] = *certified;
}

/* The first that was issued by RECORD. */
static size_t first_of(const struct roll *roll, uint64_t record)
{
    size_t low = 0, high = roll->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (roll->all[middle].record < record) low = middle + 1;
        else high = middle;
    }
    return low;
}

static bool is_serial(const struct certified *c, struct bytes text)
{
    static const char digits[] = "0123456789abcdef";
    if (text.len != 2 * ROLL_SERIAL_SIZE) return false;
    for (size_t i = 0; i < ROLL_SERIAL_SIZE; i++)
        if (text.ptr[2 * i] != digits[c->serial[i] >> 4] || text.ptr[2 * i + 1] != digits[c->serial[i] & 15])
            return false;
    return true;
}

int64_t roll_find(const struct roll *roll, uint64_t record, struct bytes serial_text)
{
    for (size_t i = first_of(roll, record); i < roll->count && roll->all[i].record == record; i++)
        if (is_serial(&roll->all[i], serial_text)) return (int64_t)i;
    return ROLL_NONE;
}

void roll_change(struct roll *roll, size_t position, enum standing standing, enum crl_reason reason, int64_t since_s)
{
    assert(position < roll->count);
    roll->all[position].standing = (uint8_t)standing;
    roll->all[position].reason = (uint8_t)reason;
    roll->all[position].since_s = since_s;
    if (roll->noted == roll->changed_room)
        roll->changed = grown(roll->changed, &roll->changed_room, sizeof *roll->changed);
    roll->changed[roll->noted++] = (uint32_t)position;
}

int64_t roll_changed(const struct roll *roll)
{
    return roll->taken < roll->noted ? (int64_t)roll->changed[roll->taken] : ROLL_NONE;
}

void roll_changed_taken(struct roll *roll)
{
    assert(roll->taken < roll->noted);
    if (++roll->taken == roll->noted) roll->taken = roll->noted = 0;
}

/* ---- snapshot ---- */

void roll_write(const struct roll *roll, struct snapshot_out *out)
{
    snapshot_u64(out, roll->count);
    for (size_t i = 0; i < roll->count; i++) {
        const struct certified *c = &roll->all[i];
        snapshot_bytes(out, BYTES(c->serial));
        snapshot_u64(out, c->record);
        snapshot_u64(out, (uint64_t)c->not_after_s);
        snapshot_u64(out, (uint64_t)c->since_s);
        snapshot_u64(out, (uint64_t)c->standing << 8 | c->reason);
    }
    snapshot_u64(out, roll->noted - roll->taken);
    for (size_t i = roll->taken; i < roll->noted; i++) snapshot_u64(out, roll->changed[i]);
}

static struct result read_one(struct reader *r, struct roll *roll)
{
    struct certified c;
    read_copy(r, c.serial, sizeof c.serial);
    c.record = read_u64(r);
    c.not_after_s = (int64_t)read_u64(r);
    c.since_s = (int64_t)read_u64(r);
    uint64_t how = read_u64(r);
    c.standing = (uint8_t)(how >> 8);
    c.reason = (uint8_t)how;
    ENSURE(!r->bad && c.standing < STANDING_COUNT, ERROR_MALFORMED);
    ENSURE(roll->count == 0 || roll->all[roll->count - 1].record <= c.record, ERROR_MALFORMED);
    roll_add(roll, &c);
    return OK;
}

struct result roll_read(struct reader *r, struct roll *roll)
{
    uint64_t count = read_u64(r);
    ENSURE(count < UINT32_MAX, ERROR_MALFORMED);
    for (uint64_t i = 0; i < count; i++) TRY(read_one(r, roll));
    uint64_t changed = read_u64(r);
    for (uint64_t i = 0; i < changed; i++) {
        uint64_t at = read_u64(r);
        ENSURE(!r->bad && at < roll->count, ERROR_MALFORMED);
        const struct certified c = roll->all[at];
        roll_change(roll, (size_t)at, c.standing, c.reason, c.since_s);
    }
    return OK;
}
