/* The engine with a few operations of its own (openapi.json beside it), for the tests that speak to it over a
 * socket: tests/api/test_http.py. Listens on a loopback port of the kernel's choice, or on a Unix socket
 * as nginx's, prints "port N" and "ready", ends at the end of its standard input. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api_gen.h"
#include "base/random.h"
#include "crypto/sm3.h"

enum { KEPT_MAX = 64 };

struct kept {
    uint8_t key[32];
    struct call_kept kept;
    char answer[1024];
};

struct app {
    struct sse *sse;
    unsigned slow_ms;
    unsigned made; /* things made: shows that a repeat makes none */
    unsigned kept_count;
    struct kept kept[KEPT_MAX];
    pthread_mutex_t lock;
};

/* ---- operations ---- */

struct result api_health(struct call *call)
{
    struct api_health health = { .status = "good", .good = 1 };
    return answer_record(call, &api_health_shape, &health);
}

struct result api_slow(struct call *call)
{
    struct app *app = call->app;
    usleep(app->slow_ms * 1000);
    return api_health(call);
}

struct result api_thing_new(struct call *call)
{
    const struct api_thing_new *asked = call->body;
    struct app *app = call->app;
    pthread_mutex_lock(&app->lock);
    unsigned number = ++app->made;
    pthread_mutex_unlock(&app->lock);
    if (strcmp(asked->name, "fail") == 0)
        return diag_field(call->diag, ERROR_FIELD_FORMAT, "name", "校验位应为 %d", 7);
    struct api_thing thing = { .id = asked->owner, .name = asked->name, .size = number, .flag = asked->flag,
                               .note = asked->note, .seal = asked->seal, .tags = asked->tags };
    return answer_record(call, &api_thing_shape, &thing);
}

struct result api_thing_list(struct call *call)
{
    struct api_thing things[] = {
        { .id = random_id(), .name = "\"虎\\符\"", .size = 1, .made_s = 7 },
        { .id = random_id(), .name = "𠮷", .size = 2, .flag = 1 },
    };
    return answer_list(call, &api_thing_shape, things, COUNT(things), call_text(call, "after") ? NULL : "next-1");
}

struct result api_thing_get(struct call *call)
{
    struct api_thing thing = { .id = call_id(call, "id"), .name = call->client, .size = 3 };
    return answer_record(call, &api_thing_shape, &thing);
}

struct result api_thing_drop(struct call *call)
{
    return OK;
}

struct result api_thing_file(struct call *call)
{
    char name[] = "/tmp/hufu-web-XXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    for (int i = 0; i < 1000; i++)
        if (write(fd, "%PDF-1.7\n", 9) != 9) return FAIL(ERROR_IO);
    return answer_file(call, fd, "application/pdf", "受理表 1.pdf", true);
}

struct result api_upload_new(struct call *call)
{
    uint8_t piece[16384], hash[SM3_SIZE];
    struct sm3 sm3;
    sm3_init(&sm3);
    for (ssize_t n; (n = read(call->upload.fd, piece, sizeof piece)) > 0;) sm3_update(&sm3, bytes_of(piece, (size_t)n));
    sm3_final(&sm3, hash);
    struct api_upload upload = { .size = (int64_t)call->upload.size, .hash = text_hex(call->arena, BYTES(hash)) };
    return answer_record(call, &api_upload_shape, &upload);
}

struct result api_raw_take(struct call *call)
{
    return call->raw.len > 3 && memcmp(call->raw.ptr, "fail", 4) == 0 ? FAIL(ERROR_IO) : OK;
}

struct result api_session_new(struct call *call)
{
    const struct api_session_new *asked = call->body;
    return answer_cookie(call, "session", asked->name, 600);
}

struct result api_session_get(struct call *call)
{
    struct api_session_new session = { .name = call->principal.name };
    return answer_record(call, &api_session_new_shape, &session);
}

struct result api_events(struct call *call)
{
    return answer_sse(call, call_text(call, "id"));
}

struct result api_event_publish(struct call *call)
{
    const struct api_event_new *asked = call->body;
    struct app *app = call->app;
    struct id id = call_id(call, "id");
    if (strcmp(asked->text, "end") == 0) sse_end(app->sse, &id);
    size_t got = sse_publish(app->sse, call_text(call, "id"), "change", bytes_text(asked->text));
    struct api_upload answer = { .size = (int64_t)(strcmp(asked->text, "count") == 0 ? sse_count(app->sse) : got) };
    return answer_record(call, &api_upload_shape, &answer);
}

struct result api_console_thing(struct call *call)
{
    return call_role(call, "reviewer") ? OK : FAIL(ERROR_NOT_FOUND);
}

struct result api_broken(struct call *call)
{
    struct api_thing thing = { .size = 1 }; /* without its name */
    return answer_record(call, &api_thing_shape, &thing);
}

/* ---- what an application gives the engine ---- */

/* The cookie is who one is: a holder's name or account, "operator:reviewer", "expired". */
static struct result identify(struct call *call, struct principal *ret_principal)
{
    const char *cookie = call_cookie(call, "session");
    if (!cookie) return OK;
    if (strcmp(cookie, "expired") == 0) return diag_detail(call->diag, ERROR_LOGIN_NEEDED, "登录已过期");
    *ret_principal = (struct principal){ .kind = PRINCIPAL_HOLDER, .name = cookie };
    IGNORE(id_parse(cookie, &ret_principal->account)); /* most are names */
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
    char portal[64], console[64], portal_origin[80], console_origin[80];
    snprintf(portal, sizeof portal, "portal.localhost:%d", port);
    snprintf(console, sizeof console, "console.localhost:%d", port);
    snprintf(portal_origin, sizeof portal_origin, "http://portal.localhost:%d", port);
    snprintf(console_origin, sizeof console_origin, "https://console.localhost:%d", port);
    const struct call_host hosts[] = { { CALL_HOST_PORTAL, portal, portal_origin },
                                       { CALL_HOST_CONSOLE, console, console_origin } };
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
