#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "token/key/key_platform.h"

bool key_terminal_read(const char *what, char *ret_line, size_t room)
{
    FILE *terminal = fopen("/dev/tty", "r+");
    struct termios before, silent;
    if (!terminal) return false;
    bool good = tcgetattr(fileno(terminal), &before) == 0;
    if (good) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
        setvbuf(terminal, NULL, _IONBF, 0);
        good = tcsetattr(fileno(terminal), TCSAFLUSH, &silent) == 0;
    }
    if (good) {
        fprintf(terminal, "%s: ", what);
        good = fgets(ret_line, (int)room, terminal) != NULL;
        fputs("\n", terminal);
        tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    }
    fclose(terminal);
    return good;
}

bool key_library_path(const char *given, char *ret_path, size_t room)
{
    /* Ours is found by the run path of the program. */
    return snprintf(ret_path, room, "%s", given ? given : "libhufu-skf.so") < (int)room;
}
