#include "cli/hsm.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

enum { ARENA_MAX = 4 * CONFIG_FILE_MAX };

static int open_state(const struct installation *i)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    char path[INSTALLATION_PATH_MAX + 64];
    const char *folder;
    if (failed(config_peek(i->config, "signer", "folder", arena, NULL, &folder))) return -1;
    if (!folder) folder = "signer";
    snprintf(path, sizeof path, "%s%s%s/hsm.state", folder[0] == '/' ? "" : i->folder, folder[0] == '/' ? "" : "/",
             folder);
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

bool hsm_state(const struct installation *installation, char ret_state[HSM_STATE_MAX])
{
    if (!installation->hsm_module) return false;
    int fd = open_state(installation);
    ssize_t n = fd < 0 ? -1 : read(fd, ret_state, HSM_STATE_MAX - 1);
    if (fd >= 0) close(fd);
    if (n <= 0) return false;
    ret_state[n] = '\0';
    return true;
}

bool hsm_ready(const char *state)
{
    return text_starts(state, "ready");
}

const struct error_entry *hsm_error(const char *state)
{
    static const enum error known[] = { ERROR_HSM_AWAY, ERROR_HSM_TOKEN, ERROR_HSM_PIN, ERROR_HSM_KEY };
    for (size_t i = 0; i < COUNT(known) && !hsm_ready(state); i++)
        if (text_equal(state, error_find(known[i])->name)) return error_find(known[i]);
    return hsm_ready(state) ? NULL : error_find(ERROR_HSM_LIBRARY);
}
