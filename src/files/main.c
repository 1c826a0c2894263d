/* hufu-files --socket FD: looks at uploads and prints forms, each in a child that ends with its answer. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "files/form.h"
#include "files/pool.h"
#include "ipc/ipc.h"
#include "process/arguments.h"
#include "process/sandbox.h"

static const char usage[] = "usage: hufu-files --socket FD [--child-ms N] [--insecure-dev]\n"
                            "       hufu-files -t\n"
                            "Started by hufu serve. Inspects uploads and prints forms on behalf of hufu-web.\n"
                            "  --child-ms  how long one file or form may take (default 20000)\n"
                            "  -t          see that the fonts are there and end\n";

enum { CHILD_MS_LONGEST = 600 * 1000 };

struct options {
    struct arguments given;
    uint64_t socket, child_ms;
};

static struct result run(const struct options *options, struct diag *diag)
{
    /* Fonts are in memory by then: nothing is opened any more, children narrow themselves further. */
    static const struct sandbox sandbox = { .calls = SANDBOX_FORK };
    int socket = (int)options->socket, child_ms = (int)options->child_ms;
    struct fonts *fonts CLEANUP(fonts_free_p) = NULL;
    TRY(fonts_load(&fonts));
    TRY(form_warm(fonts));
    if (options->given.test) return OK;
    TRY(sandbox_enter(&sandbox, options->given.insecure_dev, diag));
    TRY(ipc_hello(socket));
    log_event(LOG_LEVEL_INFO, "ready", "children=%d child_ms=%d", POOL_CHILDREN_MAX, child_ms);
    return pool_serve(socket, fonts, child_ms);
}

int main(int argc, char **argv)
{
    struct options options = { .socket = UINT64_MAX, .child_ms = POOL_CHILD_MS };
    const struct arguments_form form = { false, 2,
                                         { { "socket", ARGUMENT_FD_MAX, true, &options.socket },
                                           { "child-ms", CHILD_MS_LONGEST, false, &options.child_ms } } };
    int code;
    if (!arguments_read(argc, argv, &form, &options.given, &code))
        return fputs(usage, code ? stderr : stdout), code;
    log_init("files");
    signal(SIGPIPE, SIG_IGN);
    struct diag diag = { 0 };
    struct result r = run(&options, &diag);
    if (failed(r)) log_failure("stop", r, &diag);
    return failed(r);
}
