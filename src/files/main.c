/* hufu-files --socket FD: looks at uploads and prints forms, each in a child that ends with its answer. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "files/form.h"
#include "files/pool.h"
#include "ipc/ipc.h"
#include "process/sandbox.h"

static const char usage[] = "usage: hufu-files --socket FD [--child-ms N] [--insecure-dev]\n"
                            "       hufu-files -t\n"
                            "Started by hufu serve. Inspects uploads and prints forms on behalf of hufu-web.\n"
                            "  --child-ms  how long one file or form may take (default 20000)\n"
                            "  -t          see that the fonts are there and end\n";

enum { CHILD_MS_LONGEST = 600 * 1000 };

struct options {
    uint64_t socket, child_ms;
    bool insecure_dev, test;
};

static struct result run(const struct options *options, struct diag *diag)
{
    /* Fonts are in memory by then: nothing is opened any more, children narrow themselves further. */
    static const struct sandbox sandbox = { .calls = SANDBOX_FORK };
    int socket = (int)options->socket, child_ms = (int)options->child_ms;
    struct fonts *fonts CLEANUP(fonts_free_p) = NULL;
    TRY(fonts_load(&fonts));
    TRY(form_warm(fonts));
    if (options->test) return OK;
    TRY(sandbox_enter(&sandbox, options->insecure_dev, diag));
    TRY(ipc_hello(socket));
    log_event(LOG_LEVEL_INFO, "ready", "children=%d child_ms=%d", POOL_CHILDREN_MAX, child_ms);
    return pool_serve(socket, fonts, child_ms);
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = { { "socket", required_argument, NULL, 's' },
                                                  { "child-ms", required_argument, NULL, 'm' },
                                                  { "insecure-dev", no_argument, NULL, 'i' },
                                                  { "help", no_argument, NULL, 'h' },
                                                  { 0 } };
    struct options options = { .socket = UINT64_MAX, .child_ms = POOL_CHILD_MS };
    for (int c; (c = getopt_long(argc, argv, "t", long_options, NULL)) != -1;) {
        if (c == 'h') return fputs(usage, stdout) < 0;
        if (c == 'i') options.insecure_dev = true;
        if (c == 't') options.test = true;
        struct result r = c == 's'   ? text_number(optarg, 1 << 16, &options.socket)
                          : c == 'm' ? text_number(optarg, CHILD_MS_LONGEST, &options.child_ms)
                                     : OK;
        if (c == '?' || failed(r)) return fputs(usage, stderr), 2;
    }
    if ((options.socket == UINT64_MAX && !options.test) || optind < argc) return fputs(usage, stderr), 2;
    log_init("files");
    signal(SIGPIPE, SIG_IGN);
    struct diag diag = { 0 };
    struct result r = run(&options, &diag);
    if (failed(r)) log_failure("stop", r, &diag);
    return failed(r);
}
