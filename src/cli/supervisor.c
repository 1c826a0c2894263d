#include "cli/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/process.h"
#include "cli/state.h"
#include "cli/supervisor_table.h"
#include "ipc/supervise_api.h"

enum {
    STEADY_MS = 10 * 1000, /* who lived that long has not failed to start */
    PAUSE_MS = 100,        /* before the first new start after a failure; doubled with each */
    PAUSE_MS_LONGEST = 30 * 1000,
    START_FAILURES = 4,  /* of one process before all is ready: then it is no use to go on */
    STOP_MS = 10 * 1000, /* of patience with each stage */
    NOT_RUN = 127,
    HANDED_MAX = 8 /* descriptors that a process may be handed; each of them gets at most PROCESS_FDS_MAX */
};

struct supervisor {
    const struct supervisor_options *options;
    struct supervised_table table;
    struct supervised probe; /* `hufu status --wait`: tells when everything answers */
    int signals;             /* signalfd */
    int control;             /* to web; -1 while it does not run */
    bool greeted, was_ready;
    enum supervised_stage stopping; /* STAGE_COUNT: not stopping */
    bool stop;
    int64_t began_ms, patience_ms; /* until when a stage may take to stop */
};

static void tell_state(const struct supervisor *s)
{
    if (s->was_ready && !s->stop) state_write(s->options->installation, &s->table);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void close_p(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

/* ---- starting one ---- */

/* Its arguments by what it uses; "@N" is the N-th descriptor. */
static void argue(const struct supervisor *s, const struct supervised *row, const int fds[HANDED_MAX],
                  struct process_start *start)
{
    static const struct {
        unsigned use;
        const char *argument;
    } with_fds[HANDED_MAX] = { { USES_SOCKET, "--socket" },
                     { USES_CONTROL, "--control" },
                     { USES_LISTEN, "--listen" },
                     { USES_KEY, "--key" },
                     { USES_STATUS, "--status" },
                     { USES_SIGNER, "--signer" },
                     { USES_HSM, "--hsm" },
                     { USES_PIN, "--pin" } };
    static const char *const numbers[PROCESS_FDS_MAX] = { "@0", "@1", "@2", "@3" };
    size_t n = 0;
    const char *slash = strrchr(row->program, '/');
    start->arguments[n++] = slash ? slash + 1 : row->program;
    if (row->uses & USES_CONFIG) {
        start->arguments[n++] = "--config";
        start->arguments[n++] = s->options->installation->config;
    }
    for (size_t i = 0; i < COUNT(with_fds); i++) {
        if (!(row->uses & with_fds[i].use) || fds[i] < 0) continue;
        start->arguments[n++] = with_fds[i].argument;
        start->arguments[n++] = numbers[start->fd_count];
        start->fds[start->fd_count++] = fds[i];
    }
    if (row->uses & USES_INSECURE && s->options->insecure_dev) start->arguments[n++] = "--insecure-dev";
    for (size_t i = 0; i < SUPERVISED_EXTRA_MAX && row->extra[i]; i++) start->arguments[n++] = row->extra[i];
}

static struct result start_with(struct supervisor *s, struct supervised *row, const int fds[HANDED_MAX],
                                struct diag *diag)
{
    struct process_start start = { .program = row->program,
                                   .log = s->options->log,
                                   .user = row->user,
                                   .variables = { row->variable, row->fault } };
    argue(s, row, fds, &start);
    TRY(process_start(&start, diag, &row->pid));
    row->fault = NULL; /* at the first start only */
    row->started_ms = now_ms();
    log_event(LOG_LEVEL_INFO, "start", "name=%s pid=%d", row->name, (int)row->pid);
    return OK;
}

/* A socket to web is made anew with each start; its other end waits for web. */
static struct result start_row(struct supervisor *s, struct supervised *row, struct diag *diag)
{
    int pair[2] = { -1, -1 };
    bool paired = row->uses & (USES_SOCKET | USES_CONTROL);
    if (paired && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return FAIL(ERROR_IO);
    const int listen = row->listen >= 0 ? row->listen : s->options->listen;
    /* hsm says where it is missing */
    int pin = row->pin_file ? open(row->pin_file, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
    const int fds[HANDED_MAX] = { pair[1], pair[1], listen, row->key, row->link, row->link, row->hsm, pin };
    struct result r = start_with(s, row, fds, diag);
    close_p(&pin);
    close_p(&pair[1]);
    if (failed(r)) {
        close_p(&pair[0]);
        return r;
    }
    if (row->uses & USES_SOCKET) {
        close_p(&row->peer);
        row->peer = pair[0];
    }
    if (row->uses & USES_CONTROL) {
        close_p(&s->control);
        s->control = pair[0];
        s->greeted = false;
    }
    return OK;
}

/* ---- web's control socket ---- */

static void hand_peer(struct supervisor *s, struct supervised *row)
{
    struct supervise_peer told = { row->name };
    struct ipc_message head = { .type = SUPERVISE_PEER, .fd = row->peer };
    struct result r = ipc_write_record(s->control, &head, &supervise_peer_shape, &told);
    if (failed(r)) log_failure("hand", r, NULL); /* web is gone: the next one is handed it */
    if (!failed(r)) close_p(&row->peer);
}

static void hand_peers(struct supervisor *s)
{
    for (size_t i = 0; i < s->table.count && s->greeted; i++)
        if (s->table.rows[i].peer >= 0) hand_peer(s, &s->table.rows[i]);
}

/* Web says hello once; what comes after it is its end. */
static void listen_to_web(struct supervisor *s)
{
    struct result r = s->greeted ? FAIL(ERROR_IPC_CLOSED) : ipc_hello(s->control);
    s->greeted = !failed(r);
    if (s->greeted) return;
    close_p(&s->control);
    if (r.code == ERROR_IPC_CLOSED) return; /* its end will be told */
    log_failure("web", r, NULL);
    struct supervised *web = table_find(&s->table, "web");
    if (web->pid) kill(web->pid, SIGKILL);
}

/* ---- ends ---- */

static void tell_end(const struct supervised *row, int status)
{
    bool killed = WIFSIGNALED(status);
    int number = killed ? WTERMSIG(status) : WEXITSTATUS(status);
    log_event(number ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "end", "name=%s %s=%d lived_ms=%lld", row->name,
              killed ? "signal" : "status", number, (long long)(now_ms() - row->started_ms));
}

static struct result note_end(struct supervisor *s, struct supervised *row, int status, struct diag *diag)
{
    int64_t now = now_ms();
    tell_end(row, status);
    row->pid = 0;
    row->status = status;
    close_p(&row->peer);
    /* Who loses its peer ends in peace and is started again at once. */
    bool peaceful = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (now - row->started_ms >= STEADY_MS) row->failures = 0;
    if (!peaceful || now - row->started_ms < PAUSE_MS) row->failures++;
    unsigned doubled = row->failures > 10 ? 10 : row->failures;
    int64_t pause = doubled ? (int64_t)PAUSE_MS << (doubled - 1) : 0;
    row->due_ms = now + (pause > PAUSE_MS_LONGEST ? PAUSE_MS_LONGEST : pause);
    /* A USBKey that does not come is one that is not plugged in. */
    if (row->stage == STAGE_OTHER) return OK;
    bool hopeless = row->failures >= START_FAILURES || (WIFEXITED(status) && WEXITSTATUS(status) == NOT_RUN);
    if (s->was_ready || s->stop || !hopeless) return OK;
    return diag_log(diag, ERROR_START_FAILED, "%s ends again and again", row->name);
}

static struct result note_probe(struct supervisor *s, int status, struct diag *diag)
{
    s->probe.pid = 0;
    if (s->stop) return OK;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return diag_log(diag, ERROR_START_FAILED, "not everything answers");
    s->was_ready = true;
    tell_state(s);
    s->options->ready(s->options, now_ms() - s->began_ms);
    return OK;
}

static struct result reap(struct supervisor *s, struct diag *diag)
{
    int status;
    bool changed = false;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        struct supervised *row = table_find_pid(&s->table, pid);
        if (row) TRY(note_end(s, row, status, diag));
        if (pid == s->probe.pid) TRY(note_probe(s, status, diag));
        changed = changed || row;
    }
    if (changed) tell_state(s);
    return OK;
}

/* ---- starting what is due ---- */

static struct result start_due(struct supervisor *s, struct diag *diag)
{
    bool changed = false;
    for (size_t i = 0; i < s->table.count && !s->stop; i++) {
        struct supervised *row = &s->table.rows[i];
        if (row->pid || row->due_ms > now_ms()) continue;
        TRY(start_row(s, row, diag));
        changed = true;
    }
    if (changed) tell_state(s);
    return OK;
}

static struct result start_probe(struct supervisor *s, struct diag *diag)
{
    struct process_start start = { .program = "/proc/self/exe",
                                   .log = s->options->log,
                                   .arguments = { "hufu", "status", "--folder",
                                                  s->options->installation->folder, "--wait", "60",
                                                  "--brief" } };
    snprintf(s->probe.name, sizeof s->probe.name, "probe");
    return process_start(&start, diag, &s->probe.pid);
}

/* ---- stopping, stage after stage ---- */

static bool stage_runs(const struct supervisor *s, enum supervised_stage stage)
{
    for (size_t i = 0; i < s->table.count; i++)
        if (s->table.rows[i].pid && s->table.rows[i].stage == stage) return true;
    return false;
}

static void signal_stage(const struct supervisor *s, enum supervised_stage stage, int number)
{
    for (size_t i = 0; i < s->table.count; i++) {
        const struct supervised *row = &s->table.rows[i];
        if (row->pid && row->stage == stage) kill(row->pid, number);
    }
}

/* Web is asked to end; its peers end when they have lost it, and are asked too. Who is late is killed. */
static void stop_on(struct supervisor *s)
{
    while (s->stopping < STAGE_COUNT && !stage_runs(s, s->stopping)) {
        s->stopping++;
        s->patience_ms = now_ms() + STOP_MS;
        if (s->stopping < STAGE_COUNT) signal_stage(s, s->stopping, SIGTERM);
    }
    if (s->stopping < STAGE_COUNT && now_ms() >= s->patience_ms) {
        log_event(LOG_LEVEL_WARNING, "stop", "stage %d takes too long and is killed", (int)s->stopping);
        signal_stage(s, s->stopping, SIGKILL);
        s->patience_ms = now_ms() + STOP_MS;
    }
}

static void begin_stop(struct supervisor *s)
{
    if (s->stop) return;
    s->stop = true;
    state_remove(s->options->installation);
    s->stopping = STAGE_WEB;
    s->patience_ms = now_ms() + STOP_MS;
    if (s->probe.pid) kill(s->probe.pid, SIGKILL);
    signal_stage(s, STAGE_WEB, SIGTERM);
    log_event(LOG_LEVEL_INFO, "stop", "all");
}

/* ---- the loop ---- */

static int wait_ms(const struct supervisor *s)
{
    int64_t now = now_ms(), least = s->stop ? s->patience_ms : now + STEADY_MS;
    for (size_t i = 0; i < s->table.count && !s->stop; i++)
        if (!s->table.rows[i].pid && s->table.rows[i].due_ms < least) least = s->table.rows[i].due_ms;
    return least <= now ? 0 : (int)(least - now);
}

static struct result take_signals(struct supervisor *s, struct diag *diag)
{
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGCHLD) begin_stop(s);
    }
    return reap(s, diag);
}

static struct result turn(struct supervisor *s, struct diag *diag)
{
    if (!s->stop) TRY(start_due(s, diag));
    hand_peers(s);
    struct pollfd fds[] = { { s->signals, POLLIN, 0 }, { s->control, POLLIN, 0 } }; /* control: of the web of now */
    if (poll(fds, COUNT(fds), wait_ms(s)) < 0 && errno != EINTR) return FAIL(ERROR_IO);
    if (fds[1].revents && s->control >= 0) listen_to_web(s);
    if (fds[0].revents) TRY(take_signals(s, diag));
    if (s->stop) stop_on(s);
    return OK;
}

static bool finished(const struct supervisor *s)
{
    return s->stop && s->stopping == STAGE_COUNT && s->probe.pid == 0;
}

struct result supervisor_run(struct supervisor *s, struct diag *diag)
{
    s->began_ms = now_ms();
    state_remove(s->options->installation); /* of one that was killed */
    struct result r = start_due(s, diag);
    if (!failed(r)) r = start_probe(s, diag);
    while (!failed(r) && !finished(s)) r = turn(s, diag);
    if (failed(r)) begin_stop(s);
    while (!finished(s)) IGNORE(turn(s, diag)); /* the first failure is what is told */
    return r;
}

/* ---- life ---- */

struct result supervisor_new(const struct supervisor_options *options, struct diag *diag,
                             struct supervisor **ret_supervisor)
{
    struct supervisor *s = calloc(1, sizeof *s);
    if (!s) abort();
    *s = (struct supervisor){ .options = options, .signals = -1, .control = -1 };
    struct result r = table_fill(&s->table, options, diag);
    secret_wipe(options->secret, sizeof *options->secret);
    sigset_t taken;
    sigemptyset(&taken);
    static const int numbers[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
    for (size_t i = 0; i < COUNT(numbers); i++) sigaddset(&taken, numbers[i]);
    if (!failed(r)) s->signals = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (!failed(r) && s->signals < 0) r = FAIL(ERROR_IO);
    if (failed(r)) supervisor_free(s);
    else *ret_supervisor = s;
    return r;
}

void supervisor_free(struct supervisor *s)
{
    if (!s) return;
    close_p(&s->signals);
    close_p(&s->control);
    table_done(&s->table);
    free(s);
}
