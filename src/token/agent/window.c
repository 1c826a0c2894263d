#include "token/agent/window.h"

#include "base/secret.h"
#include "token/agent/child.h"
#include "token/agent/window_api.h"

static bool page_gone(void *context)
{
    return net_gone(*(const net_socket *)context);
}

static struct result exchange(struct call *call, struct child *child, const struct window_question *question,
                              struct window_answer *answer)
{
    uint8_t *message = arena_take(call->arena, 4 + WINDOW_QUESTION_MAX);
    ENSURE(message, ERROR_OUT_OF_ROOM);
    struct writer head = writer_of(message, 4), w = writer_of(message + 4, WINDOW_QUESTION_MAX);
    window_question_write(question, &w);
    ENSURE(!w.full, ERROR_TOO_LARGE);
    write_u32(&head, (uint32_t)w.len);
    int64_t deadline_ms = system_now_ms() + WINDOW_TIME_MS;
    const struct child_watch watch = { page_gone, &call->socket };
    TRY(child_write(child, bytes_of(message, 4 + w.len), deadline_ms));
    return child_read(child, answer, sizeof *answer, deadline_ms, &watch);
}

static struct result verdict(struct result r, const struct window_answer *answer)
{
    if (r.code == ERROR_IPC_TIMEOUT || r.code == ERROR_AGENT_CANCELLED) return FAIL(ERROR_AGENT_CANCELLED);
    ENSURE(!failed(r), ERROR_AGENT_WINDOW);
    ENSURE(answer->verdict != WINDOW_NO_DISPLAY, ERROR_AGENT_NO_DISPLAY);
    ENSURE(answer->verdict == WINDOW_YES, ERROR_AGENT_CANCELLED);
    ENSURE(memchr(answer->old.text, 0, sizeof answer->old.text), ERROR_AGENT_WINDOW);
    ENSURE(memchr(answer->fresh.text, 0, sizeof answer->fresh.text), ERROR_AGENT_WINDOW);
    return OK;
}

/* Shows the window and waits; ANSWER lies in memory that the caller wipes. */
static struct result show(struct call *call, const struct window_question *question, struct window_answer *answer)
{
    ENSURE(system_has_display(), ERROR_AGENT_NO_DISPLAY);
    ENSURE(pthread_mutex_trylock(&call->agent->window_lock) == 0, ERROR_AGENT_WINDOW_OPEN);
    const char *const argv[] = { call->agent->window, NULL };
    struct child *child = NULL;
    struct result r = child_start(argv, &child);
    if (failed(r))
        r = FAIL(ERROR_AGENT_WINDOW);
    else
        r = verdict(exchange(call, child, question, answer), answer);
    child_end(child);
    pthread_mutex_unlock(&call->agent->window_lock);
    return r;
}

static struct result ask(struct call *call, const struct window_question *question, struct pin *ret_old,
                         struct pin *ret_new)
{
    struct window_answer *answer = system_take(sizeof *answer, NULL);
    ENSURE(answer, ERROR_OUT_OF_ROOM);
    struct result r = show(call, question, answer);
    if (!failed(r) && ret_old) *ret_old = answer->old;
    if (!failed(r) && ret_new) *ret_new = answer->fresh;
    system_give(answer, sizeof *answer);
    return r;
}

static struct result question_of(struct call *call, enum window_kind kind, const char *title,
                                 const struct window_key *key, struct window_question *ret)
{
    const char *origin = arena_text(call->arena, call->request.origin);
    ENSURE(origin, ERROR_OUT_OF_ROOM);
    *ret = (struct window_question){ .kind = kind, .title = title, .origin = origin, .serial = "", .holder = "",
                                     .problem = "", .tries = WINDOW_NO_TRIES };
    if (!key) return OK;
    ret->serial = key->serial;
    ret->holder = key->holder;
    ret->problem = key->problem;
    ret->tries = (uint8_t)key->tries;
    return OK;
}

struct result window_pair(struct call *call)
{
    struct window_question q;
    TRY(question_of(call, WINDOW_PAIR, "允许网站使用 USBKey", NULL, &q));
    return ask(call, &q, NULL, NULL);
}

struct result window_pin(struct call *call, const struct window_key *key, const struct words *words,
                         struct pin *ret_pin)
{
    struct window_question q;
    TRY(question_of(call, WINDOW_PIN, words->title, key, &q));
    q.count = words->count;
    for (size_t i = 0; i < words->count; i++) {
        q.lines[i].label = words->lines[i].label;
        q.lines[i].value = words->lines[i].value;
    }
    return ask(call, &q, ret_pin, NULL);
}

struct result window_new_pin(struct call *call, const struct window_key *key, bool preset, struct pin *ret_old,
                             struct pin *ret_new)
{
    struct window_question q;
    TRY(question_of(call, WINDOW_NEW_PIN, "修改 USBKey 口令", key, &q));
    q.preset = preset;
    return ask(call, &q, ret_old, ret_new);
}
