#include "token/agent/http.h"

static struct result refuse(struct diag *diag, const char *why)
{
    return diag_log(diag, ERROR_AGENT_HTTP, "http: %s", why);
}

static bool is_token(struct bytes b)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < b.len; i++) {
        uint8_t ch = b.ptr[i];
        bool alnum = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
        if (!alnum && (!ch || !strchr(others, ch))) return false;
    }
    return b.len > 0;
}

static uint8_t lower(uint8_t ch)
{
    return ch >= 'A' && ch <= 'Z' ? (uint8_t)(ch + 32) : ch;
}

static bool equal_anycase(struct bytes b, const char *text)
{
    if (b.len != strlen(text)) return false;
    for (size_t i = 0; i < b.len; i++)
        if (lower(b.ptr[i]) != lower((uint8_t)text[i])) return false;
    return true;
}

/* The line up to CR LF, which is passed too; bad where a lone CR or LF, or no end, is met. */
static struct bytes read_line(struct reader *r)
{
    size_t n = 0;
    while (n < r->left && r->ptr[n] != '\r' && r->ptr[n] != '\n') n++;
    struct bytes line = read_bytes(r, n);
    if (read_u8(r) != '\r' || read_u8(r) != '\n') r->bad = true;
    return line;
}

size_t http_head_end(struct bytes received)
{
    for (size_t i = 3; i < received.len; i++)
        if (memcmp(received.ptr + i - 3, "\r\n\r\n", 4) == 0) return i + 1;
    return 0;
}

/* ---- the request line ---- */

static struct bytes until_blank(struct bytes *rest)
{
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] != ' ') n++;
    struct bytes word = bytes_of(rest->ptr, n);
    size_t skip = n < rest->len ? n + 1 : n;
    *rest = bytes_of(rest->ptr + skip, rest->len - skip);
    return word;
}

static struct result parse_target(struct bytes target, struct diag *diag, struct http_request *request)
{
    static const char prefix[] = "/v1/";
    size_t skip = sizeof prefix - 1;
    bool good = target.len > skip && target.len <= skip + 32 && memcmp(target.ptr, prefix, skip) == 0;
    for (size_t i = skip; good && i < target.len; i++)
        good = (target.ptr[i] >= 'a' && target.ptr[i] <= 'z') || target.ptr[i] == '-';
    if (!good) return diag_log(diag, ERROR_AGENT_OPERATION, "http: the target is not /v1/NAME");
    request->operation = bytes_of(target.ptr + skip, target.len - skip);
    return OK;
}

static struct result parse_request_line(struct bytes line, struct diag *diag, struct http_request *request)
{
    struct bytes rest = line, method = until_blank(&rest), target = until_blank(&rest);
    if (!is_token(method)) return refuse(diag, "no method");
    if (!bytes_equal(rest, bytes_text("HTTP/1.1"))) return refuse(diag, "not HTTP/1.1");
    if (bytes_equal(method, bytes_text("POST")))
        request->method = HTTP_POST;
    else if (bytes_equal(method, bytes_text("OPTIONS")))
        request->method = HTTP_OPTIONS;
    else
        return diag_log(diag, ERROR_AGENT_METHOD, "http: another method");
    return parse_target(target, diag, request);
}

/* ---- headers ---- */

static struct bytes trimmed(struct bytes b)
{
    while (b.len && (b.ptr[0] == ' ' || b.ptr[0] == '\t')) b = bytes_of(b.ptr + 1, b.len - 1);
    while (b.len && (b.ptr[b.len - 1] == ' ' || b.ptr[b.len - 1] == '\t')) b.len--;
    return b;
}

static struct result parse_length(struct bytes value, struct diag *diag, struct http_request *request)
{
    if (value.len == 0 || value.len > 9 || (value.len > 1 && value.ptr[0] == '0'))
        return refuse(diag, "Content-Length is no number");
    size_t length = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9') return refuse(diag, "Content-Length is no number");
        length = length * 10 + (size_t)(value.ptr[i] - '0');
    }
    if (length > HTTP_BODY_MAX) return diag_log(diag, ERROR_AGENT_BODY_LARGE, "http: body too large");
    request->length = length;
    return OK;
}

static struct result keep_header(struct bytes name, struct bytes value, struct diag *diag,
                                 struct http_request *request, struct bytes *length, struct bytes *asks_private)
{
    static const char *const never[] = { "Transfer-Encoding", "Expect", "Upgrade", "Trailer" };
    for (size_t i = 0; i < COUNT(never); i++)
        if (equal_anycase(name, never[i])) return refuse(diag, "a header that is not taken here");
    const struct {
        const char *name;
        struct bytes *into;
    } known[] = { { "Host", &request->host },
                  { "Origin", &request->origin },
                  { "Content-Type", &request->content_type },
                  { "Content-Length", length },
                  { "Hufu-Pairing", &request->pairing },
                  { "Access-Control-Request-Method", &request->asked_method },
                  { "Access-Control-Request-Private-Network", asks_private } };
    for (size_t i = 0; i < COUNT(known); i++) {
        if (!equal_anycase(name, known[i].name)) continue;
        if (known[i].into->ptr) return refuse(diag, "a header twice");
        *known[i].into = value;
    }
    return OK;
}

static struct result split_header(struct bytes line, struct diag *diag, struct bytes *ret_name,
                                  struct bytes *ret_value)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] != ':') n++;
    if (n == line.len || !is_token(bytes_of(line.ptr, n))) return refuse(diag, "a header without a name");
    struct bytes value = trimmed(bytes_of(line.ptr + n + 1, line.len - n - 1));
    for (size_t i = 0; i < value.len; i++)
        if ((value.ptr[i] < 0x20 && value.ptr[i] != '\t') || value.ptr[i] == 0x7F)
            return refuse(diag, "a control character in a header");
    *ret_name = bytes_of(line.ptr, n);
    *ret_value = value;
    return OK;
}

struct result http_parse(struct bytes head, struct diag *diag, struct http_request *ret_request)
{
    struct http_request request = { 0 };
    struct bytes length = { 0 }, asks_private = { 0 };
    struct reader r = reader_of(head);
    struct bytes line = read_line(&r);
    if (r.bad) return refuse(diag, "the first line has no end");
    TRY(parse_request_line(line, diag, &request));
    for (size_t count = 0;; count++) {
        line = read_line(&r);
        if (r.bad) return refuse(diag, "a line without its end");
        if (line.len == 0) break;
        if (count == HTTP_HEADERS_MAX) return refuse(diag, "too many headers");
        struct bytes name = { 0 }, value = { 0 };
        TRY(split_header(line, diag, &name, &value));
        TRY(keep_header(name, value, diag, &request, &length, &asks_private));
    }
    if (failed(reader_end(&r))) return refuse(diag, "something behind the empty line");
    if (!request.host.ptr) return refuse(diag, "no Host");
    if (length.ptr) TRY(parse_length(length, diag, &request));
    request.has_length = length.ptr != NULL;
    request.asks_private = bytes_equal(asks_private, bytes_text("true"));
    *ret_request = request;
    return OK;
}

/* ---- answers ---- */

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *words;
    } table[] = { { 200, "OK" }, { 204, "No Content" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
                  { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
                  { 408, "Request Timeout" }, { 409, "Conflict" }, { 411, "Length Required" },
                  { 413, "Content Too Large" }, { 415, "Unsupported Media Type" },
                  { 421, "Misdirected Request" }, { 422, "Unprocessable Content" }, { 423, "Locked" },
                  { 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" },
                  { 504, "Gateway Timeout" } };
    for (size_t i = 0; i < COUNT(table); i++)
        if (table[i].status == status) return table[i].words;
    return "Error";
}

static void write_common(struct writer *w, int status, struct bytes origin)
{
    write_format(w, "HTTP/1.1 %d %s\r\nConnection: close\r\nCache-Control: no-store\r\nVary: Origin\r\n"
                    "X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\n",
                 status, reason(status));
    if (!origin.ptr) return;
    write_text(w, "Access-Control-Allow-Origin: ");
    write_bytes(w, origin);
    write_text(w, "\r\n");
}

void http_write_head(struct writer *w, int status, struct bytes origin, size_t length)
{
    write_common(w, status, origin);
    if (status != 204)
        write_format(w, "Content-Type: application/json; charset=utf-8\r\nContent-Length: %zu\r\n", length);
    if (status == 405) write_text(w, "Allow: POST, OPTIONS\r\n");
    write_text(w, "\r\n");
}

void http_write_preflight(struct writer *w, struct bytes origin, bool allow_private)
{
    write_common(w, 204, origin);
    write_text(w, "Access-Control-Allow-Methods: POST\r\n"
                  "Access-Control-Allow-Headers: Content-Type, Hufu-Pairing\r\nAccess-Control-Max-Age: 600\r\n");
    if (allow_private) write_text(w, "Access-Control-Allow-Private-Network: true\r\n");
    write_text(w, "\r\n");
}
