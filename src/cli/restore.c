/* `hufu restore`: an installation out of a backup, proven before it is there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/archive.h"
#include "cli/audit_whole.h"
#include "cli/backup_content.h"
#include "cli/commands.h"
#include "cli/init_folder.h"
#include "cli/installation.h"
#include "cli/restore_database.h"
#include "ipc/signer_api.h"
#include "merkle/ledger.h"
#include "pki/certificate.h"

enum { ARENA_MAX = 16 * 1024 * 1024, RECORD_ARENA_MAX = 1024 * 1024, BUFFER = 64 * 1024, SAMPLES_MAX = 100 };

struct options {
    int64_t passphrase_fd;
    const char *database;
    bool json;
};

/* clang-format off */
static const struct cli_option options[] = {
    { "passphrase-fd", CLI_NUMBER, offsetof(struct options, passphrase_fd), "FD", 0, 1 << 16, "descriptor with the archive's passphrase; else asked for" },
    { "database", CLI_TEXT, offsetof(struct options, database), "URL", 0, 0, "an empty database that it goes into: postgresql://…, without a password (?passfile=PATH names a file with it); or embedded; by default what the backup's hufu.conf says" },
    { "json", CLI_FLAG, offsetof(struct options, json), NULL, 0, 0, "one JSON object" },
};
/* clang-format on */

struct restore {
    struct init_folder folder;
    struct archive *archive;
    struct arena *arena;
    struct diag *diag;
    struct backup_content said;
    int64_t files, bytes, samples;
};

/* ---- out of the archive ---- */

static struct result make_folder(struct restore *r, const char *path, unsigned mode)
{
    bool good = (mkdir(path, 0700) == 0 || errno == EEXIST) && chmod(path, mode) == 0;
    return good ? OK : diag_log(r->diag, ERROR_FOLDER_FAILED, "%s", path);
}

/* Those above NAME that are not there yet: the first entries come before their folders. */
static struct result make_parents(struct restore *r, const char *name)
{
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        const char *path = arena_format(r->arena, "%s/%.*s", r->folder.draft, (int)(slash - name), name);
        ENSURE(path, ERROR_OUT_OF_ROOM);
        if (mkdir(path, 0700) != 0 && errno != EEXIST) return diag_log(r->diag, ERROR_FOLDER_FAILED, "%s", path);
    }
    return OK;
}

static struct result copy_out(struct restore *r, int fd, uint64_t size)
{
    uint8_t buffer[BUFFER];
    struct result done = OK;
    for (uint64_t left = size; left > 0 && !failed(done);) {
        size_t n = left < BUFFER ? (size_t)left : BUFFER;
        done = archive_read(r->archive, buffer, n);
        if (!failed(done) && write(fd, buffer, n) != (ssize_t)n) done = FAIL(ERROR_FOLDER_FAILED);
        left -= n;
    }
    secret_wipe(buffer, sizeof buffer);
    return done;
}

/* The name of the entry of the database is not that of its file, which [web] says; hufu.conf comes later. */
static struct result make_file(struct restore *r, const struct archive_entry *entry, const char *path)
{
    TRY(make_parents(r, entry->name));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return diag_log(r->diag, ERROR_FOLDER_FAILED, "%s", path);
    struct result done = copy_out(r, fd, entry->size);
    if (!failed(done) && fchmod(fd, entry->mode) != 0) done = FAIL(ERROR_FOLDER_FAILED);
    close(fd);
    r->files++;
    r->bytes += (int64_t)entry->size;
    return done;
}

static struct result read_content(struct restore *r, const struct archive_entry *entry)
{
    uint8_t *room = arena_take(r->arena, BACKUP_CONTENT_MAX);
    ENSURE(room, ERROR_OUT_OF_ROOM);
    ENSURE(entry->size <= BACKUP_CONTENT_MAX, ERROR_BACKUP_ALTERED);
    TRY(archive_read(r->archive, room, entry->size));
    struct reader reader = reader_of(bytes_of(room, entry->size));
    ENSURE(!failed(shape_read(&backup_content_shape, &reader, r->arena, &r->said)), ERROR_BACKUP_ALTERED);
    TRY(archive_end(r->archive));
    if (r->said.files == r->files && r->said.bytes == r->bytes) return OK;
    return diag_log(r->diag, ERROR_BACKUP_COUNTS, "%lld files of %lld bytes, not %lld of %lld", (long long)r->files,
                    (long long)r->bytes, (long long)r->said.files, (long long)r->said.bytes);
}

static struct result unpack(struct restore *r)
{
    for (;;) {
        struct archive_entry entry;
        TRY(archive_next(r->archive, &entry));
        if (entry.kind == ARCHIVE_END) return read_content(r, &entry);
        const char *path = arena_format(r->arena, "%s/%s", r->folder.draft, entry.name);
        ENSURE(path, ERROR_OUT_OF_ROOM);
        TRY(entry.kind == ARCHIVE_FOLDER ? make_folder(r, path, entry.mode) : make_file(r, &entry, path));
    }
}

/* What goes on from here is not what the old installation goes on with; nor is the trail, of which the journal may
 * know more than the database had when it was copied. */
static struct result begin_anew(struct restore *r)
{
    uint8_t room[BACKUP_CONTENT_MAX];
    struct writer w = writer_of(room, sizeof room);
    struct bytes written;
    const struct journal_restored restored = { .incarnation = random_id(), .trail_size = r->said.trail_size,
                                               .trail_root = r->said.trail_root };
    const char *path = init_folder_path(&r->folder, BACKUP_INCARNATION);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    unlink(path); /* of an installation that was restored itself and never started */
    shape_write(&journal_restored_shape, &restored, &w);
    TRY(writer_end(&w, &written));
    return init_folder_write(&r->folder, BACKUP_INCARNATION, written, r->diag);
}

/* ---- proof ---- */

static struct result check_certificate(struct restore *r, const struct ledger_record *record,
                                       const struct certificate *issuer, struct arena *arena)
{
    struct journal_issued issued;
    struct certificate *signing, *encryption;
    struct reader reader = reader_of(record->body);
    TRY(shape_read(&journal_issued_shape, &reader, arena, &issued));
    TRY(certificate_parse(issued.signing_certificate, arena, &signing));
    TRY(certificate_parse(issued.encryption_certificate, arena, &encryption));
    TRY(certificate_check_signature(signing, &issuer->key));
    TRY(certificate_check_signature(encryption, &issuer->key));
    r->samples++;
    return OK;
}

/* The newest certificates, as the journal has them, bear the signature of the CA that stands in its first record. */
static struct result check_samples(struct restore *r, const struct ledger *ledger)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(RECORD_ARENA_MAX);
    struct ledger_entry e;
    struct journal_begin begin;
    struct certificate *issuer;
    TRY(ledger_read(ledger, 0, r->arena, &e));
    struct reader reader = reader_of(e.record.body);
    TRY(shape_read(&journal_begin_shape, &reader, r->arena, &begin));
    TRY(certificate_parse(begin.issuing_certificate, r->arena, &issuer));
    for (uint64_t i = ledger_size(ledger); i-- > 1 && r->samples < SAMPLES_MAX;) {
        arena_reset(arena);
        TRY(ledger_read(ledger, i, arena, &e));
        if (e.record.type != JOURNAL_ISSUED || !e.record.body.ptr) continue;
        if (failed(check_certificate(r, &e.record, issuer, arena)))
            return diag_log(r->diag, ERROR_BACKUP_COUNTS, "the certificates of journal record %llu",
                            (unsigned long long)i);
    }
    return OK;
}

/* Opened, so that the tree beside the records is made of them. */
static struct result open_journal(struct restore *r)
{
    const char *folder = init_folder_path(&r->folder, BACKUP_JOURNAL);
    struct ledger *ledger;
    ENSURE(folder, ERROR_OUT_OF_ROOM);
    TRY(ledger_open(folder, (uint64_t)r->said.journal_size, r->diag, &ledger));
    struct result done = check_samples(r, ledger);
    ledger_free(ledger);
    return done;
}

static struct result prove(struct restore *r, const struct installation *i)
{
    struct audit_whole told;
    TRY(open_journal(r));
    TRY(audit_whole_verify(i, &(struct audit_asked){ 0 }, r->arena, r->diag, &told));
    const struct audit_told *journal = &told.journal, *trail = &told.trail;
    if ((int64_t)journal->size >= r->said.journal_size && (int64_t)trail->size >= r->said.trail_size) {
        r->said.journal_size = (int64_t)journal->size;
        r->said.trail_size = (int64_t)trail->size;
        return OK;
    }
    return diag_log(r->diag, ERROR_BACKUP_COUNTS, "journal of %llu records, trail of %llu",
                    (unsigned long long)journal->size, (unsigned long long)trail->size);
}

/* ---- the whole ---- */

/* The image is proven before its rows go anywhere else. */
static struct result settle(struct restore *r, struct installation *i)
{
    TRY(begin_anew(r));
    i->database = restore_database_image(&r->folder);
    ENSURE(i->database, ERROR_OUT_OF_ROOM);
    TRY(prove(r, i));
    i->database = NULL;
    TRY(restore_database_place(&r->folder, i, r->diag));
    TRY(init_folder_give_all(&r->folder, r->diag));
    return restore_database_fill(&r->folder, i, r->diag);
}

static struct result fill(struct restore *r, const struct options *o)
{
    struct installation i;
    TRY(unpack(r));
    if (o->database) TRY(restore_database_name(&r->folder, o->database, r->diag));
    TRY(installation_open(r->folder.draft, r->diag, &i));
    struct result done = settle(r, &i);
    installation_done(&i);
    TRY(done);
    return init_folder_publish(&r->folder, r->diag);
}

static struct result restore(struct restore *r, const char *file, const char *folder, const struct options *o)
{
    struct secret passphrase = { .len = 0 };
    TRY(restore_database_check(o->database, r->diag));
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return diag_log(r->diag, ERROR_IO, "%s cannot be read", file);
    struct result done = passphrase_read((int)o->passphrase_fd, cli_words("备份口令：", "Passphrase of the backup: "),
                                         r->diag, &passphrase);
    if (!failed(done)) done = archive_open(fd, bytes_of(passphrase.bytes, passphrase.len), &r->archive);
    secret_wipe(&passphrase, sizeof passphrase);
    if (!failed(done)) done = init_folder_begin(folder, r->arena, r->diag, &r->folder);
    if (!failed(done)) {
        done = fill(r, o);
        init_folder_done(&r->folder);
    }
    archive_free(r->archive);
    close(fd);
    return done;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { .passphrase_fd = -1 };
    struct diag diag = { 0 };
    int count, exit_status;
    if (!cli_parse(command, argc, argv, &o, &count, &exit_status)) return exit_status;
    if (count != 2) {
        cli_print_help(command);
        return CLI_USAGE;
    }
    struct restore r = { .arena = arena_new(ARENA_MAX), .diag = &diag };
    struct result done = restore(&r, argv[0], argv[1], &o);
    if (!failed(done))
        printf(o.json ? "{\"files\": %lld, \"bytes\": %lld, \"journal\": %lld, \"trail\": %lld, "
                        "\"certificates\": %lld}\n"
                      : cli_words("%lld 个文件，%lld 字节；签发日志 %lld 条、操作记录 %lld 条核对无误，验证证书签名 %lld 份\n",
                                  "%lld files, %lld bytes; journal of %lld records and audit trail of %lld verified, "
                                  "with the signatures of %lld certificates\n"),
               (long long)r.files, (long long)r.bytes, (long long)r.said.journal_size, (long long)r.said.trail_size,
               (long long)r.samples * 2);
    arena_free(r.arena);
    return failed(done) ? cli_fail(done, &diag) : EXIT_SUCCESS;
}

const struct cli_command command_restore = {
    .name = "restore",
    .operands = "FILE FOLDER",
    .operands_max = 2,
    .summary = "makes an installation of a backup",
    .about = "FOLDER must be absent or empty. Journal and audit trail are verified, certificates' signatures tried\n"
             "and counts compared before it is there; else nothing is. At its first start it begins a new\n"
             "incarnation: everybody logs in anew, and its signed heads are told from the old installation's.\n"
             "A database of PostgreSQL's must be empty; it is filled in one transaction, and read back in it.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
