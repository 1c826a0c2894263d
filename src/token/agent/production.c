#include "pki/enveloped.h"
#include "token/agent/agent.h"
#include "token/agent/words.h"

/* Begins a question about the key that the request names. */
static struct result begin(struct call *call, enum helper_op op, struct library_call *ret_ask)
{
    struct key key;
    TRY(keys_find(&call->agent->keys, call_field(call, "key"), &key));
    keys_begin(&key, op, ret_ask);
    return OK;
}

static struct result ask(struct call *call, struct library_call *ask)
{
    struct result r = library_ask(ask, LIBRARY_TIME_MS, &call->diag);
    call->tries = ask->tries;
    return r;
}

/* The next block of the answer, which has exactly LEN bytes, copied before the room is wiped. */
static struct result take(struct call *call, struct library_call *ask, size_t len, struct bytes *ret)
{
    struct bytes b = read_block(&ask->in, len);
    ENSURE(b.len == len, ERROR_AGENT_LIBRARY_CRASHED);
    *ret = arena_bytes(call->arena, b);
    ENSURE(ret->ptr, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result field_base64(struct call *call, const char *name, struct bytes *ret)
{
    const char *text = call_field(call, name);
    if (!text) {
        *ret = (struct bytes){ 0 };
        return OK;
    }
    if (failed(text_from_base64(call->arena, text, ret)))
        return diag_field(&call->diag, ERROR_AGENT_FIELD, name, "应为 Base64");
    return OK;
}

static struct result field_hex(struct call *call, const char *name, size_t len, struct bytes *ret)
{
    struct result r = text_from_hex(call->arena, call_field(call, name), ret);
    if (failed(r) || ret->len != len)
        return diag_field(&call->diag, ERROR_AGENT_FIELD, name, "应为 %zu 字节的十六进制", len);
    return OK;
}

static struct result field_sized(struct call *call, const char *name, size_t len, struct bytes *ret)
{
    TRY(field_base64(call, name, ret));
    if (ret->len != len) return diag_field(&call->diag, ERROR_AGENT_FIELD, name, "应为 %zu 字节", len);
    return OK;
}

struct result production_inspect(struct call *call)
{
    struct key key;
    TRY(keys_find(&call->agent->keys, call_field(call, "key"), &key));
    struct library_call question;
    keys_begin(&key, HELPER_INSPECT, &question);
    struct bytes challenge, der = { 0 };
    struct result r = ask(call, &question);
    if (!failed(r)) r = take(call, &question, 8, &challenge);
    if (!failed(r)) der = arena_bytes(call->arena, read_block(&question.in, CERTIFICATE_SIZE_MAX));
    library_end(&question);
    TRY(r);
    ENSURE(der.ptr && der.len, ERROR_AGENT_LIBRARY_FAILED);
    json_text(&call->out, "card", key.serial);
    json_hex(&call->out, "challenge", challenge);
    json_base64(&call->out, "card_certificate", der);
    return OK;
}

struct result production_open(struct call *call)
{
    struct bytes answer, sealed, point, attestation;
    TRY(field_sized(call, "device_answer", 16, &answer));
    TRY(field_sized(call, "admin_sealed", 116, &sealed));
    struct library_call question;
    TRY(begin(call, HELPER_OPEN, &question));
    write_block(&question.out, answer);
    write_block(&question.out, sealed);
    struct result r = ask(call, &question);
    if (!failed(r)) r = take(call, &question, SM2_POINT_SIZE, &point);
    if (!failed(r)) r = take(call, &question, SM2_SIGNATURE_SIZE, &attestation);
    library_end(&question);
    TRY(r);
    json_hex(&call->out, "public_key", point);
    json_hex(&call->out, "attestation", attestation);
    return OK;
}

struct result production_prove(struct call *call)
{
    const char *statement = call_field(call, "statement");
    struct words words;
    TRY(words_read(statement, call->arena, &words));
    ENSURE(words.card && words.public_key, ERROR_AGENT_STATEMENT); /* HUFU-PRODUCE or HUFU-ATTEST */
    struct library_call question;
    TRY(begin(call, HELPER_PROVE, &question));
    write_block(&question.out, bytes_text(statement));
    struct bytes signature;
    struct result r = ask(call, &question);
    if (!failed(r)) r = take(call, &question, SM2_SIGNATURE_SIZE, &signature);
    library_end(&question);
    TRY(r);
    json_base64(&call->out, "possession", signature);
    return OK;
}

struct result production_write(struct call *call)
{
    struct bytes signing, encryption, enveloped;
    TRY(field_base64(call, "signing_certificate", &signing));
    TRY(field_base64(call, "encryption_certificate", &encryption));
    TRY(field_base64(call, "enveloped_key", &enveloped));
    if ((encryption.len == 0) != (enveloped.len == 0))
        return diag_field(&call->diag, ERROR_AGENT_FIELD, "enveloped_key", "加密证书和加密密钥应同时给出");
    struct library_call question;
    TRY(begin(call, HELPER_WRITE, &question));
    write_block(&question.out, signing);
    write_block(&question.out, encryption);
    write_block(&question.out, enveloped);
    struct result r = ask(call, &question);
    library_end(&question);
    return r;
}

struct result production_write_recovered(struct call *call)
{
    struct bytes encryption, enveloped;
    TRY(field_base64(call, "encryption_certificate", &encryption));
    TRY(field_base64(call, "enveloped_key", &enveloped));
    struct library_call question;
    TRY(begin(call, HELPER_WRITE_RECOVERED, &question));
    write_block(&question.out, encryption);
    write_block(&question.out, enveloped);
    struct result r = ask(call, &question);
    library_end(&question);
    return r;
}

/* A question without more, and an answer without anything. */
static struct result plain(struct call *call, enum helper_op op)
{
    struct library_call question;
    TRY(begin(call, op, &question));
    struct result r = ask(call, &question);
    library_end(&question);
    return r;
}

struct result production_close(struct call *call)
{
    return plain(call, HELPER_CLOSE);
}

struct result production_unlock_challenge(struct call *call)
{
    struct key key;
    TRY(keys_find(&call->agent->keys, call_field(call, "key"), &key));
    struct library_call question;
    keys_begin(&key, HELPER_UNLOCK_CHALLENGE, &question);
    struct bytes challenge;
    struct result r = ask(call, &question);
    if (!failed(r)) r = take(call, &question, 16, &challenge);
    library_end(&question);
    TRY(r);
    json_text(&call->out, "card", key.serial);
    json_hex(&call->out, "challenge", challenge);
    return OK;
}

struct result production_unlock_answer(struct call *call)
{
    struct bytes answer;
    TRY(field_hex(call, "answer", 64, &answer));
    struct library_call question;
    TRY(begin(call, HELPER_UNLOCK_ANSWER, &question));
    write_block(&question.out, answer);
    struct result r = ask(call, &question);
    library_end(&question);
    return r;
}
