/* hufu-status --config FILE --listen FD: tells how certificates stand, from what the signer published. It
 * holds nothing secret and reads one folder. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "process/arguments.h"
#include "process/sandbox.h"
#include "status/serve.h"
#include "status/settings.h"

static const char usage[] = "usage: hufu-status --config FILE --listen FD [--signer FD] [--insecure-dev]\n"
                            "       hufu-status --config FILE -t\n"
                            "Started by hufu serve. Answers OCSP and hands out revocation lists.\n"
                            "  -t  check the section [status] of the configuration and end\n";

enum { CONFIG_ARENA_MAX = 256 * 1024 };

struct options {
    struct arguments given;
    uint64_t listen, signer; /* signer: UINT64_MAX: none */
};

static struct result close_off(const struct status_settings *settings, bool insecure_dev, struct diag *diag)
{
    const struct sandbox_folder folder = { settings->folder, SANDBOX_READ };
    const struct sandbox sandbox = { SANDBOX_FILES | SANDBOX_ACCEPT, &folder, 1 };
    return sandbox_enter(&sandbox, insecure_dev, diag);
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
    TRY(config_read(options->given.config, "status", status_options, status_options_count, arena, diag, &settings));
    if (settings.clock_offset_s && !options->given.insecure_dev)
        return diag_log(diag, ERROR_CONFIG, "%s: status: clock_offset_s: is for demonstrations", options->given.config);
    if (options->given.test) return OK;
    const struct clock clock = { clock_system, settings.clock_offset_s };
    struct status status = { .clock = &clock,
                             .folder = open(settings.folder, O_PATH | O_DIRECTORY | O_CLOEXEC) };
    if (status.folder < 0) return diag_log(diag, ERROR_IO, "%s", settings.folder);
    TRY(wait_for_issuers(status.folder, diag, issuers));
    status.issuers = *issuers;
    int socket = options->signer == UINT64_MAX ? -1 : (int)options->signer;
    if (socket >= 0 && fcntl(socket, F_SETFL, O_NONBLOCK) != 0) return FAIL(ERROR_IO);
    status.signer = status_signer_new(socket);
    int signals = arguments_signals();
    TRY(close_off(&settings, options->given.insecure_dev, diag));
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
    struct options options = { .listen = UINT64_MAX, .signer = UINT64_MAX };
    const struct arguments_form form = { true, 2, { { "listen", ARGUMENT_FD_MAX, true, &options.listen },
                                                    { "signer", ARGUMENT_FD_MAX, false, &options.signer } } };
    int code;
    if (!arguments_read(argc, argv, &form, &options.given, &code))
        return fputs(usage, code ? stderr : stdout), code;
    log_init("status");
    struct diag diag = { 0 };
    struct issuers *issuers = NULL;
    struct result r = serve(&options, &issuers, &diag);
    issuers_free(issuers);
    if (failed(r)) log_failure("stop", r, &diag);
    return failed(r);
}
