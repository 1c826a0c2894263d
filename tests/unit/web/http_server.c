/* The engine with operations that need no application, for the tests that speak to it over a socket: with a few
 * of its own (openapi.json and handlers.c beside it) for tests/api/test_http.py, with all of api/openapi.json and
 * empty answers for tests/api/test_fields.py. Listens on a loopback port of the kernel's choice, or on a Unix socket
 * as nginx's, prints "port N" and "ready", ends at the end of its standard input. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http_server.h"

/* ---- what an application gives the engine ---- */

/* The cookie is who one is: a holder's name or account, "operator:reviewer", "platform", "expired". */
static struct result identify(struct call *call, struct principal *ret_principal)
{
    const char *cookie = call_cookie(call, "session");
    if (!cookie) return OK;
    if (strcmp(cookie, "expired") == 0) return diag_detail(call->diag, ERROR_LOGIN_NEEDED, "登录已过期");
    *ret_principal = (struct principal){ .kind = PRINCIPAL_HOLDER, .name = cookie };
    IGNORE(id_parse(cookie, &ret_principal->account)); /* most are names */
    if (strcmp(cookie, "platform") == 0) ret_principal->kind = PRINCIPAL_PLATFORM;
    if (strncmp(cookie, "operator:", 9) == 0) {
        ret_principal->kind = PRINCIPAL_OPERATOR;
        ret_principal->roles = cookie + 9;
    }
    return OK;
}

static struct result repeat_find(struct call *call, const struct call_repeat *repeat, struct call_kept *ret_kept)
{
    struct app *app = call->app;
    struct result r = FAIL(ERROR_NOT_FOUND);
    pthread_mutex_lock(&app->lock);
    for (unsigned i = 0; i < app->kept_count; i++)
        if (memcmp(app->kept[i].key, repeat->key, 32) == 0) {
            *ret_kept = app->kept[i].kept;
            ret_kept->answer = app->kept[i].answer;
            r = OK;
        }
    pthread_mutex_unlock(&app->lock);
    return r;
}

static struct result repeat_keep(struct call *call, const struct call_repeat *repeat, const struct call_kept *kept)
{
    struct app *app = call->app;
    pthread_mutex_lock(&app->lock);
    if (app->kept_count < KEPT_MAX) {
        struct kept *k = &app->kept[app->kept_count++];
        memcpy(k->key, repeat->key, 32);
        k->kept = *kept;
        snprintf(k->answer, sizeof k->answer, "%s", kept->answer);
    }
    pthread_mutex_unlock(&app->lock);
    return OK;
}

/* ---- start ---- */

static int listen_tcp(int *ret_port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&at, len) < 0 || listen(fd, 512) < 0) return -1;
    getsockname(fd, (struct sockaddr *)(void *)&at, &len);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static int listen_unix(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&at, sizeof at) < 0 || listen(fd, 512) < 0) return -1;
    return fd;
}

static unsigned setting(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    static struct app app = { .lock = PTHREAD_MUTEX_INITIALIZER };
    const char *unix_path = getenv("UNIX"), *folder = getenv("FOLDER");
    int port = 0, fd = unix_path ? listen_unix(unix_path) : listen_tcp(&port);
    if (fd < 0) return 1;
    app.slow_ms = setting("SLOW_MS", 300);
    char portal[64], console[64], platform[64], portal_origin[80], console_origin[80], platform_origin[80];
    snprintf(portal, sizeof portal, "portal.localhost:%d", port);
    snprintf(console, sizeof console, "console.localhost:%d", port);
    snprintf(portal_origin, sizeof portal_origin, "http://portal.localhost:%d", port);
    snprintf(console_origin, sizeof console_origin, "https://console.localhost:%d", port);
    snprintf(platform, sizeof platform, "platform.localhost:%d", port);
    snprintf(platform_origin, sizeof platform_origin, "http://platform.localhost:%d", port);
    const struct call_host hosts[] = { { CALL_HOST_PORTAL, portal, portal_origin },
                                       { CALL_HOST_CONSOLE, console, console_origin },
                                       { CALL_HOST_PLATFORM, platform, platform_origin } };
    const struct clock clock = { clock_system, 0 };
    struct sse_options sse_options = { .heartbeat_s = setting("HEARTBEAT", 0), .life_s = setting("LIFE", 0),
                                       .streams = setting("STREAMS", 0) };
    if (failed(sse_new(&sse_options, &app.sse))) return 1;
    struct router_options options = { .app = &app, .clock = &clock, .operations = api_operations,
                                      .operation_count = api_operation_count, .hosts = hosts, .host_count = COUNT(hosts),
                                      .sse = app.sse, .identify = identify, .repeat_find = repeat_find,
                                      .repeat_keep = repeat_keep, .quiet = !getenv("LOG") };
    struct router *router = router_new(&options);
    struct http_handler handler = router_handler(router);
    struct http_options http_options = {
        .socket = fd, .proxied = unix_path != NULL, .upload_folder = open(folder ? folder : "/tmp", O_PATH | O_DIRECTORY),
        .workers = setting("WORKERS", 0), .queue = setting("QUEUE", 0), .head_s = setting("HEAD", 0),
        .idle_s = setting("IDLE", 0), .slow_s = setting("SLOW", 0), .slow_rate = setting("RATE", 0),
        .uploads = setting("UPLOADS", 0), .connections = setting("CONNECTIONS", 0), .networks = setting("NETWORKS", 0),
    };
    struct diag diag = { 0 };
    struct http *http;
    if (failed(http_start(&http_options, &handler, &diag, &http))) {
        fprintf(stderr, "%s\n", diag.log);
        return 1;
    }
    printf("port %d\nready\n", port);
    fflush(stdout);
    for (char c; read(STDIN_FILENO, &c, 1) > 0;) continue;
    http_stop(http);
    sse_free(app.sse);
    router_free(router);
    close(fd);
    close(http_options.upload_folder);
    printf("stopped\n");
    return 0;
}
