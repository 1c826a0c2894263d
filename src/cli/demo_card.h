/* A fresh virtual USBKey for a demonstration: made by hufu-card, plugged in (its socket stands in the folder usbkeys)
 * as long as its process runs, and thrown away afterwards. The image lies in the folder run, where `hufu serve` does
 * not take it for one of the people's. */
#pragma once

#include <sys/types.h>

#include "base/diag.h"

enum { DEMO_CARD_PATH_MAX = 512 };

struct demo_card {
    pid_t pid; /* 0: not plugged in */
    char image[DEMO_CARD_PATH_MAX], socket[DEMO_CARD_PATH_MAX];
};

/* Makes a blank USBKey with SERIAL in the installation's FOLDER and plugs it in. ERROR_DEMO_CARD. */
RESULT demo_card_plug(const char *folder, const char *serial, struct diag *diag, struct demo_card *ret_card);
/* Pulls it out and removes it. Nothing when it is not plugged in. */
void demo_card_pull(struct demo_card *card);
