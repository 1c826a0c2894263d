/* hufu-relay --socket FD --config FILE: the only process with outbound connections. It sends notices, asks
 * payment gateways, and checks what they say; it sees no database and no request of a user. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "process/arguments.h"
#include "process/sandbox.h"
#include "relay/settings.h"
#include "relay/lanes.h"

static const char usage[] = "usage: hufu-relay --socket FD --config FILE [--insecure-dev]\n"
                            "       hufu-relay --config FILE -t\n"
                            "Started by hufu serve. Sends notices and asks payment gateways for hufu-web.\n"
                            "  -t  check the section [relay] of the configuration and end\n";

struct options {
    struct arguments given;
    uint64_t socket;
};

static struct result serve(int socket, struct lanes *lanes)
{
    uint8_t *buffer = malloc(IPC_MESSAGE_MAX);
    if (!buffer) abort();
    struct result r = OK;
    while (!failed(r)) {
        struct ipc_message asked;
        r = ipc_read(socket, buffer, &asked);
        if (failed(r)) break;
        r = lanes_take(lanes, &asked);
    }
    free(buffer);
    return r.code == ERROR_IPC_CLOSED ? OK : r;
}

/* What names are looked up by, and which roots are trusted: read anew with each connection. */
static struct result close_off(const struct gateways *gateways, bool insecure_dev, struct diag *diag)
{
    static const char *const paths[] = { "/etc/resolv.conf",
                                         "/etc/hosts",
                                         "/etc/host.conf",
                                         "/etc/nsswitch.conf",
                                         "/etc/gai.conf",
                                         "/etc/services",
                                         "/etc/ssl",
                                         "/usr/lib/ssl",
                                         "/usr/share/ca-certificates",
                                         "/usr/local/share/ca-certificates" };
    struct sandbox_folder folders[COUNT(paths) + 1];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(paths); i++)
        if (access(paths[i], R_OK) == 0) folders[count++] = (struct sandbox_folder){ paths[i], SANDBOX_READ };
    if (gateways->ca_file) folders[count++] = (struct sandbox_folder){ gateways->ca_file, SANDBOX_READ };
    struct sandbox sandbox = { SANDBOX_FILES | SANDBOX_CONNECT, folders, count };
    return sandbox_enter(&sandbox, insecure_dev, diag);
}

static struct result run(const struct options *options, struct diag *diag)
{
    static const struct clock clock = { clock_system, 0 };
    if (options->given.test) return settings_check(options->given.config, diag);
    struct gateways *gateways CLEANUP(gateways_free_p) = NULL;
    struct lanes *lanes;
    TRY(settings_open(options->given.config, options->given.insecure_dev, diag, &gateways));
    TRY(close_off(gateways, options->given.insecure_dev, diag));
    TRY(ipc_hello((int)options->socket));
    TRY(lanes_new((int)options->socket, gateways, &clock, &lanes));
    const char *sms = gateways->sms_gateway ? "gateway" : gateways->sms ? "sink" : "none";
    log_event(LOG_LEVEL_INFO, "ready", "sms=%s email=%s wechat=%s alipay=%s tax=%s", sms,
              gateways->smtp.url ? "smtp"
              : gateways->email  ? "sink"
                                 : "none",
              gateways->wechat ? "on" : "off", gateways->alipay ? "on" : "off",
              gateways->tax ? "on" : "off");
    struct result r = serve((int)options->socket, lanes);
    lanes_free(lanes);
    return r;
}

int main(int argc, char **argv)
{
    struct options options = { .socket = UINT64_MAX };
    const struct arguments_form form = { true, 1, { { "socket", ARGUMENT_FD_MAX, true, &options.socket } } };
    int code;
    if (!arguments_read(argc, argv, &form, &options.given, &code))
        return fputs(usage, code ? stderr : stdout), code;
    log_init("relay");
    signal(SIGPIPE, SIG_IGN);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) abort();
    struct diag diag = { 0 };
    struct result r = run(&options, &diag);
    if (failed(r)) log_failure("stop", r, &diag);
    return failed(r);
}
