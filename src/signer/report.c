/* What the signer tells: where it stands, what the journal holds, and proofs of it. */
#include <stdlib.h>

#include "pki/der.h"
#include "signer/handlers.h"
#include "signer/publish.h"

enum { ENTRY_HEAD = 8 + 8 + 2 + 4 };

struct result report_state(struct call *call, struct signer_state *ret_state)
{
    struct signer *s = call->signer;
    uint64_t size = ledger_size(s->journal);
    struct tree_hash root;
    struct signer_state state = {
        .incarnation = s->incarnation,
        .size = (int64_t)size,
        .root_certificate = s->authority.root->der,
        .issuing_certificate = s->authority.issuing->der,
        .operators_certificate = s->authority.operators->der,
        .head_certificate = s->authority.head->der,
    };
    TRY(ledger_root(s->journal, size, &root));
    state.root = arena_bytes(call->arena, BYTES(root.b));
    ENSURE(state.root.ptr, ERROR_OUT_OF_ROOM);
    TRY(signer_head(s, size, call->arena, &state.head));
    TRY(operators_text(s->operators, call->arena, &state.operators));
    *ret_state = state;
    return OK;
}

/* The peer's copy must be the beginning of this journal: a shorter journal, or another one, was restored from
 * somewhere, and whoever went on with it might issue twice. */
static struct result check_peer(struct call *call, const struct signer_peer *peer)
{
    struct tree_hash root;
    if (peer->size < 0 || (uint64_t)peer->size > ledger_size(call->signer->journal))
        return refuse(call, ERROR_JOURNAL_MISMATCH, "size", "peer has %lld records, the journal %llu",
                      (long long)peer->size, (unsigned long long)ledger_size(call->signer->journal));
    if (peer->size == 0) return OK;
    TRY(ledger_root(call->signer->journal, (uint64_t)peer->size, &root));
    if (!bytes_equal(peer->root, BYTES(root.b)))
        return refuse(call, ERROR_JOURNAL_MISMATCH, "root", "other records up to %lld", (long long)peer->size);
    return OK;
}

struct result handle_state(struct call *call, const void *ask, void *answer)
{
    TRY(check_peer(call, ask));
    TRY(report_state(call, answer));
    call->signer->phase = PHASE_SERVING;
    return OK;
}

struct result handle_journal(struct call *call, const void *ask, void *answer)
{
    const struct signer_range *range = ask;
    struct signer_entries *entries = answer;
    int64_t size = (int64_t)ledger_size(call->signer->journal);
    struct writer w = writer_of(arena_take(call->arena, ENTRIES_MAX), ENTRIES_MAX);
    struct arena *arena CLEANUP(arena_free_p) = arena_new(LEDGER_BODY_MAX + 1024);
    ENSURE(w.ptr, ERROR_OUT_OF_ROOM);
    ENSURE(range->from >= 0 && range->count >= 0 && range->from <= size, ERROR_NOT_FOUND);
    struct signer_entries e = { .from = range->from, .size = size };
    for (; e.count < range->count && e.from + e.count < size; e.count++) {
        struct ledger_entry entry;
        arena_reset(arena);
        TRY(ledger_read(call->signer->journal, (uint64_t)(e.from + e.count), arena, &entry));
        if (ENTRY_HEAD + entry.record.body.len > w.room - w.len) break;
        write_u64(&w, (uint64_t)(e.from + e.count));
        write_u64(&w, (uint64_t)entry.record.time_s);
        write_u16(&w, entry.record.type);
        write_block(&w, entry.record.body);
    }
    TRY(writer_end(&w, &e.entries));
    *entries = e;
    return OK;
}

/* A writer for the steps of a proof, in the call's arena. */
static struct result path_room(struct call *call, struct writer *ret_writer)
{
    *ret_writer = writer_of(arena_take(call->arena, TREE_PROOF_MAX), TREE_PROOF_MAX);
    ENSURE(ret_writer->ptr, ERROR_OUT_OF_ROOM);
    return OK;
}

/* The record itself, so that whoever has the proof needs nothing else to check it. */
static struct result leaf_data(struct call *call, uint64_t leaf, struct signer_proof *proof)
{
    struct ledger_entry e;
    TRY(ledger_read(call->signer->journal, leaf, call->arena, &e));
    proof->leaf_hash = arena_bytes(call->arena, BYTES(e.leaf.b));
    ENSURE(proof->leaf_hash.ptr, ERROR_OUT_OF_ROOM);
    if (!e.record.body.ptr) return OK;
    struct writer w = writer_of(arena_take(call->arena, LEDGER_DATA_MAX), LEDGER_DATA_MAX);
    ENSURE(w.ptr, ERROR_OUT_OF_ROOM);
    ledger_data(&e.record, e.salt, &w);
    return writer_end(&w, &proof->data);
}

struct result handle_proof(struct call *call, const void *ask, void *answer)
{
    const struct signer_range *range = ask; /* from: leaf, count: size of the tree */
    struct signer *s = call->signer;
    struct signer_proof proof = { .leaf = range->from, .size = range->count,
                                  .head_certificate = s->authority.head->der };
    struct writer w;
    ENSURE(range->from >= 0 && range->count > range->from, ERROR_NOT_FOUND);
    TRY(path_room(call, &w));
    TRY(ledger_inclusion(s->journal, (uint64_t)range->from, (uint64_t)range->count, &w));
    TRY(writer_end(&w, &proof.path));
    TRY(leaf_data(call, (uint64_t)range->from, &proof));
    TRY(signer_head(s, (uint64_t)range->count, call->arena, &proof.head));
    *(struct signer_proof *)answer = proof;
    return OK;
}

struct result handle_status(struct call *call, const void *ask, void *answer)
{
    const struct signer_status *status = ask;
    struct signer_status_told told;
    struct publisher_nonce of = { .hash = OCSP_HASH_SM3 };
    uint8_t room[2 + STATUS_TOLD_NONCE] = { DER_OCTET_STRING, STATUS_TOLD_NONCE };
    ENSURE(status->serial && !failed(text_from_hex(call->arena, status->serial, &of.serial)), ERROR_MALFORMED);
    ENSURE(status->nonce.len == STATUS_TOLD_NONCE, ERROR_MALFORMED);
    memcpy(room + 2, status->nonce.ptr, STATUS_TOLD_NONCE);
    of.nonce = BYTES(room);
    TRY(publisher_nonce(call->signer->publisher, &of, call->arena, &told.response));
    *(struct signer_status_told *)answer = told;
    return OK;
}

struct result handle_consistency(struct call *call, const void *ask, void *answer)
{
    const struct signer_range *range = ask; /* from: older size, count: size */
    struct signer *s = call->signer;
    struct signer_consistency c = { .old = range->from, .size = range->count };
    struct writer w;
    ENSURE(range->from >= 1 && range->count >= range->from, ERROR_NOT_FOUND);
    TRY(path_room(call, &w));
    TRY(ledger_consistency(s->journal, (uint64_t)range->from, (uint64_t)range->count, &w));
    TRY(writer_end(&w, &c.path));
    TRY(signer_head(s, (uint64_t)range->from, call->arena, &c.old_head));
    TRY(signer_head(s, (uint64_t)range->count, call->arena, &c.head));
    *(struct signer_consistency *)answer = c;
    return OK;
}
