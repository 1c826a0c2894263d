#include "files/pool.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "files/child.h"
#include "ipc/files_api.h"

struct child {
    pid_t pid; /* 0: the slot is free */
    int socket;
    struct ipc_message asked; /* without body and descriptor */
    int64_t deadline_ms;
};

struct pool {
    int socket, child_ms;
    struct fonts *fonts;
    struct child children[POOL_CHILDREN_MAX];
    uint8_t *buffer;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct child *free_slot(struct pool *pool)
{
    for (size_t i = 0; i < POOL_CHILDREN_MAX; i++)
        if (pool->children[i].pid == 0) return &pool->children[i];
    return NULL;
}

/* ---- ends ---- */

static void end_child(struct child *child)
{
    kill(child->pid, SIGKILL);
    int status = 0;
    waitpid(child->pid, &status, 0);
    close(child->socket);
    child->pid = 0;
}

/* The words for a child that gave none. */
static struct result answer_for(struct pool *pool, struct child *child, bool late)
{
    enum error error = child->asked.type == FILES_PRINT ? ERROR_FORM_FAILED
                       : late                           ? ERROR_FILE_CHECK_TIMEOUT
                                                        : ERROR_FILE_CHECK_FAILED;
    struct diag diag = { 0 };
    IGNORE(diag_log(&diag, error, late ? "the child took too long" : "the child died")); /* error goes on below */
    log_failure("child", FAIL(error), &diag);
    return ipc_answer_failure(pool->socket, &child->asked, error, &diag);
}

/* Hands on what the child wrote. It looked at hostile bytes: only an answer to its own question counts. */
static struct result take_answer(struct pool *pool, struct child *child)
{
    struct ipc_message answer;
    struct result r = ipc_read(child->socket, pool->buffer, &answer);
    bool good = !failed(r) && answer.id == child->asked.id && answer.type == child->asked.type && answer.fd < 0;
    if (!failed(r) && answer.fd >= 0) close(answer.fd);
    FAULT("files:looked");
    r = good ? ipc_write(pool->socket, &answer) : answer_for(pool, child, false);
    end_child(child);
    return r;
}

/* ---- beginnings ---- */

static struct result start(struct pool *pool, const struct ipc_message *asked)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return FAIL(ERROR_IO);
    pid_t pid = fork();
    if (pid == 0) child_run(asked, pair[1], pool->fonts);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return FAIL(ERROR_IO);
    }
    struct child *child = free_slot(pool);
    *child = (struct child){ pid, pair[0], *asked, now_ms() + pool->child_ms };
    child->asked.body = (struct bytes){ 0 };
    child->asked.fd = -1;
    return OK;
}

static struct result take_request(struct pool *pool)
{
    struct ipc_message asked;
    TRY(ipc_read(pool->socket, pool->buffer, &asked));
    bool known = (asked.type == FILES_INSPECT || asked.type == FILES_PRINT) && asked.fd >= 0;
    struct result r = known ? start(pool, &asked) : FAIL(ERROR_MALFORMED);
    if (asked.fd >= 0) close(asked.fd);
    if (!failed(r)) return OK;
    log_failure("request", r, NULL);
    return ipc_answer_failure(pool->socket, &asked, r.code, NULL);
}

/* ---- the loop ---- */

static int wait_ms(const struct pool *pool)
{
    int64_t now = now_ms(), least = -1;
    for (size_t i = 0; i < POOL_CHILDREN_MAX; i++) {
        if (pool->children[i].pid == 0) continue;
        int64_t left = pool->children[i].deadline_ms - now;
        if (left < 0) left = 0;
        if (least < 0 || left < least) least = left;
    }
    return (int)least;
}

static struct result turn(struct pool *pool)
{
    struct pollfd fds[POOL_CHILDREN_MAX + 1];
    for (size_t i = 0; i < POOL_CHILDREN_MAX; i++) {
        const struct child *child = &pool->children[i];
        fds[i] = (struct pollfd){ child->pid ? child->socket : -1, POLLIN, 0 };
    }
    fds[POOL_CHILDREN_MAX] = (struct pollfd){ free_slot(pool) ? pool->socket : -1, POLLIN, 0 };
    if (poll(fds, POOL_CHILDREN_MAX + 1, wait_ms(pool)) < 0) return OK; /* a signal: look again */
    for (size_t i = 0; i < POOL_CHILDREN_MAX; i++) {
        struct child *child = &pool->children[i];
        if (child->pid == 0) continue;
        if (fds[i].revents) {
            TRY(take_answer(pool, child));
        } else if (now_ms() >= child->deadline_ms) {
            struct result r = answer_for(pool, child, true);
            end_child(child);
            TRY(r);
        }
    }
    return fds[POOL_CHILDREN_MAX].revents ? take_request(pool) : OK;
}

struct result pool_serve(int socket, struct fonts *fonts, int child_ms)
{
    struct pool pool = { .socket = socket, .child_ms = child_ms, .fonts = fonts,
                         .buffer = malloc(IPC_MESSAGE_MAX) };
    if (!pool.buffer) abort();
    struct result r = OK;
    while (!failed(r)) r = turn(&pool);
    for (size_t i = 0; i < POOL_CHILDREN_MAX; i++)
        if (pool.children[i].pid) end_child(&pool.children[i]);
    free(pool.buffer);
    return r.code == ERROR_IPC_CLOSED ? OK : r;
}
