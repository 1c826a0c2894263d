/* hufu: one certificate authority from the command line. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/commands.h"

static int list_commands(void)
{
    puts(cli_words("虎符：使用国密算法的数字证书服务。\n",
                   "Hufu: a certificate authority with national cryptography.\n"));
    puts("usage: hufu COMMAND [OPTIONS]\n");
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        printf("  %-12s %s\n", (*c)->name, (*c)->summary);
    puts("\nhufu COMMAND --help tells more.");
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc < 2 || text_equal(argv[1], "--help") || text_equal(argv[1], "help")) return list_commands();
    const char *name = text_equal(argv[1], "--version") ? "version" : argv[1];
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        if (text_equal((*c)->name, name)) return (*c)->run(*c, argc - 1, argv + 1);
    fprintf(stderr,
            cli_words("hufu：没有 %s 这个命令，见 hufu --help\n",
                      "hufu: there is no command %s; see hufu --help\n"),
            argv[1]);
    return CLI_USAGE;
}
