/* hufu-paysim: payment platforms for demonstrations and tests: WeChat Pay's API v3 and Alipay's page pay; and one for
 * electronic invoices (docs/PROTOCOL.invoice), and EMS's. */
#include <arpa/inet.h>
#include <getopt.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "paysim/sim.h"
#include "paysim/sim_ems.h"
#include "paysim/tax.h"
#include "process/sandbox.h"
#include "relay/http.h"

enum { ARENA_MAX = 4 * 1024 * 1024, SLOW_S = 20, HUGE_SIZE = 200 * 1000 };

static const char usage[] =
    "usage: hufu-paysim --listen 127.0.0.1:PORT --folder DIR [--notify-url URL] [--init]\n"
    "                   [--insecure-dev]\n"
    "Simulates WeChat Pay, Alipay, a tax platform and EMS for demonstrations: no money moves, no parcel travels,\n"
    "and no invoice of it is one. DIR gets its keys, its orders, its invoices, its parcels, and relay.conf with what\n"
    "hufu-relay has to be told.\n"
    "  --init        only make what is missing in DIR, then end\n"
    "  --notify-url  below it callbacks go to /wechat/callback and /alipay/callback (default\n"
    "                http://127.0.0.1:8080/api/v1/payments)\n"
    "In a browser: http://127.0.0.1:PORT/sim/pay/ORDER\n";

struct options {
    const char *listen, *folder, *notify_url;
    bool init, insecure_dev;
};

/* ---- one connection ---- */

struct upload {
    struct arena *arena;
    uint8_t *data;
    size_t len;
};

static enum MHD_Result send_answer(struct sim *sim, struct MHD_Connection *connection,
                                   const struct sim_request *request, struct sim_answer *a)
{
    enum sim_mode mode = a->is_api ? (enum sim_mode)atomic_load(&sim->mode) : SIM_NORMAL;
    if (mode == SIM_SLOW) sleep(SLOW_S);
    if (mode == SIM_ERROR)
        *a = (struct sim_answer){ .status = 500, .type = "application/json", .body = "{\"code\":\"SYSTEM_ERROR\"}",
                                  .is_api = true, .is_signed = a->is_signed };
    if (mode == SIM_GARBAGE) a->body = "<html>502 Bad Gateway</html>";
    if (mode == SIM_HUGE) a->body = arena_format(request->arena, "{\"x\":\"%0*d\"}", HUGE_SIZE, 0);
    if (a->is_signed && failed(api_sign(sim, request, mode, a))) a->status = 500;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        !a->body ? 0 : a->len ? a->len : strlen(a->body), (void *)(uintptr_t)(a->body ? a->body : ""),
        MHD_RESPMEM_MUST_COPY);
    if (a->body) MHD_add_response_header(response, "Content-Type", a->type);
    for (size_t i = 0; i < COUNT(a->headers) && a->headers[i][0]; i++)
        MHD_add_response_header(response, a->headers[i][0], a->headers[i][1]);
    enum MHD_Result r = MHD_queue_response(connection, (unsigned)a->status, response);
    MHD_destroy_response(response);
    return r;
}

static enum MHD_Result keep_pair(void *closure, enum MHD_ValueKind kind, const char *name, const char *value)
{
    return failed(url_form_add(closure, name, value)) ? MHD_NO : MHD_YES;
}

/* As it is signed; MHD does not keep it as it came. Nothing in WeChat's queries needs to be encoded. */
static const char *target_of(struct arena *arena, const char *path, const struct url_form *query)
{
    const char *target = path;
    for (size_t i = 0; i < query->count && target; i++)
        target = arena_format(arena, "%s%c%s=%s", target, i ? '&' : '?', query->pairs[i].name, query->pairs[i].value);
    return target;
}

static enum MHD_Result answer(struct sim *sim, struct MHD_Connection *connection, const char *method,
                              const char *path, struct upload *upload)
{
    const char *merchant = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "mchid");
    struct url_form query = { .count = 0 };
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, keep_pair, &query);
    struct sim_request request = {
        .query = &query,
        .arena = upload->arena,
        .method = method,
        .path = path,
        .target = target_of(upload->arena, path, &query),
        .authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization"),
        .query_mode = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "mode"),
        .query_merchant = merchant,
        .body = bytes_of(upload->data, upload->len),
    };
    static const char *const tax[] = { "Tax-Account", "Tax-Timestamp", "Tax-Nonce", "Tax-Signature" };
    for (size_t i = 0; i < COUNT(tax); i++)
        request.tax[i] = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, tax[i]);
    struct sim_answer a = { 0 };
    if (text_starts(path, "/v3/"))
        api_answer(sim, &request, &a);
    else if (text_equal(path, "/gateway.do"))
        alipay_gateway(sim, &request, &a);
    else if (text_starts(path, "/v1/"))
        tax_answer(sim, &request, &a);
    else if (text_equal(path, EMS_PATH))
        sim_ems_answer(sim, &request, &a);
    else if (text_starts(path, "/sim/ems"))
        sim_ems_set(sim, &request, &a);
    else if (text_equal(path, "/sim/tax"))
        tax_set_mode(sim, &request, &a);
    else
        phone_answer(sim, &request, &a);
    return send_answer(sim, connection, &request, &a);
}

static enum MHD_Result handle(void *closure, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data, size_t *size,
                              void **ret_state)
{
    struct upload *upload = *ret_state;
    if (!upload) {
        struct arena *arena = arena_new(ARENA_MAX);
        upload = ARENA_NEW(arena, struct upload);
        *upload = (struct upload){ arena, arena_take(arena, SIM_BODY_MAX), 0 };
        *ret_state = upload;
        return MHD_YES;
    }
    if (*size) {
        if (*size > SIM_BODY_MAX - upload->len) return MHD_NO;
        memcpy(upload->data + upload->len, data, *size);
        upload->len += *size;
        *size = 0;
        return MHD_YES;
    }
    return answer(closure, connection, method, path, upload);
}

static void completed(void *closure, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode code)
{
    struct upload *upload = *state;
    if (upload) arena_free(upload->arena);
    *state = NULL;
}

/* ---- the process ---- */

/* "127.0.0.1:PORT"; only loopback: there is no money, but also no guard. */
static bool parse_listen(const char *text, struct sockaddr_in *ret_address)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (!colon || (size_t)(colon - text) != strlen("127.0.0.1") || !text_starts(text, "127.0.0.1:")) return false;
    if (failed(text_number(colon + 1, 65535, &port))) return false;
    *ret_address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    return true;
}

static struct result listen_on(const struct sockaddr_in *address, struct diag *diag, int *ret_socket)
{
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    ENSURE(s >= 0, ERROR_IO);
    bool good = setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                bind(s, (const struct sockaddr *)address, sizeof *address) == 0 && listen(s, SOMAXCONN) == 0;
    if (!good) close(s);
    if (!good) return diag_log(diag, ERROR_IO, "cannot listen on port %d: it is taken", ntohs(address->sin_port));
    *ret_socket = s;
    return OK;
}

/* Callbacks go to loopback: no names are looked up, no roots are read. */
static struct result close_off(const struct options *options, struct diag *diag)
{
    const struct sandbox_folder folder = { options->folder, SANDBOX_READ | SANDBOX_WRITE };
    const struct sandbox sandbox = { SANDBOX_FILES | SANDBOX_ACCEPT | SANDBOX_CONNECT, &folder, 1 };
    return sandbox_enter(&sandbox, options->insecure_dev, diag);
}

static struct result serve(struct sim *sim, int socket, const sigset_t *stop)
{
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, handle, sim,
        MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT, 100U,
        MHD_OPTION_CONNECTION_TIMEOUT, 30U, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
    ENSURE(daemon, ERROR_IO);
    log_event(LOG_LEVEL_INFO, "ready", "url=%s", sim->url);
    int signal_number;
    sigwait(stop, &signal_number);
    MHD_stop_daemon(daemon);
    return OK;
}

static struct result run(const struct options *options, const struct sockaddr_in *address, const sigset_t *stop,
                         struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    const char *url = arena_format(arena, "http://127.0.0.1:%d", ntohs(address->sin_port));
    TRY(keys_make(options->folder, url, options->notify_url));
    if (options->init) return OK;
    struct sim sim = { .url = url };
    TRY(keys_load(options->folder, &sim.keys));
    struct result r = orders_open(arena_format(arena, "%s/orders.jsonl", options->folder), &sim.orders);
    int socket = -1;
    if (!failed(r)) r = orders_open(arena_format(arena, "%s/invoices.jsonl", options->folder), &sim.invoices);
    if (!failed(r)) r = orders_open(arena_format(arena, "%s/parcels.jsonl", options->folder), &sim.parcels);
    if (!failed(r)) r = listen_on(address, diag, &socket);
    if (!failed(r)) r = close_off(options, diag);
    if (!failed(r)) r = serve(&sim, socket, stop);
    orders_free(sim.orders);
    orders_free(sim.invoices);
    orders_free(sim.parcels);
    keys_free(sim.keys);
    return r;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = { { "listen", required_argument, NULL, 'l' },
                                                  { "folder", required_argument, NULL, 'f' },
                                                  { "notify-url", required_argument, NULL, 'n' },
                                                  { "init", no_argument, NULL, 'i' },
                                                  { "insecure-dev", no_argument, NULL, 'd' },
                                                  { "help", no_argument, NULL, 'h' },
                                                  { 0 } };
    struct options o = { .notify_url = "http://127.0.0.1:8080/api/v1/payments" };
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (c == 'h') return fputs(usage, stdout) < 0;
        if (c == 'l') o.listen = optarg;
        if (c == 'f') o.folder = optarg;
        if (c == 'n') o.notify_url = optarg;
        if (c == 'i') o.init = true;
        if (c == 'd') o.insecure_dev = true;
        if (c == '?') return fputs(usage, stderr), 2;
    }
    struct sockaddr_in address;
    bool good = o.listen && o.folder && optind == argc && parse_listen(o.listen, &address);
    if (!good) return fputs(usage, stderr), 2;
    log_init("paysim");
    signal(SIGPIPE, SIG_IGN);
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL); /* before threads begin, so that none of them takes it */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) abort();
    struct diag diag = { 0 };
    struct result r = run(&o, &address, &stop, &diag);
    if (failed(r)) log_failure("stop", r, &diag);
    return failed(r);
}
