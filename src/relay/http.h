/* Requests to gateways: HTTPS with verified certificates, bounded in time and size, no redirects, no proxies
 * from the environment. */
#pragma once

#include "relay/work.h"

enum { HTTP_CONNECT_MS = 5 * 1000, HTTP_ANSWER_MAX = 64 * 1024, HTTP_HEADERS_MAX = 12 };

struct http_request {
    const char *method, *url;
    const char *headers[HTTP_HEADERS_MAX]; /* "Name: value" */
    struct bytes body;                     /* ptr NULL for none */
    const char *ca_file;                   /* NULL: the system's roots */
    size_t answer_max;                     /* 0: HTTP_ANSWER_MAX */
};

struct http_answer {
    long status;
    struct bytes body;
};

/* A transport that failed is ERROR_RELAY_UNREACHABLE, _TIMEOUT or _TLS; an answer longer than
 * answer_max is ERROR_RELAY_ANSWER. Any status is an answer. It lives in WORK's arena. */
RESULT http_send(struct work *work, const struct http_request *request, struct http_answer *ret_answer);
/* A header of the answer to WORK's last request, in its arena; NULL when it is absent or stands there twice. */
const char *http_header(struct work *work, const char *name);
/* What a failed transfer of libcurl means. */
enum error http_error(CURLcode code);

/* An address that requests may go to: https://, or http:// to a loopback address when INSECURE_DEV.
 * SCHEME is "http" or "smtp". */
bool http_address_allowed(const char *url, const char *scheme, bool insecure_dev);
