/* `hufu completion`: for bash, from the tables of commands and options. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"

static void print_options(const struct cli_command *command)
{
    for (size_t i = 0; i < command->option_count; i++) printf(" --%s", command->options[i].name);
    printf(" --help");
}

/* Words of OPERANDS "[list|add|close ID]" that are no placeholders: those in lower case. */
static void print_operands(const char *operands)
{
    for (const char *at = operands ? operands : ""; *at;) {
        size_t len = strcspn(at, "[]| ");
        if (len && at[0] >= 'a' && at[0] <= 'z') printf(" %.*s", (int)len, at);
        at += len + (at[len] != '\0');
    }
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    int exit_status;
    if (!cli_parse(command, argc, argv, NULL, NULL, &exit_status)) return exit_status;
    puts("# bash completion of hufu: source <(hufu completion)\n_hufu() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
         "  case $before in\n"
         "    --folder) COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n"
         "    --log) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
         "  esac\n"
         "  case ${COMP_WORDS[1]} in");
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        printf("    %s) words=\"", (*c)->name);
        print_operands((*c)->operands);
        print_options(*c);
        puts("\" ;;");
    }
    printf("    *) words=\"");
    for (const struct cli_command *const *c = cli_commands; *c; c++) printf(" %s", (*c)->name);
    puts(" --help --version\" ;;\n  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\ncomplete -F _hufu hufu");
    return EXIT_SUCCESS;
}

const struct cli_command command_completion = {
    .name = "completion",
    .summary = "completion for bash",
    .about = "Prints what makes bash complete commands and options: source <(hufu completion).",
    .run = run,
};
