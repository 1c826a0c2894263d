#include "relay/tax.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"
#include "base/secret.h"
#include "relay/hmac.h"
#include "relay/http.h"

enum { LASTING = 8 * 1024, REASON_MAX = 180 };

struct tax {
    struct arena *arena;
    const char *url, *account, *ca_file;
    uint8_t key[TAX_KEY_MAX];
    size_t key_len;
};

struct tax *tax_new(const char *url, const char *account, struct bytes key, const char *ca_file)
{
    struct tax *tax = calloc(1, sizeof *tax);
    if (!tax) abort();
    tax->arena = arena_new(LASTING);
    tax->url = arena_text(tax->arena, bytes_text(url));
    tax->account = arena_text(tax->arena, bytes_text(account));
    tax->ca_file = ca_file ? arena_text(tax->arena, bytes_text(ca_file)) : NULL;
    if (!tax->url || !tax->account) abort();
    memcpy(tax->key, key.ptr, key.len);
    tax->key_len = key.len;
    return tax;
}

void tax_free(struct tax *tax)
{
    if (!tax) return;
    arena_free(tax->arena);
    secret_wipe(tax->key, sizeof tax->key);
    free(tax);
}

bool tax_account_is_good(const char *account)
{
    size_t len = strlen(account);
    return len > 0 && len <= 64 &&
           strspn(account, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

const char *tax_signature(struct arena *arena, struct bytes key, const char *method, const char *path,
                          const char *timestamp, const char *nonce, struct bytes body)
{
    const char *hash = hmac_hash_hex(arena, body);
    const char *text = hash ? arena_format(arena, "%s\n%s\n%s\n%s\n%s\n", method, path, timestamp, nonce, hash) : NULL;
    return text ? hmac_sha256_hex(arena, key, bytes_text(text)) : NULL;
}

/* ---- request and answer ---- */

struct exchange {
    const char *method, *path;
    struct bytes body;
    size_t answer_max;
};

static struct result check_answer(struct tax *tax, struct work *work, const struct http_answer *answer,
                                  const char *nonce)
{
    const char *timestamp = http_header(work, "Tax-Timestamp"), *told = http_header(work, "Tax-Signature");
    const char *status = arena_format(work->arena, "%ld", answer->status);
    if (!timestamp || !told || !status)
        return diag_log(work->diag, ERROR_RELAY_ANSWER_SIGNATURE, "headers are missing");
    const char *right = tax_signature(work->arena, bytes_of(tax->key, tax->key_len), "answer", status, timestamp, nonce,
                                      answer->body);
    ENSURE(right, ERROR_OUT_OF_ROOM);
    bool same = strlen(told) == strlen(right) && secret_equal(told, right, strlen(right));
    ENSURE(same, ERROR_RELAY_ANSWER_SIGNATURE);
    return OK;
}

/* The error for what the platform did not do; only a signed answer is a refusal for good. */
static struct result no_success(struct work *work, const struct http_answer *answer)
{
    enum error error = ERROR_RELAY_REFUSED;
    if (answer->status == 429 || answer->status == 503) error = ERROR_RELAY_RATE;
    else if (answer->status >= 500) error = ERROR_RELAY_ANSWER;
    return diag_log(work->diag, error, "the tax platform says %ld", answer->status);
}

static struct result exchange(struct tax *tax, struct work *work, const struct exchange *e, struct bytes *ret_body)
{
    uint8_t random[16];
    random_fill(random, sizeof random);
    struct arena *a = work->arena;
    const char *nonce = text_hex(a, BYTES(random));
    const char *timestamp = arena_format(a, "%lld", (long long)clock_now(work->clock));
    ENSURE(nonce && timestamp, ERROR_OUT_OF_ROOM);
    const char *signature = tax_signature(a, bytes_of(tax->key, tax->key_len), e->method, e->path, timestamp, nonce,
                                          e->body);
    struct http_request request = { e->method, arena_format(a, "%s%s", tax->url, e->path),
                                    { arena_format(a, "Tax-Account: %s", tax->account),
                                      arena_format(a, "Tax-Timestamp: %s", timestamp),
                                      arena_format(a, "Tax-Nonce: %s", nonce),
                                      arena_format(a, "Tax-Signature: %s", signature ? signature : ""),
                                      "User-Agent: hufu-relay", "Content-Type: application/xml" },
                                    e->body, tax->ca_file, e->answer_max };
    ENSURE(signature && request.url && request.headers[3], ERROR_OUT_OF_ROOM);
    struct http_answer answer;
    TRY(http_send(work, &request, &answer));
    if (answer.status == 429 || answer.status >= 500) return no_success(work, &answer); /* a proxy's, perhaps */
    TRY(check_answer(tax, work, &answer, nonce));
    if (answer.status < 200 || answer.status > 299) return no_success(work, &answer);
    *ret_body = answer.body;
    return OK;
}

static bool good_number(const char *number)
{
    size_t len = number ? strlen(number) : 0;
    return len > 0 && len <= 32 && strspn(number, "0123456789V") == len;
}

/* ---- what is asked ---- */

static const char *text_of(struct work *work, const json_t *json, const char *key, size_t max)
{
    const char *text = json_string_value(json_object_get(json, key));
    if (!text || !text_plain(bytes_text(text)) || strlen(text) > max) return NULL;
    return arena_text(work->arena, bytes_text(text));
}

static struct result read_invoiced(struct work *work, const json_t *json, const char *number,
                                   struct relay_invoiced *ret_invoiced)
{
    static const char *const states[] = { "accepted", "issued", "refused" };
    const char *about = text_of(work, json, "EIid", 64), *state = text_of(work, json, "State", 16);
    struct relay_invoiced told = { .invoice = text_of(work, json, "InvoiceNumber", 20),
                                   .reason = text_of(work, json, "Reason", REASON_MAX),
                                   .issued_s = json_integer_value(json_object_get(json, "IssueTime")) };
    if (!about || !text_equal(about, number))
        return diag_log(work->diag, ERROR_RELAY_ANSWER, "the answer is about another invoice");
    for (size_t i = 0; i < COUNT(states); i++)
        if (text_equal(state, states[i])) told.state = states[i];
    ENSURE(told.state, ERROR_RELAY_ANSWER);
    bool issued = text_equal(told.state, "issued");
    bool numbered = told.invoice && strlen(told.invoice) == 20 && strspn(told.invoice, "0123456789") == 20;
    ENSURE(!issued || (numbered && told.issued_s > 0), ERROR_RELAY_ANSWER);
    if (!issued) told.invoice = NULL;
    *ret_invoiced = told;
    return OK;
}

struct result tax_invoice(struct tax *tax, struct work *work, const struct relay_invoice *ask,
                          struct relay_invoiced *ret_invoiced)
{
    ENSURE(good_number(ask->number) && ask->document, ERROR_MALFORMED);
    struct exchange e = { "PUT", arena_format(work->arena, "/v1/invoices/%s", ask->number),
                          bytes_text(ask->document), 0 };
    struct bytes answer;
    ENSURE(e.path, ERROR_OUT_OF_ROOM);
    TRY(exchange(tax, work, &e, &answer));
    json_t *json = json_loadb((const char *)answer.ptr, answer.len, JSON_REJECT_DUPLICATES, NULL);
    struct result r = json ? read_invoiced(work, json, ask->number, ret_invoiced) : FAIL(ERROR_RELAY_ANSWER);
    json_decref(json);
    return r;
}

struct result tax_file(struct tax *tax, struct work *work, const struct relay_invoice_file *ask,
                       struct relay_file *ret_file)
{
    bool kind = text_equal(ask->kind, "pdf") || text_equal(ask->kind, "ofd");
    ENSURE(good_number(ask->number) && kind && work->fd >= 0, ERROR_MALFORMED);
    struct exchange e = { "GET", arena_format(work->arena, "/v1/invoices/%s/%s", ask->number, ask->kind), { 0 },
                          RELAY_FILE_MAX };
    struct bytes file;
    ENSURE(e.path, ERROR_OUT_OF_ROOM);
    TRY(exchange(tax, work, &e, &file));
    for (size_t done = 0; done < file.len;) {
        ssize_t n = pwrite(work->fd, file.ptr + done, file.len - done, (off_t)done);
        ENSURE(n > 0, ERROR_IO);
        done += (size_t)n;
    }
    *ret_file = (struct relay_file){ (int64_t)file.len };
    return OK;
}
