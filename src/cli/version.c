/* `hufu version`. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"

struct options {
    bool json;
};

static const struct cli_option options[] = {
    { "json", CLI_FLAG, offsetof(struct options, json), NULL, 0, 0, "one JSON object" },
};

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { 0 };
    int exit_status;
    if (!cli_parse(command, argc, argv, &o, NULL, &exit_status)) return exit_status;
    return printf(o.json ? "{\"version\": \"%s\"}\n" : "hufu %s\n", HUFU_VERSION) < 0;
}

const struct cli_command command_version = {
    .name = "version",
    .summary = "which version this is",
    .about = "Prints the version of the command and of the programs built with it.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
