#include <stdio.h>

#include "base/clock.h"
#include "base/secret.h"
#include "pki/name.h"
#include "token/agent/agent.h"
#include "token/agent/pin.h"
#include "token/agent/window.h"

/* ---- hello, pair ---- */

static struct result hello(struct call *call)
{
    json_text(&call->out, "agent", "1.0");
    json_text(&call->out, "protocol", "1");
    json_flag(&call->out, "paired",
              pairings_holds(&call->agent->pairings, call->request.origin, call->request.pairing));
    json_text(&call->out, "pin", call->agent->insecure_dev ? "page" : "window");
    return OK;
}

static struct result pair(struct call *call)
{
    if (!call->agent->insecure_dev) TRY(window_pair(call));
    const struct clock clock = { .now = clock_system };
    char token[PAIRING_TOKEN_LEN + 1];
    TRY(pairings_add(&call->agent->pairings, call->request.origin, clock_now(&clock), token));
    json_text(&call->out, "token", token);
    secret_wipe(token, sizeof token);
    return OK;
}

/* ---- keys ---- */

static const char *state_word(enum helper_state state)
{
    static const char *const words[] = { [HELPER_STATE_BLANK] = "blank",
                                         [HELPER_STATE_MUST_CHANGE] = "must-change",
                                         [HELPER_STATE_READY] = "ready",
                                         [HELPER_STATE_LOCKED] = "locked" };
    return words[state];
}

static void write_certificate(struct call *call, const char *purpose, struct bytes der)
{
    struct certificate *certificate;
    if (!der.ptr) return;
    json_open(&call->out, NULL, '{');
    /* One that is not after our rules (another maker's, RSA) is handed on; it is the page that judges. */
    bool known = !failed(certificate_parse(der, call->arena, &certificate));
    const char *serial = known ? certificate_serial_text(certificate, call->arena) : NULL;
    const char *subject = known ? name_text(&certificate->subject, call->arena) : NULL;
    const char *issuer = known ? name_text(&certificate->issuer, call->arena) : NULL;
    json_text(&call->out, "serial", serial ? serial : "");
    json_text(&call->out, "purpose", purpose);
    json_text(&call->out, "subject", subject ? subject : "");
    json_text(&call->out, "issuer", issuer ? issuer : "");
    json_number(&call->out, "not_after_s", known ? certificate->not_after_s : 0);
    json_base64(&call->out, "der", der);
    json_close(&call->out, '}');
}

/* The part of a path that says which library, and not where. */
static const char *file_name(const char *path)
{
    for (const char *p = path; *p; p++)
        if (*p == '/' || *p == '\\') path = p + 1;
    return path;
}

static void write_key(struct call *call, const struct key *key, const struct key_state *state)
{
    json_open(&call->out, NULL, '{');
    json_text(&call->out, "key", key->id);
    json_text(&call->out, "serial", key->serial);
    json_text(&call->out, "label", key->label);
    json_text(&call->out, "manufacturer", key->manufacturer);
    json_text(&call->out, "library", file_name(key->library->path));
    json_text(&call->out, "state", state_word(state->state));
    json_number(&call->out, "tries_left", state->tries == HELPER_NO_TRIES ? 0 : state->tries);
    json_open(&call->out, "certificates", '[');
    write_certificate(call, "signing", state->signing);
    write_certificate(call, "encryption", state->encryption);
    json_close(&call->out, ']');
    json_close(&call->out, '}');
}

static struct result list_keys(struct call *call)
{
    struct key *keys = arena_array(call->arena, KEYS_MAX, sizeof *keys);
    ENSURE(keys, ERROR_OUT_OF_ROOM);
    size_t count = keys_list(&call->agent->keys, keys);
    json_open(&call->out, "keys", '[');
    for (size_t i = 0; i < count; i++) {
        struct key_state state;
        /* One that is pulled in between, or whose library fails, does not hide the others. */
        if (!failed(keys_state(&keys[i], call->arena, NULL, &state))) write_key(call, &keys[i], &state);
    }
    json_close(&call->out, ']');
    return OK;
}

/* ---- the table ---- */

/* Longest texts of fields. */
enum {
    ID = KEY_ID_LEN,
    PIN = PIN_MAX,
    DATE = 10,
    MOBILE = 20,
    TEXT = STATEMENT_MAX,
    CERTIFICATE = (CERTIFICATE_SIZE_MAX + 2) / 3 * 4, /* in base64 */
    SHORT = 1024
};

enum rights { ANYBODY, PAIRED, PRODUCER };

struct field_rule {
    const char *name;
    size_t max;
    bool required;
};

static const struct operation {
    const char *name;
    enum rights rights;
    struct result (*run)(struct call *);
    struct field_rule fields[6];
} operations[] = {
    { "hello", ANYBODY, hello, { { 0 } } },
    { "pair", ANYBODY, pair, { { 0 } } },
    { "keys", PAIRED, list_keys, { { 0 } } },
    { "change-pin", PAIRED, sign_change_pin,
      { { "key", ID, true }, { "old", PIN }, { "new", PIN }, { "birth_date", DATE }, { "mobile", MOBILE },
        { "last_tries", 3 } } },
    { "sign", PAIRED, sign_statement,
      { { "key", ID, true }, { "statement", TEXT, true }, { "pin", PIN }, { "last_tries", 3 } } },
    { "inspect", PRODUCER, production_inspect, { { "key", ID, true } } },
    { "open", PRODUCER, production_open,
      { { "key", ID, true }, { "device_answer", SHORT, true }, { "admin_sealed", SHORT, true } } },
    { "prove", PRODUCER, production_prove, { { "key", ID, true }, { "statement", TEXT, true } } },
    { "write", PRODUCER, production_write,
      { { "key", ID, true }, { "signing_certificate", CERTIFICATE, true }, { "encryption_certificate", CERTIFICATE },
        { "enveloped_key", SHORT } } },
    { "write-recovered", PRODUCER, production_write_recovered,
      { { "key", ID, true }, { "encryption_certificate", CERTIFICATE, true }, { "enveloped_key", SHORT, true } } },
    { "close", PRODUCER, production_close, { { "key", ID, true } } },
    { "unlock-challenge", PAIRED, production_unlock_challenge, { { "key", ID, true } } },
    { "download-open", PAIRED, download_open, { { "key", ID, true }, { "fresh", 3 } } },
    { "download-sign", PAIRED, sign_statement,
      { { "key", ID, true }, { "statement", TEXT, true }, { "pin", PIN }, { "last_tries", 3 },
        { "approved", 3 } } },
    { "download-write", PAIRED, download_write,
      { { "key", ID, true }, { "signing_certificate", CERTIFICATE, true },
        { "encryption_certificate", CERTIFICATE, true }, { "enveloped_key", SHORT, true } } },
    { "unlock-answer", PAIRED, production_unlock_answer, { { "key", ID, true }, { "answer", SHORT, true } } },
};

static const struct field_rule *rule_of(const struct operation *operation, const char *name)
{
    for (size_t i = 0; i < COUNT(operation->fields) && operation->fields[i].name; i++)
        if (strcmp(operation->fields[i].name, name) == 0) return &operation->fields[i];
    return NULL;
}

static struct result check_fields(struct call *call, const struct operation *operation)
{
    for (size_t i = 0; i < call->fields.count; i++) {
        const struct json_field *field = &call->fields.fields[i];
        const struct field_rule *rule = rule_of(operation, field->name);
        if (!rule) return diag_field(&call->diag, ERROR_AGENT_FIELD, field->name, "没有这个字段");
        if (field->len > rule->max && rule->max == PIN) return FAIL(ERROR_AGENT_PIN_FORM);
        if (field->len == 0 || field->len > rule->max)
            return diag_field(&call->diag, ERROR_AGENT_FIELD, field->name, "应为 1 至 %zu 字节", rule->max);
    }
    for (size_t i = 0; i < COUNT(operation->fields) && operation->fields[i].name; i++)
        if (operation->fields[i].required && !call_field(call, operation->fields[i].name))
            return diag_field(&call->diag, ERROR_AGENT_FIELD, operation->fields[i].name, "缺少这个字段");
    return OK;
}

static struct result check_rights(struct call *call, enum rights rights)
{
    if (rights == ANYBODY) return OK;
    ENSURE(pairings_holds(&call->agent->pairings, call->request.origin, call->request.pairing),
           ERROR_AGENT_PAIRING_NEEDED);
    ENSURE(rights != PRODUCER || origins_may_produce(&call->agent->origins, call->request.origin),
           ERROR_AGENT_PRODUCTION);
    return OK;
}

struct result operation_run(struct call *call)
{
    for (size_t i = 0; i < COUNT(operations); i++) {
        if (!bytes_equal(call->request.operation, bytes_text(operations[i].name))) continue;
        TRY(check_rights(call, operations[i].rights));
        TRY(check_fields(call, &operations[i]));
        struct result r = operations[i].run(call);
        if (r.code == ERROR_AGENT_NO_KEY || r.code == ERROR_AGENT_KEY_REMOVED) keys_forget(&call->agent->keys);
        return r;
    }
    return FAIL(ERROR_AGENT_OPERATION);
}
