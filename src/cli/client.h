/* One person's browser without the browser: asks the public API at one of the installation's hosts, as a page of that
 * host would. It connects to 127.0.0.1 whatever the name says (libc does not resolve *.localhost), sends Host and
 * Origin, keeps the session's cookie, and gives every write an Idempotency-Key, so that asking again is safe. Not
 * thread-safe: one client, one person. */
#pragma once

#include <jansson.h>

#include "base/diag.h"
#include "base/text.h"

enum { CLIENT_ANSWER_MAX = 24 * 1024 * 1024, CLIENT_TIMEOUT_MS = 120 * 1000, CLIENT_TRIES = 4, CLIENT_PATH_MAX = 256 };

struct client;

/* ORIGIN: "http://portal.localhost:8080", as pages name it. Call client_begin() once in the process before. */
void client_begin(void);
struct client *client_new(const char *origin);
void client_free(struct client *client);
static inline void client_free_p(struct client **client)
{
    client_free(*client);
}

const char *client_origin(const struct client *client);
/* To HOST ("127.0.0.1:18181") instead of the origin's own: what a page of that origin asks of the agent. */
void client_address(struct client *client, const char *url);
/* Sent with each request: "Hufu-Pairing". VALUE NULL: no longer. */
void client_header(struct client *client, const char *name, const char *value);
/* Asks for English words in errors instead of Chinese ones. */
void client_english(struct client *client, bool english);

/* Asks METHOD PATH with BODY as JSON (taken over; NULL for none). RET_ANSWER (may be NULL) is the answer's JSON, NULL
 * when there is none; the caller frees it. A refusal is returned as the server's error with its words in DIAG's detail
 * and field; what it said stands in client_refusal(). What the table calls retryable is tried again a few times
 * with the same Idempotency-Key, unless it says "too often" (429).
 * ERROR_CLIENT_UNREACHABLE, ERROR_CLIENT_ANSWER (no JSON, an unknown error, or larger than CLIENT_ANSWER_MAX). */
RESULT client_call(struct client *client, const char *method, const char *path, json_t *body, struct diag *diag,
                   json_t **ret_answer);
/* As client_call, with CONTENT as application/octet-stream. */
RESULT client_upload(struct client *client, const char *path, struct bytes content, struct diag *diag,
                     json_t **ret_answer);
/* GETs PATH as it is; RET_CONTENT lives until the next request. */
RESULT client_download(struct client *client, const char *path, struct diag *diag, struct bytes *ret_content);
/* Error object of the last request {"code","name","message",…}; NULL when it was not refused. Lives until the next. */
const json_t *client_refusal(const struct client *client);

/* Text FIELD of OBJECT; "" when there is none: never NULL. */
const char *client_text(const json_t *object, const char *field);
