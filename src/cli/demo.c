#include "cli/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/demo_load.h"
#include "cli/demo_print.h"

enum { ARENA_MAX = 8 * 1024 * 1024 };

struct options {
    const char *folder;
    int64_t count, clients;
    bool json;
    bool english; /* by the locale */
};

static const struct cli_option options[] = {
    { "folder", CLI_TEXT, offsetof(struct options, folder), "DIR", 0, 0, "the installation (default var)" },
    { "json", CLI_FLAG, offsetof(struct options, json), NULL, 0, 0, "one JSON object instead of lines" },
    { "count", CLI_NUMBER, offsetof(struct options, count), "N", 1, LOAD_COUNT_MAX,
      "N walks, and how long each step takes" },
    { "clients", CLI_NUMBER, offsetof(struct options, clients), "C", 1, LOAD_CLIENTS_MAX,
      "that many at a time (default 1)" },
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- one walk ---- */

static void tell_step(json_t *steps, const struct walk_step *step, struct result r, const struct walk *walk,
                      double ms)
{
    json_array_append_new(steps, json_pack("{s:s, s:s, s:b, s:f}", "id", step->id, "told", walk->told, "done",
                                           !failed(r), "ms", ms));
}

static struct result walk_on(struct walk *walk, const struct options *o, struct demo_print *print,
                             json_t *steps)
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
    json_t *told = json_pack("{s:b, s:f, s:O, s:O*, s:O*}", "login", walk->session && !failed(r), "ms", ms,
                             "steps", steps, "certificate", walk->certificate, "session", walk->session);
    if (failed(r))
        json_object_set_new(told, "error",
                            json_pack("{s:i, s:s, s:s}", "code", (int)r.code, "name",
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

static int run_command(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { .folder = "var", .clients = 1, .english = cli_english() };
    struct diag diag = { 0 };
    int exit_status;
    if (!cli_parse(command, argc, argv, &o, NULL, &exit_status)) return exit_status;
    client_begin();
    struct result r = run(&o, &diag);
    if (failed(r)) demo_print_failure(o.english, r, &diag);
    return failed(r) ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct cli_command command_demo = {
    .name = "demo",
    .summary = "walks a certificate from the account to the login",
    .about = "Walks the whole way of a certificate through the running demonstration: the account, the "
             "application for a\n"
             "USBKey, payment, review, production and the login with it, by the public API, with virtual "
             "USBKeys. Ends\n"
             "with 0 only if the login worked and every impostor was refused.",
    .options = options,
    .option_count = COUNT(options),
    .run = run_command,
};
