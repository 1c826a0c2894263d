#include "cli/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/random.h"

enum { COOKIE_MAX = 512, HEADER_MAX = 1024, HEADERS_MAX = 4, RETRY_FIRST_MS = 100, TOO_OFTEN = 429 };

struct client {
    CURL *curl;
    char *origin, *url;
    char *cookie;                 /* "name=value" of the session; NULL: none */
    struct { char *name, *value; } headers[HEADERS_MAX];
    bool english;
    struct curl_slist *connect_to;
    uint8_t *data;                /* of the answer */
    size_t len, room;
    bool too_large;
    json_t *refusal;
};

struct asked {
    const char *method, *path, *type; /* TYPE of the body; NULL: there is none */
    struct bytes body;
    char key[ID_TEXT_LEN + 1];        /* Idempotency-Key; "" for what changes nothing */
};

static char *copy(const char *text)
{
    char *made = strdup(text);
    if (!made) abort();
    return made;
}

/* ---- what comes back ---- */

static size_t take_data(char *data, size_t size, size_t count, void *closure)
{
    struct client *c = closure;
    size_t len = size * count;
    if (len > CLIENT_ANSWER_MAX - c->len) {
        c->too_large = true;
        return 0;
    }
    if (c->room - c->len < len) {
        size_t room = c->room ? c->room : 16 * 1024;
        while (room - c->len < len) room *= 2;
        uint8_t *more = realloc(c->data, room);
        if (!more) abort();
        c->data = more;
        c->room = room;
    }
    memcpy(c->data + c->len, data, len);
    c->len += len;
    return len;
}

/* The session's cookie, which is the only one: kept as a browser at this host would, forgotten when it is emptied. */
static size_t take_header(char *line, size_t size, size_t count, void *closure)
{
    static const char name[] = "set-cookie:";
    struct client *c = closure;
    size_t len = size * count;
    if (len < sizeof name || strncasecmp(line, name, sizeof name - 1) != 0) return len;
    const char *value = line + sizeof name - 1, *end = line + len;
    while (value < end && *value == ' ') value++;
    size_t n = 0;
    while (value + n < end && value[n] != ';' && value[n] != '\r' && value[n] != '\n') n++;
    free(c->cookie);
    c->cookie = NULL;
    if (n && value[n - 1] != '=' && !(c->cookie = strndup(value, n))) abort();
    return len;
}

/* ---- a client ---- */

void client_begin(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) abort();
}

void client_address(struct client *client, const char *url)
{
    const char *host = strstr(url, "://"), *port = host ? strrchr(host + 3, ':') : NULL;
    char to[32];
    free(client->url);
    client->url = copy(url);
    curl_slist_free_all(client->connect_to);
    snprintf(to, sizeof to, "::127.0.0.1:%.6s", port ? port + 1 : "80");
    client->connect_to = curl_slist_append(NULL, to);
    curl_easy_setopt(client->curl, CURLOPT_CONNECT_TO, client->connect_to);
}

struct client *client_new(const char *origin)
{
    struct client *c = calloc(1, sizeof *c);
    if (!c || !(c->curl = curl_easy_init())) abort();
    c->origin = copy(origin);
    client_address(c, origin);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_data);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)CLIENT_TIMEOUT_MS);
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_NOPROXY, "*"); /* nothing of the environment between us and loopback */
    curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    return c;
}

void client_free(struct client *client)
{
    if (!client) return;
    curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->connect_to);
    for (size_t i = 0; i < HEADERS_MAX; i++) {
        free(client->headers[i].name);
        free(client->headers[i].value);
    }
    free(client->origin);
    free(client->url);
    free(client->cookie);
    free(client->data);
    json_decref(client->refusal);
    free(client);
}

const char *client_origin(const struct client *client)
{
    return client->origin;
}

void client_header(struct client *client, const char *name, const char *value)
{
    for (size_t i = 0; i < HEADERS_MAX; i++) {
        if (client->headers[i].name && strcmp(client->headers[i].name, name) != 0) continue;
        free(client->headers[i].name);
        free(client->headers[i].value);
        client->headers[i].name = value ? copy(name) : NULL;
        client->headers[i].value = value ? copy(value) : NULL;
        return;
    }
    abort(); /* more headers than anybody sets */
}

void client_english(struct client *client, bool english)
{
    client->english = english;
}

const json_t *client_refusal(const struct client *client)
{
    return client->refusal;
}

const char *client_text(const json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));
    return text ? text : "";
}

/* ---- asking ---- */

static struct curl_slist *add(struct curl_slist *list, const char *name, const char *value)
{
    char line[HEADER_MAX];
    snprintf(line, sizeof line, "%s: %s", name, value);
    list = curl_slist_append(list, line);
    if (!list) abort();
    return list;
}

static struct curl_slist *headers_of(const struct client *c, const struct asked *asked)
{
    struct curl_slist *list = add(NULL, "Origin", c->origin);
    list = add(list, "Accept-Language", c->english ? "en" : "zh-CN");
    list = curl_slist_append(list, "Expect:"); /* no question before an upload: it is sent at once */
    if (c->cookie) list = add(list, "Cookie", c->cookie);
    if (asked->type) list = add(list, "Content-Type", asked->type);
    if (asked->key[0]) list = add(list, "Idempotency-Key", asked->key);
    for (size_t i = 0; i < HEADERS_MAX; i++)
        if (c->headers[i].name) list = add(list, c->headers[i].name, c->headers[i].value);
    return list;
}

static struct result perform(struct client *c, const struct asked *asked, struct diag *diag, long *ret_status)
{
    char url[CLIENT_PATH_MAX + 128], words[CURL_ERROR_SIZE] = "";
    snprintf(url, sizeof url, "%s%s", c->url, asked->path);
    struct curl_slist *headers = headers_of(c, asked);
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, words);
    if (asked->type || strcmp(asked->method, "POST") == 0) {
        curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, asked->type ? (const char *)asked->body.ptr : "");
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)asked->body.len);
    } else {
        curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, asked->method);
    c->len = 0;
    c->too_large = false;
    CURLcode code = curl_easy_perform(c->curl);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(headers);
    if (c->too_large) return diag_detail(diag, ERROR_CLIENT_ANSWER, "%s %s", asked->method, asked->path);
    if (code != CURLE_OK)
        return diag_detail(diag, ERROR_CLIENT_UNREACHABLE, "%s: %s", c->url,
                           words[0] ? words : curl_easy_strerror(code));
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, ret_status);
    return OK;
}

static json_t *parse(const struct client *c)
{
    return json_loadb((const char *)c->data, c->len, JSON_REJECT_DUPLICATES, NULL);
}

/* The server's error as one of ours. */
static struct result refused(struct client *c, const struct asked *asked, long status, struct diag *diag)
{
    c->refusal = parse(c);
    enum error code = (enum error)json_integer_value(json_object_get(c->refusal, "code"));
    const char *detail = client_text(c->refusal, "detail"), *message = client_text(c->refusal, "message");
    if (code == ERROR_NONE || error_find(code)->code != code)
        return diag_detail(diag, ERROR_CLIENT_ANSWER, "%s %s: %ld", asked->method, asked->path, status);
    const char *field = client_text(c->refusal, "field");
    return field[0] ? diag_field(diag, code, field, "%s", detail[0] ? detail : message)
                    : diag_detail(diag, code, "%s", detail[0] ? detail : message);
}

static bool worth_another_try(const struct client *c, struct result r, long status)
{
    if (r.code == ERROR_CLIENT_UNREACHABLE || r.code == ERROR_CLIENT_ANSWER || status == TOO_OFTEN) return false;
    return c->refusal && error_find(r.code)->retry;
}

static struct result ask(struct client *c, struct asked *asked, struct diag *diag)
{
    struct timespec pause = { 0, RETRY_FIRST_MS * 1000000L };
    if (strcmp(asked->method, "GET") != 0) {
        struct id id = random_id();
        id_text(&id, asked->key);
    }
    for (int i = 1;; i++) {
        struct diag words = { 0 };
        long status = 0;
        json_decref(c->refusal);
        c->refusal = NULL;
        struct result r = perform(c, asked, &words, &status);
        if (!failed(r) && status >= 400) r = refused(c, asked, status, &words);
        if (!failed(r)) return OK;
        if (i == CLIENT_TRIES || !worth_another_try(c, r, status)) {
            if (diag) *diag = words;
            return r;
        }
        nanosleep(&pause, NULL);
        pause.tv_nsec *= 2;
    }
}

static struct result answer_of(struct client *c, const struct asked *asked, struct diag *diag, json_t **ret_answer)
{
    json_t *answer = NULL;
    if (c->len && !(answer = parse(c)))
        return diag_detail(diag, ERROR_CLIENT_ANSWER, "%s %s", asked->method, asked->path);
    if (ret_answer)
        *ret_answer = answer;
    else
        json_decref(answer);
    return OK;
}

struct result client_call(struct client *client, const char *method, const char *path, json_t *body,
                          struct diag *diag, json_t **ret_answer)
{
    struct asked asked = { .method = method, .path = path };
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (text) {
        asked.type = "application/json";
        asked.body = bytes_text(text);
    }
    struct result r = ask(client, &asked, diag);
    if (text) explicit_bzero(text, strlen(text)); /* PINs and codes go this way */
    free(text);
    TRY(r);
    return answer_of(client, &asked, diag, ret_answer);
}

struct result client_upload(struct client *client, const char *path, struct bytes content, struct diag *diag,
                            json_t **ret_answer)
{
    struct asked asked = { .method = "POST", .path = path, .type = "application/octet-stream", .body = content };
    TRY(ask(client, &asked, diag));
    return answer_of(client, &asked, diag, ret_answer);
}

struct result client_download(struct client *client, const char *path, struct diag *diag, struct bytes *ret_content)
{
    struct asked asked = { .method = "GET", .path = path };
    TRY(ask(client, &asked, diag));
    *ret_content = bytes_of(client->data, client->len);
    return OK;
}
