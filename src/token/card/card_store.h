/* Where a virtual card keeps its image: one file, replaced as a whole (written beside it, synced, renamed, folder
 * synced). One process at a time has it: the file is locked, and so is each one that takes its place (Windows: a file
 * beside it, NAME.lock). Per platform: card_store_linux.c, card_store_windows.c. */
#pragma once

#include "token/card/card.h"

enum { CARD_PATH_MAX = 512 };

struct card_store {
    intptr_t held;               /* what locks the image; -1: none */
    char path[CARD_PATH_MAX], fresh[CARD_PATH_MAX + 8];
    uint8_t image[CARD_IMAGE_MAX];
};

/* ERROR_CARD_BUSY when another process has it, ERROR_NOT_FOUND, ERROR_IO, ERROR_TOO_LARGE for the path. */
RESULT card_store_open(struct card_store *store, const char *path);
/* Makes the file, which must not be there: ERROR_CARD_EXISTS, ERROR_IO. Readable for its owner only. */
RESULT card_store_create(const char *path, struct bytes image);
void card_store_close(struct card_store *store);
/* Makes a folder for its owner only; one that is there is as good. ERROR_IO. */
RESULT card_store_folder(const char *path);

/* For card_init. */
struct card_io card_store_io(struct card_store *store);
