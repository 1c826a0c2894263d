/* Finding a way to key, application and container; PINs. */
#include "token/key/key_commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/text.h"
#include "crypto/sm2.h"
#include "token/key/key_platform.h"
#include "token/skf/hufu_skf.h"

struct result key_said(struct key_run *run, skf_value returned)
{
    run->sar = (uint32_t)returned;
    return run->sar == SAR_OK ? OK : FAIL(ERROR_KEY_SAID);
}

/* ---- lists ---- */

/* Cut off where it does not end as lists do. */
static struct result take_list(struct key_run *run, skf_value returned, const skf_out *size,
                               struct key_names *names)
{
    TRY(key_said(run, returned));
    names->len = size->low < KEY_LIST_MAX - 2 ? size->low : KEY_LIST_MAX - 2;
    names->text[names->len] = names->text[names->len + 1] = '\0';
    return OK;
}

struct result key_keys(struct key_run *run, struct key_names *ret_names)
{
    skf_out size = { KEY_LIST_MAX - 2, 0 };
    memset(ret_names, 0, sizeof *ret_names);
    return take_list(run, run->library.f.EnumDev(1, ret_names->text, &size), &size, ret_names);
}

struct result key_enumerate(struct key_run *run, skf_value(SKF_CALL *list)(skf_handle, char *, skf_out *),
                            skf_handle of, struct key_names *ret_names)
{
    skf_out size = { KEY_LIST_MAX - 2, 0 };
    memset(ret_names, 0, sizeof *ret_names);
    ENSURE(list, ERROR_KEY_LIBRARY);
    return take_list(run, list(of, ret_names->text, &size), &size, ret_names);
}

const char *key_next_name(const struct key_names *names, const char *at)
{
    const char *next = at ? at + strlen(at) + 1 : names->text;
    return next < names->text + names->len && *next ? next : NULL;
}

/* ---- key, application, container ---- */

struct result key_connect(struct key_run *run, const char *name, struct key_place *ret_place)
{
    struct key_place place = { .run = run };
    if (!name)
        return diag_log(run->diag, ERROR_KEY_NONE, "%s",
                        key_words("没有给出 USBKey 名称", "no name of a USBKey"));
    struct result r = key_said(run, run->library.f.ConnectDev(name, &place.device));
    if (failed(r)) {
        /* What cannot be connected because it is not there is better said so. */
        return run->sar == SAR_DEVICE_REMOVED ? diag_log(run->diag, ERROR_KEY_NONE, "%s", name) : r;
    }
    if (!run->library.layout_known) r = key_library_learn(&run->library, place.device, &run->sar);
    if (failed(r)) key_place_close(&place);
    else *ret_place = place;
    return r;
}

/* The name that was given, else what our own driver says is current, else the only one. */
static struct result choose(struct key_run *run, const char *given, const char *current,
                            const struct key_names *names, char *into, size_t room)
{
    const char *first = key_next_name(names, NULL);
    const char *chosen = given ? given : current && *current ? current : first;
    if (!chosen) return FAIL(ERROR_KEY_NONE);
    bool several = !given && !(current && *current) && key_next_name(names, first);
    if (several) {
        const char *words = key_words("有多个，请用 --application 或 --container 指明",
                                      "several: say --application or --container");
        return diag_log(run->diag, ERROR_KEY_NONE, "%s", words);
    }
    ENSURE(snprintf(into, room, "%s", chosen) < (int)room, ERROR_KEY_NONE);
    return OK;
}

static void current_of(struct key_place *place, HUFUFLAGS *flags)
{
    memset(flags, 0, sizeof *flags);
    struct key_functions *f = &place->run->library.f;
    if (f->GetFlags && (uint32_t)f->GetFlags(place->device, flags) != SAR_OK) memset(flags, 0, sizeof *flags);
    flags->Application[sizeof flags->Application - 1] = flags->Container[sizeof flags->Container - 1] = '\0';
}

struct result key_open_application(struct key_place *place)
{
    struct key_run *run = place->run;
    struct key_names names;
    HUFUFLAGS flags;
    current_of(place, &flags);
    TRY(key_enumerate(run, run->library.f.EnumApplication, place->device, &names));
    TRY(choose(run, run->options.application, flags.Application, &names, place->application_name,
               sizeof place->application_name));
    ENSURE(run->library.f.OpenApplication, ERROR_KEY_LIBRARY);
    return key_said(
        run, run->library.f.OpenApplication(place->device, place->application_name, &place->application));
}

struct result key_open_container(struct key_place *place)
{
    struct key_run *run = place->run;
    struct key_names names;
    HUFUFLAGS flags;
    current_of(place, &flags);
    if (strcmp(flags.Application, place->application_name) != 0) flags.Container[0] = '\0';
    TRY(key_enumerate(run, run->library.f.EnumContainer, place->application, &names));
    TRY(choose(run, run->options.container, flags.Container, &names, place->container_name,
               sizeof place->container_name));
    ENSURE(run->library.f.OpenContainer, ERROR_KEY_LIBRARY);
    return key_said(
        run, run->library.f.OpenContainer(place->application, place->container_name, &place->container));
}

void key_place_close(struct key_place *place)
{
    const struct key_functions *f = &place->run->library.f;
    if (place->container && f->CloseContainer) f->CloseContainer(place->container);
    if (place->application && f->ClearSecureState) f->ClearSecureState(place->application);
    if (place->application && f->CloseApplication) f->CloseApplication(place->application);
    if (place->device) f->DisConnectDev(place->device);
    place->container = place->application = place->device = NULL;
}

/* ---- PINs ---- */

struct result key_read_pin(struct key_run *run, const char *what, char ret_pin[KEY_PIN_ROOM])
{
    bool good = run->options.stdin_pins ? fgets(ret_pin, KEY_PIN_ROOM, stdin) != NULL
                                        : key_terminal_read(what, ret_pin, KEY_PIN_ROOM);
    size_t len = good ? strcspn(ret_pin, "\r\n") : 0;
    good = good && len > 0 && len < KEY_PIN_ROOM - 1;
    if (!good) {
        secret_wipe(ret_pin, KEY_PIN_ROOM);
        return FAIL(ERROR_KEY_PIN_INPUT);
    }
    ret_pin[len] = '\0';
    return OK;
}

struct result key_log_in(struct key_place *place)
{
    struct key_run *run = place->run;
    char pin[KEY_PIN_ROOM];
    skf_out left = { 0, 0 };
    ENSURE(run->library.f.VerifyPIN, ERROR_KEY_LIBRARY);
    TRY(key_read_pin(run, key_words("PIN", "PIN"), pin));
    struct result r = key_said(run, run->library.f.VerifyPIN(place->application, USER_TYPE, pin, &left));
    secret_wipe(pin, sizeof pin);
    if (run->sar == SAR_PIN_INCORRECT) run->tries = (int)left.low;
    return r;
}

/* ---- what a container holds ---- */

struct result key_certificate(struct key_place *place, bool signing, uint8_t ret_der[KEY_CERTIFICATE_MAX],
                              size_t *ret_len)
{
    struct key_run *run = place->run;
    skf_out size = { KEY_CERTIFICATE_MAX, 0 };
    ENSURE(run->library.f.ExportCertificate, ERROR_KEY_LIBRARY);
    struct result r =
        key_said(run, run->library.f.ExportCertificate(place->container, signing, ret_der, &size));
    if (run->sar == SAR_CERTNOTFOUNTERR || (!failed(r) && size.low == 0)) return FAIL(ERROR_KEY_NONE);
    TRY(r);
    ENSURE(size.low <= KEY_CERTIFICATE_MAX, ERROR_KEY_LIBRARY);
    *ret_len = size.low;
    return OK;
}

struct result key_public(struct key_place *place, bool signing, uint8_t ret_point[64])
{
    struct key_run *run = place->run;
    uint8_t blob[SKF_KEY_ROOM];
    skf_out size = { sizeof blob, 0 };
    ENSURE(run->library.f.ExportPublicKey, ERROR_KEY_LIBRARY);
    TRY(key_said(run, run->library.f.ExportPublicKey(place->container, signing, blob, &size)));
    ENSURE(!failed(skf_key_read(run->library.layout, blob, ret_point)), ERROR_KEY_LAYOUT);
    return OK;
}

struct result key_sign_message(struct key_place *place, struct bytes message, uint8_t ret_signature[64])
{
    struct key_run *run = place->run;
    uint8_t point[64], digest[SM3_SIZE], blob[SKF_SIGNATURE_SIZE];
    struct sm2_public key;
    TRY(key_public(place, true, point));
    ENSURE(!failed(sm2_public_init(&key, point)), ERROR_KEY_LAYOUT);
    sm2_digest(&key, message, digest);
    if (run->library.f.SignMessage && message.len <= HUFU_MESSAGE_MAX)
        TRY(key_said(run,
                     run->library.f.SignMessage(place->container, message.ptr, message.len, ret_signature)));
    else {
        ENSURE(run->library.f.ECCSignData, ERROR_KEY_LIBRARY);
        TRY(key_said(run, run->library.f.ECCSignData(place->container, digest, sizeof digest, blob)));
        ENSURE(key_signature_read(blob, ret_signature), ERROR_KEY_LAYOUT);
    }
    return sm2_verify_digest(&key, digest, ret_signature);
}
