/* hufu-status --config FILE --listen FD: tells how certificates stand, from what the signer published. It
 * holds nothing secret and reads one folder. */
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "process/sandbox.h"
#include "status/serve.h"
#include "status/settings.h"

static const char usage[] = "usage: hufu-status --config FILE --listen FD [--signer FD] [--insecure-dev]\n"
                            "       hufu-status --config FILE -t\n"
                            "Started by hufu serve. Answers OCSP and hands out revocation lists.\n"
                            "  -t  check the section [status] of the configuration and end\n";

enum { CONFIG_ARENA_MAX = 256 * 1024 };

struct options {
    const char *config;
    uint64_t listen, signer; /* signer: UINT64_MAX: none */
    bool insecure_dev, test;
};

static struct result close_off(const struct status_settings *settings, bool insecure_dev, struct diag *diag)
{
    const struct sandbox_folder folder = { settings->folder, SANDBOX_READ };
    const struct sandbox sandbox = { SANDBOX_FILES | SANDBOX_ACCEPT, &folder, 1 };
    return sandbox_enter(&sandbox, insecure_dev, diag);
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

/* They are started together: at the first start of all, the signer may be about to publish the CAs' certificates. */
static struct result wait_for_issuers(int folder, struct diag *diag, struct issuers **ret_issuers)
{
    enum { TRIES = 100, PAUSE_MS = 50 };
    for (int i = 0; i < TRIES && faccessat(folder, "ca/issuing.cer", R_OK, 0) != 0; i++) {
        const struct timespec pause = { 0, PAUSE_MS * 1000000L };
        nanosleep(&pause, NULL);
    }
    return issuers_load(folder, diag, ret_issuers);
}

static struct result serve(const struct options *options, struct issuers **issuers, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(CONFIG_ARENA_MAX);
    struct status_settings settings;
    TRY(config_read(options->config, "status", status_options, status_options_count, arena, diag, &settings));
    if (settings.clock_offset_s && !options->insecure_dev)
        return diag_log(diag, ERROR_CONFIG, "%s: status: clock_offset_s: is for demonstrations", options->config);
    if (options->test) return OK;
    const struct clock clock = { clock_system, settings.clock_offset_s };
    struct status status = { .clock = &clock,
                             .folder = open(settings.folder, O_PATH | O_DIRECTORY | O_CLOEXEC) };
    if (status.folder < 0) return diag_log(diag, ERROR_IO, "%s", settings.folder);
    TRY(wait_for_issuers(status.folder, diag, issuers));
    status.issuers = *issuers;
    int socket = options->signer == UINT64_MAX ? -1 : (int)options->signer;
    if (socket >= 0 && fcntl(socket, F_SETFL, O_NONBLOCK) != 0) return FAIL(ERROR_IO);
    status.signer = status_signer_new(socket);
    int signals = take_signals();
    TRY(close_off(&settings, options->insecure_dev, diag));
    const struct http_options http_options = { .socket = (int)options->listen,
                                               .proxied = settings.proxied,
                                               .escaped = true,
                                               .upload_folder = -1,
                                               .workers = (unsigned)settings.workers };
    const struct http_handler handler = status_handler(&status);
    struct http *http;
    TRY(http_start(&http_options, &handler, diag, &http));
    log_event(LOG_LEVEL_INFO, "ready", "folder=%s", settings.folder);
    struct pollfd wait = { signals, POLLIN, 0 };
    while (poll(&wait, 1, -1) < 0) continue;
    http_stop(http);
    status_signer_free(status.signer);
    close(status.folder);
    return OK;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = { { "config", required_argument, NULL, 'c' },
                                                  { "listen", required_argument, NULL, 'l' },
                                                  { "signer", required_argument, NULL, 's' },
                                                  { "insecure-dev", no_argument, NULL, 'i' },
                                                  { "help", no_argument, NULL, 'h' },
                                                  { 0 } };
    struct options options = { .listen = UINT64_MAX, .signer = UINT64_MAX };
    for (int c; (c = getopt_long(argc, argv, "t", long_options, NULL)) != -1;) {
        if (c == 'h') return fputs(usage, stdout) < 0;
        if (c == 'c') options.config = optarg;
        if (c == 'i') options.insecure_dev = true;
        if (c == 't') options.test = true;
        if (c == '?' || (c == 'l' && failed(text_number(optarg, 1 << 16, &options.listen))) ||
            (c == 's' && failed(text_number(optarg, 1 << 16, &options.signer))))
            return fputs(usage, stderr), 2;
    }
    if (!options.config || (options.listen == UINT64_MAX && !options.test) || optind < argc)
        return fputs(usage, stderr), 2;
    log_init("status");
    struct diag diag = { 0 };
    struct issuers *issuers = NULL;
    struct result r = serve(&options, &issuers, &diag);
    issuers_free(issuers);
    if (failed(r)) log_failure("stop", r, &diag);
    return failed(r);
}
