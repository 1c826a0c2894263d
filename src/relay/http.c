#include "relay/http.h"

#include <stdio.h>
#include <stdlib.h>

struct collected {
    uint8_t *data;
    size_t len, room;
};

static size_t collect(char *data, size_t size, size_t count, void *closure)
{
    struct collected *c = closure;
    size_t len = size * count;
    if (len > c->room - c->len) return 0; /* curl ends the transfer with CURLE_WRITE_ERROR */
    memcpy(c->data + c->len, data, len);
    c->len += len;
    return len;
}

enum error http_error(CURLcode code)
{
    switch (code) {
    case CURLE_OK: return ERROR_NONE;
    case CURLE_OPERATION_TIMEDOUT: return ERROR_RELAY_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_INVALIDCERTSTATUS: return ERROR_RELAY_TLS;
    case CURLE_WRITE_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_BAD_CONTENT_ENCODING: return ERROR_RELAY_ANSWER;
    default: return ERROR_RELAY_UNREACHABLE;
    }
}

static bool set_up(struct work *work, const struct http_request *request, struct curl_slist *headers,
                   struct collected *into)
{
    CURL *curl = work->curl;
    curl_easy_reset(curl);
    bool ok = curl_easy_setopt(curl, CURLOPT_URL, request->url) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, work->timeout_ms) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_WRITEDATA, into) == CURLE_OK;
    if (ok && request->ca_file) ok = curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file) == CURLE_OK;
    if (ok && request->body.ptr)
        ok = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body.len) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)request->body.ptr) == CURLE_OK;
    return ok && curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK;
}

struct result http_send(struct work *work, const struct http_request *request, struct http_answer *ret_answer)
{
    size_t room = request->answer_max ? request->answer_max : HTTP_ANSWER_MAX;
    struct collected into = { arena_take(work->arena, room), 0, room };
    ENSURE(into.data, ERROR_OUT_OF_ROOM);
    struct curl_slist *headers = NULL;
    for (size_t i = 0; i < HTTP_HEADERS_MAX && request->headers[i]; i++)
        headers = curl_slist_append(headers, request->headers[i]);
    if (!set_up(work, request, headers, &into)) abort();
    CURLcode code = curl_easy_perform(work->curl);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) return diag_log(work->diag, http_error(code), "curl: %s", curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(work->curl, CURLINFO_RESPONSE_CODE, &status);
    *ret_answer = (struct http_answer){ status, bytes_of(into.data, into.len) };
    return OK;
}

const char *http_header(struct work *work, const char *name)
{
    struct curl_header *h;
    if (curl_easy_header(work->curl, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK || h->amount != 1) return NULL;
    return arena_text(work->arena, bytes_text(h->value));
}

bool http_address_allowed(const char *url, const char *scheme, bool insecure_dev)
{
    char secure[16], plain[16];
    snprintf(secure, sizeof secure, "%ss://", scheme);
    snprintf(plain, sizeof plain, "%s://", scheme);
    if (text_starts(url, secure)) return true;
    if (!insecure_dev || !text_starts(url, plain)) return false;
    static const char *const loopback[] = { "127.0.0.1", "[::1]", "localhost" };
    const char *host = url + strlen(plain);
    for (size_t i = 0; i < COUNT(loopback); i++) {
        size_t len = strlen(loopback[i]);
        if (text_starts(host, loopback[i]) && (host[len] == ':' || host[len] == '/' || host[len] == '\0'))
            return true;
    }
    return false;
}
