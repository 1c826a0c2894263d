#include "cli/process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"

enum { NOT_RUN = 127, NUMBER_MAX = 24, ENVIRONMENT_MAX = 16 };

/* What is worked out before the fork: after it nothing may allocate. */
struct prepared {
    const struct process_start *start;
    char numbers[PROCESS_FDS_MAX][NUMBER_MAX];
    char *argv[PROCESS_ARGUMENTS_MAX];
    char *environment[ENVIRONMENT_MAX];
    struct passwd *user;
    int program; /* opened as we are: who it runs as may not be let through to where it lies */
};

/* A desktop's agent needs the display; nobody needs more. */
static void prepare_environment(struct prepared *p)
{
    static const char *const kept[] = { "PATH", "HOME", "LANG", "LC_ALL", "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY",
                                        "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS" };
    extern char **environ;
    size_t count = 0;
    for (char **e = environ; *e; e++)
        for (size_t i = 0; i < COUNT(kept); i++) {
            size_t len = strlen(kept[i]);
            if (strncmp(*e, kept[i], len) == 0 && (*e)[len] == '=') p->environment[count++] = *e;
        }
    for (size_t i = 0; i < PROCESS_VARIABLES_MAX; i++)
        if (p->start->variables[i]) p->environment[count++] = (char *)(uintptr_t)p->start->variables[i];
}

static struct result prepare(struct prepared *p, struct diag *diag)
{
    const struct process_start *s = p->start;
    if (access(s->program, X_OK) != 0) return diag_log(diag, ERROR_PROGRAM_MISSING, "%s", s->program);
    for (size_t i = 0; i < s->fd_count; i++)
        snprintf(p->numbers[i], NUMBER_MAX, "%zu", PROCESS_FIRST_FD + i);
    for (size_t i = 0; i + 1 < PROCESS_ARGUMENTS_MAX && s->arguments[i]; i++) {
        const char *a = s->arguments[i];
        bool fd = a[0] == '@' && a[1] >= '0' && (size_t)(a[1] - '0') < s->fd_count && a[2] == '\0';
        p->argv[i] = fd ? p->numbers[a[1] - '0'] : (char *)(uintptr_t)a;
    }
    if (s->user && !(p->user = getpwnam(s->user))) return diag_log(diag, ERROR_USER_UNKNOWN, "%s", s->user);
    prepare_environment(p);
    p->program = open(s->program, O_PATH | O_CLOEXEC);
    return p->program >= 0 ? OK : diag_log(diag, ERROR_PROGRAM_MISSING, "%s", s->program);
}

/* ---- in the child ---- */

/* First out of the way of each other, then to their places; nothing else stays open in the program. */
static bool place_fds(const struct prepared *p)
{
    const struct process_start *s = p->start;
    int high[PROCESS_FDS_MAX], first = PROCESS_FIRST_FD + PROCESS_FDS_MAX;
    int log = fcntl(s->log, F_DUPFD_CLOEXEC, first), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < s->fd_count; i++)
        if ((high[i] = fcntl(s->fds[i], F_DUPFD_CLOEXEC, first)) < 0) return false;
    for (size_t i = 0; i < s->fd_count; i++)
        if (dup2(high[i], PROCESS_FIRST_FD + (int)i) < 0) return false;
    if (log < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) return false;
    return close_range(PROCESS_FIRST_FD + (unsigned)s->fd_count, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

static bool become(const struct passwd *user)
{
    if (!user) return true;
    return initgroups(user->pw_name, user->pw_gid) == 0 && setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
           setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0;
}

static _Noreturn void child(struct prepared *p, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0); /* Ctrl-C reaches the supervisor, which stops its children in order */
    /* Dies with us; after the change of user, which would undo it, and unless we died already. */
    bool good = place_fds(p) && become(p->user) && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
                getppid() == parent;
    if (good && !p->user) execve(p->start->program, p->argv, p->environment);
    if (good) fexecve(p->program, p->argv, p->environment);
    _exit(NOT_RUN);
}

struct result process_start(const struct process_start *start, struct diag *diag, pid_t *ret_pid)
{
    struct prepared p = { .start = start };
    TRY(prepare(&p, diag));
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) child(&p, parent);
    close(p.program);
    if (pid < 0) return diag_log(diag, ERROR_IO, "fork fails");
    *ret_pid = pid;
    return OK;
}
