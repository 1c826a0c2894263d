#include "token/card/card_process.h"

#include <libgen.h>
#include <stdio.h>

#include "process/sandbox.h"
#include "token/card/card_store.h"

static const char *folder_of(const char *path, char copy[CARD_PATH_MAX])
{
    snprintf(copy, CARD_PATH_MAX, "%s", path);
    return dirname(copy);
}

struct result card_process_close_off(const char *image, const char *socket, bool insecure_dev, struct diag *diag)
{
    char image_copy[CARD_PATH_MAX], socket_copy[CARD_PATH_MAX];
    const struct sandbox_folder folders[] = {
        { folder_of(image, image_copy), SANDBOX_READ | SANDBOX_WRITE },
        { folder_of(socket, socket_copy), SANDBOX_READ | SANDBOX_WRITE },
    };
    const struct sandbox sandbox = { SANDBOX_FILES | SANDBOX_ACCEPT, folders, COUNT(folders) };
    return sandbox_enter(&sandbox, insecure_dev, diag);
}
