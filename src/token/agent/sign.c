#include <stdio.h>

#include "base/secret.h"
#include "crypto/sm2.h"
#include "pki/name.h"
#include "token/agent/agent.h"
#include "token/agent/window.h"

enum { LAST_TRIES = 2 };
static const char preset_pin[] = "000000"; /* known to everybody: R-KEY-1 */

/* PINs while one operation runs: a page of locked memory of its own. */
struct pins {
    struct pin old, fresh;
};

static void pins_give(struct pins **pins)
{
    system_give(*pins, sizeof **pins);
}

/* A key, its state and certificate: what sign and change-pin look at first. */
struct subject {
    struct key key;
    struct key_state state;
    struct certificate *certificate; /* NULL where it has none after our rules */
};

/* R-CHANGE-2: the USBKey passes to who is at it; the authority's answer (unlock-answer) stands in the PIN's place. */
static bool approved(struct call *call)
{
    return bytes_equal(call->request.operation, bytes_text("download-sign")) &&
           text_equal(call_field(call, "approved"), "yes");
}

static struct result look(struct call *call, struct subject *s)
{
    TRY(keys_find(&call->agent->keys, call_field(call, "key"), &s->key));
    TRY(keys_state(&s->key, call->arena, &call->diag, &s->state));
    s->certificate = NULL;
    if (s->state.signing.ptr && failed(certificate_parse(s->state.signing, call->arena, &s->certificate)))
        s->certificate = NULL;
    call->tries = s->state.tries;
    ENSURE(s->state.state != HELPER_STATE_BLANK, ERROR_AGENT_KEY_BLANK);
    ENSURE(s->state.state != HELPER_STATE_LOCKED || approved(call), ERROR_AGENT_PIN_LOCKED);
    return OK;
}

static const char *holder_of(struct call *call, const struct subject *s)
{
    if (!s->certificate) return "";
    const char *text = arena_text(call->arena, name_value(&s->certificate->subject, OID_COMMON_NAME));
    return text ? text : "";
}

/* A page must not burn the last tries: the person insists, or another way is taken. */
static bool may_try(struct call *call, const struct subject *s)
{
    return s->state.tries > LAST_TRIES || text_equal(call_field(call, "last_tries"), "yes");
}

/* ---- sign, download-sign ---- */

/* Of "sign" the signature; of "download-sign" the new key's as well. */
struct made {
    uint8_t signature[SM2_SIGNATURE_SIZE], possession[SM2_SIGNATURE_SIZE];
};

/* R-KEY-7, R-LOGIN-2: only for the page that is named, by the certificate that is named. */
static struct result check_statement(struct call *call, const struct subject *s, struct words *ret_words)
{
    TRY(words_read(call_field(call, "statement"), call->arena, ret_words));
    struct bytes origin = call->request.origin;
    bool download = bytes_equal(call->request.operation, bytes_text("download-sign"));
    ENSURE(download == (ret_words->kind == WORDS_DOWNLOAD), ERROR_AGENT_STATEMENT);
    switch (ret_words->kind) {
    case WORDS_LOGIN:
    case WORDS_DOWNLOAD:
        if (!bytes_equal(bytes_text(ret_words->origin), origin))
            return diag_log(&call->diag, ERROR_AGENT_STATEMENT_ORIGIN, "a statement for %s", ret_words->origin);
        break;
    case WORDS_OPERATOR:
        ENSURE(origins_may_produce(&call->agent->origins, origin), ERROR_AGENT_PRODUCTION);
        break;
    case WORDS_ATTEST: return FAIL(ERROR_AGENT_STATEMENT);
    }
    ENSURE(s->certificate, ERROR_AGENT_KEY_BLANK);
    const char *serial = certificate_serial_text(s->certificate, call->arena);
    ENSURE(serial, ERROR_OUT_OF_ROOM);
    ENSURE(text_equal(serial, ret_words->certificate), ERROR_AGENT_STATEMENT_CERTIFICATE);
    return OK;
}

static struct result take_signature(struct library_call *ask, uint8_t ret_signature[SM2_SIGNATURE_SIZE])
{
    struct bytes signature = read_block(&ask->in, SM2_SIGNATURE_SIZE);
    ENSURE(signature.len == SM2_SIGNATURE_SIZE, ERROR_AGENT_LIBRARY_FAILED);
    memcpy(ret_signature, signature.ptr, SM2_SIGNATURE_SIZE);
    return OK;
}

/* One try with the key. What it signed is checked before anybody relies on it. */
static struct result sign_once(struct call *call, const struct subject *s, const struct words *words,
                               const struct pin *pin, struct made *ret_made)
{
    struct bytes statement = bytes_text(call_field(call, "statement"));
    struct library_call ask;
    keys_begin(&s->key, words->kind == WORDS_DOWNLOAD ? HELPER_DOWNLOAD_SIGN : HELPER_SIGN, &ask);
    write_block(&ask.out, bytes_text(pin->text));
    write_block(&ask.out, statement);
    struct result r = library_ask(&ask, LIBRARY_TIME_MS, &call->diag);
    call->tries = ask.tries;
    struct made made = { 0 };
    if (!failed(r)) r = take_signature(&ask, made.signature);
    if (!failed(r) && words->kind == WORDS_DOWNLOAD) r = take_signature(&ask, made.possession);
    library_end(&ask);
    TRY(r);
    if (failed(public_key_verify(&s->certificate->key, statement, made.signature)))
        return diag_log(&call->diag, ERROR_AGENT_LIBRARY_FAILED, "the signature does not fit the certificate");
    *ret_made = made;
    return OK;
}

static struct result sign_with_page_pin(struct call *call, const struct subject *s, const struct words *words,
                                        struct pins *pins, struct made *ret_made)
{
    const char *pin = call_field(call, "pin");
    ENSURE(pin, ERROR_AGENT_PIN_PLACE);
    TRY(pin_check_form(pin));
    ENSURE(may_try(call, s), ERROR_AGENT_LAST_TRIES);
    snprintf(pins->old.text, sizeof pins->old.text, "%s", pin);
    return sign_once(call, s, words, &pins->old, ret_made);
}

static struct window_key window_key_of(struct call *call, const struct subject *s, const char *problem)
{
    return (struct window_key){ s->key.serial, holder_of(call, s), call->tries, problem };
}

/* Asks until the PIN is right, the key is locked or the person has enough. */
static struct result sign_with_window(struct call *call, const struct subject *s, const struct words *words,
                                      struct pins *pins, struct made *ret_made)
{
    ENSURE(!call_field(call, "pin") && !call_field(call, "last_tries"), ERROR_AGENT_PIN_PLACE);
    const char *problem = "";
    for (;;) {
        struct window_key shown = window_key_of(call, s, problem);
        TRY(window_pin(call, &shown, words, &pins->old));
        struct result r = sign_once(call, s, words, &pins->old, ret_made);
        if (r.code != ERROR_AGENT_PIN_WRONG) return r;
        problem = error_find(r.code)->zh;
    }
}

struct result sign_statement(struct call *call)
{
    struct subject s;
    struct words words;
    struct made made;
    TRY(look(call, &s));
    TRY(check_statement(call, &s, &words));
    ENSURE(s.state.state != HELPER_STATE_MUST_CHANGE || approved(call), ERROR_AGENT_MUST_CHANGE);
    struct pins *pins CLEANUP(pins_give) = system_take(sizeof *pins, NULL);
    ENSURE(pins, ERROR_OUT_OF_ROOM);
    if (approved(call))
        TRY(sign_once(call, &s, &words, &pins->old, &made));
    else if (call->agent->insecure_dev)
        TRY(sign_with_page_pin(call, &s, &words, pins, &made));
    else
        TRY(sign_with_window(call, &s, &words, pins, &made));
    json_base64(&call->out, "certificate", s.state.signing);
    json_base64(&call->out, "signature", BYTES(made.signature));
    if (words.kind == WORDS_DOWNLOAD) json_base64(&call->out, "possession", BYTES(made.possession));
    json_text(&call->out, "serial", words.certificate);
    return OK;
}

/* ---- change-pin ---- */

static struct result check_new(struct call *call, const struct pins *pins)
{
    return pin_check_new(pins->old.text, pins->fresh.text, call_field(call, "birth_date"), call_field(call, "mobile"));
}

static struct result change_once(struct call *call, const struct subject *s, const struct pins *pins)
{
    struct library_call ask;
    keys_begin(&s->key, HELPER_CHANGE_PIN, &ask);
    write_block(&ask.out, bytes_text(pins->old.text));
    write_block(&ask.out, bytes_text(pins->fresh.text));
    struct result r = library_ask(&ask, LIBRARY_TIME_MS, &call->diag);
    call->tries = ask.tries;
    library_end(&ask);
    return r;
}

static struct result change_with_page_pins(struct call *call, const struct subject *s, struct pins *pins)
{
    const char *old = call_field(call, "old"), *fresh = call_field(call, "new");
    ENSURE(old && fresh, ERROR_AGENT_PIN_PLACE);
    TRY(pin_check_form(old));
    snprintf(pins->old.text, sizeof pins->old.text, "%s", old);
    snprintf(pins->fresh.text, sizeof pins->fresh.text, "%s", fresh);
    TRY(check_new(call, pins));
    ENSURE(may_try(call, s), ERROR_AGENT_LAST_TRIES);
    return change_once(call, s, pins);
}

/* Whether the window is shown again for this, rather than the page told. */
static bool ask_again(enum error code)
{
    return code == ERROR_AGENT_PIN_WRONG || code == ERROR_AGENT_PIN_SIMPLE || code == ERROR_AGENT_PIN_FORM ||
           code == ERROR_AGENT_PIN_PERSONAL || code == ERROR_AGENT_PIN_SAME;
}

static struct result change_with_window(struct call *call, const struct subject *s, struct pins *pins)
{
    ENSURE(!call_field(call, "old") && !call_field(call, "new") && !call_field(call, "last_tries"),
           ERROR_AGENT_PIN_PLACE);
    bool preset = s->state.state == HELPER_STATE_MUST_CHANGE && s->state.tries > LAST_TRIES;
    const char *problem = "";
    for (;;) {
        struct window_key shown = window_key_of(call, s, problem);
        TRY(window_new_pin(call, &shown, preset, &pins->old, &pins->fresh));
        if (preset) memcpy(pins->old.text, preset_pin, sizeof preset_pin);
        struct result r = check_new(call, pins);
        if (!failed(r)) r = change_once(call, s, pins);
        if (!ask_again(r.code)) return r;
        if (r.code == ERROR_AGENT_PIN_WRONG) preset = false; /* not the default PIN after all */
        problem = error_find(r.code)->zh;
    }
}

struct result sign_change_pin(struct call *call)
{
    const char *birth_date = call_field(call, "birth_date");
    if (birth_date) TRY(pin_check_birth_date(birth_date, &call->diag));
    struct subject s;
    TRY(look(call, &s));
    struct pins *pins CLEANUP(pins_give) = system_take(sizeof *pins, NULL);
    ENSURE(pins, ERROR_OUT_OF_ROOM);
    return call->agent->insecure_dev ? change_with_page_pins(call, &s, pins) : change_with_window(call, &s, pins);
}
