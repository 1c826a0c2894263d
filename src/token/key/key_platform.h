/* Per platform: key_platform_linux.c, key_platform_windows.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Asks at the terminal, not at standard input, and reads a line without echo. False when there is no terminal. */
bool key_terminal_read(const char *what, char *ret_line, size_t room);

/* The library to load: GIVEN as a path that the system loads from nowhere else, or ours where GIVEN is NULL. False when
 * the path is too long. */
bool key_library_path(const char *given, char *ret_path, size_t room);
