/* HTTP/1.1 as the agent takes it (RFC 9112, far less of it): one request a connection, POST or OPTIONS, a head of at
 * most HTTP_HEAD_MAX bytes, a body with Content-Length. A parser of our own in strict C11, because the agent builds
 * for Windows (MinGW) and for systems with an old glibc, without libmicrohttpd, jansson and OpenSSL; it is small
 * because it refuses whatever a browser does not send. No allocation, no I/O. */
#pragma once

#include "base/diag.h"
#include "base/text.h"

enum { HTTP_HEAD_MAX = 8192, HTTP_BODY_MAX = 32 * 1024, HTTP_HEADERS_MAX = 64, HTTP_ORIGIN_MAX = 255 };

enum http_method { HTTP_POST, HTTP_OPTIONS };

/* Views into the head; ptr NULL where the header is absent. */
struct http_request {
    enum http_method method;
    struct bytes operation;    /* what follows "/v1/": 1 to 32 of a-z and '-' */
    struct bytes host, origin, content_type, pairing;
    struct bytes asked_method; /* Access-Control-Request-Method of OPTIONS */
    bool asks_private;         /* Access-Control-Request-Private-Network: true */
    bool has_length;
    size_t length;             /* Content-Length */
};

/* Where the head ends, behind the empty line; 0 while it has no end yet. */
size_t http_head_end(struct bytes received);

/* HEAD is everything up to http_head_end. Refused, with the reason in DIAG's log:
 *   ERROR_AGENT_METHOD          another method
 *   ERROR_AGENT_OPERATION       a target that is not /v1/NAME
 *   ERROR_AGENT_BODY_LARGE      Content-Length above HTTP_BODY_MAX
 *   ERROR_AGENT_HTTP            everything else: lines not ended by CR LF, folded lines, blanks before a colon, names
 *                               that are no tokens, control characters, a header of the struct twice (Host, Origin,
 *                               Content-Length …), no Host, Content-Length that is not plain digits, any
 *                               Transfer-Encoding, Expect, Upgrade or Trailer, more than HTTP_HEADERS_MAX headers */
RESULT http_parse(struct bytes head, struct diag *diag, struct http_request *ret_request);

/* The head of an answer with a body of LENGTH bytes of JSON; no body for 204. ORIGIN, for one that is on the list,
 * lets its page read the answer (Fetch Standard, CORS); ptr NULL: no page may. */
void http_write_head(struct writer *w, int status, struct bytes origin, size_t length);
/* The whole answer to OPTIONS of a listed ORIGIN. */
void http_write_preflight(struct writer *w, struct bytes origin, bool allow_private);
