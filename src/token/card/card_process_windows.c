#include "token/card/card_process.h"

/* Nothing of the kind here: a virtual key on Windows is for trying things out, by the person who runs it. */
struct result card_process_close_off(const char *image, const char *socket, bool insecure_dev, struct diag *diag)
{
    (void)image, (void)socket, (void)insecure_dev, (void)diag;
    return OK;
}
