#include "cli/demo_card.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/demo_sink.h"
#include "cli/place.h"

extern char **environ;

/* What it says on standard output is not ours to show. */
static bool start(const char *program, const char *const *arguments, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return false;
    bool good = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0;
    /* posix_spawn changes none of the arguments; its prototype is older than const. */
    good = good && posix_spawn(ret_pid, program, &actions, NULL, (char *const *)(uintptr_t)arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return good;
}

static bool ended_well(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool make(const char *program, const char *folder, const char *serial, struct demo_card *card)
{
    char maker[PLACE_PATH_MAX];
    snprintf(maker, sizeof maker, "%s/maker", folder);
    const char *arguments[] = { program, "--new", "--image", card->image, "--serial", serial, "--maker",
                                maker, NULL };
    pid_t pid;
    return start(program, arguments, &pid) && ended_well(pid);
}

/* Whether somebody answers at the socket. */
static bool answers(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = n < (int)sizeof address.sun_path ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    bool there = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0) close(fd);
    return there;
}

static bool plug(const char *program, struct demo_card *card)
{
    const char *arguments[] = { program, "--image", card->image, "--socket", card->socket, NULL };
    long waited_ms = 0;
    if (!start(program, arguments, &card->pid)) return false;
    while (!answers(card->socket)) {
        bool ended = waitpid(card->pid, NULL, WNOHANG) != 0;
        if (ended) card->pid = 0;
        if (ended || !demo_wait(&waited_ms)) return false;
    }
    return true;
}

struct result demo_card_plug(const char *folder, const char *serial, struct diag *diag, struct demo_card *ret_card)
{
    struct demo_card card = { 0 };
    char program[PLACE_PATH_MAX];
    if (!place_program("hufu-card", program)) return diag_detail(diag, ERROR_DEMO_CARD, "hufu-card");
    int a = snprintf(card.image, sizeof card.image, "%s/run/%s.image", folder, serial);
    int b = snprintf(card.socket, sizeof card.socket, "%s/usbkeys/%s.sock", folder, serial);
    bool good = a < (int)sizeof card.image && b < (int)sizeof card.socket && make(program, folder, serial, &card) &&
                plug(program, &card);
    if (!good) {
        demo_card_pull(&card);
        return diag_detail(diag, ERROR_DEMO_CARD, "%s", card.image);
    }
    *ret_card = card;
    return OK;
}

void demo_card_pull(struct demo_card *card)
{
    if (card->pid > 0) {
        kill(card->pid, SIGTERM);
        (void)ended_well(card->pid);
        unlink(card->socket);
    }
    if (card->image[0]) unlink(card->image);
    *card = (struct demo_card){ 0 };
}
