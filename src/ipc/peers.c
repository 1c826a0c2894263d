#include "ipc/peers.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "ipc/supervise_api.h"

/* A connection. Whoever asks through it counts as a user; one that was replaced or has died goes with its last. */
struct link {
    struct ipc_client *client;
    unsigned users;
    bool retired;
};

/* A fresh socket on its way to become a link: hello and greeting may take their time. */
struct arrival {
    struct arrival *next;
    struct peers *peers;
    enum peer peer;
    uint64_t number;
    int socket; /* a copy, by which the arrival is interrupted; the client has the other */
    int own;
    pthread_t thread;
    bool over;
};

struct peers {
    int control;
    peers_greet_fn *greet;
    void *context;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic */
    struct link *links[PEER_COUNT];
    enum error failures[PEER_COUNT]; /* of the last greeting, while there is no link */
    uint64_t numbers[PEER_COUNT];    /* of the last arrival */
    struct arrival *arrivals;
    bool stopping;
};

static const char *const names[PEER_COUNT] = { [PEER_SIGNER] = "signer", [PEER_FILES] = "files",
                                               [PEER_RELAY] = "relay" };

/* ---- links; under the lock, which ending a client does not take long to hold: its thread only reads ---- */

static void let_go(struct link *link)
{
    if (link->users > 0 || !link->retired) return;
    ipc_client_free(link->client);
    free(link);
}

static void retire(struct peers *peers, enum peer peer)
{
    struct link *link = peers->links[peer];
    if (!link) return;
    peers->links[peer] = NULL;
    link->retired = true;
    let_go(link);
}

/* ---- arrivals ---- */

static struct result greet(struct arrival *arrival, struct ipc_client **ret_client, struct diag *diag)
{
    struct peers *peers = arrival->peers;
    struct ipc_client *client;
    int socket = arrival->own;
    arrival->own = -1;
    TRY(ipc_client_new(socket, &client));
    struct result r = peers->greet ? peers->greet(peers->context, arrival->peer, client, diag) : OK;
    if (failed(r))
        ipc_client_free(client);
    else
        *ret_client = client;
    return r;
}

static void settle(struct arrival *arrival, struct ipc_client *client, enum error failure)
{
    struct peers *peers = arrival->peers;
    pthread_mutex_lock(&peers->lock);
    /* One that was overtaken by a fresher one says nothing any more. */
    if (peers->numbers[arrival->peer] == arrival->number && !peers->stopping) {
        retire(peers, arrival->peer);
        /* One that died meanwhile is just not there: its next one is on the way. */
        peers->failures[arrival->peer] = failure == ERROR_IPC_CLOSED ? ERROR_NONE : failure;
        if (client) {
            struct link *link = calloc(1, sizeof *link);
            if (!link) abort();
            link->client = client;
            client = NULL;
            peers->links[arrival->peer] = link;
        }
    }
    arrival->over = true;
    pthread_cond_broadcast(&peers->changed);
    pthread_mutex_unlock(&peers->lock);
    ipc_client_free(client);
}

static void *arrive(void *closure)
{
    struct arrival *arrival = closure;
    struct ipc_client *client = NULL;
    struct diag diag = { 0 };
    struct result r = greet(arrival, &client, &diag);
    if (failed(r))
        log_failure(names[arrival->peer], r, &diag);
    else
        log_event(LOG_LEVEL_INFO, "peer", "name=%s", names[arrival->peer]);
    settle(arrival, client, r.code);
    return NULL;
}

static void arrival_free(struct arrival *arrival)
{
    pthread_join(arrival->thread, NULL);
    close(arrival->socket);
    free(arrival);
}

/* Joins those that are over; all of them, when ALL. */
static void reap(struct peers *peers, bool all)
{
    struct arrival *reaped = NULL;
    pthread_mutex_lock(&peers->lock);
    for (struct arrival **at = &peers->arrivals; *at;) {
        struct arrival *a = *at;
        if (!a->over && !all) {
            at = &a->next;
            continue;
        }
        *at = a->next;
        a->next = reaped;
        reaped = a;
    }
    pthread_mutex_unlock(&peers->lock);
    while (reaped) {
        struct arrival *a = reaped;
        reaped = a->next;
        arrival_free(a);
    }
}

static void take_socket(struct peers *peers, enum peer peer, int socket)
{
    struct arrival *arrival = calloc(1, sizeof *arrival);
    if (!arrival) abort();
    *arrival = (struct arrival){ .peers = peers, .peer = peer, .own = socket, .socket = dup(socket) };
    if (arrival->socket < 0) abort();
    pthread_mutex_lock(&peers->lock);
    arrival->number = ++peers->numbers[peer];
    arrival->next = peers->arrivals;
    peers->arrivals = arrival;
    if (pthread_create(&arrival->thread, NULL, arrive, arrival) != 0) abort();
    pthread_mutex_unlock(&peers->lock);
}

/* ---- the control socket ---- */

static struct result take_message(struct peers *peers, struct ipc_message *message, struct arena *arena)
{
    struct reader r = reader_of(message->body);
    struct supervise_peer told;
    ENSURE(message->type == SUPERVISE_PEER && message->fd >= 0, ERROR_IPC_BROKEN);
    TRY(shape_read(&supervise_peer_shape, &r, arena, &told));
    TRY(reader_end(&r));
    for (enum peer peer = 0; peer < PEER_COUNT; peer++) {
        if (!text_equal(told.name, names[peer])) continue;
        take_socket(peers, peer, message->fd);
        message->fd = -1;
        return OK;
    }
    return FAIL(ERROR_IPC_BROKEN);
}

static void *listen_to_control(void *closure)
{
    struct peers *peers = closure;
    uint8_t *buffer = malloc(IPC_MESSAGE_MAX);
    struct arena *arena = arena_new(4096);
    if (!buffer) abort();
    struct result r = OK;
    while (!failed(r)) {
        struct ipc_message message;
        r = ipc_read(peers->control, buffer, &message);
        if (failed(r)) break;
        r = take_message(peers, &message, arena);
        if (message.fd >= 0) close(message.fd);
        arena_reset(arena);
        reap(peers, false);
    }
    if (r.code != ERROR_IPC_CLOSED) log_failure("control", r, NULL);
    shutdown(peers->control, SHUT_RDWR); /* whoever watches it, here or there, sees that it is over */
    arena_free(arena);
    free(buffer);
    return NULL;
}

/* ---- life ---- */

struct result peers_new(int control, peers_greet_fn *greet_fn, void *context, struct peers **ret_peers)
{
    struct result r = ipc_hello(control);
    if (failed(r)) {
        close(control);
        return r;
    }
    struct peers *peers = calloc(1, sizeof *peers);
    if (!peers) abort();
    peers->control = control;
    peers->greet = greet_fn;
    peers->context = context;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&peers->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&peers->lock, NULL);
    if (pthread_create(&peers->thread, NULL, listen_to_control, peers) != 0) abort();
    *ret_peers = peers;
    return OK;
}

void peers_free(struct peers *peers)
{
    if (!peers) return;
    shutdown(peers->control, SHUT_RDWR);
    pthread_join(peers->thread, NULL);
    close(peers->control);
    pthread_mutex_lock(&peers->lock);
    peers->stopping = true;
    for (struct arrival *a = peers->arrivals; a; a = a->next) shutdown(a->socket, SHUT_RDWR);
    pthread_mutex_unlock(&peers->lock);
    reap(peers, true);
    for (enum peer peer = 0; peer < PEER_COUNT; peer++) retire(peers, peer);
    pthread_cond_destroy(&peers->changed);
    pthread_mutex_destroy(&peers->lock);
    free(peers);
}

/* ---- asking ---- */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Under the lock: the link that is there, NULL if none is. */
static struct link *find_link(struct peers *peers, enum peer peer)
{
    struct link *link = peers->links[peer];
    if (link && ipc_client_there(link->client)) return link;
    retire(peers, peer);
    return NULL;
}

static struct result wait_for_link(struct peers *peers, enum peer peer, int64_t until_ms, struct link **ret_link)
{
    struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
    struct link *link;
    enum error why = ERROR_NONE;
    pthread_mutex_lock(&peers->lock);
    while (!(link = find_link(peers, peer))) {
        why = peers->failures[peer];
        if (why == ERROR_NONE && now_ms() >= until_ms) why = ERROR_IPC_CLOSED;
        if (why != ERROR_NONE) break;
        pthread_cond_timedwait(&peers->changed, &peers->lock, &until);
    }
    if (link) link->users++;
    pthread_mutex_unlock(&peers->lock);
    if (!link) return FAIL(why);
    *ret_link = link;
    return OK;
}

struct result peers_ask(struct peers *peers, enum peer peer, const struct ipc_call *call, const void *record,
                        struct arena *arena, struct diag *diag, void *ret_record, int *ret_fd)
{
    int64_t until_ms = now_ms() + call->timeout_ms;
    struct link *link;
    struct result r = wait_for_link(peers, peer, until_ms, &link);
    if (failed(r)) return diag_log(diag, r.code, "peer=%s", names[peer]);
    struct ipc_call rest = *call;
    int64_t left_ms = until_ms - now_ms();
    rest.timeout_ms = left_ms > 0 ? (int)left_ms : 0;
    r = ipc_ask(link->client, &rest, record, arena, diag, ret_record, ret_fd);
    pthread_mutex_lock(&peers->lock);
    link->users--;
    /* Seen by a write that failed before its client saw it: whoever asks next waits for the next one. */
    if (r.code == ERROR_IPC_CLOSED && peers->links[peer] == link) retire(peers, peer);
    else let_go(link);
    pthread_mutex_unlock(&peers->lock);
    return failed(r) ? diag_log(diag, r.code, "peer=%s", names[peer]) : OK;
}

bool peers_there(struct peers *peers, enum peer peer, enum error *ret_why)
{
    pthread_mutex_lock(&peers->lock);
    bool there = find_link(peers, peer) != NULL;
    if (ret_why) *ret_why = there ? ERROR_NONE : peers->failures[peer];
    pthread_mutex_unlock(&peers->lock);
    return there;
}
