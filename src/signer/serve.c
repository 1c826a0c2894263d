#include "signer/serve.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"
#include "signer/nonce.h"
#include "signer/requests.h"

enum { GROUP_MAX = 64, GROUP_ARENA_MAX = 24 * 1024 * 1024, PRESSING_STEPS = 8, PRESSING_NONCES = 4 };

/* An answer that waits for the sync. */
struct waiting {
    struct ipc_message message;
};

struct group {
    struct signer *signer;
    int socket, status; /* status: of hufu-status; -1: none */
    uint8_t *buffer;
    uint64_t done; /* for this connection */
    struct arena *arena;
    struct waiting waiting[GROUP_MAX];
    size_t count;
    bool hang_up;
};

static struct result encode(struct group *g, const struct shape *shape, const void *record, struct bytes *ret_body)
{
    uint8_t *room = malloc(IPC_MESSAGE_MAX);
    if (!room) abort();
    struct writer w = writer_of(room, IPC_MESSAGE_MAX - IPC_HEADER_SIZE);
    struct bytes written = { 0 };
    shape_write(shape, record, &w);
    struct result r = writer_end(&w, &written);
    if (!failed(r)) {
        written = arena_bytes(g->arena, written);
        if (!written.ptr) r = FAIL(ERROR_OUT_OF_ROOM);
    }
    free(room);
    TRY(r);
    *ret_body = written;
    return OK;
}

static struct result keep_answer(struct group *g, const struct ipc_message *asked, const struct outcome *outcome,
                                 const struct diag *diag)
{
    struct ipc_message m = { .type = asked->type, .id = asked->id, .fd = -1 };
    if (failed(outcome->result)) {
        const struct ipc_failure failure = { diag->field, diag->detail, diag->log };
        m.error = outcome->result.code;
        TRY(encode(g, &ipc_failure_shape, &failure, &m.body));
    } else {
        TRY(encode(g, outcome->request->answer, outcome->answer, &m.body));
    }
    g->waiting[g->count++].message = m;
    return OK;
}

static struct result do_one(struct group *g, const struct ipc_message *asked)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(SIGNER_ARENA_MAX);
    struct diag diag = { 0 };
    struct call call = { .signer = g->signer, .arena = arena, .diag = &diag, .now_s = clock_now(g->signer->clock),
                         .type = asked->type };
    struct outcome outcome;
    if (asked->fd >= 0) close(asked->fd); /* none of the requests has one */
    TRY(requests_do(&call, asked->body, &g->done, &outcome));
    if (failed(outcome.result)) log_failure(outcome.request ? outcome.request->name : "peer", outcome.result, &diag);
    g->hang_up = !outcome.request;
    return keep_answer(g, asked, &outcome, &diag);
}

static bool more_waits(int socket)
{
    struct pollfd p = { .fd = socket, .events = POLLIN };
    return poll(&p, 1, 0) == 1; /* also when the peer is gone: the read tells */
}

static void reseed(struct drbg *drbg)
{
    uint8_t entropy[DRBG_ENTROPY_MIN];
    random_fill(entropy, sizeof entropy);
    drbg_reseed(drbg, BYTES(entropy));
    secret_wipe(entropy, sizeof entropy);
}

static void answer_status(struct group *g)
{
    if (!nonce_answer(g->signer, g->status, g->buffer)) g->status = -1;
}

/* Until something is to be done though nobody asks. */
static int wait_ms(const struct group *g)
{
    int publisher = publisher_wait_ms(g->signer->publisher);
    int hsm = g->signer->hsm ? hsm_due_ms(g->signer->hsm) : publisher;
    return hsm < publisher ? hsm : publisher;
}

/* While nobody asks, a little is done ahead, and what the time brings. */
static struct result wait_busily(struct group *g)
{
    for (;;) {
        struct hsm *hsm = g->signer->hsm;
        struct pollfd p[] = { { .fd = g->socket, .events = POLLIN }, { .fd = g->status, .events = POLLIN },
                              { .fd = hsm ? hsm_socket(hsm) : -1, .events = POLLIN } };
        bool due = signer_idle_due(g->signer);
        if (poll(p, COUNT(p), due ? 0 : wait_ms(g)) < 0) continue;
        if (p[0].revents) return OK;
        reseed(&g->signer->drbg);
        if (p[1].revents) answer_status(g);
        else if (due) TRY(signer_idle(g->signer));
        if (hsm && (p[2].revents || hsm_due_ms(hsm) == 0)) hsm_look(hsm);
    }
}

/* What must not wait until nobody asks any more, a little of it after each group. */
static struct result do_pressing(struct group *g)
{
    for (int i = 0; i < PRESSING_NONCES && g->status >= 0 && more_waits(g->status); i++) answer_status(g);
    return publisher_presses(g->signer->publisher) ? publisher_work(g->signer->publisher, PRESSING_STEPS) : OK;
}

/* Reads and does what waits, at least one. What cannot be read as a message ends the group like a broken request. */
static struct result collect(struct group *g)
{
    do {
        struct ipc_message asked;
        struct result r = ipc_read(g->socket, g->buffer, &asked);
        if (r.code == ERROR_IPC_CLOSED && g->count > 0) return OK; /* told again by the next read */
        TRY(r);
        TRY(do_one(g, &asked));
    } while (!g->hang_up && g->count < GROUP_MAX && more_waits(g->socket));
    return OK;
}

static struct result answer_all(struct group *g)
{
    for (size_t i = 0; i < g->count; i++) TRY(ipc_write(g->socket, &g->waiting[i].message));
    return OK;
}

static struct result do_group(struct group *g)
{
    arena_reset(g->arena);
    g->count = 0;
    reseed(&g->signer->drbg);
    TRY(wait_busily(g));
    TRY(collect(g));
    uint64_t published = g->signer->published;
    TRY(signer_sync(g->signer));
    bool recorded = g->signer->published != published;
    if (recorded) FAULT("signer:before-answer");
    TRY(answer_all(g));
    if (recorded) FAULT("signer:answered");
    ENSURE(!g->hang_up, ERROR_PEER_BROKE);
    return do_pressing(g);
}

struct result serve(struct signer *signer, int socket, int status, struct diag *diag)
{
    struct group g = { .signer = signer, .socket = socket, .status = status, .buffer = malloc(IPC_MESSAGE_MAX),
                       .arena = arena_new(GROUP_ARENA_MAX) };
    struct result r = OK;
    if (!g.buffer) abort();
    while (!failed(r)) r = do_group(&g);
    free(g.buffer);
    arena_free(g.arena);
    if (r.code == ERROR_IPC_CLOSED) return OK;
    return diag_log(diag, r.code, "the connection was ended");
}
