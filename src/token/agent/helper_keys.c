#include <stdio.h>

#include "base/secret.h"
#include "crypto/sm2.h"
#include "pki/certificate.h"
#include "base/text.h"
#include "token/agent/helper.h"
#include "token/agent/pin.h"
#include "token/skf/hufu_skf.h"

enum { NAMES_MAX = 4096, LOCK_MS = 5000, CONTAINERS_MAX = 16 };

/* What one maker's return value means to the agent. */
static enum error meaning(uint32_t sar)
{
    static const struct {
        uint32_t sar;
        enum error code;
    } table[] = { { SAR_PIN_INCORRECT, ERROR_AGENT_PIN_WRONG },
                  { SAR_PIN_LOCKED, ERROR_AGENT_PIN_LOCKED },
                  { SAR_PIN_INVALID, ERROR_AGENT_PIN_SIMPLE },
                  { SAR_PIN_LEN_RANGE, ERROR_AGENT_PIN_FORM },
                  { SAR_USER_PIN_NOT_INITIALIZED, ERROR_AGENT_MUST_CHANGE },
                  { SAR_DEVICE_REMOVED, ERROR_AGENT_KEY_REMOVED },
                  { SAR_NO_ROOM, ERROR_AGENT_KEY_FULL },
                  { SAR_APPLICATION_NOT_EXISTS, ERROR_AGENT_KEY_BLANK },
                  { SAR_CONTAINER_NOT_EXISTS, ERROR_AGENT_KEY_BLANK },
                  { SAR_KEYNOTFOUNTERR, ERROR_AGENT_KEY_BLANK },
                  { SAR_NOTSUPPORTYETERR, ERROR_AGENT_LIBRARY_UNABLE },
                  { SAR_TIMEOUTERR, ERROR_AGENT_LIBRARY_TIMEOUT } };
    for (size_t i = 0; i < COUNT(table); i++)
        if (table[i].sar == sar) return table[i].code;
    return ERROR_AGENT_LIBRARY_FAILED;
}

struct result helper_said(struct helper_call *call, skf_value returned)
{
    uint32_t sar = (uint32_t)returned; /* the rest of the register says nothing where ULONG has 4 bytes */
    if (sar == SAR_OK) return OK;
    call->sar = sar;
    return FAIL(meaning(sar));
}

/* ---- texts and names ---- */

/* Old libraries write GBK: what is not ASCII or UTF-8 is shown as '?'. */
static void put_text(struct helper_call *call, const char *text, size_t max)
{
    char shown[HELPER_TEXT_MAX];
    size_t len = 0;
    while (len < max && len < sizeof shown && text[len]) len++;
    memcpy(shown, text, len);
    if (!text_plain(bytes_of(shown, len)))
        for (size_t i = 0; i < len; i++)
            if ((uint8_t)shown[i] < 0x20 || (uint8_t)shown[i] >= 0x7F) shown[i] = '?';
    write_block(&call->out, bytes_of(shown, len));
}

/* Whether NAMES, which ends with two NULs, is exhausted at NAME. */
static bool more(const char *names, const char *name)
{
    return (size_t)(name - names) < NAMES_MAX && *name;
}

/* A text of the question with a NUL; false when it does not fit. */
static bool take_text(struct helper_call *call, char *into, size_t room)
{
    struct bytes b = read_block(&call->in, room - 1);
    if (call->in.bad || (b.len && memchr(b.ptr, 0, b.len))) return false;
    if (b.len) memcpy(into, b.ptr, b.len);
    into[b.len] = 0;
    return true;
}

/* ---- devices ---- */

static struct result device_info(struct helper_call *call, skf_handle device, uint8_t info[SKF_INFO_ROOM])
{
    struct skf_library *l = call->library;
    memset(info, 0xA5, SKF_INFO_ROOM);
    TRY(helper_said(call, l->f.GetDevInfo(device, info)));
    if (l->layout_known) return OK;
    uint8_t again[SKF_INFO_ROOM];
    memset(again, 0x5A, sizeof again);
    TRY(helper_said(call, l->f.GetDevInfo(device, again)));
    TRY(skf_layout_find(info, again, &l->layout));
    l->layout_known = true;
    return OK;
}

static struct result list_one(struct helper_call *call, char *name)
{
    struct skf_library *l = call->library;
    skf_handle device = NULL;
    TRY(helper_said(call, l->f.ConnectDev(name, &device)));
    uint8_t info[SKF_INFO_ROOM];
    struct result r = device_info(call, device, info);
    l->f.DisConnectDev(device);
    TRY(r);
    write_block(&call->out, bytes_text(name));
    put_text(call, (char *)info + SKF_INFO_SERIAL, 32);
    put_text(call, (char *)info + SKF_INFO_LABEL, 32);
    put_text(call, (char *)info + SKF_INFO_MANUFACTURER, 64);
    return OK;
}

struct result helper_list(struct helper_call *call)
{
    char names[NAMES_MAX] = { 0 };
    skf_out size = { sizeof names - 2, 0 };
    TRY(helper_said(call, call->library->f.EnumDev(1, names, &size)));
    names[sizeof names - 1] = names[sizeof names - 2] = 0;
    size_t count = 0;
    for (char *name = names; more(names, name) && count < HELPER_DEVICES_MAX; name += strlen(name) + 1) {
        if (strlen(name) > HELPER_TEXT_MAX) continue;
        size_t before = call->out.len;
        /* One that does not answer (pulled just now, unknown layout) does not hide the others. */
        if (failed(list_one(call, name)))
            call->out.len = before;
        else
            count++;
    }
    call->sar = 0;
    return OK;
}

struct result helper_connect(struct helper_call *call)
{
    struct skf_library *l = call->library;
    char name[HELPER_TEXT_MAX + 1], serial[HELPER_TEXT_MAX + 1];
    ENSURE(take_text(call, name, sizeof name) && take_text(call, serial, sizeof serial), ERROR_MALFORMED);
    skf_handle device = NULL;
    ENSURE((uint32_t)l->f.ConnectDev(name, &device) == SAR_OK && device, ERROR_AGENT_NO_KEY);
    call->device = device;
    if (l->f.LockDev) TRY(helper_said(call, l->f.LockDev(device, LOCK_MS)));
    uint8_t info[SKF_INFO_ROOM];
    TRY(device_info(call, device, info));
    char found[33] = { 0 };
    memcpy(found, info + SKF_INFO_SERIAL, 32);
    ENSURE(strcmp(found, serial) == 0, ERROR_AGENT_NO_KEY);
    return OK;
}

void helper_disconnect(struct helper_call *call)
{
    struct skf_library *l = call->library;
    if (!call->device) return;
    if (l->f.UnlockDev) l->f.UnlockDev(call->device);
    l->f.DisConnectDev(call->device);
    call->device = NULL;
}

/* ---- application and container ---- */

/* What is open on a key while one question is answered. */
struct target {
    skf_handle application, container;
    enum helper_state state;
    uint8_t signing[CERTIFICATE_SIZE_MAX], encryption[CERTIFICATE_SIZE_MAX];
    size_t signing_len, encryption_len;
};

static void target_done(struct helper_call *call, struct target *t)
{
    struct skf_library *l = call->library;
    if (t->container) l->f.CloseContainer(t->container);
    if (t->application) l->f.CloseApplication(t->application);
    t->container = t->application = NULL;
}

/* A certificate; none where the library says so or it is larger than any of ours. */
static size_t export_certificate(struct helper_call *call, skf_handle container, bool signing, uint8_t *into)
{
    skf_out size = { CERTIFICATE_SIZE_MAX, 0 };
    uint32_t sar = (uint32_t)call->library->f.ExportCertificate(container, signing, into, &size);
    return sar == SAR_OK && size.low <= CERTIFICATE_SIZE_MAX ? size.low : 0;
}

static void export_both(struct helper_call *call, struct target *t)
{
    t->signing_len = export_certificate(call, t->container, true, t->signing);
    t->encryption_len = export_certificate(call, t->container, false, t->encryption);
}

static struct result open_container(struct helper_call *call, struct target *t, char *name)
{
    skf_handle container = NULL;
    TRY(helper_said(call, call->library->f.OpenContainer(t->application, name, &container)));
    t->container = container;
    export_both(call, t);
    return OK;
}

/* Ours says itself how it stands and which container is the current one. */
static struct result open_ours(struct helper_call *call, struct target *t)
{
    struct skf_library *l = call->library;
    HUFUFLAGS flags = { 0 };
    TRY(helper_said(call, l->f.GetFlags(call->device, &flags)));
    call->tries = flags.State == HUFU_BLANK ? HELPER_NO_TRIES : (uint8_t)flags.TriesLeft;
    t->state = flags.State == HUFU_READY         ? HELPER_STATE_READY
               : flags.State == HUFU_MUST_CHANGE ? HELPER_STATE_MUST_CHANGE
               : flags.State == HUFU_LOCKED      ? HELPER_STATE_LOCKED
                                                 : HELPER_STATE_BLANK;
    if (t->state == HELPER_STATE_BLANK) return OK;
    flags.Application[sizeof flags.Application - 1] = flags.Container[sizeof flags.Container - 1] = 0;
    TRY(helper_said(call, l->f.OpenApplication(call->device, flags.Application, &t->application)));
    return flags.Container[0] ? open_container(call, t, flags.Container) : OK;
}

/* Opens the first container of the open application that holds a signing certificate. */
static struct result open_first_container(struct helper_call *call, struct target *t)
{
    char names[NAMES_MAX] = { 0 };
    skf_out size = { sizeof names - 2, 0 };
    TRY(helper_said(call, call->library->f.EnumContainer(t->application, names, &size)));
    int tried = 0;
    for (char *name = names; more(names, name) && tried < CONTAINERS_MAX; name += strlen(name) + 1, tried++) {
        if (failed(open_container(call, t, name))) continue;
        if (t->signing_len) return OK;
        call->library->f.CloseContainer(t->container);
        t->container = NULL;
    }
    return OK;
}

static struct result read_pin_state(struct helper_call *call, struct target *t)
{
    skf_out max = { 0, 0 }, left = { 0, 0 }, preset = { 0, 0 };
    TRY(helper_said(call, call->library->f.GetPINInfo(t->application, USER_TYPE, &max, &left, &preset)));
    call->tries = left.low < HELPER_NO_TRIES ? (uint8_t)left.low : HELPER_NO_TRIES;
    t->state = left.low == 0 ? HELPER_STATE_LOCKED : preset.low ? HELPER_STATE_MUST_CHANGE : HELPER_STATE_READY;
    return OK;
}

/* Other makers': the first application with a container that holds a signing certificate. */
static struct result open_other(struct helper_call *call, struct target *t)
{
    char names[NAMES_MAX] = { 0 };
    skf_out size = { sizeof names - 2, 0 };
    TRY(helper_said(call, call->library->f.EnumApplication(call->device, names, &size)));
    for (char *name = names; more(names, name); name += strlen(name) + 1) {
        TRY(helper_said(call, call->library->f.OpenApplication(call->device, name, &t->application)));
        TRY(open_first_container(call, t));
        if (t->container) return read_pin_state(call, t);
        target_done(call, t);
    }
    t->state = HELPER_STATE_BLANK;
    return OK;
}

static struct result open_target(struct helper_call *call, struct target *t)
{
    struct result r = call->library->ours ? open_ours(call, t) : open_other(call, t);
    if (failed(r)) target_done(call, t);
    return r;
}

/* ---- questions ---- */

struct result helper_state(struct helper_call *call)
{
    struct target t = { 0 };
    TRY(open_target(call, &t));
    write_u8(&call->out, (uint8_t)t.state);
    write_block(&call->out, bytes_of(t.signing, t.signing_len));
    write_block(&call->out, bytes_of(t.encryption, t.encryption_len));
    target_done(call, &t);
    return OK;
}

/* After a wrong PIN: the tries that the library tells, and locked when there are none. */
static struct result pin_said(struct helper_call *call, skf_value returned, const skf_out *left)
{
    struct result r = helper_said(call, returned);
    if (!failed(r)) return OK;
    if (r.code == ERROR_AGENT_PIN_WRONG) {
        call->tries = left->low < HELPER_NO_TRIES ? (uint8_t)left->low : HELPER_NO_TRIES;
        if (left->low == 0) r = FAIL(ERROR_AGENT_PIN_LOCKED);
    }
    if (r.code == ERROR_AGENT_PIN_LOCKED) call->tries = 0;
    return r;
}

struct result helper_change_pin(struct helper_call *call)
{
    struct pin old, fresh;
    struct target t = { 0 };
    bool taken = take_text(call, old.text, sizeof old.text) && take_text(call, fresh.text, sizeof fresh.text);
    struct result r = taken ? open_target(call, &t) : FAIL(ERROR_MALFORMED);
    if (!failed(r) && !t.application) r = FAIL(ERROR_AGENT_KEY_BLANK);
    if (!failed(r)) {
        skf_out left = { 0, 0 };
        r = pin_said(call, call->library->f.ChangePIN(t.application, USER_TYPE, old.text, fresh.text, &left), &left);
    }
    secret_wipe(&old, sizeof old);
    secret_wipe(&fresh, sizeof fresh);
    target_done(call, &t);
    return r;
}

/* Other makers' keys sign digests only: SM3 over Z and message is made here, with the key that the container has. */
static struct result sign_digest(struct helper_call *call, struct target *t, struct bytes message,
                                 uint8_t ret_signature[SM2_SIGNATURE_SIZE])
{
    struct skf_library *l = call->library;
    uint8_t blob[SKF_KEY_ROOM] = { 0 }, point[SM2_POINT_SIZE], digest[SM3_SIZE], rs[SKF_SIGNATURE_SIZE] = { 0 };
    skf_out size = { skf_offsets[l->layout].key_size, 0 };
    TRY(helper_said(call, l->f.ExportPublicKey(t->container, true, blob, &size)));
    TRY(skf_key_read(l->layout, blob, point));
    struct sm2_public key;
    TRY(sm2_public_init(&key, point));
    sm2_digest(&key, message, digest);
    TRY(helper_said(call, l->f.ECCSignData(t->container, digest, sizeof digest, rs)));
    memcpy(ret_signature, rs + 32, 32);
    memcpy(ret_signature + 32, rs + 96, 32);
    return OK;
}

static struct result sign_open(struct helper_call *call, struct target *t, struct bytes message)
{
    uint8_t signature[SM2_SIGNATURE_SIZE];
    uint8_t *text = (uint8_t *)(uintptr_t)message.ptr; /* the interface has no const; it is only read */
    if (call->library->ours)
        TRY(helper_said(call, call->library->f.SignMessage(t->container, text, message.len, signature)));
    else
        TRY(sign_digest(call, t, message, signature));
    write_block(&call->out, BYTES(signature));
    return OK;
}

static struct result act_open(struct helper_call *call, struct target *t, struct pin *pin, struct bytes message,
                              helper_act *act)
{
    struct skf_library *l = call->library;
    skf_out left = { 0, 0 };
    /* What has a way of its own may come without: the USBKey knows whether it needs the PIN. */
    if (!act || pin->text[0])
        TRY(pin_said(call, l->f.VerifyPIN(t->application, USER_TYPE, pin->text, &left), &left));
    struct result r = act ? act(call, t->application, message) : sign_open(call, t, message);
    l->f.ClearSecureState(t->application);
    return r;
}

struct result helper_with_pin(struct helper_call *call, helper_act *act)
{
    struct pin pin;
    struct target t = { 0 };
    bool taken = take_text(call, pin.text, sizeof pin.text);
    struct bytes message = read_block(&call->in, HELPER_STATEMENT_MAX);
    struct result r = taken && message.len ? open_target(call, &t) : FAIL(ERROR_MALFORMED);
    if (!failed(r) && !t.container) r = FAIL(ERROR_AGENT_KEY_BLANK);
    if (!failed(r)) r = act_open(call, &t, &pin, message, act);
    secret_wipe(&pin, sizeof pin);
    target_done(call, &t);
    return r;
}

struct result helper_sign(struct helper_call *call)
{
    return helper_with_pin(call, NULL);
}
