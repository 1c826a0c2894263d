/* `hufu backup`: one encrypted archive of an installation that may be running. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/archive.h"
#include "cli/audit_whole.h"
#include "cli/backup_content.h"
#include "cli/commands.h"
#include "cli/installation.h"
#include "store/store.h"

enum { ARENA_MAX = 16 * 1024 * 1024, BUFFER = 64 * 1024 };

struct options {
    const char *folder;
    int64_t passphrase_fd;
    bool json;
};

/* clang-format off */
static const struct cli_option options[] = {
    { "folder", CLI_TEXT, offsetof(struct options, folder), "DIR", 0, 0, "the installation (default $HUFU_FOLDER, var, /var/lib/hufu)" },
    { "passphrase-fd", CLI_NUMBER, offsetof(struct options, passphrase_fd), "FD", 0, 1 << 16, "descriptor with the archive's passphrase; else asked for" },
    { "json", CLI_FLAG, offsetof(struct options, json), NULL, 0, 0, "one JSON object" },
};

#define INT(field) SHAPE_INT(struct backup_content, field)
#define ROOT(field) SHAPE_BYTES(struct backup_content, field, TREE_HASH_SIZE)
static const struct shape_field content_fields[] = {
    INT(files), INT(bytes), INT(made_s), INT(journal_size), ROOT(journal_root), INT(trail_size), ROOT(trail_root),
};
/* clang-format on */
const struct shape backup_content_shape = SHAPE("backup_content", struct backup_content, content_fields);

struct backup {
    const struct installation *installation;
    struct archive *archive;
    struct arena *arena;
    struct diag *diag;
    const char *url;  /* of the database */
    const char *file; /* of the embedded one; NULL: it is PostgreSQL */
    struct backup_content content;
};

/* ---- entries ---- */

static struct result put(struct backup *b, unsigned kind, const char *name, unsigned mode, uint64_t size)
{
    struct archive_entry entry = { .kind = kind, .mode = mode & 0777, .size = size };
    size_t len = strlen(name);
    if (len > ARCHIVE_NAME_MAX) return diag_log(b->diag, ERROR_TOO_LARGE, "%s", name);
    memcpy(entry.name, name, len + 1);
    if (kind == ARCHIVE_FILE) {
        b->content.files++;
        b->content.bytes += (int64_t)size;
    }
    return archive_put(b->archive, &entry);
}

/* As long as it was when it was opened: what grows meanwhile is of the next backup. */
static struct result copy_file(struct backup *b, const char *path, const char *name)
{
    uint8_t buffer[BUFFER];
    struct stat s;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) return OK; /* removed meanwhile */
    struct result r = fd >= 0 && fstat(fd, &s) == 0 ? put(b, ARCHIVE_FILE, name, s.st_mode, (uint64_t)s.st_size)
                                                   : FAIL(ERROR_IO);
    for (off_t left = failed(r) ? 0 : s.st_size; left > 0 && !failed(r);) {
        ssize_t n = read(fd, buffer, left < BUFFER ? (size_t)left : BUFFER);
        if (n < 0 && errno == EINTR) continue;
        r = n > 0 ? archive_write(b->archive, bytes_of(buffer, (size_t)n)) : FAIL(ERROR_IO);
        left -= n;
    }
    secret_wipe(buffer, sizeof buffer);
    if (fd >= 0) close(fd);
    return failed(r) ? diag_log(b->diag, r.code, "%s", path) : OK;
}

static struct result put_image(struct bytes image, void *context)
{
    struct backup *b = context;
    TRY(put(b, ARCHIVE_FILE, BACKUP_DATABASE, 0600, image.len));
    return archive_write(b->archive, image);
}

/* ---- what is copied, and in which order ---- */

/* Of the journal what it cannot be made of again: first the head, then the records that it vouches for. */
static struct result copy_journal(struct backup *b)
{
    static const char *const names[] = { BACKUP_JOURNAL "/head", BACKUP_JOURNAL "/records" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *path = arena_format(b->arena, "%s/%s", b->installation->folder, names[i]);
        ENSURE(path, ERROR_OUT_OF_ROOM);
        TRY(copy_file(b, path, names[i]));
    }
    return OK;
}

/* What lives only while it runs, was copied already, or is made anew. */
static bool is_left_out(const struct backup *b, const char *name, const char *path)
{
    return text_equal(name, "run") || text_starts(name, BACKUP_JOURNAL "/") ||
           (b->file && text_starts(path, b->file));
}

static struct result copy_one(struct backup *b, FTS *tree, FTSENT *e)
{
    const char *name = e->fts_path + strlen(b->installation->folder);
    while (*name == '/') name++;
    if (e->fts_info == FTS_DP || *name == '\0') return OK;
    if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR) return diag_log(b->diag, ERROR_IO, "%s", e->fts_path);
    if (is_left_out(b, name, e->fts_path)) {
        if (e->fts_info == FTS_D) fts_set(tree, e, FTS_SKIP);
        return OK;
    }
    if (e->fts_info == FTS_D) return put(b, ARCHIVE_FOLDER, name, e->fts_statp->st_mode, 0);
    return e->fts_info == FTS_F ? copy_file(b, e->fts_path, name) : OK; /* no sockets */
}

static struct result copy_folder(struct backup *b)
{
    char *roots[] = { (char *)(uintptr_t)b->installation->folder, NULL };
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    struct result r = tree ? OK : FAIL(ERROR_IO);
    for (FTSENT *e; !failed(r) && (e = fts_read(tree));) r = copy_one(b, tree, e);
    if (tree) fts_close(tree);
    return r;
}

/* The database first: what it knows of the journal is in the records that are copied after it. Then the journal, and
 * behind it the key centre, whose keys leave before their certificates are journaled. */
static struct result copy_all(struct backup *b)
{
    uint8_t room[BACKUP_CONTENT_MAX];
    struct writer w = writer_of(room, sizeof room);
    struct bytes said;
    TRY(store_image(b->url, b->diag, put_image, b));
    TRY(copy_journal(b));
    TRY(copy_folder(b));
    shape_write(&backup_content_shape, &b->content, &w);
    TRY(writer_end(&w, &said));
    TRY(put(b, ARCHIVE_END, "", 0, said.len));
    TRY(archive_write(b->archive, said));
    return archive_finish(b->archive);
}

/* ---- before, and around it ---- */

static struct result look(struct backup *b)
{
    static const char embedded[] = "sqlite:";
    const struct audit_asked nothing = { 0 };
    struct audit_whole told;
    struct bytes root;
    TRY(installation_database(b->installation, b->arena, b->diag, &b->url));
    if (text_starts(b->url, embedded)) b->file = b->url + strlen(embedded);
    if (b->file && !text_starts(b->file, b->installation->folder))
        return diag_log(b->diag, ERROR_NOT_SUPPORTED, "%s lies outside the folder", b->file);
    /* What is damaged already is not to take the place of a good backup. */
    TRY(audit_whole_verify(b->installation, &nothing, b->arena, b->diag, &told));
    b->content.journal_size = (int64_t)told.journal.size;
    b->content.trail_size = (int64_t)told.trail.size;
    const struct clock clock = { .now = clock_system };
    b->content.made_s = clock_now(&clock);
    TRY(text_from_hex(b->arena, told.journal.root, &b->content.journal_root));
    TRY(text_from_hex(b->arena, told.trail.root, &root));
    b->content.trail_root = root;
    return OK;
}

static struct result write_archive(struct backup *b, int fd, const struct options *o)
{
    struct secret passphrase = { .len = 0 };
    struct result r = passphrase_new((int)o->passphrase_fd, cli_words("备份口令：", "Passphrase of the backup: "), b->diag,
                                     &passphrase);
    if (!failed(r)) r = archive_create(fd, bytes_of(passphrase.bytes, passphrase.len), &b->archive);
    secret_wipe(&passphrase, sizeof passphrase);
    if (!failed(r)) r = copy_all(b);
    archive_free(b->archive);
    return r;
}

/* Under another name until it is whole. */
static struct result backup(struct backup *b, const char *file, const struct options *o)
{
    const char *part = arena_format(b->arena, "%s.part", file);
    ENSURE(part, ERROR_OUT_OF_ROOM);
    if (access(file, F_OK) == 0) return diag_log(b->diag, ERROR_BACKUP_EXISTS, "%s", file);
    TRY(look(b));
    unlink(part);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return diag_log(b->diag, ERROR_FOLDER_FAILED, "%s", part);
    struct result r = write_archive(b, fd, o);
    if (!failed(r) && fsync(fd) != 0) r = FAIL(ERROR_IO);
    close(fd);
    if (!failed(r) && renameat2(AT_FDCWD, part, AT_FDCWD, file, RENAME_NOREPLACE) != 0)
        r = diag_log(b->diag, errno == EEXIST ? ERROR_BACKUP_EXISTS : ERROR_IO, "%s", file);
    if (failed(r)) unlink(part);
    return r;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { .passphrase_fd = -1 };
    struct installation i;
    struct diag diag = { 0 };
    int count, exit_status;
    if (!cli_parse(command, argc, argv, &o, &count, &exit_status)) return exit_status;
    if (count != 1) {
        cli_print_help(command);
        return CLI_USAGE;
    }
    struct result r = installation_open(o.folder, &diag, &i);
    if (failed(r)) return cli_fail(r, &diag);
    struct backup b = { .installation = &i, .arena = arena_new(ARENA_MAX), .diag = &diag };
    r = backup(&b, argv[0], &o);
    if (!failed(r))
        printf(o.json ? "{\"files\": %lld, \"bytes\": %lld, \"journal\": %lld, \"trail\": %lld}\n"
                      : cli_words("%lld 个文件，%lld 字节；签发日志 %lld 条，操作记录 %lld 条\n",
                                  "%lld files, %lld bytes; journal of %lld records, audit trail of %lld\n"),
               (long long)b.content.files, (long long)b.content.bytes, (long long)b.content.journal_size,
               (long long)b.content.trail_size);
    arena_free(b.arena);
    installation_done(&i);
    return failed(r) ? cli_fail(r, &diag) : EXIT_SUCCESS;
}

const struct cli_command command_backup = {
    .name = "backup",
    .operands = "FILE",
    .operands_max = 1,
    .summary = "makes one encrypted archive of everything, while it runs",
    .about = "Keys, journal, database (SQLite or PostgreSQL), uploads and configuration in one file, encrypted under\n"
             "a passphrase of its own, by `hufu restore` made an installation again. Journal and audit trail are\n"
             "verified first. The installation's secret is not in it unless it is a demonstration's.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
