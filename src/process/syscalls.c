#include "process/syscalls.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What every process needs: memory, the descriptors it has, time, threads, its end. */
static const int basic[] = {
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mlock), SCMP_SYS(mlock2),
    SCMP_SYS(munlock), SCMP_SYS(mincore), SCMP_SYS(membarrier), SCMP_SYS(memfd_create),
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(close_range), SCMP_SYS(fcntl),
    SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(fstat), SCMP_SYS(sendfile), SCMP_SYS(pipe2),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create),
    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(eventfd2),
    SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(signalfd4),
    SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg), SCMP_SYS(shutdown), SCMP_SYS(getsockopt), SCMP_SYS(getsockname),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times), SCMP_SYS(getrandom),
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list), SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler), SCMP_SYS(arch_prctl),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(rt_sigsuspend), SCMP_SYS(rt_sigpending), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall),
    SCMP_SYS(alarm), SCMP_SYS(setitimer), SCMP_SYS(pause),
    SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(uname), SCMP_SYS(sysinfo),
    SCMP_SYS(getrusage), SCMP_SYS(getrlimit), SCMP_SYS(setrlimit), SCMP_SYS(umask), SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    /* A process may close itself further (hufu-files closes its children); it cannot open itself. */
    SCMP_SYS(seccomp), SCMP_SYS(landlock_create_ruleset), SCMP_SYS(landlock_add_rule),
    SCMP_SYS(landlock_restrict_self),
};

static const int files_calls[] = {
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(creat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat),
    SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(getdents),
    SCMP_SYS(getdents64), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(link),
    SCMP_SYS(linkat), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rmdir), SCMP_SYS(mkdir), SCMP_SYS(mkdirat),
    SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(sync_file_range), SCMP_SYS(ftruncate), SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64), SCMP_SYS(flock), SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(fchown),
    SCMP_SYS(utimensat), SCMP_SYS(copy_file_range), SCMP_SYS(msync),
};

static const int accept_calls[] = {
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getpeername), SCMP_SYS(setsockopt), SCMP_SYS(listen),
};

static const int connect_calls[] = {
    SCMP_SYS(connect), SCMP_SYS(getpeername), SCMP_SYS(setsockopt),
};

static const int fork_calls[] = {
    SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone), SCMP_SYS(wait4), SCMP_SYS(waitid), SCMP_SYS(kill),
    SCMP_SYS(tgkill), SCMP_SYS(setsid), SCMP_SYS(setpgid),
};

static const int exec_calls[] = {
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(mmap), SCMP_SYS(mprotect),
};

/* Nothing of ours makes these: who does has taken the process over. */
static const int hostile[] = {
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(mount),
    SCMP_SYS(umount2), SCMP_SYS(open_tree), SCMP_SYS(move_mount), SCMP_SYS(fsopen), SCMP_SYS(pivot_root),
    SCMP_SYS(chroot), SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(init_module), SCMP_SYS(finit_module),
    SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(reboot),
    SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(io_uring_setup), SCMP_SYS(setuid),
    SCMP_SYS(setgid), SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setgroups), SCMP_SYS(capset),
    SCMP_SYS(personality), SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(swapon),
};

/* Every rule says whether it was taken; one that was not leaves the process closed wrongly. */
struct rules {
    scmp_filter_ctx filter;
    int error; /* of the first that was not taken; 0 */
};

static void note(struct rules *rules, int error)
{
    if (error != 0 && rules->error == 0) rules->error = error;
}

static void allow(struct rules *rules, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) note(rules, seccomp_rule_add(rules->filter, SCMP_ACT_ALLOW, calls[i], 0));
}

/* CALL when its argument ARGUMENT, masked by MASK, is VALUE. */
static void allow_when(struct rules *rules, int call, unsigned argument, uint64_t mask, uint64_t value)
{
    note(rules, seccomp_rule_add(rules->filter, SCMP_ACT_ALLOW, call, 1,
                                 SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value)));
}

/* Whatever process is asked for: memory that is not run, threads, limits of its own, and small requests of its
 * descriptors. */
static void add_basic(struct rules *rules, unsigned calls)
{
    static const int prctls[] = { PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_NAME,
                                  PR_GET_NAME, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS,
                                  PR_SET_VMA };
    static const int ioctls[] = { TCGETS, FIONREAD, FIONBIO };
    allow(rules, basic, COUNT(basic));
    if (!(calls & SANDBOX_EXEC)) {
        allow_when(rules, SCMP_SYS(mmap), 2, PROT_EXEC, 0);
        allow_when(rules, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
    }
    /* fstat of glibc is newfstatat with an empty path: the descriptor's own. */
    if (!(calls & SANDBOX_FILES)) allow_when(rules, SCMP_SYS(newfstatat), 3, AT_EMPTY_PATH, AT_EMPTY_PATH);
    for (size_t i = 0; i < COUNT(prctls); i++) allow_when(rules, SCMP_SYS(prctl), 0, UINT32_MAX, (uint64_t)prctls[i]);
    for (size_t i = 0; i < COUNT(ioctls); i++) allow_when(rules, SCMP_SYS(ioctl), 1, UINT32_MAX, (uint64_t)ioctls[i]);
    note(rules, seccomp_rule_add(rules->filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 2,
                                 SCMP_CMP32(0, SCMP_CMP_EQ, PR_SET_DUMPABLE), SCMP_CMP32(1, SCMP_CMP_EQ, 0)));
    allow_when(rules, SCMP_SYS(socketpair), 0, UINT32_MAX, AF_UNIX);
    allow_when(rules, SCMP_SYS(prlimit64), 0, UINT32_MAX, 0);
    if (!(calls & SANDBOX_FORK)) {
        allow_when(rules, SCMP_SYS(clone), 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM);
        allow_when(rules, SCMP_SYS(kill), 0, UINT32_MAX, (uint64_t)getpid());
        allow_when(rules, SCMP_SYS(tgkill), 0, UINT32_MAX, (uint64_t)getpid());
    }
    /* Its flags lie in memory where a filter cannot look; libc then takes clone. */
    note(rules, seccomp_rule_add(rules->filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
}

static void add_groups(struct rules *rules, unsigned calls)
{
    static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };
    if (calls & SANDBOX_FILES) allow(rules, files_calls, COUNT(files_calls));
    if (calls & SANDBOX_ACCEPT) allow(rules, accept_calls, COUNT(accept_calls));
    if (calls & SANDBOX_FORK) allow(rules, fork_calls, COUNT(fork_calls));
    if (calls & SANDBOX_EXEC) allow(rules, exec_calls, COUNT(exec_calls));
    for (size_t i = 0; calls & SANDBOX_CONNECT && i < COUNT(families); i++)
        allow_when(rules, SCMP_SYS(socket), 0, UINT32_MAX, (uint64_t)families[i]);
    if (calls & SANDBOX_CONNECT) allow(rules, connect_calls, COUNT(connect_calls));
    for (size_t i = 0; i < COUNT(hostile); i++)
        note(rules, seccomp_rule_add(rules->filter, SCMP_ACT_KILL_PROCESS, hostile[i], 0));
    for (size_t i = 0; !(calls & SANDBOX_EXEC) && i < 2; i++)
        note(rules, seccomp_rule_add(rules->filter, SCMP_ACT_KILL_PROCESS, exec_calls[i], 0));
}

struct result syscalls_close(unsigned calls, struct diag *diag)
{
    struct rules rules = { seccomp_init(SCMP_ACT_ERRNO(EPERM)), 0 };
    if (!rules.filter) return diag_log(diag, ERROR_SANDBOX, "libseccomp does not know this machine");
    note(&rules, seccomp_attr_set(rules.filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
    note(&rules, seccomp_attr_set(rules.filter, SCMP_FLTATR_CTL_TSYNC, 1));
    note(&rules, seccomp_attr_set(rules.filter, SCMP_FLTATR_CTL_OPTIMIZE, 2)); /* a tree: a few steps a call */
    add_basic(&rules, calls);
    add_groups(&rules, calls);
    if (rules.error == 0) note(&rules, seccomp_load(rules.filter));
    seccomp_release(rules.filter);
    if (rules.error == 0) return OK;
    return diag_log(diag, ERROR_SANDBOX, "seccomp does not close the process: error %d", -rules.error);
}
