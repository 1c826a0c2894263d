#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/files_api.h"
#include "ipc/relay_api.h"

struct pair {
    int ours, theirs;
};

static struct pair new_pair(void)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    return (struct pair){ fds[0], fds[1] };
}

static uint8_t *new_buffer(void)
{
    uint8_t *buffer = malloc(IPC_MESSAGE_MAX);
    assert_non_null(buffer);
    return buffer;
}

static void message_keeps_its_parts(void **state)
{
    struct pair p = new_pair();
    uint8_t *buffer = new_buffer(), body[] = { 1, 2, 3 };
    struct ipc_message out = { .type = 7, .error = ERROR_TOO_LARGE, .id = 1ULL << 40, .body = BYTES(body), .fd = p.ours };
    assert_false(failed(ipc_write(p.ours, &out)));
    struct ipc_message in;
    assert_false(failed(ipc_read(p.theirs, buffer, &in)));
    assert_int_equal(in.type, 7);
    assert_int_equal(in.error, ERROR_TOO_LARGE);
    assert_true(in.id == 1ULL << 40);
    assert_true(bytes_equal(in.body, BYTES(body)));
    assert_true(in.fd >= 0);
    close(in.fd);
    close(p.ours);
    assert_int_equal(ipc_read(p.theirs, buffer, &in).code, ERROR_IPC_CLOSED);
    out.fd = -1;
    assert_int_equal(ipc_write(p.theirs, &out).code, ERROR_IPC_CLOSED);
    close(p.theirs);
    free(buffer);
}

static void largest_message_passes_and_a_larger_one_does_not(void **state)
{
    struct pair p = new_pair();
    uint8_t *buffer = new_buffer(), *body = calloc(1, IPC_MESSAGE_MAX);
    struct ipc_message out = { .type = 1, .body = bytes_of(body, IPC_MESSAGE_MAX - IPC_HEADER_SIZE), .fd = -1 }, in;
    assert_false(failed(ipc_write(p.ours, &out)));
    assert_false(failed(ipc_read(p.theirs, buffer, &in)));
    assert_int_equal(in.body.len, out.body.len);
    out.body.len++;
    assert_int_equal(ipc_write(p.ours, &out).code, ERROR_TOO_LARGE);
    close(p.ours);
    close(p.theirs);
    free(buffer);
    free(body);
}

static void damaged_headers_are_refused(void **state)
{
    struct pair p = new_pair();
    uint8_t *buffer = new_buffer(), packet[40] = { 0, 0, 0, 39 };
    struct ipc_message in;
    assert_int_equal(send(p.ours, packet, sizeof packet, 0), sizeof packet);
    assert_int_equal(ipc_read(p.theirs, buffer, &in).code, ERROR_IPC_BROKEN);
    packet[3] = 10;
    assert_int_equal(send(p.ours, packet, 10, 0), 10);
    assert_int_equal(ipc_read(p.theirs, buffer, &in).code, ERROR_IPC_BROKEN);
    close(p.ours);
    close(p.theirs);
    free(buffer);
}

static void *say_hello(void *closure)
{
    struct result *r = closure;
    int *socket = (int *)(r + 1);
    *r = ipc_hello(*socket);
    return NULL;
}

static void other_builds_are_refused(void **state)
{
    struct pair p = new_pair();
    struct {
        struct result r;
        int socket;
    } peer = { OK, p.theirs };
    pthread_t thread;
    pthread_create(&thread, NULL, say_hello, &peer);
    assert_false(failed(ipc_hello(p.ours)));
    pthread_join(thread, NULL);
    assert_false(failed(peer.r));
    uint8_t other[32] = { 0 };
    struct ipc_message hello = { .type = IPC_HELLO, .body = BYTES(other), .fd = -1 };
    assert_false(failed(ipc_write(p.theirs, &hello)));
    assert_int_equal(ipc_hello(p.ours).code, ERROR_IPC_VERSION);
    close(p.ours);
    close(p.theirs);
}

/* ---- the asking side ---- */

/* Answers as the request's size says: 1 properly with a descriptor, 2 with a failure, 3 never, 4 by hanging up,
 * 5 after the next one. */
static void *peer(void *closure)
{
    int socket = *(int *)closure;
    uint8_t *buffer = new_buffer();
    struct arena *arena = arena_new(10000);
    struct ipc_message asked, held = { .fd = -1 };
    assert_false(failed(ipc_hello(socket)));
    while (!failed(ipc_read(socket, buffer, &asked))) {
        struct reader r = reader_of(asked.body);
        struct files_inspect ask;
        struct files_inspected found = { "pdf", 1, 0, 0 };
        assert_false(failed(shape_read(&files_inspect_shape, &r, arena, &ask)));
        struct diag diag = { .field = "file", .detail = "文件坏了", .log = "offset=3" };
        if (ask.size == 4) break;
        if (ask.size == 5) held = asked;
        if (ask.size == 2) IGNORE(ipc_answer_failure(socket, &asked, ERROR_FILE_TYPE, &diag));
        if (ask.size == 1) {
            found.pages = (int64_t)asked.id;
            IGNORE(ipc_answer(socket, &asked, &files_inspected_shape, &found));
            if (held.id) IGNORE(ipc_answer(socket, &held, &files_inspected_shape, &found));
        }
        if (asked.fd >= 0) close(asked.fd);
    }
    close(socket);
    arena_free(arena);
    free(buffer);
    return NULL;
}

struct ask {
    struct ipc_client *client;
    int64_t size;
    int timeout_ms;
    struct result r;
    struct diag diag;
    char type[16];
};

static void *do_ask(void *closure)
{
    struct ask *a = closure;
    struct arena *arena = arena_new(10000);
    struct files_inspect record = { a->size };
    struct files_inspected found = { "none", 0, 0, 0 };
    struct ipc_call call = { FILES_INSPECT, &files_inspect_shape, &files_inspected_shape, -1, a->timeout_ms };
    a->r = ipc_ask(a->client, &call, &record, arena, &a->diag, &found, NULL);
    snprintf(a->type, sizeof a->type, "%s", found.type);
    arena_free(arena);
    return NULL;
}

static struct ask ask(struct ipc_client *client, int64_t size, int timeout_ms)
{
    struct ask a = { .client = client, .size = size, .timeout_ms = timeout_ms };
    do_ask(&a);
    return a;
}

static void asking(void **state)
{
    struct pair p = new_pair();
    pthread_t thread, other;
    struct ipc_client *client;
    pthread_create(&thread, NULL, peer, &p.theirs);
    assert_false(failed(ipc_client_new(p.ours, &client)));
    struct ask a = ask(client, 1, 5000);
    assert_false(failed(a.r));
    assert_string_equal(a.type, "pdf");
    a = ask(client, 2, 5000);
    assert_int_equal(a.r.code, ERROR_FILE_TYPE);
    assert_string_equal(a.diag.field, "file");
    assert_string_equal(a.diag.detail, "文件坏了");
    assert_string_equal(a.diag.log, "offset=3");
    assert_string_equal(a.type, "none");
    assert_int_equal(ask(client, 3, 30).r.code, ERROR_IPC_TIMEOUT);
    /* Out of order: the second answer goes to the first asker. */
    struct ask late = { .client = client, .size = 5, .timeout_ms = 5000 };
    pthread_create(&other, NULL, do_ask, &late);
    while (pthread_tryjoin_np(other, NULL) != 0) assert_false(failed(ask(client, 1, 5000).r));
    assert_false(failed(late.r));
    assert_string_equal(late.type, "pdf");
    assert_int_equal(ask(client, 4, 5000).r.code, ERROR_IPC_CLOSED);
    pthread_join(thread, NULL);
    assert_int_equal(ask(client, 1, 5000).r.code, ERROR_IPC_CLOSED);
    ipc_client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_keeps_its_parts),
        cmocka_unit_test(largest_message_passes_and_a_larger_one_does_not),
        cmocka_unit_test(damaged_headers_are_refused),
        cmocka_unit_test(other_builds_are_refused),
        cmocka_unit_test(asking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
