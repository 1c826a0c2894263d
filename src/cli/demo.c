#include "cli/demo.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/demo_load.h"
#include "cli/demo_print.h"

enum { ARENA_MAX = 8 * 1024 * 1024, EXIT_USAGE = 2 };

static const char usage[] =
    "usage: hufu demo [--folder DIR] [--json] [--count N [--clients C]]\n"
    "Walks the whole way of a certificate through the running demonstration: the account, the application for a\n"
    "USBKey, payment, review, production and the login with it, by the public API, with virtual USBKeys. Ends with 0\n"
    "only if the login worked and every impostor was refused.\n"
    "  --folder DIR   of the installation (default var)\n"
    "  --json         one JSON object instead of lines\n"
    "  --count N      N walks, and how long each step takes\n"
    "  --clients C    that many at a time (default 1)\n";

struct options {
    const char *folder;
    uint64_t count, clients;
    bool json, english, help;
};

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = { { "folder", required_argument, NULL, 'f' },
                                           { "json", no_argument, NULL, 'j' },
                                           { "count", required_argument, NULL, 'n' },
                                           { "clients", required_argument, NULL, 'c' },
                                           { "help", no_argument, NULL, 'h' },
                                           { 0 } };
    bool good = true;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'f') o->folder = optarg;
        if (c == 'j') o->json = true;
        if (c == 'h') o->help = true;
        if (c == 'n') good = good && !failed(text_number(optarg, LOAD_COUNT_MAX, &o->count)) && o->count > 0;
        if (c == 'c') good = good && !failed(text_number(optarg, LOAD_CLIENTS_MAX, &o->clients)) && o->clients > 0;
        if (c == '?') good = false;
    }
    return good && optind == argc;
}

/* Chinese where the person's locale is, English elsewhere. */
static bool wants_english(void)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = getenv(names[i]);
        if (value && value[0]) return !text_starts(value, "zh");
    }
    return true;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- one walk ---- */

static void tell_step(json_t *steps, const struct walk_step *step, struct result r, const struct walk *walk, double ms)
{
    json_array_append_new(steps, json_pack("{s:s, s:s, s:b, s:f}", "id", step->id, "told", walk->told, "done",
                                           !failed(r), "ms", ms));
}

static struct result walk_on(struct walk *walk, const struct options *o, struct demo_print *print, json_t *steps)
{
    for (size_t i = 0; i < walk_step_count; i++) {
        double from = now_ms();
        walk->told[0] = '\0';
        struct result r = walk_steps[i].run(walk);
        double ms = now_ms() - from;
        if (!o->json) demo_print_step(print, &walk_steps[i], r, walk, ms);
        tell_step(steps, &walk_steps[i], r, walk, ms);
        TRY(r);
    }
    return OK;
}

static void print_json(const struct walk *walk, struct result r, json_t *steps, double ms)
{
    json_t *told = json_pack("{s:b, s:f, s:O, s:O*, s:O*}", "login", walk->session && !failed(r), "ms", ms, "steps",
                             steps, "certificate", walk->certificate, "session", walk->session);
    if (failed(r))
        json_object_set_new(told, "error", json_pack("{s:i, s:s, s:s}", "code", (int)r.code, "name",
                                                     error_find(r.code)->name, "detail", walk->diag.detail));
    json_dumpf(told, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(told);
}

static struct result one(const struct options *o, const struct place *place, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct demo_print print = demo_print_new(o->english);
    struct staff staff = { 0 };
    struct walk walk = { 0 };
    json_t *steps = json_array();
    double from = now_ms();
    if (!o->json) demo_print_head(&print, place);
    struct result r = walk_begin(&walk, place, &staff, o->english, arena);
    if (!failed(r)) r = walk_on(&walk, o, &print, steps);
    double ms = now_ms() - from;
    if (o->json) print_json(&walk, r, steps, ms);
    if (!o->json && !failed(r)) demo_print_outcome(&print, &walk, walk_step_count, ms);
    *diag = walk.diag;
    json_decref(steps);
    walk_end(&walk);
    staff_done(&staff);
    return r;
}

/* ---- the command ---- */

static struct result run(const struct options *o, struct diag *diag)
{
    struct place place;
    TRY(place_open(o->folder, diag, &place));
    struct load load = { &place, (int)o->count, (int)o->clients, o->english, o->json };
    struct result r = o->count ? demo_load(&load, diag) : one(o, &place, diag);
    place_done(&place);
    return r;
}

int demo_main(int argc, char **argv)
{
    struct options o = { .folder = "var", .clients = 1, .english = wants_english() };
    struct diag diag = { 0 };
    if (!read_options(argc, argv, &o)) return fputs(usage, stderr), EXIT_USAGE;
    if (o.help) return fputs(usage, stdout) < 0;
    client_begin();
    struct result r = run(&o, &diag);
    if (failed(r)) demo_print_failure(o.english, r, &diag);
    return failed(r) ? EXIT_FAILURE : EXIT_SUCCESS;
}
