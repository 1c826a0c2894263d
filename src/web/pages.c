#include "web/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/sm3.h"
#include "web/brand.h"
#include "web/call_internal.h"

enum { POLICY_MAX = 800, PATH_ROOM = 1024, PAGE_MAX = 16 * 1024 * 1024, HTML_MAX = 64 * 1024, ETAG_HASH = 12 };

struct pages_site {
    const char *host;
    int folder;    /* -1: there are no pages */
    int downloads; /* -1: there are none, or not on this host */
};

struct pages {
    struct pages_site sites[ROUTER_HOSTS_MAX];
    size_t count;
    char policy[POLICY_MAX];
    const char *brand; /* NULL: the one that the pages are built with */
    struct http_handler api;
};

/* ---- which file ---- */

static const struct kind {
    const char *end, *type;
} kinds[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".mjs", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".json", "application/json" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".jpg", "image/jpeg" },
    { ".webp", "image/webp" },
    { ".ico", "image/x-icon" },
    { ".woff2", "font/woff2" },
    { ".woff", "font/woff" },
    { ".wasm", "application/wasm" },
    { ".txt", "text/plain; charset=utf-8" },
    { ".webmanifest", "application/manifest+json" },
    { ".pdf", "application/pdf" },
    { ".deb", "application/vnd.debian.binary-package" },
    { ".exe", "application/octet-stream" },
};

static const char *type_of(const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        size_t end = strlen(kinds[i].end);
        if (len > end && strcmp(path + len - end, kinds[i].end) == 0) return kinds[i].type;
    }
    return "application/octet-stream";
}

/* "assets/index-4f2a1c9b.js": eight or more of a hash behind the last '-' or '.', before the ending. */
static bool has_hash(const char *path)
{
    const char *name = strrchr(path, '/'), *dot = strrchr(path, '.');
    if (!text_starts(path, "/assets/") || !name || !dot || dot < name) return false;
    const char *from = dot;
    while (from > name && from[-1] != '-' && from[-1] != '.') from--;
    return from > name + 1 && dot - from >= 8;
}

/* The engine has refused ".", ".." and empty segments already; no link leads out either, at any step. */
static int open_below(int folder, const char *path)
{
    int at = dup(folder);
    for (const char *from = path + 1; at >= 0 && *from;) {
        char name[256];
        size_t len = strcspn(from, "/");
        bool last = !from[len];
        if (len == 0 || len >= sizeof name || from[0] == '.') {
            close(at);
            return -1;
        }
        memcpy(name, from, len);
        name[len] = '\0';
        int next =
            openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (last ? 0 : O_DIRECTORY));
        close(at);
        at = next;
        from += len + !last;
    }
    return at;
}

static int open_file(int folder, const char *path, struct stat *ret_stat)
{
    int fd = open_below(folder, path);
    if (fd < 0) return -1;
    if (fstat(fd, ret_stat) == 0 && S_ISREG(ret_stat->st_mode) && ret_stat->st_size <= PAGE_MAX) return fd;
    close(fd);
    return -1;
}

/* ---- answering ---- */

/* By inode, size and time: a new build is a new file. */
static const char *etag_of(struct http_request *request, const struct stat *st)
{
    return arena_format(request->arena, "\"%llx-%llx-%llx.%lx\"", (unsigned long long)st->st_ino,
                        (unsigned long long)st->st_size, (unsigned long long)st->st_mtim.tv_sec,
                        (unsigned long)st->st_mtim.tv_nsec);
}

static bool is_known(const struct http_request *request, const char *etag)
{
    const char *known = http_field(request, "If-None-Match");
    return etag && known && strcmp(etag, known) == 0;
}

/* The console shows scans in a frame that has no origin (sandbox): what the frame loads comes from another
 * origin in the browser's eyes, and only the console itself may frame it. It may run its script and draw,
 * nothing else. */
static void answer_frame_fields(struct http_request *request)
{
    http_answer_field(request, "Cross-Origin-Resource-Policy", "cross-origin");
    http_answer_field(request, "X-Frame-Options", "SAMEORIGIN");
    http_answer_field(
        request, "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src blob: data:; font-src data: blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'");
}

static void answer_html_fields(const struct pages *pages, struct http_request *request)
{
    http_answer_field(request, "Content-Security-Policy", pages->policy);
    http_answer_field(request, "Cross-Origin-Opener-Policy", "same-origin");
    http_answer_field(request, "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()");
}

/* The file's gzipped twin, which the build puts beside it, where the browser takes it; else the file itself.
 */
static bool take_twin(int folder, struct http_request *request, const char *path, int *fd, struct stat *st)
{
    const char *accepted = http_field(request, "Accept-Encoding");
    bool takes = accepted && strstr(accepted, "gzip") && !strstr(accepted, "gzip;q=0");
    const char *twin = takes ? arena_format(request->arena, "%s.gz", path) : NULL;
    struct stat of_twin;
    int other = twin ? open_file(folder, twin, &of_twin) : -1;
    if (other < 0) return false;
    close(*fd);
    *fd = other;
    *st = of_twin;
    return true;
}

static void answer_open(const struct pages *pages, struct http_request *request, const char *path, int fd,
                        const struct stat *st)
{
    const char *etag = etag_of(request, st), *type = type_of(path);
    if (is_known(request, etag)) {
        close(fd);
        http_answer(request, 304);
    } else {
        http_answer_file(request, 200, type, fd, (uint64_t)st->st_size);
    }
    if (etag) http_answer_field(request, "ETag", etag);
    http_answer_field(request, "Cache-Control",
                      has_hash(path) ? "public, max-age=31536000, immutable" : "no-cache");
    if (text_starts(path, "/frame/")) answer_frame_fields(request);
    else if (text_starts(type, "text/html")) answer_html_fields(pages, request);
}

/* index.html with the installation's own brand. */
static void answer_branded(const struct pages *pages, struct http_request *request, int fd)
{
    uint8_t *into = arena_take(request->arena, HTML_MAX);
    ssize_t n = into ? pread(fd, into, HTML_MAX, 0) : -1;
    close(fd);
    struct bytes page = n > 0 && n < HTML_MAX ? brand_page(request->arena, bytes_of(into, (size_t)n), pages->brand)
                                              : bytes_of(NULL, 0);
    if (!page.ptr) {
        router_answer_error(request, NULL, ERROR_OUT_OF_ROOM);
        return;
    }
    uint8_t hash[SM3_SIZE];
    sm3_hash(page, hash);
    const char *hex = text_hex(request->arena, bytes_of(hash, ETAG_HASH));
    const char *etag = hex ? arena_format(request->arena, "\"%s\"", hex) : NULL;
    if (is_known(request, etag)) http_answer(request, 304);
    else http_answer_body(request, 200, "text/html; charset=utf-8", page);
    if (etag) http_answer_field(request, "ETag", etag);
    http_answer_field(request, "Cache-Control", "no-cache");
    answer_html_fields(pages, request);
}

static bool is_route(const char *path)
{
    const char *name = strrchr(path, '/');
    return !strchr(name ? name : path, '.') && !text_starts(path, "/assets/");
}

static bool is_download(const struct pages_site *site, const struct http_request *request)
{
    return site->downloads >= 0 && text_starts(request->path, "/downloads/");
}

static void answer_download(const struct pages *pages, const struct pages_site *site, struct http_request *request)
{
    struct stat st;
    const char *path = request->path, *name = path + strlen("/downloads");
    int fd = open_file(site->downloads, name, &st);
    if (fd < 0) {
        router_answer_error(request, NULL, ERROR_ROUTE_UNKNOWN);
        return;
    }
    answer_open(pages, request, path, fd, &st);
    if (strcmp(name, "/index.json") != 0) http_answer_field(request, "Content-Disposition", "attachment");
}

static void answer_page(const struct pages *pages, const struct pages_site *site,
                        struct http_request *request)
{
    struct stat st;
    const char *path = request->path;
    int fd = strcmp(path, "/") == 0 ? -1 : open_file(site->folder, path, &st);
    if (fd < 0 && is_route(path)) {
        path = "/index.html";
        fd = open_file(site->folder, path, &st);
    }
    if (fd < 0) router_answer_error(request, NULL, ERROR_ROUTE_UNKNOWN);
    else if (pages->brand && strcmp(path, "/index.html") == 0) answer_branded(pages, request, fd);
    else {
        if (take_twin(site->folder, request, path, &fd, &st))
            http_answer_field(request, "Content-Encoding", "gzip");
        http_answer_field(request, "Vary", "Accept-Encoding");
        answer_open(pages, request, path, fd, &st);
    }
}

/* ---- the engine's calls ---- */

static const struct pages_site *find_site(const struct pages *pages, const struct http_request *request)
{
    for (size_t i = 0; i < pages->count; i++)
        if (strcmp(pages->sites[i].host, request->host) == 0) return &pages->sites[i];
    return NULL;
}

static bool is_api(const struct http_request *request)
{
    return text_starts(request->path, "/api/") || strcmp(request->path, "/api") == 0;
}

static bool plan(void *context, struct http_request *request, struct http_plan *ret_plan)
{
    const struct pages *pages = context;
    if (is_api(request)) return pages->api.plan(pages->api.context, request, ret_plan);
    const struct pages_site *site = find_site(pages, request);
    bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD;
    enum error error = !site ? ERROR_HOST_UNKNOWN : !reads ? ERROR_METHOD_REFUSED : ERROR_NONE;
    if (error == ERROR_METHOD_REFUSED) http_answer_field(request, "Allow", "GET, HEAD");
    if (error != ERROR_NONE) router_answer_error(request, NULL, error);
    *ret_plan = (struct http_plan){ HTTP_BODY_NONE, 0, false };
    return error == ERROR_NONE;
}

static bool admit(void *context, struct http_request *request)
{
    const struct pages *pages = context;
    return pages->api.admit(pages->api.context, request); /* pages have no bodies */
}

static void handle(void *context, struct http_request *request)
{
    const struct pages *pages = context;
    if (is_api(request)) pages->api.handle(pages->api.context, request);
    else if (is_download(find_site(pages, request), request))
        answer_download(pages, find_site(pages, request), request);
    else answer_page(pages, find_site(pages, request), request);
}

static void refuse(void *context, struct http_request *request, enum error code)
{
    const struct pages *pages = context;
    pages->api.refuse(pages->api.context, request, code);
}

/* Pages come in dozens: of them the log tells what went wrong. */
static void done(void *context, struct http_request *request, int status)
{
    const struct pages *pages = context;
    if (is_api(request) || status >= 500) pages->api.done(pages->api.context, request, status);
}

struct http_handler pages_handler(struct pages *pages, const struct http_handler *api)
{
    pages->api = *api;
    return (struct http_handler){
        .context = pages, .plan = plan, .admit = admit, .handle = handle, .refuse = refuse, .done = done
    };
}

/* ---- life ---- */

struct result pages_new(const struct pages_options *options, struct diag *diag, struct pages **ret_pages)
{
    static const char *const names[] = {
        [CALL_HOST_PORTAL] = "portal", [CALL_HOST_CONSOLE] = "console", [CALL_HOST_PLATFORM] = "platform"
    };
    struct pages *pages = calloc(1, sizeof *pages);
    if (!pages) abort();
    if (!text_equal(options->brand, BRAND_BUILT)) pages->brand = options->brand;
    for (size_t i = 0; i < options->host_count; i++) {
        char path[PATH_ROOM];
        snprintf(path, sizeof path, "%s/%s/dist", options->folder, names[options->hosts[i].kind]);
        bool offers = options->hosts[i].kind == CALL_HOST_PLATFORM && options->downloads;
        pages->sites[i] =
            (struct pages_site){ options->hosts[i].host, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), -1 };
        pages->count++;
        if (pages->sites[i].folder < 0 && errno != ENOENT) {
            pages_free(pages);
            return diag_log(diag, ERROR_IO, "%s cannot be opened", path);
        }
        if (offers) pages->sites[i].downloads = open(options->downloads, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    /* Scripts are files of this host, nothing else; pages speak to this host and to the agent. */
    int len = snprintf(pages->policy, sizeof pages->policy,
                       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
                       "font-src 'self'; connect-src 'self' %s; frame-src 'self' blob:; manifest-src 'self'; "
                       "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
                       options->agent ? options->agent : "http://127.0.0.1:18181");
    if (len < 0 || (size_t)len >= sizeof pages->policy) abort();
    *ret_pages = pages;
    return OK;
}

void pages_free(struct pages *pages)
{
    if (!pages) return;
    for (size_t i = 0; i < pages->count; i++) {
        if (pages->sites[i].folder >= 0) close(pages->sites[i].folder);
        if (pages->sites[i].downloads >= 0) close(pages->sites[i].downloads);
    }
    free(pages);
}
