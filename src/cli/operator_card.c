#include "cli/operator_card.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "pki/certificate.h"

static struct result told(const struct operator_card *o, const char *what, ULONG sar, struct diag *diag)
{
    return usbkey_told(o->name, o->card, what, sar, diag);
}

void operator_card_end(struct operator_card *operator)
{
    client_free(operator->console);
    if (operator->container) SKF_CloseContainer(operator->container);
    if (operator->application) {
        SKF_ClearSecureState(operator->application);
        SKF_CloseApplication(operator->application);
    }
    if (operator->device) SKF_DisConnectDev(operator->device);
    *operator = (struct operator_card){ 0 };
}

/* The certificate that signs, and whose it is. RET_DER: base64. */
static struct result read_certificate(struct operator_card *o, struct arena *arena, struct diag *diag,
                                      const char **ret_der)
{
    BYTE *der = arena_take(arena, CERTIFICATE_SIZE_MAX);
    ULONG len = CERTIFICATE_SIZE_MAX;
    struct certificate *c;
    ENSURE(der, ERROR_OUT_OF_ROOM);
    TRY(told(o, "SKF_ExportCertificate", SKF_ExportCertificate(o->container, TRUE, der, &len), diag));
    TRY(certificate_parse(bytes_of(der, len), arena, &c));
    o->serial = certificate_serial_text(c, arena);
    o->name = arena_text(arena, name_value(&c->subject, OID_COMMON_NAME));
    *ret_der = text_base64(arena, bytes_of(der, len));
    ENSURE(o->serial && o->name && *ret_der, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result open_key(struct operator_card *o, const struct secret *pin, struct arena *arena,
                              struct diag *diag, const char **ret_der)
{
    HUFUFLAGS flags;
    TRY(usbkey_plug(o->name, o->card, diag, &o->device));
    TRY(told(o, "HUFU_GetFlags", HUFU_GetFlags(o->device, &flags), diag));
    TRY(told(o, "SKF_OpenApplication", SKF_OpenApplication(o->device, flags.Application, &o->application), diag));
    TRY(told(o, "SKF_OpenContainer", SKF_OpenContainer(o->application, flags.Container, &o->container), diag));
    TRY(read_certificate(o, arena, diag, ret_der));
    return usbkey_log_in(o->application, o->name, o->card, pin, diag);
}

static struct result sign(const struct operator_card *o, const char *statement, struct arena *arena, struct diag *diag,
                          const char **ret_signature)
{
    BYTE signature[HUFU_SIGNATURE_LEN];
    char *text = arena_text(arena, bytes_text(statement)); /* the driver's interface knows no const */
    ENSURE(text, ERROR_OUT_OF_ROOM);
    TRY(told(o, "HUFU_SignMessage", HUFU_SignMessage(o->container, (BYTE *)text, (ULONG)strlen(text), signature),
             diag));
    *ret_signature = text_base64(arena, BYTES(signature));
    ENSURE(*ret_signature, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result operator_card_sign(const struct operator_card *operator, const char *statement, struct arena *arena,
                                 struct diag *diag, const char **ret_signature)
{
    char line[8];
    if (isatty(STDIN_FILENO)) {
        printf(cli_words("\n%s%s（USBKey %s）将签署以上内容。同意请按回车：",
                         "\n%s%s (USBKey %s) is about to sign this. Enter goes on: "),
               statement, operator->name, operator->card);
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin))
            return diag_log(diag, ERROR_USBKEY_FAILED, "%s: not signed", operator->name);
    }
    return sign(operator, statement, arena, diag, ret_signature);
}

/* As the console's page does it. */
static struct result log_in(struct operator_card *o, const char *certificate, struct arena *arena, struct diag *diag)
{
    json_t *draft = NULL;
    const char *signature;
    char path[CLIENT_PATH_MAX];
    TRY(client_call(o->console, "POST", "/api/v1/key-logins", json_pack("{s:s}", "serial", o->serial), diag, &draft));
    snprintf(path, sizeof path, "/api/v1/key-logins/%s", client_text(draft, "id"));
    struct result r = sign(o, client_text(draft, "statement"), arena, diag, &signature);
    json_decref(draft);
    TRY(r);
    return client_call(o->console, "POST", path,
                       json_pack("{s:s, s:s}", "certificate", certificate, "signature", signature), diag, NULL);
}

struct result operator_card_begin(const struct place *place, const char *card, const struct secret *pin,
                                  struct arena *arena, struct diag *diag, struct operator_card *ret_operator)
{
    const char *certificate;
    *ret_operator = (struct operator_card){ .card = card, .name = cli_words("操作员", "the operator") };
    TRY(open_key(ret_operator, pin, arena, diag, &certificate));
    ret_operator->console = client_new(place_address(place, "console"));
    client_english(ret_operator->console, cli_english());
    return log_in(ret_operator, certificate, arena, diag);
}
