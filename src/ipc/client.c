#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ipc/ipc.h"

/* One that waits; lives on its asker's stack. */
struct waiter {
    struct waiter *next;
    uint64_t id;
    pthread_cond_t done;
    bool answered, gone;        /* gone: the peer is */
    struct ipc_message message; /* its body malloc'd, the waiter's */
};

struct ipc_client {
    int socket;
    pthread_t thread;
    pthread_mutex_t lock;
    struct waiter *waiters;
    uint64_t last_id;
    bool gone;
};

/* ---- the thread that hands out answers ---- */

static struct waiter *unlink_waiter(struct ipc_client *client, uint64_t id)
{
    for (struct waiter **at = &client->waiters; *at; at = &(*at)->next)
        if ((*at)->id == id) {
            struct waiter *found = *at;
            *at = found->next;
            return found;
        }
    return NULL;
}

static void hand_out(struct ipc_client *client, const struct ipc_message *message)
{
    uint8_t *copy = malloc(message->body.len + 1);
    if (!copy) abort();
    if (message->body.len) memcpy(copy, message->body.ptr, message->body.len);
    pthread_mutex_lock(&client->lock);
    struct waiter *waiter = unlink_waiter(client, message->id);
    if (waiter) {
        waiter->message = *message;
        waiter->message.body = bytes_of(copy, message->body.len);
        waiter->answered = true;
        pthread_cond_signal(&waiter->done);
    }
    pthread_mutex_unlock(&client->lock);
    if (waiter) return;
    free(copy); /* whoever asked has given up */
    if (message->fd >= 0) close(message->fd);
}

static void *listen_for_answers(void *closure)
{
    struct ipc_client *client = closure;
    uint8_t *buffer = malloc(IPC_MESSAGE_MAX);
    if (!buffer) abort();
    for (struct ipc_message message; !failed(ipc_read(client->socket, buffer, &message));)
        hand_out(client, &message);
    free(buffer);
    pthread_mutex_lock(&client->lock);
    client->gone = true;
    for (struct waiter *w = client->waiters; w; w = w->next) {
        w->gone = true;
        pthread_cond_signal(&w->done);
    }
    pthread_mutex_unlock(&client->lock);
    return NULL;
}

struct result ipc_client_new(int socket, struct ipc_client **ret_client)
{
    struct result r = ipc_hello(socket);
    if (failed(r)) {
        close(socket);
        return r;
    }
    struct ipc_client *client = calloc(1, sizeof *client);
    if (!client) abort();
    client->socket = socket;
    pthread_mutex_init(&client->lock, NULL);
    if (pthread_create(&client->thread, NULL, listen_for_answers, client) != 0) abort();
    *ret_client = client;
    return OK;
}

void ipc_client_free(struct ipc_client *client)
{
    if (!client) return;
    shutdown(client->socket, SHUT_RDWR);
    pthread_join(client->thread, NULL);
    close(client->socket);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

bool ipc_client_there(struct ipc_client *client)
{
    pthread_mutex_lock(&client->lock);
    bool there = !client->gone;
    pthread_mutex_unlock(&client->lock);
    return there;
}

/* ---- asking ---- */

static struct timespec deadline(int timeout_ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += timeout_ms / 1000;
    t.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

static struct result wait_for(struct ipc_client *client, struct waiter *waiter, int timeout_ms)
{
    struct timespec until = deadline(timeout_ms);
    int late = 0;
    pthread_mutex_lock(&client->lock);
    while (!waiter->answered && !waiter->gone && !late)
        late = pthread_cond_timedwait(&waiter->done, &client->lock, &until);
    if (!waiter->answered) unlink_waiter(client, waiter->id);
    pthread_mutex_unlock(&client->lock);
    if (waiter->answered) return OK;
    return FAIL(waiter->gone ? ERROR_IPC_CLOSED : ERROR_IPC_TIMEOUT);
}

static struct result exchange(struct ipc_client *client, const struct ipc_call *call, const void *record,
                              struct waiter *waiter)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&waiter->done, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_lock(&client->lock);
    bool gone = client->gone;
    waiter->id = ++client->last_id;
    if (!gone) {
        waiter->next = client->waiters;
        client->waiters = waiter;
    }
    pthread_mutex_unlock(&client->lock);
    struct ipc_message head = { .type = call->type, .id = waiter->id, .fd = call->fd };
    struct result r = gone ? FAIL(ERROR_IPC_CLOSED) : ipc_write_record(client->socket, &head, call->ask, record);
    if (failed(r)) {
        /* What was not written is not answered; unless the peer is gone, nobody else takes it off the list. */
        pthread_mutex_lock(&client->lock);
        unlink_waiter(client, waiter->id);
        pthread_mutex_unlock(&client->lock);
    } else {
        r = wait_for(client, waiter, call->timeout_ms);
    }
    pthread_cond_destroy(&waiter->done);
    return r;
}

/* ---- answers ---- */

static struct result read_failure(const struct ipc_message *message, struct arena *arena, struct diag *diag)
{
    struct reader r = reader_of(message->body);
    struct ipc_failure failure;
    TRY(shape_read(&ipc_failure_shape, &r, arena, &failure));
    TRY(reader_end(&r));
    if (failure.field && failure.field[0])
        IGNORE(diag_field(diag, message->error, failure.field, "%s", failure.detail ? failure.detail : ""));
    else if (failure.detail && failure.detail[0])
        IGNORE(diag_detail(diag, message->error, "%s", failure.detail));
    if (failure.log && failure.log[0]) IGNORE(diag_log(diag, message->error, "%s", failure.log));
    return FAIL(message->error);
}

static struct result read_answer(const struct ipc_call *call, const struct ipc_message *message, struct arena *arena,
                                 struct diag *diag, void *ret_record)
{
    ENSURE(message->type == call->type, ERROR_IPC_BROKEN);
    if (message->error != ERROR_NONE) return read_failure(message, arena, diag);
    if (!call->answer) {
        ENSURE(message->body.len == 0, ERROR_IPC_BROKEN);
        return OK;
    }
    struct bytes body = arena_bytes(arena, message->body); /* what the record's bytes point into */
    ENSURE(body.ptr, ERROR_OUT_OF_ROOM);
    struct reader r = reader_of(body);
    TRY(shape_read(call->answer, &r, arena, ret_record));
    return reader_end(&r);
}

struct result ipc_ask(struct ipc_client *client, const struct ipc_call *call, const void *record,
                      struct arena *arena, struct diag *diag, void *ret_record, int *ret_fd)
{
    struct waiter waiter = { .message.fd = -1 };
    TRY(exchange(client, call, record, &waiter));
    struct result r = read_answer(call, &waiter.message, arena, diag, ret_record);
    free((void *)(uintptr_t)waiter.message.body.ptr);
    if (!failed(r) && ret_fd)
        *ret_fd = waiter.message.fd;
    else if (waiter.message.fd >= 0)
        close(waiter.message.fd);
    return r;
}
