/* The data key: FOLDER/data.key, wrapped under the key that the process was handed (docs/PROTOCOL.key). */
#pragma once

#include <stdint.h>

#include "base/diag.h"

enum { DATA_KEY_SIZE = 32 };

/* Opens it, or makes it where there is none. ERROR_KEY_UNWRAP when it belongs to another installation's secret,
 * ERROR_IO; DIAG's log text names the file. RET_KEY is the caller's to wipe. */
RESULT data_key_open(const char *folder, const uint8_t process_key[32], struct diag *diag,
                     uint8_t ret_key[DATA_KEY_SIZE]);
