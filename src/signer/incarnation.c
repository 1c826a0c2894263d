#include "signer/incarnation.h"

#include "base/log.h"
#include "signer/file.h"

static const char name[] = "incarnation";

static struct result record(struct signer *s, const struct id *id, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(SIGNER_ARENA_MAX);
    const struct journal_incarnation record = { .incarnation = *id, .before = s->incarnation };
    int64_t index;
    struct result r = signer_record(s, JOURNAL_INCARNATION, clock_now(s->clock), &journal_incarnation_shape, &record,
                                    arena, &index);
    if (!failed(r)) r = signer_sync(s);
    if (failed(r)) return diag_log(diag, r.code, "the new incarnation after a backup was restored");
    log_event(LOG_LEVEL_INFO, "incarnation", "record=%lld", (long long)index);
    return OK;
}

struct result incarnation_begin(struct signer *signer, struct diag *diag)
{
    char text[ID_TEXT_LEN + 1] = "";
    struct id id;
    size_t len;
    struct result r = file_read(signer->settings.folder, name, text, sizeof text, &len);
    if (r.code == ERROR_NOT_FOUND) return OK;
    if (failed(r)) return diag_log(diag, r.code, "%s/%s", signer->settings.folder, name);
    text[len < ID_TEXT_LEN ? len : ID_TEXT_LEN] = '\0';
    if (len != ID_TEXT_LEN || failed(id_parse(text, &id)))
        return diag_log(diag, ERROR_JOURNAL_DAMAGED, "%s/%s is no id", signer->settings.folder, name);
    /* The same where the last start came to its end between the two. */
    if (!id_equal(&id, &signer->incarnation)) TRY(record(signer, &id, diag));
    return file_remove(signer->settings.folder, name);
}
