/* hufu-web --config FILE --control FD --listen FD --key FD: HTTP, the rules and the database. It parses what strangers
 * send and holds no key of the CA. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "process/arguments.h"
#include "process/key.h"
#include "web/site.h"

static const char usage[] = "usage: hufu-web --config FILE --control FD --listen FD --key FD [--insecure-dev]\n"
                            "       hufu-web --config FILE -t\n"
                            "Started by hufu serve. Answers the API and the pages, and keeps the database.\n"
                            "  -t  check the section [web] of the configuration and end\n";

enum { CONFIG_ARENA_MAX = 512 * 1024 }; /* the whole file for each look into a section of another process */

struct options {
    struct arguments given;
    uint64_t control, listen, key;
};

/* Until it is told to end, or whoever started it is gone. */
static void wait_for_end(int signals, int control)
{
    struct pollfd fds[] = { { signals, POLLIN, 0 }, { control, 0, 0 } };
    while (fds[0].revents == 0 && fds[1].revents == 0)
        if (poll(fds, COUNT(fds), -1) < 0) fds[0].revents = 0;
    log_event(LOG_LEVEL_INFO, "stop", "why=%s", fds[0].revents ? "signal" : "control");
}

static struct result serve(const struct options *options, const uint8_t *key, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(CONFIG_ARENA_MAX);
    struct web_config config;
    struct site *site;
    int signals = arguments_signals(), control = fcntl((int)options->control, F_DUPFD_CLOEXEC, 3);
    ENSURE(signals >= 0 && control >= 0, ERROR_IO);
    TRY(web_config_read(options->given.config, arena, diag, &config));
    struct site_options site_options = { &config, (int)options->control, (int)options->listen, key,
                                         options->given.insecure_dev };
    TRY(site_start(&site_options, diag, &site));
    log_event(LOG_LEVEL_INFO, "ready", "portal=%s", config.settings.portal_origin);
    wait_for_end(signals, control);
    site_stop(site);
    return OK;
}

static struct result check(const struct options *options, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(CONFIG_ARENA_MAX);
    struct web_config config;
    return web_config_read(options->given.config, arena, diag, &config);
}

static struct result run(const struct options *options, struct diag *diag)
{
    if (options->given.test) return check(options, diag);
    uint8_t key[PROCESS_KEY_SIZE];
    TRY(process_key_take((int)options->key, key));
    struct result r = serve(options, key, diag);
    secret_wipe(key, sizeof key);
    return r;
}

int main(int argc, char **argv)
{
    struct options options = { .control = UINT64_MAX, .listen = UINT64_MAX, .key = UINT64_MAX };
    const struct arguments_form form = { true, 3, { { "control", ARGUMENT_FD_MAX, true, &options.control },
                                                    { "listen", ARGUMENT_FD_MAX, true, &options.listen },
                                                    { "key", ARGUMENT_FD_MAX, true, &options.key } } };
    int code;
    if (!arguments_read(argc, argv, &form, &options.given, &code))
        return fputs(usage, code ? stderr : stdout), code;
    log_init("web");
    struct diag diag = { 0 };
    struct result r = run(&options, &diag);
    if (failed(r)) log_failure("stop", r, &diag);
    return failed(r);
}
