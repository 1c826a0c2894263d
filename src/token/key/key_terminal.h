/* Per platform: key_terminal_linux.c, key_terminal_windows.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Asks at the terminal, not at standard input, and reads a line without echo. False when there is no terminal. */
bool key_terminal_read(const char *what, char *ret_line, size_t room);
