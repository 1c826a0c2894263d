#include "signer/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

static const char magic[] = "HUFUSNP";

/* VERSION is of the form of everything in it: whoever changes what is written, here or in state.c, index.c,
 * operators.c, roll.c, key_centre.c, raises it. */
enum { VERSION = 7, BUFFER = 64 * 1024, HEAD = 8 + ID_SIZE + 8 + TREE_HASH_SIZE, RECORDS_LEAST = 4096 };

/* What is larger was not written here, and is not read into memory. */
static const off_t SIZE_LIMIT = INT64_C(4) << 30;

struct snapshot_out {
    int fd;
    bool bad;
    struct sm3_hmac mac;
    size_t used;
    char path[PATH_MAX], fresh[PATH_MAX];
    uint8_t buffer[BUFFER];
};

bool snapshot_due(uint64_t records, uint64_t size)
{
    return records >= RECORDS_LEAST && records >= size / 8;
}

/* What stands in front: which log, and how far. */
static struct result head_of(const struct ledger *log, uint64_t size, uint8_t into[HEAD])
{
    struct writer w = writer_of(into, HEAD);
    struct id id = ledger_id(log);
    struct tree_hash root;
    TRY(ledger_root(log, size, &root));
    write_text(&w, magic);
    write_u8(&w, VERSION);
    write_bytes(&w, BYTES(id.b));
    write_u64(&w, size);
    write_bytes(&w, BYTES(root.b));
    return OK;
}

/* ---- writing ---- */

static void flush(struct snapshot_out *out)
{
    for (size_t done = 0; done < out->used && !out->bad;) {
        ssize_t n = write(out->fd, out->buffer + done, out->used - done);
        if (n < 0 && errno == EINTR) continue;
        out->bad = n <= 0;
        done += n > 0 ? (size_t)n : 0;
    }
    out->used = 0;
}

static void put(struct snapshot_out *out, struct bytes b)
{
    while (b.len > 0) {
        size_t room = sizeof out->buffer - out->used, len = b.len < room ? b.len : room;
        memcpy(out->buffer + out->used, b.ptr, len);
        out->used += len;
        b = bytes_of(b.ptr + len, b.len - len);
        if (out->used == sizeof out->buffer) flush(out);
    }
}

struct result snapshot_begin(const char *folder, const char *name, const uint8_t key[SNAPSHOT_KEY_SIZE],
                             const struct ledger *log, struct snapshot_out **ret_out)
{
    uint8_t head[HEAD];
    TRY(head_of(log, ledger_size(log), head));
    struct snapshot_out *out = calloc(1, sizeof *out);
    if (!out) abort();
    int n = snprintf(out->path, sizeof out->path, "%s/%s", folder, name);
    int m = snprintf(out->fresh, sizeof out->fresh, "%s/%s.new", folder, name);
    static const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    out->fd = n < PATH_MAX && m < PATH_MAX ? open(out->fresh, flags, 0600) : -1;
    if (out->fd < 0) {
        free(out);
        return FAIL(ERROR_IO);
    }
    sm3_hmac_init(&out->mac, bytes_of(key, SNAPSHOT_KEY_SIZE));
    snapshot_bytes(out, BYTES(head));
    *ret_out = out;
    return OK;
}

void snapshot_bytes(struct snapshot_out *out, struct bytes b)
{
    sm3_hmac_update(&out->mac, b);
    put(out, b);
}

void snapshot_u64(struct snapshot_out *out, uint64_t v)
{
    uint8_t b[8];
    struct writer w = writer_of(b, sizeof b);
    write_u64(&w, v);
    snapshot_bytes(out, BYTES(b));
}

void snapshot_block(struct snapshot_out *out, struct bytes b)
{
    uint8_t len[4];
    struct writer w = writer_of(len, sizeof len);
    write_u32(&w, (uint32_t)b.len);
    snapshot_bytes(out, BYTES(len));
    snapshot_bytes(out, b);
}

struct result snapshot_end(struct snapshot_out *out)
{
    uint8_t mac[SM3_SIZE];
    sm3_hmac_final(&out->mac, mac);
    put(out, BYTES(mac));
    flush(out);
    bool good = !out->bad && fdatasync(out->fd) == 0 && rename(out->fresh, out->path) == 0;
    close(out->fd);
    free(out);
    ENSURE(good, ERROR_IO);
    return OK;
}

/* ---- reading ---- */

static struct result read_whole(const char *folder, const char *name, uint8_t **ret_content, size_t *ret_len)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = n < PATH_MAX ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    ENSURE(fd >= 0, ERROR_NOT_FOUND);
    bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= SIZE_LIMIT;
    size_t len = good ? (size_t)st.st_size : 0, done = 0;
    uint8_t *content = malloc(len + 1);
    if (!content) abort();
    for (ssize_t got = 1; done < len && (got > 0 || (got < 0 && errno == EINTR)); done += got > 0 ? (size_t)got : 0)
        got = read(fd, content + done, len - done);
    close(fd);
    *ret_content = content;
    *ret_len = done;
    return OK;
}

static bool believable(struct bytes whole, const uint8_t key[SNAPSHOT_KEY_SIZE], const struct ledger *log,
                       uint64_t *ret_size)
{
    uint8_t mac[SM3_SIZE], head[HEAD];
    if (whole.len < HEAD + SM3_SIZE) return false;
    struct bytes content = bytes_of(whole.ptr, whole.len - SM3_SIZE);
    sm3_hmac(bytes_of(key, SNAPSHOT_KEY_SIZE), content, mac);
    if (!secret_equal(mac, whole.ptr + content.len, sizeof mac)) return false;
    struct reader r = reader_of(content);
    (void)read_bytes(&r, 8 + ID_SIZE);
    *ret_size = read_u64(&r);
    return !failed(head_of(log, *ret_size, head)) && bytes_equal(BYTES(head), bytes_of(whole.ptr, HEAD));
}

struct result snapshot_open(const char *folder, const char *name, const uint8_t key[SNAPSHOT_KEY_SIZE],
                            const struct ledger *log, struct snapshot_in *ret_in)
{
    struct snapshot_in in = { 0 };
    size_t len;
    TRY(read_whole(folder, name, &in.content, &len));
    if (!believable(bytes_of(in.content, len), key, log, &in.size)) {
        free(in.content);
        return FAIL(ERROR_NOT_FOUND);
    }
    in.reader = reader_of(bytes_of(in.content + HEAD, len - HEAD - SM3_SIZE));
    *ret_in = in;
    return OK;
}

void snapshot_done(struct snapshot_in *in)
{
    free(in->content);
    in->content = NULL;
}
