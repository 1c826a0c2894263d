#include <sys/types.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/secret.h"
#include "crypto/sm3.h"
#include "web/call_internal.h"

static struct result check_key(const char *key)
{
    size_t len = strlen(key);
    ENSURE(len >= 1 && len <= 64, ERROR_IDEMPOTENCY_KEY);
    static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
    ENSURE(strspn(key, allowed) == len, ERROR_IDEMPOTENCY_KEY);
    return OK;
}

static void add_text(struct sm3 *sm3, const char *text)
{
    sm3_update(sm3, bytes_of(text ? text : "", text ? strlen(text) + 1 : 1));
}

static struct result add_file(struct sm3 *sm3, int fd)
{
    uint8_t piece[16384];
    off_t at = 0;
    for (ssize_t n; (n = pread(fd, piece, sizeof piece, at)) != 0; at += n) {
        ENSURE(n > 0, ERROR_IO);
        sm3_update(sm3, bytes_of(piece, (size_t)n));
    }
    return OK;
}

/* Whose key it is and for what: the same text from someone else, or elsewhere, is another key. */
static void hash_key(const struct call *call, const char *key, uint8_t ret_hash[SM3_SIZE])
{
    struct sm3 sm3;
    uint8_t kind = (uint8_t)call->principal.kind;
    sm3_init(&sm3);
    add_text(&sm3, "HUFU-REPEAT-v1");
    add_text(&sm3, call->operation->id);
    sm3_update(&sm3, bytes_of(&kind, 1));
    sm3_update(&sm3, BYTES(call->principal.account.b));
    add_text(&sm3, call->principal.serial);
    add_text(&sm3, key);
    sm3_final(&sm3, ret_hash);
}

static struct result hash_content(const struct call *call, uint8_t ret_hash[SM3_SIZE])
{
    struct sm3 sm3;
    sm3_init(&sm3);
    add_text(&sm3, call->request->path);
    add_text(&sm3, call->request->query);
    sm3_update(&sm3, call->request->body);
    if (call->upload.fd >= 0) TRY(add_file(&sm3, call->upload.fd));
    sm3_final(&sm3, ret_hash);
    return OK;
}

/* Notes that KEY runs; ERROR_IDEMPOTENCY_RUNNING if it does already. There are as many places as workers. */
static struct result enter(struct router *router, const uint8_t key[32])
{
    static const uint8_t none[32];
    uint8_t *free_place = NULL;
    bool runs = false;
    pthread_mutex_lock(&router->running_lock);
    for (size_t i = 0; i < COUNT(router->running); i++) {
        runs = runs || memcmp(router->running[i], key, 32) == 0;
        if (!free_place && memcmp(router->running[i], none, 32) == 0) free_place = router->running[i];
    }
    if (!runs && free_place) memcpy(free_place, key, 32);
    pthread_mutex_unlock(&router->running_lock);
    ENSURE(!runs && free_place, ERROR_IDEMPOTENCY_RUNNING);
    return OK;
}

static void leave(struct router *router, const uint8_t key[32])
{
    pthread_mutex_lock(&router->running_lock);
    for (size_t i = 0; i < COUNT(router->running); i++)
        if (memcmp(router->running[i], key, 32) == 0) memset(router->running[i], 0, 32);
    pthread_mutex_unlock(&router->running_lock);
}

static struct result run(struct call *call)
{
    TRY(call->operation->handler(call));
    if (call->status == 0) TRY(answer_empty(call, call->operation->status));
    return OK;
}

static void keep(struct call *call, const struct call_repeat *repeat)
{
    const struct router_options *o = &call->router->options;
    const char *text = call->answer.len ? arena_text(call->arena, call->answer) : "{}";
    struct call_kept kept = { .status = call->status, .answer = text };
    memcpy(kept.content, repeat->content, sizeof kept.content);
    if (!text || !call->kept || call->status >= 300 || call->answer.len > ROUTER_KEPT_MAX) return;
    /* What was done is done, and told; only its repetition would not be recognized. */
    struct diag diag = { 0 };
    struct diag *of_request = call->diag;
    call->diag = &diag;
    struct result r = o->repeat_keep(call, repeat, &kept);
    call->diag = of_request;
    if (failed(r)) log_failure("repeat_keep", r, &diag);
}

static struct result repeat_or_run(struct call *call, const struct call_repeat *repeat)
{
    struct call_kept kept = { 0 };
    struct result r = call->router->options.repeat_find(call, repeat, &kept);
    if (r.code == ERROR_NOT_FOUND) {
        *call->diag = (struct diag){ 0 };
        TRY(run(call));
        FAULT("web:handled");
        keep(call, repeat);
        FAULT("web:answer-kept");
        return OK;
    }
    TRY(r);
    ENSURE(secret_equal(kept.content, repeat->content, sizeof kept.content), ERROR_IDEMPOTENCY_CONFLICT);
    http_answer_field(call->request, "Idempotent-Replayed", "true");
    if (!call->operation->answers) return answer_empty(call, kept.status);
    struct bytes json = arena_bytes(call->arena, bytes_text(kept.answer));
    ENSURE(json.ptr, ERROR_OUT_OF_ROOM);
    http_answer_body(call->request, kept.status, "application/json", json);
    call->status = kept.status;
    return OK;
}

struct result router_run(struct call *call)
{
    const struct router_options *o = &call->router->options;
    const char *key = call->operation->idempotent && o->repeat_find ? call_header(call, "Idempotency-Key") : NULL;
    call->kept = key != NULL;
    if (!key) return run(call);
    struct call_repeat repeat;
    TRY(check_key(key));
    hash_key(call, key, repeat.key);
    TRY(hash_content(call, repeat.content));
    TRY(enter(call->router, repeat.key));
    struct result r = repeat_or_run(call, &repeat);
    leave(call->router, repeat.key);
    return r;
}
