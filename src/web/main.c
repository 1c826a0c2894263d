/* hufu-web --config FILE --control FD --listen FD --key FD: HTTP, the rules and the database. It parses what strangers
 * send and holds no key of the CA. */
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "process/key.h"
#include "web/site.h"

static const char usage[] = "usage: hufu-web --config FILE --control FD --listen FD --key FD [--insecure-dev]\n"
                            "       hufu-web --config FILE -t\n"
                            "Started by hufu serve. Answers the API and the pages, and keeps the database.\n"
                            "  -t  check the section [web] of the configuration and end\n";

enum { CONFIG_ARENA_MAX = 512 * 1024 }; /* the whole file for each look into a section of another process */

struct options {
    const char *config;
    uint64_t control, listen, key;
    bool insecure_dev, test;
};

/* Until it is told to end, or whoever started it is gone. */
static void wait_for_end(int signals, int control)
{
    struct pollfd fds[] = { { signals, POLLIN, 0 }, { control, 0, 0 } };
    while (fds[0].revents == 0 && fds[1].revents == 0)
        if (poll(fds, COUNT(fds), -1) < 0) fds[0].revents = 0;
    log_event(LOG_LEVEL_INFO, "stop", "why=%s", fds[0].revents ? "signal" : "control");
}

/* Before the first thread: all of them leave these signals to the main one. */
static int take_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) abort();
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static struct result serve(const struct options *options, const uint8_t *key, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(CONFIG_ARENA_MAX);
    struct web_config config;
    struct site *site;
    int signals = take_signals(), control = fcntl((int)options->control, F_DUPFD_CLOEXEC, 3);
    ENSURE(signals >= 0 && control >= 0, ERROR_IO);
    TRY(web_config_read(options->config, arena, diag, &config));
    struct site_options site_options = { &config, (int)options->control, (int)options->listen, key,
                                         options->insecure_dev };
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
    return web_config_read(options->config, arena, diag, &config);
}

static struct result run(const struct options *options, struct diag *diag)
{
    if (options->test) return check(options, diag);
    uint8_t key[PROCESS_KEY_SIZE];
    TRY(process_key_take((int)options->key, key));
    struct result r = serve(options, key, diag);
    secret_wipe(key, sizeof key);
    return r;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option long_options[] = { { "config", required_argument, NULL, 'c' },
                                                  { "control", required_argument, NULL, 'o' },
                                                  { "listen", required_argument, NULL, 'l' },
                                                  { "key", required_argument, NULL, 'k' },
                                                  { "insecure-dev", no_argument, NULL, 'i' },
                                                  { 0 } };
    *o = (struct options){ .control = UINT64_MAX, .listen = UINT64_MAX, .key = UINT64_MAX };
    for (int c; (c = getopt_long(argc, argv, "t", long_options, NULL)) != -1;) {
        uint64_t *number = c == 'o' ? &o->control : c == 'l' ? &o->listen : c == 'k' ? &o->key : NULL;
        if (c == 'c') o->config = optarg;
        if (c == 'i') o->insecure_dev = true;
        if (c == 't') o->test = true;
        if (c == '?' || (number && failed(text_number(optarg, 1 << 16, number)))) return false;
    }
    bool whole = o->test || (o->control != UINT64_MAX && o->listen != UINT64_MAX && o->key != UINT64_MAX);
    return o->config && whole && optind == argc;
}

int main(int argc, char **argv)
{
    struct options options;
    struct diag diag = { 0 };
    if (argc == 2 && text_equal(argv[1], "--help")) return fputs(usage, stdout) < 0;
    if (!read_options(argc, argv, &options)) return fputs(usage, stderr), 2;
    log_init("web");
    struct result r = run(&options, &diag);
    if (failed(r)) log_failure("stop", r, &diag);
    return failed(r);
}
