/* The USBKey of a first operator: produced by the driver as at the console, with hufu-signer answering while
 * its journal is empty. */
#pragma once

#include "cli/init_folder.h"
#include "cli/init_signer.h"

struct init_operator {
    const char *name;  /* the person's */
    const char *roles; /* joined by "," */
    const char *card;  /* serial number of the USBKey; NULL until init_card_ask found it */
    const char *image; /* "operator-reviewer-1": its virtual USBKey; NULL: one that the person has */
    const char *pin;   /* what 000000 is changed to; NULL: the person does that */
};

/* Makes the virtual USBKey OPERATOR->image in the folder's usbkeys, of the maker in its folder maker. */
RESULT init_card_make(const struct init_folder *folder, const struct init_operator *operator,
                      struct diag * diag);
/* Produces it for OPERATOR: key pair, register, certificate, PIN. RET_SERIAL: of the certificate, in hex, in
 * the folder's arena. ERROR_DEMO_KEY with what the driver said. */
RESULT init_card_produce(const struct init_folder *folder, struct init_signer *signer,
                         const struct init_operator *operator, struct diag *diag, const char **ret_serial);

/* Asks for the USBKey of OPERATORS[WHICH], and fills in its serial number when it was plugged in: one that none of
 * those before has. ERROR_DEMO_KEY when standard input ends. */
RESULT init_card_ask(const struct init_folder *folder, struct init_operator *operators, size_t which,
                     struct diag *diag);
/* As init_card_produce, for a USBKey that is plugged in. */
RESULT init_card_produce_plugged(const struct init_folder *folder, struct init_signer *signer,
                                 const struct init_operator *operator, struct diag *diag, const char **ret_serial);
