/* The few settings of the driver: lines "name = value" in /etc/hufu/skf.conf (Windows: %ProgramData%\Hufu\skf.conf); a
 * program's environment goes before it.
 *   usbkeys     folder with the sockets of virtual keys                   HUFU_USBKEYS
 *   transports  "socket", "pcsc", or both with a blank between them       HUFU_SKF_TRANSPORTS
 *               without it: socket where there is a folder of virtual keys, else pcsc
 *   makers      file with makers' certificates, DER, one behind the other: keys that none of them vouches for are
 *               refused; without it any maker's are taken                 HUFU_SKF_MAKERS
 *   atrs        ATRs in hex, blanks between them, of further tokens that pcsc may look at (ours is known) */
#pragma once

#include <stdbool.h>

enum { SKF_SETTING_MAX = 512 };

/* Each false when there is no such setting. */
bool skf_setting_folder(char ret_folder[SKF_SETTING_MAX]);
bool skf_setting_makers(char ret_path[SKF_SETTING_MAX]);
bool skf_setting_atrs(char ret_atrs[SKF_SETTING_MAX]);
/* Whether the transport NAME is to be used. */
bool skf_setting_transport(const char *name);
