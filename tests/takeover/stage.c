#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signer/requests.h"

static const uint8_t process_key[PROCESS_KEY_SIZE] = { 1, 2, 3 };

struct stage *stage_new(const char *more)
{
    /* In memory where that can be: the hundreds of syncs of a run show nothing that a disk would show better. */
    return stage_new_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", more);
}

struct stage *stage_new_in(const char *where, const char *more)
{
    struct stage *s = calloc(1, sizeof *s);
    assert_non_null(s);
    snprintf(s->folder, sizeof s->folder, "%s/hufu-signer-XXXXXX", where);
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->config, sizeof s->config, "%s/hufu.conf", s->folder);
    FILE *f = fopen(s->config, "w");
    assert_non_null(f);
    fprintf(f, "[signer]\nfolder = signer\ncrl_url = http://status.example/issuing.crl\n%s", more ? more : "");
    assert_int_equal(fclose(f), 0);
    return s;
}

void stage_set(struct stage *stage, const char *more)
{
    FILE *f = fopen(stage->config, "a");
    assert_non_null(f);
    fputs(more, f);
    assert_int_equal(fclose(f), 0);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

void stage_free(struct stage *stage)
{
    if (!stage) return;
    stage_close(stage);
    if (stage->pid) stage_kill(stage);
    assert_int_equal(nftw(stage->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(stage);
}

/* ---- in a process ---- */

static struct result ask_process(void *context, const struct ipc_call *call, const void *record, struct arena *arena,
                                 struct diag *diag, void *ret_answer)
{
    struct stage *s = context;
    return ipc_ask(s->client, call, record, arena, diag, ret_answer, NULL);
}

static void become(const struct stage *stage, const char *program, const char *fault, int socket, int key)
{
    char socket_text[16], key_text[16];
    snprintf(socket_text, sizeof socket_text, "%d", socket);
    snprintf(key_text, sizeof key_text, "%d", key);
    if (fault) setenv("HUFU_FAULT", fault, 1);
    if (!getenv("HUFU_TEST_LOG")) dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    execl(program, program, "--config", stage->config, "--socket", socket_text, "--key", key_text, (char *)NULL);
    _exit(127);
}

static int launch(struct stage *stage, const char *program, const char *fault)
{
    int pair[2], key;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_false(failed(process_key_hand_on(process_key, &key)));
    stage->pid = fork();
    assert_true(stage->pid >= 0);
    if (stage->pid == 0) {
        fcntl(pair[1], F_SETFD, 0);
        become(stage, program, fault, pair[1], key);
    }
    close(pair[1]);
    close(key);
    return pair[0];
}

void stage_start(struct stage *stage, const char *program, const char *fault)
{
    struct result r = ipc_client_new(launch(stage, program, fault), &stage->client);
    assert_true(!stage->dumb || failed(r));
    if (failed(r) && !stage->dumb) fail_msg("hufu-signer does not greet: %s", error_find(r.code)->name);
    stage->peer = (struct cast_peer){ ask_process, stage };
}

int stage_start_bare(struct stage *stage, const char *program)
{
    int socket = launch(stage, program, NULL);
    assert_false(failed(ipc_hello(socket)));
    return socket;
}

int stage_wait(struct stage *stage)
{
    int status;
    pid_t pid;
    do {
        pid = waitpid(stage->pid, &status, 0);
    } while (pid < 0 && errno == EINTR);
    assert_int_equal(pid, stage->pid);
    stage->pid = 0;
    ipc_client_free(TAKE(stage->client));
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int stage_stop(struct stage *stage)
{
    ipc_client_free(TAKE(stage->client));
    return stage_wait(stage);
}

void stage_kill(struct stage *stage)
{
    kill(stage->pid, SIGKILL);
    stage_wait(stage);
}

/* ---- within the test ---- */

static int64_t stage_now(const struct clock *clock)
{
    const struct stage *s = (const void *)((const char *)clock - offsetof(struct stage, clock));
    return s->now_s;
}

static struct result ask_here(void *context, const struct ipc_call *call, const void *record, struct arena *arena,
                              struct diag *diag, void *ret_answer)
{
    struct stage *s = context;
    uint8_t *room = arena_take(arena, IPC_MESSAGE_MAX);
    struct writer w = writer_of(room, IPC_MESSAGE_MAX);
    struct arena *own = arena_new(SIGNER_ARENA_MAX);
    struct call c = { .signer = s->signer, .arena = own, .diag = diag, .now_s = s->now_s, .type = call->type };
    struct outcome outcome;
    if (call->ask) shape_write(call->ask, record, &w);
    struct result r = requests_do(&c, bytes_of(room, w.len), &s->done, &outcome);
    if (!failed(r)) r = signer_sync(s->signer);
    if (!failed(r)) r = outcome.result;
    if (!failed(r)) {
        w = writer_of(room, IPC_MESSAGE_MAX);
        shape_write(call->answer, outcome.answer, &w);
        struct reader reader = reader_of(bytes_of(room, w.len));
        assert_false(w.full);
        r = shape_read(call->answer, &reader, arena, ret_answer);
    }
    arena_free(own);
    return r;
}

struct result stage_open(struct stage *stage)
{
    struct diag diag = { 0 };
    struct signer_settings settings;
    stage_close(stage);
    stage->arena = arena_new(1 << 20);
    assert_false(failed(settings_read(stage->config, stage->arena, &diag, &settings)));
    stage->clock = (struct clock){ stage_now, 0 };
    stage->done = 0;
    stage->peer = (struct cast_peer){ ask_here, stage };
    return signer_open(&settings, process_key, &stage->clock, &diag, &stage->signer);
}

void stage_close(struct stage *stage)
{
    signer_free(TAKE(stage->signer));
    arena_free(TAKE(stage->arena));
}

struct result stage_greet(struct stage *stage, struct cast *cast, struct signer_state *ret_state)
{
    const struct signer_peer nothing = { 0 };
    return cast_ask(cast, &stage->peer, SIGNER_STATE, &nothing, ret_state);
}
