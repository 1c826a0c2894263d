#include "status/serve.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/published.h"

enum { ANSWER_SIZE_MAX = PUBLISHED_ANSWER_HEAD + OCSP_RESPONSE_SIZE_MAX, HTTP_DATE_MAX = 40 };

static const char ocsp_path[] = "/ocsp";

/* RFC 9110 §5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT". */
static void http_date(int64_t time_s, char into[HTTP_DATE_MAX])
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil c = civil_utc(time_s);
    snprintf(into, HTTP_DATE_MAX, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * c.weekday, c.day,
             months + 3 * (c.month - 1), c.year, c.hour, c.minute, c.second);
}

/* ---- OCSP ---- */

static struct bytes read_answer(struct status *status, const char *path, struct arena *arena)
{
    uint8_t *into = arena_take(arena, ANSWER_SIZE_MAX);
    int fd = into ? openat(status->folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    ssize_t len = fd >= 0 ? read(fd, into, ANSWER_SIZE_MAX) : -1;
    if (fd >= 0) close(fd);
    return len > 0 ? bytes_of(into, (size_t)len) : (struct bytes){ 0 };
}

/* RET_NEXT_S: until when it may be kept; 0: not at all. */
static struct bytes find_answer(struct status *status, const struct ocsp_id *id, struct arena *arena,
                                int64_t *ret_next_s)
{
    char path[PUBLISHED_PATH_MAX];
    struct published_answer answer;
    const char *ca = issuers_find(status->issuers, id);
    if (!ca) return ocsp_refuse(OCSP_UNAUTHORIZED);
    published_answer_path(ca, id->serial, path);
    struct bytes file = read_answer(status, path, arena);
    if (!file.ptr) return ocsp_refuse(OCSP_UNAUTHORIZED);
    if (failed(published_answer_read(file, &answer))) return ocsp_refuse(OCSP_INTERNAL_ERROR);
    if (answer.next_update_s < clock_now(status->clock)) return ocsp_refuse(OCSP_TRY_LATER);
    *ret_next_s = answer.next_update_s;
    return answer.response;
}

/* With its nonce, by the signer: only about a certificate that has an answer, and not to be kept by anybody. */
static struct bytes ask_signer(struct status *status, const struct ocsp_request *asked, struct arena *arena)
{
    const struct status_nonce question = { asked->ids[0].hash, asked->ids[0].serial, asked->nonce };
    struct bytes response;
    if (failed(status_signer_ask(status->signer, &question, arena, &response))) return (struct bytes){ 0 };
    return response;
}

/* RFC 5019 §6.2: until the next update, for everybody. */
static void allow_keeping(struct http_request *request, int64_t now_s, int64_t next_s)
{
    char age[64], date[HTTP_DATE_MAX];
    snprintf(age, sizeof age, "max-age=%lld, public, no-transform, must-revalidate",
             (long long)(next_s - now_s));
    http_date(next_s, date);
    http_answer_field(request, "Cache-Control", age);
    http_answer_field(request, "Expires", date);
}

static void answer_ocsp(struct status *status, struct http_request *request, struct bytes der)
{
    struct ocsp_request asked;
    int64_t next_s = 0;
    struct bytes answer;
    if (failed(ocsp_request_parse(der, &asked))) answer = ocsp_refuse(OCSP_MALFORMED_REQUEST);
    else if (asked.count != 1) answer = ocsp_refuse(OCSP_UNAUTHORIZED); /* RFC 5019 §2.1.1: one at a time */
    else answer = find_answer(status, &asked.ids[0], request->arena, &next_s);
    if (next_s && asked.nonce.ptr) {
        struct bytes fresh = ask_signer(status, &asked, request->arena);
        if (fresh.ptr) answer = fresh;
        if (fresh.ptr) next_s = 0;
    }
    http_answer_body(request, 200, "application/ocsp-response", answer);
    if (next_s) allow_keeping(request, clock_now(status->clock), next_s);
}

/* The path behind "/ocsp/": base64, its "+", "/" and "=" escaped or not. */
static void answer_get(struct status *status, struct http_request *request)
{
    const char *at = request->path + sizeof ocsp_path, *text = NULL;
    struct bytes der;
    if (failed(http_unescape(at, strlen(at), request->arena, &text)) ||
        failed(text_from_base64(request->arena, text, &der)))
        der = (struct bytes){ 0 };
    answer_ocsp(status, request, der);
}

/* ---- files ---- */

/* "NAME.crl" of letters, digits and '-': nothing that leads elsewhere. */
static bool plain_name(const char *name, const char *ending)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && strcmp(name + len, ending) == 0;
}

static void answer_published(struct status *status, struct http_request *request, const char *type)
{
    struct stat st;
    char date[HTTP_DATE_MAX];
    int fd = openat(status->folder, request->path + 1, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0) close(fd);
        http_answer(request, 404);
        return;
    }
    http_date(st.st_mtime, date);
    http_answer_field(request, "Last-Modified", date);
    http_answer_field(request, "Cache-Control", "public, max-age=5");
    http_answer_file(request, 200, type, fd, (uint64_t)st.st_size);
}

/* ---- requests ---- */

static bool plan(void *context, struct http_request *request, struct http_plan *ret_plan)
{
    bool post = request->method == HTTP_POST && text_equal(request->path, ocsp_path);
    if (!post && request->method != HTTP_GET && request->method != HTTP_HEAD) {
        http_answer(request, 405);
        http_answer_field(request, "Allow", "GET, HEAD, POST");
        return false;
    }
    const char *type = http_field(request, "Content-Type");
    if (post && (!type || strcasecmp(type, "application/ocsp-request") != 0)) {
        http_answer(request, 415);
        return false;
    }
    *ret_plan = (struct http_plan){ post ? HTTP_BODY_MEMORY : HTTP_BODY_NONE, OCSP_REQUEST_SIZE_MAX, false };
    return true;
}

static void handle(void *context, struct http_request *request)
{
    struct status *status = context;
    if (request->method == HTTP_POST) answer_ocsp(status, request, request->body);
    else if (text_starts(request->path, "/ocsp/")) answer_get(status, request);
    else if (text_starts(request->path, "/crl/") && plain_name(request->path + 5, ".crl"))
        answer_published(status, request, "application/pkix-crl");
    else if (text_starts(request->path, "/ca/") && plain_name(request->path + 4, ".cer"))
        answer_published(status, request, "application/pkix-cert");
    else http_answer(request, 404);
}

struct http_handler status_handler(struct status *status)
{
    return (struct http_handler){ .context = status, .plan = plan, .handle = handle };
}
