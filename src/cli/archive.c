#include "cli/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/sm3.h"
#include "crypto/sm4.h"

/* Header: magic and version, rounds, salt, check of the passphrase. */
static const char magic[] = "HUFUBAK\1";
enum { MAGIC = 8, SALT = 16, CHECK = 16, HEADER = MAGIC + 4 + SALT + CHECK };
enum { ROUNDS = 300000, ROUNDS_MIN = 10000, ROUNDS_MAX = 10000000 };
enum { CHUNK = 64 * 1024, LENGTH = 4, LAST = 1 << 30, ENTRY_HEAD = 1 + 2 + 8 + 2 };

struct archive {
    int fd;
    struct sm4 sm4;
    uint64_t number;            /* of the next chunk */
    bool last;                  /* the last one was read */
    size_t at, len;             /* what of PLAIN is still to be read, or is waiting to be written: up to LEN */
    uint8_t plain[CHUNK];
    uint8_t sealed[LENGTH + CHUNK + SM4_GCM_TAG_SIZE];
};

static struct result write_all(int fd, struct bytes b)
{
    for (size_t done = 0; done < b.len;) {
        ssize_t n = write(fd, b.ptr + done, b.len - done);
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n > 0, ERROR_IO);
        done += (size_t)n;
    }
    return OK;
}

/* As many bytes as there are, up to LEN. */
static struct result read_some(int fd, uint8_t *into, size_t len, size_t *ret_len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = read(fd, into + done, len - done);
        if (n < 0 && errno == EINTR) continue;
        ENSURE(n >= 0, ERROR_IO);
        if (n == 0) break;
        done += (size_t)n;
    }
    *ret_len = done;
    return OK;
}

/* ---- keys ---- */

/* The header's rounds and salt take part in what comes of the passphrase; magic and version in the key. */
static void derive(struct bytes passphrase, struct bytes salt, uint32_t rounds, struct sm4 *ret_sm4,
                   uint8_t ret_check[CHECK])
{
    uint8_t master[SM3_SIZE], made[SM3_SIZE];
    sm3_pbkdf2(passphrase, salt, rounds, master);
    sm3_hmac(BYTES(master), bytes_text("hufu-backup-1 key"), made);
    sm4_init(ret_sm4, made);
    sm3_hmac(BYTES(master), bytes_text("hufu-backup-1 check"), made);
    memcpy(ret_check, made, CHECK);
    secret_wipe(master, sizeof master);
    secret_wipe(made, sizeof made);
}

static struct archive *make(int fd)
{
    struct archive *a = calloc(1, sizeof *a);
    if (!a) abort();
    a->fd = fd;
    return a;
}

struct result archive_create(int fd, struct bytes passphrase, struct archive **ret_archive)
{
    uint8_t header[HEADER], salt[SALT], check[CHECK];
    struct archive *a = make(fd);
    struct writer w = writer_of(header, sizeof header);
    random_fill(salt, sizeof salt);
    derive(passphrase, BYTES(salt), ROUNDS, &a->sm4, check);
    write_bytes(&w, bytes_of(magic, MAGIC));
    write_u32(&w, ROUNDS);
    write_bytes(&w, BYTES(salt));
    write_bytes(&w, BYTES(check));
    struct result r = write_all(fd, BYTES(header));
    if (failed(r)) archive_free(a);
    else *ret_archive = a;
    return r;
}

struct result archive_open(int fd, struct bytes passphrase, struct archive **ret_archive)
{
    uint8_t header[HEADER], check[CHECK];
    size_t len;
    TRY(read_some(fd, header, sizeof header, &len));
    struct reader r = reader_of(bytes_of(header, len));
    bool ours = bytes_equal(read_bytes(&r, MAGIC), bytes_of(magic, MAGIC));
    uint32_t rounds = read_u32(&r);
    struct bytes salt = read_bytes(&r, SALT), kept = read_bytes(&r, CHECK);
    ENSURE(ours, ERROR_BACKUP_FORMAT);
    ENSURE(!r.bad, ERROR_BACKUP_CUT);
    ENSURE(rounds >= ROUNDS_MIN && rounds <= ROUNDS_MAX, ERROR_BACKUP_ALTERED);
    struct archive *a = make(fd);
    derive(passphrase, salt, rounds, &a->sm4, check);
    if (!secret_equal(check, kept.ptr, CHECK)) {
        archive_free(a);
        return FAIL(ERROR_BACKUP_PASSPHRASE);
    }
    *ret_archive = a;
    return OK;
}

void archive_free(struct archive *archive)
{
    if (!archive) return;
    secret_wipe(archive, sizeof *archive);
    free(archive);
}

/* ---- chunks ---- */

/* A number is used once under a key that is used for one archive. */
static void nonce_of(const struct archive *a, uint8_t ret_nonce[SM4_GCM_NONCE_SIZE])
{
    struct writer w = writer_of(ret_nonce, SM4_GCM_NONCE_SIZE);
    write_u32(&w, 0);
    write_u64(&w, a->number);
}

static struct result seal(struct archive *a, bool last)
{
    uint8_t nonce[SM4_GCM_NONCE_SIZE], tag[SM4_GCM_TAG_SIZE];
    struct writer w = writer_of(a->sealed, LENGTH);
    write_u32(&w, (uint32_t)a->len | (last ? LAST : 0));
    nonce_of(a, nonce);
    sm4_gcm_seal(&a->sm4, nonce, bytes_of(a->sealed, LENGTH), bytes_of(a->plain, a->len), a->sealed + LENGTH, tag);
    memcpy(a->sealed + LENGTH + a->len, tag, sizeof tag);
    TRY(write_all(a->fd, bytes_of(a->sealed, LENGTH + a->len + sizeof tag)));
    a->number++;
    a->len = 0;
    return OK;
}

static struct result unseal(struct archive *a)
{
    uint8_t nonce[SM4_GCM_NONCE_SIZE];
    size_t len;
    ENSURE(!a->last, ERROR_BACKUP_ALTERED);
    TRY(read_some(a->fd, a->sealed, LENGTH, &len));
    ENSURE(len == LENGTH, ERROR_BACKUP_CUT);
    struct reader r = reader_of(bytes_of(a->sealed, LENGTH));
    uint32_t said = read_u32(&r), content = said & ~(uint32_t)LAST;
    ENSURE(content <= CHUNK, ERROR_BACKUP_ALTERED);
    TRY(read_some(a->fd, a->sealed + LENGTH, content + SM4_GCM_TAG_SIZE, &len));
    ENSURE(len == content + SM4_GCM_TAG_SIZE, ERROR_BACKUP_CUT);
    nonce_of(a, nonce);
    ENSURE(!failed(sm4_gcm_open(&a->sm4, nonce, bytes_of(a->sealed, LENGTH), bytes_of(a->sealed + LENGTH, content),
                                a->sealed + LENGTH + content, a->plain)), ERROR_BACKUP_ALTERED);
    a->number++;
    a->last = said & LAST;
    a->at = 0;
    a->len = content;
    return OK;
}

/* ---- content ---- */

struct result archive_write(struct archive *archive, struct bytes content)
{
    while (content.len > 0) {
        size_t room = CHUNK - archive->len, n = content.len < room ? content.len : room;
        memcpy(archive->plain + archive->len, content.ptr, n);
        archive->len += n;
        content = bytes_of(content.ptr + n, content.len - n);
        if (archive->len == CHUNK) TRY(seal(archive, false));
    }
    return OK;
}

struct result archive_finish(struct archive *archive)
{
    return seal(archive, true);
}

struct result archive_read(struct archive *archive, uint8_t *into, size_t len)
{
    for (size_t done = 0; done < len;) {
        if (archive->at == archive->len) TRY(unseal(archive));
        size_t there = archive->len - archive->at, n = len - done < there ? len - done : there;
        memcpy(into + done, archive->plain + archive->at, n);
        archive->at += n;
        done += n;
    }
    return OK;
}

struct result archive_end(struct archive *archive)
{
    uint8_t more;
    size_t len;
    while (archive->at == archive->len && !archive->last) TRY(unseal(archive));
    ENSURE(archive->at == archive->len, ERROR_BACKUP_ALTERED);
    TRY(read_some(archive->fd, &more, 1, &len));
    ENSURE(len == 0, ERROR_BACKUP_ALTERED);
    return OK;
}

/* ---- entries ---- */

struct result archive_put(struct archive *archive, const struct archive_entry *entry)
{
    uint8_t head[ENTRY_HEAD];
    struct writer w = writer_of(head, sizeof head);
    struct bytes name = bytes_text(entry->name);
    write_u8(&w, (uint8_t)entry->kind);
    write_u16(&w, (uint16_t)entry->mode);
    write_u64(&w, entry->size);
    write_u16(&w, (uint16_t)name.len);
    TRY(archive_write(archive, BYTES(head)));
    return archive_write(archive, name);
}

/* Below the folder that is restored to, and nowhere else. */
static bool stays_below(const char *name)
{
    if (name[0] == '\0' || name[0] == '/') return false;
    for (const char *part = name; part;) {
        size_t len = strcspn(part, "/");
        if (len == 0 || (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.')) return false;
        part = part[len] ? part + len + 1 : NULL;
    }
    return true;
}

struct result archive_next(struct archive *archive, struct archive_entry *ret_entry)
{
    uint8_t head[ENTRY_HEAD];
    struct archive_entry e = { 0 };
    TRY(archive_read(archive, head, sizeof head));
    struct reader r = reader_of(BYTES(head));
    e.kind = read_u8(&r);
    e.mode = read_u16(&r);
    e.size = read_u64(&r);
    size_t len = read_u16(&r);
    ENSURE(e.kind >= ARCHIVE_FOLDER && e.kind <= ARCHIVE_END && len <= ARCHIVE_NAME_MAX, ERROR_BACKUP_ALTERED);
    ENSURE(e.mode <= 0777 && e.size <= INT64_MAX && (e.kind != ARCHIVE_FOLDER || e.size == 0), ERROR_BACKUP_ALTERED);
    TRY(archive_read(archive, (uint8_t *)e.name, len));
    ENSURE(strlen(e.name) == len && (e.kind == ARCHIVE_END || stays_below(e.name)), ERROR_BACKUP_ALTERED);
    *ret_entry = e;
    return OK;
}
