/* Small files of the signer's folder: read whole, replaced whole. */
#pragma once

#include "base/bytes.h"

/* Makes FOLDER for its owner alone, unless it is there. ERROR_IO. */
RESULT file_folder(const char *folder);
/* Reads FOLDER/NAME, at most ROOM bytes, into INTO. ERROR_NOT_FOUND when there is none, ERROR_TOO_LARGE, ERROR_IO. */
RESULT file_read(const char *folder, const char *name, void *into, size_t room, size_t *ret_len);
/* Puts CONTENT in the place of FOLDER/NAME at once: the old one or the new one is there, never half of one. With SYNC
 * it is on disk when this returns. ERROR_IO. */
RESULT file_replace(const char *folder, const char *name, struct bytes content, bool sync);
/* FOLDER/NAME is gone, also from disk. ERROR_IO. */
RESULT file_remove(const char *folder, const char *name);
