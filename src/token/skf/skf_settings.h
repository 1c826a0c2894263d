/* The few settings of the driver: lines "name = value" in /etc/hufu/skf.conf (a program's environment goes before it).
 *   usbkeys   folder with the sockets of virtual keys; HUFU_USBKEYS */
#pragma once

#include <stdbool.h>

enum { SKF_SETTING_MAX = 512 };

/* False when there is none. */
bool skf_setting_folder(char ret_folder[SKF_SETTING_MAX]);
