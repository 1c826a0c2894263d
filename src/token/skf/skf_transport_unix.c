/* Virtual keys: every NAME.sock in the folder of HUFU_USBKEYS (or of /etc/hufu/skf.conf) is one that is plugged in. */
#include "token/skf/skf_transport.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "token/card/card_frame.h"
#include "token/skf/skf_settings.h"

static const char suffix[] = ".sock";

enum { SUFFIX_LEN = sizeof suffix - 1, ANSWER_MS = 30000, GRACE_MS = 2000 };

struct link {
    int fd;
};

/* ---- sockets ---- */

static int open_socket(const char *folder, const char *file)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", folder, file);
    if (n <= 0 || n >= (int)sizeof address.sun_path) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

/* Whole reads and writes, within MS milliseconds of silence; -1: for ever. */
static bool send_all(int fd, struct bytes data)
{
    while (data.len > 0) {
        ssize_t n = send(fd, data.ptr, data.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data.ptr += n;
        data.len -= (size_t)n;
    }
    return true;
}

static bool receive_all(int fd, uint8_t *into, size_t len, int ms)
{
    while (len > 0) {
        struct pollfd p = { fd, POLLIN, 0 };
        int ready = poll(&p, 1, ms);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        ssize_t n = recv(fd, into, len, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        into += n;
        len -= (size_t)n;
    }
    return true;
}

/* One frame and its answer's payload. */
static ULONG ask(struct link *link, uint8_t type, struct bytes payload, int ms, uint8_t *into, size_t room,
                 size_t *ret_len)
{
    uint8_t head[CARD_FRAME_HEAD];
    struct writer w = writer_of(head, sizeof head);
    write_u32(&w, (uint32_t)payload.len + 1);
    write_u8(&w, type);
    if (link->fd < 0) return SAR_DEVICE_REMOVED;
    bool good = send_all(link->fd, BYTES(head)) && send_all(link->fd, payload) &&
                receive_all(link->fd, head, sizeof head, ms);
    struct reader r = reader_of(BYTES(head));
    size_t len = good ? read_u32(&r) : 0;
    good = good && len >= 1 && len - 1 <= room && read_u8(&r) == (type | CARD_FRAME_ANSWER) &&
           receive_all(link->fd, into, len - 1, ms);
    if (!good) { /* what comes now would be the answer to something else */
        close(link->fd);
        link->fd = -1;
        return SAR_DEVICE_REMOVED;
    }
    *ret_len = len - 1;
    return SAR_OK;
}

/* ---- the transport ---- */

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

static void unix_list(struct writer *names)
{
    enum { KEYS_MAX = 256 };
    char folder[SKF_SETTING_MAX], (*found)[SKF_DEVICE_NAME_MAX] = calloc(KEYS_MAX, SKF_DEVICE_NAME_MAX);
    DIR *dir = found && skf_setting_folder(folder) ? opendir(folder) : NULL;
    size_t count = 0;
    for (const struct dirent *e; dir && count < KEYS_MAX && (e = readdir(dir));) {
        if (!key_name(e->d_name, found[count])) continue;
        int fd = open_socket(folder, e->d_name); /* a process that was killed leaves its socket's name behind */
        if (fd < 0) continue;
        close(fd);
        count++;
    }
    if (dir) closedir(dir);
    if (found) qsort(found, count, SKF_DEVICE_NAME_MAX, by_name);
    for (size_t i = 0; i < count; i++) {
        write_text(names, found[i]);
        write_u8(names, 0);
    }
    free(found);
}

static ULONG unix_connect(const char *name, void **ret_link)
{
    char folder[SKF_SETTING_MAX], file[SKF_DEVICE_NAME_MAX + SUFFIX_LEN];
    static const uint8_t version[2] = { 0, CARD_FRAME_VERSION };
    uint8_t hello[64];
    size_t len;
    if (strchr(name, '/') || !skf_setting_folder(folder)) return SAR_DEVICE_REMOVED;
    int n = snprintf(file, sizeof file, "%s%s", name, suffix);
    if (n <= SUFFIX_LEN || n >= (int)sizeof file) return SAR_DEVICE_REMOVED;
    struct link *link = calloc(1, sizeof *link);
    if (!link) return SAR_MEMORYERR;
    link->fd = open_socket(folder, file);
    ULONG sar = ask(link, CARD_FRAME_HELLO, BYTES(version), ANSWER_MS, hello, sizeof hello, &len);
    if (sar == SAR_OK && (len < 2 || hello[0] != 0 || hello[1] != CARD_FRAME_VERSION)) sar = SAR_NOTSUPPORTYETERR;
    if (sar == SAR_OK) {
        *ret_link = link;
        return SAR_OK;
    }
    if (link->fd >= 0) close(link->fd);
    free(link);
    return sar;
}

static void unix_close(void *context)
{
    struct link *link = context;
    if (link->fd >= 0) close(link->fd);
    free(link);
}

/* Another program may have locked the key: its turn may last. */
static ULONG unix_exchange(void *context, struct bytes command, uint8_t *ret_answer, size_t room, size_t *ret_len)
{
    return ask(context, CARD_FRAME_COMMAND, command, -1, ret_answer, room, ret_len);
}

static ULONG unix_lock(void *context, ULONG timeout_ms)
{
    uint8_t payload[4], answer = 0;
    size_t len = 0;
    struct writer w = writer_of(payload, sizeof payload);
    write_u32(&w, timeout_ms);
    bool endless = timeout_ms > INT32_MAX - GRACE_MS;
    ULONG sar = ask(context, CARD_FRAME_LOCK, BYTES(payload), endless ? -1 : (int)timeout_ms + GRACE_MS, &answer, 1,
                    &len);
    if (sar != SAR_OK) return sar;
    return len == 1 && answer == 1 ? SAR_OK : SAR_TIMEOUTERR;
}

static ULONG unix_unlock(void *context)
{
    uint8_t answer = 0;
    size_t len = 0;
    ULONG sar = ask(context, CARD_FRAME_UNLOCK, (struct bytes){ 0 }, ANSWER_MS, &answer, 1, &len);
    if (sar != SAR_OK) return sar;
    return len == 1 && answer == 1 ? SAR_OK : SAR_FAIL;
}

const struct skf_transport skf_transport_unix = { "unix",        unix_list, unix_connect, unix_close,
                                                  unix_exchange, unix_lock, unix_unlock };
