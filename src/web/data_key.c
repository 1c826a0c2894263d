#include "web/data_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/random.h"
#include "base/secret.h"
#include "pki/key_wrap.h"

static const char file_name[] = "data.key", new_name[] = "data.key.new";

static struct key_wrapping wrapping(const uint8_t process_key[32])
{
    return (struct key_wrapping){ .key = bytes_of(process_key, 32), .version = 1, .label = "web-data" };
}

static struct result write_file(int folder, struct bytes wrapped)
{
    int fd = openat(folder, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    ENSURE(fd >= 0, ERROR_IO);
    bool good = write(fd, wrapped.ptr, wrapped.len) == (ssize_t)wrapped.len && fsync(fd) == 0;
    close(fd);
    /* On disk with its name before anything is sealed under it. */
    good = good && renameat(folder, new_name, folder, file_name) == 0 && fsync(folder) == 0;
    return good ? OK : FAIL(ERROR_IO);
}

static struct result make(int folder, const uint8_t process_key[32], uint8_t key[DATA_KEY_SIZE])
{
    uint8_t seed[48], wrapped[KEY_WRAP_SIZE_MAX];
    struct key_wrapping how = wrapping(process_key);
    struct writer w = writer_of(wrapped, sizeof wrapped);
    struct bytes written;
    struct drbg drbg;
    random_fill(key, DATA_KEY_SIZE);
    random_fill(seed, sizeof seed);
    drbg_init(&drbg, BYTES(seed), bytes_text(""), bytes_text("web-data"));
    struct result r = key_wrap(&how, bytes_of(key, DATA_KEY_SIZE), &drbg, &w);
    drbg_done(&drbg);
    secret_wipe(seed, sizeof seed);
    TRY(r);
    TRY(writer_end(&w, &written));
    return write_file(folder, written);
}

static struct result open_in(int folder, const uint8_t process_key[32], uint8_t key[DATA_KEY_SIZE])
{
    uint8_t wrapped[KEY_WRAP_SIZE_MAX + 1];
    struct key_wrapping how = wrapping(process_key);
    int fd = openat(folder, file_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) return make(folder, process_key, key);
    ENSURE(fd >= 0, ERROR_IO);
    ssize_t n = read(fd, wrapped, sizeof wrapped);
    close(fd);
    ENSURE(n >= 0, ERROR_IO);
    return key_unwrap(&how, bytes_of(wrapped, (size_t)n), key, DATA_KEY_SIZE);
}

struct result data_key_open(const char *path, const uint8_t process_key[32], struct diag *diag,
                            uint8_t ret_key[DATA_KEY_SIZE])
{
    uint8_t key[DATA_KEY_SIZE];
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return diag_log(diag, ERROR_IO, "%s cannot be opened", path);
    struct result r = open_in(folder, process_key, key);
    close(folder);
    if (failed(r)) return diag_log(diag, r.code, "%s/%s", path, file_name);
    memcpy(ret_key, key, sizeof key);
    secret_wipe(key, sizeof key);
    return OK;
}
