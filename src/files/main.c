/* hufu-files --socket FD: looks at uploads and prints forms, each in a child that ends with its answer. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "files/form.h"
#include "files/pool.h"
#include "ipc/ipc.h"

static const char usage[] = "usage: hufu-files --socket FD [--child-ms N]\n"
                            "Started by hufu serve. Inspects uploads and prints forms on behalf of hufu-web.\n"
                            "  --child-ms  how long one file or form may take (default 20000)\n";

enum { CHILD_MS_LONGEST = 600 * 1000 };

static struct result run(int socket, int child_ms)
{
    struct fonts *fonts CLEANUP(fonts_free_p) = NULL;
    TRY(fonts_load(&fonts));
    TRY(form_warm(fonts));
    TRY(ipc_hello(socket));
    log_event(LOG_LEVEL_INFO, "ready", "children=%d child_ms=%d", POOL_CHILDREN_MAX, child_ms);
    return pool_serve(socket, fonts, child_ms);
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "socket", required_argument, NULL, 's' },
                                             { "child-ms", required_argument, NULL, 'm' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    uint64_t socket = UINT64_MAX, child_ms = POOL_CHILD_MS;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'h') return fputs(usage, stdout) < 0;
        struct result r = c == 's'   ? text_number(optarg, 1 << 16, &socket)
                          : c == 'm' ? text_number(optarg, CHILD_MS_LONGEST, &child_ms)
                                     : FAIL(ERROR_MALFORMED);
        if (failed(r)) return fputs(usage, stderr), 2;
    }
    if (socket == UINT64_MAX || optind < argc) return fputs(usage, stderr), 2;
    log_init("files");
    signal(SIGPIPE, SIG_IGN);
    struct result r = run((int)socket, (int)child_ms);
    if (failed(r)) log_failure("stop", r, NULL);
    return failed(r);
}
