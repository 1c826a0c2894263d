/* A USBKey that is plugged into this machine, by our driver (GM/T 0016). */
#pragma once

#include "base/diag.h"
#include "token/skf/hufu_skf.h"

/* Connects the one whose serial number is CARD; false when it is not there. SKF_DisConnectDev ends it. */
bool usbkey_connect(const char *card, DEVHANDLE *ret_handle);
