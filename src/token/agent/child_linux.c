#include "token/agent/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "token/agent/system.h"

enum { WATCH_MS = 200, ENVIRONMENT_MAX = 48 };

struct child {
    pid_t pid;
    int fd; /* both directions */
};

extern char **environ;

/* What a child is told of our environment: no LD_…, no GTK_MODULES, nothing that makes it load other code. */
static bool passes(const char *variable)
{
    static const char *const names[] = { "HOME=", "PATH=", "LANG=", "LC_", "USER=", "LOGNAME=", "TZ=", "DISPLAY=",
                                         "XAUTHORITY=", "WAYLAND_DISPLAY=", "XDG_", "DBUS_SESSION_BUS_ADDRESS=",
                                         "GTK_THEME=", "GDK_SCALE=", "GDK_BACKEND=", "GTK_IM_MODULE=", "XMODIFIERS=",
                                         "PCSCLITE_CSOCK_NAME=", "HUFU_" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0) return true;
    return false;
}

/* Between fork and exec of a process with threads: nothing but system calls. */
static void become(int fd, const char *const argv[], char *const environment[])
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0) _exit(127);
    /* A list of const texts is one of texts that exec does not change. */
    execve(argv[0], (char *const *)(uintptr_t)argv, environment);
    _exit(127);
}

struct result child_start(const char *const argv[], struct child **ret_child)
{
    char *environment[ENVIRONMENT_MAX + 1] = { NULL };
    for (size_t i = 0, n = 0; environ[i] && n < ENVIRONMENT_MAX; i++)
        if (passes(environ[i])) environment[n++] = environ[i];
    struct child *child = malloc(sizeof *child);
    ENSURE(child, ERROR_OUT_OF_ROOM);
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        free(child);
        return FAIL(ERROR_IO);
    }
    pid_t pid = fork();
    if (pid == 0) become(pair[1], argv, environment);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        free(child);
        return FAIL(ERROR_IO);
    }
    *child = (struct child){ pid, pair[0] };
    *ret_child = child;
    return OK;
}

void child_end(struct child *child)
{
    if (!child) return;
    close(child->fd);
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {}
    free(child);
}

static struct result wait_for(struct child *child, short events, int64_t deadline_ms, const struct child_watch *watch)
{
    for (;;) {
        int64_t left = deadline_ms - system_now_ms();
        ENSURE(left > 0, ERROR_IPC_TIMEOUT);
        ENSURE(!watch || !watch->gave_up(watch->context), ERROR_AGENT_CANCELLED);
        struct pollfd p = { .fd = child->fd, .events = events };
        int n = poll(&p, 1, watch && left > WATCH_MS ? WATCH_MS : (int)left);
        if (n > 0) return OK;
        ENSURE(n == 0 || errno == EINTR, ERROR_IPC_CLOSED);
    }
}

struct result child_write(struct child *child, struct bytes data, int64_t deadline_ms)
{
    while (data.len) {
        TRY(wait_for(child, POLLOUT, deadline_ms, NULL));
        ssize_t n = send(child->fd, data.ptr, data.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        ENSURE(n > 0, ERROR_IPC_CLOSED);
        data = bytes_of(data.ptr + n, data.len - (size_t)n);
    }
    return OK;
}

struct result child_read(struct child *child, void *into, size_t len, int64_t deadline_ms,
                         const struct child_watch *watch)
{
    for (size_t got = 0; got < len;) {
        TRY(wait_for(child, POLLIN, deadline_ms, watch));
        ssize_t n = recv(child->fd, (char *)into + got, len - got, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        ENSURE(n > 0, ERROR_IPC_CLOSED);
        got += (size_t)n;
    }
    return OK;
}
