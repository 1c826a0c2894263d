#include "cli/demo_load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/demo_print.h"

enum { ARENA_MAX = 8 * 1024 * 1024 };

/* How long each step took, in the order in which it was over. */
struct samples {
    double *ms;
    size_t count;
};

struct run {
    const struct load *load;
    atomic_int begun;
    pthread_mutex_t lock;   /* of everything below */
    struct samples steps[WALK_STEPS_MAX], whole;
    int done;
    struct result first;    /* failure */
    struct diag diag;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- walking ---- */

static void keep(struct run *run, const double *ms, struct result r, const struct walk *walk)
{
    pthread_mutex_lock(&run->lock);
    double all = 0;
    for (size_t i = 0; i < walk_step_count && !failed(r); i++) {
        run->steps[i].ms[run->steps[i].count++] = ms[i];
        all += ms[i];
    }
    if (!failed(r)) {
        run->whole.ms[run->whole.count++] = all;
        run->done++;
    } else if (!failed(run->first)) {
        run->first = r;
        run->diag = walk->diag;
    }
    pthread_mutex_unlock(&run->lock);
}

static struct result walk_all(struct walk *walk, double *ms)
{
    for (size_t i = 0; i < walk_step_count; i++) {
        double from = now_ms();
        TRY(walk_steps[i].run(walk));
        ms[i] = now_ms() - from;
    }
    return OK;
}

static void walk_once(struct run *run, struct staff *staff, struct arena *arena)
{
    double ms[WALK_STEPS_MAX] = { 0 };
    struct walk walk = { 0 };
    struct result r = walk_begin(&walk, run->load->place, staff, run->load->english, arena);
    if (!failed(r)) r = walk_all(&walk, ms);
    keep(run, ms, r, &walk);
    walk_end(&walk);
    arena_reset(arena);
}

static bool goes_on(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    bool good = !failed(run->first);
    pthread_mutex_unlock(&run->lock);
    return good && atomic_fetch_add(&run->begun, 1) < run->load->count;
}

static void *walk_on(void *closure)
{
    struct run *run = closure;
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct staff staff = { 0 };
    while (goes_on(run)) walk_once(run, &staff, arena);
    staff_done(&staff);
    return NULL;
}

static void walk_together(struct run *run)
{
    pthread_t threads[LOAD_CLIENTS_MAX];
    int started = 0;
    while (started < run->load->clients && pthread_create(&threads[started], NULL, walk_on, run) == 0) started++;
    for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
}

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double share(struct samples *s, int percent)
{
    qsort(s->ms, s->count, sizeof *s->ms, by_size);
    size_t at = s->count * (size_t)percent / 100;
    return s->count ? s->ms[at < s->count ? at : s->count - 1] : 0;
}

static double sum(const struct samples *s)
{
    double all = 0;
    for (size_t i = 0; i < s->count; i++) all += s->ms[i];
    return all;
}

static void print_table(struct run *run, double ms)
{
    bool english = run->load->english;
    int width = english ? 62 : 42;
    double all = sum(&run->whole);
    printf(english ? "%d whole paths, %d at a time, %.1f s: %.2f paths a second\n\n"
                   : "%d 条完整路径，同时 %d 条，用时 %.1f 秒：每秒 %.2f 条\n\n",
           run->done, run->load->clients, ms / 1e3, run->done / (ms / 1e3));
    demo_pad(english ? "step" : "步骤", width);
    printf("  p50 ms   p99 ms        %%\n");
    for (size_t i = 0; i < walk_step_count; i++) {
        struct samples *s = &run->steps[i];
        demo_pad(english ? walk_steps[i].en : walk_steps[i].zh, width);
        printf("%8.1f %8.1f %8.1f\n", share(s, 50), share(s, 99), all > 0 ? sum(s) * 100 / all : 0);
    }
    demo_pad(english ? "whole path" : "整条路径", width);
    printf("%8.1f %8.1f %8.1f\n", share(&run->whole, 50), share(&run->whole, 99), 100.0);
}

static void print_json(struct run *run, double ms)
{
    double all = sum(&run->whole);
    json_t *steps = json_array();
    for (size_t i = 0; i < walk_step_count; i++) {
        struct samples *s = &run->steps[i];
        json_array_append_new(steps, json_pack("{s:s, s:f, s:f, s:f}", "id", walk_steps[i].id, "p50_ms", share(s, 50),
                                               "p99_ms", share(s, 99), "share", all > 0 ? sum(s) / all : 0));
    }
    json_t *told = json_pack("{s:i, s:i, s:f, s:f, s:f, s:f, s:o}", "paths", run->done, "clients", run->load->clients,
                             "seconds", ms / 1e3, "paths_per_second", run->done / (ms / 1e3), "p50_ms",
                             share(&run->whole, 50), "p99_ms", share(&run->whole, 99), "steps", steps);
    json_dumpf(told, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(told);
}

static void take_room(struct samples *s, int count)
{
    s->ms = calloc((size_t)count, sizeof *s->ms);
    if (!s->ms) abort();
}

struct result demo_load(const struct load *load, struct diag *diag)
{
    struct run run = { .load = load, .lock = PTHREAD_MUTEX_INITIALIZER };
    for (size_t i = 0; i < walk_step_count; i++) take_room(&run.steps[i], load->count);
    take_room(&run.whole, load->count);
    double from = now_ms();
    walk_together(&run);
    double ms = now_ms() - from;
    if (!failed(run.first) && load->json) print_json(&run, ms);
    if (!failed(run.first) && !load->json) print_table(&run, ms);
    for (size_t i = 0; i < walk_step_count; i++) free(run.steps[i].ms);
    free(run.whole.ms);
    pthread_mutex_destroy(&run.lock);
    *diag = run.diag;
    return run.first;
}
