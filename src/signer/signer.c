#include "signer/signer.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"
#include "signer/file.h"
#include "signer/incarnation.h"
#include "signer/state.h"

enum { BODY_MAX = LEDGER_BODY_MAX, RECORD_VERSION = 1 };

static const char head_name[] = "head";

/* ---- opening ---- */

/* The size that the last published tree head vouches for, with its root; 0 when there is none. A head that cannot be
 * read is told in the log: the journal may be shorter than it was, which only the peer can tell then. */
static struct head published_head(const struct signer *s, struct arena *arena)
{
    uint8_t text[HEAD_SIZE_MAX];
    size_t len;
    struct head head = { 0 };
    struct result r = file_read(s->journal_folder, head_name, text, sizeof text, &len);
    if (!failed(r)) r = head_check(bytes_of(text, len), &s->keys.head.public, arena, &head);
    if (failed(r) && r.code != ERROR_NOT_FOUND)
        log_event(LOG_LEVEL_WARNING, "head-unreadable", "error=%s", error_find(r.code)->name);
    return failed(r) ? (struct head){ 0 } : head;
}

static struct result open_journal(struct signer *s, struct arena *arena, struct diag *diag)
{
    struct head head = s->keys.there ? published_head(s, arena) : (struct head){ 0 };
    struct tree_hash root;
    TRY(ledger_open(s->journal_folder, head.size, diag, &s->journal));
    if (ledger_cut(s->journal) > 0)
        log_event(LOG_LEVEL_WARNING, "journal-cut", "bytes=%llu size=%llu",
                  (unsigned long long)ledger_cut(s->journal), (unsigned long long)ledger_size(s->journal));
    s->published = head.size;
    if (head.size == 0) return OK;
    TRY(ledger_root(s->journal, head.size, &root));
    if (!bytes_equal(BYTES(root.b), BYTES(head.root.b)))
        return diag_log(diag, ERROR_JOURNAL_DAMAGED, "the tree of %llu records is not the one that was signed",
                        (unsigned long long)head.size);
    return OK;
}

static struct result replay(struct signer *s, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(SIGNER_ARENA_MAX);
    uint64_t from;
    TRY(state_read(s, &from));
    for (uint64_t i = from; i < ledger_size(s->journal); i++) {
        struct ledger_entry e;
        arena_reset(arena);
        struct result r = ledger_read(s->journal, i, arena, &e);
        if (!failed(r)) r = signer_apply(s, i, &e.record, arena);
        if (failed(r))
            return diag_log(diag, r.code, "journal record %llu: %s", (unsigned long long)i, error_find(r.code)->name);
    }
    return OK;
}

static struct result make_folders(struct signer *s, struct arena *arena)
{
    s->keys_folder = arena_format(arena, "%s/keys", s->settings.folder);
    s->journal_folder = arena_format(arena, "%s/journal", s->settings.folder);
    s->centre_folder = arena_format(arena, "%s/centre", s->settings.folder);
    ENSURE(s->keys_folder && s->journal_folder && s->centre_folder, ERROR_OUT_OF_ROOM);
    TRY(file_folder(s->settings.folder));
    TRY(file_folder(s->keys_folder));
    TRY(file_folder(s->centre_folder));
    return file_folder(s->journal_folder);
}

static bool is_certified(const void *context, const uint8_t *point)
{
    const struct signer *s = context;
    return index_has(s->index, INDEX_KEY, bytes_of(point, SM2_POINT_SIZE));
}

struct result signer_open_centre(struct signer *signer, struct diag *diag)
{
    struct key_centre_options options = { .folder = signer->centre_folder, .drbg = &signer->drbg,
                                          .clock = signer->clock, .spare = signer->settings.spare_keys };
    memcpy(options.wrapping_key, signer->keys.centre, sizeof options.wrapping_key);
    struct result r = key_centre_open(&options, diag, &signer->centre);
    secret_wipe(&options, sizeof options);
    return r;
}

bool signer_idle_due(const struct signer *signer)
{
    return signer->centre &&
           (publisher_due(signer->publisher) || key_centre_due(signer->centre) || state_due(signer));
}

struct result signer_idle(struct signer *signer)
{
    enum { STEPS = 16 };
    TRY(publisher_work(signer->publisher, STEPS));
    TRY(key_centre_work(signer->centre, STEPS));
    TRY(key_centre_sync(signer->centre));
    /* Without one the next start reads more. In it what changed counts as published. */
    if (state_due(signer) && !publisher_presses(signer->publisher)) IGNORE(state_write(signer));
    return OK;
}

/* It is for readers and for the next start, which reads on where it is missing: a failure is no reason to stop. */
static struct result publish(struct signer *s)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(SIGNER_ARENA_MAX);
    struct bytes head;
    TRY(signer_head(s, ledger_size(s->journal), arena, &head));
    struct result r = file_replace(s->journal_folder, head_name, head, false);
    if (failed(r)) log_failure("head", r, NULL);
    s->published = ledger_size(s->journal);
    return OK;
}

static struct result load(struct signer *s, struct diag *diag)
{
    struct diag missing = { 0 };
    struct result made = make_folders(s, s->authority.arena);
    if (failed(made)) return diag_log(diag, made.code, "the folders below %s", s->settings.folder);
    struct result keys = keys_load(s->keys_folder, s->process_key, &missing, &s->keys);
    TRY(open_journal(s, s->authority.arena, diag));
    if (ledger_size(s->journal) > 0 && failed(keys)) return diag_log(diag, keys.code, "%s", missing.log);
    if (ledger_size(s->journal) > 0) TRY(signer_open_centre(s, diag));
    TRY(replay(s, diag));
    if (s->centre) TRY(key_centre_settle(s->centre, is_certified, s));
    if (s->centre) TRY(incarnation_begin(s, diag));
    TRY(publisher_open(s, diag, &s->publisher));
    TRY(publisher_begin(s->publisher));
    return s->published == ledger_size(s->journal) ? OK : publish(s);
}

struct result signer_open(const struct signer_settings *settings, const uint8_t process_key[PROCESS_KEY_SIZE],
                          const struct clock *clock, struct diag *diag, struct signer **ret_signer)
{
    uint8_t entropy[DRBG_ENTROPY_MIN];
    struct signer *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->settings = *settings;
    s->clock = clock;
    memcpy(s->process_key, process_key, sizeof s->process_key);
    random_fill(entropy, sizeof entropy);
    drbg_init(&s->drbg, BYTES(entropy), (struct bytes){ 0 }, bytes_text("hufu-signer"));
    secret_wipe(entropy, sizeof entropy);
    s->authority.arena = arena_new(SIGNER_ARENA_MAX);
    s->index = index_new();
    s->operators = operators_new();
    s->roll = roll_new();
    s->refusals.hour_max = settings->refusals_hour;
    s->holds.hour_max = settings->holds_hour;
    s->trails.hour_max = TRAIL_HOUR_MAX;
    s->phase = PHASE_EMPTY;
    const struct hsm_options hsm = { settings->hsm_socket, settings->hsm_seconds, settings->folder };
    if (settings->hsm_issuing_key) s->hsm = hsm_new(&hsm);
    s->keys.issuing_elsewhere = s->hsm != NULL;
    struct result r = load(s, diag);
    if (failed(r)) {
        signer_free(s);
        return r;
    }
    *ret_signer = s;
    return OK;
}

void signer_free(struct signer *signer)
{
    if (!signer) return;
    ledger_free(signer->journal);
    index_free(signer->index);
    operators_free(signer->operators);
    roll_free(signer->roll);
    publisher_free(signer->publisher);
    key_centre_free(signer->centre);
    arena_free(signer->authority.arena);
    keys_done(&signer->keys);
    hsm_free(signer->hsm);
    drbg_done(&signer->drbg);
    secret_wipe(signer->process_key, sizeof signer->process_key);
    free(signer);
}

/* ---- records ---- */

struct result signer_record(struct signer *signer, enum journal_record type, int64_t time_s, const struct shape *shape,
                            const void *record, struct arena *arena, int64_t *ret_index)
{
    uint64_t index;
    struct bytes body = { (const uint8_t *)"", 0 };
    ENSURE(time_s >= ledger_last_time(signer->journal), ERROR_CLOCK);
    if (shape) {
        struct writer w = writer_of(arena_take(arena, BODY_MAX), BODY_MAX);
        ENSURE(w.ptr, ERROR_OUT_OF_ROOM);
        shape_write(shape, record, &w);
        TRY(writer_end(&w, &body));
    }
    struct ledger_record entry = { (uint16_t)type, RECORD_VERSION, time_s, body };
    TRY(ledger_append(signer->journal, &entry, &index));
    FAULT("signer:appended");
    TRY(signer_apply(signer, index, &entry, arena));
    *ret_index = (int64_t)index;
    return OK;
}

struct result signer_sync(struct signer *signer)
{
    /* A key is out of the store before the certificate for it exists. */
    if (signer->centre) TRY(key_centre_sync(signer->centre));
    TRY(ledger_sync(signer->journal));
    if (signer->published == ledger_size(signer->journal)) return OK;
    FAULT("signer:synced");
    TRY(publish(signer));
    FAULT("signer:head-published");
    return OK;
}

struct result signer_recall(const struct signer *signer, uint64_t index, enum journal_record type,
                            const struct shape *shape, struct arena *arena, void *ret_record)
{
    struct ledger_entry e;
    TRY(ledger_read(signer->journal, index, arena, &e));
    ENSURE(e.record.type == type && e.record.version == RECORD_VERSION && e.record.body.ptr, ERROR_JOURNAL_DAMAGED);
    struct reader r = reader_of(e.record.body);
    TRY(shape_read(shape, &r, arena, ret_record));
    ENSURE(!failed(reader_end(&r)), ERROR_JOURNAL_DAMAGED);
    return OK;
}

struct result signer_head(struct signer *signer, uint64_t size, struct arena *arena, struct bytes *ret_head)
{
    struct head head = { .incarnation = signer->incarnation, .size = size, .time_s = clock_now(signer->clock) };
    TRY(ledger_root(signer->journal, size, &head.root));
    return head_sign(&head, &signer->keys.head, &signer->drbg, arena, ret_head);
}
