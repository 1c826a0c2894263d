#include "cli/usbkey.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/command.h"

enum { LIST_MAX = 4096 };

bool usbkey_connect(const char *card, DEVHANDLE *ret_handle)
{
    char names[LIST_MAX];
    ULONG size = sizeof names;
    if (SKF_EnumDev(TRUE, names, &size) != SAR_OK) return false;
    for (char *name = names; *name; name += strlen(name) + 1) {
        DEVHANDLE handle;
        DEVINFO info;
        if (SKF_ConnectDev(name, &handle) != SAR_OK) continue;
        if (SKF_GetDevInfo(handle, &info) == SAR_OK &&
            strncmp(info.SerialNumber, card, sizeof info.SerialNumber) == 0) {
            *ret_handle = handle;
            return true;
        }
        SKF_DisConnectDev(handle);
    }
    return false;
}

struct result usbkey_plug(const char *name, const char *card, struct diag *diag, DEVHANDLE *ret_handle)
{
    char line[8];
    while (!usbkey_connect(card, ret_handle)) {
        bool there = isatty(STDIN_FILENO);
        if (there)
            printf(cli_words("请 %s 插入 USBKey %s，然后按回车：", "%s: plug in USBKey %s, then press Enter: "), name, card);
        fflush(stdout);
        if (!there || !fgets(line, sizeof line, stdin))
            return diag_log(diag, ERROR_USBKEY_ABSENT, "%s, USBKey %s", name, card);
    }
    return OK;
}

/* ---- PINs ---- */

struct result usbkey_pin(const char *name, const struct secret *pin, struct diag *diag, char ret_pin[SKF_PIN_MAX + 1])
{
    if (pin->len < SKF_PIN_MIN || pin->len > SKF_PIN_MAX)
        return diag_log(diag, ERROR_USBKEY_PIN, "%s: a PIN has 6 to 16 characters", name);
    memcpy(ret_pin, pin->bytes, pin->len);
    ret_pin[pin->len] = '\0';
    return OK;
}

struct result usbkey_told(const char *name, const char *card, const char *what, ULONG sar, struct diag *diag)
{
    static const struct {
        ULONG sar;
        const char *words;
    } pins[] = { { SAR_PIN_LOCKED, "is locked" },
                 { SAR_PIN_INVALID, "is too simple" },
                 { SAR_PIN_LEN_RANGE, "has another length" },
                 { SAR_USER_PIN_NOT_INITIALIZED, "must be changed first" } };
    if (sar == SAR_OK) return OK;
    for (size_t i = 0; i < COUNT(pins); i++)
        if (pins[i].sar == sar)
            return diag_log(diag, ERROR_USBKEY_PIN, "%s, USBKey %s: it %s", name, card, pins[i].words);
    return diag_log(diag, ERROR_USBKEY_FAILED, "%s, USBKey %s: %s answers %08X", name, card, what, (unsigned)sar);
}

struct result usbkey_log_in(HAPPLICATION application, const char *name, const char *card, const struct secret *pin,
                            struct diag *diag)
{
    char text[SKF_PIN_MAX + 1];
    ULONG tries = 0;
    TRY(usbkey_pin(name, pin, diag, text));
    ULONG sar = SKF_VerifyPIN(application, USER_TYPE, text, &tries);
    secret_wipe(text, sizeof text);
    if (sar != SAR_PIN_INCORRECT) return usbkey_told(name, card, "SKF_VerifyPIN", sar, diag);
    return diag_log(diag, ERROR_USBKEY_PIN, "%s, USBKey %s: %u tries are left", name, card, (unsigned)tries);
}
