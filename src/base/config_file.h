/* What config.c needs of the platform: config_file_linux.c, config_file_windows.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { CONFIG_FILE_PATH_MAX = 4096 };

/* Up to ROOM bytes of the regular file at PATH; false when it is none or cannot be read. */
bool config_file_read(const char *path, void *into, size_t room, size_t *ret_len);
/* The absolute folder that PATH lies in, without a separator at its end; false when there is no such file. */
bool config_file_folder(const char *path, char ret_folder[CONFIG_FILE_PATH_MAX]);
bool config_file_absolute(const char *path);
