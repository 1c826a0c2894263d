#include "token/card/card_store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/random.h"
#include "base/secret.h"

static bool write_all(int fd, struct bytes data)
{
    while (data.len > 0) {
        ssize_t n = write(fd, data.ptr, data.len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data.ptr += n;
        data.len -= (size_t)n;
    }
    return true;
}

static bool sync_folder(const char *path)
{
    char copy[CARD_PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    bool good = fsync(fd) == 0;
    close(fd);
    return good;
}

/* A new file with IMAGE, locked and synced; -1 when it could not be made. */
static int write_fresh(const char *path, struct bytes image)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    FAULT("card:image-opened");
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && write_all(fd, image)) {
        FAULT("card:image-written");
        if (fsync(fd) == 0) return fd;
    }
    close(fd);
    unlink(path);
    return -1;
}

static bool same_file(int fd, const char *path)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

struct result card_store_open(struct card_store *store, const char *path)
{
    memset(store, 0, sizeof *store);
    store->held = -1;
    int n = snprintf(store->path, sizeof store->path, "%s", path);
    ENSURE(n > 0 && (size_t)n < sizeof store->path, ERROR_TOO_LARGE);
    snprintf(store->fresh, sizeof store->fresh, "%s.new", path);
    /* Between opening and locking another process may have replaced the file: then once more. */
    for (;;) {
        int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) return FAIL(errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            int why = errno;
            close(fd);
            return FAIL(why == EWOULDBLOCK ? ERROR_CARD_BUSY : ERROR_IO);
        }
        if (same_file(fd, path)) {
            store->held = fd;
            return OK;
        }
        close(fd);
    }
}

struct result card_store_create(const char *path, struct bytes image)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return FAIL(errno == EEXIST ? ERROR_CARD_EXISTS : ERROR_IO);
    bool good = write_all(fd, image) && fsync(fd) == 0;
    close(fd);
    if (good && sync_folder(path)) return OK;
    unlink(path);
    return FAIL(ERROR_IO);
}

void card_store_close(struct card_store *store)
{
    if (store->held >= 0) close((int)store->held);
    store->held = -1;
    secret_wipe(store->image, sizeof store->image);
}

struct result card_store_folder(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ? OK : FAIL(ERROR_IO);
}

static struct result store_write(void *context, struct bytes image)
{
    struct card_store *store = context;
    /* A process that was killed while it wrote left this behind; nobody else writes here while we hold the lock. */
    if (unlink(store->fresh) != 0 && errno != ENOENT) return FAIL(ERROR_IO);
    int fd = write_fresh(store->fresh, image);
    ENSURE(fd >= 0, ERROR_IO);
    FAULT("card:image-synced");
    if (rename(store->fresh, store->path) != 0) {
        close(fd);
        unlink(store->fresh);
        return FAIL(ERROR_IO);
    }
    close((int)store->held);
    store->held = fd;
    FAULT("card:image-renamed");
    ENSURE(sync_folder(store->path), ERROR_IO);
    FAULT("card:image-durable");
    return OK;
}

static struct result store_read(void *context, struct bytes *ret_image)
{
    struct card_store *store = context;
    size_t len = 0;
    while (len < sizeof store->image) {
        ssize_t n = pread((int)store->held, store->image + len, sizeof store->image - len, (off_t)len);
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n >= 0, ERROR_IO);
        if (n == 0) break;
        len += (size_t)n;
    }
    *ret_image = bytes_of(store->image, len);
    return OK;
}

static void store_entropy(void *context, uint8_t *into, size_t len)
{
    (void)context;
    random_fill(into, len);
}

struct card_io card_store_io(struct card_store *store)
{
    return (struct card_io){ store, store_write, store_read, store_entropy };
}
