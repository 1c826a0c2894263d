#include "token/agent/system.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"

struct result system_init(void)
{
    struct rlimit none = { 0, 0 };
    ENSURE(setrlimit(RLIMIT_CORE, &none) == 0, ERROR_IO);
    ENSURE(prctl(PR_SET_DUMPABLE, 0) == 0, ERROR_IO);
    ENSURE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, ERROR_IO);
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    return OK;
}

void system_log_to(const char *folder)
{
    /* Standard error goes to the journal of the session. */
}

int64_t system_now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void system_sleep_ms(int ms)
{
    struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };
    nanosleep(&ts, NULL);
}

void *system_take(size_t size, bool *ret_locked)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    madvise(p, size, MADV_DONTDUMP);
    bool locked = mlock(p, size) == 0;
    if (ret_locked) *ret_locked = locked;
    return p;
}

void system_give(void *memory, size_t size)
{
    if (!memory) return;
    secret_wipe(memory, size);
    munmap(memory, size);
}

/* ---- folders and files ---- */

struct result system_own_folder(char ret_path[SYSTEM_PATH_MAX])
{
    char path[SYSTEM_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    ENSURE(n > 0 && n < (ssize_t)sizeof path - 1, ERROR_IO);
    path[n] = 0;
    *strrchr(path, '/') = 0;
    memcpy(ret_path, path, sizeof path);
    return OK;
}

struct result system_program(const char *name, char ret_path[SYSTEM_PATH_MAX])
{
    char folder[SYSTEM_PATH_MAX];
    TRY(system_own_folder(folder));
    int n = snprintf(ret_path, SYSTEM_PATH_MAX, "%s/%s", folder, name);
    ENSURE(n > 0 && n < SYSTEM_PATH_MAX, ERROR_IO);
    return OK;
}

struct result system_make_folder(const char *path)
{
    ENSURE(mkdir(path, 0700) == 0 || errno == EEXIST, ERROR_IO);
    return OK;
}

struct result system_state_folder(char ret_path[SYSTEM_PATH_MAX])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char path[SYSTEM_PATH_MAX];
    if (state && state[0] == '/') {
        snprintf(path, sizeof path, "%s", state);
    } else {
        ENSURE(home && home[0] == '/', ERROR_IO);
        snprintf(path, sizeof path, "%s/.local", home);
        TRY(system_make_folder(path));
        snprintf(path, sizeof path, "%s/.local/state", home);
    }
    TRY(system_make_folder(path));
    int n = snprintf(ret_path, SYSTEM_PATH_MAX, "%s/hufu-agent", path);
    ENSURE(n > 0 && n < SYSTEM_PATH_MAX, ERROR_IO);
    return system_make_folder(ret_path);
}

struct result system_set_variable(const char *name, const char *value)
{
    ENSURE(setenv(name, value, 1) == 0, ERROR_IO);
    return OK;
}

bool system_has_display(void)
{
    const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    return (x && x[0]) || (wayland && wayland[0]);
}

bool system_trusted_file(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return false;
    return (st.st_uid == 0 || st.st_uid == geteuid()) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

struct result system_read_file(const char *path, void *into, size_t room, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return FAIL(errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO);
    size_t len = 0;
    ssize_t n = 1;
    while (len < room && (n = read(fd, (char *)into + len, room - len)) > 0) len += (size_t)n;
    char more;
    bool larger = n > 0 && read(fd, &more, 1) > 0;
    close(fd);
    ENSURE(n >= 0, ERROR_IO);
    ENSURE(!larger, ERROR_TOO_LARGE);
    *ret_len = len;
    return OK;
}

static struct result write_whole(int fd, struct bytes content)
{
    for (struct bytes rest = content; rest.len;) {
        ssize_t n = write(fd, rest.ptr, rest.len);
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n > 0, ERROR_IO);
        rest = bytes_of(rest.ptr + n, rest.len - (size_t)n);
    }
    ENSURE(fsync(fd) == 0, ERROR_IO);
    return OK;
}

struct result system_write_file(const char *path, struct bytes content)
{
    char fresh[SYSTEM_PATH_MAX];
    int len = snprintf(fresh, sizeof fresh, "%s.new", path);
    ENSURE(len > 0 && len < (int)sizeof fresh, ERROR_IO);
    unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    ENSURE(fd >= 0, ERROR_IO);
    struct result r = write_whole(fd, content);
    close(fd);
    if (!failed(r) && rename(fresh, path) != 0) r = FAIL(ERROR_IO);
    if (failed(r)) unlink(fresh);
    return r;
}
