#include "token/card/card_server.h"

#include <stdlib.h>

#include "base/secret.h"
#include "token/card/card_frame.h"
#include "token/card/card_socket.h"

enum { FOREVER = -1 };

struct client {
    card_socket s; /* -1: free place */
    bool greeted;
    bool waits;           /* for the lock */
    int64_t until_ms;     /* … until then; FOREVER */
    size_t in_len, out_len, out_at;
    uint8_t in[CARD_FRAME_HEAD + CARD_FRAME_PAYLOAD_MAX];
    uint8_t out[CARD_FRAME_HEAD + CARD_ANSWER_MAX];
};

struct card_server {
    struct card *card;
    struct card_listener *listener;
    struct client *clients; /* CARD_CLIENTS_MAX */
    struct client *owner;   /* of the lock */
};

/* ---- answers ---- */

static void answer(struct client *c, uint8_t type, struct bytes payload)
{
    struct writer w = writer_of(c->out, sizeof c->out);
    write_u32(&w, (uint32_t)payload.len + 1);
    write_u8(&w, type | CARD_FRAME_ANSWER);
    write_bytes(&w, payload);
    c->out_len = w.len;
    c->out_at = 0;
}

static void answer_byte(struct client *c, uint8_t type, uint8_t value)
{
    answer(c, type, bytes_of(&value, 1));
}

static void drop(struct card_server *s, struct client *c)
{
    card_socket_close(c->s);
    if (s->owner == c) s->owner = NULL;
    secret_wipe(c, sizeof *c);
    c->s = -1;
}

/* ---- the lock ---- */

static void take_lock(struct card_server *s, struct client *c, struct reader *r)
{
    uint32_t timeout_ms = read_u32(r);
    if (!s->owner || s->owner == c) {
        s->owner = c;
        answer_byte(c, CARD_FRAME_LOCK, 1);
        return;
    }
    c->waits = true;
    c->until_ms = timeout_ms == UINT32_MAX ? FOREVER : card_socket_now_ms() + timeout_ms;
}

/* Gives the lock to who waits for it, and tells those whose time is over. */
static void serve_waiting(struct card_server *s)
{
    int64_t now = card_socket_now_ms();
    for (size_t i = 0; i < CARD_CLIENTS_MAX; i++) {
        struct client *c = &s->clients[i];
        if (c->s < 0 || !c->waits) continue;
        bool over = c->until_ms != FOREVER && c->until_ms <= now;
        if (s->owner && !over) continue;
        if (!s->owner) s->owner = c;
        c->waits = false;
        answer_byte(c, CARD_FRAME_LOCK, s->owner == c);
    }
}

static int next_timeout(const struct card_server *s)
{
    int64_t best = FOREVER, now = card_socket_now_ms();
    for (size_t i = 0; i < CARD_CLIENTS_MAX; i++) {
        const struct client *c = &s->clients[i];
        if (c->s < 0 || !c->waits || c->until_ms == FOREVER) continue;
        int64_t left = c->until_ms > now ? c->until_ms - now : 0;
        if (best == FOREVER || left < best) best = left;
    }
    return best > 60000 ? 60000 : (int)best;
}

/* Somebody else has the card: what this client asks waits. */
static bool kept_out(const struct card_server *s, const struct client *c)
{
    return s->owner && s->owner != c;
}

/* ---- requests ---- */

static void hello(struct client *c, struct reader *r)
{
    uint8_t out[2 + 32];
    struct writer w = writer_of(out, sizeof out);
    c->greeted = read_u16(r) == CARD_FRAME_VERSION;
    write_u16(&w, CARD_FRAME_VERSION);
    write_bytes(&w, card_atr);
    answer(c, CARD_FRAME_HELLO, bytes_of(out, w.len));
}

/* False when the client does not keep to the protocol. */
static bool take(struct card_server *s, struct client *c, uint8_t type, struct reader r)
{
    uint8_t out[CARD_ANSWER_MAX];
    if (!c->greeted && type != CARD_FRAME_HELLO) return false;
    switch (type) {
    case CARD_FRAME_HELLO: hello(c, &r); break;
    case CARD_FRAME_COMMAND: {
        size_t len = card_exchange(s->card, read_bytes(&r, r.left), out);
        answer(c, type, bytes_of(out, len));
        secret_wipe(out, len);
        break;
    }
    case CARD_FRAME_LOCK: take_lock(s, c, &r); break;
    case CARD_FRAME_UNLOCK: {
        bool own = s->owner == c;
        if (own) s->owner = NULL;
        answer_byte(c, type, own);
        break;
    }
    case CARD_FRAME_RESET:
        card_reset(s->card);
        answer(c, type, card_atr);
        break;
    default: return false;
    }
    return !r.bad && r.left == 0;
}

/* Runs the request that has arrived whole, if there is one and it is this client's turn. False: to be dropped. */
static bool step(struct card_server *s, struct client *c)
{
    if (c->in_len < 4 || c->out_len || c->waits) return true;
    struct reader r = reader_of(bytes_of(c->in, c->in_len));
    size_t len = read_u32(&r);
    if (len < 1 || len > CARD_FRAME_PAYLOAD_MAX + 1) return false;
    if (c->in_len < 4 + len) return true;
    uint8_t type = read_u8(&r);
    if (kept_out(s, c) && type != CARD_FRAME_HELLO && type != CARD_FRAME_LOCK && type != CARD_FRAME_UNLOCK)
        return true;
    bool good = take(s, c, type, reader_of(read_bytes(&r, len - 1)));
    size_t rest = c->in_len - 4 - len;
    memmove(c->in, c->in + 4 + len, rest);
    secret_wipe(c->in + rest, c->in_len - rest);
    c->in_len = rest;
    return good;
}

static bool receive(struct client *c)
{
    long n = card_socket_receive(c->s, c->in + c->in_len, sizeof c->in - c->in_len);
    if (n > 0) c->in_len += (size_t)n;
    return n >= 0;
}

static bool transmit(struct client *c)
{
    while (c->out_at < c->out_len) {
        long n = card_socket_send(c->s, c->out + c->out_at, c->out_len - c->out_at);
        if (n <= 0) return n == 0;
        c->out_at += (size_t)n;
    }
    secret_wipe(c->out, c->out_len);
    c->out_len = c->out_at = 0;
    return true;
}

static void admit(struct card_server *s)
{
    for (card_socket fresh; (fresh = card_listener_accept(s->listener)) >= 0;) {
        struct client *place = NULL;
        for (size_t i = 0; i < CARD_CLIENTS_MAX && !place; i++)
            if (s->clients[i].s < 0) place = &s->clients[i];
        if (place) place->s = fresh;
        else card_socket_close(fresh);
    }
}

/* ---- the loop ---- */

static void look_after(struct card_server *s, struct client *c, const struct card_polled *polled)
{
    bool good = !polled->gone;
    if (good && polled->writable) good = transmit(c);
    if (good && polled->readable && c->in_len < sizeof c->in) good = receive(c);
    if (!good) drop(s, c);
}

/* Every client in turn, as long as something can be done: an unlock lets the next one go on. */
static void work(struct card_server *s)
{
    for (bool moved = true; moved;) {
        moved = false;
        serve_waiting(s);
        for (size_t i = 0; i < CARD_CLIENTS_MAX; i++) {
            struct client *c = &s->clients[i];
            if (c->s < 0) continue;
            size_t before = c->in_len;
            bool good = step(s, c);
            if (good && c->out_len) good = transmit(c);
            if (!good) drop(s, c);
            if (!good || c->in_len != before) moved = true;
        }
    }
}

struct result card_server_new(struct card *card, const char *path, struct diag *diag, struct card_server **ret_server)
{
    struct card_server *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->card = card;
    s->clients = calloc(CARD_CLIENTS_MAX, sizeof *s->clients);
    if (!s->clients) abort();
    for (size_t i = 0; i < CARD_CLIENTS_MAX; i++) s->clients[i].s = -1;
    struct result r = card_listener_new(path, diag, &s->listener);
    if (failed(r)) card_server_free(s);
    else *ret_server = s;
    return r;
}

void card_server_run(struct card_server *s)
{
    struct card_polled polled[CARD_CLIENTS_MAX];
    for (;;) {
        for (size_t i = 0; i < CARD_CLIENTS_MAX; i++) {
            const struct client *c = &s->clients[i];
            polled[i] = (struct card_polled){ c->s, c->in_len < sizeof c->in, c->out_len > 0, false, false, false };
        }
        if (card_listener_poll(s->listener, polled, CARD_CLIENTS_MAX, next_timeout(s)) == CARD_POLL_STOP) return;
        for (size_t i = 0; i < CARD_CLIENTS_MAX; i++)
            if (s->clients[i].s >= 0 && s->clients[i].s == polled[i].s) look_after(s, &s->clients[i], &polled[i]);
        admit(s);
        work(s);
    }
}

void card_server_free(struct card_server *server)
{
    if (!server) return;
    for (size_t i = 0; i < CARD_CLIENTS_MAX; i++)
        if (server->clients[i].s >= 0) drop(server, &server->clients[i]);
    card_listener_free(server->listener);
    free(server->clients);
    free(server);
}
