#include "status/signer.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 500 };

struct status_signer {
    int socket;
    uint64_t id; /* of the last question */
    pthread_mutex_t lock;
    uint8_t buffer[IPC_MESSAGE_MAX];
};

struct status_signer *status_signer_new(int socket)
{
    struct status_signer *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->socket = socket;
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void status_signer_free(struct status_signer *s)
{
    if (!s) return;
    if (s->socket >= 0) close(s->socket);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The answer to the last question; what comes before it was for questions that were given up. */
static struct result wait_for(struct status_signer *s, struct ipc_message *ret_message)
{
    int64_t until_ms = now_ms() + PATIENCE_MS;
    for (int64_t left; (left = until_ms - now_ms()) > 0;) {
        struct pollfd p = { .fd = s->socket, .events = POLLIN };
        if (poll(&p, 1, (int)left) <= 0) continue;
        if (failed(ipc_read(s->socket, s->buffer, ret_message))) break;
        if (ret_message->fd >= 0) close(ret_message->fd);
        if (ret_message->id == s->id) return OK;
    }
    return FAIL(ERROR_BUSY);
}

static struct result ask(struct status_signer *s, const struct status_nonce *question, struct arena *arena,
                         struct bytes *ret_response)
{
    const struct ipc_message head = { .type = STATUS_NONCE, .id = ++s->id, .fd = -1 };
    struct ipc_message message;
    struct status_nonce_answer answer;
    ENSURE(!failed(ipc_write_record(s->socket, &head, &status_nonce_shape, question)), ERROR_BUSY);
    TRY(wait_for(s, &message));
    ENSURE(message.type == STATUS_NONCE && message.error == ERROR_NONE, ERROR_BUSY);
    struct reader r = reader_of(message.body);
    ENSURE(!failed(shape_read(&status_nonce_answer_shape, &r, arena, &answer)), ERROR_BUSY);
    ENSURE(answer.response.ptr && !failed(reader_end(&r)), ERROR_BUSY);
    *ret_response = answer.response;
    return OK;
}

struct result status_signer_ask(struct status_signer *s, const struct status_nonce *question, struct arena *arena,
                                struct bytes *ret_response)
{
    ENSURE(s->socket >= 0 && pthread_mutex_trylock(&s->lock) == 0, ERROR_BUSY);
    struct result r = ask(s, question, arena, ret_response);
    pthread_mutex_unlock(&s->lock);
    return r;
}
