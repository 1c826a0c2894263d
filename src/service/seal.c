#include "service/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/sm3.h"
#include "crypto/sm4.h"

enum {
    FORMAT = 1,
    KEY_VERSION = 1, /* of the data key */
    HEAD = 2,
    CHUNK = 65536,
    FILE_HEAD = 4
};
_Static_assert(SEAL_EXTRA == HEAD + SM4_GCM_NONCE_SIZE + SM4_GCM_TAG_SIZE, "what sealing adds");

static const uint8_t file_head[FILE_HEAD] = { 'H', 'U', 'F', FORMAT };

/* ---- keys ---- */

static void derive(const struct service *service, const char *use, uint8_t ret_key[SM3_SIZE])
{
    sm3_hmac(BYTES(service->data_key), bytes_text(use), ret_key);
}

static void sealing_key(const struct service *service, struct sm4 *ret_sm4)
{
    uint8_t key[SM3_SIZE];
    derive(service, "HUFU-SEAL-v1", key);
    sm4_init(ret_sm4, key);
    secret_wipe(key, sizeof key);
}

/* Head, what and of with their lengths: no two pairs read the same. */
static struct result write_context(const char *what, const char *of, struct writer *w, struct bytes *ret_context)
{
    write_u8(w, FORMAT);
    write_u8(w, KEY_VERSION);
    write_block(w, bytes_text(what));
    write_block(w, bytes_text(of));
    return writer_end(w, ret_context);
}

/* ---- whose database it is ---- */

struct checking {
    struct service *service;
    struct arena *arena;
};

static struct result check(struct tx *tx, void *context)
{
    const struct checking *c = context;
    uint8_t value[SEAL_INDEX_SIZE];
    struct seal_mark_row known, ours = { .id = 1, .mark = BYTES(value) };
    seal_index(c->service, "seal.mark", bytes_text(""), value);
    struct result r = tx_one(tx, STATEMENT_SEAL_MARK_GET, NO_PARAMS, c->arena, &seal_mark_row_shape, &known);
    if (r.code == ERROR_NOT_FOUND)
        return tx_run(tx, STATEMENT_SEAL_MARK_INSERT, RECORD(seal_mark_row_shape, &ours), NULL);
    TRY(r);
    ENSURE(bytes_equal(known.mark, BYTES(value)), ERROR_KEY_UNWRAP);
    return OK;
}

struct result seal_check(struct service *service)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(4096);
    struct checking checking = { service, arena };
    return store_write(service->store, check, &checking);
}

/* ---- values ---- */

struct result seal_value(const struct service *service, const char *what, const char *of, struct bytes secret,
                         struct arena *arena, struct bytes *ret_sealed)
{
    uint8_t room[256], nonce[SM4_GCM_NONCE_SIZE], sealed[SEAL_SECRET_MAX], tag[SM4_GCM_TAG_SIZE];
    struct writer context_writer = writer_of(room, sizeof room);
    struct bytes context;
    struct sm4 sm4;
    ENSURE(secret.len > 0 && secret.len <= SEAL_SECRET_MAX, ERROR_TOO_LARGE);
    TRY(write_context(what, of, &context_writer, &context));
    uint8_t *into = arena_take(arena, secret.len + SEAL_EXTRA);
    ENSURE(into, ERROR_OUT_OF_ROOM);
    random_fill(nonce, sizeof nonce);
    sealing_key(service, &sm4);
    sm4_gcm_seal(&sm4, nonce, context, secret, sealed, tag);
    sm4_wipe(&sm4);
    struct writer w = writer_of(into, secret.len + SEAL_EXTRA);
    write_u8(&w, FORMAT);
    write_u8(&w, KEY_VERSION);
    write_bytes(&w, BYTES(nonce));
    write_bytes(&w, bytes_of(sealed, secret.len));
    write_bytes(&w, BYTES(tag));
    return writer_end(&w, ret_sealed);
}

struct result seal_open(const struct service *service, const char *what, const char *of, struct bytes sealed,
                        char ret_secret[SEAL_SECRET_MAX + 1], size_t *ret_len)
{
    uint8_t room[256], opened[SEAL_SECRET_MAX];
    struct writer context_writer = writer_of(room, sizeof room);
    struct bytes context;
    struct sm4 sm4;
    ENSURE(sealed.len > SEAL_EXTRA && sealed.len <= SEAL_SECRET_MAX + SEAL_EXTRA, ERROR_DECRYPT);
    TRY(write_context(what, of, &context_writer, &context));
    size_t len = sealed.len - SEAL_EXTRA;
    struct reader r = reader_of(sealed);
    ENSURE(read_u8(&r) == FORMAT && read_u8(&r) == KEY_VERSION, ERROR_DECRYPT);
    struct bytes nonce = read_bytes(&r, SM4_GCM_NONCE_SIZE), body = read_bytes(&r, len),
                 tag = read_bytes(&r, SM4_GCM_TAG_SIZE);
    sealing_key(service, &sm4);
    struct result opening = sm4_gcm_open(&sm4, nonce.ptr, context, body, tag.ptr, opened);
    sm4_wipe(&sm4);
    TRY(opening);
    memcpy(ret_secret, opened, len);
    ret_secret[len] = '\0';
    secret_wipe(opened, sizeof opened);
    *ret_len = len;
    return OK;
}

void seal_index(const struct service *service, const char *what, struct bytes value,
                uint8_t ret_index[SEAL_INDEX_SIZE])
{
    uint8_t key[SM3_SIZE];
    struct sm3_hmac hmac;
    derive(service, "HUFU-INDEX-v1", key);
    sm3_hmac_init(&hmac, BYTES(key));
    sm3_hmac_update(&hmac, bytes_of(what, strlen(what) + 1));
    sm3_hmac_update(&hmac, value);
    sm3_hmac_final(&hmac, ret_index);
    secret_wipe(key, sizeof key);
}

/* ---- files: pieces of CHUNK bytes, each with its number as the nonce; the key belongs to this file alone, so no nonce
 * comes twice. The last piece is the one that is shorter: a file cut between two pieces lacks it. ---- */

struct pieces {
    struct sm4 sm4;
    uint64_t number;
    uint8_t *plain, *sealed; /* CHUNK, CHUNK + tag */
};

static void pieces_init(struct pieces *p, const uint8_t key[SM4_KEY_SIZE])
{
    *p = (struct pieces){ .plain = malloc(CHUNK), .sealed = malloc(CHUNK + SM4_GCM_TAG_SIZE) };
    if (!p->plain || !p->sealed) abort();
    sm4_init(&p->sm4, key);
}

static void pieces_done(struct pieces *p)
{
    sm4_wipe(&p->sm4);
    secret_wipe(p->plain, CHUNK);
    free(p->plain);
    free(p->sealed);
}

static void next_nonce(struct pieces *p, uint8_t ret_nonce[SM4_GCM_NONCE_SIZE])
{
    struct writer w = writer_of(ret_nonce, SM4_GCM_NONCE_SIZE);
    write_u32(&w, 0);
    write_u64(&w, p->number++);
}

/* Up to ROOM bytes: fewer only at the end. */
static struct result read_full(int fd, uint8_t *into, size_t room, size_t *ret_len)
{
    size_t len = 0;
    while (len < room) {
        ssize_t n = read(fd, into + len, room - len);
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n >= 0, ERROR_IO);
        if (n == 0) break;
        len += (size_t)n;
    }
    *ret_len = len;
    return OK;
}

static struct result write_full(int fd, const uint8_t *from, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, from + done, len - done);
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n > 0, ERROR_IO);
        done += (size_t)n;
    }
    return OK;
}

static struct result encrypt(struct pieces *p, int from, int to, int64_t *ret_size)
{
    int64_t size = 0;
    TRY(write_full(to, file_head, sizeof file_head));
    for (bool last = false; !last;) {
        uint8_t nonce[SM4_GCM_NONCE_SIZE];
        size_t len;
        TRY(read_full(from, p->plain, CHUNK, &len));
        last = len < CHUNK;
        size += (int64_t)len;
        ENSURE(size <= SEAL_FILE_MAX, ERROR_TOO_LARGE);
        next_nonce(p, nonce);
        sm4_gcm_seal(&p->sm4, nonce, BYTES(file_head), bytes_of(p->plain, len), p->sealed, p->sealed + len);
        TRY(write_full(to, p->sealed, len + SM4_GCM_TAG_SIZE));
    }
    *ret_size = size;
    return OK;
}

static struct result decrypt(struct pieces *p, int from, int to)
{
    uint8_t head[FILE_HEAD];
    size_t len;
    TRY(read_full(from, head, sizeof head, &len));
    ENSURE(len == sizeof head && memcmp(head, file_head, sizeof head) == 0, ERROR_DECRYPT);
    for (bool last = false; !last;) {
        uint8_t nonce[SM4_GCM_NONCE_SIZE];
        TRY(read_full(from, p->sealed, CHUNK + SM4_GCM_TAG_SIZE, &len));
        ENSURE(len >= SM4_GCM_TAG_SIZE, ERROR_DECRYPT);
        len -= SM4_GCM_TAG_SIZE;
        last = len < CHUNK;
        next_nonce(p, nonce);
        TRY(sm4_gcm_open(&p->sm4, nonce, BYTES(file_head), bytes_of(p->sealed, len), p->sealed + len, p->plain));
        TRY(write_full(to, p->plain, len));
    }
    return OK; /* the last piece was shorter: nothing follows it */
}

/* On disk whole, or not at all. */
static struct result write_file(const struct service *service, const char *name, const uint8_t key[SM4_KEY_SIZE],
                                int from, int64_t *ret_size)
{
    struct pieces pieces;
    ENSURE(lseek(from, 0, SEEK_SET) == 0, ERROR_IO);
    int to = openat(service->upload_folder, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    ENSURE(to >= 0, ERROR_IO);
    pieces_init(&pieces, key);
    struct result r = encrypt(&pieces, from, to, ret_size);
    pieces_done(&pieces);
    if (!failed(r) && (fsync(to) != 0 || fsync(service->upload_folder) != 0)) r = FAIL(ERROR_IO);
    close(to);
    if (failed(r)) unlinkat(service->upload_folder, name, 0);
    return r;
}

struct result seal_file(const struct service *service, const char *what, int from, struct arena *arena,
                        struct sealed_file *ret_file)
{
    uint8_t key[SM4_KEY_SIZE];
    struct sealed_file file = { 0 };
    struct id id = random_id();
    id_text(&id, file.name);
    random_fill(key, sizeof key);
    struct result r = seal_value(service, what, file.name, BYTES(key), arena, &file.key_sealed);
    if (!failed(r)) r = write_file(service, file.name, key, from, &file.size);
    secret_wipe(key, sizeof key);
    TRY(r);
    *ret_file = file;
    return OK;
}

static struct result decrypt_into(int from, const uint8_t key[SM4_KEY_SIZE], int to)
{
    struct pieces pieces;
    pieces_init(&pieces, key);
    struct result r = decrypt(&pieces, from, to);
    pieces_done(&pieces);
    return r;
}

struct result seal_file_read(const struct service *service, const char *what, const char *name, struct bytes key_sealed,
                             int to)
{
    char key[SEAL_SECRET_MAX + 1];
    size_t len;
    struct id id;
    ENSURE(!failed(id_parse(name, &id)), ERROR_NOT_FOUND); /* no path ever gets here */
    TRY(seal_open(service, what, name, key_sealed, key, &len));
    int from = len == SM4_KEY_SIZE ? openat(service->upload_folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    struct result r = from >= 0 ? decrypt_into(from, (const uint8_t *)key, to)
                                : FAIL(errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO);
    secret_wipe(key, sizeof key);
    if (from >= 0) close(from);
    return r;
}

struct result seal_file_open(const struct service *service, const char *what, const char *name,
                             struct bytes key_sealed, int *ret_fd)
{
    int to = memfd_create("file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ENSURE(to >= 0, ERROR_IO);
    struct result r = seal_file_read(service, what, name, key_sealed, to);
    int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (!failed(r) && (lseek(to, 0, SEEK_SET) != 0 || fcntl(to, F_ADD_SEALS, all) != 0)) r = FAIL(ERROR_IO);
    if (failed(r))
        close(to);
    else
        *ret_fd = to;
    return r;
}

struct result seal_file_remove(const struct service *service, const char *name)
{
    struct id id;
    ENSURE(!failed(id_parse(name, &id)), ERROR_NOT_FOUND);
    ENSURE(unlinkat(service->upload_folder, name, 0) == 0 || errno == ENOENT, ERROR_IO);
    return OK;
}
