#include "token/agent/origins.h"

#include <stdio.h>

static bool starts(struct bytes b, const char *prefix)
{
    size_t n = strlen(prefix);
    return b.len >= n && memcmp(b.ptr, prefix, n) == 0;
}

static bool ends(struct bytes b, const char *suffix)
{
    size_t n = strlen(suffix);
    return b.len >= n && memcmp(b.ptr + b.len - n, suffix, n) == 0;
}

/* Letters, digits and hyphens in labels of at least one; an address of IPv6 only as [::1]. */
static bool is_host(struct bytes host)
{
    if (bytes_equal(host, bytes_text("[::1]"))) return true;
    if (host.len == 0 || host.len > 253) return false;
    uint8_t before = '.';
    for (size_t i = 0; i < host.len; i++) {
        uint8_t ch = host.ptr[i];
        bool good = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || (ch == '.' && before != '.');
        if (!good) return false;
        before = ch;
    }
    return before != '.';
}

static bool is_localhost(struct bytes host)
{
    return bytes_equal(host, bytes_text("localhost")) || ends(host, ".localhost");
}

/* 1 to 65535 without leading zeros, and not the scheme's own. */
static bool is_port(struct bytes port, const char *preset)
{
    if (port.len == 0 || port.len > 5 || port.ptr[0] == '0' || bytes_equal(port, bytes_text(preset))) return false;
    unsigned n = 0;
    for (size_t i = 0; i < port.len; i++) {
        if (port.ptr[i] < '0' || port.ptr[i] > '9') return false;
        n = n * 10 + (unsigned)(port.ptr[i] - '0');
    }
    return n <= 65535;
}

/* The host of an origin behind its scheme; ptr NULL where it is not well-formed. */
static struct bytes host_of(struct bytes origin, bool *ret_secure)
{
    bool secure = starts(origin, "https://");
    size_t skip = strlen(secure ? "https://" : "http://");
    if ((!secure && !starts(origin, "http://")) || origin.len > HTTP_ORIGIN_MAX) return (struct bytes){ 0 };
    struct bytes rest = bytes_of(origin.ptr + skip, origin.len - skip), host = rest;
    bool six = starts(rest, "[");
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.ptr[i] != ':' || (six && i < strlen("[::1]"))) continue;
        host.len = i;
        if (!is_port(bytes_of(rest.ptr + i + 1, rest.len - i - 1), secure ? "443" : "80")) return (struct bytes){ 0 };
        break;
    }
    *ret_secure = secure;
    return is_host(host) ? host : (struct bytes){ 0 };
}

bool origins_well_formed(struct bytes text)
{
    bool secure;
    struct bytes host = host_of(text, &secure);
    if (!host.ptr) return false;
    return secure || is_localhost(host) || bytes_equal(host, bytes_text("127.0.0.1")) ||
           bytes_equal(host, bytes_text("[::1]"));
}

static size_t find(const struct origins *origins, struct bytes origin)
{
    for (size_t i = 0; i < origins->count; i++)
        if (bytes_equal(origin, bytes_text(origins->of[i].text))) return i;
    return SIZE_MAX;
}

static struct result add(struct origins *origins, struct bytes origin, bool production, struct diag *diag)
{
    if (!origins_well_formed(origin))
        return diag_log(diag, ERROR_CONFIG, "not an origin (https://host[:port]): %.*s", (int)origin.len,
                        (const char *)origin.ptr);
    size_t i = find(origins, origin);
    if (i == SIZE_MAX) {
        if (origins->count == ORIGINS_MAX)
            return diag_log(diag, ERROR_CONFIG, "more than %d origins", (int)ORIGINS_MAX);
        i = origins->count++;
        memcpy(origins->of[i].text, origin.ptr, origin.len);
        origins->of[i].text[origin.len] = 0;
        origins->of[i].production = false;
    }
    if (production) origins->of[i].production = true;
    return OK;
}

struct result origins_add(struct origins *origins, const char *words, bool production, struct diag *diag)
{
    while (*words) {
        words += strspn(words, " \t");
        size_t n = strcspn(words, " \t");
        if (n) TRY(add(origins, bytes_of(words, n), production, diag));
        words += n;
    }
    return OK;
}

static bool development(const struct origins *origins, struct bytes origin)
{
    bool secure;
    struct bytes host = host_of(origin, &secure);
    return origins->any_localhost && host.ptr && !secure && is_localhost(host);
}

bool origins_listed(const struct origins *origins, struct bytes origin)
{
    return find(origins, origin) != SIZE_MAX || development(origins, origin);
}

bool origins_may_produce(const struct origins *origins, struct bytes origin)
{
    size_t i = find(origins, origin);
    return i == SIZE_MAX ? development(origins, origin) : origins->of[i].production;
}

bool origins_own_host(struct bytes host, uint16_t port)
{
    static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };
    for (size_t i = 0; i < COUNT(names); i++) {
        char own[32];
        snprintf(own, sizeof own, "%s:%u", names[i], (unsigned)port);
        if (bytes_equal(host, bytes_text(own))) return true;
    }
    return false;
}
