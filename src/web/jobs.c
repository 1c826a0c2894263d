#include "web/jobs.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"

struct runner {
    struct jobs *jobs;
    const struct job *job;
    pthread_t thread;
    bool woken;
};

struct jobs {
    struct service *service;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic */
    bool stopping;
    size_t count;
    struct runner runners[JOBS_MAX];
};

/* A failure is told once, and again when it is another one: a gateway that is away for a day does not fill the log. */
static bool run_once(struct runner *runner, enum error *told)
{
    size_t done = 0;
    struct result r = runner->job->run(runner->jobs->service, &done);
    if (failed(r) && r.code != *told) log_failure(runner->job->name, r, NULL);
    if (!failed(r) && *told != ERROR_NONE) log_event(LOG_LEVEL_INFO, runner->job->name, "works again");
    *told = r.code;
    return !failed(r) && runner->job->whole && done >= runner->job->whole;
}

/* Until it is due or woken; false: it is to end. */
static bool wait_for_turn(struct runner *runner, bool again)
{
    struct jobs *jobs = runner->jobs;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += runner->job->every_s;
    pthread_mutex_lock(&jobs->lock);
    int late = again;
    while (!jobs->stopping && !runner->woken && !late)
        late = pthread_cond_timedwait(&jobs->changed, &jobs->lock, &until);
    runner->woken = false;
    bool go_on = !jobs->stopping;
    pthread_mutex_unlock(&jobs->lock);
    return go_on;
}

static void *run(void *closure)
{
    struct runner *runner = closure;
    enum error told = ERROR_NONE;
    for (bool again = true; wait_for_turn(runner, again);) again = run_once(runner, &told);
    return NULL;
}

struct jobs *jobs_start(struct service *service, const struct job *table, size_t count)
{
    struct jobs *jobs = calloc(1, sizeof *jobs);
    pthread_condattr_t attributes;
    assert(count <= JOBS_MAX);
    if (!jobs) abort();
    jobs->service = service;
    jobs->count = count;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&jobs->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&jobs->lock, NULL);
    for (size_t i = 0; i < count; i++) {
        jobs->runners[i] = (struct runner){ .jobs = jobs, .job = &table[i] };
        if (pthread_create(&jobs->runners[i].thread, NULL, run, &jobs->runners[i]) != 0) abort();
    }
    return jobs;
}

void jobs_stop(struct jobs *jobs)
{
    if (!jobs) return;
    pthread_mutex_lock(&jobs->lock);
    jobs->stopping = true;
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
    for (size_t i = 0; i < jobs->count; i++) pthread_join(jobs->runners[i].thread, NULL);
    pthread_cond_destroy(&jobs->changed);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}

void jobs_wake(struct jobs *jobs, const char *name)
{
    if (!jobs) return;
    pthread_mutex_lock(&jobs->lock);
    for (size_t i = 0; i < jobs->count; i++)
        if (text_equal(jobs->runners[i].job->name, name)) jobs->runners[i].woken = true;
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
}
