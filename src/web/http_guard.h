/* What a request's head must be before anything is done with it. libmicrohttpd alone takes two
 * Content-Length, Content-Length with chunks, two Hosts, names with blanks, bare line feeds, folded lines,
 * and cuts values at a NUL; each is a way to make a proxy before us and us see two different requests.
 * RFC 9110 §5, RFC 9112 §2, 3, 5, 6. Pure functions. */
#pragma once

#include "web/http.h"

struct http_head_field {
    const char *name, *value;
};

/* The head as libmicrohttpd hands it over: cut in place, in the buffer it was read to. */
struct http_head {
    const char *method, *target, *version; /* pointers into the buffer */
    size_t target_len;                     /* of the target when it was read */
    size_t size;                           /* of the whole head, up to and with its empty line */
    struct http_head_field fields[HTTP_FIELDS_MAX];
    size_t count; /* HTTP_FIELDS_MAX + 1: there were more */
};

/* The value of NAME (any case), NULL if absent. */
const char *http_head_find(const struct http_head *head, const char *name);

/* Whether the pieces of the head lie one behind the other with nothing between but what is due: one blank
 * in the first line, blanks behind a colon, CR LF behind a value. A NUL, a bare line feed, a folded line and
 * what else a parser skips leave a gap. Compares addresses only. */
RESULT http_guard_layout(const struct http_head *head);

/* All the rest: method, version, target, names, values, Host, Content-Length, Transfer-Encoding, fields that
 * may come once only. ERROR_REQUEST_MALFORMED (DIAG's log text says what), ERROR_HEADERS_TOO_LARGE,
 * ERROR_LENGTH_NEEDED for chunks. TARGET is the target as sent, with its NUL;
 * ESCAPED leaves its path so.
 * Fills method, path, query, host and length of RET_REQUEST, texts in its arena. */
RESULT http_guard_check(const struct http_head *head, const char *target, bool escaped, struct diag *diag,
                        struct http_request *ret_request);
