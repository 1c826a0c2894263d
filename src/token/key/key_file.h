/* Files that a person names. */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"

enum { KEY_PATH_MAX = 1024, KEY_FILE_MAX = 64 * 1024 * 1024 };

/* The whole file, at most KEY_FILE_MAX; *ret_held is to be freed with key_file_free. ERROR_KEY_FILE. */
RESULT key_file_read(const char *path, struct diag *diag, uint8_t **ret_held, struct bytes *ret_content);
RESULT key_file_write(const char *path, struct bytes content, struct diag *diag);
void key_file_free(uint8_t **held);
