/* docs/configuration.md, from the tables that the processes read. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/installation.h"
#include "hsm/settings.h"
#include "relay/settings.h"
#include "signer/settings.h"
#include "status/settings.h"
#include "token/agent/config.h"
#include "web/config.h"

static const char head[] =
    "# Configuration\n\nPrinted from the tables in the code: `script/test` says when it is out of date, "
    "`build/docs/print-configuration > docs/configuration.md` writes it anew.\n\n"
    "One file, `hufu.conf`, in the installation's folder; a section a process. Lines are `key = value`; `#` "
    "begins a\n"
    "line of comment. Unknown keys, keys that stand twice and values out of their range stop the start, with "
    "file and\n"
    "line. Paths are relative to the file's folder. Secrets do not stand here: options name files. `hufu "
    "doctor` checks\n"
    "the file.\n";

static void print_range(const struct config_option *o)
{
    if (o->kind == CONFIG_NUMBER) printf("%lld … %lld", (long long)o->min, (long long)o->max);
    if (o->kind == CONFIG_FLAG) printf("yes, no");
    if (o->kind == CONFIG_PATH) printf("path");
    if (o->kind == CONFIG_TEXT && o->max) printf("%lld … %lld bytes", (long long)o->min, (long long)o->max);
    if (o->kind == CONFIG_TEXT && !o->max) printf("text");
}

static void print_section(const char *name, const char *words, const struct config_option *options,
                          size_t count)
{
    printf("\n## [%s]\n\n%s\n\n| key | value | default | |\n|---|---|---|---|\n", name, words);
    for (size_t i = 0; i < count; i++) {
        printf("| `%s` | ", options[i].name);
        print_range(&options[i]);
        if (options[i].preset) printf(" | `%s`", options[i].preset);
        else printf(" | %s", options[i].required ? "**needed**" : "");
        printf(" | %s |\n", options[i].words);
    }
}

int main(void)
{
    fputs(head, stdout);
    print_section("serve", "Read by `hufu serve`.", serve_options, serve_options_count);
    print_section("web", "Read by `hufu-web`.", web_options, web_options_count);
    print_section("signer", "Read by `hufu-signer`.", signer_options, signer_options_count);
    print_section("relay", "Read by `hufu-relay`.", relay_options, relay_options_count);
    print_section("status", "Read by `hufu-status`.", status_options, status_options_count);
    print_section("hsm", "Read by `hufu-hsm`, which is started where this section has a `module`.", hsm_options,
                  hsm_options_count);
    print_section("agent", "Read by `hufu-agent`, on the person's own computer from a file of its own.",
                  agent_config_options, agent_config_options_count);
    print_section("demo", "Read by `hufu serve`: what a demonstration adds.", demo_options,
                  demo_options_count);
    return ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
