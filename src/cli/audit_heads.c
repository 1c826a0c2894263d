#include "cli/audit_heads.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/backup_content.h"
#include "ipc/signer_api.h"

enum { RECORD_ARENA_MAX = 64 * 1024 };

static const uint64_t PENDING = UINT64_MAX; /* not in the journal yet */

struct gathering {
    struct audit_heads heads;
    struct arena *arena; /* of one record */
};

static void add(struct gathering *g, uint64_t record, int64_t size, struct bytes root)
{
    struct audit_heads *h = &g->heads;
    struct audit_head head = { .record = record, .size = (uint64_t)size };
    if (size < 0 || root.len != sizeof head.root.b) return;
    memcpy(head.root.b, root.ptr, root.len);
    if ((h->count & (h->count - 1)) == 0) { /* room doubles when it is full */
        h->all = reallocarray(h->all, h->count ? h->count * 2 : 1, sizeof *h->all);
        if (!h->all) abort();
    }
    h->all[h->count++] = head;
}

/* What was recorded of more entries than the backup had went with the installation that it was made of. */
static void restored(struct gathering *g, uint64_t record, const struct journal_restored *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->heads.count; i++)
        if (g->heads.all[i].size <= (uint64_t)r->trail_size) g->heads.all[kept++] = g->heads.all[i];
    g->heads.lost += g->heads.count - kept;
    struct audit_head *all = g->heads.all;
    const size_t count = kept;
    g->heads.all = NULL;
    g->heads.count = 0;
    for (size_t i = 0; i < count; i++) add(g, all[i].record, (int64_t)all[i].size, BYTES(all[i].root.b));
    free(all);
    add(g, record, r->trail_size, r->trail_root);
}

static struct result take(void *context, uint64_t index, const struct ledger_record *record)
{
    struct gathering *g = context;
    struct journal_trail trail;
    struct journal_restored life;
    struct reader r = reader_of(record->body);
    arena_reset(g->arena);
    if (record->type == JOURNAL_TRAIL && !failed(shape_read(&journal_trail_shape, &r, g->arena, &trail)))
        add(g, index, trail.size, trail.root);
    if (record->type == JOURNAL_RESTORED && !failed(shape_read(&journal_restored_shape, &r, g->arena, &life)))
        restored(g, index, &life);
    return OK;
}

/* A restored installation that was not started yet says so beside its journal. */
static void take_pending(struct gathering *g, const char *folder)
{
    uint8_t file[BACKUP_CONTENT_MAX];
    struct journal_restored life;
    const char *path = arena_format(g->arena, "%s/" BACKUP_INCARNATION, folder);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    ssize_t n = fd < 0 ? -1 : read(fd, file, sizeof file);
    if (fd >= 0) close(fd);
    struct reader r = reader_of(bytes_of(file, n > 0 ? (size_t)n : 0));
    if (n > 0 && !failed(shape_read(&journal_restored_shape, &r, g->arena, &life)) && life.trail_size >= 0)
        restored(g, PENDING, &life);
}

static int by_size(const void *a, const void *b)
{
    const struct audit_head *one = a, *two = b;
    return one->size < two->size ? -1 : one->size > two->size;
}

struct result audit_heads_read(const struct installation *installation, struct diag *diag,
                               struct audit_heads *ret_heads)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(RECORD_ARENA_MAX);
    struct gathering g = { .arena = arena };
    char folder[INSTALLATION_PATH_MAX + sizeof "/signer/journal"];
    snprintf(folder, sizeof folder, "%s/" BACKUP_JOURNAL, installation->folder);
    struct result r = inspect_each(folder, diag, take, &g);
    if (failed(r)) {
        audit_heads_done(&g.heads);
        return r;
    }
    arena_reset(arena);
    take_pending(&g, installation->folder);
    if (g.heads.count) qsort(g.heads.all, g.heads.count, sizeof *g.heads.all, by_size);
    *ret_heads = g.heads;
    return OK;
}

void audit_heads_done(struct audit_heads *heads)
{
    free(heads->all);
    *heads = (struct audit_heads){ .count = 0 };
}

void audit_heads_hold(struct audit_heads *heads, const struct tree_hash *leaves, uint64_t count)
{
    struct tree_hash peaks[TREE_DEPTH_MAX + 1], root;
    uint64_t size = 0;
    for (size_t i = 0; i < heads->count; i++) {
        struct audit_head *head = &heads->all[i];
        for (; size < head->size && size < count; size++) tree_grow(peaks, size, &leaves[size]);
        tree_fold(peaks, (size_t)__builtin_popcountll(size), &root);
        const bool same = bytes_equal(BYTES(root.b), BYTES(head->root.b));
        head->found = size < head->size ? ERROR_JOURNAL_CUT : same ? ERROR_NONE : ERROR_JOURNAL_FORK;
    }
}

struct result audit_heads_tell(const struct audit_heads *heads, struct diag *diag)
{
    for (size_t i = 0; i < heads->count; i++) {
        const struct audit_head *head = &heads->all[i];
        if (head->found == ERROR_NONE) continue;
        if (head->record == PENDING)
            return diag_log(diag, head->found, "audit trail: the backup had %llu entries",
                            (unsigned long long)head->size);
        return diag_log(diag, head->found, "audit trail: journal record %llu vouches for %llu entries",
                        (unsigned long long)head->record, (unsigned long long)head->size);
    }
    return OK;
}
