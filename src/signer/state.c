#include "signer/state.h"

#include "base/secret.h"

static const char name[] = "state";

static void key_of(const struct signer *s, uint8_t ret_key[SNAPSHOT_KEY_SIZE])
{
    sm3_hmac(BYTES(s->process_key), bytes_text("hufu-signer-state-2"), ret_key);
}

bool state_due(const struct signer *signer)
{
    uint64_t size = ledger_size(signer->journal);
    return snapshot_due(size - signer->snapshot, size);
}

struct result state_write(struct signer *signer)
{
    struct snapshot_out *out;
    uint8_t key[SNAPSHOT_KEY_SIZE];
    /* Whether it works or not: the next try comes when the journal has grown again. */
    signer->snapshot = ledger_size(signer->journal);
    key_of(signer, key);
    struct result r = snapshot_begin(signer->journal_folder, name, key, signer->journal, &out);
    secret_wipe(key, sizeof key);
    TRY(r);
    snapshot_u64(out, signer->phase == PHASE_SERVING ? PHASE_HELLO : signer->phase);
    snapshot_bytes(out, BYTES(signer->incarnation.b));
    snapshot_u64(out, (uint64_t)signer->custody_version);
    snapshot_u64(out, signer->responder_record);
    snapshot_u64(out, (uint64_t)signer->refusals.hour);
    snapshot_u64(out, (uint64_t)signer->refusals.count);
    snapshot_u64(out, (uint64_t)signer->holds.hour);
    snapshot_u64(out, (uint64_t)signer->holds.count);
    snapshot_u64(out, (uint64_t)signer->trails.hour);
    snapshot_u64(out, (uint64_t)signer->trails.count);
    snapshot_u64(out, signer->trail.record);
    snapshot_u64(out, signer->trail.size);
    snapshot_bytes(out, BYTES(signer->trail.root.b));
    snapshot_u64(out, (uint64_t)signer->trail.time_s);
    operators_write(signer->operators, out);
    roll_write(signer->roll, out);
    index_write(signer->index, out);
    return snapshot_end(out);
}

static struct result take(struct signer *s, struct reader *r)
{
    struct index *index;
    s->phase = (enum phase)read_u64(r);
    read_copy(r, s->incarnation.b, sizeof s->incarnation.b);
    s->custody_version = (int64_t)read_u64(r);
    s->responder_record = read_u64(r);
    s->refusals.hour = (int64_t)read_u64(r);
    s->refusals.count = (int64_t)read_u64(r);
    s->holds.hour = (int64_t)read_u64(r);
    s->holds.count = (int64_t)read_u64(r);
    s->trails.hour = (int64_t)read_u64(r);
    s->trails.count = (int64_t)read_u64(r);
    s->trail.record = read_u64(r);
    s->trail.size = read_u64(r);
    read_copy(r, s->trail.root.b, sizeof s->trail.root.b);
    s->trail.time_s = (int64_t)read_u64(r);
    TRY(operators_read(r, s->operators));
    TRY(roll_read(r, s->roll));
    TRY(index_read(r, &index));
    index_free(s->index);
    s->index = index;
    return reader_end(r);
}

/* Certificates of the CAs come from the first record, as always. */
static struct result take_first(struct signer *s)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(SIGNER_ARENA_MAX);
    struct ledger_entry e;
    TRY(ledger_read(s->journal, 0, arena, &e));
    return signer_apply(s, 0, &e.record, arena);
}

/* Its MAC holds and yet it cannot be understood: a fault of whoever wrote it, which must not keep the signer from
 * starting. The journal has everything. */
static struct result start_over(struct signer *s)
{
    index_free(s->index);
    operators_free(s->operators);
    roll_free(s->roll);
    s->index = index_new();
    s->operators = operators_new();
    s->roll = roll_new();
    s->responder_record = 0;
    s->trail = (struct trail){ 0 };
    s->phase = PHASE_EMPTY;
    s->custody_version = s->refusals.hour = s->refusals.count = s->holds.hour = s->holds.count = 0;
    s->trails.hour = s->trails.count = 0;
    return OK;
}

struct result state_read(struct signer *signer, uint64_t *ret_size)
{
    struct snapshot_in in;
    uint8_t key[SNAPSHOT_KEY_SIZE];
    key_of(signer, key);
    struct result r = snapshot_open(signer->journal_folder, name, key, signer->journal, &in);
    secret_wipe(key, sizeof key);
    *ret_size = 0;
    if (failed(r)) return OK;
    r = in.size > 0 ? take_first(signer) : FAIL(ERROR_MALFORMED);
    if (!failed(r)) r = take(signer, &in.reader);
    snapshot_done(&in);
    if (failed(r)) return start_over(signer);
    *ret_size = signer->snapshot = in.size;
    return OK;
}
