#include "signer/key_centre.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/secret.h"
#include "base/shape.h"
#include "merkle/ledger.h"
#include "pki/key_wrap.h"
#include "signer/index.h"

enum {
    ARENA_MAX = 256 * 1024,
    WRAPPED_MAX = SM2_KEY_SIZE + KEY_WRAP_EXTRA,
    WRAPPING_VERSION = 1,
    RECORD_VERSION = 1,
    LABEL_MAX = 64,
    HOLDER_MAX = 64,
    HOLDER_KEY_MAX = SM2_POINT_SIZE + HOLDER_MAX,
    RECENT = 128 /* taken keys that a crash may have parted from their certificates: more than a group */
};

enum standing_of_key { KEY_SPARE, KEY_IN_USE, KEY_HISTORY };

enum centre_record {
    CENTRE_KEY = 1,       /* made, and wrapped online */
    CENTRE_CUSTODIAL = 2, /* wrapped for the custodians */
    CENTRE_TAKEN = 3,
    CENTRE_RETIRED = 4,
    CENTRE_CUSTODY = 5,   /* a custodial key */
    CENTRE_ENVELOPED = 6  /* enveloped for another USBKey of the same holder */
};

/* One form for all records; what a type does not have is absent. */
struct record {
    struct bytes point, online, custodial, container;
    const char *holder, *application;
    int64_t version;
};
static const struct shape_field record_fields[] = {
    SHAPE_BYTES(struct record, point, SM2_POINT_SIZE),     SHAPE_BYTES(struct record, online, WRAPPED_MAX),
    SHAPE_BYTES(struct record, custodial, ESCROW_BLOB_SIZE), SHAPE_BYTES(struct record, container, SM2_POINT_SIZE),
    SHAPE_TEXT(struct record, holder, HOLDER_MAX),                 SHAPE_TEXT(struct record, application, 64),
    SHAPE_INT(struct record, version),
};
static const struct shape record_shape = SHAPE("centre_record", struct record, record_fields);

struct point {
    uint8_t b[SM2_POINT_SIZE];
};

struct key_centre {
    struct key_centre_options options;
    struct ledger *log;
    struct index *index; /* INDEX_CENTRE_…, by point */
    struct point *spare; /* a stack */
    size_t spare_count, spare_room, in_use, history, for_custodians;
    struct point recent[RECENT];
    size_t recent_count;
    struct sm2_public custodial;
    int64_t custodial_version; /* 0: no custodians yet */
    bool refilling;
    uint64_t snapshot;         /* size in the last snapshot */
    uint64_t scanned;          /* records looked through for keys to wrap for the custodians */
};

/* ---- what a record means ---- */

static void push_spare(struct key_centre *c, const uint8_t *point)
{
    if (c->spare_count == c->spare_room) {
        c->spare_room = c->spare_room ? 2 * c->spare_room : 64;
        c->spare = realloc(c->spare, c->spare_room * sizeof *c->spare);
        if (!c->spare) abort();
    }
    memcpy(c->spare[c->spare_count++].b, point, SM2_POINT_SIZE);
}

static void drop_spare(struct key_centre *c, const uint8_t *point)
{
    for (size_t i = c->spare_count; i > 0; i--) {
        if (!bytes_equal(BYTES(c->spare[i - 1].b), bytes_of(point, SM2_POINT_SIZE))) continue;
        c->spare[i - 1] = c->spare[--c->spare_count];
        return;
    }
}

static bool find(const struct key_centre *c, const uint8_t *point, struct index_value *ret_value)
{
    return index_find(c->index, INDEX_CENTRE_KEY, bytes_of(point, SM2_POINT_SIZE), ret_value);
}

static struct result stand(struct key_centre *c, const uint8_t *point, enum standing_of_key standing)
{
    struct index_value value;
    ENSURE(find(c, point, &value), ERROR_JOURNAL_DAMAGED);
    if (value.note == KEY_SPARE) drop_spare(c, point);
    c->in_use -= value.note == KEY_IN_USE;
    c->history -= value.note == KEY_HISTORY;
    c->in_use += standing == KEY_IN_USE;
    c->history += standing == KEY_HISTORY;
    value.note = (uint8_t)standing;
    index_put(c->index, INDEX_CENTRE_KEY, bytes_of(point, SM2_POINT_SIZE), value);
    return OK;
}

static void take_custodial(struct key_centre *c, uint64_t index, const struct record *r)
{
    struct index_value value = { index, 0 };
    if (r->version == c->custodial_version) c->for_custodians++;
    index_put(c->index, INDEX_CENTRE_CUSTODIAL, r->point, value);
}

/* A key and who it was given to, in one: only the same holder gets it again. */
static struct bytes holder_key(struct bytes point, const char *holder, uint8_t room[HOLDER_KEY_MAX])
{
    struct writer w = writer_of(room, HOLDER_KEY_MAX);
    write_bytes(&w, point);
    write_text(&w, holder);
    return bytes_of(room, w.len);
}

static struct result take(struct key_centre *c, uint64_t index, const struct record *r)
{
    uint8_t key[HOLDER_KEY_MAX];
    const struct index_value value = { .record = index };
    memcpy(c->recent[c->recent_count++ % RECENT].b, r->point.ptr, SM2_POINT_SIZE);
    if (r->holder) index_put(c->index, INDEX_CENTRE_HOLDER, holder_key(r->point, r->holder, key), value);
    return stand(c, r->point.ptr, KEY_IN_USE);
}

static struct result apply(struct key_centre *c, uint64_t index, uint16_t type, const struct record *r)
{
    ENSURE(r->point.len == SM2_POINT_SIZE, ERROR_JOURNAL_DAMAGED);
    switch (type) {
    case CENTRE_KEY:
        index_put(c->index, INDEX_CENTRE_KEY, r->point, (struct index_value){ index, KEY_SPARE });
        push_spare(c, r->point.ptr);
        if (r->custodial.ptr) take_custodial(c, index, r);
        return OK;
    case CENTRE_CUSTODIAL: take_custodial(c, index, r); return OK;
    case CENTRE_TAKEN: return take(c, index, r);
    case CENTRE_RETIRED: return stand(c, r->point.ptr, KEY_HISTORY);
    case CENTRE_CUSTODY:
        c->custodial_version = r->version;
        c->for_custodians = 0;
        c->scanned = 0;
        return sm2_public_init(&c->custodial, r->point.ptr);
    case CENTRE_ENVELOPED: return OK;
    default: return FAIL(ERROR_JOURNAL_DAMAGED);
    }
}

static struct result add(struct key_centre *c, enum centre_record type, const struct record *r)
{
    uint8_t room[4 * 1024];
    uint64_t index;
    struct writer w = writer_of(room, sizeof room);
    struct ledger_record entry = { .type = (uint16_t)type, .version = RECORD_VERSION,
                                   .time_s = clock_now(c->options.clock) };
    shape_write(&record_shape, r, &w);
    TRY(writer_end(&w, &entry.body));
    TRY(ledger_append(c->log, &entry, &index));
    return apply(c, index, (uint16_t)type, r);
}

static struct result recall(const struct key_centre *c, uint64_t index, struct arena *arena, uint16_t *ret_type,
                            struct record *ret_record)
{
    struct ledger_entry e;
    TRY(ledger_read(c->log, index, arena, &e));
    ENSURE(e.record.version == RECORD_VERSION && e.record.body.ptr, ERROR_JOURNAL_DAMAGED);
    struct reader r = reader_of(e.record.body);
    ENSURE(!failed(shape_read(&record_shape, &r, arena, ret_record)), ERROR_JOURNAL_DAMAGED);
    ENSURE(!failed(reader_end(&r)), ERROR_JOURNAL_DAMAGED);
    *ret_type = e.record.type;
    return OK;
}

/* ---- snapshot ---- */

static const char snapshot_name[] = "state";

static void snapshot_key(const struct key_centre *c, uint8_t ret_key[SNAPSHOT_KEY_SIZE])
{
    sm3_hmac(BYTES(c->options.wrapping_key), bytes_text("hufu-key-centre-state"), ret_key);
}

static bool wants_snapshot(const struct key_centre *c)
{
    return snapshot_due(ledger_size(c->log) - c->snapshot, ledger_size(c->log));
}

static struct result write_snapshot(struct key_centre *c)
{
    struct snapshot_out *out;
    uint8_t key[SNAPSHOT_KEY_SIZE];
    c->snapshot = ledger_size(c->log); /* also when it fails: then it is tried later again */
    snapshot_key(c, key);
    struct result r = snapshot_begin(c->options.folder, snapshot_name, key, c->log, &out);
    secret_wipe(key, sizeof key);
    TRY(r);
    snapshot_u64(out, c->in_use);
    snapshot_u64(out, c->history);
    snapshot_u64(out, c->for_custodians);
    snapshot_u64(out, (uint64_t)c->custodial_version);
    snapshot_bytes(out, BYTES(c->custodial.point));
    snapshot_u64(out, c->scanned);
    snapshot_u64(out, c->recent_count);
    snapshot_bytes(out, bytes_of(c->recent, sizeof c->recent));
    snapshot_block(out, bytes_of(c->spare, c->spare_count * sizeof *c->spare));
    index_write(c->index, out);
    return snapshot_end(out);
}

static struct result take_snapshot(struct key_centre *c, struct reader *r)
{
    struct index *index;
    uint8_t point[SM2_POINT_SIZE];
    c->in_use = read_u64(r);
    c->history = read_u64(r);
    c->for_custodians = read_u64(r);
    c->custodial_version = (int64_t)read_u64(r);
    read_copy(r, point, sizeof point);
    if (c->custodial_version > 0) TRY(sm2_public_init(&c->custodial, point));
    c->scanned = read_u64(r);
    c->recent_count = read_u64(r);
    read_copy(r, c->recent, sizeof c->recent);
    struct bytes spare = read_block(r, SIZE_MAX);
    for (size_t at = 0; at + SM2_POINT_SIZE <= spare.len; at += SM2_POINT_SIZE) push_spare(c, spare.ptr + at);
    TRY(index_read(r, &index));
    index_free(c->index);
    c->index = index;
    return reader_end(r);
}

static void forget(struct key_centre *c)
{
    index_free(c->index);
    c->index = index_new();
    c->spare_count = c->in_use = c->history = c->for_custodians = c->recent_count = 0;
    c->custodial_version = 0;
    c->scanned = 0;
}

static struct result read_snapshot(struct key_centre *c, uint64_t *ret_size)
{
    struct snapshot_in in;
    uint8_t key[SNAPSHOT_KEY_SIZE];
    snapshot_key(c, key);
    struct result r = snapshot_open(c->options.folder, snapshot_name, key, c->log, &in);
    secret_wipe(key, sizeof key);
    *ret_size = 0;
    if (failed(r)) return OK;
    r = take_snapshot(c, &in.reader);
    snapshot_done(&in);
    if (failed(r)) forget(c); /* its MAC holds, and yet it cannot be understood: the log has everything */
    else *ret_size = c->snapshot = in.size;
    return OK;
}

/* ---- opening ---- */

static struct result replay(struct key_centre *c)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    uint64_t from;
    TRY(read_snapshot(c, &from));
    for (uint64_t i = from; i < ledger_size(c->log); i++) {
        struct record r;
        uint16_t type;
        arena_reset(arena);
        TRY(recall(c, i, arena, &type, &r));
        TRY(apply(c, i, type, &r));
    }
    return OK;
}

struct result key_centre_open(const struct key_centre_options *options, struct diag *diag,
                              struct key_centre **ret_centre)
{
    struct key_centre *c = calloc(1, sizeof *c);
    if (!c) abort();
    c->options = *options;
    c->index = index_new();
    struct result r = ledger_open(options->folder, 0, diag, &c->log);
    if (!failed(r)) r = replay(c);
    if (failed(r)) {
        key_centre_free(c);
        return diag_log(diag, r.code, "the key centre's log in %s", options->folder);
    }
    *ret_centre = c;
    return OK;
}

void key_centre_free(struct key_centre *centre)
{
    if (!centre) return;
    ledger_free(centre->log);
    index_free(centre->index);
    free(centre->spare);
    secret_wipe(&centre->options, sizeof centre->options);
    free(centre);
}

struct result key_centre_sync(struct key_centre *centre)
{
    return ledger_sync(centre->log);
}

struct result key_centre_settle(struct key_centre *centre, bool (*certified)(const void *context, const uint8_t *point),
                                const void *context)
{
    for (size_t i = 0; i < centre->recent_count && i < RECENT; i++) {
        struct index_value value;
        const uint8_t *point = centre->recent[i].b;
        if (find(centre, point, &value) && value.note == KEY_IN_USE && !certified(context, point))
            TRY(key_centre_retire(centre, point));
    }
    for (size_t i = centre->spare_count; i > 0; i--) {
        const struct point p = centre->spare[i - 1];
        const struct record taken = { .point = BYTES(p.b) };
        if (certified(context, p.b)) TRY(add(centre, CENTRE_TAKEN, &taken));
    }
    return key_centre_sync(centre);
}

struct key_centre_counts key_centre_counts(const struct key_centre *centre)
{
    return (struct key_centre_counts){ centre->spare_count, centre->in_use, centre->history, centre->for_custodians };
}

/* ---- private keys ---- */

/* What the online wrapping is bound to: another key's wrapping in its place does not open. */
static void label_of(const uint8_t *point, char into[LABEL_MAX + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[SM3_SIZE];
    struct writer w = writer_of(into, LABEL_MAX);
    sm3_hash(bytes_of(point, SM2_POINT_SIZE), hash);
    write_text(&w, "encryption-key:");
    for (int i = 0; i < 16; i++) {
        write_u8(&w, (uint8_t)digits[hash[i] >> 4]);
        write_u8(&w, (uint8_t)digits[hash[i] & 15]);
    }
    into[w.len] = '\0';
}

static struct result make(struct key_centre *c)
{
    struct sm2_private key;
    char label[LABEL_MAX + 1];
    uint8_t plain[SM2_KEY_SIZE], wrapped[WRAPPED_MAX], custodial[ESCROW_BLOB_SIZE];
    struct writer w = writer_of(wrapped, sizeof wrapped);
    TRY(sm2_private_generate(&key, c->options.drbg));
    label_of(key.public.point, label);
    const struct key_wrapping how = { .key = BYTES(c->options.wrapping_key), .version = WRAPPING_VERSION,
                                      .label = label };
    struct record r = { .point = BYTES(key.public.point) };
    sm2_private_bytes(&key, plain);
    struct result made = key_wrap(&how, BYTES(plain), c->options.drbg, &w);
    secret_wipe(plain, sizeof plain);
    r.online = bytes_of(wrapped, w.len);
    if (!failed(made) && c->custodial_version > 0) {
        made = escrow_wrap(&key, &c->custodial, c->options.drbg, custodial);
        r.custodial = BYTES(custodial);
        r.version = c->custodial_version;
    }
    if (!failed(made)) made = add(c, CENTRE_KEY, &r);
    sm2_private_done(&key);
    return made;
}

/* The private key of POINT from its record. RET_KEY is the caller's to wipe. */
static struct result unwrap(const struct key_centre *c, const uint8_t *point, struct sm2_private *ret_key)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct index_value value;
    struct record r;
    uint16_t type;
    char label[LABEL_MAX + 1];
    uint8_t plain[SM2_KEY_SIZE];
    ENSURE(find(c, point, &value), ERROR_NOT_FOUND);
    TRY(recall(c, value.record, arena, &type, &r));
    label_of(point, label);
    const struct key_wrapping how = { .key = BYTES(c->options.wrapping_key), .label = label };
    TRY(key_unwrap(&how, r.online, plain, sizeof plain));
    struct result read = sm2_private_init(ret_key, plain);
    secret_wipe(plain, sizeof plain);
    TRY(read);
    ENSURE(bytes_equal(BYTES(ret_key->public.point), bytes_of(point, SM2_POINT_SIZE)), ERROR_JOURNAL_DAMAGED);
    return OK;
}

static struct result envelope(const struct key_centre *c, const uint8_t *point, const struct sm2_public *container,
                              uint8_t ret_enveloped[ENVELOPED_KEY_SIZE])
{
    struct sm2_private key;
    TRY(unwrap(c, point, &key));
    struct result r = enveloped_key_seal(&key, container, c->options.drbg, ret_enveloped);
    sm2_private_done(&key);
    return r;
}

/* ---- what may be asked ---- */

struct result key_centre_take(struct key_centre *centre, const struct key_centre_order *order,
                              struct key_centre_pair *ret_pair)
{
    struct key_centre_pair pair;
    if (centre->spare_count == 0) TRY(make(centre));
    const struct point p = centre->spare[centre->spare_count - 1];
    const struct record taken = { .point = BYTES(p.b), .container = BYTES(order->container->point),
                                  .holder = order->holder, .application = order->application };
    TRY(sm2_public_init(&pair.public, p.b));
    TRY(envelope(centre, p.b, order->container, pair.enveloped));
    TRY(add(centre, CENTRE_TAKEN, &taken));
    FAULT("signer:key-taken");
    *ret_pair = pair;
    return OK;
}

struct result key_centre_envelope(struct key_centre *centre, const uint8_t point[SM2_POINT_SIZE],
                                  const struct key_centre_order *order, uint8_t ret_enveloped[ENVELOPED_KEY_SIZE])
{
    uint8_t key[HOLDER_KEY_MAX];
    const struct record r = { .point = bytes_of(point, SM2_POINT_SIZE), .container = BYTES(order->container->point),
                              .holder = order->holder, .application = order->application };
    ENSURE(index_has(centre->index, INDEX_CENTRE_HOLDER, holder_key(r.point, order->holder, key)), ERROR_NOT_FOUND);
    TRY(envelope(centre, point, order->container, ret_enveloped));
    return add(centre, CENTRE_ENVELOPED, &r);
}

struct result key_centre_retire(struct key_centre *centre, const uint8_t point[SM2_POINT_SIZE])
{
    struct index_value value;
    const struct record r = { .point = bytes_of(point, SM2_POINT_SIZE) };
    if (!find(centre, point, &value) || value.note == KEY_HISTORY) return OK;
    return add(centre, CENTRE_RETIRED, &r);
}

struct result key_centre_custody(struct key_centre *centre, const struct sm2_public *custodial, int64_t version)
{
    const struct record r = { .point = BYTES(custodial->point), .version = version };
    if (version <= centre->custodial_version) return OK;
    return add(centre, CENTRE_CUSTODY, &r);
}

/* The latest wrapping of POINT for custodians. */
static struct result find_custodial(const struct key_centre *c, const uint8_t *point, struct arena *arena,
                                    struct record *ret_record)
{
    struct index_value value;
    uint16_t type;
    ENSURE(index_find(c->index, INDEX_CENTRE_CUSTODIAL, bytes_of(point, SM2_POINT_SIZE), &value), ERROR_NOT_FOUND);
    return recall(c, value.record, arena, &type, ret_record);
}

struct result key_centre_escrow(struct key_centre *centre, const uint8_t point[SM2_POINT_SIZE],
                                struct key_centre_escrow *ret_escrow)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct record r;
    TRY(find_custodial(centre, point, arena, &r));
    ENSURE(r.custodial.len == ESCROW_BLOB_SIZE, ERROR_JOURNAL_DAMAGED);
    memcpy(ret_escrow->blob, r.custodial.ptr, ESCROW_BLOB_SIZE);
    ret_escrow->version = r.version;
    return OK;
}

/* ---- work ahead ---- */

/* From half of what there should be up to all of it, so that not every certificate is followed by a sync of its own. */
static bool wants_spare(const struct key_centre *c)
{
    int64_t count = (int64_t)c->spare_count, full = c->options.spare;
    return count < (c->refilling ? full : (full + 1) / 2);
}

static bool wants_wrapping(const struct key_centre *c)
{
    return c->custodial_version > 0 && c->scanned < ledger_size(c->log);
}

bool key_centre_due(const struct key_centre *centre)
{
    return wants_spare(centre) || wants_wrapping(centre) || wants_snapshot(centre);
}

static struct result wrap_for_custodians(struct key_centre *c, const uint8_t *point)
{
    struct sm2_private key;
    uint8_t blob[ESCROW_BLOB_SIZE];
    const struct record r = { .point = bytes_of(point, SM2_POINT_SIZE), .custodial = BYTES(blob),
                              .version = c->custodial_version };
    TRY(unwrap(c, point, &key));
    struct result wrapped = escrow_wrap(&key, &c->custodial, c->options.drbg, blob);
    sm2_private_done(&key);
    TRY(wrapped);
    return add(c, CENTRE_CUSTODIAL, &r);
}

/* Looks at the next record: a key that is not wrapped for the custodians of now is. */
static struct result scan(struct key_centre *c)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct record r, custodial;
    uint16_t type;
    TRY(recall(c, c->scanned++, arena, &type, &r));
    if (type != CENTRE_KEY || r.version == c->custodial_version) return OK;
    struct result found = find_custodial(c, r.point.ptr, arena, &custodial);
    if (!failed(found) && custodial.version == c->custodial_version) return OK;
    return wrap_for_custodians(c, r.point.ptr);
}

struct result key_centre_work(struct key_centre *centre, int steps)
{
    centre->refilling = wants_spare(centre);
    for (; steps > 0 && wants_spare(centre); steps--) TRY(make(centre));
    centre->refilling = wants_spare(centre);
    for (; steps > 0 && wants_wrapping(centre); steps--) TRY(scan(centre));
    /* Without one the next start reads more. */
    if (wants_snapshot(centre)) IGNORE(write_snapshot(centre));
    return OK;
}
