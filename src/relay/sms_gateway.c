#include "relay/sms_gateway.h"

#include <stdlib.h>

#include "base/secret.h"
#include "relay/http.h"

enum { LASTING = 32 * 1024, SCHEME_END = 3 /* "://" */ };

struct sms_gateway {
    struct arena *arena;
    struct sms_gateway_options o;
    const char *host, *path;
    uint8_t secret[SMS_SECRET_MAX];
    struct {
        const char *name, *code;
    } codes[SMS_CODES_MAX];
    size_t code_count;
};

static const struct {
    struct result (*request)(struct work *work, const struct sms_order *order, struct sms_request *ret_request);
    struct result (*answer)(struct work *work, struct bytes text, struct relay_sent *ret_sent);
} kinds[] = { [SMS_ALIYUN] = { sms_aliyun_request, sms_aliyun_answer },
              [SMS_TENCENT] = { sms_tencent_request, sms_tencent_answer } };

/* ---- set-up ---- */

void sms_gateway_free(struct sms_gateway *gateway)
{
    if (!gateway) return;
    arena_free(gateway->arena);
    secret_wipe(gateway->secret, sizeof gateway->secret);
    free(gateway);
}

static void free_p(struct sms_gateway **gateway)
{
    sms_gateway_free(*gateway);
}

static struct result bad(struct diag *diag, const char *what)
{
    return diag_log(diag, ERROR_RELAY_CONFIG, "%s", what);
}

static const char *trimmed(struct arena *arena, struct bytes b)
{
    while (b.len && (b.ptr[0] == ' ' || b.ptr[0] == '\t')) b = bytes_of(b.ptr + 1, b.len - 1);
    while (b.len && strchr(" \t\r", b.ptr[b.len - 1])) b.len--;
    return arena_text(arena, b);
}

static struct result read_codes(struct sms_gateway *g, const char *text, struct diag *diag)
{
    for (const char *p = text; *p;) {
        size_t len = strcspn(p, "\n");
        const char *line = trimmed(g->arena, bytes_of(p, len)), *equals = line ? strchr(line, '=') : NULL;
        p += len + (p[len] == '\n');
        if (!line) return bad(diag, "sms_templates: too long");
        if (!line[0] || line[0] == '#') continue;
        if (!equals || g->code_count == SMS_CODES_MAX) return bad(diag, "sms_templates: a line is not name = code");
        g->codes[g->code_count].name = trimmed(g->arena, bytes_of(line, (size_t)(equals - line)));
        g->codes[g->code_count].code = trimmed(g->arena, bytes_text(equals + 1));
        if (!g->codes[g->code_count].name || !g->codes[g->code_count].code) return bad(diag, "sms_templates: too long");
        g->code_count++;
    }
    return g->code_count ? OK : bad(diag, "sms_templates: names no template");
}

/* Host and path of the address, as they are signed. */
static struct result split_url(struct sms_gateway *g, struct diag *diag)
{
    const char *colon = strstr(g->o.url, "://"), *host = colon ? colon + SCHEME_END : g->o.url;
    size_t len = strcspn(host, "/");
    g->host = arena_text(g->arena, bytes_of(host, len));
    g->path = host[len] ? arena_text(g->arena, bytes_text(host + len)) : "/";
    return g->host && g->path && !strpbrk(g->path, "?#") ? OK : bad(diag, "sms_url: has a query, or is too long");
}

struct result sms_gateway_new(const struct sms_gateway_options *options, struct diag *diag,
                              struct sms_gateway **ret_gateway)
{
    struct sms_gateway *g CLEANUP(free_p) = calloc(1, sizeof *g);
    if (!g) abort();
    g->arena = arena_new(LASTING);
    g->o = *options;
    const char **const texts[] = { &g->o.url, &g->o.key_id, &g->o.signature_name, &g->o.app, &g->o.region,
                                   &g->o.ca_file };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (*texts[i] && !(*texts[i] = arena_text(g->arena, bytes_text(*texts[i])))) return bad(diag, "too long");
    if (options->secret.len == 0 || options->secret.len > SMS_SECRET_MAX)
        return bad(diag, "sms_secret_file: is empty or too long");
    memcpy(g->secret, options->secret.ptr, options->secret.len);
    g->o.secret = bytes_of(g->secret, options->secret.len);
    TRY(split_url(g, diag));
    TRY(read_codes(g, options->codes, diag));
    g->o.codes = NULL;
    *ret_gateway = TAKE(g);
    return OK;
}

/* ---- sending ---- */

bool sms_next_value(struct arena *arena, const char **values, const char **ret_name, const char **ret_value)
{
    if (!*values || !**values) return false;
    size_t len = strcspn(*values, "\n"), name = strcspn(*values, "=");
    if (name >= len) return false;
    *ret_name = arena_text(arena, bytes_of(*values, name));
    *ret_value = arena_text(arena, bytes_of(*values + name + 1, len - name - 1));
    *values += len + ((*values)[len] == '\n');
    return *ret_name && *ret_value;
}

struct result sms_refused(struct work *work, const struct sms_refusal *rules, size_t count, const char *code)
{
    enum error error = ERROR_RELAY_REFUSED;
    for (size_t i = 0; i < count; i++)
        if (text_starts(code, rules[i].begins)) {
            error = rules[i].error;
            break;
        }
    /* Their words are in their language; the code is what their support asks for. */
    bool plain = text_plain(bytes_text(code)) && strlen(code) <= 80;
    return diag_detail(work->diag, error, "短信平台返回 %s", plain ? code : "未知代码");
}

static const char *find_code(const struct sms_gateway *g, const char *name)
{
    for (size_t i = 0; i < g->code_count; i++)
        if (text_equal(g->codes[i].name, name)) return g->codes[i].code;
    return NULL;
}

static bool is_mobile(const char *to)
{
    return strlen(to) == 11 && to[0] == '1' && strspn(to, "0123456789") == 11;
}

struct result sms_gateway_send(struct sms_gateway *gateway, struct work *work, const struct relay_notice *notice,
                               struct relay_sent *ret_sent)
{
    const struct sms_gateway_options *o = &gateway->o;
    char id[ID_TEXT_LEN + 1];
    id_text(&notice->id, id);
    const char *to = notice->to && text_starts(notice->to, "+86") ? notice->to + 3 : notice->to;
    ENSURE(to && is_mobile(to), ERROR_RELAY_RECIPIENT);
    struct sms_order order = { gateway->host, gateway->path, o->key_id, o->signature_name, o->app, o->region, o->secret,
                               to, find_code(gateway, notice->name ? notice->name : ""), notice->values, id };
    ENSURE(order.code, ERROR_RELAY_SMS_TEMPLATE);
    struct sms_request made = { 0 };
    TRY(kinds[o->kind].request(work, &order, &made));
    struct http_request request = { .method = "POST", .url = o->url, .body = made.body, .ca_file = o->ca_file };
    memcpy(request.headers, made.headers, sizeof made.headers);
    struct http_answer answer;
    TRY(http_send(work, &request, &answer));
    if (answer.status == 429 || answer.status == 503)
        return diag_log(work->diag, ERROR_RELAY_RATE, "the SMS gateway says %ld", answer.status);
    if (answer.status >= 500)
        return diag_log(work->diag, ERROR_RELAY_ANSWER, "the SMS gateway says %ld", answer.status);
    return kinds[o->kind].answer(work, answer.body, ret_sent);
}
