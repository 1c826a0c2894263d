#include "cli/installation.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

#define AGENT_PORT "18181" /* the preset of [agent] */

enum { ARENA_MAX = 16 * CONFIG_FILE_MAX };

/* clang-format off */
#define SERVE(field) offsetof(struct serve_config, field)
#define DEMO(field) offsetof(struct demo_config, field)
const struct config_option serve_options[] = {
    { "listen", CONFIG_TEXT, SERVE(listen), "127.0.0.1:8080", false, 0, 0,
      "where pages and API are served: an address with its port, or unix:PATH behind nginx" },
    { "listen_group", CONFIG_TEXT, SERVE(listen_group), NULL, false, 1, 32,
      "group that may connect to a unix: socket: nginx's" },
    { "status_listen", CONFIG_TEXT, SERVE(status_listen), NULL, false, 0, 0,
      "where OCSP and revocation lists are served, like listen; without it hufu-status is not started" },
    { "secret_file", CONFIG_PATH, SERVE(secret_file), NULL, false, 0, 0,
      "file of the installation's secret, in a demonstration only; else systemd's credential \"secret\", "
      "--secret-fd, or a prompt" },
    { "web_user", CONFIG_TEXT, SERVE(web_user), NULL, false, 1, 32, "user that hufu-web runs as" },
    { "signer_user", CONFIG_TEXT, SERVE(signer_user), NULL, false, 1, 32, "user that hufu-signer runs as" },
    { "files_user", CONFIG_TEXT, SERVE(files_user), NULL, false, 1, 32, "user that hufu-files runs as" },
    { "relay_user", CONFIG_TEXT, SERVE(relay_user), NULL, false, 1, 32, "user that hufu-relay runs as" },
    { "status_user", CONFIG_TEXT, SERVE(status_user), NULL, false, 1, 32, "user that hufu-status runs as" },
    { "hsm_user", CONFIG_TEXT, SERVE(hsm_user), NULL, false, 1, 32, "user that hufu-hsm runs as" },
};
const struct config_option demo_options[] = {
    { "on", CONFIG_FLAG, DEMO(on), "no", false, 0, 0, "whether this is a demonstration: --insecure-dev goes without saying" },
    { "paysim", CONFIG_TEXT, DEMO(paysim), NULL, false, 0, 0, "where the payment simulator listens, 127.0.0.1:PORT" },
    { "cards", CONFIG_PATH, DEMO(cards), "usbkeys", false, 0, 0, "folder of the virtual USBKeys that are plugged in" },
    { "agent", CONFIG_FLAG, DEMO(agent), "yes", false, 0, 0, "whether hufu-agent is started too" },
};
/* clang-format on */
const size_t serve_options_count = COUNT(serve_options), demo_options_count = COUNT(demo_options);

/* ---- the folder ---- */

static const char *which_folder(const char *given)
{
    const char *named = getenv("HUFU_FOLDER");
    if (given) return given;
    if (named && named[0]) return named;
    return access("var/hufu.conf", F_OK) == 0 ? "var" : "/var/lib/hufu";
}

static struct result find_folder(const char *given, struct diag *diag, struct installation *i)
{
    const char *folder = which_folder(given);
    if (!realpath(folder, i->folder)) return diag_log(diag, ERROR_FOLDER_NONE, "%s", folder);
    int n = snprintf(i->config, sizeof i->config, "%s/hufu.conf", i->folder);
    if (n < 0 || (size_t)n >= sizeof i->config || access(i->config, F_OK) != 0)
        return diag_log(diag, ERROR_FOLDER_NONE, "%s", i->folder);
    return OK;
}

/* ---- the configuration ---- */

/* The few keys of other sections that are told to people; the processes themselves check them. */
static struct result read_addresses(struct installation *i, struct diag *diag)
{
    const char *port = NULL;
    const struct {
        const char *section, *key, **into;
    } wanted[] = {
        { "web", "portal", &i->portal }, { "web", "console", &i->console }, { "web", "platform", &i->platform },
        { "agent", "port", &port },
    };
    for (size_t k = 0; k < COUNT(wanted); k++) {
        TRY(config_peek(i->config, wanted[k].section, wanted[k].key, i->arena, diag, wanted[k].into));
        if (!*wanted[k].into) *wanted[k].into = "";
    }
    bool agent = i->demo.on && i->demo.agent;
    i->agent = agent ? arena_format(i->arena, "http://127.0.0.1:%s", port[0] ? port : AGENT_PORT) : "";
    ENSURE(i->agent, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result read_hsm(struct installation *i, struct diag *diag)
{
    const char **const into[] = { &i->hsm_module, &i->hsm_pin_file };
    static const char *const keys[] = { "module", "pin_file" };
    for (size_t k = 0; k < COUNT(keys); k++) {
        TRY(config_peek(i->config, "hsm", keys[k], i->arena, diag, into[k]));
        if (!*into[k] || *into[k][0] == '/') continue;
        *into[k] = arena_format(i->arena, "%s/%s", i->folder, *into[k]);
        ENSURE(*into[k], ERROR_OUT_OF_ROOM);
    }
    return OK;
}

struct result installation_open(const char *folder, struct diag *diag, struct installation *ret_installation)
{
    struct installation *i = ret_installation;
    *i = (struct installation){ 0 };
    TRY(find_folder(folder, diag, i));
    i->arena = arena_new(ARENA_MAX);
    static const char *const sections[] = { "serve", "web", "signer", "relay", "status", "hsm", "agent", "demo", NULL };
    struct result r = config_check_sections(i->config, sections, i->arena, diag);
    if (!failed(r)) r = config_read(i->config, "serve", serve_options, COUNT(serve_options), i->arena, diag, &i->serve);
    if (!failed(r))
        r = config_read(i->config, "demo", demo_options, COUNT(demo_options), i->arena, diag, &i->demo);
    if (!failed(r)) r = read_addresses(i, diag);
    if (!failed(r)) r = read_hsm(i, diag);
    if (failed(r)) installation_done(i);
    return r;
}

void installation_done(struct installation *installation)
{
    arena_free(installation->arena);
    installation->arena = NULL;
}

struct result installation_database(const struct installation *installation, struct arena *arena, struct diag *diag,
                                    const char **ret_url)
{
    const char *url = installation->database, *folder;
    if (url) {
        *ret_url = url;
        return OK;
    }
    TRY(config_peek(installation->config, "web", "database", arena, diag, &url));
    TRY(config_peek(installation->config, "web", "folder", arena, diag, &folder));
    if (!folder) folder = "web";
    if (!url)
        url = arena_format(arena, "sqlite:%s%s%s/hufu.db", folder[0] == '/' ? "" : installation->folder,
                           folder[0] == '/' ? "" : "/", folder);
    ENSURE(url, ERROR_OUT_OF_ROOM);
    *ret_url = url;
    return OK;
}
