#include "cli/health.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

enum { ANSWER_MAX = 64 * 1024, TIMEOUT_MS = 5000, CONNECT_MS = 1000 };

struct answer {
    char text[ANSWER_MAX];
    size_t len;
};

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct answer *a = context;
    if (size * count > sizeof a->text - a->len) return 0;
    memcpy(a->text + a->len, data, size * count);
    a->len += size * count;
    return size * count;
}

/* "portal.localhost:8080" of "http://portal.localhost:8080". */
static const char *host_of(const char *origin)
{
    const char *slashes = strstr(origin, "://");
    return slashes ? slashes + 3 : origin;
}

static CURLcode ask(const struct installation *i, struct answer *a, long *ret_status)
{
    CURL *curl = curl_easy_init();
    if (!curl) abort();
    char url[512], host[512];
    bool at_unix = text_starts(i->serve.listen, "unix:");
    snprintf(url, sizeof url, "http://%s/api/v1/health", at_unix ? "localhost" : i->serve.listen);
    snprintf(host, sizeof host, "Host: %s", host_of(i->portal));
    struct curl_slist *headers = curl_slist_append(NULL, host);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    if (at_unix) curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, i->serve.listen + strlen("unix:"));
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return code;
}

struct result health_ask(const struct installation *i, struct diag *diag, json_t **ret_health)
{
    struct answer *a = calloc(1, sizeof *a);
    if (!a) abort();
    long status = 0;
    CURLcode code = ask(i, a, &status);
    json_t *health = code == CURLE_OK ? json_loadb(a->text, a->len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    free(a);
    if (code != CURLE_OK)
        return diag_log(diag, ERROR_CLIENT_UNREACHABLE, "%s: %s", i->serve.listen, curl_easy_strerror(code));
    if (!json_is_object(health)) {
        json_decref(health);
        return diag_log(diag, ERROR_CLIENT_ANSWER, "%s: status %ld", i->serve.listen, status);
    }
    *ret_health = health;
    return OK;
}

bool health_listens(const char *address)
{
    CURL *curl = curl_easy_init();
    if (!curl) abort();
    char url[512];
    snprintf(url, sizeof url, "http://%s", host_of(address));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code == CURLE_OK;
}
