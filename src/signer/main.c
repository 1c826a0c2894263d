/* hufu-signer --config FILE --socket FD --key FD [--status FD] [--hsm FD]: holds the CA's keys, the journal and the
 * register of operators, and decides by itself what it signs. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/secret.h"
#include "process/arguments.h"
#include "process/sandbox.h"
#include "signer/serve.h"

static const char usage[] = "usage: hufu-signer --config FILE --socket FD --key FD [--status FD] [--hsm FD]\n"
                            "                   [--insecure-dev]\n"
                            "       hufu-signer --config FILE -t\n"
                            "Started by hufu serve. Issues and revokes certificates on signed evidence.\n"
                            "  -t  check the section [signer] of the configuration and end\n";

struct options {
    struct arguments given;
    uint64_t socket, key, status, hsm; /* status, hsm: UINT64_MAX: none */
};

static struct result close_off(const struct signer_settings *settings, bool insecure_dev, struct diag *diag)
{
    const struct sandbox_folder folders[] = { { settings->folder, SANDBOX_READ | SANDBOX_WRITE },
                                              { settings->publish, SANDBOX_READ | SANDBOX_WRITE } };
    const struct sandbox sandbox = { SANDBOX_FILES, folders, COUNT(folders) };
    return sandbox_enter(&sandbox, insecure_dev, diag);
}

static struct result run(const struct options *options, struct arena *arena, struct diag *diag)
{
    struct signer *signer CLEANUP(signer_free_p) = NULL;
    struct signer_settings settings;
    uint8_t key[PROCESS_KEY_SIZE];
    TRY(settings_read(options->given.config, arena, diag, &settings));
    if (settings.clock_offset_s && !options->given.insecure_dev)
        return diag_log(diag, ERROR_CONFIG, "%s: signer: clock_offset_s: is for demonstrations", options->given.config);
    if (options->given.test) return OK;
    if (options->hsm != UINT64_MAX) settings.hsm_socket = (int)options->hsm;
    const struct clock clock = { clock_system, settings.clock_offset_s };
    TRY(process_key_take((int)options->key, key));
    struct result r = signer_open(&settings, key, &clock, diag, &signer);
    secret_wipe(key, sizeof key);
    TRY(r);
    TRY(close_off(&settings, options->given.insecure_dev, diag));
    TRY(ipc_hello((int)options->socket));
    log_event(LOG_LEVEL_INFO, "ready", "journal=%llu phase=%d", (unsigned long long)ledger_size(signer->journal),
              (int)signer->phase);
    int status = options->status == UINT64_MAX ? -1 : (int)options->status;
    if (status >= 0 && fcntl(status, F_SETFL, O_NONBLOCK) != 0) return FAIL(ERROR_IO);
    return serve(signer, (int)options->socket, status, diag);
}

int main(int argc, char **argv)
{
    struct options options = { .socket = UINT64_MAX, .key = UINT64_MAX, .status = UINT64_MAX, .hsm = UINT64_MAX };
    const struct arguments_form form = { true, 4, { { "socket", ARGUMENT_FD_MAX, true, &options.socket },
                                                    { "key", ARGUMENT_FD_MAX, true, &options.key },
                                                    { "status", ARGUMENT_FD_MAX, false, &options.status },
                                                    { "hsm", ARGUMENT_FD_MAX, false, &options.hsm } } };
    int code;
    if (!arguments_read(argc, argv, &form, &options.given, &code))
        return fputs(usage, code ? stderr : stdout), code;
    log_init("signer");
    signal(SIGPIPE, SIG_IGN);
    umask(S_IWGRP | S_IWOTH); /* what is published is for all to read; everything else says that it is not */
    signal(SIGXFSZ, SIG_IGN); /* a journal that may not grow is an error like a full disk */
    struct diag diag = { 0 };
    struct arena *arena = arena_new(1 << 20);
    struct result r = run(&options, arena, &diag);
    if (failed(r)) log_failure("stop", r, &diag);
    arena_free(arena);
    return failed(r);
}
