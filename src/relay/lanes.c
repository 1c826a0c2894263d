#include "relay/lanes.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"

enum { ANSWER_MAX = 4096 };

struct job {
    struct job *next;
    const struct gateways_route *route;
    struct ipc_message asked; /* its body lies behind the job */
    uint8_t body[];
};

struct lane {
    struct lanes *lanes;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct job *first, **last;
    int waiting, threads;
    pthread_t thread[3];
};

struct lanes {
    int socket;
    struct gateways *gateways;
    const struct clock *clock;
    bool stop; /* under each lane's lock, set in all */
    struct lane lane[LANE_COUNT];
};

/* A callback is only computed, the others wait for someone else. */
static const int thread_count[LANE_COUNT] = { [LANE_SMS] = 2, [LANE_EMAIL] = 2, [LANE_PAYMENT] = 3,
                                              [LANE_CALLBACK] = 1, [LANE_TAX] = 1, [LANE_BILL] = 1,
                                              [LANE_COURIER] = 2 };

static void drop(struct job *job)
{
    if (job->asked.fd >= 0) close(job->asked.fd);
    free(job);
}

/* ---- a worker ---- */

static struct job *next_job(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    while (!lane->first && !lane->lanes->stop) pthread_cond_wait(&lane->filled, &lane->lock);
    struct job *job = lane->lanes->stop ? NULL : lane->first;
    if (job) {
        lane->first = job->next;
        if (!lane->first) lane->last = &lane->first;
        lane->waiting--;
    }
    pthread_mutex_unlock(&lane->lock);
    return job;
}

static struct result handle(struct lanes *lanes, const struct job *job, struct work *work, void *ret_answer)
{
    const struct shape *shape = job->route->ask;
    struct reader r = reader_of(job->asked.body);
    void *ask = arena_take(work->arena, shape->size);
    ENSURE(ask, ERROR_OUT_OF_ROOM);
    TRY(shape_read(shape, &r, work->arena, ask));
    TRY(reader_end(&r));
    return job->route->handle(lanes->gateways, work, ask, ret_answer);
}

static void do_job(struct lanes *lanes, const struct job *job, CURL *curl, struct arena *arena)
{
    struct diag diag = { 0 };
    struct work work = { curl, arena, &diag, lanes->clock, job->asked.fd, lanes->gateways->timeout_ms };
    void *answer = arena_take(arena, ANSWER_MAX);
    struct result r = handle(lanes, job, &work, answer);
    FAULT("relay:asked");
    if (failed(r)) {
        log_failure("gateway", r, &diag);
        r = ipc_answer_failure(lanes->socket, &job->asked, r.code, &diag);
    } else {
        r = ipc_answer(lanes->socket, &job->asked, job->route->answer, answer);
    }
    if (failed(r)) log_failure("answer", r, NULL); /* the reading thread sees the closed socket as well */
}

static void *worker(void *closure)
{
    struct lane *lane = closure;
    CURL *curl = curl_easy_init();
    bool bills = lane == &lane->lanes->lane[LANE_BILL];
    struct arena *arena = arena_new(bills ? LANES_BILL_ARENA_MAX : LANES_ARENA_MAX);
    if (!curl) abort();
    for (struct job *job; (job = next_job(lane));) {
        do_job(lane->lanes, job, curl, arena);
        arena_reset(arena);
        drop(job);
    }
    arena_free(arena);
    curl_easy_cleanup(curl);
    return NULL;
}

/* ---- lanes ---- */

static struct result start(struct lane *lane, int threads)
{
    while (lane->threads < threads) {
        ENSURE(pthread_create(&lane->thread[lane->threads], NULL, worker, lane) == 0, ERROR_INTERNAL);
        lane->threads++;
    }
    return OK;
}

struct result lanes_new(int socket, struct gateways *gateways, const struct clock *clock, struct lanes **ret_lanes)
{
    struct lanes *lanes = calloc(1, sizeof *lanes);
    if (!lanes) abort();
    *lanes = (struct lanes){ .socket = socket, .gateways = gateways, .clock = clock };
    for (int i = 0; i < LANE_COUNT; i++) {
        struct lane *lane = &lanes->lane[i];
        lane->lanes = lanes;
        lane->last = &lane->first;
        pthread_mutex_init(&lane->lock, NULL);
        pthread_cond_init(&lane->filled, NULL);
    }
    struct result r = OK;
    for (int i = 0; i < LANE_COUNT && !failed(r); i++) r = start(&lanes->lane[i], thread_count[i]);
    if (failed(r)) {
        lanes_free(lanes);
        return r;
    }
    *ret_lanes = lanes;
    return OK;
}

void lanes_free(struct lanes *lanes)
{
    if (!lanes) return;
    for (int i = 0; i < LANE_COUNT; i++) pthread_mutex_lock(&lanes->lane[i].lock);
    lanes->stop = true;
    for (int i = 0; i < LANE_COUNT; i++) {
        pthread_cond_broadcast(&lanes->lane[i].filled);
        pthread_mutex_unlock(&lanes->lane[i].lock);
    }
    for (int i = 0; i < LANE_COUNT; i++) {
        struct lane *lane = &lanes->lane[i];
        for (int k = 0; k < lane->threads; k++) pthread_join(lane->thread[k], NULL);
        for (struct job *job = lane->first, *next; job; job = next) {
            next = job->next;
            drop(job);
        }
        pthread_cond_destroy(&lane->filled);
        pthread_mutex_destroy(&lane->lock);
    }
    free(lanes);
}

static bool put(struct lane *lane, struct job *job)
{
    pthread_mutex_lock(&lane->lock);
    bool room = lane->waiting < LANES_JOBS_MAX;
    if (room) {
        *lane->last = job;
        lane->last = &job->next;
        lane->waiting++;
        pthread_cond_signal(&lane->filled);
    }
    pthread_mutex_unlock(&lane->lock);
    return room;
}

struct result lanes_take(struct lanes *lanes, const struct ipc_message *asked)
{
    const struct gateways_route *route = gateways_route(asked->type);
    if (!route || (asked->fd >= 0 && !route->takes_fd)) {
        if (asked->fd >= 0) close(asked->fd);
        return ipc_answer_failure(lanes->socket, asked, ERROR_MALFORMED, NULL);
    }
    struct job *job = calloc(1, sizeof *job + asked->body.len);
    if (!job) abort();
    job->route = route;
    job->asked = *asked;
    if (asked->body.len) memcpy(job->body, asked->body.ptr, asked->body.len);
    job->asked.body = bytes_of(job->body, asked->body.len);
    if (put(&lanes->lane[route->lane], job)) return OK;
    drop(job);
    return ipc_answer_failure(lanes->socket, asked, ERROR_RELAY_BUSY, NULL);
}
