/* docs/hufu.8, from the tables of commands and options. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"

static const char head[] =
    ".\\\" Printed from the tables in the code: build/docs/print-manual > docs/hufu.8\n"
    ".TH HUFU 8 \"\" \"Hufu\" \"Hufu\"\n.SH NAME\nhufu \\- a certificate authority with national "
    "cryptography\n"
    ".SH SYNOPSIS\n.B hufu\n.I command\n.RI [ options ]\n.SH DESCRIPTION\n"
    "Makes an installation, keeps it running, and looks after it. Words are Chinese where the locale is, "
    "English elsewhere.\n"
    "Secrets are never arguments.\n.SH COMMANDS\n";

static const char tail[] =
    ".SH FILES\n"
    ".TP\n.I DIR/hufu.conf\nThe configuration; every option is told in docs/configuration.md.\n"
    ".TP\n.I DIR/secret\nThe installation's secret, of a demonstration only.\n"
    ".TP\n.I DIR/run/state.json\nWhat runs, and where it answers, from when everything answered until the "
    "stop.\n"
    ".TP\n.I DIR/ca/*.cer\nCertificates of the CAs.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B HUFU_FOLDER\nThe installation's folder, where --folder is not given.\n"
    ".TP\n.B CREDENTIALS_DIRECTORY\nOf systemd: the file\n.I secret\nin it is the installation's secret.\n"
    ".TP\n.BR LC_ALL \", \" LC_MESSAGES \", \" LANG\nThe language of words.\n"
    ".SH EXIT STATUS\n0 when what was asked for was done; 1 when it was not, with the reason on standard "
    "error; 2 for "
    "arguments that are not understood.\n"
    ".SH STANDARDS\nGB/T 32918 (SM2), GB/T 32905 (SM3), GB/T 32907 (SM4), GB/T 20518 and RFC 5280 "
    "(certificates), GM/T 0016\n"
    "and GM/T 0017 (USBKey), RFC 9162 (the tree of the journal).\n";

/* Hyphens that are typed, and points that begin a line. */
static void print_text(const char *text)
{
    if (text[0] == '.' || text[0] == '\'') fputs("\\&", stdout);
    for (; *text; text++) {
        if (*text == '-' || *text == '\\') putchar('\\');
        putchar(*text);
    }
}

static void print_command(const struct cli_command *c)
{
    printf(".SS hufu %s", c->name);
    if (c->operands) {
        printf(" \\fI");
        print_text(c->operands);
        printf("\\fR");
    }
    putchar('\n');
    print_text(c->about);
    putchar('\n');
    for (size_t i = 0; i < c->option_count; i++) {
        const struct cli_option *o = &c->options[i];
        printf(".TP\n\\fB\\-\\-");
        print_text(o->name);
        printf("\\fR%s%s%s\n", o->argument ? " \\fI" : "", o->argument ? o->argument : "",
               o->argument ? "\\fR" : "");
        print_text(o->words);
        putchar('\n');
    }
}

int main(void)
{
    fputs(head, stdout);
    for (const struct cli_command *const *c = cli_commands; *c; c++) print_command(*c);
    fputs(tail, stdout);
    return ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
