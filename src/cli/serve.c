/* `hufu serve`: takes the configuration, the secret and the sockets, and keeps the processes running. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "cli/commands.h"
#include "cli/listen.h"
#include "cli/ready.h"
#include "cli/supervisor.h"

enum { PORT_WAITS_MAX = 20, PORT_WAIT_US = 100 * 1000 };

struct options {
    const char *folder, *log;
    int64_t secret_fd;
    bool insecure_dev;
};

/* clang-format off */
static const struct cli_option options[] = {
    { "folder", CLI_TEXT, offsetof(struct options, folder), "DIR", 0, 0, "the installation (default $HUFU_FOLDER, var, /var/lib/hufu)" },
    { "secret-fd", CLI_NUMBER, offsetof(struct options, secret_fd), "FD", 0, 1 << 16, "descriptor with the installation's secret" },
    { "log", CLI_TEXT, offsetof(struct options, log), "FILE", 0, 0, "where the processes log (default: standard error)" },
    { "insecure-dev", CLI_FLAG, offsetof(struct options, insecure_dev), NULL, 0, 0, "for demonstrations: secret from a file, plain HTTP to loopback, incomplete sandboxes" },
};
/* clang-format on */

/* One `hufu serve` a folder, for as long as this descriptor is open. */
static struct result lock_folder(const struct installation *i, struct diag *diag, int *ret_lock)
{
    char path[INSTALLATION_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/run", i->folder);
    mkdir(path, 0711);
    snprintf(path, sizeof path, "%s/run/lock", i->folder);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) return diag_log(diag, ERROR_FOLDER_FAILED, "%s", path);
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
        *ret_lock = lock;
        return OK;
    }
    int error = errno;
    close(lock);
    if (error != EWOULDBLOCK) return diag_log(diag, ERROR_FOLDER_FAILED, "%s", path);
    return diag_log(diag, ERROR_RUNS_ALREADY, "%s", i->folder);
}

/* Before anything is started: nobody but the supervisor's signalfd takes them, and nobody reads its memory.
 */
static void close_off(void)
{
    static const int numbers[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
    sigset_t taken;
    sigemptyset(&taken);
    for (size_t i = 0; i < COUNT(numbers); i++) sigaddset(&taken, numbers[i]);
    sigprocmask(SIG_BLOCK, &taken, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Type=notify of systemd. */
static void tell_systemd(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    if (!path || strlen(path) >= sizeof to.sun_path) return;
    memcpy(to.sun_path, path, strlen(path));
    if (path[0] == '@') to.sun_path[0] = '\0';
    int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (s < 0 || sendto(s, "READY=1", 7, MSG_NOSIGNAL, (struct sockaddr *)&to, len) < 0)
        log_event(LOG_LEVEL_WARNING, "systemd", "was not told");
    if (s >= 0) close(s);
}

static void ready(const struct supervisor_options *o, int64_t ms)
{
    log_event(LOG_LEVEL_INFO, "ready", "ms=%lld", (long long)ms);
    ready_print(o->installation, o->log_path, ms);
    tell_systemd();
}

static struct result open_log(const char *path, struct diag *diag, int *ret_log)
{
    int log = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640)
                   : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (log < 0) return diag_log(diag, ERROR_FOLDER_FAILED, "%s", path ? path : "standard error");
    *ret_log = log;
    return OK;
}

/* With everything open. What the supervisor logs goes where its children's goes; words stay on the terminal.
 */
static struct result supervise(const struct supervisor_options *o, struct diag *diag)
{
    struct supervisor *supervisor;
    TRY(supervisor_new(o, diag, &supervisor));
    int terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    off_t from = lseek(o->log, 0, SEEK_END);
    if (terminal < 0 || dup2(o->log, STDERR_FILENO) < 0) abort();
    if (o->insecure_dev)
        log_event(LOG_LEVEL_WARNING, "insecure-dev", "this installation must not serve the public");
    struct result r = supervisor_run(supervisor, diag);
    if (dup2(terminal, STDERR_FILENO) < 0) abort();
    close(terminal);
    supervisor_free(supervisor);
    if (failed(r) && o->log_path) ready_print_log(o->log_path, from);
    return r;
}

/* Processes of a start that was killed end by themselves, but not at once: their ports are waited for. */
static struct result open_soon(const char *address, const char *group, struct diag *diag, int *ret_socket)
{
    for (int waited = 0; waited < PORT_WAITS_MAX; waited++) {
        struct diag passing = { 0 };
        struct result r = listen_open(address, group, &passing, ret_socket);
        if (r.code != ERROR_PORT_TAKEN) {
            *diag = passing;
            return r;
        }
        usleep(PORT_WAIT_US);
    }
    return listen_open(address, group, diag, ret_socket);
}

/* What others of ours will listen on themselves: better said now than when they have failed. */
static struct result check_ports(const struct installation *i, struct diag *diag)
{
    const char *const addresses[] = { i->demo.on ? i->demo.paysim : NULL, i->agent[0] ? i->agent : NULL };
    for (size_t k = 0; k < COUNT(addresses); k++) {
        const char *address = addresses[k], *slashes = address ? strstr(address, "://") : NULL;
        int probe;
        if (!address) continue;
        TRY(open_soon(slashes ? slashes + 3 : address, NULL, diag, &probe));
        close(probe);
    }
    return OK;
}

static struct result serve_with(const struct installation *i, const struct options *o, struct secret *secret,
                                struct diag *diag)
{
    int listening = -1, status_listening = -1, log = -1;
    struct supervisor_options s = { .installation = i,
                                    .secret = secret,
                                    .insecure_dev = o->insecure_dev,
                                    .fault = getenv("HUFU_FAULT"),
                                    .ready = ready };
    s.log_path = o->log;
    TRY(secret_read(i, (int)o->secret_fd, o->insecure_dev, diag, secret));
    TRY(check_ports(i, diag));
    TRY(open_soon(i->serve.listen, i->serve.listen_group, diag, &listening));
    struct result r = OK;
    if (i->serve.status_listen)
        r = open_soon(i->serve.status_listen, i->serve.listen_group, diag, &status_listening);
    if (!failed(r)) r = open_log(o->log, diag, &log);
    s.listen = listening;
    s.status_listen = status_listening;
    s.log = log;
    if (!failed(r)) r = supervise(&s, diag);
    if (log >= 0) close(log);
    if (status_listening >= 0) close(status_listening);
    close(listening);
    return r;
}

static struct result serve(const struct installation *i, const struct options *o, struct diag *diag)
{
    int lock = -1;
    TRY(lock_folder(i, diag, &lock));
    struct secret secret = { .len = 0 };
    struct result r = serve_with(i, o, &secret, diag);
    secret_wipe(&secret, sizeof secret);
    close(lock);
    return r;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { .secret_fd = -1 };
    struct installation i;
    struct diag diag = { 0 };
    int exit_status;
    if (!cli_parse(command, argc, argv, &o, NULL, &exit_status)) return exit_status;
    log_init("serve");
    close_off();
    struct result r = installation_open(o.folder, &diag, &i);
    if (failed(r)) return cli_fail(r, &diag);
    o.insecure_dev = o.insecure_dev || i.demo.on;
    r = serve(&i, &o, &diag);
    installation_done(&i);
    return failed(r) ? cli_fail(r, &diag) : EXIT_SUCCESS;
}

const struct cli_command command_serve = {
    .name = "serve",
    .summary = "starts the installation and keeps it running",
    .about = "Starts the processes of an installation, hands each what it needs and nothing else, and starts "
             "anew what\n"
             "ends. Prints one line that begins with \"ready:\" when everything answers. SIGTERM and SIGINT "
             "stop all.\n"
             "The secret is systemd's credential \"secret\", comes by --secret-fd, or is asked for.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
