/* What the agent needs of its platform beyond C11: time, memory that is not swapped, files, folders, threads' start.
 * Texts are UTF-8, paths too. system_linux.c, system_windows.c, system_thread.c; net.h has the sockets, child.h the
 * processes. */
#pragma once

#include "base/diag.h"
#include "base/text.h"

enum { SYSTEM_PATH_MAX = 1024 };

/* Hardens the process: no core dumps, no look into its memory by other processes of the user, no signal for a
 * closed pipe; starts what the platform wants started. Call first in main. */
RESULT system_init(void);
/* Where there is no standard error (a program of the desktop on Windows), the log goes to a file in FOLDER. */
void system_log_to(const char *folder);
/* Milliseconds of a clock that only goes forward. */
int64_t system_now_ms(void);
void system_sleep_ms(int ms);

/* SIZE zeroed bytes that are kept out of swap and dumps where the platform lets us (RET_LOCKED may be NULL); NULL
 * when there is no memory. system_give wipes them. */
void *system_take(size_t size, bool *ret_locked);
void system_give(void *memory, size_t size);

/* The folder of the running program, without a separator at its end. ERROR_IO. */
RESULT system_own_folder(char ret_path[SYSTEM_PATH_MAX]);
/* The path of another program of our set, in the same folder. ERROR_IO. */
RESULT system_program(const char *name, char ret_path[SYSTEM_PATH_MAX]);
/* The folder of the person for what the agent keeps; made with 0700 when it is not there. ERROR_IO. */
RESULT system_state_folder(char ret_path[SYSTEM_PATH_MAX]);
/* Makes PATH with 0700 unless it is there. ERROR_IO. */
RESULT system_make_folder(const char *path);
/* Sets an environment variable for children. Before threads are started. ERROR_IO. */
RESULT system_set_variable(const char *name, const char *value);
/* Whether windows can be shown. */
bool system_has_display(void);
/* Whether PATH is a regular file that only its owner may change, and the owner is the system or the person. */
bool system_trusted_file(const char *path);

/* Reads the whole file into INTO. ERROR_NOT_FOUND, ERROR_TOO_LARGE, ERROR_IO. */
RESULT system_read_file(const char *path, void *into, size_t room, size_t *ret_len);
/* Replaces PATH by CONTENT at once (as before or as after, never between), for the person only (0600). ERROR_IO. */
RESULT system_write_file(const char *path, struct bytes content);

/* Runs WORK(ARGUMENT) on a thread of its own, which nobody waits for. ERROR_OUT_OF_ROOM. */
RESULT system_thread(void (*work)(void *), void *argument);
