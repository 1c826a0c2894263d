/* Peers that come and go while others ask (ipc/peers.h). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/peers.h"
#include "ipc/relay_api.h"
#include "ipc/supervise_api.h"

#define assert_ok(result) assert_int_equal((result).code, ERROR_NONE)
#define assert_error(result, error) assert_int_equal((result).code, (error))

enum { ASKERS = 8, RESTARTS = 30, PATIENCE_MS = 20000 };

/* ---- the supervisor's side, and peers that are threads ---- */

struct stand {
    int control; /* the supervisor's end */
    struct peers *peers;
};

static void *say_hello(void *closure)
{
    IGNORE(ipc_hello(*(int *)closure));
    return NULL;
}

static void stand_up(struct stand *s, peers_greet_fn *greet, void *context)
{
    int pair[2];
    pthread_t hello;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    s->control = pair[0];
    pthread_create(&hello, NULL, say_hello, &s->control);
    assert_ok(peers_new(pair[1], greet, context, &s->peers));
    pthread_join(hello, NULL);
}

static void stand_down(struct stand *s)
{
    peers_free(s->peers);
    close(s->control);
}

static void hand_over(struct stand *s, const char *name, int fd)
{
    struct supervise_peer told = { name };
    struct ipc_message head = { .type = SUPERVISE_PEER, .fd = fd };
    assert_ok(ipc_write_record(s->control, &head, &supervise_peer_shape, &told));
}

/* Answers each query with its order, until its socket is shut. */
struct peer_thread {
    pthread_t thread;
    int socket;
    int answers; /* how many before it dies; -1: for ever */
};

static void *run_peer(void *closure)
{
    struct peer_thread *peer = closure;
    uint8_t *buffer = malloc(IPC_MESSAGE_MAX);
    struct arena *arena = arena_new(1 << 20);
    struct ipc_message asked;
    bool alive = !failed(ipc_hello(peer->socket));
    while (alive && peer->answers != 0 && !failed(ipc_read(peer->socket, buffer, &asked))) {
        struct reader r = reader_of(asked.body);
        struct relay_query query;
        if (failed(shape_read(&relay_query_shape, &r, arena, &query))) abort();
        struct relay_payment told = { .order = query.order, .state = "paid", .currency = "CNY" };
        IGNORE(ipc_answer(peer->socket, &asked, &relay_payment_shape, &told));
        if (peer->answers > 0) peer->answers--;
        arena_reset(arena);
    }
    shutdown(peer->socket, SHUT_RDWR);
    arena_free(arena);
    free(buffer);
    return NULL;
}

static void start_peer(struct stand *s, struct peer_thread *peer, const char *name, int answers)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    peer->socket = pair[0];
    peer->answers = answers;
    pthread_create(&peer->thread, NULL, run_peer, peer);
    hand_over(s, name, pair[1]);
    close(pair[1]);
}

static void kill_peer(struct peer_thread *peer)
{
    shutdown(peer->socket, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->socket);
}

static struct result ask(struct peers *peers, int timeout_ms)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(1 << 20);
    struct relay_query query = { "wechat", "H2026112400001" };
    struct relay_payment payment = { 0 };
    struct ipc_call call = { RELAY_QUERY, &relay_query_shape, &relay_payment_shape, -1, timeout_ms };
    TRY(peers_ask(peers, PEER_RELAY, &call, &query, arena, NULL, &payment, NULL));
    ENSURE(text_equal(payment.order, query.order), ERROR_INTERNAL);
    return OK;
}

/* ---- tests ---- */

static void a_peer_that_is_not_there_is_waited_for(void **state)
{
    struct stand s;
    struct peer_thread peer;
    enum error why;
    stand_up(&s, NULL, NULL);
    assert_error(ask(s.peers, 30), ERROR_IPC_CLOSED);
    assert_false(peers_there(s.peers, PEER_RELAY, &why));
    assert_int_equal(why, ERROR_NONE);
    start_peer(&s, &peer, "relay", -1);
    assert_ok(ask(s.peers, PATIENCE_MS));
    assert_true(peers_there(s.peers, PEER_RELAY, NULL));
    assert_false(peers_there(s.peers, PEER_FILES, NULL));
    kill_peer(&peer);
    stand_down(&s);
}

static void a_peer_that_died_is_said_and_its_next_one_taken(void **state)
{
    struct stand s;
    struct peer_thread first, second;
    stand_up(&s, NULL, NULL);
    start_peer(&s, &first, "relay", 2);
    assert_ok(ask(s.peers, PATIENCE_MS));
    assert_ok(ask(s.peers, PATIENCE_MS));
    pthread_join(first.thread, NULL);
    assert_error(ask(s.peers, 50), ERROR_IPC_CLOSED);
    assert_false(peers_there(s.peers, PEER_RELAY, NULL));
    start_peer(&s, &second, "relay", -1);
    assert_ok(ask(s.peers, PATIENCE_MS));
    close(first.socket);
    kill_peer(&second);
    stand_down(&s);
}

struct asking {
    struct peers *peers;
    atomic_bool over;
    atomic_int answered, closed, other;
};

static void *keep_asking(void *closure)
{
    struct asking *a = closure;
    while (!atomic_load(&a->over)) {
        struct result r = ask(a->peers, PATIENCE_MS);
        atomic_fetch_add(!failed(r) ? &a->answered : r.code == ERROR_IPC_CLOSED ? &a->closed : &a->other, 1);
    }
    return NULL;
}

/* Whatever is asked meanwhile is answered, or told that the peer went away; nothing hangs and nothing is mixed up. */
static void a_peer_restarts_while_others_ask(void **state)
{
    static pthread_t threads[ASKERS];
    struct stand s;
    struct peer_thread peer;
    stand_up(&s, NULL, NULL);
    struct asking a = { .peers = s.peers };
    for (int i = 0; i < ASKERS; i++) pthread_create(&threads[i], NULL, keep_asking, &a);
    for (int i = 0; i < RESTARTS; i++) {
        int before = atomic_load(&a.answered);
        start_peer(&s, &peer, "relay", -1);
        while (atomic_load(&a.answered) < before + ASKERS) usleep(200);
        kill_peer(&peer);
    }
    start_peer(&s, &peer, "relay", -1);
    atomic_store(&a.over, true);
    for (int i = 0; i < ASKERS; i++) pthread_join(threads[i], NULL);
    assert_true(atomic_load(&a.answered) >= RESTARTS * ASKERS);
    assert_true(atomic_load(&a.closed) <= RESTARTS * ASKERS);
    assert_int_equal(atomic_load(&a.other), 0);
    kill_peer(&peer);
    stand_down(&s);
}

/* A fresh socket takes the place of one that still works; who asked by the old one gets its answer. */
static void a_fresh_socket_replaces_one_that_works(void **state)
{
    struct stand s;
    struct peer_thread first, second;
    stand_up(&s, NULL, NULL);
    start_peer(&s, &first, "relay", -1);
    assert_ok(ask(s.peers, PATIENCE_MS));
    start_peer(&s, &second, "relay", -1);
    pthread_join(first.thread, NULL); /* its socket was closed for it */
    assert_ok(ask(s.peers, PATIENCE_MS));
    close(first.socket);
    kill_peer(&second);
    stand_down(&s);
}

/* ---- greetings ---- */

struct greeting {
    enum error fails;
    atomic_int met;
    atomic_bool hold; /* the first waits until it is let go */
};

static struct result greet(void *context, enum peer peer, struct ipc_client *client, struct diag *diag)
{
    struct greeting *g = context;
    struct arena *arena CLEANUP(arena_free_p) = arena_new(1 << 20);
    struct relay_query query = { "wechat", "H2026112400001" };
    struct relay_payment payment;
    struct ipc_call call = { RELAY_QUERY, &relay_query_shape, &relay_payment_shape, -1, PATIENCE_MS };
    int number = atomic_fetch_add(&g->met, 1);
    TRY(ipc_ask(client, &call, &query, arena, diag, &payment, NULL));
    while (number == 0 && atomic_load(&g->hold)) usleep(200);
    return peer == PEER_RELAY ? FAIL(g->fails) : FAIL(ERROR_INTERNAL);
}

static void a_peer_is_greeted_before_it_is_asked(void **state)
{
    struct stand s;
    struct peer_thread peer;
    struct greeting g = { 0 };
    stand_up(&s, greet, &g);
    start_peer(&s, &peer, "relay", -1);
    assert_ok(ask(s.peers, PATIENCE_MS));
    assert_int_equal(atomic_load(&g.met), 1);
    kill_peer(&peer);
    stand_down(&s);
}

static void a_greeting_that_fails_is_told(void **state)
{
    struct stand s;
    struct peer_thread peer;
    struct greeting g = { .fails = ERROR_JOURNAL_MISMATCH };
    enum error why = ERROR_NONE;
    stand_up(&s, greet, &g);
    start_peer(&s, &peer, "relay", -1);
    pthread_join(peer.thread, NULL); /* hung up on */
    while (why == ERROR_NONE) assert_false(peers_there(s.peers, PEER_RELAY, &why));
    assert_int_equal(why, ERROR_JOURNAL_MISMATCH);
    assert_error(ask(s.peers, PATIENCE_MS), ERROR_JOURNAL_MISMATCH);
    close(peer.socket);
    g.fails = ERROR_NONE;
    start_peer(&s, &peer, "relay", -1);
    while (!peers_there(s.peers, PEER_RELAY, &why)) usleep(200);
    assert_ok(ask(s.peers, PATIENCE_MS));
    kill_peer(&peer);
    stand_down(&s);
}

/* The peer that was started last counts, though an earlier one's greeting ends after its. */
static void one_that_was_overtaken_does_not_come_back(void **state)
{
    struct stand s;
    struct peer_thread slow, fast;
    struct greeting g = { .hold = true };
    stand_up(&s, greet, &g);
    start_peer(&s, &slow, "relay", -1);
    while (atomic_load(&g.met) < 1) usleep(200);
    start_peer(&s, &fast, "relay", -1);
    assert_ok(ask(s.peers, PATIENCE_MS));
    atomic_store(&g.hold, false);
    pthread_join(slow.thread, NULL); /* hung up on */
    assert_ok(ask(s.peers, PATIENCE_MS));
    close(slow.socket);
    kill_peer(&fast);
    stand_down(&s);
}

/* A peer that never says hello holds up neither the others nor the end. */
static void a_mute_peer_holds_up_nothing(void **state)
{
    struct stand s;
    struct peer_thread peer;
    int mute[2];
    stand_up(&s, NULL, NULL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, mute), 0);
    hand_over(&s, "signer", mute[1]);
    hand_over(&s, "relay", mute[1]);
    start_peer(&s, &peer, "relay", -1);
    assert_ok(ask(s.peers, PATIENCE_MS));
    close(mute[1]);
    kill_peer(&peer);
    stand_down(&s);
    close(mute[0]);
}

/* What the supervisor never says ends the control socket, and who watches it sees so. */
static void nonsense_ends_the_control_socket(void **state)
{
    struct supervise_peer told = { "stranger" };
    for (int i = 0; i < 3; i++) {
        struct stand s;
        stand_up(&s, NULL, NULL);
        struct ipc_message head = { .type = i == 1 ? 0x999 : SUPERVISE_PEER, .fd = i == 2 ? -1 : s.control };
        if (i == 2) told.name = "relay"; /* without a socket */
        assert_ok(ipc_write_record(s.control, &head, &supervise_peer_shape, &told));
        struct pollfd watched = { s.control, 0, 0 };
        assert_int_equal(poll(&watched, 1, PATIENCE_MS), 1);
        stand_down(&s);
    }
}

static void builds_that_differ_do_not_meet(void **state)
{
    int pair[2];
    struct peers *peers;
    uint8_t other[32] = { 1 };
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    struct ipc_message hello = { .type = IPC_HELLO, .body = BYTES(other), .fd = -1 };
    assert_ok(ipc_write(pair[0], &hello));
    assert_error(peers_new(pair[1], NULL, NULL, &peers), ERROR_IPC_VERSION);
    close(pair[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_that_is_not_there_is_waited_for),
        cmocka_unit_test(a_peer_that_died_is_said_and_its_next_one_taken),
        cmocka_unit_test(a_peer_restarts_while_others_ask),
        cmocka_unit_test(a_fresh_socket_replaces_one_that_works),
        cmocka_unit_test(a_peer_is_greeted_before_it_is_asked),
        cmocka_unit_test(a_greeting_that_fails_is_told),
        cmocka_unit_test(one_that_was_overtaken_does_not_come_back),
        cmocka_unit_test(a_mute_peer_holds_up_nothing),
        cmocka_unit_test(nonsense_ends_the_control_socket),
        cmocka_unit_test(builds_that_differ_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
