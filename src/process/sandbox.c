#include "process/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"
#include "process/landlock.h"
#include "process/syscalls.h"

/* Landlock closes the thread that asks and what comes after it: one that ran before would stay open. */
static struct result check_threads(struct diag *diag)
{
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return diag_log(diag, ERROR_SANDBOX, "/proc is not mounted");
    int count = 0;
    for (const struct dirent *e; (e = readdir(tasks));) count += e->d_name[0] != '.';
    closedir(tasks);
    if (count == 1) return OK;
    return diag_log(diag, ERROR_SANDBOX, "%d threads run already", count);
}

/* What no privilege given later may undo, and no dump may show. */
static struct result give_up(struct diag *diag)
{
    struct rlimit none = { 0, 0 };
    bool good = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                setrlimit(RLIMIT_CORE, &none) == 0;
    return good ? OK : diag_log(diag, ERROR_SANDBOX, "no_new_privs: error %d", errno);
}

/* With INSECURE_DEV a failure is told in the log and let pass. */
static struct result or_warn(struct result r, bool insecure_dev, struct diag *step, struct diag *diag)
{
    if (!failed(r)) return r;
    if (!insecure_dev) return diag_log(diag, r.code, "%s", step->log);
    log_event(LOG_LEVEL_WARNING, "insecure-dev", "the sandbox is incomplete: %s", step->log);
    return OK;
}

struct result sandbox_narrow(unsigned calls, struct diag *diag)
{
    return syscalls_close(calls, diag);
}

struct result sandbox_enter(const struct sandbox *sandbox, bool insecure_dev, struct diag *diag)
{
    struct diag threads = { 0 }, privileges = { 0 }, landlock = { 0 }, seccomp = { 0 };
    TRY(or_warn(check_threads(&threads), insecure_dev, &threads, diag));
    TRY(or_warn(give_up(&privileges), insecure_dev, &privileges, diag));
    TRY(or_warn(landlock_close(sandbox, &landlock), insecure_dev, &landlock, diag));
    return or_warn(syscalls_close(sandbox->calls, &seccomp), insecure_dev, &seccomp, diag);
}
