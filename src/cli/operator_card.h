/* An operator whose USBKey is plugged into this very machine: logs in to the console and signs by the driver, without
 * an agent. For ceremonies, where people stand at the installation's own terminal. */
#pragma once

#include "base/arena.h"
#include "cli/place.h"
#include "cli/client.h"
#include "cli/usbkey.h"

struct operator_card {
    const char *card;   /* serial number of the USBKey */
    const char *name;   /* as its certificate has it */
    const char *serial; /* of the certificate that signs */
    struct client *console;
    DEVHANDLE device;
    HAPPLICATION application;
    HCONTAINER container;
};

/* Logs in at the console of PLACE with the USBKey CARD and its PIN. End with operator_card_end, also when it fails.
 * ERROR_USBKEY_ABSENT, ERROR_USBKEY_PIN, ERROR_USBKEY_FAILED, and what the console says. */
RESULT operator_card_begin(const struct place *place, const char *card, const struct secret *pin, struct arena *arena,
                           struct diag *diag, struct operator_card *ret_operator);
/* Shows STATEMENT to whoever is at the terminal, who goes on by Enter, and signs it. RET_SIGNATURE: base64, in
 * ARENA. */
RESULT operator_card_sign(const struct operator_card *operator, const char *statement, struct arena *arena,
                          struct diag *diag, const char **ret_signature);
void operator_card_end(struct operator_card *operator);
