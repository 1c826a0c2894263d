/* ipc-client PROGRAM ARGUMENT…: starts PROGRAM with "--socket FD" in the place of "@" and asks it what stands on
 * standard input, a JSON object a line: {"type": number, "ask": shape, "answer": shape, "record": {…},
 * "file": path to read or write, "timeout_ms": n}. Requests run side by side; each is answered by a line
 * {"line": n, "error": name, "detail": …, "log": …, "record": {…}} as it comes. Ids and bytes are hex. */
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/ipc.h"
#include "ipc/messages.h"

enum { REQUESTS_MAX = 1000, ARENA_MAX = 1 << 20, RECORD_MAX = 4096 };

struct request {
    struct ipc_client *client;
    json_t *asked;
    int line;
};

static pthread_mutex_t output_lock = PTHREAD_MUTEX_INITIALIZER;

static const struct shape *find_shape(const char *name)
{
    for (size_t i = 0; name && i < ipc_shapes_count; i++)
        if (text_equal(ipc_shapes[i]->name, name)) return ipc_shapes[i];
    return NULL;
}

static void fill(const struct shape *shape, const json_t *from, struct arena *arena, void *record)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *f = &shape->fields[i];
        const json_t *value = json_object_get(from, f->name);
        void *at = shape_at(f, record);
        struct bytes b = { 0 };
        if (!value) continue;
        if (f->kind == SHAPE_KIND_INT) *(int64_t *)at = json_integer_value(value);
        if (f->kind == SHAPE_KIND_TEXT) *(const char **)at = arena_text(arena, bytes_text(json_string_value(value)));
        if (f->kind != SHAPE_KIND_BYTES && f->kind != SHAPE_KIND_ID) continue;
        if (failed(text_from_hex(arena, json_string_value(value), &b))) abort();
        if (f->kind == SHAPE_KIND_BYTES)
            *(struct bytes *)at = b;
        else
            memcpy(at, b.ptr, ID_SIZE);
    }
}

static json_t *dump(const struct shape *shape, struct arena *arena, const void *record)
{
    json_t *into = json_object();
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *f = &shape->fields[i];
        const void *at = shape_at_const(f, record);
        json_t *value = NULL;
        if (f->kind == SHAPE_KIND_INT) value = json_integer(*(const int64_t *)at);
        if (f->kind == SHAPE_KIND_TEXT) value = json_string(*(const char *const *)at);
        if (f->kind == SHAPE_KIND_BYTES) value = json_string(text_hex(arena, *(const struct bytes *)at));
        if (f->kind == SHAPE_KIND_ID) value = json_string(text_hex(arena, bytes_of(at, ID_SIZE)));
        json_object_set_new(into, f->name, value ? value : json_null());
    }
    return into;
}

static void *ask(void *closure)
{
    struct request *request = closure;
    struct arena *arena = arena_new(ARENA_MAX);
    void *record = arena_take(arena, RECORD_MAX), *answer = arena_take(arena, RECORD_MAX);
    const json_t *asked = request->asked, *timeout = json_object_get(asked, "timeout_ms");
    const struct shape *shape = find_shape(json_string_value(json_object_get(asked, "ask")));
    const struct shape *told = find_shape(json_string_value(json_object_get(asked, "answer")));
    const char *file = json_string_value(json_object_get(asked, "file"));
    if (!shape) abort();
    fill(shape, json_object_get(asked, "record"), arena, record);
    int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    struct ipc_call call = { (uint16_t)json_integer_value(json_object_get(asked, "type")), shape, told, fd,
                             timeout ? (int)json_integer_value(timeout) : 60000 };
    struct diag diag = { 0 };
    struct result r = ipc_ask(request->client, &call, record, arena, &diag, answer, NULL);
    json_t *line = json_pack("{s:i, s:s, s:s, s:s, s:s, s:o}", "line", request->line, "error",
                             failed(r) ? error_find(r.code)->name : "", "field", diag.field, "detail", diag.detail,
                             "log", diag.log, "record", failed(r) || !told ? json_null() : dump(told, arena, answer));
    char *text = json_dumps(line, JSON_COMPACT);
    pthread_mutex_lock(&output_lock);
    printf("%s\n", text);
    fflush(stdout);
    pthread_mutex_unlock(&output_lock);
    free(text);
    json_decref(line);
    if (fd >= 0) close(fd);
    arena_free(arena);
    return NULL;
}

static pid_t start(char **argv, int *ret_socket)
{
    int pair[2];
    char number[12];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0) abort();
    snprintf(number, sizeof number, "%d", pair[1]);
    for (char **a = argv; *a; a++)
        if (text_equal(*a, "@")) *a = number;
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        close(STDIN_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    close(pair[1]);
    fcntl(pair[0], F_SETFD, FD_CLOEXEC);
    *ret_socket = pair[0];
    return pid;
}

int main(int argc, char **argv)
{
    static struct request requests[REQUESTS_MAX];
    static pthread_t threads[REQUESTS_MAX];
    int socket, status, count = 0;
    struct ipc_client *client;
    if (argc < 2) return 2;
    pid_t pid = start(argv + 1, &socket);
    struct result r = ipc_client_new(socket, &client);
    if (failed(r)) {
        waitpid(pid, &status, 0);
        printf("{\"line\":0,\"error\":\"%s\",\"exit\":%d}\n", error_find(r.code)->name, WEXITSTATUS(status));
        return 1;
    }
    char *line = NULL;
    size_t room = 0;
    while (count < REQUESTS_MAX && getline(&line, &room, stdin) > 0) {
        requests[count] = (struct request){ client, json_loads(line, JSON_REJECT_DUPLICATES, NULL), count };
        if (!requests[count].asked) return 2;
        if (pthread_create(&threads[count], NULL, ask, &requests[count]) != 0) abort();
        count++;
    }
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    ipc_client_free(client);
    waitpid(pid, &status, 0);
    free(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
