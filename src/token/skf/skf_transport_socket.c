/* Virtual keys: every NAME.sock in the folder of HUFU_USBKEYS (or of /etc/hufu/skf.conf) is one that is plugged in. */
#include "token/skf/skf_transport.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "token/card/card_client.h"
#include "token/skf/skf_settings.h"

static const char suffix[] = ".sock";

enum { SUFFIX_LEN = sizeof suffix - 1, GRACE_MS = 2000, PATH_SIZE = SKF_SETTING_MAX + SKF_DEVICE_NAME_MAX + 8 };

static bool key_name(const char *file, char ret_name[SKF_DEVICE_NAME_MAX])
{
    size_t len = strlen(file);
    if (len <= SUFFIX_LEN || len - SUFFIX_LEN >= SKF_DEVICE_NAME_MAX || file[0] == '.') return false;
    if (strcmp(file + len - SUFFIX_LEN, suffix) != 0) return false;
    memcpy(ret_name, file, len - SUFFIX_LEN);
    ret_name[len - SUFFIX_LEN] = '\0';
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void socket_list(struct writer *names)
{
    enum { KEYS_MAX = 256 };
    char folder[SKF_SETTING_MAX], path[PATH_SIZE];
    char(*found)[SKF_DEVICE_NAME_MAX] = calloc(KEYS_MAX, SKF_DEVICE_NAME_MAX);
    DIR *dir = found && skf_setting_folder(folder) ? opendir(folder) : NULL;
    size_t count = 0;
    for (const struct dirent *e; dir && count < KEYS_MAX && (e = readdir(dir));) {
        if (!key_name(e->d_name, found[count])) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        /* A process that was killed leaves its socket's name behind. */
        if (card_client_answers(path)) count++;
    }
    if (dir) closedir(dir);
    if (found) qsort(found, count, SKF_DEVICE_NAME_MAX, by_name);
    for (size_t i = 0; i < count; i++) {
        write_text(names, found[i]);
        write_u8(names, 0);
    }
    free(found);
}

static uint32_t socket_connect(const char *name, void **ret_link)
{
    char folder[SKF_SETTING_MAX], path[PATH_SIZE];
    if (strpbrk(name, "/\\") || name[0] == '.' || !skf_setting_folder(folder)) return SAR_DEVICE_REMOVED;
    int n = snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    if (n <= 0 || n >= (int)sizeof path) return SAR_DEVICE_REMOVED;
    struct card_client *link = calloc(1, sizeof *link);
    if (!link) return SAR_MEMORYERR;
    struct result r = card_client_open(link, path);
    if (!failed(r)) {
        *ret_link = link;
        return SAR_OK;
    }
    free(link);
    return r.code == ERROR_NOT_SUPPORTED ? SAR_NOTSUPPORTYETERR : SAR_DEVICE_REMOVED;
}

static void socket_close(void *context)
{
    struct card_client *link = context;
    card_client_close(link);
    free(link);
}

static uint32_t ask(void *link, uint8_t type, struct bytes payload, int ms, uint8_t *into, size_t room, size_t *ret_len)
{
    return failed(card_client_ask(link, type, payload, ms, into, room, ret_len)) ? SAR_DEVICE_REMOVED : SAR_OK;
}

/* Another program may have locked the key: its turn may last. */
static uint32_t socket_exchange(void *link, struct bytes command, uint8_t *ret_answer, size_t room, size_t *ret_len)
{
    return ask(link, CARD_FRAME_COMMAND, command, CARD_CLIENT_FOREVER, ret_answer, room, ret_len);
}

static uint32_t socket_lock(void *link, uint32_t timeout_ms)
{
    uint8_t payload[4], answer = 0;
    size_t len = 0;
    struct writer w = writer_of(payload, sizeof payload);
    write_u32(&w, timeout_ms);
    int ms = timeout_ms > INT32_MAX - GRACE_MS ? CARD_CLIENT_FOREVER : (int)timeout_ms + GRACE_MS;
    uint32_t sar = ask(link, CARD_FRAME_LOCK, BYTES(payload), ms, &answer, 1, &len);
    if (sar != SAR_OK) return sar;
    return len == 1 && answer == 1 ? SAR_OK : SAR_TIMEOUTERR;
}

static uint32_t socket_unlock(void *link)
{
    uint8_t answer = 0;
    size_t len = 0;
    uint32_t sar = ask(link, CARD_FRAME_UNLOCK, (struct bytes){ 0 }, CARD_CLIENT_PATIENCE_MS, &answer, 1, &len);
    if (sar != SAR_OK) return sar;
    return len == 1 && answer == 1 ? SAR_OK : SAR_FAIL;
}

const struct skf_transport skf_transport_socket = { "socket",        socket_list, socket_connect, socket_close,
                                                  socket_exchange, socket_lock, socket_unlock };
