#include "signer/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_p(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static struct result path_of(const char *folder, const char *name, const char *ending, char into[PATH_MAX])
{
    int n = snprintf(into, PATH_MAX, "%s/%s%s", folder, name, ending);
    ENSURE(n > 0 && n < PATH_MAX, ERROR_IO);
    return OK;
}

struct result file_folder(const char *folder)
{
    ENSURE(mkdir(folder, 0700) == 0 || errno == EEXIST, ERROR_IO);
    return OK;
}

struct result file_read(const char *folder, const char *name, void *into, size_t room, size_t *ret_len)
{
    char path[PATH_MAX];
    struct stat s;
    TRY(path_of(folder, name, "", path));
    int fd CLEANUP(close_p) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ENSURE(fd >= 0 || errno != ENOENT, ERROR_NOT_FOUND);
    ENSURE(fd >= 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode), ERROR_IO);
    ENSURE((uint64_t)s.st_size <= room, ERROR_TOO_LARGE);
    size_t len = 0;
    while (len < (size_t)s.st_size) {
        ssize_t n = read(fd, (uint8_t *)into + len, (size_t)s.st_size - len);
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n > 0, ERROR_IO);
        len += (size_t)n;
    }
    *ret_len = len;
    return OK;
}

static struct result write_whole(const char *path, struct bytes content, bool sync)
{
    int fd CLEANUP(close_p) = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    ENSURE(fd >= 0, ERROR_IO);
    for (size_t done = 0; done < content.len;) {
        ssize_t n = write(fd, content.ptr + done, content.len - done);
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n > 0, ERROR_IO);
        done += (size_t)n;
    }
    ENSURE(!sync || fsync(fd) == 0, ERROR_IO);
    return OK;
}

static struct result sync_folder(const char *folder)
{
    int fd CLEANUP(close_p) = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(fd >= 0 && fsync(fd) == 0, ERROR_IO);
    return OK;
}

struct result file_replace(const char *folder, const char *name, struct bytes content, bool sync)
{
    char path[PATH_MAX], fresh[PATH_MAX];
    TRY(path_of(folder, name, "", path));
    TRY(path_of(folder, name, ".new", fresh));
    TRY(write_whole(fresh, content, sync));
    ENSURE(rename(fresh, path) == 0, ERROR_IO);
    return sync ? sync_folder(folder) : OK;
}

struct result file_remove(const char *folder, const char *name)
{
    char path[PATH_MAX];
    TRY(path_of(folder, name, "", path));
    ENSURE(unlink(path) == 0, ERROR_IO);
    return sync_folder(folder);
}
