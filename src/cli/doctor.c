/* `hufu doctor`. */
#include "cli/doctor.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "cli/client.h"
#include "cli/commands.h"

struct options {
    const char *folder;
    bool json;
};

/* clang-format off */
static const struct cli_option options[] = {
    { "folder", CLI_TEXT, offsetof(struct options, folder), "DIR", 0, 0, "the installation (default $HUFU_FOLDER, var, /var/lib/hufu)" },
    { "json", CLI_FLAG, offsetof(struct options, json), NULL, 0, 0, "one JSON object" },
};
/* clang-format on */

static const char *const state_names[] = { "good", "warning", "wrong" };

struct finding *doctor_find(struct doctor *doctor, const char *id, enum finding_state state,
                            const char *format, ...)
{
    static struct finding dropped; /* written, never read */
    struct finding *f = doctor->count < FINDINGS_MAX ? &doctor->findings[doctor->count++] : &dropped;
    *f = (struct finding){ .id = id, .state = state };
    va_list ap;
    va_start(ap, format);
    vsnprintf(f->words, sizeof f->words, format, ap);
    va_end(ap);
    return f;
}

void doctor_mend(struct finding *finding, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(finding->mend, sizeof finding->mend, format, ap);
    va_end(ap);
}

static enum finding_state worst(const struct doctor *doctor)
{
    enum finding_state state = FINDING_GOOD;
    for (size_t i = 0; i < doctor->count; i++)
        if (doctor->findings[i].state > state) state = doctor->findings[i].state;
    return state;
}

static void print_lines(const struct doctor *doctor)
{
    static const char *const marks[] = { "✓", "!", "✗" };
    for (size_t i = 0; i < doctor->count; i++) {
        const struct finding *f = &doctor->findings[i];
        printf("%s %s\n", marks[f->state], f->words);
        if (f->mend[0]) printf("    → %s\n", f->mend);
    }
    static const char *const zh[] = { "\n没有发现问题。", "\n能够运行，但有需要注意的地方。",
                                      "\n有问题需要处理。" };
    static const char *const en[] = { "\nNothing is wrong.", "\nIt works, with something to be looked at.",
                                      "\nSomething is wrong." };
    puts(cli_words(zh[worst(doctor)], en[worst(doctor)]));
}

static void print_json(const struct doctor *doctor)
{
    json_t *list = json_array();
    for (size_t i = 0; i < doctor->count; i++) {
        const struct finding *f = &doctor->findings[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "id", f->id, "state",
                                              state_names[f->state], "words", f->words, "mend", f->mend));
    }
    json_t *told = json_pack("{s:s, s:o}", "state", state_names[worst(doctor)], "findings", list);
    json_dumpf(told, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(told);
}

/* A folder whose configuration cannot be read is itself the finding. */
static void look(struct doctor *doctor, const char *folder, struct installation *installation)
{
    struct diag diag = { 0 };
    doctor_look_at_machine(doctor);
    struct result r = installation_open(folder, &diag, installation);
    if (failed(r)) {
        const struct error_entry *e = error_find(r.code);
        struct finding *f = doctor_find(doctor, r.code == ERROR_FOLDER_NONE ? "folder" : "configuration",
                                        FINDING_WRONG, "%s: %s", cli_words(e->zh, e->en), diag.log);
        doctor_mend(f, "%s", cli_words(e->hint_zh, e->hint_en));
    } else {
        doctor->installation = installation;
    }
    doctor_look_at_installation(doctor);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { 0 };
    struct installation installation = { 0 };
    int exit_status;
    if (!cli_parse(command, argc, argv, &o, NULL, &exit_status)) return exit_status;
    struct doctor *doctor = calloc(1, sizeof *doctor);
    if (!doctor) abort();
    log_init("doctor");
    client_begin();
    look(doctor, o.folder, &installation);
    if (o.json) print_json(doctor);
    else print_lines(doctor);
    bool wrong = worst(doctor) == FINDING_WRONG;
    if (doctor->installation) installation_done(&installation);
    free(doctor);
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct cli_command command_doctor = {
    .name = "doctor",
    .summary = "what is wrong with this installation, and how to mend it",
    .about = "Looks at kernel, clock, disk, programs, fonts, folder, configuration, secret, ports and what "
             "runs, and says\n"
             "what to do about what is wrong. Changes nothing. Ends with 1 if something must be mended.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
