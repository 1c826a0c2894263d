/* hufu-card: a virtual USBKey. It is plugged in as long as the process runs. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "token/card/card_process.h"
#include "token/card/card_server.h"
#include "token/card/card_socket.h"
#include "token/card/card_store.h"
#include "token/card/maker.h"

static const char usage[] = "usage: hufu-card --image FILE --socket PATH [--insecure-dev]\n"
                            "       hufu-card --new --image FILE --serial SERIAL --maker FOLDER\n"
                            "       hufu-card --new-maker --maker FOLDER\n"
                            "A virtual USBKey: plugged in while it runs. --new makes a blank one, --new-maker the\n"
                            "keys of a maker of virtual USBKeys.\n";

struct options {
    const char *image, *socket, *serial, *maker;
    bool new_card, new_maker, insecure_dev;
};

static bool parse(int argc, char **argv, struct options *o)
{
    static const struct option long_options[] = {
        { "image", required_argument, NULL, 'i' }, { "socket", required_argument, NULL, 's' },
        { "serial", required_argument, NULL, 'n' }, { "maker", required_argument, NULL, 'm' },
        { "new", no_argument, NULL, 'c' }, { "new-maker", no_argument, NULL, 'k' },
        { "insecure-dev", no_argument, NULL, 'd' }, { "help", no_argument, NULL, 'h' }, { 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) switch (c) {
        case 'i': o->image = optarg; break;
        case 's': o->socket = optarg; break;
        case 'n': o->serial = optarg; break;
        case 'm': o->maker = optarg; break;
        case 'c': o->new_card = true; break;
        case 'k': o->new_maker = true; break;
        case 'd': o->insecure_dev = true; break;
        case 'h': fputs(usage, stdout); exit(0);
        default: return false;
        }
    if (optind < argc) return false;
    if (o->new_maker) return o->maker && !o->new_card && !o->image && !o->socket && !o->serial;
    if (o->new_card) return o->image && o->serial && o->maker && !o->socket;
    return o->image && o->socket && !o->serial && !o->maker;
}

static struct result serve(const struct options *o, struct card_store *store, struct card *card, struct diag *diag)
{
    struct card_io io = card_store_io(store);
    struct card_server *server CLEANUP(card_server_free_p) = NULL;
    struct result r = card_init(card, &io);
    if (failed(r)) return diag_log(diag, r.code, "%s", o->image);
    card_stop_prepare();
    TRY(card_server_new(card, o->socket, diag, &server));
    TRY(card_process_close_off(o->image, o->socket, o->insecure_dev, diag));
    printf("ready: %s\n", o->socket);
    fflush(stdout);
    card_server_run(server);
    return OK;
}

static struct result run_card(const struct options *o, struct diag *diag)
{
    struct card_store *store = calloc(1, sizeof *store);
    struct card *card = calloc(1, sizeof *card);
    if (!store || !card) abort();
    struct result r = card_store_open(store, o->image);
    if (failed(r))
        diag_log(diag, r.code, "%s", o->image);
    else
        r = serve(o, store, card, diag);
    card_store_close(store);
    card_done(card);
    free(store);
    free(card);
    return r;
}

int main(int argc, char **argv)
{
    struct options options = { 0 };
    struct diag diag = { 0 };
    struct result r;
    if (!parse(argc, argv, &options)) return fputs(usage, stderr), 2;
    log_init("card");
    if (options.new_maker)
        r = maker_new(options.maker, &diag);
    else if (options.new_card)
        r = maker_card(options.maker, options.serial, options.image, &diag);
    else
        r = run_card(&options, &diag);
    if (failed(r)) log_failure("stop", r, &diag);
    return failed(r);
}
