/* `hufu status`: what runs, and whether it answers. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/doctor.h"
#include "cli/health.h"
#include "cli/hsm.h"
#include "cli/place.h"

enum { AGAIN_MS = 20, WAIT_MAX_S = 3600 };

struct options {
    const char *folder;
    int64_t wait_s;
    bool json, brief;
};

/* clang-format off */
static const struct cli_option options[] = {
    { "folder", CLI_TEXT, offsetof(struct options, folder), "DIR", 0, 0, "the installation (default $HUFU_FOLDER, var, /var/lib/hufu)" },
    { "wait", CLI_NUMBER, offsetof(struct options, wait_s), "SECONDS", 1, WAIT_MAX_S, "until everything answers, at most that long" },
    { "brief", CLI_FLAG, offsetof(struct options, brief), NULL, 0, 0, "only what does not answer" },
    { "json", CLI_FLAG, offsetof(struct options, json), NULL, 0, 0, "one JSON object" },
};
/* clang-format on */

/* What was seen at one look. */
struct look {
    struct place place; /* without state: it does not run, or is starting */
    json_t *health;     /* NULL: web does not answer */
    struct diag diag;
    char hsm[HSM_STATE_MAX]; /* "": there is none */
};

static struct result look_at(const struct installation *i, struct look *look)
{
    *look = (struct look){ 0 };
    if (!hsm_state(i, look->hsm)) look->hsm[0] = '\0';
    const char *paysim = i->demo.on && i->demo.paysim ? i->demo.paysim : NULL;
    IGNORE(place_open(i->folder, NULL, &look->place)); /* what answers does not depend on it */
    TRY(health_ask(i, &look->diag, &look->health));
    const char *status = client_text(look->health, "status");
    if (!text_equal(status, "ok")) return diag_log(&look->diag, ERROR_START_FAILED, "health: %s", status);
    if (i->agent[0] && !health_listens(i->agent))
        return diag_log(&look->diag, ERROR_START_FAILED, "the agent does not listen at %s", i->agent);
    const char *told = i->serve.status_listen;
    if (told && !text_starts(told, "unix:") && !health_listens(told))
        return diag_log(&look->diag, ERROR_START_FAILED, "hufu-status does not listen at %s", told);
    if (paysim && !health_listens(paysim))
        return diag_log(&look->diag, ERROR_START_FAILED, "the payment simulator does not listen at %s",
                        paysim);
    return OK;
}

static void look_done(struct look *look)
{
    place_done(&look->place);
    json_decref(look->health);
}

/* What runs out soon, as a list of sentences; the caller frees it. */
static json_t *runs_out(const struct installation *i)
{
    struct doctor *doctor = calloc(1, sizeof *doctor);
    json_t *list = json_array();
    if (!doctor) abort();
    doctor->installation = i;
    doctor_look_at_validity(doctor);
    for (size_t n = 0; n < doctor->count; n++)
        if (doctor->findings[n].state != FINDING_GOOD && text_equal(doctor->findings[n].id, "validity"))
            json_array_append_new(list, json_string(doctor->findings[n].words));
    free(doctor);
    return list;
}

static void print_json(const struct installation *i, const struct look *look, struct result r)
{
    json_t *told = json_pack("{s:b, s:O*, s:O*, s:s*, s:o}", "works", !failed(r), "health", look->health, "running",
                             look->place.state, "hsm", look->hsm[0] ? look->hsm : NULL, "runs_out", runs_out(i));
    if (failed(r))
        json_object_set_new(told, "error",
                            json_pack("{s:i, s:s, s:s}", "code", (int)r.code, "name",
                                      error_find(r.code)->name, "detail", look->diag.log));
    json_dumpf(told, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(told);
}

static void print_lines(const struct installation *i, const struct look *look)
{
    static const char *const addresses[] = { "portal", "console", "platform", "agent", "paysim", "status" };
    for (size_t n = 0; n < COUNT(addresses); n++)
        if (place_address(&look->place, addresses[n])[0])
            printf("%-10s %s\n", addresses[n], place_address(&look->place, addresses[n]));
    const char *name;
    json_t *pid;
    json_object_foreach(json_object_get(look->place.state, "processes"), name, pid) printf(
        json_integer_value(pid) ? "%-24s %lld\n" : "%-24s -\n", name, (long long)json_integer_value(pid));
    const struct error_entry *e = look->hsm[0] ? hsm_error(look->hsm) : NULL;
    if (look->hsm[0]) printf("%-24s %s\n", cli_words("加密机", "HSM"), e ? cli_words(e->zh, e->en) : look->hsm);
    printf(cli_words("状态 %s，日志记录 %lld 条，版本 %s\n", "status %s, %lld journal records, version %s\n"),
           client_text(look->health, "status"),
           (long long)json_integer_value(json_object_get(look->health, "journal_size")),
           client_text(look->health, "version"));
    json_t *list = runs_out(i), *words;
    size_t n;
    json_array_foreach(list, n, words) printf("! %s\n", json_string_value(words));
    json_decref(list);
}

static struct result wait_for(const struct installation *i, int64_t wait_s, struct look *look)
{
    time_t until = time(NULL) + wait_s;
    struct result r;
    while (failed(r = look_at(i, look)) && time(NULL) < until) {
        look_done(look);
        struct timespec pause = { 0, AGAIN_MS * 1000000L };
        nanosleep(&pause, NULL);
    }
    return r;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { 0 };
    struct installation i;
    struct look look;
    int exit_status;
    if (!cli_parse(command, argc, argv, &o, NULL, &exit_status)) return exit_status;
    struct result r = installation_open(o.folder, &look.diag, &i);
    look = (struct look){ .diag = look.diag };
    if (failed(r)) return cli_fail(r, &look.diag);
    client_begin();
    r = o.wait_s ? wait_for(&i, o.wait_s, &look) : look_at(&i, &look);
    if (o.json) print_json(&i, &look, r);
    else if (!failed(r) && !o.brief) print_lines(&i, &look);
    if (failed(r) && !o.json) cli_fail(r, &look.diag);
    look_done(&look);
    installation_done(&i);
    return failed(r) ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct cli_command command_status = {
    .name = "status",
    .summary = "what runs, and whether it answers",
    .about = "Asks the installation how it is: its processes and addresses, and whether web, its peers, "
             "agent and\n"
             "payment simulator answer. Ends with 0 only if all do.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
