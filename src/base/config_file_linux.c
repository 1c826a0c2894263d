#include "base/config_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(PATH_MAX <= CONFIG_FILE_PATH_MAX, "realpath writes up to PATH_MAX");

bool config_file_read(const char *path, void *into, size_t room, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    struct stat st;
    ssize_t n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, into, room) : -1;
    close(fd);
    if (n < 0) return false;
    *ret_len = (size_t)n;
    return true;
}

bool config_file_folder(const char *path, char ret_folder[CONFIG_FILE_PATH_MAX])
{
    if (!realpath(path, ret_folder)) return false;
    *strrchr(ret_folder, '/') = '\0';
    return true;
}

bool config_file_absolute(const char *path)
{
    return path[0] == '/';
}
