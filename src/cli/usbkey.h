/* A USBKey that is plugged into this machine, by our driver (GM/T 0016). NAME is whose it is, for words. */
#pragma once

#include "base/diag.h"
#include "cli/installation.h"
#include "token/skf/hufu_skf.h"

/* Connects the one whose serial number is CARD; false when it is not there. SKF_DisConnectDev ends it. */
bool usbkey_connect(const char *card, DEVHANDLE *ret_handle);
/* The same, asking for it while there is a terminal with somebody to plug it in. ERROR_USBKEY_ABSENT. */
RESULT usbkey_plug(const char *name, const char *card, struct diag *diag, DEVHANDLE *ret_handle);
/* PIN as text; the caller wipes it. ERROR_USBKEY_PIN for one of another length. */
RESULT usbkey_pin(const char *name, const struct secret *pin, struct diag *diag, char ret_pin[SKF_PIN_MAX + 1]);
/* Gives the user's PIN. ERROR_USBKEY_PIN with how many tries are left; ERROR_USBKEY_FAILED. */
RESULT usbkey_log_in(HAPPLICATION application, const char *name, const char *card, const struct secret *pin,
                     struct diag *diag);
/* What the driver answered to WHAT: OK, or ERROR_USBKEY_PIN where it is about a PIN, or ERROR_USBKEY_FAILED. */
RESULT usbkey_told(const char *name, const char *card, const char *what, ULONG sar, struct diag *diag);
