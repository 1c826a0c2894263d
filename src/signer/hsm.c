#include "signer/hsm.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "crypto/sha.h"
#include "ipc/hsm_api.h"
#include "signer/file.h"

enum {
    ARENA_MAX = 64 * 1024,
    LOOK_MS = 10 * 1000, /* while it is there */
    LOOK_AWAY_MS = 2 * 1000,
    SHUN_MS = 1000,      /* after it did not answer nothing is asked for so long; doubled with each time */
    SHUN_MS_LONGEST = 16 * 1000,
    STATE_MAX = 128
};

static const char state_file[] = "hsm.state";

struct held {
    struct hsm *hsm;
    const char *label;
};

struct hsm {
    int socket;
    int64_t wait_ms;
    const char *folder;
    uint64_t id;        /* of the last question */
    uint8_t *buffer;
    struct held held[HSM_USES];
    char state[STATE_MAX]; /* as in the file; "": not known yet */
    int64_t look_ms;    /* when it is looked for next */
    int64_t shun_ms;    /* until then it is not asked */
    int silences;       /* in a row */
    char words[DIAG_TEXT_MAX]; /* of the last failure */
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct hsm *hsm_new(const struct hsm_options *options)
{
    struct hsm *h = calloc(1, sizeof *h);
    if (!h) abort();
    h->socket = options->socket;
    h->wait_ms = options->wait_seconds * 1000;
    h->folder = options->folder;
    h->id = (uint64_t)now_ms() << 16; /* answers to a signer of before are told apart */
    h->buffer = malloc(IPC_MESSAGE_MAX);
    if (!h->buffer) abort();
    return h;
}

void hsm_free(struct hsm *h)
{
    if (!h) return;
    if (h->socket >= 0) close(h->socket);
    free(h->buffer);
    free(h);
}

bool hsm_failed(struct result r)
{
    return r.code == ERROR_HSM_AWAY || r.code == ERROR_HSM_TOKEN || r.code == ERROR_HSM_PIN ||
           r.code == ERROR_HSM_KEY || r.code == ERROR_HSM_LIBRARY;
}

/* ---- how it is ---- */

/* Told where it changes: once in the log, and in the file. That the file cannot be written is no reason to stop. */
static void tell(struct hsm *h, const char *state, const char *words)
{
    bool ready = text_starts(state, "ready");
    h->look_ms = now_ms() + (ready ? LOOK_MS : LOOK_AWAY_MS);
    if (text_equal(h->state, state)) return;
    snprintf(h->state, sizeof h->state, "%s", state);
    log_event(ready ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "hsm", "state=%s%s%s", state, words[0] ? " " : "", words);
    if (h->folder) IGNORE(file_replace(h->folder, state_file, bytes_text(h->state), false));
}

static struct result tell_failure(struct hsm *h, struct result r, const struct diag *diag)
{
    if (diag) snprintf(h->words, sizeof h->words, "%s", diag->log);
    tell(h, error_find(r.code)->name, h->words);
    return r;
}

/* ---- asking ---- */

/* The answer to the last question, asked by HEAD and RECORD. What comes before it was for questions that were given up;
 * that the process began anew means that the question is lost, and it is asked again, once: it may be what ended it. */
static struct result wait_for(struct hsm *h, const struct ipc_message *head, const struct shape *shape,
                              const void *record, struct ipc_message *ret_message)
{
    int64_t until_ms = now_ms() + h->wait_ms;
    bool again = false;
    for (int64_t left; (left = until_ms - now_ms()) > 0;) {
        struct pollfd p = { .fd = h->socket, .events = POLLIN };
        if (poll(&p, 1, (int)left) <= 0) continue;
        if (failed(ipc_read(h->socket, h->buffer, ret_message))) break;
        if (ret_message->fd >= 0) close(ret_message->fd);
        if (ret_message->id == h->id) return OK;
        if (ret_message->type != HSM_BEGAN) continue;
        if (again || failed(ipc_write_record(h->socket, head, shape, record))) break;
        again = true;
    }
    return FAIL(ERROR_HSM_AWAY);
}

/* What came while nobody asked, the news that the process began with it: before a question, for it concerns none. */
static void drain(struct hsm *h)
{
    struct ipc_message message;
    struct pollfd p = { .fd = h->socket, .events = POLLIN };
    while (poll(&p, 1, 0) == 1 && !failed(ipc_read(h->socket, h->buffer, &message)))
        if (message.fd >= 0) close(message.fd);
}

/* A library that hangs must not stop the signer again and again. */
static struct result silent(struct hsm *h, struct diag *diag)
{
    int64_t shun = (int64_t)SHUN_MS << (h->silences > 4 ? 4 : h->silences);
    h->silences++;
    h->shun_ms = now_ms() + (shun > SHUN_MS_LONGEST ? SHUN_MS_LONGEST : shun);
    return tell_failure(h, diag_log(diag, ERROR_HSM_AWAY, "hufu-hsm does not answer"), diag);
}

static struct result failure_of(struct hsm *h, const struct ipc_message *message, struct arena *arena,
                                struct diag *diag)
{
    struct ipc_failure failure = { 0 };
    struct reader r = reader_of(message->body);
    /* Others mean something here, as that the journal cannot be written; the library's process has no say in that. */
    const enum error code = hsm_failed((struct result){ message->error }) ? message->error : ERROR_HSM_LIBRARY;
    IGNORE(shape_read(&ipc_failure_shape, &r, arena, &failure)); /* then without words */
    return tell_failure(h, diag_log(diag, code, "%s", failure.log ? failure.log : ""), diag);
}

static struct result ask(struct hsm *h, uint16_t type, const struct shape *ask_shape, const void *record,
                         const struct shape *answer_shape, struct arena *arena, struct diag *diag, void *ret_answer)
{
    struct ipc_message head = { .type = type, .fd = -1 }, message;
    if (h->socket < 0) return tell_failure(h, diag_log(diag, ERROR_HSM_AWAY, "hufu-hsm was not started"), diag);
    drain(h);
    if (now_ms() < h->shun_ms) return diag_log(diag, ERROR_HSM_AWAY, "hufu-hsm did not answer a moment ago");
    head.id = ++h->id;
    if (failed(ipc_write_record(h->socket, &head, ask_shape, record)) ||
        failed(wait_for(h, &head, ask_shape, record, &message)))
        return silent(h, diag);
    h->silences = 0;
    if (message.error != ERROR_NONE) return failure_of(h, &message, arena, diag);
    struct reader r = reader_of(message.body);
    if (message.type != type || failed(shape_read(answer_shape, &r, arena, ret_answer)) || failed(reader_end(&r)))
        return tell_failure(h, diag_log(diag, ERROR_HSM_LIBRARY, "hufu-hsm answers what was not asked"), diag);
    return OK;
}

/* ---- keys ---- */

static struct result sign(const struct signing_key *key, struct bytes message, struct drbg *drbg,
                          uint8_t ret_signature[KEY_SIGNATURE_SIZE])
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    const struct held *held = key->holder;
    uint8_t digest[SHA_256_SIZE];
    struct diag diag = { 0 };
    struct hsm_signed made;
    const struct hsm_sign wanted = { held->label, key->public.algorithm, BYTES(key->public.point), BYTES(digest) };
    if (key->public.algorithm == KEY_SM2) sm2_digest(&key->public.sm2, message, digest);
    else sha_256(message, digest);
    TRY(ask(held->hsm, HSM_SIGN, &hsm_sign_shape, &wanted, &hsm_signed_shape, arena, &diag, &made));
    ENSURE(made.signature.len == KEY_SIGNATURE_SIZE, ERROR_HSM_LIBRARY);
    memcpy(ret_signature, made.signature.ptr, KEY_SIGNATURE_SIZE);
    return OK;
}

struct signing_key hsm_key(struct hsm *h, enum hsm_use use, const char *label, const struct public_key *public)
{
    h->held[use] = (struct held){ h, label };
    return (struct signing_key){ .public = *public, .sign = sign, .holder = &h->held[use] };
}

struct result hsm_find(struct hsm *h, enum hsm_use use, const char *label, struct diag *diag,
                       struct signing_key *ret_key)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    const struct hsm_key wanted = { label };
    struct hsm_key_found found;
    struct public_key public;
    TRY(ask(h, HSM_KEY, &hsm_key_shape, &wanted, &hsm_key_found_shape, arena, diag, &found));
    bool known = (found.algorithm == HSM_SM2 || found.algorithm == HSM_P256) && found.point.len == KEY_POINT_SIZE;
    if (!known || failed(public_key_init(&public, (enum key_algorithm)found.algorithm, found.point.ptr)))
        return diag_log(diag, ERROR_HSM_KEY, "%s is no key of a known algorithm", label);
    *ret_key = hsm_key(h, use, label, &public);
    return OK;
}

/* ---- looking ---- */

const char *hsm_words(const struct hsm *h)
{
    return h->words;
}

int hsm_socket(const struct hsm *h)
{
    return h->socket;
}

int hsm_due_ms(const struct hsm *h)
{
    int64_t left = h->look_ms - now_ms();
    return left <= 0 ? 0 : left > LOOK_MS ? LOOK_MS : (int)left;
}

void hsm_look(struct hsm *h)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct diag diag = { 0 };
    struct hsm_seen seen;
    char state[STATE_MAX];
    h->look_ms = now_ms() + LOOK_AWAY_MS;
    if (failed(ask(h, HSM_LOOK, NULL, NULL, &hsm_seen_shape, arena, &diag, &seen))) return;
    snprintf(state, sizeof state, "ready %s %s", seen.token ? seen.token : "", seen.serial ? seen.serial : "");
    tell(h, state, "");
}
