#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"
#include "token/agent/agent.h"

enum {
    CONNECTIONS_MAX = 64,
    RECEIVE_MS = 10 * 1000,
    SEND_MS = 10 * 1000,
    FINISH_MS = 500,
    RECEIVED_MAX = HTTP_HEAD_MAX + HTTP_BODY_MAX
};

/* What is received may hold a PIN: it lies in locked memory. */
struct room {
    uint8_t received[RECEIVED_MAX + 1];
};

struct connection {
    struct agent *agent;
    net_socket socket;
};

/* ---- receiving ---- */

/* Reads until the head is whole; what came behind it stays in the buffer. */
static struct result receive_head(net_socket s, struct room *room, int64_t deadline_ms, size_t *ret_got,
                                  size_t *ret_head)
{
    size_t got = 0, head = 0;
    while (head == 0) {
        ENSURE(got < HTTP_HEAD_MAX, ERROR_AGENT_HTTP);
        size_t n;
        TRY(net_read(s, room->received + got, HTTP_HEAD_MAX - got, deadline_ms, &n));
        got += n;
        head = http_head_end(bytes_of(room->received, got));
    }
    *ret_got = got;
    *ret_head = head;
    return OK;
}

static struct result receive_body(net_socket s, struct room *room, int64_t deadline_ms, size_t head, size_t got,
                                  const struct http_request *request)
{
    size_t whole = head + request->length;
    ENSURE(got <= whole, ERROR_AGENT_HTTP); /* one request a connection */
    while (got < whole) {
        size_t n;
        TRY(net_read(s, room->received + got, whole - got, deadline_ms, &n));
        got += n;
    }
    return OK;
}

/* ---- deciding ---- */

static bool is_json(struct bytes type)
{
    return bytes_equal(type, bytes_text("application/json")) ||
           bytes_equal(type, bytes_text("application/json; charset=utf-8")) ||
           bytes_equal(type, bytes_text("application/json;charset=utf-8")) ||
           bytes_equal(type, bytes_text("application/json; charset=UTF-8")) ||
           bytes_equal(type, bytes_text("application/json;charset=UTF-8"));
}

/* Who asks, before what is asked: user, address, website. */
static struct result check_caller(struct call *call)
{
    const struct agent *agent = call->agent;
    ENSURE(agent->insecure_dev || net_peer_is_own(call->socket), ERROR_AGENT_PEER);
    ENSURE(origins_own_host(call->request.host, agent->port), ERROR_AGENT_HOST);
    ENSURE(origins_listed(&agent->origins, call->request.origin), ERROR_AGENT_ORIGIN);
    return OK;
}

static struct result check_form(const struct http_request *request)
{
    ENSURE(is_json(request->content_type), ERROR_AGENT_CONTENT_TYPE);
    ENSURE(request->has_length, ERROR_AGENT_LENGTH);
    return OK;
}

/* ---- answering ---- */

static void write_error(struct call *call, struct result r)
{
    const struct error_entry *e = error_find(r.code);
    char id[ID_TEXT_LEN + 1];
    struct id random = random_id();
    id_text(&random, id);
    call->out.len = 0;
    call->out.full = false;
    json_open(&call->out, NULL, '{');
    json_number(&call->out, "code", e->code);
    json_text(&call->out, "name", e->name);
    json_text(&call->out, "message", e->zh);
    json_text(&call->out, "detail", call->diag.detail);
    if (call->diag.field[0]) json_text(&call->out, "field", call->diag.field);
    json_text(&call->out, "hint", e->hint_zh);
    json_text(&call->out, "request_id", id);
    bool told = r.code == ERROR_AGENT_PIN_WRONG || r.code == ERROR_AGENT_PIN_LOCKED || r.code == ERROR_AGENT_LAST_TRIES;
    if (told && call->tries != HELPER_NO_TRIES) json_number(&call->out, "tries_left", call->tries);
    json_close(&call->out, '}');
    log_event(e->status >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "refused", "request=%s code=%d name=%s %s", id,
              (int)e->code, e->name, call->diag.log);
}

static void send_answer(struct call *call, int status, bool listed)
{
    uint8_t head[1024];
    struct writer w = writer_of(head, sizeof head);
    http_write_head(&w, status, listed ? call->request.origin : (struct bytes){ 0 }, call->out.len);
    int64_t deadline_ms = system_now_ms() + SEND_MS;
    if (failed(net_write(call->socket, bytes_of(head, w.len), deadline_ms))) return;
    IGNORE(net_write(call->socket, bytes_of(call->out.ptr, call->out.len), deadline_ms)); /* the page has gone */
}

static void send_preflight(struct call *call)
{
    uint8_t head[1024];
    struct writer w = writer_of(head, sizeof head);
    http_write_preflight(&w, call->request.origin, call->request.asks_private);
    IGNORE(net_write(call->socket, bytes_of(head, w.len), system_now_ms() + SEND_MS)); /* the page has gone */
}

/* Receives and runs one request. RET_LISTED: the page may read the answer, also if it is an error. */
static struct result handle(struct call *call, struct room *room, bool *ret_listed)
{
    int64_t deadline_ms = system_now_ms() + RECEIVE_MS;
    size_t got, head;
    TRY(receive_head(call->socket, room, deadline_ms, &got, &head));
    TRY(http_parse(bytes_of(room->received, head), &call->diag, &call->request));
    TRY(check_caller(call));
    *ret_listed = true;
    if (call->request.method == HTTP_OPTIONS) return OK;
    TRY(check_form(&call->request));
    TRY(receive_body(call->socket, room, deadline_ms, head, got, &call->request));
    TRY(json_read((char *)room->received + head, call->request.length, &call->diag, &call->fields));
    json_open(&call->out, NULL, '{');
    TRY(operation_run(call));
    json_close(&call->out, '}');
    ENSURE(!call->out.full, ERROR_OUT_OF_ROOM);
    return OK;
}

static void serve_room(struct connection *c, struct room *room, uint8_t *answer)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(CALL_ARENA_MAX);
    struct call call = { .agent = c->agent, .socket = c->socket, .arena = arena, .tries = HELPER_NO_TRIES,
                         .out = writer_of(answer, CALL_ANSWER_MAX) };
    bool listed = false;
    struct result r = handle(&call, room, &listed);
    if (r.code == ERROR_IPC_CLOSED) return;
    if (r.code == ERROR_IPC_TIMEOUT) r = FAIL(ERROR_AGENT_SLOW);
    if (!failed(r) && call.request.method == HTTP_OPTIONS) {
        send_preflight(&call);
        return;
    }
    if (failed(r)) write_error(&call, r);
    send_answer(&call, failed(r) ? error_find(r.code)->status : 200, listed);
    secret_wipe(answer, call.out.len); /* it may be a pairing */
}

/* Refuses without a thread and without reading: there are too many. */
static void refuse_busy(struct agent *agent, net_socket s)
{
    static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    IGNORE(net_write(s, bytes_text(answer), system_now_ms() + 1)); /* whoever does not take it, does not get it */
    net_close(s);
}

static void count_connection(struct agent *agent, int change)
{
    pthread_mutex_lock(&agent->count_lock);
    agent->connections += (unsigned)change;
    pthread_mutex_unlock(&agent->count_lock);
}

static void serve_connection(void *argument)
{
    struct connection *c = argument;
    struct room *room = system_take(sizeof *room, NULL);
    uint8_t *answer = malloc(CALL_ANSWER_MAX);
    if (room && answer) serve_room(c, room, answer);
    system_give(room, sizeof *room);
    free(answer);
    net_finish(c->socket, system_now_ms() + FINISH_MS);
    net_close(c->socket);
    count_connection(c->agent, -1);
    free(c);
}

static bool room_for_another(struct agent *agent)
{
    pthread_mutex_lock(&agent->count_lock);
    bool room = agent->connections < CONNECTIONS_MAX;
    if (room) agent->connections++;
    pthread_mutex_unlock(&agent->count_lock);
    return room;
}

void serve(struct agent *agent, const struct net_listener *listener)
{
    for (net_socket s; (s = net_accept(listener)) != NET_NONE;) {
        if (!room_for_another(agent)) {
            refuse_busy(agent, s);
            continue;
        }
        struct connection *c = malloc(sizeof *c);
        if (!c) abort();
        *c = (struct connection){ agent, s };
        if (!failed(system_thread(serve_connection, c))) continue;
        count_connection(agent, -1);
        net_close(s);
        free(c);
    }
}
