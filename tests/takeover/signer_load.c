/* signer-load PROGRAM COUNT THREADS [FOLDER]: how many certificates hufu-signer issues, asked by several threads at once
 * as web does, and how long it takes to start again with that journal. Prints one line. Statements are signed before the
 * clock starts. FOLDER (for the signer's own folder): where the disk is that is to be measured; else /tmp. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "stage.h"

enum { COUNT_MAX = 1000000, THREADS_MAX = 256 };

struct load {
    struct stage *stage;
    struct cast_order *orders;
    int count;
    bool issue;
    atomic_int next, failures;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *ask(void *closure)
{
    static const struct ipc_call open = { SIGNER_CARD, &signer_card_shape, &signer_card_opened_shape, -1, 60000 };
    static const struct ipc_call issue = { SIGNER_ISSUE, &signer_issue_shape, &signer_issued_shape, -1, 60000 };
    struct load *l = closure;
    struct arena *arena = arena_new(1 << 20);
    for (int i; (i = atomic_fetch_add(&l->next, 1)) < l->count;) {
        struct signer_card_opened opened;
        struct signer_issued issued;
        struct diag diag = { 0 };
        arena_reset(arena);
        struct result r = l->issue
                              ? ipc_ask(l->stage->client, &issue, &l->orders[i].issue, arena, &diag, &issued, NULL)
                              : ipc_ask(l->stage->client, &open, &l->orders[i].open, arena, &diag, &opened, NULL);
        if (failed(r)) l->failures++;
    }
    arena_free(arena);
    return NULL;
}

static double run(struct load *l, int threads, bool issue)
{
    pthread_t all[THREADS_MAX];
    l->issue = issue;
    l->next = 0;
    double begin = now_s();
    for (int i = 0; i < threads; i++) pthread_create(&all[i], NULL, ask, l);
    for (int i = 0; i < threads; i++) pthread_join(all[i], NULL);
    return now_s() - begin;
}

/* Orders in parts, so that what the cast keeps in memory stays small. */
static double issue_all(struct load *l, struct cast *cast, int total, int threads, double *ret_open_s)
{
    enum { PART = 2000 };
    double issue_s = 0;
    *ret_open_s = 0;
    for (int done = 0; done < total; done += l->count) {
        l->count = total - done < PART ? total - done : PART;
        for (int i = 0; i < l->count; i++) {
            cast_order(cast, &l->orders[i]);
            cast_sign_order(cast, &l->orders[i]);
        }
        *ret_open_s += run(l, threads, false);
        issue_s += run(l, threads, true);
    }
    return issue_s;
}

int main(int argc, char **argv)
{
    uint64_t count_told = 0, threads_told = 0;
    bool bad = argc < 4 || failed(text_number(argv[2], COUNT_MAX, &count_told)) ||
               failed(text_number(argv[3], THREADS_MAX, &threads_told));
    if (bad || count_told < 1 || threads_told < 1) return 2;
    int count = (int)count_told, threads = (int)threads_told;
    struct cast *cast = cast_new((int64_t)time(NULL));
    struct stage *stage = stage_new_in(argc > 4 ? argv[4] : "/tmp", NULL);
    struct load load = { .stage = stage, .orders = calloc((size_t)count, sizeof *load.orders) };
    struct signer_state state;
    stage_start(stage, argv[1], NULL);
    cast_set_up(cast, &stage->peer);
    double open_s, issue_s = issue_all(&load, cast, count, threads, &open_s);
    stage_stop(stage);
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    double begin = now_s();
    stage_start(stage, argv[1], NULL);
    bool good = !failed(stage_greet(stage, cast, &state));
    double start_s = now_s() - begin;
    printf("threads %d: cards opened %.0f/s, pairs issued %.0f/s, failures %d; signer's CPU %.3f ms for each; start with "
           "%lld records %.3f s\n",
           threads, count / open_s, count / issue_s, load.failures, 1e3 * cpu_s / count,
           good ? (long long)state.size : -1LL, start_s);
    free(load.orders);
    stage_free(stage);
    cast_free(cast);
    return load.failures > 0;
}
