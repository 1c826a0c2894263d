#include "web/http_guard.h"

#include <strings.h>

static const char *const method_names[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };

const char *http_method_name(enum http_method method)
{
    return method_names[method];
}

const char *http_head_find(const struct http_head *head, const char *name)
{
    for (size_t i = 0; i < head->count && i < HTTP_FIELDS_MAX; i++)
        if (strcasecmp(head->fields[i].name, name) == 0) return head->fields[i].value;
    return NULL;
}

/* The address behind TEXT, its NUL and MORE further bytes. */
static uintptr_t behind(const char *text, size_t more)
{
    return (uintptr_t)text + strlen(text) + 1 + more;
}

struct result http_guard_layout(const struct http_head *head)
{
    ENSURE(head->target && (uintptr_t)head->target == behind(head->method, 0), ERROR_REQUEST_MALFORMED);
    ENSURE((uintptr_t)head->version == (uintptr_t)head->target + head->target_len + 1,
           ERROR_REQUEST_MALFORMED);
    /* Each line ends with CR LF, made two NULs: the text's own and one more. */
    uintptr_t next = behind(head->version, 1);
    for (size_t i = 0; i < head->count && i < HTTP_FIELDS_MAX; i++) {
        const struct http_head_field *f = &head->fields[i];
        ENSURE((uintptr_t)f->name == next && (uintptr_t)f->value >= behind(f->name, 0),
               ERROR_REQUEST_MALFORMED);
        next = behind(f->value, 1);
    }
    bool all = head->count <= HTTP_FIELDS_MAX;
    ENSURE(!all || next + 2 == (uintptr_t)head->method + head->size, ERROR_REQUEST_MALFORMED);
    return OK;
}

static bool one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool token(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!alphanumeric(*p) && !one_of(*p, "!#$%&'*+-.^_`|~")) return false;
    return text[0] != '\0';
}

static bool field_value(const char *text)
{
    for (const char *p = text; *p; p++)
        if (((uint8_t)*p < 0x20 && *p != '\t') || *p == 0x7F) return false;
    return true;
}

/* Of these, two would let two readers each take another one. */
static const char *const once[] = {
    "host",           "content-length",  "transfer-encoding", "content-type",  "origin",
    "sec-fetch-site", "idempotency-key", "x-real-ip",         "authorization", "cookie", "upload-offset",
    "expect",         "accept-language", "content-encoding"
};

static struct result check_fields(const struct http_head *head, struct diag *diag)
{
    if (head->size > HTTP_HEAD_MAX || head->count > HTTP_FIELDS_MAX)
        return diag_log(diag, ERROR_HEADERS_TOO_LARGE, "head of %zu bytes", head->size);
    bool seen[COUNT(once)] = { false };
    for (size_t i = 0; i < head->count; i++) {
        const struct http_head_field *f = &head->fields[i];
        if (!token(f->name)) return diag_log(diag, ERROR_REQUEST_MALFORMED, "field name");
        if (!field_value(f->value)) return diag_log(diag, ERROR_REQUEST_MALFORMED, "value of %.40s", f->name);
        for (size_t n = 0; n < COUNT(once); n++) {
            if (strcasecmp(f->name, once[n]) != 0) continue;
            if (seen[n]) return diag_log(diag, ERROR_REQUEST_MALFORMED, "two of %s", once[n]);
            seen[n] = true;
        }
    }
    return OK;
}

/* Host: a name or address with an optional port (RFC 9112 §3.2), made lower case. */
static struct result check_host(const char *host, struct http_request *request)
{
    ENSURE(host && host[0], ERROR_REQUEST_MALFORMED);
    size_t len = strlen(host), port = 0;
    ENSURE(len <= 255, ERROR_REQUEST_MALFORMED);
    char *lower = arena_text(request->arena, bytes_text(host));
    ENSURE(lower, ERROR_OUT_OF_ROOM);
    char *p = lower;
    if (*p == '[') {
        do p++;
        while (alphanumeric(*p) || *p == ':' || *p == '.');
        ENSURE(*p++ == ']', ERROR_REQUEST_MALFORMED);
    } else {
        for (; alphanumeric(*p) || *p == '-' || *p == '.'; p++)
            if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a');
        ENSURE(p > lower, ERROR_REQUEST_MALFORMED);
    }
    if (*p == ':')
        for (p++; *p >= '0' && *p <= '9' && port < 5; p++) port++;
    ENSURE(*p == '\0' && lower[len - 1] != ':', ERROR_REQUEST_MALFORMED);
    request->host = lower;
    return OK;
}

static struct result check_length(const struct http_head *head, bool old, struct diag *diag,
                                  uint64_t *ret_length)
{
    const char *length = http_head_find(head, "content-length");
    const char *encoding = http_head_find(head, "transfer-encoding");
    const char *expect = http_head_find(head, "expect");
    if (encoding && (length || old || strcasecmp(encoding, "chunked") != 0))
        return diag_log(diag, ERROR_REQUEST_MALFORMED, "transfer-encoding");
    if (encoding) return diag_log(diag, ERROR_LENGTH_NEEDED, "chunks");
    if (expect && strcasecmp(expect, "100-continue") != 0)
        return diag_log(diag, ERROR_REQUEST_MALFORMED, "expect");
    uint64_t value = 0;
    if (length && failed(text_number(length, INT64_MAX, &value)))
        return diag_log(diag, ERROR_REQUEST_MALFORMED, "content-length");
    *ret_length = value;
    return OK;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Whether a segment of the path is one that servers and proxies read differently. */
static bool odd_segment(const char *from, size_t len)
{
    return len == 0 || (len == 1 && from[0] == '.') || (len == 2 && from[0] == '.' && from[1] == '.');
}

static bool plain_path(const char *path)
{
    if (!text_plain(bytes_text(path)) || strchr(path, '\\')) return false;
    for (const char *from = path + 1;;) {
        size_t len = strcspn(from, "/");
        bool last = from[len] == '\0';
        if (odd_segment(from, len) && !(last && len == 0)) return false;
        if (last) return true;
        from += len + 1;
    }
}

struct result http_unescape(const char *text, size_t len, struct arena *arena, const char **ret_text)
{
    char *plain = arena_take(arena, len + 1), *to = plain;
    ENSURE(plain, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            ENSURE(len - i > 2, ERROR_MALFORMED);
            int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
            ENSURE(high >= 0 && low >= 0, ERROR_MALFORMED);
            c = (char)(high << 4 | low);
            i += 2;
        }
        ENSURE(c != '\0', ERROR_MALFORMED);
        *to++ = c;
    }
    *ret_text = plain;
    return OK;
}

/* The target in origin form (RFC 9112 §3.2.1) as path, unescaped, and query, as sent. */
static struct result check_target(const char *target, bool escaped, struct http_request *request)
{
    ENSURE(target[0] == '/' && strlen(target) <= HTTP_TARGET_MAX, ERROR_REQUEST_MALFORMED);
    for (const char *p = target; *p; p++)
        ENSURE(*p > 0x20 && *p < 0x7F && !one_of(*p, "#\"<>\\^`{|}"), ERROR_REQUEST_MALFORMED);
    size_t len = strcspn(target, "?");
    request->query = arena_text(request->arena, bytes_text(target[len] ? target + len + 1 : ""));
    ENSURE(request->query, ERROR_OUT_OF_ROOM);
    if (escaped) {
        request->path = arena_text(request->arena, bytes_of(target, len));
        return request->path ? OK : FAIL(ERROR_OUT_OF_ROOM);
    }
    /* An escaped slash is one segment to us and two to a proxy. */
    for (size_t i = 0; i + 2 < len; i++)
        ENSURE(target[i] != '%' || target[i + 1] != '2' || (target[i + 2] | 0x20) != 'f',
               ERROR_REQUEST_MALFORMED);
    TRY(http_unescape(target, len, request->arena, &request->path));
    ENSURE(plain_path(request->path), ERROR_REQUEST_MALFORMED);
    return OK;
}

static struct result check_method(const char *name, enum http_method *ret_method)
{
    for (size_t i = 0; i < COUNT(method_names); i++)
        if (strcmp(name, method_names[i]) == 0) {
            *ret_method = (enum http_method)i;
            return OK;
        }
    return FAIL(ERROR_REQUEST_MALFORMED);
}

struct result http_guard_check(const struct http_head *head, const char *target, bool escaped,
                               struct diag *diag, struct http_request *ret_request)
{
    struct http_request checked = { .arena = ret_request->arena };
    bool old = strcmp(head->version, "HTTP/1.0") == 0;
    if (!old && strcmp(head->version, "HTTP/1.1") != 0)
        return diag_log(diag, ERROR_REQUEST_MALFORMED, "version");
    if (failed(check_method(head->method, &checked.method)))
        return diag_log(diag, ERROR_REQUEST_MALFORMED, "method");
    TRY(check_fields(head, diag));
    if (failed(check_host(http_head_find(head, "host"), &checked)))
        return diag_log(diag, ERROR_REQUEST_MALFORMED, "host");
    TRY(check_length(head, old, diag, &checked.length));
    if (failed(check_target(target, escaped, &checked)))
        return diag_log(diag, ERROR_REQUEST_MALFORMED, "target");
    ret_request->method = checked.method;
    ret_request->path = checked.path;
    ret_request->query = checked.query;
    ret_request->host = checked.host;
    ret_request->length = checked.length;
    return OK;
}
