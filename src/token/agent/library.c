#include "token/agent/library.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "token/agent/child.h"

enum { HEAD = 4 + 1, ANSWER_HEAD = 4 + 4 + 1 };

static struct result add(struct libraries *libraries, struct bytes path, const char *helper, bool loud,
                         struct diag *diag)
{
    if (libraries->count == LIBRARIES_MAX)
        return diag_log(diag, ERROR_CONFIG, "more than %d libraries", (int)LIBRARIES_MAX);
    struct library *l = &libraries->of[libraries->count];
    *l = (struct library){ .loud = loud };
    snprintf(l->path, sizeof l->path, "%.*s", (int)path.len, (const char *)path.ptr);
    snprintf(l->helper, sizeof l->helper, "%s", helper);
    if (!system_trusted_file(l->path))
        return diag_log(diag, ERROR_CONFIG, "library is not there, or others than its owner can change it: %s",
                        l->path);
    l->room = system_take(HELPER_MESSAGE_MAX, NULL);
    ENSURE(l->room, ERROR_OUT_OF_ROOM);
    pthread_mutex_init(&l->lock, NULL);
    libraries->count++;
    return OK;
}

struct result libraries_init(struct libraries *libraries, const char *paths, const char *helper, bool loud,
                             struct diag *diag)
{
    *libraries = (struct libraries){ .count = 0 };
    while (*paths) {
        paths += strspn(paths, "; ");
        size_t n = strcspn(paths, ";"), len = n;
        while (len && paths[len - 1] == ' ') len--;
        if (len) TRY(add(libraries, bytes_of(paths, len), helper, loud, diag));
        paths += n;
    }
    return OK;
}

void library_begin(struct library *library, enum helper_op op, struct library_call *ret_call)
{
    pthread_mutex_lock(&library->lock);
    *ret_call = (struct library_call){ .library = library,
                                       .out = writer_of(library->room + 4, HELPER_MESSAGE_MAX - 4),
                                       .tries = HELPER_NO_TRIES };
    write_u8(&ret_call->out, (uint8_t)op);
}

void library_end(struct library_call *call)
{
    secret_wipe(call->library->room, HELPER_MESSAGE_MAX);
    pthread_mutex_unlock(&call->library->lock);
}

static struct result start(struct library *l)
{
    if (l->child) return OK;
    ENSURE(system_now_ms() >= l->not_before_ms, ERROR_AGENT_NO_KEY);
    const char *const argv[] = { l->helper, l->path, l->loud ? "--loud" : NULL, NULL };
    return child_start(argv, &l->child);
}

/* The question is in the room; the answer replaces it. */
static struct result exchange(struct library_call *call, int64_t deadline_ms, uint32_t *ret_len)
{
    struct library *l = call->library;
    struct writer head = writer_of(l->room, 4);
    write_u32(&head, (uint32_t)call->out.len);
    TRY(child_write(l->child, bytes_of(l->room, 4 + call->out.len), deadline_ms));
    uint8_t size[4];
    TRY(child_read(l->child, size, sizeof size, deadline_ms, NULL));
    struct reader r = reader_of(BYTES(size));
    uint32_t len = read_u32(&r);
    ENSURE(len >= ANSWER_HEAD && len <= HELPER_MESSAGE_MAX, ERROR_IPC_BROKEN);
    secret_wipe(l->room, HELPER_MESSAGE_MAX);
    TRY(child_read(l->child, l->room, len, deadline_ms, NULL));
    *ret_len = len;
    return OK;
}

/* The helper has crashed, hangs or talks nonsense: away with it. */
static struct result give_up(struct library *l, struct result why, struct diag *diag)
{
    child_end(TAKE(l->child));
    l->not_before_ms = system_now_ms() + LIBRARY_PAUSE_MS;
    bool slow = why.code == ERROR_IPC_TIMEOUT;
    return diag_log(diag, slow ? ERROR_AGENT_LIBRARY_TIMEOUT : ERROR_AGENT_LIBRARY_CRASHED, "library=%s", l->path);
}

struct result library_ask(struct library_call *call, int time_ms, struct diag *diag)
{
    struct library *l = call->library;
    ENSURE(!call->out.full, ERROR_TOO_LARGE);
    TRY(start(l));
    uint32_t len;
    struct result r = exchange(call, system_now_ms() + time_ms, &len);
    if (failed(r)) return give_up(l, r, diag);
    call->in = reader_of(bytes_of(l->room, len));
    enum error code = (enum error)read_u32(&call->in);
    call->sar = read_u32(&call->in);
    call->tries = read_u8(&call->in);
    if (code == ERROR_NONE) return OK;
    if (call->sar) return diag_log(diag, code, "library=%s sar=%08lX", l->path, (unsigned long)call->sar);
    return diag_log(diag, code, "library=%s", l->path);
}
