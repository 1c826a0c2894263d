/* Tries, from inside, what a closed process must not do. Each attempt runs in a child of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/sandbox.h"

enum { KILLED = 250, NOT_CLOSED = 251 };

static char inside[] = "/tmp/hufu-sandbox-in-XXXXXX", outside[] = "/tmp/hufu-sandbox-out-XXXXXX";

static const char *in(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", inside, name);
    return path;
}

static const char *out(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", outside, name);
    return path;
}

/* What ATTEMPT, which gives an errno, comes to inside SANDBOX: an errno, 0, KILLED or NOT_CLOSED. */
static int inside_of(const struct sandbox *sandbox, int (*attempt)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        struct diag diag = { 0 };
        if (failed(sandbox_enter(sandbox, false, &diag))) {
            dprintf(2, "sandbox: %s\n", diag.log);
            _exit(NOT_CLOSED);
        }
        _exit(attempt());
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGSYS);
        return KILLED;
    }
    return WEXITSTATUS(status);
}

static int or_errno(long r)
{
    return r < 0 ? errno : 0;
}

/* ---- attempts ---- */

static int open_outside(void)
{
    return or_errno(open("/etc/passwd", O_RDONLY));
}

static int write_outside(void)
{
    return or_errno(open(out("new"), O_WRONLY | O_CREAT, 0600));
}

static int truncate_outside(void)
{
    return or_errno(open(out("file"), O_WRONLY | O_TRUNC));
}

static int list_outside(void)
{
    return or_errno(open("/", O_RDONLY | O_DIRECTORY));
}

static int read_inside(void)
{
    return or_errno(open(in("file"), O_RDONLY));
}

static int write_inside(void)
{
    int fd = open(in("new"), O_RDWR | O_CREAT, 0600);
    if (fd < 0) return errno;
    bool good = write(fd, "x", 1) == 1 && fsync(fd) == 0 && ftruncate(fd, 0) == 0 && rename(in("new"), in("new")) == 0;
    return good ? or_errno(unlink(in("new"))) : errno;
}

static int write_existing_inside(void)
{
    return or_errno(open(in("file"), O_WRONLY));
}

static int truncate_inside(void)
{
    return or_errno(open(in("file"), O_RDONLY | O_TRUNC));
}

static int out_by_dots(void)
{
    return or_errno(open(in("../../etc/passwd"), O_RDONLY));
}

static int out_by_link(void)
{
    return or_errno(open(in("link"), O_RDONLY));
}

static int rename_out(void)
{
    char to[128];
    snprintf(to, sizeof to, "%s/moved", outside);
    return or_errno(rename(in("file"), to));
}

static int link_in(void)
{
    char from[128];
    snprintf(from, sizeof from, "%s/file", outside);
    return or_errno(link(from, in("linked")));
}

static int make_symlink(void)
{
    return or_errno(symlink("/etc/passwd", in("symlink")));
}

static int make_socket_inside(void)
{
    return or_errno(mknod(in("socket"), S_IFSOCK | 0600, 0));
}

static int device_inside(void)
{
    return or_errno(mknod(in("device"), S_IFBLK | 0600, 0x0800));
}

static int set_mode_to_program(void)
{
    return or_errno(execl("/bin/true", "true", NULL));
}

static int exec_file(void)
{
    return or_errno(syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0));
}

static int socket_tcp(void)
{
    return or_errno(socket(AF_INET, SOCK_STREAM, 0));
}

static int socket_unix(void)
{
    return or_errno(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int socket_netlink(void)
{
    return or_errno(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int socket_packet(void)
{
    return or_errno(socket(AF_PACKET, SOCK_RAW, 0));
}

static int connect_loopback(void)
{
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0) return errno;
    /* Nobody listens on port 1: refused means that the call got out. */
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    return connect(s, (struct sockaddr *)&to, sizeof to) == 0 || errno == ECONNREFUSED ? 0 : errno;
}

static int listen_tcp(void)
{
    int s = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (s < 0 || bind(s, (struct sockaddr *)&here, sizeof here) != 0) return errno;
    return or_errno(listen(s, 1));
}

static int trace_parent(void)
{
    return or_errno(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int read_parent(void)
{
    char byte;
    struct iovec mine = { &byte, 1 }, its = { inside, 1 };
    return or_errno(process_vm_readv(getppid(), &mine, 1, &its, 1, 0));
}

static int signal_parent(void)
{
    return or_errno(kill(getppid(), 0));
}

static int thread_signal_parent(void)
{
    return or_errno(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int fork_one(void)
{
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    return pid < 0 ? errno : or_errno(waitpid(pid, NULL, 0));
}

static int fork_by_clone(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
    if (pid == 0) _exit(0);
    return or_errno(pid);
}

static int become_root(void)
{
    return or_errno(setuid(0));
}

static int new_namespace(void)
{
    return or_errno(syscall(SYS_unshare, 0x10000000));
}

static int mount_something(void)
{
    return or_errno(syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL));
}

static int load_bpf(void)
{
    return or_errno(syscall(SYS_bpf, 0, NULL, 0));
}

static int io_ring(void)
{
    return or_errno(syscall(SYS_io_uring_setup, 1, NULL));
}

static int map_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : 0;
}

static int turn_to_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NOT_CLOSED;
    return or_errno(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static void end_by_fault(int number)
{
    _exit(KILLED);
}

static int old_calls(void)
{
    /* The 32-bit door, where numbers mean other calls: number 5 is open there. A kernel built without it faults. */
#ifdef __x86_64__
    long r;
    signal(SIGSEGV, end_by_fault);
    __asm__ volatile("int $0x80" : "=a"(r) : "a"(5L), "b"(0L), "c"(0L), "d"(0L) : "memory");
    return r < 0 ? (int)-r : 0;
#else
    raise(SIGSYS);
    return 0;
#endif
}

static int type_into_terminal(void)
{
    return or_errno(syscall(SYS_ioctl, 0, 0x5412UL, "x")); /* TIOCSTI */
}

static int limit_another(void)
{
    struct rlimit l = { 0, 0 };
    return or_errno(prlimit(getppid(), RLIMIT_NOFILE, &l, NULL));
}

static int dump_again(void)
{
    return or_errno(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int no_dumps(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_CORE, &l) != 0 || l.rlim_max != 0) return NOT_CLOSED;
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : NOT_CLOSED;
}

static void *nothing(void *context)
{
    return context;
}

/* What every process does: memory, threads, time, sockets it has, its end. */
static int ordinary(void)
{
    int pair[2];
    char byte = 'x';
    void *p = malloc(10 * 1024 * 1024);
    pthread_t thread;
    if (!p || pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0) return NOT_CLOSED;
    free(p);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return errno;
    if (send(pair[0], &byte, 1, MSG_NOSIGNAL) != 1 || recv(pair[1], &byte, 1, 0) != 1) return errno;
    struct stat st;
    return or_errno(fstat(pair[0], &st) < 0 || usleep(1) < 0 ? -1 : 0);
}

/* ---- tests ---- */

struct attempt {
    const char *name;
    int (*run)(void);
    int expected;
};

static void try_all(const struct sandbox *sandbox, const struct attempt *attempts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int got = inside_of(sandbox, attempts[i].run);
        if (got != attempts[i].expected)
            fail_msg("%s: %d (%s) instead of %d", attempts[i].name, got, strerror(got), attempts[i].expected);
    }
}

#define TRY_ALL(sandbox, attempts) try_all((sandbox), (attempts), COUNT(attempts))

/* The same attempts succeed outside: the sandbox it is that stops them. */
static void attempts_succeed_when_open(void **state)
{
    static const struct attempt attempts[] = {
        { "open", open_outside, 0 },         { "list", list_outside, 0 },     { "link", out_by_link, 0 },
        { "socket", socket_tcp, 0 },         { "fork", fork_one, 0 },         { "clone", fork_by_clone, 0 },
        { "connect", connect_loopback, 0 },  { "listen", listen_tcp, 0 },     { "signal", signal_parent, 0 },
        { "memory", read_parent, 0 },        { "code", map_code, 0 },         { "turn", turn_to_code, 0 },
        { "dots", out_by_dots, 0 },          { "truncate", truncate_outside, 0 },
    };
    for (size_t i = 0; i < COUNT(attempts); i++) {
        pid_t pid = fork();
        if (pid == 0) _exit(attempts[i].run());
        int status = 0;
        waitpid(pid, &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail_msg("%s fails outside", attempts[i].name);
    }
}

/* A process with nothing but its descriptors. */
static void a_closed_process_reaches_nothing(void **state)
{
    static const struct sandbox closed = { 0 };
    static const struct attempt attempts[] = {
        { "ordinary", ordinary, 0 },
        { "no dumps", no_dumps, 0 },
        { "open", open_outside, EPERM },
        { "create", write_outside, EPERM },
        { "list", list_outside, EPERM },
        { "inside", read_inside, EPERM },
        { "tcp", socket_tcp, EPERM },
        { "unix", socket_unix, EPERM },
        { "netlink", socket_netlink, EPERM },
        { "fork", fork_one, EPERM },
        { "clone", fork_by_clone, EPERM },
        { "signal", signal_parent, EPERM },
        { "thread signal", thread_signal_parent, EPERM },
        { "exec", set_mode_to_program, KILLED },
        { "execveat", exec_file, KILLED },
        { "ptrace", trace_parent, KILLED },
        { "memory of another", read_parent, KILLED },
        { "setuid", become_root, KILLED },
        { "unshare", new_namespace, KILLED },
        { "mount", mount_something, KILLED },
        { "bpf", load_bpf, KILLED },
        { "io_uring", io_ring, KILLED },
        { "32-bit calls", old_calls, KILLED },
        { "map code", map_code, EPERM },
        { "turn to code", turn_to_code, EPERM },
        { "terminal", type_into_terminal, EPERM },
        { "limits of another", limit_another, EPERM },
        { "dump again", dump_again, EPERM },
    };
    TRY_ALL(&closed, attempts);
}

static void files_only_where_they_are_given(void **state)
{
    const struct sandbox_folder readable[] = { { inside, SANDBOX_READ } };
    const struct sandbox_folder writable[] = { { inside, SANDBOX_READ | SANDBOX_WRITE } };
    static const struct attempt reads[] = {
        { "open outside", open_outside, EACCES },     { "create outside", write_outside, EACCES },
        { "truncate", truncate_outside, EACCES },     { "list outside", list_outside, EACCES },
        { "read inside", read_inside, 0 },            { "write inside", write_inside, EACCES },
        { "write existing", write_existing_inside, EACCES },
        { "truncate inside", truncate_inside, EACCES }, { "dots", out_by_dots, EACCES },
        { "link", out_by_link, EACCES },              { "rename out", rename_out, EACCES },
        { "exec", set_mode_to_program, KILLED },
    };
    static const struct attempt writes[] = {
        { "open outside", open_outside, EACCES },   { "read inside", read_inside, 0 },
        { "write inside", write_inside, 0 },        { "rename out", rename_out, EACCES },
        { "hard link in", link_in, EXDEV },         { "symlink", make_symlink, EPERM },
        { "socket file", make_socket_inside, EPERM }, { "device", device_inside, EPERM },
        { "dots", out_by_dots, EACCES },            { "link", out_by_link, EACCES },
    };
    const struct sandbox reading = { SANDBOX_FILES, readable, 1 }, writing = { SANDBOX_FILES, writable, 1 };
    TRY_ALL(&reading, reads);
    TRY_ALL(&writing, writes);
}

/* One file may be given instead of a folder. */
static void a_single_file(void **state)
{
    char path[128];
    snprintf(path, sizeof path, "%s/file", inside);
    const struct sandbox_folder folders[] = { { path, SANDBOX_READ } };
    const struct sandbox sandbox = { SANDBOX_FILES, folders, 1 };
    static const struct attempt attempts[] = { { "the file", read_inside, 0 },
                                               { "through a link", out_by_link, EACCES },
                                               { "another", open_outside, EACCES } };
    TRY_ALL(&sandbox, attempts);
}

static void connections_only_where_they_are_given(void **state)
{
    const struct sandbox out_going = { .calls = SANDBOX_CONNECT }, taking = { .calls = SANDBOX_ACCEPT };
    static const struct attempt connects[] = {
        { "connect", connect_loopback, 0 }, { "listen", listen_tcp, EPERM }, { "netlink", socket_netlink, EPERM },
        { "packet", socket_packet, EPERM }, { "open", open_outside, EPERM }, { "exec", exec_file, KILLED },
    };
    static const struct attempt accepts[] = { { "connect", connect_loopback, EPERM }, { "listen", listen_tcp, EPERM } };
    TRY_ALL(&out_going, connects);
    TRY_ALL(&taking, accepts);
}

static void children_only_where_they_are_given(void **state)
{
    const struct sandbox forking = { .calls = SANDBOX_FORK };
    static const struct attempt attempts[] = {
        { "fork", fork_one, 0 },          { "exec", exec_file, KILLED },      { "open", open_outside, EPERM },
        { "signal", signal_parent, EPERM }, { "ptrace", trace_parent, KILLED },
    };
    TRY_ALL(&forking, attempts);
}

static int enter_missing_folder(void)
{
    static const struct sandbox_folder folders[] = { { "/nonexistent/hufu", SANDBOX_READ } };
    static const struct sandbox sandbox = { SANDBOX_FILES, folders, 1 };
    struct diag diag = { 0 };
    if (sandbox_enter(&sandbox, false, &diag).code != ERROR_SANDBOX) return 1;
    return strstr(diag.log, "/nonexistent/hufu") ? 0 : 2;
}

static void *wait_for_end(void *context)
{
    for (;;) pause();
    return context;
}

static int enter_with_threads(void)
{
    static const struct sandbox sandbox = { 0 };
    struct diag diag = { 0 };
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_end, NULL) != 0) return 1;
    return sandbox_enter(&sandbox, false, &diag).code == ERROR_SANDBOX && strstr(diag.log, "2 threads") ? 0 : 2;
}

/* What cannot be closed stops the start, and goes on with the rest only in development. */
static int insecure_goes_on(void)
{
    static const struct sandbox_folder folders[] = { { "/nonexistent/hufu", SANDBOX_READ } };
    static const struct sandbox sandbox = { SANDBOX_FILES, folders, 1 };
    if (failed(sandbox_enter(&sandbox, true, NULL))) return 1;
    set_mode_to_program(); /* seccomp holds: this kills */
    return 2;
}

static int in_child(int (*run)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 2); /* the warning */
        _exit(run());
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? KILLED : WEXITSTATUS(status);
}

static void what_cannot_be_closed_stops_the_start(void **state)
{
    assert_int_equal(in_child(enter_missing_folder), 0);
    assert_int_equal(in_child(enter_with_threads), 0);
    assert_int_equal(in_child(insecure_goes_on), KILLED);
}

static void write_file(const char *path)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("content", f);
    fclose(f);
}

static int make_folders(void **state)
{
    if (!mkdtemp(inside) || !mkdtemp(outside)) return 1;
    write_file(in("file"));
    write_file(out("file"));
    return symlink("/etc/passwd", in("link"));
}

static int remove_folders(void **state)
{
    unlink(in("file"));
    unlink(in("link"));
    unlink(out("file"));
    return rmdir(inside) | rmdir(outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts_succeed_when_open),
        cmocka_unit_test(a_closed_process_reaches_nothing),
        cmocka_unit_test(files_only_where_they_are_given),
        cmocka_unit_test(a_single_file),
        cmocka_unit_test(connections_only_where_they_are_given),
        cmocka_unit_test(children_only_where_they_are_given),
        cmocka_unit_test(what_cannot_be_closed_stops_the_start),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
