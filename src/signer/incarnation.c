#include "signer/incarnation.h"

#include "base/log.h"
#include "signer/file.h"

enum { FILE_MAX = 256 };

static const char name[] = "incarnation";

static struct result record(struct signer *s, const struct journal_restored *next, struct arena *arena,
                            struct diag *diag)
{
    const struct journal_incarnation plain = { next->incarnation, next->before };
    int64_t index, now_s = clock_now(s->clock);
    struct result r = next->trail_root.ptr
                          ? signer_record(s, JOURNAL_RESTORED, now_s, &journal_restored_shape, next, arena, &index)
                          : signer_record(s, JOURNAL_INCARNATION, now_s, &journal_incarnation_shape, &plain, arena,
                                          &index);
    if (!failed(r)) r = signer_sync(s);
    if (failed(r)) return diag_log(diag, r.code, "the new incarnation after a backup was restored");
    log_event(LOG_LEVEL_INFO, "incarnation", "record=%lld", (long long)index);
    return OK;
}

static struct result parse(struct bytes file, struct arena *arena, struct journal_restored *ret_next)
{
    struct journal_restored next = { .trail_size = 0 };
    struct reader r = reader_of(file);
    if (file.len == ID_TEXT_LEN) { /* as earlier builds left it */
        const char *text = arena_text(arena, file);
        ENSURE(text, ERROR_OUT_OF_ROOM);
        TRY(id_parse(text, &next.incarnation));
    } else {
        TRY(shape_read(&journal_restored_shape, &r, arena, &next));
        TRY(reader_end(&r));
        ENSURE(next.trail_size >= 0 && next.trail_root.len == TREE_HASH_SIZE, ERROR_MALFORMED);
    }
    *ret_next = next;
    return OK;
}

struct result incarnation_begin(struct signer *signer, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(SIGNER_ARENA_MAX);
    struct journal_restored next;
    uint8_t file[FILE_MAX];
    size_t len;
    struct result r = file_read(signer->settings.folder, name, file, sizeof file, &len);
    if (r.code == ERROR_NOT_FOUND) return OK;
    if (failed(r)) return diag_log(diag, r.code, "%s/%s", signer->settings.folder, name);
    if (failed(parse(bytes_of(file, len), arena, &next)))
        return diag_log(diag, ERROR_JOURNAL_DAMAGED, "%s/%s names no incarnation", signer->settings.folder, name);
    next.before = signer->incarnation;
    /* The same where the last start came to its end between the two. */
    if (!id_equal(&next.incarnation, &signer->incarnation)) TRY(record(signer, &next, arena, diag));
    return file_remove(signer->settings.folder, name);
}
