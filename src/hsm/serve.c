#include "hsm/serve.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"

enum { ARENA_MAX = 64 * 1024 };

static struct result answer_key(struct token *token, int socket, const struct ipc_message *asked, struct arena *arena,
                                struct diag *diag)
{
    uint8_t point[HSM_POINT_SIZE];
    struct hsm_key ask;
    struct hsm_key_found found = { .point = BYTES(point) };
    struct reader r = reader_of(asked->body);
    TRY(shape_read(&hsm_key_shape, &r, arena, &ask));
    ENSURE(ask.label && !failed(reader_end(&r)), ERROR_IPC_BROKEN);
    TRY(token_key(token, ask.label, diag, &found.algorithm, point));
    return ipc_answer(socket, asked, &hsm_key_found_shape, &found);
}

static struct result answer_sign(struct token *token, int socket, const struct ipc_message *asked,
                                 struct arena *arena, struct diag *diag)
{
    uint8_t signature[HSM_SIGNATURE_SIZE];
    const struct hsm_signed made = { BYTES(signature) };
    struct hsm_sign ask;
    struct reader r = reader_of(asked->body);
    TRY(shape_read(&hsm_sign_shape, &r, arena, &ask));
    ENSURE(ask.label && ask.point.len == HSM_POINT_SIZE && ask.digest.len == HSM_DIGEST_SIZE && !failed(reader_end(&r)),
           ERROR_IPC_BROKEN);
    TRY(token_sign(token, &ask, diag, signature));
    return ipc_answer(socket, asked, &hsm_signed_shape, &made);
}

static struct result answer(struct token *token, int socket, const struct ipc_message *asked, struct arena *arena,
                            struct diag *diag)
{
    struct hsm_seen seen;
    switch (asked->type) {
    case HSM_KEY: return answer_key(token, socket, asked, arena, diag);
    case HSM_SIGN: return answer_sign(token, socket, asked, arena, diag);
    case HSM_LOOK:
        TRY(token_look(token, diag, &seen));
        return ipc_answer(socket, asked, &hsm_seen_shape, &seen);
    default: return FAIL(ERROR_IPC_BROKEN);
    }
}

static bool is_the_tokens(enum error code)
{
    return code == ERROR_HSM_TOKEN || code == ERROR_HSM_PIN || code == ERROR_HSM_KEY || code == ERROR_HSM_LIBRARY;
}

/* The alarm is never caught: whatever the library did to signals, its own default is put back first. */
static void watch(int64_t seconds)
{
    sigset_t alarm_alone;
    sigemptyset(&alarm_alone);
    sigaddset(&alarm_alone, SIGALRM);
    signal(SIGALRM, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &alarm_alone, NULL);
    alarm((unsigned)seconds);
}

static struct result do_one(struct token *token, int socket, uint8_t *buffer, int64_t call_seconds)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct diag diag = { 0 };
    struct ipc_message asked;
    TRY(ipc_read(socket, buffer, &asked));
    if (asked.fd >= 0) close(asked.fd);
    watch(call_seconds);
    struct result r = answer(token, socket, &asked, arena, &diag);
    alarm(0);
    if (!is_the_tokens(r.code)) return r;
    return ipc_answer_failure(socket, &asked, r.code, &diag);
}

/* What was asked of a process before this one, or before anybody could answer: it is asked again after HSM_BEGAN. */
static void pass_over(int socket, uint8_t *buffer)
{
    struct ipc_message asked;
    struct pollfd p = { .fd = socket, .events = POLLIN };
    while (poll(&p, 1, 0) == 1 && !failed(ipc_read(socket, buffer, &asked)))
        if (asked.fd >= 0) close(asked.fd);
}

struct result serve(struct token *token, int socket, int signals, int64_t call_seconds)
{
    const struct ipc_message began = { .type = HSM_BEGAN, .fd = -1 };
    uint8_t *buffer = malloc(IPC_MESSAGE_MAX);
    if (!buffer) abort();
    pass_over(socket, buffer);
    struct result r = ipc_write(socket, &began);
    while (!failed(r)) {
        struct pollfd p[] = { { .fd = socket, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
        if (poll(p, COUNT(p), -1) < 0) continue;
        if (p[1].revents) break;
        r = do_one(token, socket, buffer, call_seconds);
    }
    free(buffer);
    return r.code == ERROR_IPC_CLOSED ? OK : r;
}
