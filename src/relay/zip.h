/* The files of a ZIP archive (APPNOTE 6.3, without encryption, ZIP64 and split archives), as gateways pack
 * their bills. */
#pragma once

#include "base/arena.h"

enum { ZIP_FILES_MAX = 16 };

/* The file INDEX, from 0, whole, in ARENA, at most MAX bytes; its name as a view. ERROR_NOT_FOUND behind the last;
 * ERROR_MALFORMED for what is no such archive; ERROR_TOO_LARGE. */
RESULT zip_file(struct bytes archive, size_t index, size_t max, struct arena *arena, struct bytes *ret_name,
                struct bytes *ret_content);
