#include "cli/init_signer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/place.h"
#include "cli/process.h"
#include "process/key.h"

enum { PATIENCE_MS = 60 * 1000, FAULT_VARIABLE_MAX = 128 };

static struct result start(const char *config, const int fds[2], int log, struct diag *diag, pid_t *ret_pid)
{
    char program[PLACE_PATH_MAX];
    if (!place_program("hufu-signer", program)) return diag_log(diag, ERROR_PROGRAM_MISSING, "hufu-signer");
    const char *fault = getenv("HUFU_FAULT"); /* base/fault.h */
    char variable[FAULT_VARIABLE_MAX] = "";
    if (fault && text_starts(fault, "signer")) snprintf(variable, sizeof variable, "HUFU_FAULT=%s", fault);
    struct process_start start = {
        .program = program,
        .arguments = { "hufu-signer", "--config", config, "--socket", "@0", "--key", "@1", "--insecure-dev" },
        .fds = { fds[0], fds[1] },
        .fd_count = 2,
        .log = log,
        .variables = { variable[0] ? variable : NULL },
    };
    return process_start(&start, diag, ret_pid);
}

struct result init_signer_start(const char *config, struct bytes secret, int log, struct diag *diag,
                                struct init_signer *ret_signer)
{
    uint8_t key[PROCESS_KEY_SIZE];
    int key_fd, pair[2];
    struct init_signer signer = { 0 };
    process_key_derive(secret, "signer", key);
    struct result r = process_key_hand_on(key, &key_fd);
    secret_wipe(key, sizeof key);
    TRY(r);
    r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0 ? OK : FAIL(ERROR_IO);
    if (!failed(r)) {
        r = start(config, (int[]){ pair[1], key_fd }, log, diag, &signer.pid);
        close(pair[1]);
        if (failed(r))
            close(pair[0]);
        else
            r = ipc_client_new(pair[0], &signer.client);
    }
    close(key_fd);
    if (failed(r)) {
        init_signer_stop(&signer);
        return diag_log(diag, r.code, "hufu-signer does not start");
    }
    *ret_signer = signer;
    return OK;
}

struct result init_signer_ask(struct init_signer *signer, enum signer_message type, const struct shape *ask,
                              const void *record, const struct shape *answer, struct arena *arena,
                              struct diag *diag, void *ret_answer)
{
    const struct ipc_call call = { (uint16_t)type, ask, answer, -1, PATIENCE_MS };
    return ipc_ask(signer->client, &call, record, arena, diag, ret_answer, NULL);
}

void init_signer_stop(struct init_signer *signer)
{
    if (signer->client) ipc_client_free(signer->client);
    if (signer->pid && !signer->client) kill(signer->pid, SIGKILL); /* it never came to listen */
    if (signer->pid) waitpid(signer->pid, NULL, 0);
    *signer = (struct init_signer){ 0 };
}
