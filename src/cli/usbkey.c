#include "cli/usbkey.h"

#include <string.h>

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
