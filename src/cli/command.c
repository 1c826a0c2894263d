#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

/* ---- words ---- */

bool cli_english(void)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = getenv(names[i]);
        if (value && value[0]) return !text_starts(value, "zh");
    }
    return true;
}

const char *cli_words(const char *zh, const char *en)
{
    return cli_english() ? en : zh;
}

int cli_fail(struct result r, const struct diag *diag)
{
    const struct error_entry *e = error_find(r.code);
    const char *detail = !diag ? "" : diag->log[0] ? diag->log : diag->detail;
    fprintf(stderr, "hufu: %s%s%s\n      %s\n", cli_words(e->zh, e->en), detail[0] ? cli_words("：", ": ") : "", detail,
            cli_words(e->hint_zh, e->hint_en));
    return EXIT_FAILURE;
}

/* ---- options ---- */

static const struct cli_option *find_option(const struct cli_command *command, const char *name, size_t len)
{
    for (size_t i = 0; i < command->option_count; i++) {
        const struct cli_option *o = &command->options[i];
        if (strlen(o->name) == len && strncmp(o->name, name, len) == 0) return o;
    }
    return NULL;
}

static bool take_value(const struct cli_option *o, const char *value, void *options)
{
    char *field = (char *)options + o->offset;
    if (o->kind == CLI_TEXT) {
        memcpy(field, &value, sizeof value);
        return value[0] != '\0';
    }
    uint64_t number;
    if (failed(text_number(value, INT64_MAX, &number))) return false;
    int64_t n = (int64_t)number;
    if (n < o->min || n > o->max) return false;
    memcpy(field, &n, sizeof n);
    return true;
}

static bool wrong(const struct cli_command *command, const char *what, const char *argument)
{
    fprintf(stderr, "hufu %s: %s: %s\n", command->name, argument, what);
    fprintf(stderr, cli_words("      用法见 hufu %s --help\n", "      See hufu %s --help\n"), command->name);
    return false;
}

/* One "--name", "--name=value" or "--name value"; AT is moved past what was used. */
static bool take_option(const struct cli_command *command, int argc, char **argv, int *at, void *options)
{
    const char *argument = argv[*at], *name = argument + 2, *equals = strchr(name, '=');
    const struct cli_option *o = find_option(command, name, equals ? (size_t)(equals - name) : strlen(name));
    if (!o) return wrong(command, cli_words("没有这个选项", "there is no such option"), argument);
    if (o->kind == CLI_FLAG) {
        bool yes = true;
        if (equals) return wrong(command, cli_words("这个选项没有值", "this option takes no value"), argument);
        memcpy((char *)options + o->offset, &yes, sizeof yes);
        return true;
    }
    const char *value = equals ? equals + 1 : *at + 1 < argc ? argv[++*at] : NULL;
    if (!value) return wrong(command, cli_words("缺少值", "needs a value"), argument);
    if (!take_value(o, value, options)) return wrong(command, cli_words("值不对", "this value does not do"), argument);
    return true;
}

bool cli_parse(const struct cli_command *command, int argc, char **argv, void *options, int *ret_operands,
               int *ret_exit)
{
    int operands = 0;
    *ret_exit = CLI_USAGE;
    for (int at = 1; at < argc; at++) {
        if (text_equal(argv[at], "--help") || text_equal(argv[at], "-h")) {
            cli_print_help(command);
            *ret_exit = EXIT_SUCCESS;
            return false;
        }
        if (text_starts(argv[at], "--") && argv[at][2]) {
            if (!take_option(command, argc, argv, &at, options)) return false;
        } else if (operands < command->operands_max) {
            argv[operands++] = argv[at];
        } else {
            return wrong(command, cli_words("多余的参数", "one argument too many"), argv[at]);
        }
    }
    if (ret_operands) *ret_operands = operands;
    return true;
}

void cli_print_help(const struct cli_command *command)
{
    printf("usage: hufu %s%s%s%s\n%s\n", command->name, command->option_count ? " [OPTIONS]" : "",
           command->operands ? " " : "", command->operands ? command->operands : "", command->about);
    for (size_t i = 0; i < command->option_count; i++) {
        const struct cli_option *o = &command->options[i];
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
        printf("  %-22s %s\n", left, o->words);
    }
}
