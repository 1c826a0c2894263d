/* Per platform: card_process_linux.c, card_process_windows.c. */
#pragma once

#include "base/diag.h"

/* Leaves the process nothing but the folders of image and socket, and those who connect. ERROR_SANDBOX. */
RESULT card_process_close_off(const char *image, const char *socket, bool insecure_dev, struct diag *diag);
