/* The file of a backup: entries one behind the other, in chunks sealed by SM4-GCM under a key made of a passphrase
 * (docs/PROTOCOL.backup). Whoever reads gets nothing that was altered, reordered or put there by somebody else, and
 * learns at the end that nothing was cut. */
#pragma once

#include "base/diag.h"
#include "base/arena.h"

enum {
    ARCHIVE_NAME_MAX = 1024,
    ARCHIVE_FOLDER = 1, /* no content */
    ARCHIVE_FILE = 2,
    ARCHIVE_END = 3     /* its content says what the archive holds */
};

struct archive_entry {
    unsigned kind;
    unsigned mode;      /* permissions */
    uint64_t size;      /* of the content, which follows */
    char name[ARCHIVE_NAME_MAX + 1];
};

struct archive;

/* Begins an archive in FD, which is empty and stays the caller's. ERROR_IO. */
RESULT archive_create(int fd, struct bytes passphrase, struct archive **ret_archive);
/* After it come SIZE bytes by archive_write. */
RESULT archive_put(struct archive *archive, const struct archive_entry *entry);
RESULT archive_write(struct archive *archive, struct bytes content);
/* The last chunk; behind the entry of kind ARCHIVE_END. */
RESULT archive_finish(struct archive *archive);

/* ERROR_BACKUP_FORMAT, ERROR_BACKUP_PASSPHRASE, ERROR_BACKUP_CUT, ERROR_IO. */
RESULT archive_open(int fd, struct bytes passphrase, struct archive **ret_archive);
/* ERROR_BACKUP_CUT, ERROR_BACKUP_ALTERED, here and below. A name is relative and leads nowhere else. */
RESULT archive_next(struct archive *archive, struct archive_entry *ret_entry);
RESULT archive_read(struct archive *archive, uint8_t *into, size_t len);
/* Behind ARCHIVE_END: nothing follows. */
RESULT archive_end(struct archive *archive);

/* Wipes what it holds. */
void archive_free(struct archive *archive);
static inline void archive_free_p(struct archive **archive)
{
    archive_free(*archive);
}
