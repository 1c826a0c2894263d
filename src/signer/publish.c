#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "signer/publish_internal.h"

enum {
    LIST_PATIENCE_S = 1,   /* so long a list waits for further changes while there are answers to sign */
    FULL_EVERY_S = 300,    /* so often the full list is made at most while something changes */
    FRESH_PATIENCE_S = 5,  /* so long the first answer for a certificate waits while others ask */
    RETRY_S = 2,
    SWEEPS = 4,            /* looks at everything, in the time that answers and lists hold */
    IDLE_MS = 1000,
    WAIT_MAX_MS = 3600 * 1000,
    PATH_ROOM = PUBLISHED_PATH_MAX + 8
};

/* ---- files ---- */

static void close_p(int *fd)
{
    if (*fd >= 0) close(*fd);
}

int64_t publish_now(const struct publisher *p)
{
    int64_t now_s = clock_now(p->signer->clock), last_s = ledger_last_time(p->signer->journal);
    return now_s > last_s ? now_s : last_s;
}

static int create(const struct publisher *p, const char *path)
{
    return openat(p->folder, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
}

/* Each folder above PATH. */
static void make_folders(const struct publisher *p, const char *path)
{
    char folder[PATH_ROOM];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        (void)mkdirat(p->folder, folder, 0755); /* that it is not there shows in what comes next */
    }
}

/* Not synced: what a loss of power takes is seen by the sweep after the next start, and made anew. */
struct result publish_write(const struct publisher *p, const char *path, struct bytes content)
{
    char fresh[PATH_ROOM];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd CLEANUP(close_p) = create(p, fresh);
    if (fd < 0 && errno == ENOENT) {
        make_folders(p, path);
        fd = create(p, fresh);
    }
    ENSURE(fd >= 0, ERROR_IO);
    for (size_t done = 0; done < content.len;) {
        ssize_t n = write(fd, content.ptr + done, content.len - done);
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n > 0, ERROR_IO);
        done += (size_t)n;
    }
    FAULT("signer:publish-written");
    ENSURE(renameat(p->folder, fresh, p->folder, path) == 0, ERROR_IO);
    return OK;
}

struct result publish_read(const struct publisher *p, const char *path, size_t max, uint8_t **ret_content,
                           size_t *ret_len)
{
    struct stat st;
    int fd CLEANUP(close_p) = openat(p->folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ENSURE(fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode), ERROR_NOT_FOUND);
    ENSURE(st.st_size >= 0 && (uint64_t)st.st_size <= max, ERROR_TOO_LARGE);
    size_t len = (size_t)st.st_size, done = 0;
    uint8_t *content = malloc(len + 1);
    if (!content) abort();
    for (ssize_t got = 1; done < len && (got > 0 || (got < 0 && errno == EINTR)); done += got > 0 ? (size_t)got : 0)
        got = read(fd, content + done, len - done);
    *ret_content = content;
    *ret_len = done;
    return OK;
}

static bool is_there(const struct publisher *p, const char *path)
{
    struct stat st;
    return fstatat(p->folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- life ---- */

struct result publisher_open(struct signer *signer, struct diag *diag, struct publisher **ret_publisher)
{
    const char *folder = signer->settings.publish;
    struct publisher *p = calloc(1, sizeof *p);
    if (!p) abort();
    p->signer = signer;
    p->arena = arena_new(PUBLISH_ARENA_MAX);
    (void)mkdir(folder, 0755);
    p->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p->folder < 0) {
        publisher_free(p);
        return diag_log(diag, ERROR_IO, "the folder %s", folder);
    }
    p->fresh = roll_count(signer->roll); /* those of before are the first sweep's affair */
    p->opened_s = publish_now(p);
    p->partitions_before = publish_partitions(p);
    p->full_before = signer->phase == PHASE_HELLO;
    *ret_publisher = p;
    return OK;
}

void publisher_free(struct publisher *publisher)
{
    if (!publisher) return;
    close_p(&publisher->folder);
    responder_done(&publisher->responder);
    arena_free(publisher->arena);
    free(publisher->lists);
    free(publisher->waiting);
    free(publisher);
}

struct result publisher_begin(struct publisher *publisher)
{
    const struct authority *a = &publisher->signer->authority;
    const struct {
        const char *name;
        const struct certificate *certificate;
    } cas[] = { { "root", a->root }, { "issuing", a->issuing }, { "operators", a->operators } };
    if (!a->issuing) return OK;
    issuer_id_all(a->issuing, publisher->ids);
    for (size_t i = 0; i < COUNT(cas); i++) {
        char path[PUBLISHED_PATH_MAX];
        published_ca_path(cas[i].name, path);
        TRY(publish_write(publisher, path, cas[i].certificate->der));
    }
    publisher->begun = true;
    return OK;
}

/* ---- what is to be done ---- */

static bool answers(const struct publisher *p)
{
    return p->signer->settings.ocsp_url != NULL;
}

/* Partitions of what changed since: into the queue of lists. Known lists come into being with their partition. */
static void make_room(struct publisher *p)
{
    size_t wanted = publish_partitions(p);
    if (wanted <= p->lists_room) return;
    size_t room = wanted + wanted / 2 + 16;
    p->lists = realloc(p->lists, room * sizeof *p->lists);
    if (!p->lists) abort();
    memset(p->lists + p->lists_room, 0, (room - p->lists_room) * sizeof *p->lists);
    p->lists_room = room;
}

static void list_waits(struct publisher *p, size_t position, int64_t now_s)
{
    size_t partition = position / ROLL_PARTITION;
    make_room(p);
    if (p->lists[partition].changed) return;
    p->lists[partition].changed = true;
    if (p->waiting_count == p->waiting_room) {
        p->waiting_room = p->waiting_room ? 2 * p->waiting_room : 64;
        p->waiting = realloc(p->waiting, p->waiting_room * sizeof *p->waiting);
        if (!p->waiting) abort();
    }
    if (p->waiting_count == 0) p->waiting_since_s = now_s;
    p->waiting[p->waiting_count++] = (uint32_t)partition;
}

static bool may_work(const struct publisher *p, int64_t now_s)
{
    return p->signer->phase == PHASE_SERVING && p->retry_s <= now_s &&
           p->signer->published == ledger_size(p->signer->journal);
}

enum piece { NOTHING, BEGIN, RESPONDER, CHANGED, LIST, FRESH, FULL, SWEEP };

static enum piece next_piece(struct publisher *p, int64_t now_s)
{
    if (!may_work(p, now_s)) return NOTHING;
    if (!p->begun) return BEGIN;
    if (answers(p) && !responder_good(&p->responder, now_s)) return RESPONDER;
    bool lists_wait = p->waiting_count > 0, changed = roll_changed(p->signer->roll) != ROLL_NONE;
    if (lists_wait && (!changed || p->waiting_since_s + LIST_PATIENCE_S <= now_s)) return LIST;
    if (changed) return CHANGED;
    if (p->fresh < roll_count(p->signer->roll)) {
        if (p->fresh_since_s == 0) p->fresh_since_s = now_s;
        return FRESH;
    }
    if (!p->full.known || p->full.renew_s <= now_s) return FULL;
    return p->sweep_s <= now_s ? SWEEP : NOTHING;
}

bool publisher_due(struct publisher *publisher)
{
    return next_piece(publisher, publish_now(publisher)) != NOTHING;
}

bool publisher_presses(struct publisher *publisher)
{
    int64_t now_s = publish_now(publisher);
    enum piece next = next_piece(publisher, now_s);
    return next == RESPONDER || next == CHANGED || next == LIST ||
           (next == FRESH && publisher->fresh_since_s + FRESH_PATIENCE_S <= now_s);
}

int publisher_wait_ms(struct publisher *p)
{
    if (p->signer->phase != PHASE_SERVING) return WAIT_MAX_MS;
    int64_t now_s = publish_now(p), next_s = p->sweep_s;
    if (p->full.renew_s < next_s) next_s = p->full.renew_s;
    if (p->retry_s > now_s) next_s = p->retry_s;
    if (next_s <= now_s) return IDLE_MS; /* it may not be done now, or it would be due */
    return next_s - now_s >= WAIT_MAX_MS / 1000 ? WAIT_MAX_MS : (int)(next_s - now_s) * 1000;
}

/* ---- doing it ---- */

/* Somebody goes by the full list alone: whoever received a USBKey is not on it for a day. It is signed whole, so it
 * waits for what else changes. */
static void full_waits(struct publisher *p, int64_t now_s)
{
    int64_t soon_s = p->full.made_s + FULL_EVERY_S;
    if (soon_s < now_s) soon_s = now_s;
    if (p->full.known && soon_s < p->full.renew_s) p->full.renew_s = soon_s;
}

/* The answer first: it has a second, the list five. */
static struct result do_changed(struct publisher *p, int64_t now_s)
{
    size_t position = (size_t)roll_changed(p->signer->roll);
    if (answers(p)) TRY(publish_answer(p, position));
    list_waits(p, position, now_s);
    full_waits(p, now_s);
    roll_changed_taken(p->signer->roll);
    return OK;
}

static struct result do_list(struct publisher *p)
{
    uint32_t partition = p->waiting[0];
    p->lists[partition].changed = false;
    struct result r = publish_list(p, partition);
    p->lists[partition].changed = failed(r);
    TRY(r);
    memmove(p->waiting, p->waiting + 1, --p->waiting_count * sizeof *p->waiting);
    return OK;
}

static struct result do_one(struct publisher *p, size_t position)
{
    char path[PUBLISHED_PATH_MAX];
    published_certificate_path(BYTES(roll_at(p->signer->roll, position)->serial), path);
    if (!is_there(p, path)) TRY(publish_certificate(p, position));
    return answers(p) ? publish_answer(p, position) : OK;
}

/* Its list is there as soon as the first certificate names it. It names those that begin in transit, once all of the
 * partition that are there are told: until then their answers say it. */
static struct result do_fresh(struct publisher *p)
{
    make_room(p);
    TRY(publish_list_look(p, (int64_t)(p->fresh / ROLL_PARTITION)));
    TRY(do_one(p, p->fresh));
    p->fresh_listed |= roll_at(p->signer->roll, p->fresh)->standing != STANDING_VALID;
    p->fresh++;
    if (p->fresh_listed && (p->fresh == roll_count(p->signer->roll) || p->fresh % ROLL_PARTITION == 0)) {
        list_waits(p, p->fresh - 1, publish_now(p));
        p->fresh_listed = false;
    }
    p->fresh_since_s = 0;
    return OK;
}

/* Everything is looked at again and again: what is about to run out is made anew, and what got lost. */
static struct result do_sweep(struct publisher *p, int64_t now_s)
{
    make_room(p);
    if (p->swept < roll_count(p->signer->roll)) {
        TRY(do_one(p, p->swept));
        p->swept++;
    } else if (p->lists_swept < publish_partitions(p)) {
        TRY(publish_list_look(p, (int64_t)p->lists_swept));
        p->lists_swept++;
    } else {
        p->swept = p->lists_swept = 0;
        int64_t answers_s = p->signer->settings.ocsp_hours * 3600, lists_s = p->signer->settings.crl_days * DAY_S;
        p->sweep_s = now_s + (answers_s < lists_s ? answers_s : lists_s) / SWEEPS;
    }
    return OK;
}

static struct result do_piece(struct publisher *p, enum piece piece, int64_t now_s)
{
    arena_reset(p->arena);
    switch (piece) {
    case BEGIN: return publisher_begin(p);
    case RESPONDER: return responder_renew(p->signer, &p->responder, now_s);
    case CHANGED: return do_changed(p, now_s);
    case LIST: return do_list(p);
    case FRESH: return do_fresh(p);
    case FULL: return publish_list_look(p, PUBLISH_FULL);
    case SWEEP: return do_sweep(p, now_s);
    case NOTHING: break;
    }
    return OK;
}

struct result publisher_work(struct publisher *publisher, int steps)
{
    for (; steps > 0; steps--) {
        int64_t now_s = publish_now(publisher);
        enum piece piece = next_piece(publisher, now_s);
        if (piece == NOTHING) return OK;
        struct result r = do_piece(publisher, piece, now_s);
        if (r.code == ERROR_JOURNAL_WRITE) return r;
        if (!failed(r)) publisher->told = ERROR_NONE;
        if (!failed(r)) continue;
        if (r.code == ERROR_BUSY) {
            publisher->retry_s = now_s + 1;
            return OK;
        }
        if (r.code != publisher->told) log_failure("publish", r, NULL); /* not at every try again */
        publisher->told = r.code;
        publisher->retry_s = now_s + RETRY_S;
    }
    return OK;
}
