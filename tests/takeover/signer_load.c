/* signer-load PROGRAM COUNT THREADS [FOLDER [quiet]]: how many certificates hufu-signer issues, asked by several threads
 * at once as web does; how soon a revocation is seen in OCSP answer and list while it goes on issuing; and how long it
 * takes to start again with that journal. Prints one line. Statements are signed before the clock starts. FOLDER (for
 * the signer's own folder): where the disk is that is to be measured; else /tmp. "quiet": OCSP answers are not made. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "pki/published.h"
#include "stage.h"

enum { COUNT_MAX = 1000000, THREADS_MAX = 256, REVOKED_MAX = 32, ORDERS_MAX = 2000, ANSWER_STATUS_AT = 24 };

struct load {
    struct stage *stage;
    struct cast_order *orders;
    int count;
    bool issue;
    atomic_int next, failures;
    /* of the first REVOKED_MAX that were issued */
    uint8_t signing[REVOKED_MAX][CERTIFICATE_MAX];
    size_t signing_len[REVOKED_MAX];
    struct cast_order revoked[REVOKED_MAX];
    int kept;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void keep(struct load *l, int i, struct bytes der)
{
    memcpy(l->signing[i], der.ptr, der.len);
    l->signing_len[i] = der.len;
    l->revoked[i] = l->orders[i];
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
        else if (l->issue && i < REVOKED_MAX && l->kept == 0) keep(l, i, issued.signing_certificate);
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
    enum { PART = ORDERS_MAX };
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
        l->kept = l->count < REVOKED_MAX ? l->count : REVOKED_MAX;
    }
    return issue_s;
}

/* ---- how soon a revocation is seen ---- */

static bool in_file(const struct load *l, const char *path, struct bytes wanted, long at)
{
    static uint8_t room[1 << 20];
    char whole[512];
    snprintf(whole, sizeof whole, "%s/publish/%s", l->stage->folder, path);
    FILE *f = fopen(whole, "rb");
    if (!f) return false;
    size_t len = fread(room, 1, sizeof room, f);
    fclose(f);
    if (at >= 0) return (size_t)at < len && room[at] == wanted.ptr[0];
    return memmem(room, len, wanted.ptr, wanted.len) != NULL;
}

static double wait_for(const struct load *l, const char *path, struct bytes wanted, long at, double begin)
{
    while (!in_file(l, path, wanted, at)) {
        const struct timespec pause = { 0, 200000 };
        nanosleep(&pause, NULL);
    }
    return now_s() - begin;
}

struct seen {
    double answer_s, list_s; /* the longest */
};

static void revoke_one(struct load *l, struct cast *cast, int i, bool answers, struct seen *seen)
{
    struct certificate *c;
    struct signer_revoke ask_for;
    struct signer_revoked revoked;
    char path[PUBLISHED_PATH_MAX];
    const uint8_t is_revoked = OCSP_REVOKED;
    if (failed(certificate_parse(bytes_of(l->signing[i], l->signing_len[i]), cast->arena, &c))) abort();
    cast_revocation(cast, &l->revoked[i], cast_serial(cast, c->der), "superseded", &ask_for);
    double begin = now_s();
    l->failures += failed(cast_ask(cast, &l->stage->peer, SIGNER_REVOKE, &ask_for, &revoked));
    published_answer_path("issuing", c->serial, path);
    if (answers) {
        double s = wait_for(l, path, bytes_of(&is_revoked, 1), ANSWER_STATUS_AT, begin);
        if (s > seen->answer_s) seen->answer_s = s;
    }
    published_crl_path("issuing", 0, path);
    double s = wait_for(l, path, c->serial, -1, begin);
    if (s > seen->list_s) seen->list_s = s;
}

struct background {
    struct load *load;
    int threads;
};

static void *issue_on(void *closure)
{
    const struct background *b = closure;
    run(b->load, b->threads, true);
    return NULL;
}

/* Revokes one after the other while as many threads as before ask for more certificates. */
static struct seen revoke_all(struct load *l, struct cast *cast, int threads, bool answers)
{
    enum { MORE = 600 };
    struct seen seen = { 0 };
    pthread_t thread;
    struct background background = { l, threads };
    l->count = MORE;
    for (int i = 0; i < l->count; i++) {
        cast_order(cast, &l->orders[i]);
        cast_sign_order(cast, &l->orders[i]);
    }
    run(l, threads, false);
    pthread_create(&thread, NULL, issue_on, &background);
    for (int i = 0; i < l->kept; i++) revoke_one(l, cast, i, answers, &seen);
    pthread_join(thread, NULL);
    return seen;
}

int main(int argc, char **argv)
{
    uint64_t count_told = 0, threads_told = 0;
    bool bad = argc < 4 || failed(text_number(argv[2], COUNT_MAX, &count_told)) ||
               failed(text_number(argv[3], THREADS_MAX, &threads_told));
    if (bad || count_told < 1 || threads_told < 1) return 2;
    int count = (int)count_told, threads = (int)threads_told;
    struct cast *cast = cast_new((int64_t)time(NULL));
    bool answers = argc < 6;
    struct stage *stage = stage_new_in(argc > 4 ? argv[4] : "/tmp",
                                       answers ? "ocsp_url = http://status.example/ocsp\n" : NULL);
    static struct load load;
    load = (struct load){ .stage = stage, .orders = calloc(ORDERS_MAX, sizeof *load.orders) };
    struct signer_state state;
    stage_start(stage, argv[1], NULL);
    cast_set_up(cast, &stage->peer);
    double open_s, issue_s = issue_all(&load, cast, count, threads, &open_s);
    struct seen seen = revoke_all(&load, cast, threads, answers);
    stage_stop(stage);
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    double begin = now_s();
    stage_start(stage, argv[1], NULL);
    bool good = !failed(stage_greet(stage, cast, &state));
    double start_s = now_s() - begin;
    printf("threads %d: cards opened %.0f/s, pairs issued %.0f/s, failures %d; signer's CPU %.3f ms for each; revocation "
           "seen after at most %.0f ms by OCSP, %.0f ms in the list; start with %lld records %.3f s\n",
           threads, count / open_s, count / issue_s, load.failures, 1e3 * cpu_s / count, 1e3 * seen.answer_s,
           1e3 * seen.list_s, good ? (long long)state.size : -1LL, start_s);
    free(load.orders);
    stage_free(stage);
    cast_free(cast);
    return load.failures > 0;
}
