/* `hufu user`: accounts, as an administrator at the console has them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/demo_print.h"
#include "cli/installation.h"
#include "cli/operator.h"

enum { INPUT_MAX = 64 * 1024, PAGES_MAX = 10000 };

struct options {
    const char *folder, *card, *agent, *organization, *reason;
    bool json;
};

/* clang-format off */
static const struct cli_option options[] = {
    { "folder", CLI_TEXT, offsetof(struct options, folder), "DIR", 0, 0, "the installation (default $HUFU_FOLDER, var, /var/lib/hufu)" },
    { "card", CLI_TEXT, offsetof(struct options, card), "SERIAL", 0, 0, "the administrator's USBKey; else the only one that is plugged in" },
    { "agent", CLI_TEXT, offsetof(struct options, agent), "URL", 0, 0, "where the agent listens (default http://127.0.0.1:18181)" },
    { "organization", CLI_TEXT, offsetof(struct options, organization), "ID", 0, 0, "list: accounts of this organization only" },
    { "reason", CLI_TEXT, offsetof(struct options, reason), "TEXT", 0, 0, "suspend, close, open: why; stands in the audit trail" },
    { "json", CLI_FLAG, offsetof(struct options, json), NULL, 0, 0, "JSON, one object a line" },
};
/* clang-format on */

static void print_account(const json_t *account, const struct options *o)
{
    if (o->json) {
        json_dumpf(account, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        putchar('\n');
        return;
    }
    printf("%s  ", client_text(account, "id"));
    demo_pad(client_text(account, "state"), 10);
    demo_pad(client_text(account, "name"), 12);
    demo_pad(client_text(account, "organization_name"), 32);
    printf("%s  %s\n", client_text(account, "mobile"), client_text(account, "email"));
}

static struct result list(struct client *console, const struct options *o, struct diag *diag)
{
    char path[CLIENT_PATH_MAX], after[128] = "";
    for (int page = 0; page < PAGES_MAX; page++) {
        json_t *answer = NULL;
        const json_t *account;
        size_t i;
        snprintf(path, sizeof path, "/api/v1/console/accounts%s%s%s%s%s%s",
                 o->organization || after[0] ? "?" : "", o->organization ? "organization=" : "",
                 o->organization ? o->organization : "", o->organization && after[0] ? "&" : "",
                 after[0] ? "after=" : "", after);
        TRY(client_call(console, "GET", path, NULL, diag, &answer));
        json_array_foreach(json_object_get(answer, "items"), i, account) print_account(account, o);
        snprintf(after, sizeof after, "%s", client_text(answer, "next"));
        json_decref(answer);
        if (!after[0]) return OK;
    }
    return OK;
}

/* The person's data come by standard input: numbers of identity documents are nothing for arguments. */
static struct result add(struct client *console, const struct options *o, struct diag *diag)
{
    char *text = calloc(1, INPUT_MAX);
    if (!text) abort();
    size_t n = fread(text, 1, INPUT_MAX, stdin);
    json_error_t error;
    json_t *person = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error), *account = NULL;
    free(text);
    if (!json_is_object(person)) {
        json_decref(person);
        return diag_log(diag, ERROR_JSON_MALFORMED, "standard input, line %d: %s", error.line, error.text);
    }
    TRY(client_call(console, "POST", "/api/v1/console/accounts", person, diag, &account));
    print_account(account, o);
    json_decref(account);
    return OK;
}

static struct result set_state(struct client *console, const char *id, const char *state,
                               const struct options *o, struct diag *diag)
{
    char path[CLIENT_PATH_MAX];
    json_t *account = NULL;
    if (snprintf(path, sizeof path, "/api/v1/console/accounts/%s/state", id) >= (int)sizeof path)
        return diag_log(diag, ERROR_FIELD_LENGTH, "%s", id);
    TRY(client_call(console, "PUT", path, json_pack("{s:s, s:s}", "state", state, "reason", o->reason), diag,
                    &account));
    print_account(account, o);
    json_decref(account);
    return OK;
}

static const char *state_of(const char *what)
{
    static const char *const states[][2] = { { "suspend", "suspended" },
                                             { "close", "closed" },
                                             { "open", "open" } };
    for (size_t i = 0; i < COUNT(states); i++)
        if (text_equal(what, states[i][0])) return states[i][1];
    return NULL;
}

static struct result act(const struct installation *i, const struct options *o, char **words,
                         struct diag *diag)
{
    const struct operator_login login = { "administrator", o->card, o->agent };
    struct client *console CLEANUP(client_free_p) = NULL;
    struct place place;
    TRY(place_open(i->folder, diag, &place));
    struct result r = operator_log_in(&place, &login, diag, &console);
    if (!failed(r))
        r = text_equal(words[0], "list")  ? list(console, o, diag)
            : text_equal(words[0], "add") ? add(console, o, diag)
                                          : set_state(console, words[1], state_of(words[0]), o, diag);
    place_done(&place);
    return r;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { 0 };
    struct installation i;
    struct diag diag = { 0 };
    int count, exit_status;
    if (!cli_parse(command, argc, argv, &o, &count, &exit_status)) return exit_status;
    bool changes = count > 0 && state_of(argv[0]);
    bool whole = changes ? count == 2 && o.reason
                         : count == 1 && (text_equal(argv[0], "list") || text_equal(argv[0], "add"));
    if (!whole) {
        cli_print_help(command);
        return CLI_USAGE;
    }
    struct result r = installation_open(o.folder, &diag, &i);
    if (failed(r)) return cli_fail(r, &diag);
    client_begin();
    r = act(&i, &o, argv, &diag);
    installation_done(&i);
    return failed(r) ? cli_fail(r, &diag) : EXIT_SUCCESS;
}

const struct cli_command command_user = {
    .name = "user",
    .operands = "list|add|suspend ID|close ID|open ID",
    .operands_max = 2,
    .summary = "accounts of holders: list, open, suspend, close",
    .about = "Does at the console's API what an administrator does at its pages, logged in with the own "
             "USBKey through the\n"
             "agent. add reads one JSON object from standard input: {\"organization\", \"name\", "
             "\"document_type\",\n"
             "\"document_number\", \"mobile\", \"email\"}; api/openapi.json tells each field.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
