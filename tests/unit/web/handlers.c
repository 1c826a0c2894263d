/* The operations of openapi.json beside this file. */
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"
#include "crypto/sm3.h"
#include "http_server.h"
#include "small_gen.h"

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
