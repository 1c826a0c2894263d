/* hufu-files --socket FD: looks at uploads and prints forms, each in a child that ends with its answer. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "files/form.h"
#include "files/pool.h"
#include "ipc/ipc.h"

static const char usage[] = "usage: hufu-files --socket FD\n"
                            "Started by hufu serve. Inspects uploads and prints forms on behalf of hufu-web.\n";

static struct result run(int socket)
{
    struct fonts *fonts CLEANUP(fonts_free_p) = NULL;
    TRY(fonts_load(&fonts));
    TRY(form_warm(fonts));
    TRY(ipc_hello(socket));
    log_event(LOG_LEVEL_INFO, "ready", "children=%d", POOL_CHILDREN_MAX);
    return pool_serve(socket, fonts);
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "socket", required_argument, NULL, 's' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    uint64_t socket = UINT64_MAX;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'h') return fputs(usage, stdout) < 0;
        if (c != 's' || failed(text_number(optarg, 1 << 16, &socket))) return fputs(usage, stderr), 2;
    }
    if (socket == UINT64_MAX || optind < argc) return fputs(usage, stderr), 2;
    log_init("files");
    signal(SIGPIPE, SIG_IGN);
    struct result r = run((int)socket);
    if (failed(r)) log_failure("stop", r, NULL);
    return failed(r);
}
