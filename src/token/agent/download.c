#include "pki/enveloped.h"
#include "token/agent/agent.h"
#include "token/skf/hufu_skf.h"

/* ERROR_AGENT_LIBRARY_CRASHED for an answer that is none: the helper shares its library's memory. */
static struct result take(struct call *call, struct library_call *ask, size_t max, struct bytes *ret)
{
    struct bytes b = read_block(&ask->in, max);
    ENSURE(b.len > 0, ERROR_AGENT_LIBRARY_CRASHED);
    *ret = arena_bytes(call->arena, b);
    ENSURE(ret->ptr, ERROR_OUT_OF_ROOM);
    return OK;
}

struct opened {
    struct bytes point, attestation, container, certificate;
};

static struct result take_opened(struct call *call, struct library_call *ask, struct opened *ret_opened)
{
    TRY(take(call, ask, SM2_POINT_SIZE, &ret_opened->point));
    TRY(take(call, ask, SM2_SIGNATURE_SIZE, &ret_opened->attestation));
    TRY(take(call, ask, HUFU_CONTAINER_MAX, &ret_opened->container));
    TRY(take(call, ask, CERTIFICATE_SIZE_MAX, &ret_opened->certificate));
    ENSURE(ret_opened->point.len == SM2_POINT_SIZE && ret_opened->attestation.len == SM2_SIGNATURE_SIZE &&
               text_plain(ret_opened->container),
           ERROR_AGENT_LIBRARY_CRASHED);
    return OK;
}

struct result download_open(struct call *call)
{
    struct key key;
    struct library_call ask;
    struct opened opened;
    bool fresh = text_equal(call_field(call, "fresh"), "yes");
    TRY(keys_find(&call->agent->keys, call_field(call, "key"), &key));
    keys_begin(&key, HELPER_DOWNLOAD_OPEN, &ask);
    write_u8(&ask.out, fresh ? HUFU_DOWNLOAD_ANEW : HUFU_DOWNLOAD_GOING_ON);
    struct result r = library_ask(&ask, LIBRARY_TIME_MS, &call->diag);
    call->tries = ask.tries;
    if (!failed(r)) r = take_opened(call, &ask, &opened);
    library_end(&ask);
    TRY(r);
    const char *container = arena_text(call->arena, opened.container);
    ENSURE(container, ERROR_OUT_OF_ROOM);
    json_text(&call->out, "card", key.serial);
    json_text(&call->out, "container", container);
    json_hex(&call->out, "public_key", opened.point);
    json_hex(&call->out, "attestation", opened.attestation);
    json_base64(&call->out, "card_certificate", opened.certificate);
    return OK;
}

struct result download_write(struct call *call)
{
    static const char *const names[] = { "signing_certificate", "encryption_certificate", "enveloped_key" };
    struct bytes parts[COUNT(names)];
    struct key key;
    struct library_call ask;
    for (size_t i = 0; i < COUNT(names); i++)
        if (failed(text_from_base64(call->arena, call_field(call, names[i]), &parts[i])))
            return diag_field(&call->diag, ERROR_AGENT_FIELD, names[i], "应为 Base64");
    TRY(keys_find(&call->agent->keys, call_field(call, "key"), &key));
    keys_begin(&key, HELPER_DOWNLOAD_WRITE, &ask);
    for (size_t i = 0; i < COUNT(parts); i++) write_block(&ask.out, parts[i]);
    struct result r = library_ask(&ask, LIBRARY_TIME_MS, &call->diag);
    call->tries = ask.tries;
    library_end(&ask);
    return r;
}
