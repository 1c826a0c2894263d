/* The commands of `hufu`: each is one row, and from its options come parsing, --help, completion and the man page. */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"

enum { CLI_USAGE = 2 }; /* exit status for arguments that are not understood */

enum cli_kind { CLI_TEXT, CLI_NUMBER, CLI_FLAG };

/* "--name ARGUMENT" fills the field at OFFSET of the command's own struct: const char *, int64_t or bool. */
struct cli_option {
    const char *name;
    enum cli_kind kind;
    size_t offset;
    const char *argument; /* "DIR"; NULL for flags */
    int64_t min, max;     /* of numbers */
    const char *words;
};

struct cli_command {
    const char *name;     /* "ca show": may be two words */
    const char *operands; /* "[NAME]"; NULL: takes none */
    int operands_max;
    const char *summary;  /* one line, for the list of commands */
    const char *about;    /* paragraphs, for --help and the man page */
    const struct cli_option *options;
    size_t option_count;
    int (*run)(const struct cli_command *command, int argc, char **argv); /* argv[0]: the command's last word */
};

/* Every command, ended by one without a name. */
extern const struct cli_command *const cli_commands[];

/* Fills OPTIONS, which holds the defaults, from ARGV; operands (at most operands_max) are left in argv[0 … n).
 * False: the caller ends with *RET_EXIT, for --help was answered or something was not understood. */
bool cli_parse(const struct cli_command *command, int argc, char **argv, void *options, int *ret_operands,
               int *ret_exit);
void cli_print_help(const struct cli_command *command);

/* ---- words ---- */

/* Whether the person's locale is none of Chinese. */
bool cli_english(void);
/* The one of both that fits the locale. */
const char *cli_words(const char *zh, const char *en);
/* "hufu: what failed: detail" and the hint on standard error; gives the exit status. */
int cli_fail(struct result r, const struct diag *diag);
