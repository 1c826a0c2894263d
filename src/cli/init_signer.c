#include "cli/init_signer.h"

#include <fcntl.h>
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

static struct result start_signer(const struct installation *i, const int fds[3], int log, struct diag *diag,
                                  pid_t *ret_pid)
{
    char program[PLACE_PATH_MAX];
    if (!place_program("hufu-signer", program)) return diag_log(diag, ERROR_PROGRAM_MISSING, "hufu-signer");
    const char *fault = getenv("HUFU_FAULT"); /* base/fault.h */
    char variable[FAULT_VARIABLE_MAX] = "";
    if (fault && text_starts(fault, "signer")) snprintf(variable, sizeof variable, "HUFU_FAULT=%s", fault);
    struct process_start start = {
        .program = program,
        .arguments = { "hufu-signer", "--config", i->config, "--socket", "@0", "--key", "@1", "--insecure-dev" },
        .fds = { fds[0], fds[1], fds[2] },
        .fd_count = fds[2] >= 0 ? 3 : 2,
        .log = log,
        .variables = { variable[0] ? variable : NULL },
    };
    if (fds[2] >= 0) start.arguments[8] = "--hsm", start.arguments[9] = "@2";
    return process_start(&start, diag, ret_pid);
}

/* RET_SIGNERS: the signer's end of the pair with it. */
static struct result start_hsm(const struct installation *i, int log, struct diag *diag, pid_t *ret_pid,
                               int *ret_signers)
{
    char program[PLACE_PATH_MAX];
    int pair[2];
    if (!place_program("hufu-hsm", program)) return diag_log(diag, ERROR_PROGRAM_MISSING, "hufu-hsm");
    int pin = i->hsm_pin_file ? open(i->hsm_pin_file, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
    if (pin < 0) return diag_log(diag, ERROR_HSM_PIN, "pin_file %s cannot be read", i->hsm_pin_file);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        close(pin);
        return FAIL(ERROR_IO);
    }
    struct process_start start = {
        .program = program,
        .arguments = { "hufu-hsm", "--config", i->config, "--signer", "@0", "--pin", "@1", "--insecure-dev" },
        .fds = { pair[0], pin },
        .fd_count = 2,
        .log = log,
    };
    struct result r = process_start(&start, diag, ret_pid);
    close(pin);
    close(pair[0]);
    if (failed(r)) close(pair[1]);
    else *ret_signers = pair[1];
    return r;
}

/* Both processes with what they are handed. */
static struct result start_all(const struct installation *i, int key, int log, struct diag *diag,
                               struct init_signer *signer)
{
    int pair[2], hsm = -1;
    if (i->hsm_module) TRY(start_hsm(i, log, diag, &signer->hsm, &hsm));
    struct result r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0 ? OK : FAIL(ERROR_IO);
    if (!failed(r)) {
        r = start_signer(i, (int[]){ pair[1], key, hsm }, log, diag, &signer->pid);
        close(pair[1]);
        if (failed(r)) close(pair[0]);
        else r = ipc_client_new(pair[0], &signer->client);
    }
    if (hsm >= 0) close(hsm);
    return r;
}

struct result init_signer_start(const struct installation *installation, struct bytes secret, int log,
                                struct diag *diag, struct init_signer *ret_signer)
{
    uint8_t key[PROCESS_KEY_SIZE];
    int key_fd;
    struct init_signer signer = { 0 };
    process_key_derive(secret, "signer", key);
    struct result r = process_key_hand_on(key, &key_fd);
    secret_wipe(key, sizeof key);
    TRY(r);
    r = start_all(installation, key_fd, log, diag, &signer);
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
    if (signer->hsm) kill(signer->hsm, SIGTERM); /* it ends by itself where it does not hang: its peer is gone */
    if (signer->hsm) waitpid(signer->hsm, NULL, 0);
    *signer = (struct init_signer){ 0 };
}
